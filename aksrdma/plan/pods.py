"""Example pods, one a profile, that show that RDMA works: they fail where no InfiniBand device is open to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aksrdma.findings import FieldPath
from aksrdma.plan.decisions import Decisions
from aksrdma.plan.planned import Planned, Reason
from aksrdma.plan.policy import LABEL, resource_name

if TYPE_CHECKING:
    from aksrdma.catalog.rows import VmSize

IMAGE: Final = "ghcr.io/azure/aks-rdma-infiniband/ibtools:latest"
"""Upstream's image with rdma-core and perftest (Azure/aks-rdma-infiniband tests/scenarios)."""
_COMMAND: Final = "set -e; ibv_devinfo | tee /dev/stderr | grep -q 'state:.*PORT_ACTIVE'; ulimit -l; sleep infinity"
_IPOIB_COMMAND: Final = "set -e; ip addr show net1; ibv_devinfo | grep -q 'state:.*PORT_ACTIVE'; sleep infinity"
_GUIDE: Final = "Azure/aks-rdma-infiniband website/docs/configurations/01-network-operator.md"
_NETWORKS: Final = "k8s.v1.cni.cncf.io/networks"


def example_pod(decisions: Decisions, profile: str) -> Planned:
    """Return the example pod of a profile; it takes what the first node pool has to give."""
    builder = {"base": _driver_only, "sriov-device-plugin": _sriov, "ipoib": _ipoib}.get(profile, _shared)
    return builder(decisions)


def _driver_only(decisions: Decisions) -> Planned:
    container = _container(_COMMAND, {"privileged": True}, {})
    pod = _pod(decisions, "rdma-driver-only", container)
    why = Reason(
        "With the driver alone, /dev/infiniband is open to privileged containers only: for tests, not for production.",
        _GUIDE,
    )
    return Planned(pod, {("spec", "containers", 0, "securityContext"): why})


def _sriov(decisions: Decisions) -> Planned:
    size = _first_size(decisions)
    nics = size.infiniband.nic_count if size else 1
    resources = {str(resource_name(decisions, "sriov-device-plugin")): nics} | _gpus(size, every=True)
    pod = _pod(decisions, "rdma-sriov", _container(_COMMAND, _LOCKED, resources))
    words = f"All {nics} InfiniBand NICs" if nics > 1 else "One InfiniBand NIC"
    of_size = f" of {size.name}" if size else "; up to the number of the VM size"
    return Planned(pod, _pod_reasons(f"{words}{of_size}. One unit is one NIC."))


def _shared(decisions: Decisions) -> Planned:
    resources = {str(resource_name(decisions, "rdma-shared-device-plugin")): 1} | _gpus(
        _first_size(decisions), every=False
    )
    pod = _pod(decisions, "rdma-shared", _container(_COMMAND, _LOCKED, resources))
    return Planned(pod, _pod_reasons("1 opens every InfiniBand NIC of the node; more would only use up slots."))


def _ipoib(decisions: Decisions) -> Planned:
    resources = {str(resource_name(decisions, "ipoib")): 1}
    pod = _pod(decisions, "rdma-ipoib", _container(_IPOIB_COMMAND, _LOCKED, resources))
    asked = decisions.cluster.ipoib
    metadata = pod["metadata"]
    if asked.namespace != "default":
        metadata["namespace"] = asked.namespace
    metadata["annotations"] = {_NETWORKS: asked.name}
    reasons = _pod_reasons("IPoIB alone gives an IP interface; the RDMA device comes from this.")
    reasons["metadata", "annotations"] = Reason(
        "Adds the interface net1. A bare name is looked up in the pod's own namespace.",
        "k8snetworkplumbingwg/multus-cni pkg/k8sclient/k8sclient.go",
    )
    return Planned(pod, reasons)


_LOCKED: Final = {"capabilities": {"add": ["IPC_LOCK"]}}


def _pod_reasons(resources: str) -> dict[FieldPath, Reason]:
    container: FieldPath = ("spec", "containers", 0)
    return {
        (*container, "securityContext"): Reason(
            "Without IPC_LOCK the container may lock 64 KiB and ibv_reg_mr fails.", _GUIDE
        ),
        (*container, "resources"): Reason(resources, _GUIDE),
    }


def _first_size(decisions: Decisions) -> VmSize | None:
    return decisions.sizes[decisions.pools[0].name] if decisions.pools else None


def _gpus(size: VmSize | None, *, every: bool) -> dict[str, int]:
    return {size.gpu.resource: size.gpu.count if every else 1} if size and size.gpu else {}


def _container(command: str, security: dict[str, Any], resources: dict[str, int]) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": "ibtools",
        "image": IMAGE,
        "command": ["/bin/bash", "-c", command],
        "securityContext": security,
    }
    if resources:
        container["resources"] = {"requests": dict(resources), "limits": dict(resources)}
    return container


def _pod(decisions: Decisions, name: str, container: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {"restartPolicy": "Never", "nodeSelector": _node_selector(decisions)}
    if decisions.pools and decisions.pools[0].taints:
        spec["tolerations"] = [dict(one) for one in decisions.tolerations]
    spec["containers"] = [container]
    if any(name.endswith("/gpu") for name in container.get("resources", {}).get("limits", {})):
        container["volumeMounts"] = [{"name": "shm", "mountPath": "/dev/shm"}]
        spec["volumes"] = [{"name": "shm", "emptyDir": {"medium": "Memory"}}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def _node_selector(decisions: Decisions) -> dict[str, str]:
    if decisions.pools:
        return {"kubernetes.azure.com/agentpool": decisions.pools[0].name}
    return {LABEL: "true"}
