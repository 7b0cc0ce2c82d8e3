"""nv-ipam: that it is deployed, and that the pools which networks name are where it looks for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import DEFAULT_NAMESPACE, OPERATOR_NAMESPACES, facts_of
from aksrdma.checks.relation.facts_installed import installs
from aksrdma.findings import Problem
from aksrdma.kube.kinds import NETWORK_KINDS, POOL_KINDS
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.plugins.views import Ipam
    from aksrdma.checks.relation.facts import Facts
    from aksrdma.checks.relation.facts_views import SecondaryNetwork, SetPool
    from aksrdma.checks.sets import ManifestSet

_STANDALONE = "kube-system"
"""Where the guide of nv-ipam alone puts pools."""


@rule("nvipam-not-deployed", "nvipam-pool-missing", "nvipam-pool-namespace", kinds=NETWORK_KINDS | POOL_KINDS)
def nv_ipam(manifests: ManifestSet) -> Iterator[Problem]:
    """Find networks and pools of nv-ipam that give pods no address."""
    facts = facts_of(manifests)
    asking = [(network, ipam) for network in facts.all_networks for ipam in network.ipams if ipam.type == "nv-ipam"]
    if facts.cluster_policies and not facts.deploys("nvIpam") and not installs(manifests, "nv-ipam", "nvidia-k8s-ipam"):
        yield from _not_deployed(asking, facts.pools)
    if facts.pools or facts.cluster_policies:
        known = {(pool.kind, pool.name) for pool in facts.pools}
        for network, ipam in asking:
            yield from _missing(network, ipam, facts, known)
    of_pods = _of_pods(facts)
    for pool in facts.pools:
        yield from _namespace(pool, facts, of_pods)


def _not_deployed(asking: list[tuple[SecondaryNetwork, Ipam]], pools: tuple[SetPool, ...]) -> Iterator[Problem]:
    rule = "nvipam-not-deployed"
    message = "nothing deploys nv-ipam: the NicClusterPolicy has no spec.nvIpam"
    for network, ipam in asking[:1]:
        yield Problem(rule, ipam.top.at("type"), message, document=network.document)
    for pool in () if asking else pools[:1]:
        yield Problem(rule, ("kind",), message, document=pool.document)


def _missing(
    network: SecondaryNetwork, ipam: Ipam, facts: Facts, known: Collection[tuple[str, str]]
) -> Iterator[Problem]:
    for name in ipam.pool_names if all(ipam.pool_names) else ():
        if (ipam.pool_kind, name) in known:
            continue
        own = "" if ipam.top.text("poolName") else ", which is what a network without a poolName draws from"
        message = f"pods of {network.name!r} get no address: the set has no {ipam.pool_kind} named {name!r}{own}"
        path = ipam.top.at("poolName" if ipam.top.text("poolName") else "type")
        yield Problem("nvipam-pool-missing", path, message, fix=_pool_fix(ipam, name, facts), document=network.document)


def _pool_fix(ipam: Ipam, name: str, facts: Facts) -> str | None:
    other = next((pool.kind for pool in facts.pools if pool.name == name), None)
    if other is not None:
        return f'write "poolType": "{other.lower()}": {name!r} is a {other}'
    near = nearest(name, [pool.name for pool in facts.pools if pool.kind == ipam.pool_kind])
    return f"write {near[0]!r}, or create {name!r}" if near else None


def _namespace(pool: SetPool, facts: Facts, of_pods: Collection[str]) -> Iterator[Problem]:
    if not pool.namespace:
        return
    rule, path = "nvipam-pool-namespace", ("metadata", "namespace")
    operator = facts.operator_namespace
    if operator is not None and pool.namespace != operator:
        message = f"nv-ipam does not see a pool in {pool.namespace!r}: it reads those of the operator's namespace alone"
        yield Problem(rule, path, message, fix=f"move it to {operator}", document=pool.document)
    elif operator is None and pool.namespace in of_pods:
        message = f"nv-ipam reads pools of the operator's namespace alone; {pool.namespace!r} is that of pods"
        yield Problem(rule, path, message, document=pool.document)
    elif operator is None and pool.namespace == _STANDALONE and facts.deploys("nvIpam"):
        message = f"nv-ipam, deployed by the operator, reads pools of the operator's namespace, not of {_STANDALONE}"
        yield Problem(rule, path, message, severity="warning", document=pool.document)


def _of_pods(facts: Facts) -> set[str]:
    return {DEFAULT_NAMESPACE, *(network.namespace for network in facts.all_networks)} - set(OPERATOR_NAMESPACES)
