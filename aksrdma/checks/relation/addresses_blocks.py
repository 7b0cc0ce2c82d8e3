"""The address ranges of a set, each with the object that it belongs to and the place where it was written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from aksrdma.checks.plugins.views import Address, Ipam, Network, parse_cidr
from aksrdma.findings import FieldPath

if TYPE_CHECKING:
    from aksrdma.checks.relation.facts import Facts
    from aksrdma.checks.relation.facts_views import SecondaryNetwork
    from aksrdma.documents import Document


class Block(NamedTuple):
    """Addresses that pods of a network get."""

    document: Document
    path: FieldPath
    network: Network
    """What a pod routes to the secondary interface."""
    first: Address
    last: Address
    guard: str | None = None
    """Who keeps blocks that overlap from handing out the same address: blocks with the same guard may overlap."""


def blocks(facts: Facts) -> Iterator[Block]:
    """Yield the ranges of all networks and pools that can be read."""
    for found in facts.all_networks:
        for ipam in found.ipams:
            yield from _of_ipam(found, ipam)
    for pool in facts.pools:
        if pool.pool is not None:
            path = ("spec", "subnet" if pool.kind == "IPPool" else "cidr")
            network = pool.pool.network
            yield Block(pool.document, path, network, network.first, network.last)


def _of_ipam(found: SecondaryNetwork, ipam: Ipam) -> Iterator[Block]:
    for one in ipam.ranges:
        yield Block(found.document, one.path, one.network, one.first, one.last, _guard(ipam))
    for entry in ipam.top.list("addresses") if ipam.type == "static" else ():
        written = parse_cidr(entry.text("address"))
        if written is not None:
            address, network = written
            yield Block(found.document, entry.at("address"), network, address, address)


def _guard(ipam: Ipam) -> str | None:
    # whereabouts looks at all ranges of a cluster together, unless it is told not to or its network has a name.
    if ipam.type != "whereabouts" or ipam.top.get("enable_overlapping_ranges") is False:
        return None
    return f"whereabouts {ipam.top.text('network_name')}"
