"""Where workloads of every known kind keep their pod templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.findings import FieldPath

if TYPE_CHECKING:
    from aksrdma.documents import Document

_EACH = "*"
_TEMPLATE = (("spec", "template"),)
_RAY = (("headGroupSpec", "template"), ("workerGroupSpecs", _EACH, "template"))
_JOB_SET = ("replicatedJobs", _EACH, "template", "spec", "template")

TEMPLATES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "ClusterTrainingRuntime": (("spec", "template", "spec", *_JOB_SET),),
    "CronJob": (("spec", "jobTemplate", "spec", "template"),),
    "DaemonSet": _TEMPLATE,
    "Deployment": _TEMPLATE,
    "Job": _TEMPLATE,
    "JobSet": (("spec", *_JOB_SET),),
    "LeaderWorkerSet": (
        ("spec", "leaderWorkerTemplate", "leaderTemplate"),
        ("spec", "leaderWorkerTemplate", "workerTemplate"),
    ),
    "MPIJob": (("spec", "mpiReplicaSpecs", _EACH, "template"),),
    "Pod": ((),),
    "PyTorchJob": (("spec", "pytorchReplicaSpecs", _EACH, "template"),),
    "RayCluster": tuple(("spec", *path) for path in _RAY),
    "RayJob": (*(("spec", "rayClusterSpec", *path) for path in _RAY), ("spec", "submitterPodTemplate")),
    "RayService": tuple(("spec", "rayClusterConfig", *path) for path in _RAY),
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "TrainingRuntime": (("spec", "template", "spec", *_JOB_SET),),
}
"""By kind, the paths of the pod templates; `*` is each entry of a list or a mapping."""


class PodTemplate(NamedTuple):
    """A pod, or the template from which a workload makes pods."""

    path: FieldPath
    """Where it stands; empty for a Pod itself."""
    annotations: Mapping[str, Any]
    spec: Mapping[str, Any]


def pod_templates(document: Document) -> Iterator[PodTemplate]:
    """Yield the pod templates of a document, none for a kind that makes no pods."""
    for pattern in TEMPLATES.get(document.kind, ()):
        for path, data in _expand(document.data, pattern, ()):
            annotations = _mapping(_mapping(data.get("metadata")).get("annotations"))
            yield PodTemplate(path, annotations, _mapping(data.get("spec")))


def _expand(data: Any, pattern: tuple[str, ...], path: FieldPath) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    if not pattern:
        if isinstance(data, dict):
            yield path, data
        return
    for key, value in _entries(data, pattern[0]):
        yield from _expand(value, pattern[1:], (*path, key))


def _entries(data: Any, step: str) -> list[tuple[str | int, Any]]:
    if step != _EACH:
        return [(step, data[step])] if isinstance(data, dict) and step in data else []
    if isinstance(data, dict):
        return list(data.items())
    return list(enumerate(data)) if isinstance(data, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
