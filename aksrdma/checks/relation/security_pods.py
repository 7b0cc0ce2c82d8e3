"""Locked memory: who needs the capability for it, and where a namespace refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.pod_security import PREFIX
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import DEFAULT_NAMESPACE, OPERATOR_NAMESPACES, facts_of
from aksrdma.checks.relation.pods_kinds import CLUSTER_RUNTIME
from aksrdma.checks.relation.pods_resources import resources_of
from aksrdma.checks.relation.pods_view import PodView, pods_of
from aksrdma.findings import Problem
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

ENFORCE: Final = f"{PREFIX}enforce"
_OPEN: Final = "privileged"
_LOCK: Final = "IPC_LOCK"
_PREFIXED: Final = "CAP_IPC_LOCK"


@rule(
    "rdma-pod-lacks-ipc-lock",
    kinds={
        "ClusterTrainingRuntime",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "JobSet",
        "LeaderWorkerSet",
        "MPIJob",
        "Pod",
        "PyTorchJob",
        "RayCluster",
        "RayJob",
        "RayService",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "TrainJob",
        "TrainingRuntime",
    },
)
def lacks_ipc_lock(manifests: ManifestSet) -> Iterator[Problem]:
    """Find containers that take an RDMA resource and may lock next to no memory."""
    resources = resources_of(manifests)
    for pod in pods_of(manifests):
        for container in pod.containers if pod.complete else ():
            taken = resources.taken(container)
            if taken and not container.privileged and container.adds(_LOCK) is None:
                written = f": containerd takes {_PREFIXED} for CAP_{_PREFIXED}" if container.adds(_PREFIXED) else ""
                message = f"the container takes {next(iter(taken))} and may lock little memory without {_LOCK}{written}"
                yield Problem("rdma-pod-lacks-ipc-lock", container.path, message, document=pod.document)


@rule(
    "ipc-lock-refused-by-namespace-level",
    kinds={
        "ClusterTrainingRuntime",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "JobSet",
        "LeaderWorkerSet",
        "MPIJob",
        "Pod",
        "PyTorchJob",
        "RayCluster",
        "RayJob",
        "RayService",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "TrainJob",
        "TrainingRuntime",
    },
)
def refused_by_namespace(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods with IPC_LOCK in namespaces whose pod security level does not have it."""
    namespaces = {document.name: document for document in manifests.by_kind.get("Namespace", ())}
    strict = {name: level for name, document in namespaces.items() if (level := _level(document)) not in (None, _OPEN)}
    for pod in pods_of(manifests) if strict else ():
        name = _namespace(pod)
        if name in strict:
            yield from _refused(pod, name, strict[name] or "")


def _namespace(pod: PodView) -> str:
    # A ClusterTrainingRuntime is in no namespace: its pods are in that of each TrainJob. A TrainingRuntime is in theirs.
    if pod.document.kind == CLUSTER_RUNTIME or pod.document.value(("spec", "runtimeRef", "kind")) == "TrainingRuntime":
        return ""
    return pod.document.namespace or DEFAULT_NAMESPACE


def _refused(pod: PodView, namespace: str, level: str) -> Iterator[Problem]:
    for container in pod.containers if pod.complete else ():
        path = container.adds(_LOCK)
        if path is not None:
            what = "pods with" if pod.document.kind != "Pod" else "a pod with"
            message = f"namespace {namespace} enforces pod security level {level!r}, which refuses {what} {_LOCK}"
            yield Problem("ipc-lock-refused-by-namespace-level", path, message, document=pod.document)


@rule("operator-namespace-not-privileged", kinds={"Namespace"})
def operator_namespace(manifests: ManifestSet) -> Iterator[Problem]:
    """Find the operator's namespace without the pod security level that its pods need."""
    known = facts_of(manifests).operator_namespace
    names = (known,) if known else OPERATOR_NAMESPACES
    for document in manifests.by_kind.get("Namespace", ()):
        level = _level(document)
        if document.name not in names or level == _OPEN:
            continue
        if level is None:
            message = "the operator's pods are privileged, and only the cluster's default says that this namespace may"
            yield Problem(
                "operator-namespace-not-privileged", ("metadata", "labels", ENFORCE), message, document=document
            )
        else:
            message = f"pod security level {level!r} refuses the driver, Multus and device plugin pods of the operator"
            path = ("metadata", "labels", ENFORCE)
            yield Problem("operator-namespace-not-privileged", path, message, severity="error", document=document)


def _level(document: Document) -> str | None:
    level = mapping(document.value(("metadata", "labels"))).get(ENFORCE)
    return level if isinstance(level, str) else None
