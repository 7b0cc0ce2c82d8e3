"""How many pods find a node, in which pool, what runs out first and what no pod can use any more."""

import json

import pytest

import aksrdma
from aksrdma.workloads.fit import fit, read_nodes
from tests.workloads.fit.fit_objects import (
    H100,
    HBV3,
    NO_SCHEDULE,
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
    together,
    wants,
    why,
    workloads,
)

GPU_NODE = {"gpu": "8", "ib": "8", "cpu": "96", "memory": "1900Gi"}
TOLERATES = {"tolerations": [{"operator": "Exists"}]}


@pytest.mark.parametrize(
    ("has", "asks", "per_node", "runs_out", "stranded"),
    [
        pytest.param({"cpu": "4"}, {"cpu": "1"}, 4, ["cpu"], {}, id="cpu"),
        pytest.param({"cpu": "3999m"}, {"cpu": "1"}, 3, ["cpu"], {}, id="a-thousandth-too-little"),
        pytest.param({"cpu": "4", "memory": "8Gi"}, {"cpu": "1", "memory": "3Gi"}, 2, ["memory"], {}, id="memory"),
        pytest.param({"cpu": "4", "memory": "8Gi"}, {"cpu": "1", "memory": "2Gi"}, 4, ["cpu", "memory"], {}, id="both"),
        pytest.param({"pods": "3", "cpu": "4"}, {"cpu": "1"}, 3, ["pods"], {}, id="the-number-of-pods"),
        pytest.param({"pods": "3"}, {}, 3, ["pods"], {}, id="a-pod-that-asks-for-nothing-takes-a-place"),
        pytest.param(GPU_NODE, {"gpu": "8", "ib": "8"}, 1, ["nvidia.com/gpu", "rdma/ib"], {}, id="a-whole-node"),
        pytest.param(
            GPU_NODE, {"gpu": "1", "ib": "8"}, 1, ["rdma/ib"], {"nvidia.com/gpu": 7}, id="gpus-without-a-nic"
        ),
        pytest.param(GPU_NODE, {"gpu": "3", "ib": "1"}, 2, ["nvidia.com/gpu"], {"rdma/ib": 6, "nvidia.com/gpu": 2}, id="the-rest-of-a-division"),
        pytest.param(GPU_NODE, {"gpu": "1", "cpu": "32"}, 3, ["cpu"], {"nvidia.com/gpu": 5, "rdma/ib": 8}, id="cpu-strands-devices"),
        pytest.param({"nvidia.com/mig-1g.5gb": "7"}, {"nvidia.com/mig-1g.5gb": "2"}, 3, ["nvidia.com/mig-1g.5gb"], {"nvidia.com/mig-1g.5gb": 1}, id="slices-of-a-gpu"),
        pytest.param({"example.com/fpga": "5"}, {"example.com/fpga": "2"}, 2, ["example.com/fpga"], {}, id="other-devices-strand-nothing"),
    ],
)  # fmt: skip
def test_a_node_takes_pods_until_the_first_resource_runs_out(has, asks, per_node, runs_out, stranded):
    report = fitted(kubectl(*nodes("a", 2, **has)), deployment(1, **asks))

    (fit_in_a,) = pods_of(report).pools
    assert (fit_in_a.per_node, fit_in_a.fits, fit_in_a.placed) == (per_node, 2 * per_node, 1)
    assert (list(fit_in_a.runs_out), dict(fit_in_a.stranded)) == (runs_out, stranded)


@pytest.mark.parametrize(
    ("replicas", "taken", "pending"),
    [
        pytest.param(0, {}, 0, id="none"),
        pytest.param(3, {"a": 2, "b": 1}, 0, id="one-on-each-node"),
        pytest.param(6, {"a": 4, "b": 2}, 0, id="two-on-each-node"),
        pytest.param(12, {"a": 8, "b": 4}, 0, id="exactly-all"),
        pytest.param(15, {"a": 8, "b": 4}, 3, id="more-than-all"),
    ],
)
def test_pods_go_where_most_is_left_whatever_the_pool(replicas, taken, pending):
    report = fitted(kubectl(*nodes("a", 2, cpu="4"), *nodes("b", 1, cpu="4")), deployment(replicas, cpu="1"))

    assert placed(report) == [taken]
    assert (pods_of(report).wanted, pods_of(report).placed, pods_of(report).pending) == (
        replicas,
        replicas - pending,
        pending,
    )
    assert report.ok is (pending == 0)


def test_pods_without_devices_go_to_nodes_with_devices_too_where_these_have_more_left():
    found = kubectl(*nodes("gpu", 1, cpu="8", gpu="8"), *nodes("cpu", 1, cpu="4"))

    assert placed(fitted(found, job(pods=5, cpu="1"))) == [{"gpu": 3, "cpu": 2}]


def test_each_workload_gets_what_those_before_it_left():
    report = fitted(kubectl(*nodes("a", 2, cpu="4")), deployment(3, cpu="2"), job(pods=3, cpu="1"), pod(cpu="1"))

    assert placed(report) == [{"a": 3}, {"a": 2}, {}]
    assert [pods_of(report, number).pending for number in range(3)] == [0, 1, 1]
    assert [pods_of(report, number).pools[0].fits for number in (0, 1)] == [4, 2]
    assert why(report, 2) == ["pool a: cpu is taken already; free nodes, or let the pool grow"]


def test_a_smaller_pod_still_finds_the_gap_that_a_larger_one_left():
    report = fitted(kubectl(*nodes("a", 1, cpu="5")), deployment(3, cpu="2"), pod(cpu="1"))

    assert placed(report) == [{"a": 2}, {"a": 1}]


def test_the_emptiest_node_counts_as_what_a_node_takes():
    found = kubectl(node("n0", cpu="8"), node("n1", cpu="8"), running("n0", cpu="6"))

    (pool,) = pods_of(fitted(found, deployment(1, cpu="2"))).pools
    assert (pool.per_node, pool.fits, pool.runs_out) == (4, 5, ("cpu",))


def test_a_node_that_is_overfull_takes_nothing_more():
    found = kubectl(node("n0", cpu="4"), node("n1", cpu="4"), running("n0", cpu="6"))

    assert placed(fitted(found, deployment(5, cpu="1"))) == [{"p": 4}]


@pytest.mark.parametrize("phase", ["Running", "Pending"])
def test_what_runs_is_subtracted(phase):
    report = fitted(
        kubectl(node(cpu="8", gpu="8", ib="8"), running("n0", phase=phase, gpu="6")), deployment(3, gpu="1")
    )

    assert (pods_of(report).placed, pods_of(report).pending) == (2, 1)
    (left,) = [one for one in report.pools[0].resources if one.resource == "nvidia.com/gpu"]
    assert (left.total, left.left) == (8, 0)
    assert why(report) == [
        "pool p: takes 2, then nvidia.com/gpu runs out; 1 more node would take the rest",
    ]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_what_has_ended_is_not_subtracted(phase):
    report = fitted(kubectl(node(gpu="8"), running("n0", phase=phase, gpu="6")), deployment(8, gpu="1"))

    assert report.ok


# One pool for pods that talk over InfiniBand


SPREAD_OUT = "the scheduler puts its pods on a and b, between which there is no InfiniBand"
UNPINNED = "nothing keeps its pods in one node pool, and between pools there is no InfiniBand"


@pytest.mark.parametrize(
    ("pods", "taken", "pool", "fix"),
    [
        pytest.param(2, {"a": 1, "b": 1}, "b", "b takes them all: add nodeSelector", id="where-one-takes-all"),
        pytest.param(3, {"a": 1, "b": 2}, None, "no pool takes all 3: ask for fewer", id="where-none-takes-all"),
    ],
)
def test_pods_with_rdma_go_to_several_pools_and_it_is_advised_against(pods, taken, pool, fix):
    found = kubectl(*nodes("a", 1, **GPU_NODE), *nodes("b", 2, **GPU_NODE))

    report = fitted(found, job(pods=pods, gpu="8", ib="8"))

    assert (placed(report), report.ok, pods_of(report).one_pool) == ([taken], True, True)
    (advice,) = report.workloads[0].advice
    assert (advice.pool, advice.message) == (pool, SPREAD_OUT)
    assert advice.fix.startswith(fix)
    assert str(advice) == f"{advice.message}; {advice.fix}"


def test_finding_out_what_a_pool_takes_takes_nothing_of_it():
    found = kubectl(*nodes("a", 1, **GPU_NODE), *nodes("b", 2, **GPU_NODE))

    report = fitted(found, job("two", 2, gpu="8", ib="8"), job("one", 1, gpu="8", ib="8"))

    assert report.ok
    assert [advice.pool for advice in report.workloads[0].advice] == ["b"]


def test_pods_that_stay_pending_are_told_of_each_pool():
    report = fitted(kubectl(*nodes("a", 1, **GPU_NODE), *nodes("b", 2, **GPU_NODE)), job(pods=4, gpu="8", ib="8"))

    assert why(report) == [
        "pool a: takes 1, then nvidia.com/gpu and rdma/ib run out; 1 more node would take the rest",
        "pool b: takes 2, then nvidia.com/gpu and rdma/ib run out; 1 more node would take the rest",
    ]


@pytest.mark.parametrize(
    ("spec", "labels", "taken", "advised"),
    [
        pytest.param({}, {}, {"a": 2}, UNPINNED, id="nothing-but-chance"),
        pytest.param(
            {"nodeSelector": {"kubernetes.azure.com/agentpool": "a"}}, {}, {"a": 2}, None, id="a-node-selector"
        ),
        pytest.param(together(app="w"), {"app": "w"}, {"a": 2}, None, id="pod-affinity-to-each-other-in-a-pool"),
        pytest.param(together("agentpool", app="w"), {"app": "w"}, {"a": 2}, None, id="by-the-old-label"),
        pytest.param(together(app="w"), {"app": "v"}, {}, None, id="pod-affinity-to-others-that-are-not-there"),
        pytest.param(
            together("kubernetes.io/hostname", app="w"), {"app": "w"}, {"a": 1}, None, id="pod-affinity-on-a-node"
        ),
    ],
)
def test_what_keeps_pods_in_one_pool(spec, labels, taken, advised):
    found = kubectl(
        *nodes("a", 2, labels={"agentpool": "a"}, **GPU_NODE), *nodes("b", 2, labels={"agentpool": "b"}, **GPU_NODE)
    )

    report = fitted(found, job(pods=2, spec=spec, labels=labels, gpu="8", ib="8"))

    assert placed(report) == [taken]
    assert [one.message for one in report.workloads[0].advice] == ([advised] if advised else [])


def test_pods_that_are_in_one_pool_by_chance_are_advised_to_stay_there():
    found = kubectl(*nodes("a", 1, cpu="96", gpu="8", ib="8"), *nodes("b", 1, cpu="4", gpu="8", ib="8"))

    (advice,) = fitted(found, job(pods=2, gpu="1", ib="1", cpu="1")).workloads[0].advice

    assert str(advice) == (f"{UNPINNED}; a, b each take them all: add nodeSelector kubernetes.azure.com/agentpool: a")


def test_one_pod_with_rdma_talks_to_nobody_and_may_go_anywhere():
    report = fitted(kubectl(*nodes("a", 2, **GPU_NODE), *nodes("b", 2, **GPU_NODE)), job(gpu="8", ib="8"))

    assert not pods_of(report).one_pool
    assert report.workloads[0].advice == ()


def test_pods_without_rdma_that_keep_together_go_to_one_pool_too():
    report = fitted(
        kubectl(*nodes("a", 1, cpu="2"), *nodes("b", 1, cpu="4")),
        deployment(3, together(app="w"), {"app": "w"}, cpu="1"),
    )

    assert placed(report) == [{"b": 3}]
    assert not pods_of(report).one_pool


def test_rdma_is_known_by_what_the_cluster_hands_out_whatever_its_name():
    rdma = aksrdma.Rdma(resource_prefix="example.com", resource_name="fast")
    found = cluster(("a", H100, 1), ("b", H100, 2), rdma=rdma)

    report = fitted(found, job(pods=2, **{"example.com/fast": "8"}))

    assert pods_of(report).one_pool
    assert [advice.pool for advice in report.workloads[0].advice] == ["b"]


# Labels and taints


@pytest.mark.parametrize(
    ("spec", "taken"),
    [
        pytest.param({}, {"open": 1}, id="none"),
        pytest.param({"tolerations": [{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}]}, {"tainted": 1, "open": 1}, id="tolerated"),
        pytest.param({"tolerations": [{"key": "sku", "value": "gpu"}]}, {"tainted": 1, "open": 1}, id="equal-is-the-default-and-any-effect"),
        pytest.param({"tolerations": [{"key": "sku", "operator": "Exists"}]}, {"tainted": 1, "open": 1}, id="any-value"),
        pytest.param(TOLERATES, {"tainted": 1, "open": 1}, id="everything"),
        pytest.param({"tolerations": [{"key": "sku", "value": "cpu"}]}, {"open": 1}, id="another-value"),
        pytest.param({"tolerations": [{"key": "sku", "operator": "Exists", "effect": "NoExecute"}]}, {"open": 1}, id="another-effect"),
        pytest.param({"tolerations": [{"key": "gpu", "operator": "Exists"}]}, {"open": 1}, id="another-key"),
    ],
)  # fmt: skip
def test_a_taint_keeps_pods_away_that_do_not_tolerate_it(spec, taken):
    found = kubectl(node("n0", "tainted", taints=[NO_SCHEDULE], cpu="1"), node("n1", "open", cpu="1"))

    report = fitted(found, deployment(2, spec, cpu="1"))

    assert placed(report) == [taken]
    if "tainted" not in taken:
        assert why(report)[0] == (
            "pool tainted: the taint sku=gpu:NoSchedule is not tolerated; "
            "add the toleration {key: sku, operator: Equal, value: gpu, effect: NoSchedule}"
        )


@pytest.mark.parametrize(
    ("taint", "said"),
    [
        pytest.param({"key": "a", "effect": "NoExecute"}, "the taint a:NoExecute is not tolerated; add the toleration {key: a, operator: Exists, effect: NoExecute}", id="that-evicts"),
        pytest.param({"key": "a", "effect": "PreferNoSchedule"}, None, id="that-only-prefers"),
    ],
)  # fmt: skip
def test_the_effect_of_a_taint(taint, said):
    report = fitted(kubectl(node(taints=[taint], cpu="1")), pod(cpu="1"))

    assert why(report) == ([f"pool p: {said}"] if said else [])


@pytest.mark.parametrize(
    ("taint", "spec", "noted"),
    [
        pytest.param({"key": "nvidia.com/gpu", "value": "yes", "effect": "NoSchedule"}, {}, True, id="of-a-resource"),
        pytest.param({"key": "nvidia.com/gpu", "effect": "NoExecute"}, {}, False, id="one-that-evicts"),
        pytest.param({"key": "amd.com/gpu", "effect": "NoSchedule"}, {}, False, id="of-another-resource"),
        pytest.param({"key": "cpu", "effect": "NoSchedule"}, {}, False, id="of-what-is-no-extended-resource"),
        pytest.param(
            {"key": "nvidia.com/gpu", "effect": "NoSchedule"},
            {"nodeSelector": {"a": "b"}, "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]},
            False,
            id="a-taint-that-is-tolerated",
        ),
    ],
)
def test_a_toleration_that_aks_would_add_is_noted_and_not_counted(taint, spec, noted):
    report = fitted(kubectl(node(taints=[taint], cpu="1", gpu="8")), pod(spec, cpu="1", gpu="1"))

    assert not report.ok
    assert ("ExtendedResourceToleration" in "".join(report.notes)) is noted


def test_every_taint_must_be_tolerated():
    found = kubectl(node(taints=[NO_SCHEDULE, {"key": "b", "effect": "NoSchedule"}], cpu="1"))

    report = fitted(found, pod({"tolerations": [{"key": "sku", "operator": "Exists"}]}, cpu="1"))

    assert "the taint b:NoSchedule is not tolerated" in why(report)[0]


@pytest.mark.parametrize(
    ("operator", "values", "label", "expected"),
    [
        ("In", ["a", "b"], "b", True),
        ("In", ["a"], "b", False),
        ("In", ["a"], None, False),
        ("NotIn", ["a"], "b", True),
        ("NotIn", ["a"], None, True),
        ("NotIn", ["a"], "a", False),
        ("Exists", [], "", True),
        ("Exists", [], None, False),
        ("DoesNotExist", [], None, True),
        ("DoesNotExist", [], "a", False),
        ("Gt", ["7"], "8", True),
        ("Gt", ["8"], "8", False),
        ("Gt", ["1"], None, False),
        ("Lt", ["8"], "7", True),
        ("Lt", ["8"], "8", False),
        ("Lt", ["8"], "many", False),
        ("Near", ["a"], "a", False),
    ],
)
def test_an_operator_of_node_affinity(operator, values, label, expected):
    found = kubectl(node(labels={} if label is None else {"key": label}, cpu="1"))

    assert fitted(found, pod(node_affinity(wants(("key", operator, *values))), cpu="1")).ok is expected


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        pytest.param({}, None, id="no-wish"),
        pytest.param({"nodeSelector": {"a": "1"}}, None, id="a-label-that-is-there"),
        pytest.param({"nodeSelector": {"a": "2"}}, "its nodeSelector wants a In 2, and the label a is 1; change the nodeSelector to 1, or choose another pool", id="another-value"),
        pytest.param({"nodeSelector": {"b": "1"}}, "its nodeSelector wants b In 1, and the label b is not there; change the nodeSelector", id="a-label-that-is-not-there"),
        pytest.param({"nodeSelector": {"a": "1", "b": "1"}}, "its nodeSelector wants b In 1, and the label b is not there; change the nodeSelector", id="all-of-a-selector"),
        pytest.param(node_affinity(wants(("a", "In", "2")), wants(("a", "In", "1"))), None, id="one-of-several-terms"),
        pytest.param(node_affinity(wants(("a", "Exists"), ("b", "Exists"))), "its node affinity wants b Exists, and the label b is not there; change the node affinity", id="all-of-a-term"),
        pytest.param(node_affinity(wants(("a", "In", "2", "3"))), "its node affinity wants a In 2, 3, and the label a is 1; change the node affinity to 1, or choose another pool", id="none-of-the-values"),
        pytest.param(node_affinity({}), "its node affinity has no term, which matches no node; add a term, or leave the affinity out", id="an-empty-term-matches-nothing"),
        pytest.param(node_affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n0"]}]}), None, id="the-name-of-the-node"),
        pytest.param(node_affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}), "its node affinity wants metadata.name In n1, and the node's name is n0; change the node affinity to n0, or choose another pool", id="another-name"),
        pytest.param({"nodeName": "n1"}, "its nodeName is n1, and the node's name is n0; leave nodeName out, so that the scheduler chooses a node", id="a-node-by-name"),
        pytest.param({"nodeSelector": {"a": "2"}, **node_affinity(wants(("a", "In", "1")))}, "its nodeSelector wants a In 2, and the label a is 1; change the nodeSelector to 1, or choose another pool", id="selector-and-affinity"),
    ],
)  # fmt: skip
def test_labels_decide(spec, said):
    report = fitted(kubectl(node(labels={"a": "1"}, cpu="1")), pod(spec, cpu="1"))

    assert why(report) == ([f"pool p: {said}"] if said else [])


@pytest.mark.parametrize(
    ("effect", "ok"),
    [pytest.param("NoSchedule", True, id="the-schedulers"), pytest.param("NoExecute", False, id="kubelets")],
)
def test_a_pod_with_a_node_name_minds_only_the_taints_that_evict(effect, ok):
    found = kubectl(node(taints=[{"key": "a", "effect": effect}], cpu="1"))

    assert fitted(found, pod({"nodeName": "n0"}, cpu="1")).ok is ok


def test_labels_are_told_before_taints():
    found = kubectl(node(taints=[NO_SCHEDULE], cpu="1"))

    assert "nodeSelector" in why(fitted(found, pod({"nodeSelector": {"a": "1"}}, cpu="1")))[0]


def test_only_the_nodes_of_a_pool_that_are_allowed_count():
    found = kubectl(
        node("n0", labels={"rack": "1"}, cpu="4"), node("n1", labels={"rack": "2"}, cpu="8"), node("n2", cpu="4")
    )

    report = fitted(found, deployment(9, {"nodeSelector": {"rack": "2"}}, cpu="1"))

    assert (pods_of(report).placed, pods_of(report).pools[0].per_node) == (8, 8)


@pytest.mark.parametrize(
    ("spec", "assumed"),
    [
        pytest.param({"nodeSelector": {"rack": "1"}}, ["rack"], id="a-label-nobody-told"),
        pytest.param({"nodeSelector": {"agentpool": "a"}}, [], id="a-label-that-is-known"),
        pytest.param({"nodeSelector": {"node.kubernetes.io/instance-type": H100.lower()}}, [], id="a-vm-size-in-another-case"),
        pytest.param(node_affinity(wants(("rack", "In", "1")), wants(("agentpool", "In", "a"))), [], id="a-term-that-is-sure-comes-first"),
        pytest.param(node_affinity(wants(("agentpool", "In", "b")), wants(("rack", "In", "1"))), ["rack"], id="a-term-that-is-not-sure-comes-after"),
        pytest.param({"nodeSelector": {"rack": "1"}, **node_affinity(wants(("row", "Exists")))}, ["rack", "row"], id="selector-and-term"),
    ],
)  # fmt: skip
def test_labels_that_a_cluster_file_does_not_tell_are_taken_for_granted(spec, assumed):
    report = fitted(cluster(("a", H100, 1)), pod(spec, gpu="1"))

    assert report.ok
    assert [note for note in report.notes if "taken for granted" in note] == [
        f"whether nodes of pool a have the label {key} as the pods want it is not in the cluster file; taken for granted "
        "(`kubectl get nodes -o json` says it)"
        for key in assumed
    ]


def test_a_label_of_another_cloud_is_not_taken_for_granted():
    selector = {"nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-h100-mega-80gb"}}

    report = fitted(cluster(("a", H100, 1)), pod(selector, gpu="1"))

    assert not report.ok
    assert "the label cloud.google.com/gke-accelerator is not there" in why(report)[0]
    assert not any("taken for granted" in note for note in report.notes)


def test_a_label_that_a_size_cannot_have_is_not_taken_for_granted():
    report = fitted(
        cluster(("a", HBV3, 1)), pod({"nodeSelector": {"kubernetes.azure.com/accelerator": "nvidia"}}, ib="1")
    )

    assert why(report) == [
        "pool a: its nodeSelector wants kubernetes.azure.com/accelerator In nvidia, and the label "
        "kubernetes.azure.com/accelerator is not there; change the nodeSelector"
    ]


# Why pods stay Pending


@pytest.mark.parametrize(
    ("has", "asks", "said"),
    [
        pytest.param(GPU_NODE, {"gpu": "9"}, "pool p: a pod asks for 9 nvidia.com/gpu, a node has 8; ask for 8 at most", id="more-than-a-node"),
        pytest.param(GPU_NODE, {"memory": "2Ti"}, "pool p: a pod asks for 2048Gi memory, a node has 1900Gi; ask for 1900Gi at most", id="more-memory-than-a-node"),
        pytest.param(GPU_NODE, {"amd.com/gpu": "1"}, "no node has amd.com/gpu; the cluster has nvidia.com/gpu; ask for what the nodes have, or add a pool that has it", id="another-gpu"),
        pytest.param(GPU_NODE, {"example.com/fpga": "1"}, "no node has example.com/fpga; ask for what the nodes have, or add a pool that has it", id="a-device-nobody-has"),
        pytest.param(GPU_NODE, {"rdma/shared_ib": "1"}, "nothing exposes rdma/shared_ib; the cluster has rdma/ib; ask for rdma/ib", id="rdma-by-another-name"),
        pytest.param({"cpu": "1"}, {"ib": "1"}, "nothing exposes rdma/ib, nor other RDMA; choose a profile with a device plugin, not base", id="no-rdma-at-all"),
        pytest.param({"cpu": "1"}, {"gpu": "1"}, "no node has nvidia.com/gpu; ask for what the nodes have, or add a pool that has it", id="no-gpu-at-all"),
        pytest.param({"gpu": "8", "ib": "0"}, {"gpu": "1", "ib": "1"}, "pool p: its nodes list rdma/ib with 0: the device plugin runs and found no device; look at the selectors in the plugin's configuration, at the driver on the node, and at the log of the plugin", id="rdma-of-which-there-is-none"),
    ],
)  # fmt: skip
def test_what_no_node_could_ever_take_is_said(has, asks, said):
    assert why(fitted(kubectl(node(**has)), pod(**asks))) == [said]


def test_a_pool_without_the_resource_is_named_with_its_size():
    report = fitted(cluster(("a", H100, 1), ("b", HBV3, 2)), deployment(9, gpu="1"))

    assert why(report) == [
        "pool a: takes 8, then nvidia.com/gpu runs out; 1 more node would take the rest",
        "pool b: a node (Standard_HB120rs_v3) has no nvidia.com/gpu; choose a pool with nvidia.com/gpu",
    ]


@pytest.mark.parametrize(
    ("pending", "more"),
    [(1, "1 more node"), (4, "1 more node"), (5, "2 more nodes"), (8, "2 more nodes"), (9, "3 more nodes")],
)
def test_how_many_more_nodes_would_take_the_rest(pending, more):
    report = fitted(kubectl(*nodes("a", 2, cpu="4")), deployment(8 + pending, cpu="1"))

    assert why(report) == [f"pool a: takes 8, then cpu runs out; {more} would take the rest"]


def test_a_pool_without_nodes_is_told_to_grow():
    report = fitted(cluster(("a", H100, 0), ("b", H100, 1)), job(pods=2, gpu="8", ib="8"))

    assert why(report)[0] == "pool a: it has no nodes; let it grow"


def test_what_most_nodes_lack_is_named_where_a_pool_is_full():
    found = kubectl(
        *nodes("a", 3, cpu="2", memory="4Gi"),
        running("a-0", cpu="2"),
        running("a-1", memory="4Gi"),
        running("a-2", memory="4Gi"),
    )

    assert why(fitted(found, pod(cpu="1", memory="1Gi"))) == [
        "pool a: memory is taken already; free nodes, or let the pool grow"
    ]


def test_a_resource_of_which_just_enough_is_free_is_not_what_a_node_lacks():
    found = kubectl(node(cpu="2", memory="4Gi"), running("n0", cpu="1", memory="4Gi"))

    assert why(fitted(found, pod(cpu="1", memory="1Gi"))) == [
        "pool p: memory is taken already; free nodes, or let the pool grow"
    ]


def test_a_node_whose_pods_are_all_there_is_full():
    found = kubectl(node(pods="1", cpu="4"), running("n0"))

    assert why(fitted(found, pod(cpu="1"))) == [
        "pool p: room for pods (maxPods) is taken already; free nodes, or let the pool grow"
    ]


def test_the_number_of_pods_a_node_is_said_in_words():
    report = fitted(kubectl(node(pods="2", cpu="4")), deployment(3, cpu="1"))

    assert why(report) == ["pool p: takes 2, then room for pods (maxPods) runs out; 1 more node would take the rest"]


# DaemonSets


def test_a_daemon_set_has_one_pod_on_each_node_that_it_may_go_to():
    found = kubectl(*nodes("a", 2, cpu="4"), *nodes("b", 3, taints=[NO_SCHEDULE], cpu="4"))

    report = fitted(found, daemon_set(cpu="1"), daemon_set(TOLERATES, cpu="1"), deployment(9, TOLERATES, cpu="4"))

    assert placed(report) == [{"a": 2}, {"a": 2, "b": 3}, {}]
    assert [pods_of(report, number).wanted for number in range(3)] == [2, 5, 9]
    assert [(one.fits, one.per_node, one.runs_out) for one in pods_of(report, 1).pools] == [
        (2, 1, ("DaemonSet",)),
        (3, 1, ("DaemonSet",)),
    ]
    assert pods_of(report).pools[0].stranded == {}


def test_a_daemon_set_needs_its_place_on_every_node():
    found = kubectl(*nodes("a", 3, cpu="2"), running("a-1", cpu="2"))

    report = fitted(found, daemon_set(cpu="1"))

    assert (pods_of(report).wanted, pods_of(report).placed, pods_of(report).pending) == (3, 2, 1)
    assert why(report) == ["pool a: takes 2, then one a node runs out; 1 more node would take the rest"]


def test_a_daemon_sets_controller_tolerates_a_cordoned_node():
    cordoned = node(cpu="4")
    cordoned["spec"]["unschedulable"] = True

    report = fitted(kubectl(cordoned), daemon_set(cpu="1"), pod(cpu="1"))

    assert placed(report) == [{"p": 1}, {}]
    assert why(report, 1) == ["pool p: n0: cordoned; `kubectl uncordon n0`"]


# Pods that may go elsewhere


@pytest.mark.parametrize(
    ("spec", "asks", "elsewhere"),
    [
        pytest.param({}, {"cpu": "1"}, 2, id="pods-without-devices-that-tolerate-nothing"),
        pytest.param({}, {"gpu": "1"}, 0, id="devices"),
        pytest.param({"nodeSelector": {"kubernetes.azure.com/agentpool": "a"}}, {"cpu": "1"}, 0, id="a-named-pool"),
        pytest.param({"nodeSelector": {"agentpool": "A"}}, {"cpu": "1"}, 0, id="in-another-case-by-the-old-label"),
        pytest.param({"nodeSelector": {"agentpool": "system"}}, {"cpu": "1"}, 2, id="a-pool-that-is-not-named"),
        pytest.param({"nodeSelector": {"node.kubernetes.io/instance-type": H100.lower()}}, {"cpu": "1"}, 0, id="a-named-size"),
        pytest.param({"nodeSelector": {"feature.node.kubernetes.io/pci-15b3.present": "true"}}, {"cpu": "1"}, 0, id="a-nic"),
        pytest.param(node_affinity(wants(("agentpool", "In", "a", "system"))), {"cpu": "1"}, 2, id="one-of-two-pools"),
        pytest.param(node_affinity(wants(("agentpool", "NotIn", "a"))), {"cpu": "1"}, 2, id="any-pool-but-one"),
        pytest.param(node_affinity(wants(("agentpool", "In", "a")), wants(("agentpool", "In", "b"))), {"cpu": "1"}, 0, id="only-known-pools-in-all-terms"),
        pytest.param(node_affinity(wants(("agentpool", "In", "a")), wants(("tier", "In", "x"))), {"cpu": "1"}, 2, id="one-term-is-open"),
        pytest.param(node_affinity({}), {"cpu": "1"}, 0, id="affinity-without-a-term"),
    ],
)  # fmt: skip
def test_pods_without_devices_may_go_to_pools_that_a_cluster_file_does_not_name(spec, asks, elsewhere):
    found = cluster(("a", H100, 1, "sku=gpu:NoSchedule"), ("b", H100, 1, "sku=gpu:NoSchedule"))

    report = fitted(found, deployment(2, spec, **asks))

    assert pods_of(report).elsewhere == elsewhere
    assert pods_of(report).pending == 2 - elsewhere
    assert report.ok is bool(elsewhere)


def test_only_those_go_elsewhere_that_find_no_node_here():
    report = fitted(cluster(("a", HBV3, 1)), deployment(3, cpu="48"))

    assert placed(report) == [{"a": 2, "elsewhere": 1}]
    assert why(report) == []


def test_a_list_of_all_nodes_has_no_elsewhere():
    report = fitted(kubectl(node(cpu="1")), deployment(2, cpu="1"))

    assert (pods_of(report).elsewhere, pods_of(report).pending) == (0, 1)


# What is left


def left(report, pool=0):
    return {one.resource: (one.total, one.left, one.stranded) for one in report.pools[pool].resources}


def test_what_is_left_of_a_pool():
    found = kubectl(*nodes("a", 2, gpu="8", ib="8", cpu="10", memory="4Gi"), *nodes("b", 1, cpu="4"))

    report = fitted(found, job(gpu="2", ib="1", cpu="4"))

    assert [(one.pool, one.nodes) for one in report.pools] == [("a", 2), ("b", 1)]
    assert left(report) == {
        "nvidia.com/gpu": (16, 14, 0),
        "rdma/ib": (16, 15, 0),
        "cpu": (20_000, 16_000, 0),
        "pods": (500, 499, 0),
    }
    assert left(report, 1) == {"cpu": (4000, 4000, 0), "pods": (250, 250, 0)}


@pytest.mark.parametrize(
    ("objects", "gpus", "nics"),
    [
        pytest.param([job(gpu="1", ib="8")], (7, 7), (0, 0), id="gpus-on-a-node-whose-nics-are-gone"),
        pytest.param([job(gpu="8", ib="2")], (0, 0), (6, 6), id="nics-on-a-node-whose-gpus-are-gone"),
        pytest.param([job(gpu="1", ib="1")], (7, 0), (7, 0), id="none-where-the-same-pod-fits-again"),
        pytest.param([job(gpu="1", ib="8"), pod(gpu="1")], (6, 0), (0, 0), id="none-where-another-pod-fits"),
        pytest.param([pod(gpu="1")], (7, 0), (8, 8), id="a-resource-that-none-of-the-pods-asks-for"),
        pytest.param([pod(cpu="1")], (8, 0), (8, 0), id="none-beside-pods-that-need-no-device"),
        pytest.param([pod(cpu="500")], (8, 0), (8, 0), id="nothing-on-a-node-that-took-no-pod"),
    ],
)  # fmt: skip
def test_devices_on_a_node_with_pods_that_none_of_them_can_use_are_stranded(objects, gpus, nics):
    report = fitted(kubectl(node(**GPU_NODE)), *objects)

    found = left(report)
    assert (found["nvidia.com/gpu"][1:], found["rdma/ib"][1:]) == (gpus, nics)


def test_devices_are_stranded_for_pods_that_may_not_go_to_the_node():
    found = kubectl(node("n0", "a", **GPU_NODE), node("n1", "b", taints=[NO_SCHEDULE], **GPU_NODE))

    there = {**TOLERATES, "nodeSelector": {"kubernetes.azure.com/agentpool": "b"}}
    report = fitted(found, pod(there, gpu="1", ib="8"), pod(gpu="1"))

    assert left(report, 0)["nvidia.com/gpu"] == (8, 7, 0)
    assert left(report, 1)["nvidia.com/gpu"] == (8, 7, 7)


def test_what_nobody_knows_is_neither_counted_nor_left():
    report = fitted(cluster(("a", HBV3, 1)), pod(**{"ephemeral-storage": "1Ti", "hugepages-2Mi": "1Gi", "ib": "1"}))

    assert report.ok
    assert set(left(report)) == {"rdma/ib", "pods"}


def test_nodes_and_notes_of_the_report():
    report = fitted(kubectl(node(labels={"node.kubernetes.io/instance-type": "Standard_X"}, cpu="1")), pod(cpu="1"))

    assert (report.origin, report.ok, report.pools[0].vm_size) == ("kubectl", True, "Standard_X")
    assert report.notes == (
        "what already runs on the nodes is not subtracted; give `kubectl get nodes,pods -A -o json` and it is",
    )


def test_no_workloads_leave_everything():
    report = fit(kubectl(node(gpu="8")), workloads())

    assert (report.ok, report.workloads) == (True, ())
    assert left(report) == {"nvidia.com/gpu": (8, 8, 0), "pods": (250, 250, 0)}


def test_a_cluster_without_pools_for_linux_takes_nothing():
    windows = {"name": "win", "vmSize": "Standard_D4s_v5", "count": 3, "osType": "Windows"}
    found = read_nodes(json.dumps([windows]).encode(), "pools.json")

    report = fitted(found, job(pods=2, ib="1"), pod(cpu="1"), pod(together(app="w"), {"app": "w"}, cpu="1"))

    assert [pods_of(report, number).pending for number in range(3)] == [2, 1, 1]
    assert why(report) == ["nothing exposes rdma/ib: no node has InfiniBand; add a pool of a VM size that has it"]


@pytest.mark.parametrize("name", ["rdma/ib", "rdma/shared_ib"])
def test_a_cluster_whose_sizes_have_no_infiniband_is_told_so(name):
    pool = {"name": "system", "vmSize": "Standard_D4s_v5", "count": 3}
    found = read_nodes(json.dumps([pool]).encode(), "pools.json")

    assert why(fitted(found, pod(**{name: "1"}))) == [
        f"nothing exposes {name}: no node has InfiniBand; add a pool of a VM size that has it"
    ]
