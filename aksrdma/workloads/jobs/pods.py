"""The pods of a workload: one a node of the pool, with every InfiniBand NIC, and no second try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aksrdma.findings import FieldPath
from aksrdma.plan import Planned, Reason
from aksrdma.workloads.jobs.environment import Variable, reasons, wire
from aksrdma.workloads.jobs.scripts import MOUNT, command
from aksrdma.workloads.jobs.target import Target

LABEL: Final = "aksrdma.dev/workload"
"""Label of every pod of a workload; its value is the workload's name."""
ROLE: Final = "aksrdma.dev/role"
AGENT_POOL: Final = "kubernetes.azure.com/agentpool"
TOPOLOGY_MOUNT: Final = "/opt/nvidia-topology"
"""Where upstream mounts the topology file (Azure/aks-rdma-infiniband tests/scenarios)."""
_INSTANCE_TYPE: Final = "node.kubernetes.io/instance-type"
_HOSTNAME: Final = "kubernetes.io/hostname"
_GUIDE: Final = "Azure/aks-rdma-infiniband website/docs/configurations/01-network-operator.md"
_CONTAINER: Final[FieldPath] = ("spec", "containers", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PodParts:
    """What the pods of one workload have and those of another have not."""

    name: str
    """Name of the workload: the scripts' ConfigMap is called after it."""
    container: str
    image: str
    script: str
    variables: Sequence[Variable]
    gpus: bool = False
    """Whether it takes the GPUs of its node."""
    topology: bool = False
    """Whether the topology file is mounted."""
    subdomain: str | None = None
    """Headless Service that gives the pods names."""
    annotations: Mapping[str, str] | None = None
    ready_port: int | None = None
    """Port that has to answer before the pod counts as ready."""


def worker(target: Target, parts: PodParts) -> Planned:
    """Return the pod template of a pod that uses InfiniBand."""
    spec = _spec(target, parts, _worker_container(target, parts))
    spec["affinity"] = _placement(target) | _apart(parts.name)
    if not target.named:
        spec["affinity"]["podAffinity"] = _together(parts.name)
    return Planned(_template(parts, "worker", spec), _worker_reasons(target, parts))


def launcher(target: Target, parts: PodParts) -> Planned:
    """Return the pod template of a pod that only starts the others; it runs in their pool, so one image serves both."""
    container = _container(parts) | {"resources": {"requests": {"cpu": "50m", "memory": "128Mi"}}}
    spec = _spec(target, parts, container)
    if placement := _placement(target):
        spec["affinity"] = placement
    return Planned(_template(parts, "launcher", spec), reasons(parts.variables, (*_CONTAINER, "env")))


def _template(parts: PodParts, role: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"labels": {LABEL: parts.name, ROLE: role}}
    if parts.annotations:
        metadata["annotations"] = dict(parts.annotations)
    return {"metadata": metadata, "spec": spec}


def _spec(target: Target, parts: PodParts, container: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }
    if parts.subdomain:
        spec["subdomain"] = parts.subdomain
    if target.named:
        spec["nodeSelector"] = {AGENT_POOL: target.pool.name}
    if target.tolerations:
        spec["tolerations"] = target.tolerations
    return spec | {"containers": [container], "volumes": _volumes(parts, container)}


def _container(parts: PodParts) -> dict[str, Any]:
    container: dict[str, Any] = {"name": parts.container, "image": parts.image, "command": command(parts.script)}
    if parts.variables:
        container["env"] = wire(parts.variables)
    container["volumeMounts"] = [{"name": "scripts", "mountPath": MOUNT, "readOnly": True}]
    return container


def _worker_container(target: Target, parts: PodParts) -> dict[str, Any]:
    container = _container(parts)
    if parts.ready_port:
        container["readinessProbe"] = {"tcpSocket": {"port": parts.ready_port}, "periodSeconds": 5}
    devices = target.rdma | (target.gpus if parts.gpus else {})
    container["resources"] = {"requests": {"cpu": "2", "memory": "4Gi"} | devices}
    if devices:
        container["resources"]["limits"] = dict(devices)
    container["securityContext"] = {"capabilities": {"add": ["IPC_LOCK"]}} if target.rdma else {"privileged": True}
    container["volumeMounts"].append({"name": "shm", "mountPath": "/dev/shm"})
    if parts.topology:
        container["volumeMounts"].append({"name": "topology", "mountPath": TOPOLOGY_MOUNT, "readOnly": True})
    return container


def _volumes(parts: PodParts, container: Mapping[str, Any]) -> list[dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {
        "scripts": {"configMap": {"name": f"{parts.name}-scripts"}},
        "shm": {"emptyDir": {"medium": "Memory"}},
        "topology": {"configMap": {"name": f"{parts.name}-topology"}},
    }
    return [{"name": mount["name"]} | known[mount["name"]] for mount in container["volumeMounts"]]


def _placement(target: Target) -> dict[str, Any]:
    if target.named:
        return {}
    names = list(dict.fromkeys([target.size.name, target.size.name.lower()]))
    size = {"key": _INSTANCE_TYPE, "operator": "In", "values": names}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [size]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _apart(name: str) -> dict[str, Any]:
    return {"podAntiAffinity": _required(name, _HOSTNAME)}


def _together(name: str) -> dict[str, Any]:
    return _required(name, AGENT_POOL)


def _required(name: str, key: str) -> dict[str, Any]:
    term = {"labelSelector": {"matchLabels": {LABEL: name, ROLE: "worker"}}, "topologyKey": key}
    return {"requiredDuringSchedulingIgnoredDuringExecution": [term]}


def _worker_reasons(target: Target, parts: PodParts) -> dict[FieldPath, Reason]:
    found = reasons(parts.variables, (*_CONTAINER, "env"))
    found[*_CONTAINER, "securityContext"] = _security_reason(target)
    if target.rdma:
        found[*_CONTAINER, "resources"] = _resource_reason(target)
    affinity: FieldPath = ("spec", "affinity")
    found[*affinity, "podAntiAffinity"] = Reason("One pod a node.", "Azure/aks-rdma-infiniband tests/scenarios")
    pool = "One pool is one scale set, hence one InfiniBand fabric; nodes of two pools cannot reach each other."
    where = ("spec", "nodeSelector") if target.named else (*affinity, "podAffinity")
    found[where] = Reason(pool, "MicrosoftDocs/azure-compute-docs setup-infiniband.md")
    if not target.named:
        both = "The label is spelt as the size was typed when the pool was made."
        found[*affinity, "nodeAffinity"] = Reason(both, "converged-computing/performance-study nodes-128.json")
    return found


def _resource_reason(target: Target) -> Reason:
    nics = target.size.infiniband.nic_count
    if target.profile == "sriov-device-plugin":
        words = f"All {nics} InfiniBand NICs" if nics > 1 else "The one InfiniBand NIC"
        return Reason(f"{words} of {target.size.name}.", "catalog vm-sizes")
    return Reason("1 opens every InfiniBand NIC of the node.", _GUIDE)


def _security_reason(target: Target) -> Reason:
    if target.rdma:
        return Reason("Without IPC_LOCK the container may lock 64 KiB and ibv_reg_mr fails.", _GUIDE)
    return Reason("Without a device plugin, /dev/infiniband is open to privileged containers only.", _GUIDE)
