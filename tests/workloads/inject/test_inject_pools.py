"""Which of several node pools a workload is for, where the user names none."""

import copy

import pytest

from aksrdma.cluster import Cluster, NodePool
from aksrdma.documents import Document
from aksrdma.errors import UsageError
from aksrdma.plan import make_plan
from aksrdma.workloads.inject import pools_for

from .inject_props import EIGHT, H100, HB, container, cpu, pod

A100 = "Standard_ND96asr_v4"


def cluster(*pools, **fields):
    """Return the decisions of a cluster of pools: name, VM size, and number of nodes where it is known."""
    named = [NodePool(name=name, vm_size=size, count=count) for name, size, count in pools]
    return make_plan(Cluster(release="v26.4.1", node_pools=named, **fields)).decisions


MIXED = cluster(("h", H100, None), ("hb", HB, None))
SAME = cluster(("h1", H100, 2), ("h2", H100, 4))


def chosen(decisions, *objects, **options):
    return pools_for(decisions, [Document.from_data(one, "a.yaml") for one in objects], **options).pools


def wanting(key, *values, operator="In"):
    term = {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}
    required = {"nodeSelectorTerms": [term]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def job(pods, **spec):
    """Return a Job of so many pods, each with all GPUs of its node."""
    template = {"spec": {"restartPolicy": "Never", "containers": [container()], **spec}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job"},
        "spec": {"parallelism": pods, "completions": pods, "template": template},
    }


@pytest.mark.parametrize(
    "spec",
    [
        {"nodeSelector": {"agentpool": "h2"}},
        {"nodeSelector": {"kubernetes.azure.com/agentpool": "h2"}},
        wanting("kubernetes.azure.com/agentpool", "h2", "h3"),
        wanting("agentpool", "h1", operator="NotIn"),
    ],
)
def test_the_pool_that_a_workload_selects_is_meant(spec):
    found = pools_for(SAME, [Document.from_data(pod(**spec), "a.yaml")])

    assert found == (("h2",), ("a.yaml:0: Pod/pod is for pool h2, which it selects",))


@pytest.mark.parametrize("size", [A100, A100.lower()])
def test_a_vm_size_selects_a_pool_in_whichever_case(size):
    pools = cluster(("h", H100, None), ("a", A100, None))

    assert chosen(pools, pod(nodeSelector={"node.kubernetes.io/instance-type": size})) == ("a",)


def test_a_workspace_is_for_the_pool_of_the_size_that_it_makes_its_nodes_of():
    workspace = {
        "apiVersion": "kaito.sh/v1beta1",
        "kind": "Workspace",
        "metadata": {"name": "w"},
        "resource": {"instanceType": A100},
        "inference": {"template": {"spec": {"containers": [container()]}}},
    }

    assert chosen(cluster(("h", H100, None), ("a", A100, None)), workspace) == ("a",)


def test_a_pool_that_cannot_hold_a_pod_is_out_and_that_is_told():
    found = pools_for(MIXED, [Document.from_data(pod(), "a.yaml")])

    assert found.pools == ("h",)
    assert found.notes == (
        "a.yaml:0: Pod/pod is for pool h, the only one that can run it (hb: a pod asks for 8 nvidia.com/gpu, a node has none)",
    )


@pytest.mark.parametrize(
    ("asks", "options", "pool"),
    [
        ({"nvidia.com/gpu": 8}, {}, None),
        ({"rdma/ib": 8}, {}, "h"),
        ({"rdma/ib": 1}, {}, None),
        ({"cpu": 41}, {}, "h"),
        ({"cpu": 40}, {}, None),
        ({"memory": "1200Gi"}, {}, "h"),
        ({}, {"gpus": 8}, None),
        ({}, {"nics": 8}, "h"),
        ({}, {"nics": 1}, None),
    ],
)
def test_what_a_node_has_decides_where_it_leaves_one_pool(asks, options, pool):
    pools = cluster(("v", "Standard_ND40rs_v2", None), ("h", H100, None))
    one = pod(cpu(resources={"limits": asks}))

    if pool:
        assert chosen(pools, one, **options) == (pool,)
    else:
        with pytest.raises(UsageError, match="may run in 2 node pools"):
            chosen(pools, one, **options)


@pytest.mark.parametrize(("pods", "pool"), [(4, "h2"), (3, "h2"), (2, None), (5, None)])
def test_a_pool_with_too_few_nodes_is_out_where_another_has_enough(pods, pool):
    if pool:
        assert chosen(SAME, job(pods)) == (pool,)
        [note] = pools_for(SAME, [Document.from_data(job(pods), "a.yaml")]).notes
        assert f"(h1: it has 2 nodes, and its pods need {pods})" in note
    else:
        with pytest.raises(UsageError, match="choose one"):
            chosen(SAME, job(pods))


def test_gpus_that_the_user_asks_for_count_too_and_several_pods_share_a_node():
    one = job(4)
    one["spec"]["template"]["spec"]["containers"] = [cpu()]

    assert chosen(SAME, one, gpus=8) == ("h2",)
    with pytest.raises(UsageError, match="may run in 2"):
        chosen(SAME, one, gpus=4)


def test_a_pool_without_gpus_is_out_where_the_user_asks_for_some():
    assert chosen(MIXED, pod(cpu()), gpus=1) == ("h",)


def test_gpus_that_the_user_asks_for_are_for_each_container_that_works():
    one = job(3)
    two = {"limits": {"nvidia.com/gpu": 2}}
    one["spec"]["template"]["spec"]["containers"] = [cpu("a", resources=two), cpu("b", resources=two), cpu("c")]

    assert chosen(SAME, one, gpus=4) == ("h2",)
    with pytest.raises(UsageError, match="may run in 2"):
        chosen(SAME, one, gpus=2)


def test_of_many_pools_that_are_out_the_first_few_are_told():
    pools = cluster(("h", H100, None), *((f"hb{number}", HB, None) for number in range(5)))

    [note] = pools_for(pools, [Document.from_data(pod(), "a.yaml")]).notes

    assert [name in note for name in ("hb0", "hb1", "hb2", "hb3")] == [True, True, True, False]


def test_where_it_has_to_be_asked_each_pool_is_told_with_its_size():
    with pytest.raises(UsageError) as caught:
        chosen(cluster(("h", H100, None), ("a", A100, None)), pod())

    assert str(caught.value) == (
        "a.yaml:0: Pod/pod may run in 2 node pools of cluster aks-rdma, and each is a fabric of its own; choose one with --pool: "
        f"h ({H100}), a ({A100})"
    )


def test_a_workload_that_no_pool_can_run_is_told_why_of_each():
    with pytest.raises(UsageError) as caught:
        chosen(MIXED, pod(nodeSelector={"agentpool": "hb"}))

    assert str(caught.value) == (
        f"a.yaml:0: Pod/pod can run in no node pool of cluster aks-rdma (h ({H100}): its nodeSelector wants agentpool In hb, and "
        f"the label agentpool is h; hb ({HB}): a pod asks for 8 nvidia.com/gpu, a node has none); change what it asks for, or "
        "choose one with --pool"
    )


def test_each_workload_has_its_own_pool():
    first, second = pod(nodeSelector={"agentpool": "h1"}), pod(nodeSelector={"agentpool": "h2"})

    assert chosen(SAME, first, second) == ("h1", "h2")


def test_what_asks_for_no_device_goes_with_the_others_unless_they_part():
    web = pod(cpu())
    first, second = pod(nodeSelector={"agentpool": "h1"}), pod(nodeSelector={"agentpool": "h2"})

    assert chosen(SAME, web, first) == ("h1", "h1")
    with pytest.raises(UsageError, match="may run in 2"):
        chosen(SAME, web, first, second)
    with pytest.raises(UsageError, match="may run in 2"):
        chosen(SAME, pod(), first)


@pytest.mark.parametrize("other", [{"apiVersion": "v1", "kind": "ConfigMap"}, {"apiVersion": "a/v1", "kind": "B"}])
def test_what_makes_no_pods_has_no_say(other):
    assert chosen(SAME, other) == ("h1",)
    assert chosen(SAME, other, pod(nodeSelector={"agentpool": "h2"})) == ("h2", "h2")


def test_a_head_without_devices_may_be_elsewhere():
    head = {"spec": {"containers": [cpu()], "nodeSelector": {"agentpool": "system"}}}
    worker = {"spec": {"containers": [container()], "nodeSelector": {"agentpool": "h2"}}}
    ray = {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "ray"},
        "spec": {"headGroupSpec": {"template": head}, "workerGroupSpecs": [{"template": worker}]},
    }

    assert chosen(SAME, ray) == ("h2",)
    ray["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"] = [cpu()]
    assert chosen(SAME, ray) == ("h2",)


def test_a_train_job_has_the_selector_of_its_runtime_and_its_own_numbers():
    job_set = {"name": "node", "template": {"spec": {"template": {"spec": {"containers": [cpu("node")]}}}}}
    runtime = {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "ClusterTrainingRuntime",
        "metadata": {"name": "r", "labels": {"trainer.kubeflow.org/framework": "torch"}},
        "spec": {"template": {"spec": {"replicatedJobs": [job_set]}}},
    }
    train = {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": {"name": "t"},
        "spec": {"runtimeRef": {"name": "r"}, "trainer": {"numNodes": 2, "resourcesPerNode": EIGHT}},
    }

    assert chosen(MIXED, train) == ("h",)
    selecting = copy.deepcopy(runtime)
    pods = selecting["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
    pods["nodeSelector"] = {"agentpool": "h2"}
    assert chosen(SAME, selecting, train) == ("h2", "h2")


def test_a_cluster_with_one_pool_has_no_other_choice():
    assert pools_for(cluster(("h", H100, 1)), [Document.from_data(pod(nodeSelector={"agentpool": "x"}), "a.yaml")]) == (
        ("h",),
        (),
    )
    with pytest.raises(UsageError, match="names no node pool"):
        chosen(cluster(), pod())
