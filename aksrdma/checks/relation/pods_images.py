"""The images of containers: that their names can be read at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.register import rule
from aksrdma.checks.relation.pods_view import pods_of
from aksrdma.findings import Problem, Severity

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_PLAIN: Final = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*){0,5}(?::\w[\w.-]{0,127})?\Z")
"""The common case, which is right without a closer look."""
_LONG: Final = 200
_PLACEHOLDER: Final = re.compile(r"[<>\[\]]|(?<![a-z])_*[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|CHANGEME|YOUR|(?:\b|_)TODO")


@rule(
    "image-reference-invalid",
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
def references(manifests: ManifestSet) -> Iterator[Problem]:
    """Find containers whose image no kubelet can pull, whatever the registry holds."""
    for pod in pods_of(manifests):
        for container in () if pod.trainer else pod.containers:
            image = container.data.get("image")
            if isinstance(image, str) and image.strip() and not _is_plain(image):
                why = _fault(image)
                if why is not None:
                    message, severity = _words(image, why)
                    path = (*container.path, "image")
                    yield Problem("image-reference-invalid", path, message, severity=severity, document=pod.document)


def _is_plain(image: str) -> bool:
    return len(image) < _LONG and _PLAIN.match(image) is not None


def _fault(image: str) -> str | None:
    from aksrdma.checks.webhook.image_reference import fault

    return fault(image)


def _words(image: str, why: str) -> tuple[str, Severity | None]:
    placeholder = _PLACEHOLDER.search(image)
    if placeholder is None:
        return f"no image can be pulled by the name {image!r}: {why}", None
    return f"the image {image!r} still holds a placeholder, so nothing can be pulled by that name", "info"
