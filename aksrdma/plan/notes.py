"""What is unsure or unusual about a cluster, said beforehand: a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aksrdma import catalog
from aksrdma.plan.decisions import Decisions

FABRIC_LIMIT: Final = 100
"""Nodes of one scale set with InfiniBand, 300 by support request (Microsoft, `setup-infiniband`)."""
_ASKED: Final = frozenset({"pods", "services", "virtual-network"})
"""Rows of `catalog.networks()` that the cluster's own `network` field stands for."""


def notes(decisions: Decisions) -> list[str]:
    """Return the notes on a cluster."""
    found = [*_unsure_facts(decisions), *_pools(decisions), *_rule(decisions), *_inbox(decisions), *_images(decisions)]
    return found + list(_ranges(decisions)) if decisions.cluster.profile == "ipoib" else found


def _unsure_facts(decisions: Decisions) -> Iterator[str]:
    for size in {size.name: size for size in decisions.sizes.values()}.values():
        for field, words in _used(decisions).items():
            if why := catalog.unsure_of(size, f"infiniband.{field}"):
                yield f"{words} of {size.name} is unsure: {why}"


def _used(decisions: Decisions) -> dict[str, str]:
    """Return the facts of a VM size that this render uses, with the words for them."""
    cluster = decisions.cluster
    used = {"nic_count": "the number of NICs"} if cluster.profile == "sriov-device-plugin" else {}
    if cluster.node_feature_rule == "infiniband-class":
        used["pci_class"] = "the PCI class"
    if cluster.node_feature_rule == "device-list" or not decisions.driver:
        used["device_id"] = "the PCI device id"
    if cluster.profile == "ipoib" and not cluster.ipoib.master:
        used["ipoib_altnames"] = "the IPoIB interface name"
    return used


def _pools(decisions: Decisions) -> Iterator[str]:
    for pool in decisions.pools:
        size = decisions.sizes[pool.name]
        if size.state == "retirement announced":
            yield f"{pool.name}: {size.name} retires on {size.retirement_date}"
        if pool.count is not None and pool.count > FABRIC_LIMIT:
            yield (
                f"{pool.name}: a node pool with InfiniBand holds {FABRIC_LIMIT} nodes, 300 by support request; "
                f"{pool.count} nodes need several pools, which are separate fabrics"
            )
        if pool.os_sku == "AzureLinux" and decisions.driver:
            release = decisions.release.name
            yield f"{pool.name}: no azurelinux image of the driver is listed for {release}; Ubuntu is the sure choice"


def _images(decisions: Decisions) -> Iterator[str]:
    if decisions.arm64:
        yield "the image of the example pods is not known to be built for arm64; put one of yours in its place"


def _rule(decisions: Decisions) -> Iterator[str]:
    if decisions.cluster.node_feature_rule == "chart":
        yield (
            "the chart's NodeFeatureRule also labels nodes that only have an accelerated-networking NIC of vendor 15b3; "
            "infiniband-class labels InfiniBand nodes alone"
        )


def _inbox(decisions: Decisions) -> Iterator[str]:
    if decisions.driver or decisions.cluster.profile == "base":
        return
    if not all(size.driver_on_node_image for size in decisions.sizes.values()):
        yield (
            "without the driver container the nodes must load ib_umad and rdma_ucm themselves; the device plugins leave "
            "out InfiniBand functions that lack them"
        )


def _ranges(decisions: Decisions) -> Iterator[str]:
    from aksrdma.plan.addresses import Range, overlapping

    network = Range(decisions).network
    chosen = decisions.cluster.network
    vnets = [("vnetCIDRs", cidr) for cidr in chosen.vnet_cidrs]
    for name, cidr in [("podCIDR", chosen.pod_cidr), ("serviceCIDR", chosen.service_cidr), *vnets]:
        if overlapping(network, cidr):
            yield f"ipoib.range {network} overlaps the cluster's {name} {cidr}: traffic there would leave by InfiniBand"
    for row in catalog.networks():
        if row.overlap == "warned" and row.name not in _ASKED and overlapping(network, row.cidr):
            yield f"ipoib.range {network} overlaps {row.cidr}, {row.use}: {row.why}"
