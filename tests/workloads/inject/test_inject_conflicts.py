"""Where a workload contradicts what RDMA needs: both values, the field, and what to do."""

import pytest

from aksrdma.findings import format_path
from aksrdma.workloads.inject import InjectionError, inject, injected
from tests.workloads.inject.inject_props import HB, container, cpu, injection, objects_of, pod

POOL = "kubernetes.azure.com/agentpool"


def other_pools(*values, operator="In"):
    expression = {"key": POOL, "operator": operator, "values": list(values)}
    term = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}}


def with_network_json(text):
    data = pod(cpu())
    data["metadata"]["annotations"] = {"k8s.v1.cni.cncf.io/networks": text}
    return data


TERMS = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"


@pytest.mark.parametrize(
    ("data", "options", "path", "words"),
    [
        pytest.param(
            pod(container(resources={"limits": {"rdma/shared_ib": 1}})), {},
            "spec.containers[0].resources.limits[rdma/shared_ib]", ("rdma/shared_ib: 1", "rdma/ib"),
            id="the resource of another profile",
        ),
        pytest.param(
            pod(container(resources={"requests": {"nvidia.com/mlnxnics": 8}})), {},
            "spec.containers[0].resources.requests[nvidia.com/mlnxnics]", ("mlnxnics: 8", "rdma/ib"),
            id="the resource of another recipe",
        ),
        pytest.param(
            pod(container(resources={"limits": {"rdma/ib": 9}})), {},
            "spec.containers[0].resources.limits[rdma/ib]", ("9", "8 InfiniBand NICs"),
            id="more NICs than the VM size has",
        ),
        pytest.param(
            pod(container(resources={"limits": {"rdma/ib": 8}, "requests": {"rdma/ib": 4}})), {},
            "spec.containers[0].resources.requests[rdma/ib]", ("requests 4", "limits 8"),
            id="requests that differ from limits",
        ),
        pytest.param(
            pod(container(resources={"limits": {"amd.com/gpu": 8}})), {},
            "spec.containers[0].resources.limits[amd.com/gpu]", ("amd.com/gpu: 8", "nvidia.com/gpu"),
            id="GPUs of another vendor",
        ),
        pytest.param(
            pod(container(resources={"limits": {"nvidia.com/gpu": 8}})), {"size": HB},
            "spec.containers[0].resources.limits[nvidia.com/gpu]", ("nvidia.com/gpu: 8", "no GPUs"),
            id="GPUs on a size without",
        ),
        pytest.param(
            pod(container(resources={"limits": {"nvidia.com/gpu": 16}})), {},
            "spec.containers[0].resources.limits[nvidia.com/gpu]", ("16 GPUs", "has 8"),
            id="more GPUs than the VM size has",
        ),
        pytest.param(
            pod(container(resources={"limits": {"nvidia.com/gpu": 8}})), {"gpus": 4},
            "spec.containers[0].resources.limits[nvidia.com/gpu]", ("nvidia.com/gpu: 8", "--gpus asks for 4"),
            id="another number of GPUs than asked for",
        ),
        pytest.param(
            pod(container(env=[{"name": "A", "value": "1"}, {"name": "NCCL_PXN_DISABLE", "value": "0"}])), {},
            "spec.containers[0].env[1].value", ("'0'", "'1'", "--keep-env"),
            id="another value of a variable",
        ),
        pytest.param(
            pod(container(securityContext={"capabilities": {"drop": ["IPC_LOCK"]}})), {},
            "spec.containers[0].securityContext.capabilities.drop", ("drops IPC_LOCK",),
            id="the capability dropped",
        ),
        pytest.param(pod(hostIPC=True), {}, "spec.hostIPC", ("true", "memory-backed"), id="the node's IPC"),
        pytest.param(
            pod(container(volumeMounts=[{"name": "d", "mountPath": "/dev/shm"}]),
                volumes=[{"name": "d", "hostPath": {"path": "/dev/shm"}}]), {},
            "spec.containers[0].volumeMounts[0]", ("hostPath", "medium: Memory"),
            id="another volume at the place of shared memory",
        ),
        pytest.param(
            pod(container(volumeMounts=[{"name": "d", "mountPath": "/dev/shm"}])), {},
            "spec.containers[0].volumeMounts[0]", ("none of the pod's",),
            id="shared memory from a volume that is not there",
        ),
        pytest.param(
            pod(nodeSelector={POOL: "cpu"}), {"pool": "ndh100"},
            f"spec.nodeSelector[{POOL}]", ("cpu", "'ndh100'"),
            id="another pool selected",
        ),
        pytest.param(
            pod(nodeSelector={"agentpool": "cpu"}), {"pool": "ndh100"},
            "spec.nodeSelector.agentpool", ("pool cpu", "pool ndh100"),
            id="another pool selected by the old label",
        ),
        pytest.param(
            pod(affinity=other_pools("a", "b")), {"pool": "ndh100"}, TERMS, ("other than ndh100", "pool ndh100"),
            id="an affinity to other pools",
        ),
        pytest.param(
            pod(affinity=other_pools("ndh100", operator="NotIn")), {"pool": "ndh100"}, TERMS, ("pool ndh100",),
            id="an affinity away from the pool",
        ),
        pytest.param(
            pod(nodeSelector={"node.kubernetes.io/instance-type": "Standard_NC24ads_A100_v4"}), {},
            "spec.nodeSelector[node.kubernetes.io/instance-type]", ("Standard_NC24ads_A100_v4", "H100_v5"),
            id="another VM size selected",
        ),
        pytest.param(
            pod(cpu(), hostNetwork=True), {"size": HB, "profile": "ipoib"},
            "spec.hostNetwork", ("true", "no interface"),
            id="the node's network with ipoib",
        ),
        pytest.param(
            with_network_json("[{"), {"size": HB, "profile": "ipoib"},
            "metadata.annotations[k8s.v1.cni.cncf.io/networks]", ("no JSON",),
            id="networks that cannot be read",
        ),
        pytest.param(
            pod(container(volumeMounts=[{"name": "t", "mountPath": "/opt/nvidia-topology"}]),
                volumes=[{"name": "t", "configMap": {"name": "mine"}}]),
            {"topology_config_map": "nccl-topology"},
            "spec.containers[0].volumeMounts[0]", ("volume t", "ConfigMap nccl-topology"),
            id="something else at the place of the topology file",
        ),
        pytest.param(
            pod(), {"container": "trainer"}, "spec.containers", ("'trainer'", "it has: main"),
            id="a container that is not there",
        ),
        pytest.param(pod() | {"spec": {}}, {}, "spec.containers", ("has no container",), id="no container at all"),
        pytest.param(
            pod(container(env={"A": "1"})), {}, "spec.containers[0].env", ("is not a list",), id="a mapping for a list"
        ),
        pytest.param(
            pod(container(env=["A=1"])), {}, "spec.containers[0].env[0]", ("is not a mapping",), id="text for a mapping"
        ),
        pytest.param(
            pod(nodeSelector=["a"]), {}, "spec.nodeSelector", ("is not a mapping",), id="a list for a mapping"
        ),
        pytest.param(
            {"apiVersion": "kubeflow.org/v2beta1", "kind": "MPIJob", "spec": {}}, {}, "", ("no pod template",),
            id="a workload without pods",
        ),
    ],
)  # fmt: skip
def test_a_conflict_names_the_field_and_both_values(data, options, path, words):
    [conflict] = injected(data, injection(**options)).conflicts

    assert format_path(conflict.path) == path
    assert [word for word in words if word not in f"{conflict.message}; {conflict.fix}"] == []


def test_all_conflicts_are_told_at_once():
    data = pod(container(resources={"limits": {"rdma/shared_ib": 1}}), hostIPC=True)

    with pytest.raises(InjectionError) as caught:
        inject(data, injection())

    assert len(caught.value.conflicts) == 2
    assert str(caught.value).splitlines() == [str(conflict) for conflict in caught.value.conflicts]


def test_an_object_with_conflicts_has_no_edits():
    assert injected(pod(hostIPC=True), injection()).edits == ()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pod(affinity=other_pools("a", "ndh100")), id="an affinity that admits the pool"),
        pytest.param(pod(affinity=other_pools(operator="Exists")), id="an affinity to any pool"),
        pytest.param(
            pod(nodeSelector={"node.kubernetes.io/instance-type": "standard_nd96isr_h100_v5"}),
            id="the VM size in another case",
        ),
    ],
)
def test_what_admits_the_pool_is_no_conflict(data):
    assert injected(data, injection(pool="ndh100")).conflicts == ()


def test_a_train_job_cannot_be_made_privileged():
    [conflict] = injected(objects_of("trainjob")[0], injection(profile="base")).conflicts

    assert "cannot be made privileged" in conflict.message
