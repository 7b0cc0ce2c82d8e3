"""What may not come up as the cluster file has it, and what else is unsure or unusual: said, and rendered all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aksrdma import catalog
from aksrdma.findings import Problem
from aksrdma.kube.values import step
from aksrdma.plan import releases
from aksrdma.plan.decisions import Decisions

_ASKED: Final = frozenset({"pods", "services", "virtual-network"})
"""Rows of `catalog.networks()` that the cluster's own `network` field stands for."""


def warnings(decisions: Decisions) -> list[Problem]:
    """Return what may not come up as the cluster file has it, though it can be rendered."""
    return [*releases.warnings(decisions), *_large_pools(decisions)]


def _large_pools(decisions: Decisions) -> Iterator[Problem]:
    fabric = catalog.defaults()
    for one in decisions.per_pool:
        count = one.pool.count
        if count is not None and count > fabric.fabric_nodes:
            yield Problem(
                "node-pool-beyond-fabric",
                ("nodePools", one.number, "count"),
                f"{one.name}: a node pool with InfiniBand holds {fabric.fabric_nodes} nodes, "
                f"{fabric.fabric_nodes_on_request} by support request",
                f"ask Azure's support for {count}, or make several pools, which are separate fabrics",
            )


def notes(decisions: Decisions) -> list[str]:
    """Return what is unsure or unusual about a cluster that can be served, a sentence each."""
    told = ["; ".join(filter(None, (one.message, one.fix))) for one in warnings(decisions)]
    found = [
        *told,
        *releases.notes(decisions),
        *_unsure_facts(decisions),
        *_pools(decisions),
        *_gpu_operators(decisions),
        *_unusual_options(decisions),
    ]
    return [*found, *_ranges(decisions)] if "ipoib" in decisions.profiles else found


def _unsure_facts(decisions: Decisions) -> Iterator[str]:
    cluster, told = decisions.cluster, set()
    for one in decisions.per_pool:
        used = {"nic_count": "the number of NICs"} if one.profile == "sriov-device-plugin" else {}
        if cluster.node_feature_rule == "infiniband-class":
            used["pci_class"] = "the PCI class"
        if cluster.node_feature_rule == "device-list" or one.device_ids is not None:
            used["device_id"] = "the PCI device id"
        if one.profile == "ipoib" and not cluster.ipoib.master:
            used["ipoib_altnames"] = "the IPoIB interface name"
        for field, words in used.items():
            why = catalog.unsure_of(one.size, f"infiniband.{field}")
            if why and (one.size.name, field) not in told:
                told.add((one.size.name, field))
                yield f"{words} of {one.size.name} is unsure: {why}"


def _pools(decisions: Decisions) -> Iterator[str]:
    precompiled = step(decisions.cluster.gpu_operator.helm_values, ("driver", "usePrecompiled")) is True
    for one in decisions.per_pool:
        pool, size = one.pool, one.size
        if size.state == "retirement announced":
            yield f"{pool.name}: {size.name} retires on {size.retirement_date}; {size.instead}"
        rack = size.node_count_step
        if rack and pool.count and pool.count % rack:
            yield f"{pool.name}: pools of {size.name} come in racks of {rack} nodes, and count {pool.count} is no multiple of it"
        if one.drivers and one.drivers.verdict == "unproven":
            gpus = f"gpuDriver {one.gpu_driver} with " if size.gpu else ""
            yield f"{pool.name}: {gpus}nicDriver {one.nic_driver} is unproven: {one.drivers.why}"
        if one.gpu_driver == "gpu-operator" and one.os_sku == "AzureLinux" and not precompiled:
            yield (
                f"{pool.name}: gpuDriver gpu-operator is unproven on Azure Linux: NVIDIA documents compiled driver images alone "
                "(gpuOperator.helmValues: {driver: {usePrecompiled: true}}); gpuDriver: aks needs none"
            )  # NVIDIA/cloud-native-docs pull request 353, for GPU Operator 26.3
        if one.nic_driver == "inbox" and one.os_sku == "Ubuntu" and decisions.operating_system(one) is None:
            yield f"{pool.name}: nicDriver inbox needs Ubuntu 24.04, which osSku Ubuntu is from Kubernetes 1.35 on; write Ubuntu2404"
    skus = {one.os_sku: one for one in decisions.per_pool if one.gpu_vendor == "nvidia"}
    if decisions.operated("nvidia") and len(skus) > 1 and decisions.cluster.kubernetes_version is None:
        yield (
            f"GPU Operator takes the system of any one node with NVIDIA GPUs for its driver on all: {' and '.join(skus)} have to "
            "be the same, which depends on kubernetesVersion; give the pools one osSku"
        )
    if decisions.other_pools:
        names = ", ".join(pool.name for pool in decisions.other_pools)
        yield f"left out, for their VM size has no InfiniBand: {names}"


def _gpu_operators(decisions: Decisions) -> Iterator[str]:
    """Yield why GPUDirect RDMA is not certain with the version of a GPU vendor's operator that goes with the release."""
    release = decisions.release.name
    for vendor, row in catalog.gpu_operators().items() if decisions.cluster.gpu_operator.version is None else ():
        pools = decisions.operated(vendor)
        if release in row.gpudirect_doubts and any(
            one.drivers and one.drivers.gpudirect == "gpu-operator" for one in pools
        ):
            yield row.gpudirect_doubts[release]


def _unusual_options(decisions: Decisions) -> Iterator[str]:
    if decisions.cluster.node_feature_rule == "chart":
        yield (
            "the chart's NodeFeatureRule also labels nodes that only have an accelerated-networking NIC of vendor "
            f"{catalog.defaults().vendor_id}; infiniband-class labels InfiniBand nodes alone"
        )
    asked, release = decisions.cluster.gpu_operator.version, decisions.release.name
    for vendor in filter(decisions.operated, sorted(catalog.gpu_operators())) if asked is None else ():
        operator = catalog.gpu_operators()[vendor]
        if (other := operator.goes_with(release)) != release:
            yield (
                f"which {operator.name} goes with {release} is not known, so {operator.version_for(release)} is rendered, which goes "
                f"with {other}; gpuOperator.version asks for another"
            )
    if decisions.cluster.registry and decisions.cluster.ofed_driver.force_precompiled:
        wanted = (
            ""
            if decisions.cluster.image_pull_secrets
            else ", and imagePullSecrets with which it may: nodes' rights are not its own"
        )
        yield (
            f"with forcePrecompiled the operator lists the driver's tags in {decisions.cluster.registry}: it wants them imported, as "
            f"a cache lists only what was pulled through it{wanted}"
        )
    if decisions.per_pool and not decisions.served:
        yield "no pool wants anything of Network Operator, so there is no NicClusterPolicy"
    if decisions.arm64:
        yield "the image of the example pods is not known to be built for arm64, so INSTALL.md asks for one of yours"


def _ranges(decisions: Decisions) -> Iterator[str]:
    from aksrdma.plan.addresses import Range, overlapping

    network = Range.of(decisions).network
    chosen = decisions.cluster.network
    vnets = [("vnetCIDRs", cidr) for cidr in chosen.vnet_cidrs]
    for name, cidr in [("podCIDR", chosen.pod_cidr), ("serviceCIDR", chosen.service_cidr), *vnets]:
        if overlapping(network, cidr):
            yield f"ipoib.range {network} overlaps the cluster's {name} {cidr}: traffic there would leave by InfiniBand"
    for row in catalog.networks():
        if row.overlap == "warned" and row.name not in _ASKED and overlapping(network, row.cidr):
            yield f"ipoib.range {network} overlaps {row.cidr}, {row.use}: {row.why}"
