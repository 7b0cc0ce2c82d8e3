import json

import pytest
import yaml

from aksrdma.errors import ClusterError, ReadError, UnknownNameError, UsageError
from aksrdma.workloads.fit import read_nodes
from tests.workloads.fit.fit_objects import H100, cluster, kubectl, node

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
    found = read_nodes(
        CLUSTER.replace("PROFILE", "base").encode(), "cluster.yaml", "ipoib".replace("ipoib", "sriov-device-plugin")
    )

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


def test_pods_that_run_are_subtracted_and_those_that_ended_are_not():
    running = {"kind": "Pod", "metadata": {"name": "a"}, "spec": {"nodeName": "n0", "containers": [
        {"resources": {"requests": {"nvidia.com/gpu": "6"}}}]}, "status": {"phase": "Running"}}  # fmt: skip
    ended = {**running, "status": {"phase": "Succeeded"}}

    found = kubectl(node(gpu=8), running, ended)

    assert found.nodes[0].used == {"nvidia.com/gpu": 6, "pods": 1}
    assert found.notes == ()
    assert "not subtracted" in kubectl(node(gpu=8)).notes[0]


def test_a_cordoned_node_is_tainted():
    cordoned = node()
    cordoned["spec"]["unschedulable"] = True

    assert [str(taint) for taint in kubectl(cordoned).nodes[0].site.taints] == [
        "node.kubernetes.io/unschedulable:NoSchedule"
    ]


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
