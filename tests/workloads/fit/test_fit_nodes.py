"""The nodes of a cluster, from a cluster file, from kubectl and from az."""

import json

import pytest
import yaml

import aksrdma
from aksrdma.errors import ClusterError, PlanError, ReadError, UnknownNameError, UsageError
from aksrdma.workloads.fit import read_nodes, resource_table
from tests.workloads.fit.fit_objects import H100, HBV3, cluster, kubectl, node, running

CLUSTER = """\
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
metadata: {name: c}
spec:
  profile: PROFILE
  rdma: {sharedSlots: 9}
  nodePools:
  - {name: p, vmSize: Standard_ND40rs_v2, count: 2, taints: ["sku=gpu:NoSchedule"]}
"""
AZ = {"name": "p", "vmSize": "standard_nd96isr_h100_v5", "count": 3, "maxPods": 30, "osType": "Linux"}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        pytest.param("sriov-device-plugin", {"rdma/ib": 1}, id="a-unit-for-each-nic-not-for-each-gpu"),
        pytest.param("rdma-shared-device-plugin", {"rdma/shared_ib": 9}, id="slots"),
        pytest.param("base", {}, id="nothing-without-a-device-plugin"),
    ],
)
def test_a_cluster_files_profile_says_what_is_exposed(profile, expected):
    found = read_nodes(CLUSTER.replace("PROFILE", profile).encode(), "cluster.yaml")

    (nodes,) = found.nodes
    assert {name: units for name, units in nodes.allocatable.items() if name.startswith("rdma/")} == expected
    assert nodes.allocatable["nvidia.com/gpu"] == 8
    assert (nodes.count, nodes.vm_size, [str(taint) for taint in nodes.site.taints]) == (
        2,
        "Standard_ND40rs_v2",
        ["sku=gpu:NoSchedule"],
    )
    assert found.rdma == tuple(expected)


def test_a_profile_that_is_asked_for_goes_over_the_files():
    found = read_nodes(CLUSTER.replace("PROFILE", "base").encode(), "cluster.yaml", "sriov-device-plugin")

    assert found.rdma == ("rdma/ib",)


def test_what_the_kubelet_keeps_is_subtracted_only_where_somebody_saw_it():
    observed = cluster(("a", "Standard_HB120-96rs_v3", 1))
    whole = cluster(("b", "Standard_HB120rs_v3", 1))

    assert observed.nodes[0].allocatable["cpu"] == 94701
    assert not any("not subtracted" in note for note in observed.notes)
    assert whole.nodes[0].allocatable["cpu"] == 120_000
    assert "cpu and memory of b: capacity of the size, kubelet's reservation not subtracted" in whole.notes[0]


def test_nodes_are_read_from_kubectl_as_json_and_as_yaml():
    text = {"kind": "List", "apiVersion": "v1", "items": [node(cpu="3800m", gpu=8)]}

    assert read_nodes(json.dumps(text).encode(), "n") == read_nodes(yaml.safe_dump(text).encode(), "n")


def test_pods_that_run_are_subtracted_and_those_that_ended_or_have_no_node_are_not():
    waiting = running("n0", gpu="1")
    del waiting["spec"]["nodeName"]

    found = kubectl(
        node(gpu="8"),
        running("n0", gpu="4", cpu="1"),
        running("n0", gpu="2"),
        running("n0", phase="Succeeded", gpu="2"),
        running("gone", gpu="1"),
        waiting,
    )

    assert found.nodes[0].used == {"nvidia.com/gpu": 6, "cpu": 1000, "pods": 2}
    assert found.notes == ()
    assert "not subtracted" in kubectl(node(gpu="8")).notes[0]


def test_nodes_and_pods_are_read_from_a_stream_of_yaml():
    text = yaml.safe_dump_all([node(gpu="8"), running("n0", gpu="6")])

    found = read_nodes(text.encode(), "n.yaml")

    assert (found.origin, found.nodes[0].used["nvidia.com/gpu"]) == ("kubectl", 6)


def test_one_node_is_enough_and_a_node_list_is_a_list():
    one = json.dumps(node("n7", gpu="8")).encode()
    listed = json.dumps({"kind": "NodeList", "apiVersion": "v1", "items": [node("n7", gpu="8")]}).encode()

    bare = {key: value for key, value in node("n7", gpu="8").items() if key not in ("kind", "apiVersion")}
    raw = json.dumps({"kind": "NodeList", "apiVersion": "v1", "items": [bare]}).encode()

    assert read_nodes(one, "n") == read_nodes(listed, "n") == kubectl(node("n7", gpu="8")) == read_nodes(raw, "n")
    with pytest.raises(ReadError, match="has no Node among its 0 items"):
        read_nodes(json.dumps({"kind": "NodeList", "items": None}).encode(), "n")


def test_nodes_of_kubectl_have_pool_size_labels_and_taints():
    taint = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}
    labels = {"beta.kubernetes.io/instance-type": "Standard_X", "n": "1"}
    bare = {"kind": "Node", "metadata": {"name": "m", "labels": {"agentpool": "q"}}, "status": {"capacity": {"cpu": 2}}}

    found = kubectl(node("n0", "p", labels, [taint], ib="8", cpu="1", **{"rdma/x": "0"}), bare, {"kind": "Node"})

    first, second, third = found.nodes
    assert (first.pool, first.count, first.vm_size, [str(one) for one in first.site.taints]) == (
        "p",
        1,
        "Standard_X",
        ["sku=gpu:NoSchedule"],
    )
    assert first.allocatable == {"pods": 250, "rdma/ib": 8, "rdma/x": 0, "cpu": 1000}
    assert (first.site.labels["n"], first.site.labels["metadata.name"], first.site.complete) == ("1", "n0", True)
    assert (second.pool, second.allocatable, second.vm_size) == ("q", {"cpu": 2000}, None)
    assert (third.pool, third.allocatable) == ("(no pool)", {})
    assert (found.rdma, found.pools, found.other_pools) == (("rdma/ib",), ("p", "q", "(no pool)"), False)


def test_a_wrong_quantity_of_a_running_pod_is_refused():
    with pytest.raises(UsageError, match=r"nodes.json: Pod/default/runs .*memory: 'x' is no quantity"):
        kubectl(node(), running("n0", memory="x"))


def test_a_cordoned_node_is_tainted():
    cordoned = node()
    cordoned["spec"]["unschedulable"] = True

    assert [str(taint) for taint in kubectl(cordoned).nodes[0].site.taints] == [
        "node.kubernetes.io/unschedulable:NoSchedule"
    ]


def test_a_cordoned_node_that_has_the_taint_is_not_tainted_twice():
    cordoned = node(taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}])
    cordoned["spec"]["unschedulable"] = True

    assert len(kubectl(cordoned).nodes[0].site.taints) == 1


def test_nodes_of_a_cluster_file_have_the_labels_that_aks_sets():
    (gpus, none) = cluster(("a", H100, 1), ("b", HBV3, 1), profile="base").nodes

    known = {
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.azure.com/agentpool": "a",
        "agentpool": "a",
        "node.kubernetes.io/instance-type": H100,
        "beta.kubernetes.io/instance-type": H100,
        "kubernetes.azure.com/accelerator": "nvidia",
        "feature.node.kubernetes.io/pci-15b3.present": "true",
    }
    assert {key: gpus.site.labels.get(key) for key in known} == known
    assert none.site.labels["kubernetes.azure.com/accelerator"] is None
    assert not gpus.site.complete


def test_a_driver_that_the_operator_deploys_labels_the_nodes_when_it_is_ready():
    label = "network.nvidia.com/operator.mofed.wait"
    (with_driver,) = cluster(("a", HBV3, 1)).nodes
    (without,) = cluster(("a", HBV3, 1), ofed_driver=aksrdma.OfedDriver(enabled=False)).nodes

    assert (with_driver.site.labels[label], label in without.site.labels) == ("false", False)


def test_a_node_of_arm_says_so():
    found = read_nodes(json.dumps([{**AZ, "vmSize": "Standard_ND128isr_GB300_v6"}]).encode(), "p")

    assert found.nodes[0].site.labels["kubernetes.io/arch"] == "arm64"


def test_pools_of_a_cluster_file_keep_their_counts_and_notes():
    found = cluster(("a", H100, 2), ("b", "Standard_HB120-96rs_v3", 0))

    assert [(one.pool, one.count) for one in found.nodes] == [("a", 2), ("b", 0)]
    assert (found.origin, found.other_pools) == ("cluster file", True)
    assert found.notes == (
        "cpu and memory of a: capacity of the size, kubelet's reservation not subtracted; "
        "`kubectl get nodes -o json` says what is left",
        "250 pods a node, the default of AKS with Azure CNI Overlay",
    )
    assert found.nodes[0].allocatable == {"cpu": 96_000, "memory": 1900 << 30, "nvidia.com/gpu": 8, "pods": 250, "rdma/ib": 8}  # fmt: skip
    assert found.nodes[1].allocatable == {"cpu": 94_701, "memory": 469_767_028 << 10, "pods": 250, "rdma/ib": 1}


def test_a_cluster_without_pools_is_refused():
    with pytest.raises(PlanError, match="there are none, so no node can take a pod; add the node pools"):
        cluster()


def test_az_says_pods_labels_and_taints_but_not_the_profile():
    pools = [{**AZ, "nodeTaints": ["sku=gpu:NoSchedule"], "nodeLabels": {"team": "x"}, "scaleSetPriority": "Spot"}]

    found = read_nodes(json.dumps(pools).encode(), "pools.json")

    (nodes,) = found.nodes
    assert (nodes.count, nodes.allocatable["pods"], nodes.allocatable["rdma/ib"]) == (3, 30, 8)
    assert nodes.site.labels["team"] == "x"
    assert [taint.key for taint in nodes.site.taints] == ["sku", "kubernetes.azure.com/scalesetpriority"]
    assert "--profile says otherwise" in found.notes[0]
    told = read_nodes(json.dumps(pools).encode(), "pools.json", "ipoib")
    assert told.nodes[0].allocatable["rdma/shared_ib"] == 63


def test_labels_and_taints_that_aks_gives_by_itself():
    pool = {**AZ, "mode": "User", "nodeTaints": ["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"]}

    (spot,) = read_nodes(json.dumps([pool | {"scaleSetPriority": "spot"}]).encode(), "p").nodes
    (plain,) = read_nodes(json.dumps({**AZ, "maxPods": None}).encode(), "p").nodes

    assert (spot.site.labels["kubernetes.azure.com/mode"], len(spot.site.taints)) == ("user", 1)
    assert (plain.site.labels["kubernetes.azure.com/mode"], plain.site.taints) == (None, ())
    assert (plain.allocatable["pods"], plain.vm_size) == (250, H100)
    assert plain.site.labels["node.kubernetes.io/instance-type"] == H100.lower()


def test_notes_of_az():
    pools = [
        AZ,
        {**AZ, "name": "s", "vmSize": "Standard_D4s_v5", "enableAutoScaling": True, "maxCount": 3},
        {**AZ, "name": "h", "vmSize": "Standard_HB120-96rs_v3", "enableAutoScaling": False, "maxCount": 9},
    ]

    found = read_nodes(json.dumps(pools).encode(), "pools.json")

    assert (found.origin, found.rdma, found.other_pools) == ("az", ("rdma/ib",), False)
    assert found.notes == (
        "az does not say how pods get RDMA; taken as sriov-device-plugin (rdma/ib); --profile says otherwise",
        "cpu and memory of p: capacity of the size, kubelet's reservation not subtracted; "
        "`kubectl get nodes -o json` says what is left",
        "s (Standard_D4s_v5): no VM size with InfiniBand that the catalog has, so no devices, and cpu and memory without "
        "limit; `kubectl get nodes -o json` says what is there",
    )


def test_a_size_that_no_device_plugin_serves_has_no_devices():
    (nodes,) = read_nodes(json.dumps([{**AZ, "vmSize": "Standard_NC24rs_v3"}]).encode(), "p").nodes

    assert nodes.allocatable == {"pods": 30}


def test_az_pools_without_infiniband_have_no_devices_and_no_known_size():
    pools = [{**AZ, "name": "system", "vmSize": "Standard_D4s_v5"}, {**AZ, "name": "win", "osType": "Windows"}]

    found = read_nodes(json.dumps(pools).encode(), "pools.json")

    assert [(one.pool, one.allocatable) for one in found.nodes] == [("system", {"pods": 30})]
    assert any("system (Standard_D4s_v5): no VM size with InfiniBand" in note for note in found.notes)


def test_a_stopped_pool_has_no_nodes_and_one_that_may_grow_is_noted():
    pools = [
        {**AZ, "powerState": {"code": "Stopped"}},
        {**AZ, "name": "q", "enableAutoScaling": True, "maxCount": 9},
    ]

    found = read_nodes(json.dumps(pools).encode(), "pools.json")

    assert [one.count for one in found.nodes] == [0, 3]
    assert "pool q may grow from 3 to 9 nodes; counted as it is" in found.notes


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        pytest.param("", ReadError, "describes no nodes (it is empty)", id="nothing"),
        pytest.param("kind: Pod\napiVersion: v1", ReadError, "describes no nodes (it has Pod)", id="another-kind"),
        pytest.param('{"kind": "List", "items": []}', ReadError, "has no Node among its 0 items", id="an-empty-list"),
        pytest.param("[]", ReadError, "lists no agent pool", id="an-empty-az-list"),
        pytest.param('[{"name": "p"}]', ReadError, "[0] is no agent pool", id="a-list-of-something-else"),
        pytest.param("[3]", ReadError, "[0] is no agent pool", id="a-list-of-numbers"),
        pytest.param('[{"name": "p", "vmSize": "x"}]', ReadError, "agent pool p has no count", id="az-without-count"),
        pytest.param('{"kind": "Node", ', ReadError, "cluster.yaml:", id="broken-json"),
        pytest.param("a: [", ReadError, "cluster.yaml:", id="broken-yaml"),
        pytest.param(
            CLUSTER.replace("PROFILE", "base").replace(", count: 2", ""),
            ClusterError,
            "cluster.yaml:8:5: spec.nodePools[0].count: pool p has no count",
            id="a-pool-without-count",
        ),
        pytest.param(
            CLUSTER.replace("PROFILE", "none"),
            ClusterError,
            "cluster.yaml:5:3: spec.profile",
            id="a-wrong-cluster-file",
        ),
        pytest.param(
            json.dumps({"kind": "Node", "metadata": {"name": "a"}, "status": {"allocatable": {"cpu": "x"}}}),
            UsageError,
            "node a: allocatable cpu is 'x'",
            id="a-wrong-quantity",
        ),
    ],
)
def test_what_describes_no_nodes_is_refused(text, error, says):
    with pytest.raises(error) as caught:
        read_nodes(text.encode(), "cluster.yaml")

    assert says in str(caught.value)


def test_a_wrong_profile_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean ipoib"):
        read_nodes(json.dumps([AZ]).encode(), "p.json", "ipob")


def test_the_vm_size_is_named_as_the_catalog_spells_it():
    assert cluster(("p", H100.lower(), 1)).nodes[0].vm_size == H100


def test_the_table_of_the_documentation_has_a_row_for_sizes_with_equal_devices():
    lines = resource_table().splitlines()

    assert lines[:2] == [
        "| VM size | GPUs | InfiniBand NICs | a pod with the whole node, SR-IOV | shared |",
        "| --- | --- | --- | --- | --- |",
    ]
    assert (
        "| `Standard_ND96isr_H100_v5` | 8 (`nvidia.com/gpu`) | 8 | `nvidia.com/gpu: 8, rdma/ib: 8` "
        "| `nvidia.com/gpu: 8, rdma/shared_ib: 1` |"
    ) in lines
    assert "| `Standard_HB120rs_v3` and 4 with fewer cores | none | 1 | `rdma/ib: 1` | `rdma/shared_ib: 1` |" in lines
    assert not any("Standard_NC24rs_v3" in line for line in lines)
