"""How many pods a workload makes from each of its pod templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.plugins.templates import PodTemplate

if TYPE_CHECKING:
    from aksrdma.documents import Document

_Count = Callable[["Document", PodTemplate], int]


def pod_count(document: Document, template: PodTemplate, nodes: int | None) -> int | None:
    """Return how many pods of a template run at once, or None where that cannot be told.

    Args:
        document: the workload, or the Pod itself.
        template: one of its pod templates.
        nodes: number of nodes, which is what a DaemonSet makes; None where it is not known.
    """
    if document.kind == "DaemonSet":
        return nodes
    count = _COUNTS.get(document.kind)
    return count(document, template) if count else None


def _replicas(document: Document, template: PodTemplate) -> int:
    return _whole(document.value(("spec", "replicas")), 1)


def _job(document: Document, template: PodTemplate) -> int:
    return _parallel(document.value(template.path[:-1]))


def _group(document: Document, template: PodTemplate) -> int:
    # The replica count stands beside the template: MPIJob, PyTorchJob, and the worker groups of Ray.
    return _whole(document.value((*template.path[:-1], "replicas")), 1)


def _job_set(document: Document, template: PodTemplate) -> int:
    job = document.value(template.path[:-1])
    return _parallel(job) * _whole(document.value((*template.path[:-3], "replicas")), 1)


def _leader_worker_set(document: Document, template: PodTemplate) -> int:
    groups = _whole(document.value(("spec", "replicas")), 1)
    size = _whole(document.value(("spec", "leaderWorkerTemplate", "size")), 1)
    if template.path[-1] == "leaderTemplate":
        return groups
    # Without a leaderTemplate the leader is made from the workers' template, too.
    leads = document.value(("spec", "leaderWorkerTemplate", "leaderTemplate")) is not None
    return groups * (size - 1 if leads else size)


def _parallel(spec: Any) -> int:
    spec = spec if isinstance(spec, dict) else {}
    parallelism = _whole(spec.get("parallelism"), 1)
    return min(parallelism, _whole(spec.get("completions"), parallelism))


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


_COUNTS: Final[Mapping[str, _Count]] = {
    "CronJob": _job,
    "Deployment": _replicas,
    "Job": _job,
    "JobSet": _job_set,
    "LeaderWorkerSet": _leader_worker_set,
    "MPIJob": _group,
    "Pod": lambda document, template: 1,
    "PyTorchJob": _group,
    "RayCluster": _group,
    "RayJob": _group,
    "RayService": _group,
    "ReplicaSet": _replicas,
    "ReplicationController": _replicas,
    "StatefulSet": _replicas,
}
