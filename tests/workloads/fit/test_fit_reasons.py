"""Why pods stay Pending, as a user reads it: which nodes are odd, what a size or a pool is, and what mends it."""

import json

import pytest

from aksrdma.workloads.fit import fit, read_nodes
from tests.workloads.fit.fit_objects import (
    H100,
    deployment,
    fitted,
    job,
    kubectl,
    node,
    nodes,
    placed,
    pod,
    running,
    together,
    why,
    workloads,
)

FULL = {"gpu": "8", "ib": "8"}
SIZED = {"node.kubernetes.io/instance-type": H100}
NO_R = {"node.kubernetes.io/instance-type": "Standard_ND96is_H100_v5"}
ZONE = {"topology.kubernetes.io/zone": "1"}
NIC = {"feature.node.kubernetes.io/pci-15b3.present": "true"}


def cordoned(name):
    made = node(name, "a", **FULL)
    made["spec"]["unschedulable"] = True
    return made


def in_state(name, kind, status):
    made = node(name, "a", **FULL)
    made["status"]["conditions"] = [{"type": "Ready", "status": "True"}, {"type": kind, "status": status}]
    return made


LABEL = "whether it has the label feature.node.kubernetes.io/pci-15b3.present"


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        pytest.param(cordoned("n0"), "cordoned (n0); `kubectl uncordon n0`", id="cordoned"),
        pytest.param(in_state("n0", "Ready", "False"), "not ready (n0); `kubectl describe node n0` says why", id="not-ready"),
        pytest.param(in_state("n0", "NetworkUnavailable", "True"), "without network (n0); `kubectl describe node n0` says why", id="no-network"),
        pytest.param(in_state("n0", "Ready", "Unknown"), "not ready, its kubelet does not answer (n0); `kubectl describe node n0`", id="unreachable"),
        pytest.param(in_state("n0", "DiskPressure", "True"), "short of disk (n0); `kubectl describe node n0` says what takes it", id="disk"),
        pytest.param(node("n0", "a", gpu="8"), f"no rdma/ib (n0); see whether driver and device plugin run on n0, and {LABEL}", id="no-rdma"),
        pytest.param(node("n0", "a", ib="8"), "no nvidia.com/gpu (n0); see whether the driver and device plugin of the GPU Operator run on n0", id="no-gpu"),
        pytest.param(node("n0", "a", gpu="7", ib="8"), "7 of 8 nvidia.com/gpu (n0); `kubectl describe node n0` and the log of the device plugin of nvidia.com/gpu there", id="7-of-8"),
        pytest.param(node("n0", "a", gpu="0", ib="8"), "0 nvidia.com/gpu, so the device plugin there found none (n0); look at the GPU driver on the node and at the log of the device plugin", id="gpu-0"),
        pytest.param(node("n0", "a", gpu="8", ib="0"), "0 rdma/ib, so the device plugin there found none (n0); look at the selectors in the plugin's configuration, at the driver on the node, and at the log of the plugin", id="rdma-0"),
    ],
)  # fmt: skip
def test_an_odd_node_is_named_and_no_further_one_is_asked_for(odd, said):
    report = fitted(kubectl(odd, node("n1", "a", **FULL)), job(pods=2, gpu="8", ib="8"))

    assert placed(report) == [{"a": 1}]
    assert why(report) == [
        "pool a: takes 1, then nvidia.com/gpu and rdma/ib run out; mend what is told of its other nodes",
        f"pool a: 1 of 2 nodes: {said}",
    ]


@pytest.mark.parametrize("status", ["True", "Unknown"])
def test_a_condition_that_says_nothing_bad_keeps_no_pod_away(status):
    kind = "Ready" if status == "True" else "DiskPressure"

    assert fitted(kubectl(in_state("n0", kind, status)), job(gpu="8", ib="8")).ok


def test_a_taint_that_stands_there_already_is_not_added_again():
    bad = in_state("n0", "Ready", "False")
    bad["spec"]["taints"] = [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]

    found = kubectl(bad)

    assert [str(taint) for taint in found.nodes[0].site.taints] == ["node.kubernetes.io/not-ready:NoSchedule"]


def test_a_node_that_other_pods_hold_is_named_with_them():
    found = kubectl(*nodes("a", 2, **FULL), running("a-0", "old", gpu="1", ib="8", cpu="1"))

    report = fitted(found, job(pods=2, gpu="8", ib="8"))

    assert why(report) == [
        "pool a: takes 1, then nvidia.com/gpu and rdma/ib run out; 1 more node would take the rest",
        "pool a: 1 of 2 nodes: held by other pods: a-0 by pod default/old (1 nvidia.com/gpu, 8 rdma/ib); end what is not needed "
        "there",
    ]


def test_many_pods_that_hold_a_node_are_counted():
    pods = [running("a-0", f"old-{number}", gpu="1") for number in range(7)]

    report = fitted(kubectl(node("a-0", "a", **FULL), *pods), pod(gpu="2"))

    (reason,) = why(report)
    assert reason.startswith("pool a: a-0: held by pod default/old-0 (1 nvidia.com/gpu), ")
    assert "old-4 (1 nvidia.com/gpu), 2 more pods; end what is not needed there" in reason
    assert "old-5" not in reason


def test_a_host_port_is_told_with_the_pod_that_has_it():
    ports = {"containers": [{"name": "m", "ports": [{"hostPort": 8080}]}]}
    found = kubectl(node("a-0", "a", cpu="8"), running("a-0", "old", spec=ports))

    assert why(fitted(found, pod(ports))) == [
        "pool a: a-0: held by pod default/old (hostPort 8080); end what is not needed there"
    ]


def test_nodes_that_are_odd_in_the_same_way_are_named_together_and_many_are_counted():
    found = kubectl(*(cordoned(f"n{number}") for number in range(7)), node("ok", "a", **FULL))

    assert why(fitted(found, job(pods=3, gpu="8", ib="8")))[1:] == [
        "pool a: 7 of 8 nodes: cordoned (n0, n1, n2, n3, n4 and 2 more); `kubectl uncordon n0 n1 n2 n3 n4`"
    ]


def test_a_pool_whose_nodes_are_all_odd_is_told_by_them():
    assert why(fitted(kubectl(cordoned("n0"), cordoned("n1")), job(gpu="8", ib="8"))) == [
        "pool a: all 2 nodes: cordoned (n0, n1); `kubectl uncordon n0 n1`"
    ]


def test_where_the_nodes_that_are_large_enough_take_none_they_are_named():
    found = kubectl(cordoned("n0"), node("n1", "a", gpu="4", ib="8"))

    assert [one.partition("; ")[0] for one in why(fitted(found, job(gpu="8", ib="8")))] == [
        "pool a: 1 of 2 nodes: cordoned (n0)",
        "pool a: 1 of 2 nodes: 4 of 8 nvidia.com/gpu (n1)",
    ]


def test_a_taint_that_a_pod_tolerates_is_not_what_is_odd():
    spec = {"tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]}
    half = cordoned("n0")
    half["status"]["allocatable"]["rdma/ib"] = "4"

    _, reason = why(fitted(kubectl(half, node("n1", "a", **FULL)), job(pods=2, spec=spec, gpu="8", ib="8")))

    assert reason.startswith("pool a: 1 of 2 nodes: 4 of 8 rdma/ib (n0); ")


def test_each_kind_of_reason_has_its_line_with_a_count_as_the_scheduler_has_it():
    zones = [node(f"z{number}", "a", {"topology.kubernetes.io/zone": "2"}, **FULL) for number in range(2)]
    tainted = node("t0", "a", ZONE, [{"key": "sku", "effect": "NoSchedule"}], **FULL)
    good = node("ok", "a", ZONE, **FULL)
    bad = cordoned("n0")
    bad["metadata"]["labels"] |= ZONE
    busy = [node(f"b{number}", "a", ZONE, **FULL) for number in range(2)]
    held = [running(f"b{number}", f"old{number}", gpu="8") for number in range(2)]
    spec = {"nodeSelector": ZONE}

    assert why(fitted(kubectl(*zones, tainted, good, bad, *busy, *held), job(pods=3, spec=spec, gpu="8", ib="8"))) == [
        "pool a: takes 1, then nvidia.com/gpu and rdma/ib run out; mend what is told of its other nodes",
        "pool a: 2 of 7 nodes: its nodeSelector wants topology.kubernetes.io/zone In 1, and the label "
        "topology.kubernetes.io/zone is 2 (z0, z1); change the nodeSelector to 2, or choose another pool",
        "pool a: 1 of 7 nodes: the taint sku:NoSchedule is not tolerated (t0); add the toleration "
        "{key: sku, operator: Exists, effect: NoSchedule}",
        "pool a: 1 of 7 nodes: cordoned (n0); `kubectl uncordon n0`",
        "pool a: 2 of 7 nodes: held by other pods: b0 by pod default/old0 (8 nvidia.com/gpu), b1 by pod default/old1 "
        "(8 nvidia.com/gpu); end what is not needed there",
    ]


def test_nodes_that_pods_do_not_select_are_one_kind_whatever_label_each_has():
    spec = {"nodeSelector": {"kubernetes.io/hostname": "a-0"}}

    first, second = why(fitted(kubectl(*nodes("a", 3, **FULL)), job(pods=2, spec=spec, gpu="8", ib="8")))

    assert first == (
        "pool a: takes 1, then nvidia.com/gpu and rdma/ib run out; mend what keeps the pods off its other nodes, which have room"
    )
    assert second.startswith(
        "pool a: 2 of 3 nodes: its nodeSelector wants kubernetes.io/hostname In a-0 (a-1, a-2); let it want "
    )


@pytest.mark.parametrize(
    ("busy", "fix"),
    [
        pytest.param([], "mend what keeps the pods off its other nodes, which have room", id="idle"),
        pytest.param([running("n1", "a", gpu="8")], "1 more node would take the rest", id="full"),
    ],
)
def test_no_further_node_is_asked_for_while_one_with_a_taint_is_idle(busy, fix):
    tainted = node("n1", "a", taints=[{"key": "keep", "value": "true", "effect": "NoSchedule"}], **FULL)

    first, second = why(fitted(kubectl(node("n0", "a", **FULL), tainted, *busy), job(pods=2, gpu="8", ib="8")))

    assert first == f"pool a: takes 1, then nvidia.com/gpu and rdma/ib run out; {fix}"
    assert second.endswith('add the toleration {key: keep, operator: Equal, value: "true", effect: NoSchedule}')


@pytest.mark.parametrize(
    ("spec", "rule"),
    [
        pytest.param(together("rack", app="w"), "podAffinity", id="affinity"),
        pytest.param(
            {
                "topologySpreadConstraints": [
                    {"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule",
                     "labelSelector": {"matchLabels": {"app": "w"}}}
                ]
            },
            "topologySpreadConstraints",
            id="spread",
        ),
    ],
)  # fmt: skip
def test_a_topology_key_that_no_node_has_is_named(spec, rule):
    report = fitted(kubectl(*nodes("a", 2, cpu="2")), deployment(1, spec, {"app": "w"}, cpu="1"))

    assert why(report) == [
        f"pool a: its nodes with room lack the label rack, which is the topologyKey of {rule}; take a topologyKey that "
        "nodes have, such as kubernetes.io/hostname or kubernetes.azure.com/agentpool, or label the nodes"
    ]


def test_a_node_that_pods_do_not_select_is_told_by_that_alone():
    spec = {"nodeSelector": ZONE}

    assert why(fitted(kubectl(cordoned("n0"), node("n1", "a", **FULL)), job(spec=spec, gpu="8", ib="8"))) == [
        "pool a: its nodeSelector wants topology.kubernetes.io/zone In 1, and the label topology.kubernetes.io/zone is not "
        "there; change the nodeSelector"
    ]


def test_a_rule_that_keeps_pods_off_nodes_with_room_is_named():
    found = kubectl(*nodes("a", 2, cpu="2"))

    report = fitted(found, deployment(3, together("kubernetes.io/hostname", app="w"), {"app": "w"}, cpu="1"))

    assert why(report) == [
        "pool a: takes 2, and podAffinity keeps the rest off the nodes that have room; change podAffinity"
    ]


# What a size, or a device plugin, is to blame for


def test_a_size_without_r_is_told_as_explain_tells_it():
    told = "Standard_ND96is_H100_v5 has no InfiniBand: the same GPUs, but no `r` in the name"
    pools = read_nodes(json.dumps([{"name": "a", "vmSize": "Standard_ND96is_H100_v5", "count": 2}]).encode(), "p.json")
    both = kubectl(node("n0", "a", NO_R, gpu="8"), node("n1", "b", SIZED, **FULL))
    pinned = {"nodeSelector": {"kubernetes.azure.com/agentpool": "a"}}

    from_az, from_kubectl = (
        why(fit(found, workloads(job(spec=pinned, gpu="8", ib="8"))))[0] for found in (pools, both)
    )

    assert [one.startswith(f"pool a: {told}") for one in (from_az, from_kubectl)] == [True, True]
    assert from_az.endswith("; make the pool of Standard_ND96isr_H100_v5")
    assert pools.nodes[0].allocatable["nvidia.com/gpu"] == 8
    assert any(note.startswith(f"pool a: {told}") for note in pools.notes)
    pinned_pods, others = job(spec=pinned, gpu="8", ib="8"), pod(gpu="1")
    assert [
        any(note.startswith(f"pool a: {told}") for note in fit(pools, workloads(one)).notes)
        for one in (pinned_pods, others)
    ] == [False, True]


def test_a_size_that_nobody_takes_for_one_with_infiniband_is_told_to_pods_that_want_it():
    found = read_nodes(json.dumps([{"name": "s", "vmSize": "Standard_D4s_v5", "count": 2}]).encode(), "p.json")

    (pinned,) = why(fit(found, workloads(pod({"nodeSelector": {"agentpool": "s"}}, ib="1"))))

    assert pinned.startswith("pool s: Standard_D4s_v5 has no InfiniBand: its name has no `r`")
    assert pinned.endswith("; choose a size that has it")


def test_gpus_that_nothing_advertises_are_told_with_what_would():
    for labels, size in ((SIZED, H100), (NO_R, "Standard_ND96is_H100_v5")):
        assert why(fitted(kubectl(node("n0", "a", labels, cpu="96")), pod(gpu="1"))) == [
            f"pool a: {size} has GPUs, but nothing advertises nvidia.com/gpu there; "
            "install the GPU Operator or the NVIDIA device plugin"
        ]


def test_nodes_of_a_system_pool_are_not_said_to_have_gpus():
    plain = {"node.kubernetes.io/instance-type": "Standard_D4s_v5"}
    found = kubectl(node("s0", "sys", plain, cpu="4"), node("n0", "a", SIZED, **FULL))

    assert [one.partition(":")[0] for one in why(fitted(found, job(pods=2, gpu="8", ib="8")))] == ["pool a"]
    assert why(fitted(kubectl(node("s0", "sys", plain, cpu="4")), pod(gpu="8"))) == [
        "no node has nvidia.com/gpu; ask for what the nodes have, or add a pool that has it"
    ]


def test_gpus_of_another_maker_are_not_what_is_missing():
    found = kubectl(node("n0", "a", SIZED, cpu="96"))

    assert why(fitted(found, pod(**{"amd.com/gpu": "1"}))) == [
        "no node has amd.com/gpu; ask for what the nodes have, or add a pool that has it"
    ]


def test_rdma_that_nothing_exposes_is_told_with_the_label_or_with_the_plugin():
    bare, labeled = (kubectl(node("n0", "a", {**SIZED, **extra}, gpu="8")) for extra in ({}, NIC))

    assert why(fitted(bare, pod(ib="1"))) == [
        "pool a: nothing exposes rdma/ib: n0 lacks the label feature.node.kubernetes.io/pci-15b3.present, by which the "
        "operator selects; see whether NFD (node-feature-discovery) and the NodeFeatureRule are there"
    ]
    assert why(fitted(labeled, pod(ib="1"))) == [
        f"pool a: nothing exposes rdma/ib, though {H100} has InfiniBand and its nodes the label "
        "feature.node.kubernetes.io/pci-15b3.present; see whether the pods of driver and device plugin run there: "
        "`kubectl get pods -A -o wide`"
    ]


# What az says of pools


def from_az(**fields):
    pool = {"name": "nd", "vmSize": H100, "count": 2, "osType": "Linux", **fields}
    return read_nodes(json.dumps([pool]).encode(), "pools.json", "sriov-device-plugin")


@pytest.mark.parametrize(
    ("fields", "noted"),
    [
        pytest.param({"osSku": "AzureLinux"}, "pool nd runs Azure Linux: no azurelinux image of the NIC driver", id="azure-linux"),
        pytest.param({"nodeImageVersion": "AKSAzureLinux-V3gen2-202607.09.0"}, "pool nd runs AKSAzureLinux-V3gen2", id="by-its-image"),
        pytest.param({"osSku": "Mariner"}, "pool nd runs Mariner: no azurelinux image", id="by-its-old-name"),
        pytest.param({"count": 101}, "pool nd has 101 nodes: one with InfiniBand holds 100, 300 by support request", id="more-than-a-fabric"),
        pytest.param({"scaleSetPriority": "Spot"}, "pool nd is a spot pool: Azure may take its nodes away", id="spot"),
        pytest.param({"gpuInstanceProfile": "MIG1g"}, "pool nd cuts its GPUs into slices (MIG1g)", id="slices"),
        pytest.param({"provisioningState": "Failed"}, "pool nd: its last operation failed (provisioningState), so it may have fewer", id="failed"),
        pytest.param({"count": 0, "enableAutoScaling": True, "maxCount": 4}, "pool nd may grow from 0 to 4 nodes", id="scale-to-zero"),
    ],
)  # fmt: skip
def test_what_of_a_pool_is_noted(fields, noted):
    assert [note for note in from_az(**fields).notes if note.startswith(noted)] != []


@pytest.mark.parametrize("fields", [{"osSku": "Ubuntu"}, {"count": 100}, {"scaleSetPriority": "Regular"}])
def test_what_is_ordinary_is_not_noted(fields):
    assert not any(note.startswith("pool nd") for note in from_az(**fields).notes)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"count": 0}, "it has no nodes; let it grow", id="none"),
        pytest.param({"count": 0, "enableAutoScaling": True, "maxCount": 4}, "it has no nodes: it is scaled to zero, and may grow to 4, but the cluster autoscaler does not know that a node of it will have rdma/ib; keep a node (`az aks nodepool update --update-cluster-autoscaler --min-count 1` for nd)", id="scaled-to-zero"),
        pytest.param({"provisioningState": "Deleting"}, "it has no nodes: it is being deleted; choose another pool, or make it anew", id="deleted"),
        pytest.param({"powerState": {"code": "Stopped"}}, "it has no nodes: it is stopped; start it", id="stopped"),
    ],
)  # fmt: skip
def test_a_pool_without_nodes_says_why(fields, said):
    assert why(fit(from_az(**fields), workloads(job(gpu="8", ib="8")))) == [f"pool nd: {said}"]


def test_gpus_are_known_to_the_autoscaler_of_a_pool_without_nodes():
    zero = from_az(count=0, enableAutoScaling=True, maxCount=4)

    assert why(fit(zero, workloads(pod(gpu="8")))) == [
        "pool nd: it has no nodes: it is scaled to zero, and may grow to 4; let it grow"
    ]


SYSTEM = {
    "name": "sys", "vmSize": "Standard_D4s_v5", "count": 3, "osType": "Linux", "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
}  # fmt: skip


def test_a_system_pool_is_not_what_pods_with_devices_lack_unless_they_select_it():
    both = [SYSTEM, {**SYSTEM, "name": "nd", "vmSize": H100, "nodeTaints": ["sku=gpu:NoSchedule"]}]
    found = read_nodes(json.dumps(both).encode(), "pools.json", "sriov-device-plugin")
    pinned = {"nodeSelector": {"agentpool": "sys"}}

    assert [one.partition(":")[0] for one in why(fit(found, workloads(job(gpu="8", ib="8"))))] == ["pool nd"]
    assert [one.partition(":")[0] for one in why(fit(found, workloads(pod(cpu="1"))))] == ["pool sys", "pool nd"]
    assert why(fit(found, workloads(job(spec=pinned, gpu="8")))) == [
        "pool sys: a node (Standard_D4s_v5) has no nvidia.com/gpu; choose a pool with nvidia.com/gpu",
        "pool nd: its nodeSelector wants agentpool In sys, and the label agentpool is nd; change the nodeSelector to nd, or "
        "choose another pool",
    ]


def test_a_taint_of_a_pool_without_the_device_is_not_what_keeps_pods_out():
    both = [
        {**SYSTEM, "name": "hb", "vmSize": "Standard_HB176rs_v4"},
        {**SYSTEM, "name": "nd", "vmSize": H100, "nodeTaints": []},
    ]
    found = read_nodes(json.dumps(both).encode(), "pools.json", "sriov-device-plugin")

    assert why(fit(found, workloads(job(pods=4, gpu="8", ib="1"))))[0] == (
        "pool hb: a node (Standard_HB176rs_v4) has no nvidia.com/gpu; choose a pool with nvidia.com/gpu"
    )


def test_what_az_aks_show_prints_is_read_too():
    pool = {"name": "nd", "vmSize": H100, "count": 2, "osType": "Linux"}
    shown = {"id": "/subscriptions/s", "name": "c", "kubernetesVersion": "1.33", "agentPoolProfiles": [pool]}

    assert (
        read_nodes(json.dumps(shown).encode(), "aks.json").nodes == read_nodes(json.dumps([pool]).encode(), "p").nodes
    )


def test_a_pool_of_virtual_machines_has_nodes_of_each_size_and_no_fabric():
    sizes = [{"size": H100, "count": 2}, {"size": "Standard_D4s_v5", "count": 1}, {"count": 4}]
    pool = {"name": "vm", "vmSize": None, "count": None, "virtualMachinesProfile": {"scale": {"manual": sizes}}}

    found = read_nodes(json.dumps([pool]).encode(), "p")

    assert [(one.pool, one.vm_size, one.count) for one in found.nodes] == [
        ("vm", H100, 2),
        ("vm", "Standard_D4s_v5", 1),
    ]
    assert any(note.startswith("pool vm is one of single virtual machines: InfiniBand joins") for note in found.notes)


def test_a_spot_pool_is_known_by_its_label():
    spec = {
        "nodeSelector": {"kubernetes.azure.com/scalesetpriority": "spot"},
        "tolerations": [{"key": "kubernetes.azure.com/scalesetpriority", "operator": "Exists"}],
    }

    assert fit(from_az(scaleSetPriority="Spot"), workloads(job(spec=spec, gpu="8"))).ok
    assert not fit(from_az(), workloads(job(spec=spec, gpu="8"))).ok


def test_nodes_that_run_azure_linux_are_noted_once_a_pool():
    made = nodes("a", 2, labels=SIZED, **FULL)
    for one in made:
        one["status"]["nodeInfo"] = {"osImage": "Microsoft Azure Linux 3.0"}

    assert [note for note in kubectl(*made).notes if "Linux" in note] == [
        "pool a runs Azure Linux 3.0: no azurelinux image of the NIC driver is listed for any release of Network Operator, "
        "so nothing may offer RDMA there; Ubuntu is the sure choice"
    ]


def test_more_nodes_than_a_fabric_holds_are_noted_of_pools_with_rdma_alone():
    assert [
        kubectl(*nodes("a", count, **asks)).notes[1:] != () for count, asks in ((101, FULL), (100, FULL), (101, {}))
    ] == [
        True,
        False,
        False,
    ]


def test_a_pod_that_names_its_node_runs_without_the_device_that_is_not_there():
    found = kubectl(node("n0", "a", gpu="8"))

    report = fitted(found, job(pods=2, spec={"nodeName": "n0"}, gpu="4", ib="4"))

    assert report.ok
    assert (
        "Job/job: its pods name their node, which does not know rdma/ib; kubelet does not mind and runs them without, so "
        "leave nodeName out"
    ) in report.notes


def test_a_pod_that_names_its_node_finds_a_device_of_which_there_are_none_missing():
    assert not fitted(kubectl(node("n0", "a", gpu="8", ib="0")), job(spec={"nodeName": "n0"}, gpu="4", ib="4")).ok


def test_a_node_that_lost_a_gpu_is_named_though_no_other_shows_what_is_whole():
    report = fitted(kubectl(node("n0", "a", SIZED, gpu="7", ib="8")), job(gpu="8", ib="8"))

    assert why(report) == [
        "pool a: n0: 7 of 8 nvidia.com/gpu; `kubectl describe node n0` and the log of the device plugin of nvidia.com/gpu "
        "there"
    ]


def test_a_node_of_an_unknown_size_is_whole_with_what_it_has():
    report = fitted(kubectl(node("n0", "a", gpu="7", ib="8")), job(gpu="8", ib="8"))

    assert why(report) == ["pool a: a pod asks for 8 nvidia.com/gpu, a node has 7; ask for 7 at most"]
