"""What no release, profile or VM size can serve is refused before anything is written; what is unsure is noted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, get_args

from aksrdma import catalog
from aksrdma.cluster import UpgradePolicy
from aksrdma.cluster.model import OsSku
from aksrdma.documents.placed import plain_problem
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.values import step
from aksrdma.plan import releases
from aksrdma.plan.decisions import UNSERVABLE, Decisions, PoolDecisions

_ASKED: Final = frozenset({"pods", "services", "virtual-network"})
"""Rows of `catalog.networks()` that the cluster's own `network` field stands for."""


def problems(decisions: Decisions) -> list[Problem]:
    """Say why the cluster cannot be served; empty where it can."""
    if unusable := list(_unusable_sizes(decisions)):
        return unusable
    found = [
        *releases.refused(decisions),
        *_drivers(decisions),
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


def _drivers(decisions: Decisions) -> Iterator[Problem]:
    """Yield the pools whose GPU driver and NIC driver cannot go together, or not with their size and system."""
    for one in decisions.per_pool:
        place = _asked_at(decisions, one, "nic_driver", "nicDriver")
        if one.nic_driver == "node-image" and not one.size.driver_on_node_image:
            message = f"the node image of {one.name} ({one.size.name}) brings no NIC driver beyond the kernel's"
            yield Problem(UNSERVABLE, place, message, "leave it out, or choose doca or inbox")
        elif one.nic_driver != "node-image" and one.size.driver_on_node_image:
            message = f"the node image of {one.name} ({one.size.name}) brings DOCA-OFED, which the driver container would replace"
            yield Problem(
                UNSERVABLE,
                place,
                message,
                f"leave it out, or write nicDriver: node-image{_at_pool(decisions, place, one)}",
            )
        elif one.drivers is None or one.drivers.verdict == "refused":
            row, gpu_place = one.drivers, _asked_at(decisions, one, "gpu_driver", "gpuDriver")
            unknown = (
                f"whether gpuDriver {one.gpu_driver} goes with nicDriver {one.nic_driver} is not known",
                "choose another",
            )
            why, fix = (row.why, f"write {row.instead}{_at_pool(decisions, gpu_place, one)}") if row else unknown
            yield Problem(UNSERVABLE, gpu_place, f"{one.name} ({one.size.name}): {why}", fix)
        if one.pool.gpu_driver not in (None, "none") and one.size.gpu is None:
            path = ("nodePools", one.number, "gpuDriver")
            yield Problem(UNSERVABLE, path, f"{one.size.name} has no GPUs", "leave it out")
        if wrong := _wrong_system(decisions, one):
            yield Problem(UNSERVABLE, ("nodePools", one.number, "osSku"), *wrong)
    yield from _one_gpu_operator(decisions)


def _wrong_system(decisions: Decisions, one: PoolDecisions) -> tuple[str, str] | None:
    """Say why the nodes of a pool cannot have the system that they would have, and what to do; None where they can."""
    systems, release, version = decisions.systems(one), decisions.release, decisions.cluster.kubernetes_version
    if one.size.os_sku and one.os_sku != one.size.os_sku:
        return f"{one.size.name} needs --os-sku {one.size.os_sku}", f"write {one.size.os_sku}, or leave it out"
    if not systems:
        if one.size.os_sku and (sku := catalog.aks().os_sku(one.os_sku)):
            ranges = [f"{row.since} to {row.until}" if row.until else f"{row.since} or later" for row in sku.images]
            fix = f"use Kubernetes {', or '.join(ranges)}: {one.size.name} has no other osSku"
            return f"AKS has no image of {sku.name} for Kubernetes {version}", fix
        return (
            f"AKS has no image of {one.os_sku} for Kubernetes {version}",
            f"write osSku: {_ubuntu(decisions)}",
        )
    if (row := catalog.aks().os_sku(one.os_sku)) and one.gpu_vendor in row.without_gpus_of:
        return (
            f"AKS does not support {one.os_sku} with the GPUs of {one.size.name}",
            f"write osSku: {_ubuntu(decisions)}",
        )
    known = [release] if release.driver_tags is not None else map(catalog.release, catalog.releases())
    imaged = {tag.os for row in known for tag in row.driver_tags or ()}
    if one.nic_driver == "doca" and imaged.isdisjoint(systems):
        other = (
            f", or use the driver of Azure Linux by nicDriver: inbox{' and gpuDriver: aks' if one.size.gpu else ''} (unproven with "
            "device plugins), or AKS's managed DRANET without Network Operator"
        )
        named = " or ".join(systems)
        message = (
            f"no {named} image of the DOCA driver is listed for {release.name}, so its pods cannot start on {one.name}"
        )
        wanted = _ubuntu(decisions, among=imaged)
        return message, f"write osSku: {wanted}{other if one.os_sku == 'AzureLinux' else ''}"
    if one.nic_driver == "inbox" and systems == ("ubuntu22.04",):
        message = f"nicDriver: inbox is known to work from Ubuntu 24.04 on, and {one.name} has 22.04"
        newer = _ubuntu(decisions, but="ubuntu22.04")
        return message, f"write osSku: {newer}" if newer else "use a later kubernetesVersion and osSku: Ubuntu2404"
    return None


def _ubuntu(decisions: Decisions, *, among: Collection[str] | None = None, but: str | None = None) -> str | None:
    """Return the OS SKU of the newest Ubuntu that nodes of the cluster's version of Kubernetes can have.

    Args:
        decisions: those of the cluster.
        among: systems that it may be; None: any.
        but: a system that it must not be.
    """
    aks, version = catalog.aks(), decisions.cluster.kubernetes_version
    found: dict[str, str] = {}
    for name in get_args(OsSku):
        sku = aks.os_sku(name)
        systems = aks.systems(name) if version is None else (sku.os(version),) if sku else ()
        system = systems[0] if len(systems) == 1 else None
        if system and system.startswith("ubuntu") and system != but and (among is None or system in among):
            found[system] = name
    return found[max(found)] if found else None


def _asked_at(decisions: Decisions, one: PoolDecisions, field: str, key: str) -> FieldPath:
    """Return where a driver was asked for: at the pool, at the cluster, or nowhere, which is told at the pool."""
    if getattr(one.pool, field) is None:
        if (
            field == "nic_driver"
            and decisions.cluster.nic_driver is None
            and decisions.cluster.ofed_driver.enabled is not None
        ):
            return ("ofedDriver", "enabled")
        if getattr(decisions.cluster, field) is not None:
            return (key,)
    return ("nodePools", one.number, key)


def _at_pool(decisions: Decisions, place: FieldPath, one: PoolDecisions) -> str:
    """Return where to write another driver: at the pool, where what stands for the cluster is for other pools too."""
    return f" at {one.name} in nodePools" if place[0] != "nodePools" and len(decisions.per_pool) > 1 else ""


def _one_gpu_operator(decisions: Decisions) -> Iterator[Problem]:
    """Yield what one GPU Operator, or one setting for two of them, cannot serve."""
    by_operator = [one for one in decisions.per_pool if one.size.gpu and one.gpu_driver == "gpu-operator"]
    nvidia = [
        one for one in by_operator if one.gpu_vendor == "nvidia" and one.drivers and one.drivers.verdict != "refused"
    ]
    ways = {one.drivers.gpudirect: one for one in nvidia if one.drivers}
    if len(ways) > 1:
        first, second = list(ways.values())[:2]
        yield Problem(
            UNSERVABLE,
            ("nodePools", second.number, "nicDriver"),
            f"GPU Operator has one setting for all nodes: {first.name} needs nvidia-peermem and {second.name} DMA-BUF",
            "give both the same nicDriver, or one of them gpuDriver: aks",
        )
    if nvidia and step(decisions.cluster.gpu_operator.helm_values, ("driver", "usePrecompiled")) is not True:
        yield from _one_system(decisions)
    amd = [one.name for one in by_operator if one.gpu_vendor == "amd"]
    for one in decisions.per_pool if amd else ():
        if one.gpu_vendor == "amd" and one.name not in amd:
            message = f"AMD GPU Operator serves every node with AMD GPUs: {amd[0]} has it and {one.name} has gpuDriver {one.gpu_driver}"
            yield Problem(UNSERVABLE, ("nodePools", one.number, "gpuDriver"), message, "write gpuDriver: gpu-operator")
    asked = decisions.cluster.gpu_operator
    for path, value in (
        nvidia[0].drivers.forbidden.items() if nvidia and nvidia[0].drivers and asked.helm_values else ()
    ):
        keys = tuple(path.split("."))
        if step(asked.helm_values, keys) is value:
            first = nvidia[0]
            message = (
                f"{path}: {str(value).lower()} does not go with gpuDriver gpu-operator and nicDriver {first.nic_driver}"
            )
            yield Problem(UNSERVABLE, ("gpuOperator", "helmValues", *keys), message, "leave it out")
    if len({one.gpu_vendor for one in by_operator}) > 1 and (asked.version or asked.helm_values):
        message = "pools have GPUs of NVIDIA and of AMD, and it does not say which operator is meant"
        yield Problem(UNSERVABLE, ("gpuOperator",), message, "use a cluster file for each")


def _one_system(decisions: Decisions) -> Iterator[Problem]:
    """Yield where nodes with NVIDIA GPUs differ: GPU Operator takes the system of any one of them for its driver on all.

    Whether it serves that node does not matter to it (NVIDIA/gpu-operator controllers/state_manager.go, getGPUNodeOSInfo);
    compiled drivers have a DaemonSet for each kernel.
    """
    pools = [one for one in decisions.per_pool if one.gpu_vendor == "nvidia"]
    known = {systems[0]: one for one in pools if len(systems := decisions.systems(one)) == 1}
    if len(known) > 1:
        wanted = next((one for one in pools if one.size.os_sku), known[max(known)])
        system, other = next((system, one) for system, one in known.items() if one.os_sku != wanted.os_sku)
        message = (
            f"GPU Operator takes the system of any one node with NVIDIA GPUs for its driver on all: {other.name} has {system} "
            f"and {wanted.name} {' or '.join(decisions.systems(wanted))}"
        )
        yield Problem(UNSERVABLE, ("nodePools", other.number, "osSku"), message, f"write osSku: {wanted.os_sku}")


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
    vendors = {one.gpu_vendor for one in decisions.per_pool if one.gpu_driver == "gpu-operator"}
    own = asked.registry or asked.image_pull_secrets
    for vendor in sorted(vendors & catalog.gpu_operators().keys()) if own else ():
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
    by_operator = any(one.gpu_vendor == "nvidia" and one.gpu_driver == "gpu-operator" for one in decisions.per_pool)
    skus = {one.os_sku: one for one in decisions.per_pool if one.gpu_vendor == "nvidia"}
    if by_operator and len(skus) > 1 and decisions.cluster.kubernetes_version is None:
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
    by_operator = [one for one in decisions.per_pool if one.gpu_driver == "gpu-operator"]
    for vendor, row in catalog.gpu_operators().items() if decisions.cluster.gpu_operator.version is None else ():
        pools = [one for one in by_operator if one.gpu_vendor == vendor]
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
    by_operator = {one.gpu_vendor for one in decisions.per_pool if one.size.gpu and one.gpu_driver == "gpu-operator"}
    for vendor in sorted(by_operator) if decisions.cluster.gpu_operator.version is None else ():
        operator, release = catalog.gpu_operators()[vendor], decisions.release.name
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
