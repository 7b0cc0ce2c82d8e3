"""Locked and shared memory of containers, the namespaces that refuse it, and containers without a way to the device."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.memory_and_privileges import (
    driver_only,
    lacks_ipc_lock,
    operator_namespace,
    shm_sizes,
    without_shm,
)
from aksrdma.cluster import Cluster
from aksrdma.documents import Document
from tests.checks.relation.relation_props import container, device, manifest, pod, policy, rules, said, shared, sriov

SHM = {"name": "shm", "mountPath": "/dev/shm"}


def volume(**empty: Any) -> dict[str, Any]:
    return {"name": "shm", "emptyDir": {"medium": "Memory", **empty}}


@pytest.mark.parametrize(
    ("amounts", "mounts", "volumes", "why"),
    [
        pytest.param({}, [], [], "has the default 64 MiB of /dev/shm", id="no-volume"),
        pytest.param({}, [SHM], [volume()], None, id="a-volume-in-memory"),
        pytest.param({}, [{**SHM, "mountPath": "/dev/shm/"}], [volume()], None, id="mounted-with-a-slash-at-the-end"),
        pytest.param({}, [{**SHM, "mountPath": "/data"}], [volume()], "has the default", id="mounted-elsewhere"),
        pytest.param({}, [{**SHM, "mountPath": "/dev"}], [volume()], None, id="all-of-dev"),
        pytest.param({}, [SHM], [volume(medium="")], "its /dev/shm is on disk", id="a-volume-on-disk"),
        pytest.param({}, [SHM], [{"name": "shm", "hostPath": {}}], None, id="another-volume"),
        pytest.param({}, [SHM], [volume(sizeLimit="64Mi")], None, id="as-much-as-by-default"),
        pytest.param({}, [SHM], [volume(sizeLimit="63Mi")], "sizeLimit 63Mi leaves it less", id="less-than-by-default"),
        pytest.param({}, [SHM], [volume(sizeLimit="64m")], "sizeLimit 64m leaves it less", id="a-slip-of-the-suffix"),
        pytest.param({}, [SHM], [volume(sizeLimit=0)], None, id="no-limit-by-zero"),
        pytest.param({"gpu": 0}, [], [], None, id="no-gpu"),
        pytest.param({"ib": 0}, [], [], None, id="no-rdma"),
    ],
)
def test_shared_memory_of_a_container(
    amounts: dict[str, int], mounts: list[Any], volumes: list[Any], why: str | None
) -> None:
    asking = container(**{"gpu": 8, "ib": 8, **amounts}) | {"volumeMounts": mounts}

    found = said(without_shm, pod(asking, volumes=volumes))

    assert [one.path for one in found] == ["spec.containers[0]"] * (why is not None)
    assert all(why in one.message for one in found if why)


def test_shared_memory_matters_less_to_one_gpu_and_not_to_init_containers_or_with_that_of_the_host() -> None:
    alone = container(gpu=1, ib=1)
    whole = container(gpu=2, ib=1)

    assert [one.severity for one in said(without_shm, pod(alone), pod(whole))] == ["info", None]
    assert said(without_shm, pod(whole, hostIPC=True)) == []
    assert said(without_shm, pod(container(), initContainers=[whole])) == []
    assert "takes 2 of nvidia.com/gpu and rdma/ib, and has" in said(without_shm, pod(whole))[0].message


def memory(amount: str, **more: Any) -> dict[str, Any]:
    return {"name": "m", "resources": {"limits": {"memory": amount, "rdma/ib": 1}}, **more}


@pytest.mark.parametrize(
    ("containers", "spec", "size", "severities"),
    [
        pytest.param([memory("1Gi")], {}, "1Gi", [], id="as-large-as-the-limit"),
        pytest.param([memory("1Gi")], {}, "1025Mi", [None], id="larger-than-the-limit"),
        pytest.param([memory("1Gi"), memory("1Gi")], {}, "2Gi", [], id="as-large-as-all-limits-together"),
        pytest.param([memory("1Gi"), memory("1Gi")], {}, "2049Mi", [None], id="larger-than-all-of-them"),
        pytest.param([memory("1Gi"), container()], {}, "8Gi", [], id="beside-a-container-without-a-limit"),
        pytest.param(
            [memory("1Gi")], {"initContainers": [memory("8Gi")]}, "8Gi", [None], id="limits-of-before-do-not-count"
        ),
        pytest.param(
            [memory("1Gi")], {"initContainers": [memory("8Gi", restartPolicy="Always")]}, "8Gi", [], id="sidecars-do"
        ),
        pytest.param(
            [memory("1Gi")], {"resources": {"limits": {"memory": "9Gi"}}}, "8Gi", [], id="the-limit-of-the-pod-wins"
        ),
        pytest.param(
            [memory("9Gi")], {"resources": {"limits": {"memory": "1Gi"}}}, "8Gi", [None], id="that-of-the-pod-alone"
        ),
        pytest.param([memory("1Gi")], {}, None, ["info"], id="of-no-size"),
        pytest.param([memory("1Gi")], {}, "lots", [], id="of-a-size-that-is-none"),
        pytest.param([container(ib=1)], {}, None, [], id="in-a-pod-without-limits"),
        pytest.param([{"resources": {"limits": {"memory": "1Gi"}}}], {}, "8Gi", [], id="in-a-pod-without-rdma-and-gpu"),
        pytest.param(
            [{"resources": {"limits": {"memory": "1Gi", "amd.com/gpu": 1}}}],
            {},
            "8Gi",
            [None],
            id="in-a-pod-with-a-gpu",
        ),
    ],
)
def test_a_volume_in_memory(
    containers: list[Any], spec: dict[str, Any], size: str | None, severities: list[str | None]
) -> None:
    volumes = [{"name": "disk", "emptyDir": {}}, volume(**({} if size is None else {"sizeLimit": size}))]

    found = said(shm_sizes, pod(*containers, volumes=volumes, **spec))

    assert [one.severity for one in found] == severities
    for one in found:
        where = "spec.volumes[1].emptyDir" + (".sizeLimit" if size else "")
        assert (one.path, "'shm'" in one.message, "1Gi" in one.message or "2Gi" in one.message) == (where, True, True)


@pytest.mark.parametrize(
    ("asking", "broken"),
    [
        pytest.param(container(ib=1, lock=False), True, id="without-it"),
        pytest.param(container(ib=1), False, id="with-it"),
        pytest.param(container(gpu=1, lock=False), False, id="without-rdma"),
        pytest.param(container(ib=1, lock=False) | {"securityContext": {"privileged": True}}, False, id="privileged"),
        pytest.param(
            container(ib=1, lock=False) | {"securityContext": {"privileged": "yes"}}, True, id="not-by-a-text"
        ),
    ],
)
def test_locking_memory(asking: dict[str, Any], broken: bool) -> None:
    assert rules(lacks_ipc_lock, pod(asking)) == ["rdma-pod-lacks-ipc-lock"] * broken


def test_a_capability_with_a_prefix_is_said_to_be_none() -> None:
    asking = container(ib=1) | {"securityContext": {"capabilities": {"add": ["CAP_IPC_LOCK"]}}}

    (found,) = said(lacks_ipc_lock, pod(asking))

    assert found.message.endswith("without IPC_LOCK: containerd takes CAP_IPC_LOCK for CAP_CAP_IPC_LOCK")
    assert "containerd" not in said(lacks_ipc_lock, pod(container(ib=1, lock=False)))[0].message


ENFORCE = "pod-security.kubernetes.io/enforce"


def namespace(name: str, level: str | None = None) -> Document:
    labels = {} if level is None else {"labels": {ENFORCE: level}}
    return Document.from_data({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **labels}})


@pytest.mark.parametrize(
    ("document", "cluster", "severities"),
    [
        pytest.param(namespace("network-operator", "privileged"), None, [], id="privileged"),
        pytest.param(namespace("network-operator", "baseline"), None, ["error"], id="stricter"),
        pytest.param(namespace("network-operator"), None, [None], id="silent"),
        pytest.param(namespace("team", "baseline"), None, [], id="of-somebody-else"),
        pytest.param(
            namespace("rdma", "baseline"), Cluster(operator_namespace="rdma"), ["error"], id="as-the-cluster-says"
        ),
        pytest.param(
            namespace("network-operator", "baseline"),
            Cluster(operator_namespace="rdma"),
            [],
            id="not-as-the-cluster-says",
        ),
    ],
)
def test_the_namespace_of_the_operator_is(
    document: Document, cluster: Cluster | None, severities: list[str | None]
) -> None:
    found = said(operator_namespace, document, cluster=cluster)

    assert [one.severity for one in found] == severities
    assert all(one.path == f"metadata.labels[{ENFORCE}]" for one in found)


DRIVER = policy(ofedDriver={})


def env(name: str, value: Any) -> dict[str, Any]:
    return container(lock=False) | {"env": [{"name": name, "value": value}]}


@pytest.mark.parametrize(
    ("asking", "path"),
    [
        pytest.param(container(), "spec.containers[0].securityContext.capabilities.add[0]", id="ipc-lock"),
        pytest.param(container(lock=False), None, id="nothing"),
        pytest.param(env("NCCL_IB_HCA", "mlx5"), "spec.containers[0].env[0]", id="a-setting-of-nccl"),
        pytest.param(env("NCCL_IB_DISABLE", "1"), None, id="nccl-without-infiniband"),
        pytest.param(env("NCCL_IB_DISABLE", "0"), None, id="the-switch-alone"),
        pytest.param(env("NCCL_DEBUG", "INFO"), None, id="another-setting-of-nccl"),
        pytest.param(env("UCX_TLS", "tcp,rc"), "spec.containers[0].env[0]", id="a-transport-of-rdma"),
        pytest.param(env("UCX_TLS", "tcp,self"), None, id="other-transports"),
        pytest.param(env("UCX_TLS", "^rc"), None, id="all-transports-but-that"),
        pytest.param(env("UCX_NET_DEVICES", "mlx5_0:1"), "spec.containers[0].env[0]", id="a-device-of-rdma"),
        pytest.param(env("UCX_NET_DEVICES", "eth0"), None, id="another-device"),
        pytest.param(env("UCX_NET_DEVICES", 5), None, id="a-value-of-the-wrong-type"),
        pytest.param(container() | {"securityContext": {"privileged": True, "capabilities": {"add": ["ALL"]}}}, None,
                     id="a-privileged-container"),
        pytest.param(container() | {"resources": {"claims": [{"name": "nic"}]}}, None, id="a-claim-for-a-device"),
        pytest.param(container(ib=1), None, id="the-resource-which-another-rule-judges"),
    ],
)  # fmt: skip
def test_with_the_driver_alone_a_container_is_meant_for_rdma_by(asking: dict[str, Any], path: str | None) -> None:
    assert [one.path for one in said(driver_only, DRIVER, pod(asking))] == ([path] if path else [])


def test_a_switched_off_nccl_needs_no_device_whatever_else_is_set() -> None:
    variables = [{"name": "NCCL_IB_HCA", "value": "mlx5"}, {"name": "NCCL_IB_DISABLE", "value": "1"}]

    assert rules(driver_only, DRIVER, pod(container(lock=False) | {"env": variables})) == []


@pytest.mark.parametrize(
    ("documents", "broken"),
    [
        pytest.param([DRIVER], True, id="the-driver-alone"),
        pytest.param([policy(ofedDriver={}, rdmaSharedDevicePlugin=shared())], False, id="the-shared-plugin"),
        pytest.param([policy(ofedDriver={}, sriovDevicePlugin=sriov(device()))], False, id="the-sriov-plugin"),
        pytest.param([policy(nvIpam={})], False, id="no-driver"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_a_device_is_missing_where_policies_deploy(documents: list[Document], broken: bool) -> None:
    assert rules(driver_only, *documents, pod(container())) == ["unprivileged-driver-only"] * broken


def test_a_device_may_come_from_another_operator() -> None:
    other = manifest("SriovNetworkNodePolicy", "sriovnetwork.openshift.io/v1", {})

    assert rules(driver_only, DRIVER, pod(container()), unknown=[other]) == []


@pytest.mark.parametrize(("works", "broken"), [(None, ["Worker"]), (True, ["Launcher", "Worker"])])
def test_a_launcher_needs_no_device_unless_it_works_too(works: bool | None, broken: list[str]) -> None:
    template = {"template": {"spec": {"containers": [container()]}}}
    spec = {"runLauncherAsWorker": works, "mpiReplicaSpecs": {"Launcher": template, "Worker": template}}

    found = said(driver_only, DRIVER, manifest("MPIJob", "kubeflow.org/v2beta1", spec))

    assert [one.path.split(".")[2] for one in found] == broken
