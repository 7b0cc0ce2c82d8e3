"""What RDMA wants of a container beside the device: the right to lock memory, shared memory, a way to the device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.plugins.pod_security import ENFORCE, OPEN
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import OPERATOR_NAMESPACES, Installed
from aksrdma.checks.relation.pods import Container, PodView, pods_of
from aksrdma.checks.relation.rdma_resources import OTHER_EXPOSERS, Resources
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube.kinds import WORKLOADS
from aksrdma.kube.labels import GPUS
from aksrdma.kube.quantities import Quantity, quantity
from aksrdma.kube.values import items, mapping, sequence, step, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_LOCK: Final = "IPC_LOCK"
_PREFIXED: Final = "CAP_IPC_LOCK"

_SHM: Final = "/dev/shm"
_DEV: Final = "/dev"
_DEFAULT_SHM: Final = 64 * 2**20 * 10**9
"""The /dev/shm of a container by default, in billionths of a byte."""

_DISABLED: Final = "NCCL_IB_DISABLE"
_TRANSPORTS: Final = frozenset(
    {"dc", "dc_mlx5", "dc_x", "ib", "rc", "rc_mlx5", "rc_verbs", "rc_x", "ud", "ud_mlx5", "ud_x"}
)
"""Transports of UCX that are RDMA."""


@rule("rdma-pod-lacks-ipc-lock", kinds=WORKLOADS)
def lacks_ipc_lock(manifests: ManifestSet) -> Iterator[Problem]:
    """Find containers that take an RDMA resource and may lock next to no memory."""
    resources = manifests.derived(Resources)
    for pod in pods_of(manifests):
        for container in pod.containers if pod.complete else ():
            taken = resources.taken(container)
            if taken and not container.privileged and container.adds(_LOCK) is None:
                written = f": containerd takes {_PREFIXED} for CAP_{_PREFIXED}" if container.adds(_PREFIXED) else ""
                message = f"the container takes {next(iter(taken))} and may lock little memory without {_LOCK}{written}"
                fix = _in_the_runtime(pod, f"add {_LOCK} to the container's securityContext.capabilities.add")
                yield Problem("rdma-pod-lacks-ipc-lock", container.path, message, fix, document=pod.document)


def _in_the_runtime(pod: PodView, fix: str) -> str | None:
    """Say where to do what a TrainJob has no field for; None of any other kind, for which the rule says it."""
    return f"{fix} of its runtime, or by runtimePatches" if pod.trained is not None else None


@rule("privileged-instead-of-ipc-lock", kinds=WORKLOADS)
def privileged(manifests: ManifestSet) -> Iterator[Problem]:
    """Find containers that take an RDMA resource and are privileged, where IPC_LOCK would do."""
    resources = manifests.derived(Resources)
    for pod in pods_of(manifests):
        for container in pod.containers if pod.complete else ():
            taken = resources.taken(container)
            if taken and container.privileged and container.adds(_LOCK) is None:
                message = f"privileged gives the container the whole node; with {next(iter(taken))} {_LOCK} is enough"
                path = (*container.path, "securityContext", "privileged")
                yield Problem("privileged-instead-of-ipc-lock", path, message, document=pod.document)


@rule("operator-namespace-not-privileged", kinds={"Namespace"})
def operator_namespace(manifests: ManifestSet) -> Iterator[Problem]:
    """Find the operator's namespace without the pod security level that its pods need."""
    known = manifests.derived(Installed).operator_namespace
    for document in manifests.by_kind.get("Namespace", ()):
        level = _level(document)
        if document.name not in ((known,) if known else OPERATOR_NAMESPACES) or level == OPEN:
            continue
        severity: Severity | None = None
        message = "the operator's pods are privileged, and only the cluster's default says that this namespace may"
        if level is not None:
            message = f"pod security level {level!r} refuses the driver, Multus and device plugin pods of the operator"
            severity = "error"
        path = ("metadata", "labels", ENFORCE)
        yield Problem("operator-namespace-not-privileged", path, message, severity=severity, document=document)


def _level(document: Document) -> str | None:
    level = mapping(document.value(("metadata", "labels"))).get(ENFORCE)
    return level if isinstance(level, str) else None


@rule("nccl-pod-without-shm-volume", kinds=WORKLOADS)
def without_shm(manifests: ManifestSet) -> Iterator[Problem]:
    """Find containers with GPUs and RDMA that have no more shared memory than any container."""
    resources = manifests.derived(Resources)
    for pod in pods_of(manifests):
        if not pod.complete or pod.spec.get("hostIPC") is True:
            continue
        for container in pod.containers:
            gpu = next((name for name in GPUS if name in container.amounts), None)
            taken = resources.taken(container) if gpu and not container.init else {}
            reason = _small_shm(pod, container) if taken else None
            if gpu and reason is not None:
                units = container.amounts[gpu].units
                message = f"the container takes {units} of {gpu} and {next(iter(taken))}, and {reason}"
                # Between processes of one GPU each in a pod of its own, there is little to share.
                severity: Severity | None = "info" if units == 1 else None
                rule_id = "nccl-pod-without-shm-volume"
                fix = _in_the_runtime(pod, f"mount a volume with emptyDir: {{medium: Memory}} at {_SHM}")
                yield Problem(rule_id, container.path, message, fix, severity=severity, document=pod.document)


def _small_shm(pod: PodView, container: Container) -> str | None:
    """Say what the shared memory of a container is instead of a memory-backed volume, or None where it may be one."""
    volumes = {text(volume.get("name")): volume for _, volume in items(pod.spec.get("volumes"), ())}
    for _, mount in items(container.data.get("volumeMounts"), ()):
        place = text(mount.get("mountPath")).rstrip("/")
        volume = volumes.get(text(mount.get("name")), {})
        if place == _SHM and "emptyDir" in volume and not _is_memory(volume):
            return "its /dev/shm is on disk, as its emptyDir has no medium: Memory"
        if place == _SHM:
            given = step(volume, ("emptyDir", "sizeLimit"))
            size = quantity(given)
            # Such as 64m, which is less than a byte.
            if size is not None and 0 < size.nano < _DEFAULT_SHM:
                return f"sizeLimit {given} leaves it less than the 64 MiB of /dev/shm that any container has"
        # What other volumes are made of, the manifest does not say; that of /dev may be the node's own.
        if place in (_DEV, _SHM):
            return None
    return "has the default 64 MiB of /dev/shm"


def _is_memory(volume: Any) -> bool:
    return bool(step(volume, ("emptyDir", "medium")) == "Memory")


@rule("shm-size-above-memory-limit", kinds=WORKLOADS)
def shm_sizes(manifests: ManifestSet) -> Iterator[Problem]:
    """Find memory-backed volumes that can be filled beyond what the pod's memory limit allows."""
    resources, rule_id = manifests.derived(Resources), "shm-size-above-memory-limit"
    for pod in pods_of(manifests):
        if not pod.complete or not (resources.names_in(pod) or not pod.resources.isdisjoint(GPUS)):
            continue
        limit = _memory_limit(pod)
        for index, volume in enumerate(sequence(pod.spec.get("volumes")) if limit is not None else ()):
            if limit is None or not _is_memory(volume):
                continue
            given = volume["emptyDir"].get("sizeLimit")
            size, whole = quantity(given), f"{limit / 10**9 / 2**30:.4g}Gi"
            if given is None:
                message = f"volume {volume.get('name')!r} can fill the pod's memory limit of {whole}: an OOM kill"
                place, fix = pod.at("volumes", index, "emptyDir"), "set a sizeLimit below the memory limit"
                yield Problem(rule_id, place, message, fix, severity="info", document=pod.document)
            elif size is not None and size.nano > limit:
                message = f"sizeLimit {given} of volume {volume.get('name')!r} is above the pod's memory limit, {whole}"
                place = pod.at("volumes", index, "emptyDir", "sizeLimit")
                yield Problem(rule_id, place, message, document=pod.document)


def _memory_limit(pod: PodView) -> int | None:
    """Return the memory that the pod's containers may use together, in billionths of a byte; None for no limit."""
    whole = _memory(pod.spec)
    if whole is not None:
        return whole.nano
    limits = [_memory(container.data) for container in pod.containers if not container.init or container.sidecar]
    known = [limit.nano for limit in limits if limit is not None]
    return sum(known) if known and len(known) == len(limits) else None


def _memory(data: Mapping[str, Any]) -> Quantity | None:
    given = step(data, ("resources", "limits", "memory"))
    return quantity(given) if given is not None else None


@rule("unprivileged-driver-only", kinds=WORKLOADS)
def driver_only(manifests: ManifestSet) -> Iterator[Problem]:
    """Find unprivileged containers that are meant for RDMA where the policies deploy the driver alone."""
    installed, resources = manifests.derived(Installed), manifests.derived(Resources)
    hands_out = installed.deploys("rdmaSharedDevicePlugin") or installed.deploys("sriovDevicePlugin")
    elsewhere = installed.policy_patches or manifests.unknown_kinds & OTHER_EXPOSERS
    if not installed.deploys("ofedDriver") or hands_out or elsewhere:
        return
    for pod in pods_of(manifests):
        if not pod.complete or pod.is_launcher or resources.names_in(pod):
            continue
        for container in pod.containers:
            sign = None if container.privileged or container.claims else _sign_of_rdma(container)
            if sign is not None:
                path, what = sign
                message = (
                    f"{what}, but no device plugin is deployed: /dev/infiniband is open to privileged containers only"
                )
                yield Problem("unprivileged-driver-only", path, message, document=pod.document)


def _sign_of_rdma(container: Container) -> tuple[FieldPath, str] | None:
    """Return what tells that a container is meant for RDMA, and where."""
    added = container.adds(_LOCK)
    if added is not None:
        return added, "the container adds IPC_LOCK, as for RDMA"
    variables = list(items(container.data.get("env"), (*container.path, "env")))
    if any(item.get("name") == _DISABLED and str(item.get("value")) == "1" for _, item in variables):
        return None
    for path, variable in variables:
        name, value = variable.get("name"), variable.get("value")
        if not isinstance(name, str) or not isinstance(value, str):
            continue
        if name == "UCX_TLS":
            of_rdma = not value.startswith("^") and not _TRANSPORTS.isdisjoint(value.split(","))
        elif name == "UCX_NET_DEVICES":
            of_rdma = value.startswith(("mlx5", "mlx4"))
        else:
            of_rdma = name.startswith("NCCL_IB_") and name != _DISABLED
        if of_rdma:
            return path, f"{name} is for RDMA"
    return None
