"""The IPoIB network and, with nv-ipam, the pool that it draws from."""

from __future__ import annotations

from typing import Any

from aksrdma.findings import FieldPath
from aksrdma.plan.addresses import Range
from aksrdma.plan.decisions import Decisions
from aksrdma.plan.planned import Planned, Reason
from aksrdma.plan.policy import config_text, node_affinity

_UPSTREAM = "Azure/aks-rdma-infiniband configs/nicclusterpolicy/ipoib/ipoib-network.yaml"


def ipoib_network(decisions: Decisions) -> Planned:
    """Return the IPoIBNetwork."""
    asked = decisions.cluster.ipoib
    network = {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "IPoIBNetwork",
        "metadata": {"name": asked.name},
        "spec": {
            "networkNamespace": asked.namespace,
            "master": decisions.master,
            "ipam": config_text(_whereabouts(decisions) if decisions.whereabouts else _nv_ipam(decisions)),
        },
    }
    reasons: dict[FieldPath, Reason] = {
        ("spec", "networkNamespace"): Reason(
            "Namespace of the pods that use it. It must be there before this object.",
            "Mellanox/network-operator pkg/state/state_ipoib_network.go",
        ),
        ("spec", "master"): Reason(
            "Altname of the IPoIB interface, which must be the same on every node: ib, P and the PCI domain in decimal.",
            _UPSTREAM if not decisions.sizes else "aksrdma/catalog/vm_sizes",
        ),
        ("spec", "ipam"): _ipam_reason(decisions),
    }
    return Planned(network, reasons)


def _ipam_reason(decisions: Decisions) -> Reason:
    if decisions.whereabouts:
        return Reason(
            "The gateway is excluded, because whereabouts would hand it to a pod.",
            "k8snetworkplumbingwg/whereabouts pkg/allocate/allocate.go v0.7.0",
        )
    return Reason(
        "Draws from the IPPool of this name in the operator's namespace.", "Mellanox/nvidia-k8s-ipam pkg/cni/types"
    )


def _whereabouts(decisions: Decisions) -> dict[str, Any]:
    range_ = Range(decisions)
    network, bits = range_.network, range_.network.max_prefixlen
    return {
        "type": "whereabouts",
        "datastore": "kubernetes",
        "kubernetes": {"kubeconfig": "/etc/cni/net.d/whereabouts.d/whereabouts.kubeconfig"},
        "range": str(network),
        "exclude": [f"{network[0]}/{bits}", f"{network[-1]}/{bits}", f"{range_.gateway}/{bits}"],
        "log_file": "/var/log/whereabouts.log",
        "log_level": "verbose",
        "gateway": str(range_.gateway),
    }


def _nv_ipam(decisions: Decisions) -> dict[str, Any]:
    return {"type": "nv-ipam", "poolName": decisions.cluster.ipoib.name}


def ip_pool(decisions: Decisions) -> Planned:
    """Return the IPPool that the IPoIB network draws from."""
    range_ = Range(decisions)
    pool = {
        "apiVersion": "nv-ipam.nvidia.com/v1alpha1",
        "kind": "IPPool",
        "metadata": {"name": decisions.cluster.ipoib.name, "namespace": decisions.cluster.operator_namespace},
        "spec": {
            "subnet": str(range_.network),
            "perNodeBlockSize": range_.block_size,
            "gateway": str(range_.gateway),
            "nodeSelector": node_affinity()["requiredDuringSchedulingIgnoredDuringExecution"],
        },
    }
    reasons: dict[FieldPath, Reason] = {
        ("metadata", "namespace"): Reason(
            "nv-ipam reads pools of the operator's namespace alone.",
            "Mellanox/network-operator manifests/state-nv-ipam-cni/040-nv-ipam-controller.yaml",
        ),
        ("spec", "perNodeBlockSize"): Reason(
            f"{range_.usable} addresses / {range_.block_size} a node serve {range_.nodes_served} nodes"
            f"{_block_words(decisions, range_)}.",
            "Mellanox/nvidia-k8s-ipam pkg/ipam-controller/allocator/allocator.go",
        ),
        ("spec", "nodeSelector"): Reason(
            "So that nodes without InfiniBand take no block.", "Mellanox/nvidia-k8s-ipam api/v1alpha1/ippool_types.go"
        ),
    }
    return Planned(pool, reasons)


def _block_words(decisions: Decisions, range_: Range) -> str:
    slots = decisions.cluster.rdma.shared_slots
    if range_.block_size != slots + 1:
        return ""
    return (
        f": one address for each of the {slots} slots of a node, and one for the gateway, which lies in the first block"
    )
