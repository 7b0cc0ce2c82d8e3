"""What no release, profile or VM size can serve is refused before anything is written; what is unsure is noted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aksrdma import catalog
from aksrdma.documents.placed import plain_problem
from aksrdma.findings import FieldPath, Problem
from aksrdma.plan.decisions import UNSERVABLE, Decisions

_ASKED: Final = frozenset({"pods", "services", "virtual-network"})
"""Rows of `catalog.networks()` that the cluster's own `network` field stands for."""


def problems(decisions: Decisions) -> list[Problem]:
    """Say why the cluster cannot be served; empty where it can."""
    if unusable := list(_unusable_sizes(decisions)):
        return unusable
    found = [*_driver(decisions), *_options(decisions), *_names(decisions)]
    return [*found, *_ipoib(decisions)] if decisions.cluster.profile == "ipoib" else found


def _unusable_sizes(decisions: Decisions) -> Iterator[Problem]:
    for number, size in enumerate(decisions.sizes.values()):
        path = ("nodePools", number, "vmSize")
        if size.state == "retired":
            when = f" on {size.retirement_date}" if size.retirement_date else ""
            yield Problem(UNSERVABLE, path, f"{size.name} was retired{when}", "choose another size")
        elif not size.usable:
            yield Problem(
                UNSERVABLE,
                path,
                f"{size.name} has no NIC that the mlx5 driver and the device plugins can use",
                "choose another size",
            )


def _driver(decisions: Decisions) -> Iterator[Problem]:
    brought = [pool for pool, size in decisions.sizes.items() if size.driver_on_node_image]
    needing = [pool for pool in decisions.sizes if pool not in brought]
    if brought and decisions.driver:
        names = ", ".join(f"{pool} ({decisions.sizes[pool].name})" for pool in brought)
        yield Problem(
            UNSERVABLE,
            ("ofedDriver", "enabled"),
            f"the node image of {names} brings DOCA-OFED, which the driver container would replace",
            "leave it out or set it to false",
        )
    elif brought and needing:
        since = catalog.capability("nic-node-policy").boundary
        yield Problem(
            UNSERVABLE,
            ("nodePools",),
            f"{', '.join(brought)} must not have the driver container and {', '.join(needing)} must, but a NicClusterPolicy "
            f"deploys it to all nodes or none",
            f"use two clusters, or with {since} NicNodePolicies of your own",
        )
    release = decisions.release
    if decisions.cluster.ofed_driver.force_precompiled and not release.precompiled_azure_driver_tags:
        yield Problem(
            UNSERVABLE,
            ("ofedDriver", "forcePrecompiled"),
            f"no driver image of {release.name} is listed that is compiled for an azure kernel",
            "leave it out",
        )
    upgrade = decisions.cluster.ofed_driver.upgrade_policy
    if upgrade.drain.pod_selector:
        from aksrdma.kube.label_selectors import selector_problem  # hardly any cluster selects the pods

        if reason := selector_problem(upgrade.drain.pod_selector):
            path = ("ofedDriver", "upgradePolicy", "drain", "podSelector")
            yield Problem(
                UNSERVABLE, path, f"{upgrade.drain.pod_selector!r} {reason}", "write it as kubectl -l takes it"
            )
    if upgrade.safe_load and not upgrade.auto_upgrade:
        yield Problem(UNSERVABLE, ("ofedDriver", "upgradePolicy", "safeLoad"), "needs autoUpgrade: true")
    if not decisions.driver and not decisions.pools and decisions.cluster.profile != "base":
        yield Problem(
            UNSERVABLE,
            ("ofedDriver", "enabled"),
            "without the driver container InfiniBand functions have no netdev, so device plugins must select by PCI device "
            "id, which comes from the VM size",
            "name nodePools or --vm-size",
        )


def _options(decisions: Decisions) -> Iterator[Problem]:
    listed = " and ".join(catalog.defaults().device_list)
    for pool, size in decisions.sizes.items() if decisions.cluster.node_feature_rule == "device-list" else ():
        if not size.upstream_nfd_match:
            yield Problem(
                UNSERVABLE,
                ("nodeFeatureRule",),
                f"upstream's device list ({listed}) misses {size.name} of pool {pool} "
                f"(device {size.infiniband.device_id})",
                "use infiniband-class",
            )
    for number, one in enumerate(decisions.cluster.tolerations):
        if one.key is None and one.operator != "Exists":
            yield Problem(UNSERVABLE, ("tolerations", number, "key"), "is required, unless the operator is Exists")
        if one.operator == "Exists" and one.value:
            yield Problem(
                UNSERVABLE, ("tolerations", number, "value"), "operator Exists takes no value", "leave it out"
            )
    if decisions.cluster.telemetry and decisions.arm64:
        yield Problem(
            UNSERVABLE, ("telemetry",), "the image of docaTelemetryService crashes on arm64 nodes", "leave it out"
        )


def _names(decisions: Decisions) -> Iterator[Problem]:
    """Yield the names that the operator's templates write without quotes, and that YAML reads as no text."""
    cluster = decisions.cluster
    named: list[tuple[FieldPath, str]] = [(("operatorNamespace",), cluster.operator_namespace)]
    if cluster.profile == "ipoib":
        named += [(("ipoib", "name"), cluster.ipoib.name), (("ipoib", "namespace"), cluster.ipoib.namespace)]
    for path, name in named:
        if problem := plain_problem(name):
            message = f"{name!r} {problem} where the operator writes it without quotes"
            yield Problem(UNSERVABLE, path, message, "use a name that YAML reads as text")


def _ipoib(decisions: Decisions) -> Iterator[Problem]:
    from aksrdma.plan.addresses import Range, overlapping  # with it comes ipaddress, which other profiles do without

    range_ = Range.of(decisions)
    if wrong := range_.problem(decisions.nodes):
        yield wrong
    yield from _master(decisions)
    if decisions.whereabouts and "ipamPlugin" not in decisions.release.components:
        yield Problem(
            UNSERVABLE,
            ("ipoib", "ipam"),
            f"the operator no longer deploys whereabouts in {decisions.release.name}",
            "use nv-ipam",
        )
    if not decisions.driver:
        yield Problem(
            UNSERVABLE,
            ("profile",),
            "ipoib needs ib_ipoib on the nodes, which the driver container loads",
            "choose another profile",
        )
    for row in catalog.networks():
        if row.overlap == "refused" and overlapping(range_.network, row.cidr):
            yield Problem(
                UNSERVABLE,
                ("ipoib", "range"),
                f"{range_.network} overlaps {row.cidr}, {row.use}: {row.why}",
                "choose another range",
            )


def _master(decisions: Decisions) -> Iterator[Problem]:
    if decisions.cluster.ipoib.master or not decisions.driver:
        return
    path = ("ipoib", "master")
    names: set[str] = set()
    for size in {size.name: size for size in decisions.sizes.values()}.values():
        if size.infiniband.ipoib_altnames:
            names.add(size.infiniband.ipoib_altnames[0])
        else:
            why = size.unsure.get("infiniband.ipoib_altnames", "not documented")
            yield Problem(
                UNSERVABLE,
                path,
                f"the IPoIB interface of {size.name} is not known ({why})",
                "look it up on a node with `ip -br link` and set ipoib.master to a name that all nodes have",
            )
    if len(names) > 1:
        yield Problem(
            UNSERVABLE,
            path,
            f"the pools differ ({', '.join(sorted(names))}) and an IPoIBNetwork has one",
            "use a cluster file a pool",
        )


def notes(decisions: Decisions) -> list[str]:
    """Return what is unsure or unusual about a cluster that can be served, a sentence each."""
    found = [*_unsure_facts(decisions), *_pools(decisions), *_unusual_options(decisions)]
    return [*found, *_ranges(decisions)] if decisions.cluster.profile == "ipoib" else found


def _unsure_facts(decisions: Decisions) -> Iterator[str]:
    cluster = decisions.cluster
    used = {"nic_count": "the number of NICs"} if cluster.profile == "sriov-device-plugin" else {}
    if cluster.node_feature_rule == "infiniband-class":
        used["pci_class"] = "the PCI class"
    if cluster.node_feature_rule == "device-list" or not decisions.driver:
        used["device_id"] = "the PCI device id"
    if cluster.profile == "ipoib" and not cluster.ipoib.master:
        used["ipoib_altnames"] = "the IPoIB interface name"
    for size in {size.name: size for size in decisions.sizes.values()}.values():
        for field, words in used.items():
            if why := catalog.unsure_of(size, f"infiniband.{field}"):
                yield f"{words} of {size.name} is unsure: {why}"


def _pools(decisions: Decisions) -> Iterator[str]:
    fabric = catalog.defaults()
    for pool in decisions.pools:
        size = decisions.sizes[pool.name]
        if size.state == "retirement announced":
            yield f"{pool.name}: {size.name} retires on {size.retirement_date}"
        if pool.count is not None and pool.count > fabric.fabric_nodes:
            yield (
                f"{pool.name}: a node pool with InfiniBand holds {fabric.fabric_nodes} nodes, "
                f"{fabric.fabric_nodes_on_request} by support request; "
                f"{pool.count} nodes need several pools, which are separate fabrics"
            )
        if pool.os_sku == "AzureLinux" and decisions.driver:
            release = decisions.release.name
            yield f"{pool.name}: no azurelinux image of the driver is listed for {release}; Ubuntu is the sure choice"


def _unusual_options(decisions: Decisions) -> Iterator[str]:
    if decisions.cluster.node_feature_rule == "chart":
        yield (
            "the chart's NodeFeatureRule also labels nodes that only have an accelerated-networking NIC of vendor "
            f"{catalog.defaults().vendor_id}; infiniband-class labels InfiniBand nodes alone"
        )
    inbox = [size.name for size in decisions.sizes.values() if not size.driver_on_node_image]
    if inbox and not decisions.driver and decisions.cluster.profile != "base":
        yield (
            "without the driver container the nodes must load ib_umad and rdma_ucm themselves; the device plugins leave "
            "out InfiniBand functions that lack them"
        )
    if decisions.arm64:
        yield "the image of the example pods is not known to be built for arm64; put one of yours in its place"


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
