"""Locked memory, shared memory, and the topology file: a container's capability, volumes and mounts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from aksrdma.kube.quantities import quantity
from aksrdma.kube.values import sequence, text
from aksrdma.workloads.inject.edits import Cursor, Report
from aksrdma.workloads.inject.intent import Injection

IPC_LOCK: Final = "IPC_LOCK"
SHM_PATH: Final = "/dev/shm"
TOPOLOGY_KEY: Final = "topo.xml"
"""Key of the ConfigMap under which the topology file is."""
_TOPOLOGY_VOLUME: Final = "nccl-topology"
_ENOUGH: Final = 64 * 2**30
"""Bytes of shared memory that others give to eight GPUs (Azure/ai-infrastructure-on-azure, ai-dynamo/dynamo)."""
_MEBI: Final = 2**20


def add_ipc_lock(container: Cursor, report: Report) -> None:
    """Let a container lock memory, unless it is privileged, which includes that.

    Raises:
        MalformedError: `securityContext` or its capabilities are no mappings, or `add` no list.
    """
    if container.at("securityContext", "privileged") is True:
        return
    added, dropped = (sequence(container.at("securityContext", "capabilities", key)) for key in ("add", "drop"))
    if IPC_LOCK in dropped:
        report.conflict(
            (*container.path, "securityContext", "capabilities", "drop"),
            f"drops {IPC_LOCK}, without which no memory can be registered with the NIC",
            f"take {IPC_LOCK} out of the list",
        )
    elif IPC_LOCK not in added and "ALL" not in added:
        container.mapping("securityContext", "capabilities").append("add", IPC_LOCK)
        report.added(
            IPC_LOCK,
            "locks the memory that a NIC uses; without it a container may lock 64 KiB",
            container.data.get("name"),
        )


def note_user(pod: Cursor, container: Cursor, report: Report) -> None:
    """Note a user for whom the capability has no effect: Kubernetes has no ambient capabilities (KEP-2763)."""
    user, not_root = (
        next((value for owner in (container, pod) if (value := owner.at("securityContext", key)) is not None), None)
        for key in ("runAsUser", "runAsNonRoot")
    )
    if user not in (None, 0) or (user is None and not_root is True):
        who = "a user that is not root" if user is None else f"user {user}"
        report.note(
            container.path,
            f"{IPC_LOCK} has effect for root only, and {container.data.get('name')} runs as {who}: run it as root, or "
            "raise the limit of locked memory (LimitMEMLOCK of containerd) on the nodes",
        )


def add_shared_memory(pod: Cursor, container: Cursor, limits: Any, report: Report) -> None:
    """Mount a memory-backed /dev/shm into a container: the default of 64 MiB is too small for NCCL and MPI.

    Args:
        pod: the pod's spec, which has the volumes.
        container: the container.
        limits: its resource limits, against which shared memory counts.
        report: takes what contradicts it.

    Raises:
        MalformedError: volumes or mounts are no lists of mappings.
    """
    paths = [(one, text(one.data.get("mountPath")).rstrip("/")) for one in container.items("volumeMounts")]
    mount = next((one for one, path in paths if path == SHM_PATH), None)
    volumes = pod.items("volumes")
    if mount is not None:
        volume = _named(volumes, mount.data.get("name"))
        if volume is None or volume.at("emptyDir", "medium") != "Memory":
            kinds = [key for key in volume.data if key != "name"] if volume else []
            what = f"is {', '.join(kinds)}" if kinds else "is none of the pod's"
            report.conflict(
                mount.path,
                f"mounts volume {mount.data.get('name')} at {SHM_PATH}, which {what}, where emptyDir with medium: Memory "
                "is to be",
                "make it a memory-backed emptyDir, or take the mount out",
            )
        return
    in_memory = [text(one.data.get("name")) for one in volumes if one.at("emptyDir", "medium") == "Memory"]
    name = next((name for name in in_memory if "shm" in name), None)  # made for this, and not yet mounted
    if name is None:
        name = _free_name("shm", volumes)
        medium = {"medium": "Memory"} | (_size_limit(limits) or _size_limit(pod.at("resources", "limits")))
        pod.append("volumes", {"name": name, "emptyDir": medium})
    container.append("volumeMounts", {"name": name, "mountPath": SHM_PATH})
    report.added(
        SHM_PATH, "in memory; the 64 MiB that a container has are too few for NCCL and MPI", container.data.get("name")
    )


def add_topology(pod: Cursor, container: Cursor, injection: Injection, report: Report) -> None:
    """Mount the ConfigMap with the NCCL topology file.

    Raises:
        MalformedError: volumes or mounts are no lists of mappings.
    """
    if injection.topology_config_map is None or injection.topology_file is None:
        return
    folder = str(PurePosixPath(injection.topology_file).parent)
    source = {"name": injection.topology_config_map}
    volumes = pod.items("volumes")
    mounted = next((one for one in container.items("volumeMounts") if one.data.get("mountPath") == folder), None)
    if mounted is not None:
        volume = _named(volumes, mounted.data.get("name"))
        theirs = volume.at("configMap", "name") if volume else None
        if theirs != injection.topology_config_map:
            report.conflict(
                mounted.path,
                f"mounts volume {mounted.data.get('name')} at {folder}, where the ConfigMap "
                f"{injection.topology_config_map} with the topology file is to be",
                "mount it elsewhere, or leave --topology-config-map out",
            )
        return
    name = next(
        (one.data["name"] for one in volumes if one.data.get("configMap") == source and "name" in one.data), None
    )
    if name is None:
        name = _free_name(_TOPOLOGY_VOLUME, volumes)
        pod.append("volumes", {"name": name, "configMap": source})
    container.append("volumeMounts", {"name": name, "mountPath": folder, "readOnly": True})
    report.added(injection.topology_file, f"of ConfigMap {injection.topology_config_map}", container.data.get("name"))


def _size_limit(limits: Any) -> dict[str, str]:
    """Return half of the container's memory limit, 64Gi at most; nothing where its memory has no limit."""
    memory = quantity(limits.get("memory")) if isinstance(limits, dict) and limits.get("memory") else None
    if memory is None or memory.int64 < 2 * _MEBI:
        return {}
    mebi = min(memory.int64 // 2, _ENOUGH) // _MEBI
    return {"sizeLimit": f"{mebi // 1024}Gi" if mebi % 1024 == 0 else f"{mebi}Mi"}


def _named(volumes: Sequence[Cursor], name: Any) -> Cursor | None:
    return next((one for one in volumes if one.data.get("name") == name), None)


def _free_name(name: str, volumes: Sequence[Cursor]) -> str:
    taken = {text(one.data.get("name")) for one in volumes}
    candidates = (name, f"rdma-{name}", *(f"rdma-{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in candidates if candidate not in taken)
