"""The pod templates of every workload that aksrdma knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.findings import FieldPath

if TYPE_CHECKING:
    from aksrdma.documents import Document

EACH: Final = "*"
"""Step over every value of a mapping or item of a list."""

_TEMPLATE: Final = (("spec", "template"),)
_REPLICATED: Final = (("spec", "template", "spec", "replicatedJobs", EACH, "template", "spec", "template"),)

TEMPLATES: Final[dict[tuple[str, str], tuple[tuple[str, ...], ...]]] = {
    ("", "Pod"): ((),),
    ("", "PodTemplate"): (("template",),),
    ("", "ReplicationController"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("batch", "CronJob"): (("spec", "jobTemplate", "spec", "template"),),
    ("batch", "Job"): _TEMPLATE,
    ("kubeflow.org", "MPIJob"): (("spec", "mpiReplicaSpecs", EACH, "template"),),
    ("kubeflow.org", "PyTorchJob"): (("spec", "pytorchReplicaSpecs", EACH, "template"),),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): (
        ("spec", "leaderWorkerTemplate", "leaderTemplate"),
        ("spec", "leaderWorkerTemplate", "workerTemplate"),
    ),
    ("ray.io", "RayCluster"): (
        ("spec", "headGroupSpec", "template"),
        ("spec", "workerGroupSpecs", EACH, "template"),
    ),
    ("ray.io", "RayJob"): (
        ("spec", "rayClusterSpec", "headGroupSpec", "template"),
        ("spec", "rayClusterSpec", "workerGroupSpecs", EACH, "template"),
        ("spec", "submitterPodTemplate"),
    ),
    ("trainer.kubeflow.org", "ClusterTrainingRuntime"): _REPLICATED,
    ("trainer.kubeflow.org", "TrainingRuntime"): _REPLICATED,
}
"""Paths of the pod templates by API group and kind; the empty path is the object itself, a Pod."""


def pod_templates(document: Document) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield path and data of each pod template of a document: of the object itself where it is a Pod."""
    data = document.data
    if not isinstance(data, dict):
        return
    version, kind = data.get("apiVersion"), data.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str):
        return
    group = version.partition("/")[0] if "/" in version else ""
    for steps in TEMPLATES.get((group, kind), ()):
        yield from _walk(data, steps, ())


def _walk(data: Any, steps: tuple[str, ...], path: FieldPath) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    if not steps:
        if isinstance(data, dict):
            yield path, data
    elif steps[0] == EACH:
        for key, value in _children(data):
            yield from _walk(value, steps[1:], (*path, key))
    elif isinstance(data, dict) and steps[0] in data:
        yield from _walk(data[steps[0]], steps[1:], (*path, steps[0]))


def _children(data: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list):
        yield from enumerate(data)
