"""Whether the ranges of secondary networks collide with AKS, with Azure's RDMA network, or with each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from aksrdma import catalog
from aksrdma.checks.plugins.views import Network, parse_cidr
from aksrdma.checks.register import rule
from aksrdma.checks.relation.addresses_blocks import Block, blocks
from aksrdma.checks.relation.facts import facts_of
from aksrdma.findings import Problem
from aksrdma.kube.kinds import NETWORK_KINDS, POOL_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_RDMA: Final = "azure-rdma"


class _Taken(NamedTuple):
    network: Network
    use: str


@rule(
    "ipoib-networks-overlap",
    "ipoib-range-in-azure-rdma-network",
    "ipoib-range-overlaps-cluster",
    "ipoib-range-reserved-by-aks",
    kinds=NETWORK_KINDS | POOL_KINDS,
)
def ranges(manifests: ManifestSet) -> Iterator[Problem]:
    """Find ranges whose addresses are in use elsewhere."""
    found = list(blocks(facts_of(manifests)))
    own = _of_cluster(manifests) if found else ()
    for block in found:
        yield from _collision("ipoib-range-overlaps-cluster", block, own)
        yield from _collision("ipoib-range-reserved-by-aks", block, _catalog("refused", rdma=False))
        yield from _collision("ipoib-range-in-azure-rdma-network", block, _catalog("refused", rdma=True))
    yield from _overlaps(found)


def _collision(rule: str, block: Block, taken: Iterable[_Taken]) -> Iterator[Problem]:
    hit = [f"{other.network} ({other.use})" for other in taken if other.network.overlaps(block.network)]
    if hit:
        yield Problem(rule, block.path, f"{block.network} overlaps {' and '.join(hit)}", document=block.document)


def _of_cluster(manifests: ManifestSet) -> tuple[_Taken, ...]:
    cluster = manifests.cluster
    if cluster is None:
        return _catalog("warned", rdma=False)
    asked = [(cluster.network.pod_cidr, "pods"), (cluster.network.service_cidr, "services")]
    asked += [(cidr, "the virtual network") for cidr in cluster.network.vnet_cidrs]
    return tuple(_taken(cidr, f"{use} of the cluster") for cidr, use in asked)


@cache
def _catalog(overlap: str, *, rdma: bool) -> tuple[_Taken, ...]:
    rows = [row for row in catalog.networks() if row.overlap == overlap and (row.name == _RDMA) is rdma]
    return tuple(_taken(row.cidr, row.use) for row in rows)


def _taken(cidr: str, use: str) -> _Taken:
    found = parse_cidr(cidr)
    if found is None:
        raise ValueError(f"{cidr!r} is no CIDR")
    return _Taken(found[1], use)


def _overlaps(found: list[Block]) -> Iterator[Problem]:
    """Sweep over the blocks by their first address, with the two guards that reach furthest."""
    order = {id(block): index for index, block in enumerate(found)}
    reach: list[tuple[str, Block]] = []
    for block in sorted(found, key=lambda one: (one.first, order[id(one)])):
        guard = block.guard or str(id(block.document))
        other = next((held for name, held in reach if name != guard and block.first <= held.last), None)
        if other is not None:
            early, late = sorted((block, other), key=lambda one: order[id(one)])
            message = f"{late.network} overlaps {early.network} of {early.document.label}: pods get the same addresses"
            yield Problem("ipoib-networks-overlap", late.path, message, document=late.document)
        reach = _furthest([*reach, (guard, block)])


def _furthest(reach: list[tuple[str, Block]]) -> list[tuple[str, Block]]:
    """Keep the block that reaches furthest, and the furthest of another guard."""
    ordered = sorted(reach, key=lambda entry: entry[1].last, reverse=True)
    return [ordered[0], *(entry for entry in ordered[1:] if entry[0] != ordered[0][0])][:2]
