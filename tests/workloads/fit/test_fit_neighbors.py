"""What pods want of the pods around them: to keep apart, to be spread, to keep together."""

import pytest

from tests.workloads.fit.fit_objects import (
    NO_SCHEDULE,
    apart,
    cluster,
    daemon_set,
    deployment,
    fitted,
    job,
    kubectl,
    node,
    node_affinity,
    nodes,
    placed,
    pod,
    pods_of,
    running,
    spread,
    together,
    wants,
    why,
)

OWN = {"matchLabels": {"app": "w"}}
W = {"app": "w"}


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        pytest.param(apart(OWN), 2, id="its-own-label"),
        pytest.param(apart({}), 2, id="an-empty-selector-is-every-pod"),
        pytest.param(apart({"matchExpressions": [{"key": "app", "operator": "Exists"}]}), 2, id="an-expression"),
        pytest.param(apart({"matchExpressions": [{"key": "app", "operator": "In", "values": ["v", "w"]}]}), 2, id="one-of-two"),
        pytest.param(apart({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["w"]}]}), 6, id="others-only"),
        pytest.param(apart({"matchLabels": {"app": "v"}}), 6, id="another-value"),
        pytest.param(apart({"matchLabels": {"app": "w", "tier": "x"}}), 6, id="all-labels-must-match"),
        pytest.param(apart(None), 6, id="no-selector-is-no-pod"),
        pytest.param(apart(OWN, namespaces=["other"]), 6, id="pods-of-another-namespace"),
        pytest.param(apart(OWN, namespaces=["other", "default"]), 2, id="its-own-namespace-by-name"),
        pytest.param(apart(OWN, namespaceSelector={}), 2, id="every-namespace"),
        pytest.param(apart({}, matchLabelKeys=["app"]), 2, id="pods-with-the-same-value"),
        pytest.param(apart({}, mismatchLabelKeys=["app"]), 6, id="pods-with-another-value"),
        pytest.param(apart({}, mismatchLabelKeys=["team"]), 2, id="a-label-that-it-does-not-have-is-passed-over"),
    ],
)  # fmt: skip
def test_pods_keep_apart_from_those_that_they_select(spec, count):
    report = fitted(kubectl(*nodes("a", 2, cpu="3")), deployment(6, spec, W, cpu="1"))

    assert pods_of(report).placed == count


def test_nodes_with_one_host_name_are_one_place():
    same = [node(f"n{number}", "a", {"kubernetes.io/hostname": "x"}, cpu="3") for number in range(2)]

    report = fitted(kubectl(*same, node("n2", "a", cpu="3")), deployment(6, apart(OWN), W, cpu="1"))

    assert pods_of(report).placed == 2


def test_pods_that_keep_apart_are_one_a_node_and_told_why():
    report = fitted(kubectl(*nodes("a", 3, cpu="4", gpu="8")), deployment(5, apart(OWN), W, cpu="1", gpu="1"))

    (pool,) = pods_of(report).pools
    assert (pool.per_node, pool.fits, pool.placed) == (1, 3, 3)
    assert (pool.runs_out, pool.stranded) == (("podAntiAffinity",), {})
    assert why(report) == [
        "pool a: takes 3, then what podAntiAffinity allows on a node runs out; 2 more nodes would take the rest"
    ]


@pytest.mark.parametrize("first", [0, 1], ids=["the-one-that-wants-it-first", "the-one-that-wants-it-last"])
def test_either_side_keeps_both_apart(first):
    shy, other = job("shy", spec=apart(OWN), cpu="1"), job("other", labels=W, cpu="1")

    report = fitted(kubectl(node(cpu="8")), *((shy, other), (other, shy))[first])

    assert placed(report) == [{"p": 1}, {}]
    assert why(report, 1) == [
        "pool p: what podAntiAffinity allows on a node is taken already; free nodes, or let the pool grow"
    ]


def test_pods_kept_apart_from_others_share_nodes_among_themselves():
    found = kubectl(*nodes("a", 2, cpu="4"))

    report = fitted(
        found, deployment(1, apart({"matchLabels": {"app": "v"}}), W, cpu="1"), deployment(6, {}, {"app": "v"}, cpu="1")
    )

    assert placed(report) == [{"a": 1}, {"a": 4}]


def test_a_template_that_keeps_apart_finds_each_of_many_others():
    report = fitted(
        kubectl(*nodes("a", 2, cpu="9")),
        job("x", labels={"app": "x"}, cpu="1"),
        job("shy", spec=apart(OWN), labels={"app": "shy"}, cpu="1"),
        job("w1", labels=W, cpu="1"),
        job("w2", labels=W, cpu="1"),
        job("x2", labels={"app": "x"}, cpu="1"),
    )

    assert placed(report) == [{"a": 1}] * 5
    # a-0 has x, shy and x2; w1 and w2 keep to a-1
    assert placed(fitted(kubectl(node(cpu="9")), job("shy", spec=apart(OWN), cpu="1"), job("w1", labels=W, cpu="1"), job("x", labels={"app": "x"}, cpu="1"))) == [{"p": 1}, {}, {"p": 1}]  # fmt: skip


def test_pods_of_another_namespace_are_not_kept_apart():
    report = fitted(kubectl(node(cpu="8")), pod(apart(OWN), W, cpu="1"), pod(apart(OWN), W, namespace="other", cpu="1"))

    assert report.ok


def test_pods_of_a_job_are_found_by_the_label_of_its_controller():
    spec = apart({"matchLabels": {"job-name": "train"}})

    report = fitted(kubectl(*nodes("a", 2, cpu="8")), job("train", 3, spec, cpu="1"))

    assert (pods_of(report).placed, pods_of(report).pending) == (2, 1)


# Pods that run already


def test_pods_keep_apart_from_those_that_run():
    found = kubectl(*nodes("a", 3, cpu="8"), running("a-0", labels=W), running("a-1", labels={"app": "v"}))

    report = fitted(found, deployment(3, apart(OWN), W, cpu="1"))

    assert placed(report) == [{"a": 2}]
    assert why(report) == [
        "pool a: takes 2, then what podAntiAffinity allows on a node runs out; 1 more node would take the rest",
        "pool a: 1 of 3 nodes: held by other pods: a-0 by pod default/runs (podAntiAffinity); end what is not needed there",
    ]


@pytest.mark.parametrize(
    ("count", "more"), [pytest.param(5, "", id="five"), pytest.param(7, ", 2 more pods", id="seven")]
)
def test_pods_that_keep_others_off_a_whole_place_are_named_while_they_are_few(count, more):
    zones = [node(f"n{number}", "a", {"zone": "12"[number // 2]}, cpu="4") for number in range(4)]
    shy = [running("n0", f"shy{number}", spec=apart(OWN, "zone")) for number in range(count)]

    report = fitted(kubectl(*zones, *shy), deployment(9, {}, W, cpu="1"))

    assert placed(report) == [{"a": 8}]
    names = ", ".join(f"pod default/shy{number} (podAntiAffinity)" for number in range(5))
    assert why(report) == [
        "pool a: takes 8, then cpu runs out; mend what keeps the pods off its other nodes, which have room",
        f"pool a: 2 of 4 nodes: held by other pods: n0 by {names}{more}, n1 by {names}{more}; "
        "end what is not needed there",
    ]


def test_an_affinity_that_selects_no_pod_is_told_so():
    report = fitted(
        kubectl(*nodes("a", 2, cpu="2")), deployment(1, together("kubernetes.io/hostname", app="v"), W, cpu="1")
    )

    assert why(report) == ["pool a: no pod is there that its podAffinity selects; start those pods first"]


def test_pods_that_run_keep_others_away():
    found = kubectl(*nodes("a", 2, cpu="2"), running("a-0", spec=apart(OWN)), running("a-1", name="b"))

    assert placed(fitted(found, deployment(3, {}, W, cpu="1"))) == [{"a": 2}]
    assert placed(fitted(found, deployment(4, {}, {"app": "v"}, cpu="1"))) == [{"a": 4}]


def test_pods_that_run_in_another_namespace_or_have_ended_keep_nobody_away():
    other = running("a-0", labels=W)
    other["metadata"]["namespace"] = "other"
    found = kubectl(*nodes("a", 1, cpu="2"), other, running("a-0", phase="Succeeded", labels=W))

    assert fitted(found, deployment(1, apart(OWN), W, cpu="1")).ok


def test_pods_may_keep_apart_from_those_that_run_and_not_from_each_other():
    found = kubectl(*nodes("a", 2, cpu="4"), running("a-0", labels={"app": "v"}))

    report = fitted(found, deployment(4, apart({"matchLabels": {"app": "v"}}), W, cpu="1"))

    assert placed(report) == [{"a": 4}]


# Ports of the node


def ports(*listed, host_network=None, init=None, restart=None):
    box = {"name": "m", "ports": list(listed)}
    spec = {"containers": [{"name": "x"}], "initContainers": [box | ({"restartPolicy": restart} if restart else {})]}
    spec = spec if init else {"containers": [box]}
    return spec | ({} if host_network is None else {"hostNetwork": host_network})


@pytest.mark.parametrize(
    ("spec", "alone"),
    [
        pytest.param(ports({"containerPort": 80, "hostPort": 8080}), True, id="a-host-port"),
        pytest.param(ports({"containerPort": 80}), False, id="a-port-of-the-pod"),
        pytest.param(ports({"containerPort": 80}, host_network=True), True, id="any-port-on-the-network-of-the-node"),
        pytest.param(ports({"containerPort": 80}, host_network=False), False, id="not-on-the-network-of-the-node"),
        pytest.param(ports({"containerPort": 80, "hostPort": 0}), False, id="zero-is-none"),
        pytest.param(ports({"hostPort": 80}, init=True), False, id="of-an-init-container"),
        pytest.param(ports({"hostPort": 80}, init=True, restart="Always"), True, id="of-a-sidecar"),
        pytest.param(ports(), False, id="no-port"),
    ],
)
def test_two_pods_with_a_port_of_the_node_share_none(spec, alone):
    report = fitted(kubectl(*nodes("a", 2, cpu="8")), deployment(5, spec))

    assert pods_of(report).placed == (2 if alone else 5)


def test_a_port_of_the_node_is_told_as_what_runs_out():
    report = fitted(
        kubectl(node(gpu="8")), deployment(2, ports({"hostPort": 8080}), gpu="1"), pod(ports({"hostPort": 8080}))
    )

    (pool,) = pods_of(report).pools
    assert (pool.per_node, pool.runs_out) == (1, ("hostPort 8080",))
    assert why(report) == ["pool p: takes 1, then hostPort 8080 runs out; 1 more node would take the rest"]
    assert why(report, 1) == ["pool p: hostPort 8080 is taken already; free nodes, or let the pool grow"]
    assert "hostPort" not in str(report.to_dict()["pools"])
    assert "hostPort" not in str(report.to_dict()["workloads"][0]["pods"][0]["asks"])


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        pytest.param({"hostPort": 8080}, False, id="the-same"),
        pytest.param({"hostPort": 8080, "protocol": "TCP"}, False, id="tcp-is-the-default"),
        pytest.param({"hostPort": 8080, "hostIP": "0.0.0.0"}, False, id="every-address-is-the-default"),
        pytest.param({"hostPort": 8081}, True, id="another-port"),
        pytest.param({"hostPort": 8080, "protocol": "UDP"}, True, id="another-protocol"),
        pytest.param({"hostPort": 8080, "hostIP": "10.0.0.1"}, False, id="an-address-among-all"),
    ],
)
def test_which_ports_are_the_same(other, shared):
    found = kubectl(node(cpu="8"), running("n0", spec=ports({"hostPort": 8080})))

    assert fitted(found, pod(ports(other))).ok is shared
    assert fitted(
        cluster(("a", "Standard_HB120rs_v3", 1)), job("a", spec=ports({"hostPort": 8080}), ib="1"), pod(ports(other))
    ).ok


@pytest.mark.parametrize(
    ("address", "ok"),
    [
        pytest.param("10.0.0.1", False, id="the-same"),
        pytest.param("10.0.0.2", True, id="another-one"),
        pytest.param("0.0.0.0", False, id="all"),
        pytest.param("", False, id="all-by-default"),
    ],
)
def test_a_port_on_one_address_is_free_on_the_others(address, ok):
    found = kubectl(node(cpu="8"), running("n0", spec=ports({"hostPort": 8080, "hostIP": "10.0.0.1"})))

    assert fitted(found, pod(ports({"hostPort": 8080, "hostIP": address}))).ok is ok
    assert fitted(kubectl(node(cpu="8")), pod(ports({"hostPort": 8080, "hostIP": address}))).ok


# Topology spread over nodes


@pytest.mark.parametrize(
    ("replicas", "skew", "others", "done"),
    [
        pytest.param(6, 1, ["4", "4", "4"], 6, id="even"),
        pytest.param(9, 1, ["4", "4", "1"], 5, id="a-full-node-holds-the-others-back-to-one-more"),
        pytest.param(9, 2, ["4", "4", "1"], 7, id="to-two-more"),
        pytest.param(9, 5, ["4", "4", "1"], 9, id="a-large-skew-holds-nothing-back"),
        pytest.param(2, 1, ["4", "4", "1"], 2, id="few-pods"),
        pytest.param(3, 1, ["4", "4", "0"], 2, id="a-node-that-takes-none"),
        pytest.param(9, 0, ["4", "4", "1"], 5, id="a-skew-of-0-counts-as-1"),
    ],
)
def test_pods_are_spread_within_the_skew(replicas, skew, others, done):
    found = kubectl(*(node(f"n{number}", cpu=cpu) for number, cpu in enumerate(others)))

    report = fitted(found, deployment(replicas, spread(skew), W, cpu="1"))

    assert pods_of(report).placed == done


def test_a_spread_is_told_as_what_runs_out():
    found = kubectl(node("n0", cpu="4", gpu="2"), node("n1", cpu="4"), node("n2", cpu="1"))

    report = fitted(found, deployment(9, spread(1), W, cpu="1"))

    (pool,) = pods_of(report).pools
    assert (pool.per_node, pool.fits, pool.placed, pool.runs_out, pool.stranded) == (2, 5, 5, ("topologySpread",), {})
    assert why(report) == [
        "pool p: takes 5, and topologySpreadConstraints keeps the rest off the nodes that have room; "
        "change topologySpreadConstraints"
    ]


def test_spread_pods_leave_their_nodes_evenly_taken():
    found = kubectl(*nodes("a", 3, cpu="2"))

    report = fitted(found, deployment(3, spread(1), W, cpu="1"), deployment(3, {}, {}, cpu="1"), pod(cpu="1"))

    assert placed(report) == [{"a": 3}, {"a": 3}, {}]


def test_spread_pods_are_even_though_the_skew_would_allow_more():
    found = kubectl(*nodes("a", 3, cpu="2"))

    report = fitted(found, deployment(3, spread(1), W, cpu="1"), deployment(1, {}, {}, cpu="2"))

    assert placed(report) == [{"a": 3}, {}]


def test_a_node_with_pods_that_a_spread_pod_avoids_counts_as_empty():
    found = kubectl(*nodes("a", 2, cpu="4"))
    shy = {**spread(), **apart({"matchLabels": {"app": "v"}})}

    report = fitted(found, deployment(1, {}, {"app": "v"}, cpu="1"), deployment(3, shy, W, cpu="1"))

    assert placed(report) == [{"a": 1}, {"a": 1}]


def test_pods_go_to_the_node_with_most_left_so_that_larger_ones_find_less():
    report = fitted(kubectl(*nodes("a", 3, cpu="2")), job(pods=2, cpu="1"), deployment(2, {}, {}, cpu="2"))

    assert [pods_of(report, number).placed for number in (0, 1)] == [2, 1]


@pytest.mark.parametrize(
    ("spec", "done"),
    [
        pytest.param(spread(whenUnsatisfiable="ScheduleAnyway"), 4, id="a-soft-one"),
        pytest.param(spread(whenUnsatisfiable=None), 2, id="hard-is-the-default"),
        pytest.param(spread(selector={"matchLabels": {"app": "v"}}), 4, id="over-other-pods"),
        pytest.param(spread(selector={}), 4, id="over-all-pods-which-counts-none"),
        pytest.param(spread(selector={}, matchLabelKeys=["app"]), 2, id="over-pods-of-the-same-value"),
        pytest.param(spread(minDomains=3), 2, id="over-more-nodes-than-there-are"),
        pytest.param(spread(minDomains=2), 2, id="over-as-many-nodes-as-there-are"),
        pytest.param(spread("many"), 2, id="a-skew-that-is-no-number-counts-as-1"),
    ],
)
def test_which_constraints_count(spec, done):
    found = kubectl(node("n0", cpu="4"), node("n1", cpu="1"), running("n1", cpu="1"))

    report = fitted(found, deployment(4, spec, W, cpu="1"))

    assert pods_of(report).placed == (4 if done == 4 else 1)


@pytest.mark.parametrize(
    ("least", "done"), [pytest.param(2, 4, id="as-many-as-there-are"), pytest.param(3, 2, id="more-than-there-are")]
)
def test_below_min_domains_the_emptiest_node_counts_as_empty(least, done):
    found = kubectl(*nodes("a", 2, cpu="2"))

    assert pods_of(fitted(found, deployment(4, spread(minDomains=least), W, cpu="1"))).placed == done


@pytest.mark.parametrize(
    ("fields", "done"),
    [
        pytest.param({}, 1, id="a-tainted-node-counts-as-empty"),
        pytest.param({"nodeTaintsPolicy": "Honor"}, 4, id="unless-taints-are-honored"),
        pytest.param({"nodeTaintsPolicy": "Ignore"}, 1, id="ignored-by-name"),
    ],
)
def test_nodes_with_taints_in_a_spread(fields, done):
    found = kubectl(node("n0", cpu="4"), node("n1", cpu="4", taints=[NO_SCHEDULE]))

    assert pods_of(fitted(found, deployment(4, spread(**fields), W, cpu="1"))).placed == done


@pytest.mark.parametrize(
    ("fields", "done"),
    [
        pytest.param({}, 4, id="nodes-that-affinity-rules-out-do-not-count"),
        pytest.param({"nodeAffinityPolicy": "Ignore"}, 1, id="unless-affinity-is-ignored"),
    ],
)
def test_nodes_that_affinity_rules_out_in_a_spread(fields, done):
    found = kubectl(node("n0", labels={"rack": "1"}, cpu="4"), node("n1", cpu="4"))

    spec = {**spread(**fields), **node_affinity(wants(("rack", "Exists")))}
    assert pods_of(fitted(found, deployment(4, spec, W, cpu="1"))).placed == done


def test_the_tightest_of_two_constraints_counts():
    constraints = [*spread(3)["topologySpreadConstraints"], *spread(1)["topologySpreadConstraints"]]
    found = kubectl(node("n0", cpu="4"), node("n1", cpu="4", taints=[NO_SCHEDULE]))

    report = fitted(found, deployment(4, {"topologySpreadConstraints": constraints}, W, cpu="1"))

    assert pods_of(report).placed == 1


def test_a_pool_that_a_spread_fills_evenly_is_compared_with_others_as_it_is():
    report = fitted(
        kubectl(node("a0", "a", cpu="4", ib="8"), node("a1", "a", cpu="1", ib="8"), *nodes("b", 2, cpu="2", ib="8")),
        job(pods=4, spec=spread(), labels=W, cpu="1", ib="1"),
    )

    assert [pool.fits for pool in pods_of(report).pools] == [3, 4]
    assert (report.workloads[0].advice[0].pool, placed(report)) == ("b", [{"a": 2, "b": 2}])


def test_a_daemon_set_is_not_spread():
    found = kubectl(node("n0", cpu="1"), node("n1", cpu="1", taints=[NO_SCHEDULE]))

    assert fitted(found, daemon_set(spread(selector={}), cpu="1")).ok


# What is not judged


@pytest.mark.parametrize(
    ("spec", "noted"),
    [
        pytest.param(apart(OWN), [], id="apart-on-nodes-is"),
        pytest.param(apart(OWN, "topology.kubernetes.io/zone"), ["podAntiAffinity on topology.kubernetes.io/zone"], id="apart-in-zones"),
        pytest.param(spread(key="topology.kubernetes.io/zone"), ["topologySpreadConstraints on topology.kubernetes.io/zone"], id="spread-over-zones"),
        pytest.param(together(app="w"), [], id="together-in-a-pool-is"),
        pytest.param(together("topology.kubernetes.io/zone", app="w"), ["podAffinity on topology.kubernetes.io/zone"], id="together-in-a-zone"),
        pytest.param(together("kubernetes.io/hostname", app="w"), [], id="together-on-a-node-is"),
    ],
)  # fmt: skip
def test_what_is_not_judged_is_noted(spec, noted):
    report = fitted(cluster(("a", "Standard_HB120rs_v3", 2)), deployment(2, spec, W, cpu="1"))

    assert [note for note in report.notes if "judged" in note] == [
        f"Deployment/app: {one} is not judged" for one in noted
    ]
    assert report.ok


@pytest.mark.parametrize(
    ("spec", "noted"),
    [
        pytest.param(
            {"resourceClaims": [{"name": "imex"}, {"name": "nic"}]},
            ["its resource claims (imex, nic) are not counted, so it may find no node all the same"],
            id="claims",
        ),
        pytest.param(
            {"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]},
            [
                "no scheduler looks at it before its scheduling gates (kueue.x-k8s.io/admission) are taken off; placed as if "
                "they were"
            ],
            id="gates",
        ),
        pytest.param(
            {"schedulerName": "volcano"},
            ["volcano schedules it, which may choose otherwise; placed as kube-scheduler would"],
            id="another scheduler",
        ),
        pytest.param(
            {"schedulerName": "default-scheduler", "resourceClaims": [], "schedulingGates": None}, [], id="nothing"
        ),
    ],
)
def test_what_else_decides_where_pods_run_is_noted(spec, noted):
    report = fitted(kubectl(node("n0", cpu="2")), deployment(1, spec, W, cpu="1"))

    assert [note for note in report.notes if note.startswith("Deployment/app: ")] == [
        f"Deployment/app: {one}" for one in noted
    ]
    assert report.ok


@pytest.mark.parametrize(
    "affinity",
    [
        pytest.param({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}}, id="preferred"),
        pytest.param({"podAntiAffinity": []}, id="no-mapping"),
        pytest.param("x", id="text"),
    ],
)  # fmt: skip
def test_what_is_only_preferred_or_wrong_keeps_no_pod_away(affinity):
    report = fitted(kubectl(node(cpu="2")), deployment(2, {"affinity": affinity}, W, cpu="1"))

    assert report.ok


# What the scheduler prefers


def preferred(field, term, weight=100):
    return {"affinity": {field: {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, **term}]}}}


NEAR = {"podAffinityTerm": {"topologyKey": "kubernetes.azure.com/agentpool", "labelSelector": {"matchLabels": W}}}
ON_B = {
    "preference": {"matchExpressions": [{"key": "kubernetes.azure.com/agentpool", "operator": "In", "values": ["b"]}]}
}
SOFT = [{"key": "old", "effect": "PreferNoSchedule"}]


@pytest.mark.parametrize(
    ("spec", "taints", "first"),
    [
        pytest.param({}, (), "a", id="most-left"),
        pytest.param({}, SOFT, "b", id="no-taint-of-the-soft-kind"),
        pytest.param(
            {"tolerations": [{"key": "old", "operator": "Exists"}]}, SOFT, "a", id="a-soft-taint-is-tolerated"
        ),
        pytest.param(
            {"tolerations": [{"key": "old", "operator": "Exists", "effect": "NoSchedule"}]},
            SOFT,
            "b",
            id="but-not-as-another",
        ),
        pytest.param(preferred("nodeAffinity", ON_B), (), "b", id="preferred-node-affinity"),
        pytest.param(preferred("podAffinity", NEAR), (), "b", id="near-to-others"),
        pytest.param(preferred("podAntiAffinity", NEAR), (), "a", id="far-from-others"),
        pytest.param(
            spread(whenUnsatisfiable="ScheduleAnyway", key="kubernetes.azure.com/agentpool"), (), "a", id="evenly"
        ),
    ],
)
def test_which_pool_the_first_pod_goes_to(spec, taints, first):
    found = kubectl(
        node("n0", "a", cpu="16", memory="16Gi", taints=taints),
        node("n1", "b", cpu="8", memory="8Gi"),
        running("n1", labels=W, cpu="1"),
    )

    assert placed(fitted(found, job(spec=spec, labels=W, cpu="1", memory="1Gi"))) == [{first: 1}]


def test_a_pod_that_asks_for_cpu_alone_goes_where_it_brings_cpu_and_memory_into_balance():
    found = kubectl(
        node("n0", "a", cpu="10", memory="10Gi"),
        node("n1", "b", cpu="10", memory="10Gi"),
        running("n0", "cpu", cpu="2"),
        running("n1", "memory", memory="2Gi"),
    )

    assert placed(fitted(found, job(cpu="3"))) == [{"b": 1}]
