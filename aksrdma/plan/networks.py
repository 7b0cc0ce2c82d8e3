"""The IPoIB network and, with nv-ipam, the pool that it draws from."""

from __future__ import annotations

from aksrdma import catalog, models
from aksrdma.findings import FieldPath
from aksrdma.plan.addresses import Range
from aksrdma.plan.decisions import Decisions
from aksrdma.plan.planned import Planned, Reason
from aksrdma.plan.policy import node_selector

_UPSTREAM = "Azure/aks-rdma-infiniband configs/nicclusterpolicy/ipoib/ipoib-network.yaml"


def ipoib_network(decisions: Decisions) -> Planned:
    """Return the IPoIBNetwork."""
    asked = decisions.cluster.ipoib
    ipam: models.WhereaboutsIpam | models.NvIpamIpam
    if decisions.whereabouts:
        ipam = _whereabouts(Range.of(decisions))
        why = Reason(
            "The gateway is excluded, because whereabouts would hand it to a pod.",
            "k8snetworkplumbingwg/whereabouts pkg/allocate/allocate.go v0.7.0",
        )
    else:
        ipam = models.NvIpamIpam(pool_name=asked.name)
        why = Reason(
            "Draws from the IPPool of this name in the operator's namespace.", "Mellanox/nvidia-k8s-ipam pkg/cni/types"
        )
    network = models.IPoIBNetwork(
        metadata=models.ObjectMeta(name=asked.name),
        spec=models.IPoIBNetworkSpec(network_namespace=asked.namespace, master=decisions.master, ipam=ipam),
    )
    reasons: dict[FieldPath, Reason] = {
        ("spec", "networkNamespace"): Reason(
            "Namespace of the pods that use it. It must be there before this object.",
            "Mellanox/network-operator pkg/state/state_ipoib_network.go",
        ),
        ("spec", "master"): Reason(
            "Interface of the node, or its altname, which must be the same on every node.", "the cluster file"
        )
        if asked.master
        else Reason(
            "Altname of the IPoIB interface, which must be the same on every node: ib, P and the PCI domain in decimal.",
            _UPSTREAM if not decisions.sizes else "aksrdma/catalog/vm_sizes",
        ),
        ("spec", "ipam"): why,
    }
    if decisions.whereabouts:
        reasons["apiVersion",] = Reason(_accepted(decisions), _UPSTREAM)
    return Planned(network, reasons)


def _accepted(decisions: Decisions) -> str:
    """Return the comments by which `aksrdma validate` takes what upstream has, and what works, for what is meant."""
    lines = ["aksrdma: ignore whereabouts-datastore-key, whereabouts-exclude-redundant -- as upstream has it"]
    if not catalog.capability("whereabouts-not-deprecated").holds_in(decisions.release.name):
        lines.append("aksrdma: ignore whereabouts-deprecated -- a later release moves it to nv-ipam")
    return "\n".join(lines)


def _whereabouts(range_: Range) -> models.WhereaboutsIpam:
    network, bits = range_.network, range_.network.max_prefixlen
    return models.WhereaboutsIpam(
        datastore="kubernetes",
        kubernetes=models.WhereaboutsKubernetes(kubeconfig="/etc/cni/net.d/whereabouts.d/whereabouts.kubeconfig"),
        range=str(network),
        exclude=[f"{network[0]}/{bits}", f"{network[-1]}/{bits}", f"{range_.gateway}/{bits}"],
        log_file="/var/log/whereabouts.log",
        log_level="verbose",
        gateway=str(range_.gateway),
    )


def ip_pool(decisions: Decisions) -> Planned:
    """Return the IPPool that the IPoIB network draws from."""
    range_, slots = Range.of(decisions), decisions.cluster.rdma.shared_slots
    on_it = tuple(one.name for one in decisions.ipoib_pools)
    assert range_.block_size is not None, "the pool is nv-ipam's"
    pool = models.IPPool(
        metadata=models.ObjectMeta(name=decisions.cluster.ipoib.name, namespace=decisions.cluster.operator_namespace),
        spec=models.IPPoolSpec(
            subnet=str(range_.network),
            per_node_block_size=range_.block_size,
            gateway=str(range_.gateway),
            node_selector=node_selector(of=on_it if decisions.profiles != ("ipoib",) else ()),
        ),
    )
    words = (
        f": one address for each of the {slots} slots of a node, and one for the gateway, which lies in the first block"
        if range_.block_size == slots + 1
        else ""
    )
    reasons: dict[FieldPath, Reason] = {
        ("metadata", "namespace"): Reason(
            "nv-ipam reads pools of the operator's namespace alone.",
            "Mellanox/network-operator manifests/state-nv-ipam-cni/040-nv-ipam-controller.yaml",
        ),
        ("spec", "perNodeBlockSize"): Reason(
            f"{range_.usable} addresses / {range_.block_size} a node serve {range_.served} nodes{words}.",
            "Mellanox/nvidia-k8s-ipam pkg/ipam-controller/allocator/allocator.go",
        ),
        ("spec", "nodeSelector"): Reason(
            "So that nodes that do not use the network take no block.",
            "Mellanox/nvidia-k8s-ipam api/v1alpha1/ippool_types.go",
        ),
    }
    return Planned(pool, reasons)
