"""What Kueue and the service meshes do to RDMA workloads."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.cluster_services import in_a_mesh, uncovered
from aksrdma.documents import Document
from tests.checks.relation.relation_props import manifest, rules

OFF = {"sidecar.istio.io/inject": "false"}
ISTIO, REVISION, AMBIENT = (
    {"istio-injection": "enabled"},
    {"istio.io/rev": "asm-1"},
    {"istio.io/dataplane-mode": "ambient"},
)
TRAFFIC = "traffic.sidecar.istio.io/"
LINKERD = "config.linkerd.io/skip-"


def namespace(labels: dict[str, str] | None = None, **annotations: str) -> Document:
    metadata = {"name": "default", "labels": labels or {}, "annotations": annotations}
    return Document.from_data({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def pod(labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None) -> Document:
    box = {"name": "a", "resources": {"limits": {"rdma/ib": 8}}}
    return manifest("Pod", "v1", {"containers": [box]}, labels=labels or {}, annotations=annotations or {})


@pytest.mark.parametrize(
    ("given", "labels", "annotations", "taken"),
    [
        pytest.param(namespace(ISTIO), {}, {}, True, id="by-its-namespace"),
        pytest.param(namespace(ISTIO), OFF, {}, False, id="out-by-label"),
        pytest.param(namespace(ISTIO), {}, OFF, False, id="out-by-annotation"),
        pytest.param(namespace(ISTIO), {"sidecar.istio.io/inject": "true"}, OFF, True, id="the-label-is-before-it"),
        pytest.param(namespace(ISTIO), {"sidecar.istio.io/inject": "no"}, {}, False, id="any-word-but-yes-is-out"),
        pytest.param(namespace(ISTIO), {"sidecar.istio.io/inject": "yes"}, {}, True, id="yes-is-in"),
        pytest.param(namespace(ISTIO), {"sidecar.istio.io/inject": ""}, {}, True, id="nothing-is-as-by-default"),
        pytest.param(namespace(REVISION), {}, {}, True, id="by-revision"),
        pytest.param(namespace({**REVISION, "istio-injection": "disabled"}), {}, {}, False, id="disabled-is-before-it"),
        pytest.param(namespace({**REVISION, **ISTIO}), {}, {}, True, id="enabled-beside-a-revision"),
        pytest.param(
            namespace({"istio-injection": "disabled"}),
            {"sidecar.istio.io/inject": "true"},
            {},
            False,
            id="shut-for-pods",
        ),
        pytest.param(namespace(), {"sidecar.istio.io/inject": "true"}, {}, True, id="by-its-own-label"),
        pytest.param(namespace(), {}, {"sidecar.istio.io/inject": "true"}, False, id="no-webhook-reads-annotations"),
        pytest.param(namespace(AMBIENT), {}, {}, True, id="ambient"),
        pytest.param(namespace(AMBIENT), {"istio.io/dataplane-mode": "none"}, {}, False, id="out-of-ambient"),
        pytest.param(namespace(AMBIENT), {"istio.io/dataplane-mode": "no"}, {}, True, id="only-none-is-out-of-ambient"),
        pytest.param(
            namespace(ISTIO),
            {},
            {f"{TRAFFIC}includeInboundPorts": "", f"{TRAFFIC}includeOutboundIPRanges": ""},
            False,
            id="past-the-proxy",
        ),
        pytest.param(namespace(ISTIO), {}, {f"{TRAFFIC}includeInboundPorts": ""}, True, id="past-it-on-one-way"),
        pytest.param(namespace(**{"linkerd.io/inject": "enabled"}), {}, {}, True, id="linkerd"),
        pytest.param(
            namespace(**{"linkerd.io/inject": "enabled"}),
            {},
            {f"{LINKERD}inbound-ports": "1-65535", f"{LINKERD}outbound-ports": "1-65535"},
            False,
            id="past-linkerd's",
        ),
    ],
)
def test_a_mesh_takes_pods_in(
    given: Document, labels: dict[str, str], annotations: dict[str, str], taken: bool
) -> None:
    assert rules(in_a_mesh, given, pod(labels, annotations)) == ["mesh-proxy-on-rdma-pod"] * taken


def torch(replicas: int = 2, *, gpus: int = 8, command: str = "torchrun", kind: str = "PyTorchJob") -> Document:
    box = {"name": "pytorch", "command": [command], "resources": {"limits": {"nvidia.com/gpu": gpus} if gpus else {}}}
    template = {"spec": {"containers": [box]}}
    if kind == "Deployment":
        return manifest(kind, "apps/v1", {"replicas": replicas, "template": template})
    if kind == "Job":
        return manifest(kind, "batch/v1", {"parallelism": replicas, "completions": replicas, "template": template})
    workers = {"Worker": {"replicas": replicas, "template": template}}
    return manifest("PyTorchJob", "kubeflow.org/v1", {"pytorchReplicaSpecs": workers})


@pytest.mark.parametrize(
    ("document", "taken"),
    [
        pytest.param(torch(), True, id="torchrun-on-several-nodes"),
        pytest.param(torch(kind="Job"), True, id="a-job-of-several-pods"),
        pytest.param(torch(1), False, id="on-one-node"),
        pytest.param(torch(gpus=0), False, id="without-gpus"),
        pytest.param(torch(command="serve"), False, id="nothing-says-nccl"),
        pytest.param(torch(kind="Deployment"), False, id="replicas-of-a-server"),
    ],
)
def test_pods_that_meet_by_nccl_are_told_without_an_rdma_resource_too(document: Document, taken: bool) -> None:
    assert rules(in_a_mesh, namespace(ISTIO), document) == ["mesh-proxy-on-rdma-pod"] * taken


def queued(kind: str, group: str, spec: dict[str, Any], **metadata: Any) -> list[str]:
    queue = manifest(
        "ClusterQueue", "kueue.x-k8s.io/v1beta2", {"resourceGroups": [{"coveredResources": ["cpu"]}]}, "all"
    )
    local = manifest("LocalQueue", "kueue.x-k8s.io/v1beta2", {"clusterQueue": "all"}, "default", namespace="default")
    return rules(uncovered, manifest(kind, group, spec, **metadata), unknown=(queue, local))


TEMPLATE = {"spec": {"containers": [{"name": "a", "resources": {"limits": {"rdma/ib": 8}}}]}}
JOBS = {"template": {"spec": {"replicatedJobs": [{"name": "node", "template": {"spec": {"template": TEMPLATE}}}]}}}
GROUPS = {"workerGroupSpecs": [{"template": TEMPLATE}]}


@pytest.mark.parametrize(
    ("kind", "group", "spec", "told"),
    [
        pytest.param("Job", "batch/v1", {"template": TEMPLATE}, True, id="a-job"),
        pytest.param("RayCluster", "ray.io/v1", GROUPS, True, id="ray"),
        pytest.param("Job", "batch.volcano.sh/v1alpha1", {"tasks": [{"template": TEMPLATE}]}, False, id="of-another"),
        pytest.param("TrainingRuntime", "trainer.kubeflow.org/v1alpha1", JOBS, False, id="a-pattern-for-jobs"),
        pytest.param("Deployment", "apps/v1", {"template": TEMPLATE}, False, id="no-job"),
        pytest.param("DaemonSet", "apps/v1", {"template": TEMPLATE}, False, id="on-every-node"),
    ],
)
def test_a_job_without_a_queue_gets_the_one_called_default(
    kind: str, group: str, spec: dict[str, Any], told: bool
) -> None:
    assert queued(kind, group, spec) == ["kueue-queue-without-rdma"] * told


def test_a_job_that_names_a_queue_does_not_get_the_one_called_default() -> None:
    labels = {"kueue.x-k8s.io/queue-name": "other"}

    assert queued("Job", "batch/v1", {"template": TEMPLATE}, labels=labels) == []
