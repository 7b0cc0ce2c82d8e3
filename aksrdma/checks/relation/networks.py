"""Secondary networks: the pods that ask for them, and the components, IPAM plugins and pools that they rely on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.plugins.ipam import Ipam
from aksrdma.checks.plugins.networks import NetworkReference, networks_annotation
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import (
    DEFAULT_NAMESPACE,
    OPERATOR_NAMESPACES,
    Attachment,
    Installed,
    SecondaryNetwork,
    on_host_network,
)
from aksrdma.checks.relation.pods import PodView, pods_of
from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube.kinds import NETWORK_KINDS, OPERATOR_NETWORKS, POOL_KINDS, WORKLOADS
from aksrdma.kube.train_jobs import CLUSTER_RUNTIME
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

OTHER_NETWORKS: Final = frozenset(
    {"OVSNetwork", "SriovIBNetwork", "SriovNetwork", "SpiderMultusConfig", "MultiNicNetwork"}
)
"""Kinds of other operators that make NetworkAttachmentDefinitions."""
_INSTALLERS: Final = {"cniPlugins": "cni-plugins", "ipoib": "ipoib-cni", "multus": "multus"}
"""Sections of `secondaryNetwork`, with the name by which a set may install the same on its own."""
_STANDARD_IPAM: Final = frozenset({"host-local", "static"})
"""IPAM plugins that come with the standard CNI plugins."""
_ALWAYS_THERE: Final = frozenset({DEFAULT_NAMESPACE, "kube-system", "kube-public", "kube-node-lease"})
_OPERATORS_WORD: Final = re.compile("operator|network|nvidia|mellanox|ipam")
"""What the namespace of a pool is called that may well be the operator's."""
_STANDALONE: Final = "kube-system"
"""Where the guide of nv-ipam alone puts pools."""


@rule("network-annotation-unknown-network", "network-annotation-wrong-namespace", kinds=WORKLOADS)
def references(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks that pods ask for and that are not there, or not where Multus looks for them."""
    installed = manifests.derived(Installed)
    if not installed.all_networks or manifests.unknown_kinds & OTHER_NETWORKS:
        return
    for pod in pods_of(manifests):
        for reference in _references(pod):
            named = installed.networks_by_name.get(reference.name, [])
            if not named:
                severity, unless = _if_all_is_here(manifests)
                message = (
                    f"no network of the set is named {reference.name!r}: the pod stays in ContainerCreating{unless}"
                )
                near = nearest(reference.name, installed.networks_by_name)
                fix = f"write {near[0]}, or add the network" if near else None
                rule_id, path = "network-annotation-unknown-network", _place(reference, "name")
                yield Problem(rule_id, path, message, fix, severity=severity, document=pod.document)
            # The pods of a ClusterTrainingRuntime are in the namespace of each TrainJob, which is not known here.
            elif reference.namespace or pod.document.kind != CLUSTER_RUNTIME:
                namespace = reference.namespace or pod.document.namespace or DEFAULT_NAMESPACE
                if (namespace, reference.name) not in installed.networks:
                    yield _elsewhere(pod, reference, namespace, named[0], manifests)


def _if_all_is_here(manifests: ManifestSet) -> tuple[Severity | None, str]:
    """Return how severe it is that the set lacks a network or pool, and what else could be the case.

    Without a cluster file and a policy the set is a part of what is on the cluster: somebody else may have made it.
    """
    whole = manifests.cluster is not None or bool(manifests.derived(Installed).cluster_policies)
    return (None, "") if whole else ("warning", ", unless it is on the cluster already")


def _references(pod: PodView) -> tuple[NetworkReference, ...]:
    # The annotation of a TrainJob's pods stands on its runtime, which is judged itself.
    return networks_annotation(pod.template) if pod.trained is None else ()


def _elsewhere(
    pod: PodView, reference: NetworkReference, namespace: str, network: SecondaryNetwork, manifests: ManifestSet
) -> Problem:
    where = f"{network.document.kind} {reference.name} is in namespace {network.namespace}"
    fix = f"write {network.namespace}/{reference.name}, or move the network to {namespace}"
    if reference.namespace:
        severity, unless = _if_all_is_here(manifests)
        message = f"{where} and not in {namespace}: the pod stays in ContainerCreating{unless}"
        rule_id, path = "network-annotation-unknown-network", _place(reference, "namespace")
        return Problem(rule_id, path, message, fix, severity=severity, document=pod.document)
    severity = None
    message = f"{where}, and Multus looks for a bare name in that of the pod, {namespace}"
    if not pod.document.namespace:
        message = f"{where}, and the pod names no namespace: it works only where it is applied to {network.namespace}"
        severity = "warning"
    rule_id, path = "network-annotation-wrong-namespace", _place(reference, "name")
    return Problem(rule_id, path, message, fix, severity=severity, document=pod.document)


def _place(reference: NetworkReference, key: str) -> FieldPath:
    return reference.element.at(key) if reference.element is not None else reference.path


@rule("ipoib-pod-without-rdma-resource", kinds=WORKLOADS)
def ipoib_without_rdma(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods on an IPoIB network that may lock memory for RDMA and take no RDMA device."""
    installed, resources = manifests.derived(Installed), manifests.derived(Resources)
    for pod in pods_of(manifests) if installed.all_networks else ():
        if pod.is_launcher or resources.names_in(pod) or on_host_network(pod.template):
            continue
        asked = (installed.network_of(pod.document, reference) for reference in _references(pod))
        if not any(network is not None and network.document.kind == "IPoIBNetwork" for network in asked):
            continue
        for container in pod.containers:
            path = None if container.privileged or container.claims else container.adds("IPC_LOCK")
            if path is not None:
                message = "the pod gets an IP address on InfiniBand, and IPC_LOCK without a device for RDMA"
                yield Problem("ipoib-pod-without-rdma-resource", path, message, document=pod.document)


@rule("ipoib-network-without-cni-components", kinds={"IPoIBNetwork"})
def components(manifests: ManifestSet) -> Iterator[Problem]:
    """Find IPoIBNetworks for which the policy deploys too little; one finding says all that is missing."""
    installed = manifests.derived(Installed)
    if not installed.cluster_policies:
        return
    for network in installed.all_networks:
        if network.document.kind != "IPoIBNetwork":
            continue
        needed = ["multus", "ipoib"]
        if any(ipam.type in _STANDARD_IPAM for ipam in network.ipams):
            needed.append("cniPlugins")
        absent = [name for name in needed if not installed.deploys("secondaryNetwork", name)]
        missing = [name for name in absent if not installed.runs(_INSTALLERS[name])]
        if missing:
            sections = " and ".join(f"secondaryNetwork.{name}" for name in missing)
            message = f"no pod gets the network {network.name!r}: the NicClusterPolicy has no {sections}"
            fix = f"add {sections} to the NicClusterPolicy"
            rule_id = "ipoib-network-without-cni-components"
            yield Problem(rule_id, ("kind",), message, fix=fix, document=network.document)
            return


@rule("network-namespace-absent-in-set", kinds=NETWORK_KINDS)
def namespaces(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks for a namespace that is not there when the operator makes their NetworkAttachmentDefinition.

    A set without any Namespace leaves them to somebody else and is not judged.
    """
    installed = manifests.derived(Installed)
    for network in installed.all_networks if installed.namespaces else ():
        named = network.document.value(("spec", "networkNamespace"))
        if network.document.kind not in OPERATOR_NETWORKS or not isinstance(named, str) or not named:
            continue
        if named not in installed.namespaces | _ALWAYS_THERE:
            message = f"the set creates namespaces, but not {named!r}, where the operator is to put this network"
            path = ("spec", "networkNamespace")
            yield Problem("network-namespace-absent-in-set", path, message, document=network.document)


@rule("whereabouts-removed-from-operator", "whereabouts-without-ipam-plugin", kinds=NETWORK_KINDS)
def whereabouts(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks that ask for whereabouts where nothing installs it."""
    installed = manifests.derived(Installed)
    asking = _using(installed, "whereabouts")
    if not asking or installed.runs("whereabouts"):
        return
    deployable = catalog.capability("whereabouts")
    for network, ipam in asking:
        path = ipam.top.at("type")
        if not deployable.holds_in(manifests.release):
            # Without a policy the set is only a part of what goes to the cluster: whereabouts may come from elsewhere.
            severity: Severity | None = None if installed.cluster_policies else "warning"
            unless = "" if installed.cluster_policies else " unless whereabouts is installed on its own"
            message = (
                f"the operator deploys no whereabouts from {deployable.boundary} on: "
                f"no pod of {network.name!r} starts{unless}"
            )
            rule_id = "whereabouts-removed-from-operator"
            yield Problem(rule_id, path, message, severity=severity, document=network.document)
        elif installed.cluster_policies and not installed.deploys("secondaryNetwork", "ipamPlugin"):
            message = "nothing installs whereabouts: the NicClusterPolicy has no secondaryNetwork.ipamPlugin"
            yield Problem("whereabouts-without-ipam-plugin", path, message, document=network.document)


@rule("host-local-on-many-nodes", "static-ipam-with-replicas", kinds=NETWORK_KINDS)
def one_address(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks whose IPAM plugin gives several pods the same address."""
    installed = manifests.derived(Installed)
    for network in installed.all_networks:
        attached = installed.pods_attached.get(network.key, ())
        for ipam in network.ipams:
            if ipam.type == "host-local" and (manifests.nodes or 0) > 1 and _pods(attached) != 1:
                message = (
                    f"host-local keeps its addresses on each node: {manifests.nodes} nodes hand out the same ones "
                    f"in {network.name!r}"
                )
                yield Problem("host-local-on-many-nodes", ipam.top.at("type"), message, document=network.document)
            elif ipam.type == "static" and ipam.top.list("addresses"):
                elements = [(found, found.reference.element) for found in attached]
                pods = _pods([found for found, element in elements if element is None or not element.list("ips")])
                if pods > 1:
                    message = f"static gives the same address to all {pods} pods that ask for {network.name!r}"
                    path = ipam.top.at("addresses")
                    yield Problem("static-ipam-with-replicas", path, message, document=network.document)


def _pods(attached: Sequence[Attachment]) -> int:
    """Return how many pods there are for certain."""
    return sum(found.pods or 0 for found in attached)


def _using(installed: Installed, plugin: str) -> list[tuple[SecondaryNetwork, Ipam]]:
    return [(network, ipam) for network in installed.all_networks for ipam in network.ipams if ipam.type == plugin]


@rule("nvipam-not-deployed", "nvipam-pool-missing", "nvipam-pool-namespace", kinds=NETWORK_KINDS | POOL_KINDS)
def nv_ipam(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks and pools of nv-ipam that give pods no address."""
    installed = manifests.derived(Installed)
    asking = _using(installed, "nv-ipam")
    deployed = installed.deploys("nvIpam") or installed.runs("nv-ipam", "nvidia-k8s-ipam")
    if installed.cluster_policies and not deployed:
        message = "nothing deploys nv-ipam: the NicClusterPolicy has no spec.nvIpam"
        if asking:
            network, ipam = asking[0]
            yield Problem("nvipam-not-deployed", ipam.top.at("type"), message, document=network.document)
        elif installed.pools:
            yield Problem("nvipam-not-deployed", ("kind",), message, document=installed.pools[0].document)
    if installed.pools or installed.cluster_policies:
        yield from _missing_pools(asking, installed, *_if_all_is_here(manifests))
    yield from _unseen_pools(installed)


def _missing_pools(
    asking: list[tuple[SecondaryNetwork, Ipam]], installed: Installed, severity: Severity | None, unless: str
) -> Iterator[Problem]:
    known: dict[str, dict[str, None]] = {"IPPool": {}, "CIDRPool": {}}
    for pool in installed.pools:
        known[pool.kind][pool.name] = None
    for network, ipam in asking:
        for name in ipam.pool_names if all(ipam.pool_names) else ():
            if name in known[ipam.pool_kind]:
                continue
            named = ipam.top.text("poolName")
            own = "" if named else ", which is what a network without a poolName draws from"
            message = (
                f"pods of {network.name!r} get no address{unless}: the set has no {ipam.pool_kind} named {name!r}{own}"
            )
            other = next((kind for kind, names in known.items() if name in names), None)
            near = nearest(name, known[ipam.pool_kind])
            fix = f"write {near[0]!r}, or create {name!r}" if near else None
            if other is not None:
                fix = f'write "poolType": "{other.lower()}": {name!r} is a {other}'
            path = ipam.top.at("poolName" if named else "type")
            yield Problem("nvipam-pool-missing", path, message, fix, severity=severity, document=network.document)


def _unseen_pools(installed: Installed) -> Iterator[Problem]:
    rule_id, path = "nvipam-pool-namespace", ("metadata", "namespace")
    operator = installed.operator_namespace
    of_pods = {DEFAULT_NAMESPACE, *(network.namespace for network in installed.all_networks)} - set(OPERATOR_NAMESPACES)
    for pool in installed.pools:
        severity: Severity | None = None
        fix = None
        if not pool.namespace or pool.namespace == operator:
            continue
        if operator is not None:
            message = (
                f"nv-ipam does not see a pool in {pool.namespace!r}: it reads those of the operator's namespace alone"
            )
            fix = f"move it to {operator}"
        elif pool.namespace in of_pods:
            message = f"nv-ipam reads pools of the operator's namespace alone; {pool.namespace!r} is that of pods"
        elif pool.namespace == _STANDALONE and installed.deploys("nvIpam"):
            message = (
                f"nv-ipam, deployed by the operator, reads pools of the operator's namespace, not of {_STANDALONE}"
            )
            severity = "warning"
        elif pool.namespace != _STANDALONE and not _OPERATORS_WORD.search(pool.namespace):
            guides = " or ".join(OPERATOR_NAMESPACES)
            message = (
                f"nv-ipam reads pools of the operator's namespace alone, in the guides {guides}, and this one is in "
                f"{pool.namespace!r}"
            )
            severity = "warning"
        else:
            continue
        yield Problem(rule_id, path, message, fix, severity=severity, document=pool.document)
