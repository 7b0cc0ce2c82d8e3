"""What no release, profile or VM size can serve: refused before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aksrdma import catalog
from aksrdma.plan.decisions import Decisions, Problem

_UPSTREAM_DEVICE_LIST: Final = "101c and 101e"


def problems(decisions: Decisions) -> list[Problem]:
    """Say why the cluster cannot be served; empty where it can."""
    if unusable := list(_unusable_sizes(decisions)):
        return unusable
    found = [*_driver(decisions), *_unlabeled(decisions), *_tolerations(decisions), *_telemetry(decisions)]
    return found + list(_ipoib(decisions)) if decisions.cluster.profile == "ipoib" else found


def _unusable_sizes(decisions: Decisions) -> Iterator[Problem]:
    for number, size in enumerate(decisions.sizes.values()):
        path = ("nodePools", number, "vmSize")
        if size.state == "retired":
            when = f" on {size.retirement_date}" if size.retirement_date else ""
            yield path, f"{size.name} was retired{when}; choose another size"
        elif not size.usable:
            yield (
                path,
                f"{size.name} has no NIC that the mlx5 driver and the device plugins can use; choose another size",
            )


def _driver(decisions: Decisions) -> Iterator[Problem]:
    brought = [pool for pool, size in decisions.sizes.items() if size.driver_on_node_image]
    needing = [pool for pool in decisions.sizes if pool not in brought]
    if brought and decisions.driver:
        names = ", ".join(f"{pool} ({decisions.sizes[pool].name})" for pool in brought)
        yield (
            ("ofedDriver", "enabled"),
            f"the node image of {names} brings DOCA-OFED, which the driver container would replace; leave it out or "
            "set it to false",
        )
    elif brought and needing:
        yield (
            ("nodePools",),
            f"{', '.join(brought)} must not have the driver container and {', '.join(needing)} must, but a NicClusterPolicy "
            "deploys it to all nodes or none; use two clusters, or with v26.4.1 NicNodePolicies of your own",
        )
    yield from _driver_policy(decisions)


def _driver_policy(decisions: Decisions) -> Iterator[Problem]:
    upgrade = decisions.cluster.ofed_driver.upgrade_policy
    if upgrade.safe_load and not upgrade.auto_upgrade:
        yield ("ofedDriver", "upgradePolicy", "safeLoad"), "needs autoUpgrade: true"
    if not decisions.driver and not decisions.pools and decisions.cluster.profile != "base":
        yield (
            ("ofedDriver", "enabled"),
            "without the driver container InfiniBand functions have no netdev, so device plugins must select by PCI device "
            "id, which comes from the VM size; name nodePools or --vm-size",
        )


def _unlabeled(decisions: Decisions) -> Iterator[Problem]:
    if decisions.cluster.node_feature_rule != "device-list":
        return
    for pool, size in decisions.sizes.items():
        if not size.upstream_nfd_match:
            yield (
                ("nodeFeatureRule",),
                f"upstream's device list ({_UPSTREAM_DEVICE_LIST}) misses {size.name} of pool {pool} "
                f"(device {size.infiniband.device_id}); use infiniband-class",
            )


def _tolerations(decisions: Decisions) -> Iterator[Problem]:
    for number, one in enumerate(decisions.cluster.tolerations):
        if one.key is None and one.operator != "Exists":
            yield ("tolerations", number, "key"), "is required, unless the operator is Exists"
        if one.operator == "Exists" and one.value:
            yield ("tolerations", number, "value"), "operator Exists takes no value; leave it out"


def _telemetry(decisions: Decisions) -> Iterator[Problem]:
    if decisions.cluster.telemetry and decisions.arm64:
        yield ("telemetry",), "the image of docaTelemetryService crashes on arm64 nodes; leave it out"


def _ipoib(decisions: Decisions) -> Iterator[Problem]:
    from aksrdma.plan.addresses import Range, overlapping

    range_ = Range(decisions)
    yield from range_.problems()
    yield from _master(decisions)
    if decisions.whereabouts and "ipamPlugin" not in decisions.release.components:
        yield ("ipoib", "ipam"), f"the operator no longer deploys whereabouts in {decisions.release.name}; use nv-ipam"
    if not decisions.driver:
        yield (
            ("profile",),
            "ipoib needs ib_ipoib on the nodes, which the driver container loads; choose another profile",
        )
    for row in catalog.networks():
        if row.overlap == "refused" and overlapping(range_.network, row.cidr):
            yield (
                ("ipoib", "range"),
                f"{range_.network} overlaps {row.cidr}, {row.use}: {row.why}; choose another range",
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
            yield (
                path,
                f"the IPoIB interface of {size.name} is not known ({why}); look it up on a node with `ip -br link` and set "
                "ipoib.master to a name that all nodes have",
            )
    if len(names) > 1:
        yield (
            path,
            f"the pools differ ({', '.join(sorted(names))}) and an IPoIBNetwork has one; use a cluster file a pool",
        )
