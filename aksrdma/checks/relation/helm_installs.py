"""What values of the charts install, against each other, the cluster file and the rest of the set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.register import rule
from aksrdma.checks.relation.gpu_operator import policies
from aksrdma.checks.relation.helm_values import chart_names, release_of, told_gpu_operator, told_network_operator
from aksrdma.checks.relation.installed import Installed
from aksrdma.findings import Problem
from aksrdma.kube.kinds import CHART_VALUES, HELM_KINDS
from aksrdma.kube.labels import NIC_LABEL
from aksrdma.kube.scheduling import EVICTING, Taint, toleration_of
from aksrdma.kube.values import sequence

if TYPE_CHECKING:
    from aksrdma.checks.relation.helm_values import ChartValues, Keys, Told
    from aksrdma.checks.relation.nfd_config_maps import Program
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.cluster import NodePool

_KINDS: Final = frozenset({CHART_VALUES, *HELM_KINDS})
NODE_FEATURE_DISCOVERY: Final = "node-feature-discovery"
"""The name of its own chart, which both others have as a sub-chart."""
_NFD: Final = ("nfd", "enabled")
_WEBHOOK: Final = ("operator", "admissionController", "enabled")


def _charts(manifests: ManifestSet) -> list[Told]:
    found = (manifests.derived(told_network_operator), manifests.derived(told_gpu_operator))
    return [told for told in found if told is not None]


@rule("chart-of-another-release", kinds=HELM_KINDS)
def charts_release(manifests: ManifestSet) -> Iterator[Problem]:
    """Find a chart of Network Operator whose release is not that of the policies' images."""
    told, installed = manifests.derived(told_network_operator), manifests.derived(Installed)
    for values in told.values if told is not None and installed.policies else ():
        if (own := values.exact_version) is None or _minor(own) == _minor(manifests.release):
            continue
        known = [name for name in catalog.releases() if _minor(name) == _minor(own)]
        if not known or not _are_of(installed, manifests.release) or any(_are_of(installed, name) for name in known):
            continue
        message = f"the chart is of {own}, and the images of the policies are of {manifests.release}"
        fix = f"use version {manifests.release.removeprefix('v')}, or the images of {own if own in known else known[-1]} (aksrdma catalog images)"
        yield Problem("chart-of-another-release", values.version_path, message, fix, document=values.document)


def _minor(release: str) -> tuple[str, ...]:
    return tuple(release.split(".")[:2])


def _are_of(installed: Installed, release: str) -> bool:
    """Say whether a policy has an image version of a release."""
    versions = {image.version for image in catalog.release(release).components.values()}
    return any(policy.document.mentions(version) for policy in installed.policies for version in versions)


@rule("chart-values-refused", kinds=_KINDS)
def refused(manifests: ManifestSet) -> Iterator[Problem]:
    """Find values with which the templates of the chart fail."""
    for told in _charts(manifests):
        release = release_of(told.values[-1], manifests)
        for row in told.chart.refused:
            key, beside = tuple(row.key.split(".")), tuple(row.beside.split("."))
            if told.value(*key) is not True or not catalog.holds_in(release, row.since, None):
                continue
            if row.unless is not None and told.value(*row.unless.split(".")):
                continue
            found = told.value(*beside)
            if row.value is None and not found and not told.is_part:
                yield told.problem("chart-values-refused", key, f"helm refuses it without {row.beside}", row.fix)
            elif row.value is not None and found is row.value:
                message = f"helm refuses it while {row.beside} is {str(found).lower()}"
                yield told.problem("chart-values-refused", key, message, row.fix)


@rule("node-feature-discovery-twice", kinds=_KINDS)
def discovery(manifests: ManifestSet) -> Iterator[Problem]:
    """Find a second Node Feature Discovery in one cluster."""
    bring_it = [told for told in _charts(manifests) if told.value(*_NFD) is True]
    first = NODE_FEATURE_DISCOVERY if NODE_FEATURE_DISCOVERY in manifests.derived(chart_names) else ""
    if not first and bring_it:
        first = bring_it.pop(0).chart.name
    for told in bring_it:
        how = "is true" if told.said(*_NFD) is not None else "is true by default"
        message = f"nfd.enabled {how}, and the chart {first} of the set brings Node Feature Discovery, too"
        yield told.problem("node-feature-discovery-twice", _NFD, message, "set nfd.enabled: false here")


@rule("nic-label-set-by-nobody", kinds=_KINDS)
def nic_label(manifests: ManifestSet) -> Iterator[Problem]:
    """Find the chart's rule for nodes with NICs switched off where nothing else of the set labels these."""
    told = manifests.derived(told_network_operator)
    keys = ("nfd", "deployNodeFeatureRules")
    if told is None or told.value(*keys) is not False or not manifests.derived(Installed).policies:
        return
    others = manifests.derived(told_gpu_operator)  # whose Node Feature Discovery labels NICs by itself
    labelled = others is not None and others.value(*_NFD) is not False
    if not labelled and not manifests.by_kind.get("NodeFeatureRule") and not _whitelists_nics(told):
        message = f"no node gets {NIC_LABEL}, by which the operator finds its nodes: the set has no rule that sets it"
        yield told.problem("nic-label-set-by-nobody", keys, message, None)


def _whitelists_nics(told: Told) -> bool:
    """Say whether Node Feature Discovery's worker is told to label network devices."""
    classes = told.value(NODE_FEATURE_DISCOVERY, "worker", "config", "sources", "pci", "deviceClassWhitelist")
    return any(str(one).startswith("02") for one in sequence(classes))


@rule("nfd-config-hides-label", "nfd-config-invalid", kinds=_KINDS)
def discovery_configs(manifests: ManifestSet) -> Iterator[Problem]:
    """Find configurations of Node Feature Discovery with which nodes do not get the label of an InfiniBand NIC."""
    network = manifests.derived(told_network_operator)
    by_chart = network is not None and network.value("nfd", "deployNodeFeatureRules") is not False
    for told in _charts(manifests):
        if told.value(*_NFD) is False:
            continue
        for values, program, keys in _configs_of_discovery(told):
            from aksrdma.checks.relation.nfd_configs import config_problems, sets_nic_label  # few values have one

            labelled = by_chart or sets_nic_label(manifests)
            for one in config_problems(program, values.value(*keys), keys, labelled=labelled):
                # By itself the GPU Operator has no use for a label of NICs.
                if one.rule == "nfd-config-invalid" or network is not None or manifests.derived(Installed).policies:
                    path = tuple(step for step in one.path if step is not None)
                    yield values.problem(one.rule, path, one.message, one.fix, one.severity)


def _configs_of_discovery(told: Told) -> Iterator[tuple[ChartValues, Program, Keys]]:
    programs: tuple[tuple[str, Program], ...] = (("worker", "nfd-worker"), ("master", "nfd-master"))
    for values in told.values:
        for part, program in programs:
            keys = (NODE_FEATURE_DISCOVERY, part, "config")
            if isinstance(values.value(*keys), dict):
                yield values, program, keys


@rule("service-monitor-without-prometheus", kinds=_KINDS | {"ClusterPolicy"})
def monitors(manifests: ManifestSet) -> Iterator[Problem]:
    """Note monitors that need the kinds of Prometheus Operator, where nothing of the set speaks of it."""
    if any("prometheus" in name for name in manifests.derived(chart_names)) or _has_group(
        manifests, "monitoring.coreos.com"
    ):
        return
    network = manifests.derived(told_network_operator)
    for told in (*manifests.derived(policies), *(() if network is None else (network,))):
        release = release_of(told.values[-1], manifests)
        for row in told.chart.monitors:
            keys = tuple(row.key.split("."))
            if told.value(*keys) is not True or told.value(*row.beside.split(".")) is False:
                continue
            is_fine = release is not None and row.until is not None and catalog.holds_in(release, row.until, None)
            if not is_fine and not told.value(*row.labels.split(".")):
                message = f"needs the kinds of Prometheus Operator: without them {row.what}"
                yield told.problem("service-monitor-without-prometheus", keys, message)


@rule("webhook-without-cert-manager", kinds=_KINDS)
def certificates(manifests: ManifestSet) -> Iterator[Problem]:
    """Note a webhook that needs cert-manager, where nothing of the set speaks of it."""
    told = manifests.derived(told_network_operator)
    if told is None or told.value(*_WEBHOOK) is not True:
        return
    if told.value("operator", "admissionController", "useCertManager") is not True:
        return
    in_set = "cert-manager" in manifests.derived(chart_names) or _has_group(manifests, "cert-manager.io")
    if not in_set and not manifests.derived(Installed).runs("cert-manager"):
        message = "the webhook gets its certificate from cert-manager, and helm cannot install it without that"
        yield told.problem("webhook-without-cert-manager", _WEBHOOK, message, "install cert-manager first")


def _has_group(manifests: ManifestSet, group: str) -> bool:
    return any(one.api_version.startswith(f"{group}/") for one in manifests.unknown)


@rule("sriov-network-operator-without-pf", kinds=_KINDS)
def functions(manifests: ManifestSet) -> Iterator[Problem]:
    """Find an SR-IOV Network Operator on VM sizes whose NICs are virtual functions already."""
    told = manifests.derived(told_network_operator)
    sizes = [catalog.vm_size(name) for name in manifests.vm_sizes if name in catalog.vm_sizes()]
    keys = ("sriovNetworkOperator", "enabled")
    if told is None or told.value(*keys) is not True or not sizes or not all(size.infiniband.sriov for size in sizes):
        return
    message = f"it makes virtual functions of a physical one, and {sizes[0].name} has virtual functions alone"
    yield told.problem("sriov-network-operator-without-pf", keys, message, "set sriovNetworkOperator.enabled: false")


@rule("gpu-operator-misses-tainted-pools", "nfd-misses-tainted-pools", kinds=_KINDS | {"ClusterPolicy"})
def tainted_pools(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pools of the cluster file on whose nodes something does not run that they need, for a taint of theirs."""
    if manifests.cluster is None or not any(pool.taints for pool in manifests.cluster.node_pools):
        return
    pools = [pool for pool in manifests.cluster.node_pools if not catalog.for_general_use(pool.vm_size)]
    for told in _charts(manifests):
        if told.value(*_NFD) is True:
            keys = (NODE_FEATURE_DISCOVERY, "worker", "tolerations")
            for pool, taint in _missed(told, keys, told.chart.nfd_tolerations, pools):
                message = f"Node Feature Discovery does not run on the pool {pool}: its taint {taint} is not tolerated"
                fix = f"add a toleration of {taint} to {'.'.join(keys)}"
                yield told.problem("nfd-misses-tainted-pools", keys, message, fix)
    with_gpus = [pool for pool in pools if _has_nvidia_gpus(pool.vm_size)]
    for told in manifests.derived(policies):
        of_daemons = ("daemonsets", "tolerations")
        for pool, taint in _missed(told, of_daemons, told.chart.daemonset_tolerations, with_gpus):
            message = f"the GPU Operator's pods do not run on the pool {pool}: its taint {taint} is not tolerated"
            fix = f"add a toleration of {taint} to {'.'.join(of_daemons)}"
            yield told.problem("gpu-operator-misses-tainted-pools", of_daemons, message, fix)


def _missed(
    told: Told, keys: tuple[str, ...], default: Sequence[Mapping[str, str]], pools: Sequence[NodePool]
) -> Iterator[tuple[str, Taint]]:
    """Yield each pool with a taint that keeps pods away which have the tolerations of a list, or by default."""
    said = told.said(*keys)
    if said is None and told.is_part:
        return
    listed = default if said is None else sequence(said.value(*keys))
    tolerations = [toleration_of(one) for one in listed if isinstance(one, Mapping)]
    for pool in pools:
        for taint in map(Taint.of, pool.taints):
            if taint.effect in EVICTING and not any(one.tolerates(taint) for one in tolerations):
                yield pool.name, taint


def _has_nvidia_gpus(vm_size: str) -> bool:
    if vm_size not in catalog.vm_sizes():
        return False
    gpu = catalog.vm_size(vm_size).gpu
    return gpu is not None and gpu.vendor == "nvidia"
