"""Shared memory of pods that compute on several GPUs or nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.register import rule
from aksrdma.checks.relation.pods_resources import GPUS, Resources, resources_of
from aksrdma.checks.relation.pods_view import Container, PodView, pods_of
from aksrdma.findings import Problem, Severity
from aksrdma.kube.quantities import Quantity, quantity
from aksrdma.kube.values import items, mapping, sequence, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_SHM: Final = "/dev/shm"
_DEV: Final = "/dev"
_DEFAULT_NANO: Final = 64 * 2**20 * 10**9
"""The /dev/shm of a container by default, in billionths of a byte."""


@rule(
    "nccl-pod-without-shm-volume",
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
def without_shm(manifests: ManifestSet) -> Iterator[Problem]:
    """Find containers with GPUs and RDMA that have no more shared memory than any container."""
    resources = resources_of(manifests)
    for pod in pods_of(manifests):
        if pod.complete and pod.spec.get("hostIPC") is not True:
            for container in pod.containers:
                yield from _without_shm(pod, container, resources)


def _without_shm(pod: PodView, container: Container, resources: Resources) -> Iterator[Problem]:
    gpu = next((name for name in GPUS if name in container.amounts), None)
    taken = resources.taken(container) if gpu and not container.init else {}
    reason = _no_shm(pod, container) if taken else None
    if gpu and reason is not None:
        units = container.amounts[gpu].units
        message = f"the container takes {units} of {gpu} and {next(iter(taken))}, and {reason}"
        # Between processes of one GPU each in a pod of its own, there is little to share.
        severity: Severity | None = "info" if units == 1 else None
        yield Problem("nccl-pod-without-shm-volume", container.path, message, severity=severity, document=pod.document)


def _no_shm(pod: PodView, container: Container) -> str | None:
    """Say what the shared memory of a container is instead of a memory-backed volume, or None where it may be one."""
    volumes = {text(volume.get("name")): volume for _, volume in items(pod.spec.get("volumes"), ())}
    for _, mount in items(container.data.get("volumeMounts"), ()):
        place = text(mount.get("mountPath")).rstrip("/")
        volume = volumes.get(text(mount.get("name")), {})
        if place == _SHM and "emptyDir" in volume and not _is_memory(volume):
            return "its /dev/shm is on disk, as its emptyDir has no medium: Memory"
        if place == _SHM and (size := _below_default(volume)) is not None:
            return f"sizeLimit {size} leaves it less than the 64 MiB of /dev/shm that any container has"
        # What other volumes are made of, the manifest does not say; that of /dev may be the node's own.
        if place in (_DEV, _SHM):
            return None
    return "has the default 64 MiB of /dev/shm"


def _below_default(volume: Any) -> Any:
    """Return the sizeLimit of a memory-backed volume where it is below 64 MiB, such as 64m, which is less than a byte."""
    given = mapping(mapping(volume).get("emptyDir")).get("sizeLimit")
    size = quantity(given) if given is not None else None
    return given if size is not None and 0 < size.nano < _DEFAULT_NANO else None


def _is_memory(volume: Any) -> bool:
    return mapping(mapping(volume).get("emptyDir")).get("medium") == "Memory"


@rule(
    "shm-size-above-memory-limit",
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
def shm_sizes(manifests: ManifestSet) -> Iterator[Problem]:
    """Find memory-backed volumes that can be filled beyond what the pod's memory limit allows."""
    resources = resources_of(manifests)
    for pod in pods_of(manifests):
        if pod.complete and (resources.names_in(pod) or not pod.resources.isdisjoint(GPUS)):
            limit = _memory_limit(pod)
            if limit is not None:
                yield from _too_large(pod, limit)


def _too_large(pod: PodView, limit: int) -> Iterator[Problem]:
    rule = "shm-size-above-memory-limit"
    for index, volume in enumerate(sequence(pod.spec.get("volumes"))):
        if not _is_memory(volume):
            continue
        given = volume["emptyDir"].get("sizeLimit")
        size = quantity(given) if given is not None else None
        if given is None:
            message = f"volume {volume.get('name')!r} can fill the pod's memory limit of {_text(limit)}: an OOM kill"
            place, fix = pod.at("volumes", index, "emptyDir"), "set a sizeLimit below the memory limit"
            yield Problem(rule, place, message, fix, severity="info", document=pod.document)
        elif size is not None and size.nano > limit:
            message = (
                f"sizeLimit {given} of volume {volume.get('name')!r} is above the pod's memory limit, {_text(limit)}"
            )
            yield Problem(rule, pod.at("volumes", index, "emptyDir", "sizeLimit"), message, document=pod.document)


def _memory_limit(pod: PodView) -> int | None:
    """Return the memory that the pod's containers may use together, in billionths of a byte; None for no limit."""
    whole = _memory(pod.spec)
    if whole is not None:
        return whole.nano
    limits = [_memory(container.data) for container in pod.containers if not container.init or container.sidecar]
    known = [limit.nano for limit in limits if limit is not None]
    return sum(known) if known and len(known) == len(limits) else None


def _memory(data: Mapping[str, Any]) -> Quantity | None:
    limits = mapping(mapping(data.get("resources")).get("limits"))
    return quantity(limits["memory"]) if limits.get("memory") is not None else None


def _text(nano: int) -> str:
    return f"{nano / 10**9 / 2**30:.4g}Gi"
