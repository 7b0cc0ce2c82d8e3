"""Whether ranges and pools hold an address for each pod, and each node, of the set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.plugins.features import NIC_LABEL
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.findings import Problem
from aksrdma.kube.kinds import NETWORK_KINDS, POOL_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.relation.facts import Facts
    from aksrdma.checks.relation.facts_views import Attachment, SetPool
    from aksrdma.checks.sets import ManifestSet

_AGENT_POOL: Final = "kubernetes.azure.com/agentpool"


@rule(
    "ipam-capacity-too-small",
    "ippool-block-too-small-for-pods",
    "ippool-too-few-blocks",
    kinds=NETWORK_KINDS | POOL_KINDS,
)
def capacity(manifests: ManifestSet) -> Iterator[Problem]:
    """Find ranges with too few addresses for the pods that ask for them."""
    facts = facts_of(manifests)
    yield from _networks(facts)
    attached = _by_pool(facts)
    for pool in facts.pools:
        if pool.pool is not None:
            yield from _blocks(pool, manifests)
            yield from _block_size(pool, attached.get((pool.kind, pool.name), []), manifests)


def _networks(facts: Facts) -> Iterator[Problem]:
    for network in facts.all_networks:
        pods = sum(found.pods or 0 for found in facts.pods_attached.get(network.key, ()))
        for ipam in network.ipams:
            room = ipam.capacity if ipam.type == "whereabouts" else None
            if room is not None and room < pods:
                smallest = min(ipam.ranges, key=lambda one: one.capacity)
                message = f"{smallest.network} holds {room} addresses for the {pods} pods that ask for {network.name!r}"
                yield Problem("ipam-capacity-too-small", smallest.path, message, document=network.document)


def _blocks(pool: SetPool, manifests: ManifestSet) -> Iterator[Problem]:
    assert pool.pool is not None
    nodes = _selected_nodes(pool, manifests)
    if nodes is not None and pool.pool.blocks < nodes:
        size = pool.pool.block_size
        served = pool.pool.blocks
        message = f"{pool.pool.network} makes {served} blocks of {size}, one a node, for {nodes} nodes"
        path = ("spec", "subnet" if pool.kind == "IPPool" else "cidr")
        yield Problem("ippool-too-few-blocks", path, message, document=pool.document)


def _block_size(pool: SetPool, attached: list[Attachment], manifests: ManifestSet) -> Iterator[Problem]:
    assert pool.pool is not None
    room, pods = pool.pool.pods_per_node, _on_one_node(attached, manifests.nodes)
    if pods > room:
        message = f"a node has {room} addresses of this pool, but at least {pods} pods that ask for one"
        path = ("spec", "perNodeBlockSize" if pool.kind == "IPPool" else "perNodeNetworkPrefix")
        yield Problem("ippool-block-too-small-for-pods", path, message, document=pool.document)


def _on_one_node(attached: list[Attachment], nodes: int | None) -> int:
    """Return how many of the pods are on the fullest node at least, however they are spread."""
    everywhere = sum(1 for found in attached if found.document.kind == "DaemonSet")
    others = sum(found.pods or 0 for found in attached if found.document.kind != "DaemonSet")
    return everywhere + (-(-others // nodes) if nodes else 0)


def _by_pool(facts: Facts) -> dict[tuple[str, str], list[Attachment]]:
    found: dict[tuple[str, str], list[Attachment]] = defaultdict(list)
    for network in facts.all_networks:
        for ipam in network.ipams:
            for name in ipam.pool_names:
                found[ipam.pool_kind, name] += facts.pods_attached.get(network.key, ())
    return found


def _selected_nodes(pool: SetPool, manifests: ManifestSet) -> int | None:
    """Return how many nodes of the set a pool is for, or None where its nodeSelector asks for what is not known."""
    selector = pool.document.value(("spec", "nodeSelector", "nodeSelectorTerms"))
    terms = selector if isinstance(selector, list) else []
    if not terms:
        return manifests.nodes
    asked = [entry for term in terms for entry in _expressions(term)]
    if all(entry.get("key") == NIC_LABEL for entry in asked):
        return manifests.nodes
    return _of_agent_pools(asked, manifests) if len(terms) == 1 else None


def _of_agent_pools(asked: list[dict[str, Any]], manifests: ManifestSet) -> int | None:
    named = [entry for entry in asked if entry.get("key") != NIC_LABEL]
    cluster = manifests.cluster
    if cluster is None or len(named) != 1 or named[0].get("key") != _AGENT_POOL or named[0].get("operator") != "In":
        return None
    values = named[0].get("values")
    counts = [pool.count for pool in cluster.node_pools if isinstance(values, list) and pool.name in values]
    return sum(count or 0 for count in counts) if all(count is not None for count in counts) else None


def _expressions(term: Any) -> list[dict[str, Any]]:
    found = term.get("matchExpressions") if isinstance(term, dict) else None
    return [entry for entry in (found if isinstance(found, list) else ()) if isinstance(entry, dict)]
