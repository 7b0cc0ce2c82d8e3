"""What no release, profile or VM size can serve is refused before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

from aksrdma import catalog
from aksrdma.cluster import UpgradePolicy
from aksrdma.documents.placed import plain_problem
from aksrdma.findings import FieldPath, Problem
from aksrdma.plan import drivers, releases
from aksrdma.plan.decisions import UNSERVABLE, Decisions


def problems(decisions: Decisions) -> list[Problem]:
    """Say why the cluster cannot be served; empty where it can."""
    if unusable := list(_unusable_sizes(decisions)):
        return unusable
    found = [
        *releases.refused(decisions),
        *drivers.problems(decisions),
        *_apart(decisions),
        *_driver_options(decisions),
        *_options(decisions),
    ]
    found += [*_names(decisions), *_registry(decisions)]
    return [*found, *_ipoib(decisions)] if "ipoib" in decisions.profiles else found


def _unusable_sizes(decisions: Decisions) -> Iterator[Problem]:
    for one in decisions.per_pool:
        path, size = ("nodePools", one.number, "vmSize"), one.size
        if size.state == "retired":
            when = f" on {size.retirement_date}" if size.retirement_date else ""
            yield Problem(UNSERVABLE, path, f"{size.name} was retired{when}", size.instead)
        elif not size.usable:
            yield Problem(
                UNSERVABLE,
                path,
                f"{size.name} has no NIC that the mlx5 driver and the device plugins can use",
                "choose another size",
            )


def _apart(decisions: Decisions) -> Iterator[Problem]:
    node_policies = catalog.capability("nic-node-policy")
    if decisions.apart and not node_policies.holds_in(decisions.release.name):
        wants = ", ".join(f"{one.name} ({one.profile}, {one.nic_driver})" for one in decisions.served)
        yield Problem(
            UNSERVABLE,
            ("nodePools",),
            f"the pools want different things of one NicClusterPolicy: {wants}",
            f"use release {node_policies.boundary} or later, which has a NicNodePolicy for each pool, or a cluster for each",
        )


def _driver_options(decisions: Decisions) -> Iterator[Problem]:
    release = decisions.release
    version = release.components["ofedDriver"].version
    compiled = any(tag.startswith(f"{version}-") for tag in release.precompiled_azure_driver_tags or ())
    if decisions.cluster.ofed_driver.force_precompiled and not compiled:
        yield Problem(
            UNSERVABLE,
            ("ofedDriver", "forcePrecompiled"),
            f"no image of {version}, the driver of {release.name}, is listed that is compiled for an azure kernel",
            "leave it out",
        )
    yield from _upgrade_policy(decisions.cluster.ofed_driver.upgrade_policy)
    if not decisions.driver and not decisions.pools and decisions.cluster.profile != "base":
        yield Problem(
            UNSERVABLE,
            ("nicDriver",) if decisions.cluster.nic_driver else ("ofedDriver", "enabled"),
            "without the driver container InfiniBand functions have no netdev, so device plugins must select by PCI device "
            "id, which comes from the VM size",
            "name nodePools or --vm-size",
        )


def _upgrade_policy(asked: UpgradePolicy) -> Iterator[Problem]:
    path = ("ofedDriver", "upgradePolicy")
    selectors = {"drain": asked.drain.pod_selector}
    if asked.wait_for_completion:
        selectors["waitForCompletion"] = asked.wait_for_completion.pod_selector
        if not asked.wait_for_completion.pod_selector:
            where = (*path, "waitForCompletion", "podSelector")
            yield Problem(UNSERVABLE, where, "the operator waits for no pod where it is empty", "name the pods' labels")
    for part, selector in selectors.items():
        if not selector:
            continue
        from aksrdma.kube.label_selectors import selector_problem  # hardly any cluster selects the pods

        if reason := selector_problem(selector):
            fix = "write it as kubectl -l takes it"
            yield Problem(UNSERVABLE, (*path, part, "podSelector"), f"{selector!r} {reason}", fix)
    for name, given in (("safeLoad", asked.safe_load), ("waitForCompletion", asked.wait_for_completion)):
        if given and not asked.auto_upgrade:
            yield Problem(UNSERVABLE, (*path, name), "needs autoUpgrade: true")


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
    reached = (one.size.arch for one in decisions.per_pool if one.name not in decisions.left_alone)
    if decisions.cluster.telemetry and "arm64" in reached:
        yield Problem(
            UNSERVABLE, ("telemetry",), "the image of docaTelemetryService crashes on arm64 nodes", "leave it out"
        )


def _registry(decisions: Decisions) -> Iterator[Problem]:
    """Yield the operators whose images cannot be pulled as the cluster asks, because nobody lists them."""
    asked = decisions.cluster
    way = f"taken from {asked.registry}" if asked.registry else "given imagePullSecrets"
    own = asked.registry or asked.image_pull_secrets
    for vendor in filter(decisions.operated, sorted(catalog.gpu_operators())) if own else ():
        version, chart = decisions.gpu_operator_version(vendor), catalog.gpu_operators()[vendor].chart
        known = catalog.operator_chart(chart).versions
        if version not in known:
            message = f"which images {chart} {version} has is not known, so they cannot be {way}"
            fix = f"choose one of {', '.join(known)}, or leave it out"
            yield Problem(UNSERVABLE, ("gpuOperator", "version"), message, fix)


def _names(decisions: Decisions) -> Iterator[Problem]:
    """Yield the names that the operator's templates write without quotes, and that YAML reads as no text."""
    cluster = decisions.cluster
    named: list[tuple[FieldPath, str]] = [(("operatorNamespace",), cluster.operator_namespace)]
    if "ipoib" in decisions.profiles:
        named += [(("ipoib", "name"), cluster.ipoib.name), (("ipoib", "namespace"), cluster.ipoib.namespace)]
    for path, name in named:
        if problem := plain_problem(name):
            message = f"{name!r} {problem} where the operator writes it without quotes"
            yield Problem(UNSERVABLE, path, message, "use a name that YAML reads as text")


def _ipoib(decisions: Decisions) -> Iterator[Problem]:
    from aksrdma.plan.addresses import Range, overlapping  # with it comes ipaddress, which other profiles do without

    range_ = Range.of(decisions)
    if wrong := range_.problem(decisions.ipoib_nodes):
        yield wrong
    yield from _master(decisions)
    if decisions.whereabouts and "ipamPlugin" not in decisions.release.components:
        yield Problem(
            UNSERVABLE,
            ("ipoib", "ipam"),
            f"the operator no longer deploys whereabouts in {decisions.release.name}",
            "use nv-ipam",
        )
    without = [one for one in decisions.ipoib_pools if one.nic_driver != "doca"]
    if without or not decisions.driver:
        yield Problem(
            UNSERVABLE,
            ("nodePools", without[0].number, "profile") if without and without[0].pool.profile else ("profile",),
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
    # A size whose name is not known is no obstacle: its name is seen on a node only once the driver is there.
    altnames = [one.size.infiniband.ipoib_altnames for one in decisions.ipoib_pools]
    names = {known[0] for known in altnames if known}
    if len(names) > 1:
        yield Problem(
            UNSERVABLE,
            ("ipoib", "master"),
            f"the pools differ ({', '.join(sorted(names))}) and an IPoIBNetwork has one",
            "use a cluster file a pool",
        )
