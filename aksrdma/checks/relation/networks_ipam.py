"""IPAM plugins of networks: that they are installed, and fit for more than one pod or node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.releases import before
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.checks.relation.facts_installed import installs
from aksrdma.findings import Problem, Severity
from aksrdma.kube.kinds import NETWORK_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.plugins.views import Ipam
    from aksrdma.checks.relation.facts_views import Attachment, SecondaryNetwork
    from aksrdma.checks.sets import ManifestSet

_REMOVED: Final = "v25.10.0"


@rule("whereabouts-removed-from-operator", "whereabouts-without-ipam-plugin", kinds=NETWORK_KINDS)
def whereabouts(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks that ask for whereabouts where nothing installs it."""
    facts = facts_of(manifests)
    asking = [(network, ipam) for network, ipam in _ipams(facts.all_networks) if ipam.type == "whereabouts"]
    if not asking or installs(manifests, "whereabouts"):
        return
    if not before(manifests, _REMOVED):
        for network, ipam in asking:
            yield _removed(network, ipam, certain=bool(facts.cluster_policies))
    elif facts.cluster_policies and not facts.deploys("secondaryNetwork", "ipamPlugin"):
        for network, ipam in asking:
            message = "nothing installs whereabouts: the NicClusterPolicy has no secondaryNetwork.ipamPlugin"
            yield Problem("whereabouts-without-ipam-plugin", ipam.top.at("type"), message, document=network.document)


def _removed(network: SecondaryNetwork, ipam: Ipam, *, certain: bool) -> Problem:
    # Without a policy the set is only a part of what goes to the cluster: whereabouts may come from elsewhere.
    severity: Severity | None = None if certain else "warning"
    unless = "" if certain else " unless whereabouts is installed on its own"
    message = f"the operator deploys no whereabouts from {_REMOVED} on: no pod of {network.name!r} starts{unless}"
    path = ipam.top.at("type")
    return Problem("whereabouts-removed-from-operator", path, message, severity=severity, document=network.document)


@rule("host-local-on-many-nodes", "static-ipam-with-replicas", kinds=NETWORK_KINDS)
def one_address(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks whose IPAM plugin gives several pods the same address."""
    facts = facts_of(manifests)
    for network, ipam in _ipams(facts.all_networks):
        attached = facts.pods_attached.get(network.key, ())
        if ipam.type == "host-local" and (manifests.nodes or 0) > 1 and _pods(attached) != 1:
            message = (
                f"host-local keeps its addresses on each node: {manifests.nodes} nodes hand out the same ones "
                f"in {network.name!r}"
            )
            yield Problem("host-local-on-many-nodes", ipam.top.at("type"), message, document=network.document)
        elif ipam.type == "static" and ipam.top.list("addresses"):
            pods = _pods(tuple(found for found in attached if not _own_addresses(found)))
            if pods is not None and pods > 1:
                message = f"static gives the same address to all {pods} pods that ask for {network.name!r}"
                yield Problem("static-ipam-with-replicas", ipam.top.at("addresses"), message, document=network.document)


def _ipams(networks: tuple[SecondaryNetwork, ...]) -> Iterator[tuple[SecondaryNetwork, Ipam]]:
    for network in networks:
        for ipam in network.ipams:
            yield network, ipam


def _pods(attached: tuple[Attachment, ...]) -> int | None:
    """Return how many pods there are for certain, or None where no pod of the set is attached."""
    return sum(found.pods or 0 for found in attached) if attached else None


def _own_addresses(attachment: Attachment) -> bool:
    element = attachment.reference.element
    return element is not None and bool(element.list("ips"))
