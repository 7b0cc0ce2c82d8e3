"""RDMA pods in one pool, and the taints that they tolerate and the operator's pods do not."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.scheduling import missed_taints, not_pinned
from aksrdma.cluster import Cluster, NodePool
from aksrdma.documents import Document
from tests.checks.relation.relation_props import (
    H100,
    POOL,
    container,
    device,
    job,
    manifest,
    pod,
    policy,
    rules,
    said,
    sriov,
    wants,
)

LOOSE = "rdma-job-not-pinned-to-one-pool"
TASK = container(ib=8)


def cluster(*names: str, taints: tuple[str, ...] = ()) -> Cluster:
    return Cluster(node_pools=[NodePool(name=name, vm_size=H100, taints=list(taints)) for name in names])


def with_system_pool(*names: str) -> Cluster:
    system = NodePool(name="system", vm_size="Standard_D8s_v5")
    return Cluster(node_pools=[*cluster(*names).node_pools, system])


def beside(label: str) -> dict[str, Any]:
    term = {"topologyKey": label, "labelSelector": {}}
    return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


@pytest.mark.parametrize(
    ("document", "options", "broken"),
    [
        pytest.param(job(2, TASK), {}, True, id="two-pods-that-may-go-anywhere"),
        pytest.param(job(1, TASK), {}, False, id="one-pod"),
        pytest.param(job(2, container(gpu=8)), {}, False, id="pods-without-rdma"),
        pytest.param(pod(TASK), {}, False, id="a-pod"),
        pytest.param(
            manifest("DaemonSet", "apps/v1", {"template": {"spec": {"containers": [TASK]}}}),
            {},
            False,
            id="a-daemon-set",
        ),
        pytest.param(job(2, TASK, nodeSelector={POOL: "a"}), {}, False, id="selected-by-the-label-of-the-pool"),
        pytest.param(job(2, TASK, nodeSelector={"agentpool": "a"}), {}, False, id="by-the-old-label"),
        pytest.param(job(2, TASK, nodeSelector={"zone": "a"}), {}, True, id="by-another-label"),
        pytest.param(job(2, TASK, affinity={"nodeAffinity": wants(POOL, "a")}), {}, False, id="by-affinity"),
        pytest.param(job(2, TASK, affinity={"nodeAffinity": wants(POOL, "a", "b")}), {}, True, id="affinity-to-two"),
        pytest.param(job(2, TASK, **beside("agentpool")), {}, False, id="beside-each-other-in-a-pool"),
        pytest.param(job(2, TASK, **beside("kubernetes.io/hostname")), {}, True, id="beside-each-other-on-a-node"),
        pytest.param(
            job(2, TASK, annotations={"kueue.x-k8s.io/podset-required-topology": POOL}), {}, False, id="by-kueue"
        ),
        pytest.param(
            job(2, TASK, annotations={"kueue.x-k8s.io/podset-required-topology": "zone"}),
            {},
            True,
            id="by-zone-of-kueue",
        ),
        pytest.param(job(2, TASK), {"cluster": cluster("a")}, False, id="of-a-cluster-with-one-pool"),
        pytest.param(job(2, TASK), {"cluster": cluster("a", "b")}, True, id="of-a-cluster-with-two"),
        pytest.param(
            job(2, TASK),
            {"cluster": with_system_pool("a")},
            False,
            id="of-a-cluster-with-one-pool-beside-a-system-pool",
        ),
        pytest.param(
            job(2, TASK), {"cluster": with_system_pool("a", "b")}, True, id="of-a-cluster-with-two-beside-a-system-pool"
        ),
        pytest.param(job(2, TASK), {"cluster": Cluster()}, True, id="of-a-cluster-file-without-pools"),
    ],
)
def test_a_workload_may_land_in_several_pools(document: Document, options: dict[str, Any], broken: bool) -> None:
    assert rules(not_pinned, document, **options) == [LOOSE] * broken


def test_the_annotation_of_the_workload_itself_pins_it() -> None:
    group = {"leaderworkerset.sigs.k8s.io/exclusive-topology": "agentpool"}
    spec = {"parallelism": 2, "template": {"spec": {"containers": [TASK]}}}

    assert rules(not_pinned, manifest("Job", "batch/v1", spec, annotations=group)) == []


def mpi(**workers: Any) -> Document:
    def template(**spec: Any) -> dict[str, Any]:
        return {"template": {"spec": {"containers": [TASK], **spec}}}

    specs = {"Launcher": template(nodeSelector={POOL: "a"}), "Worker": {"replicas": 2, **template(**workers)}}
    return manifest("MPIJob", "kubeflow.org/v2beta1", {"mpiReplicaSpecs": specs})


def test_a_job_whose_parts_are_in_different_pools_has_no_infiniband_between_them() -> None:
    (found,) = said(not_pinned, mpi(nodeSelector={POOL: "b"}))

    assert found.message == "the RDMA pods are in the pools a, b, between which there is no InfiniBand"
    assert found.path == "spec.mpiReplicaSpecs.Launcher.template.spec"
    assert rules(not_pinned, mpi(nodeSelector={POOL: "a"})) == []


def test_the_first_loose_part_of_a_job_is_named_with_all_its_pods() -> None:
    (found,) = said(not_pinned, mpi())

    assert found.message == "3 RDMA pods may land in several node pools, between which there is no InfiniBand"
    assert found.path == "spec.mpiReplicaSpecs.Worker.template.spec"


def runtime(labeled: bool = True) -> Document:
    labels = {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"} if labeled else {}
    spec = {"template": {"spec": {"containers": [{"name": "node"}]}}}
    one = {"name": "node", "template": {"metadata": {"labels": labels}, "spec": spec}}
    whole = {"mlPolicy": {"numNodes": 2}, "template": {"spec": {"replicatedJobs": [one]}}}
    return manifest("ClusterTrainingRuntime", "trainer.kubeflow.org/v1alpha1", whole, "torch")


@pytest.mark.parametrize(
    ("trainer", "documents", "broken"),
    [
        pytest.param({}, [runtime()], True, id="as-many-nodes-as-its-runtime-says"),
        pytest.param({"numNodes": 1}, [runtime()], False, id="as-few-as-it-says-itself"),
        pytest.param({"numNodes": 3}, [], False, id="of-a-runtime-that-is-elsewhere-and-may-pin-them"),
        pytest.param({"numNodes": 3}, [runtime(labeled=False)], True, id="of-a-runtime-whose-job-node-has-no-label"),
    ],
)
def test_a_train_job_has(trainer: dict[str, Any], documents: list[Document], broken: bool) -> None:
    resources = {"resourcesPerNode": {"limits": {"rdma/ib": 8}}}
    spec = {"runtimeRef": {"name": "torch"}, "trainer": {**trainer, **resources}}
    found = said(not_pinned, *documents, manifest("TrainJob", "trainer.kubeflow.org/v1alpha1", spec))

    assert [(one.rule, one.path) for one in found] == [(LOOSE, "spec.trainer.resourcesPerNode")] * broken


def taint(key: str = "sku", **more: Any) -> dict[str, Any]:
    return {"key": key, **({"operator": "Exists"} if "value" not in more else {}), **more}


SRIOV = sriov(device())
MISSED = "tolerations-miss-gpu-taint"


@pytest.mark.parametrize(
    ("wanted", "own", "broken"),
    [
        pytest.param(taint(), [], True, id="one-that-the-policy-does-not"),
        pytest.param(taint(), [taint()], False, id="one-that-the-policy-does-too"),
        pytest.param(taint(value="gpu"), [taint(value="gpu")], False, id="the-same-value"),
        pytest.param(taint(value="gpu"), [taint(value="cpu")], True, id="another-value"),
        pytest.param(taint(value="gpu"), [taint()], False, id="any-value-of-the-policys"),
        pytest.param(taint(), [{"operator": "Exists"}], False, id="any-taint-of-the-policys"),
        pytest.param(taint(effect="NoSchedule"), [taint(effect="NoExecute")], True, id="another-effect"),
        pytest.param(taint(effect="NoExecute"), [], True, id="one-that-evicts"),
        pytest.param(taint(effect="PreferNoSchedule"), [], False, id="one-that-keeps-nothing-away"),
        pytest.param(taint("nvidia.com/gpu"), [], False, id="that-of-gpus-which-the-operator-tolerates-always"),
        pytest.param(taint("node.kubernetes.io/not-ready"), [], False, id="one-of-kubernetes-itself"),
        pytest.param(taint("CriticalAddonsOnly"), [], False, id="one-of-system-pools"),
        pytest.param({"operator": "Exists"}, [], False, id="any-taint"),
    ],
)
def test_a_pod_tolerates(wanted: dict[str, Any], own: list[dict[str, Any]], broken: bool) -> None:
    asking = pod(TASK, tolerations=[wanted])

    assert rules(missed_taints, policy(sriovDevicePlugin=SRIOV, tolerations=own), asking) == [MISSED] * broken


@pytest.mark.parametrize(
    ("taints", "names", "broken"),
    [
        pytest.param(("sku=gpu:NoSchedule",), ("a",), True, id="which-a-pool-of-the-pod-has"),
        pytest.param(("other=gpu:NoSchedule",), ("a",), False, id="which-no-pool-has"),
        pytest.param(("sku:NoSchedule",), ("b",), False, id="which-only-a-pool-of-others-has"),
        pytest.param((), (), True, id="of-pools-that-are-not-known"),
    ],
)
def test_only_taints_of_the_cluster_file_count(taints: tuple[str, ...], names: tuple[str, ...], broken: bool) -> None:
    asking = pod(TASK, tolerations=[taint()], nodeSelector={POOL: "a"})
    options = {"cluster": cluster(*names, taints=taints)}

    assert rules(missed_taints, policy(sriovDevicePlugin=SRIOV), asking, **options) == [MISSED] * broken


def test_a_taint_is_missed_once_for_a_policy_and_named_with_value_and_effect() -> None:
    twice = [pod(TASK, name=name, tolerations=[taint(value="gpu", effect="NoSchedule")]) for name in ("a", "b")]

    found = said(missed_taints, policy(sriovDevicePlugin=SRIOV), *twice)

    assert [(one.path, one.message.partition(" and this")[0]) for one in found] == [
        ("spec.tolerations", "Pod/a tolerates the taint sku=gpu:NoSchedule")
    ]
    both = [taint(value="gpu"), taint(value="cpu")]
    assert rules(missed_taints, policy(sriovDevicePlugin=SRIOV), pod(TASK, tolerations=both)) == [MISSED] * 2
    assert rules(missed_taints, policy(sriovDevicePlugin=SRIOV), pod(container(gpu=1), tolerations=[taint()])) == []
    assert rules(missed_taints, policy(ofedDriver={}), pod(TASK, tolerations=[taint()])) == []
