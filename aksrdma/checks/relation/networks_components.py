"""What a network needs around it: Multus and the CNI plugins, and the namespace that it is for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.kinds import OPERATOR_NETWORKS
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import DEFAULT_NAMESPACE, facts_of
from aksrdma.checks.relation.facts_installed import installs
from aksrdma.findings import Problem
from aksrdma.kube.kinds import NETWORK_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.relation.facts import Facts
    from aksrdma.checks.relation.facts_views import SecondaryNetwork
    from aksrdma.checks.sets import ManifestSet

_INSTALLERS: Final = {"cniPlugins": "cni-plugins", "ipoib": "ipoib-cni", "multus": "multus"}
"""Sections of `secondaryNetwork`, with the name by which a set may install the same on its own."""
_STANDARD_IPAM: Final = frozenset({"host-local", "static"})
_ALWAYS_THERE: Final = frozenset({DEFAULT_NAMESPACE, "kube-system", "kube-public", "kube-node-lease"})


@rule("ipoib-network-without-cni-components", kinds={"IPoIBNetwork"})
def components(manifests: ManifestSet) -> Iterator[Problem]:
    """Find IPoIBNetworks for which the policy deploys too little; one finding says all that is missing."""
    facts = facts_of(manifests)
    if not facts.cluster_policies:
        return
    for network in facts.all_networks:
        missing = _missing(network, facts, manifests) if network.document.kind == "IPoIBNetwork" else []
        if missing:
            sections = " and ".join(f"secondaryNetwork.{name}" for name in missing)
            message = f"no pod gets the network {network.name!r}: the NicClusterPolicy has no {sections}"
            fix = f"add {sections} to the NicClusterPolicy"
            yield Problem(
                "ipoib-network-without-cni-components", ("kind",), message, fix=fix, document=network.document
            )
            return


def _missing(network: SecondaryNetwork, facts: Facts, manifests: ManifestSet) -> list[str]:
    needed = ["multus", "ipoib"]
    if any(ipam.type in _STANDARD_IPAM for ipam in network.ipams):
        needed.append("cniPlugins")
    absent = [name for name in needed if not facts.deploys("secondaryNetwork", name)]
    return [name for name in absent if not installs(manifests, _INSTALLERS[name])]


@rule("network-namespace-absent-in-set", kinds=NETWORK_KINDS)
def namespaces(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks for a namespace that is not there when the operator makes their NetworkAttachmentDefinition.

    A set without any Namespace leaves them to somebody else and is not judged.
    """
    facts = facts_of(manifests)
    for network in facts.all_networks if facts.namespaces else ():
        named = network.document.value(("spec", "networkNamespace"))
        if network.document.kind not in OPERATOR_NETWORKS or not isinstance(named, str) or not named:
            continue
        if named not in facts.namespaces | _ALWAYS_THERE:
            message = f"the set creates namespaces, but not {named!r}, where the operator is to put this network"
            path = ("spec", "networkNamespace")
            yield Problem("network-namespace-absent-in-set", path, message, document=network.document)
