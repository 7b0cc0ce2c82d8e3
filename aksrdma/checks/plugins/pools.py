"""Typed views of nv-ipam's pools, with the arithmetic of its controller: how many nodes, how many pods on each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from aksrdma.checks.plugins.addresses import Address, Network, parse_address, parse_cidr
from aksrdma.checks.plugins.kinds import POOL_KINDS
from aksrdma.checks.plugins.ranges import covered

if TYPE_CHECKING:
    from aksrdma.documents import Document

POOL_GROUP: Final = "nv-ipam.nvidia.com/"


class Pool(NamedTuple):
    """An IPPool or CIDRPool of nv-ipam whose network and block size can be read."""

    kind: str
    name: str
    namespace: str
    network: Network
    """`subnet` of an IPPool, `cidr` of a CIDRPool."""
    block_size: int
    """Addresses that one node gets: `perNodeBlockSize`, or the size of a node's prefix."""
    gateway: Address | None
    """The gateway of an IPPool; each node's prefix of a CIDRPool has its own."""
    gateway_index: int | None
    """`gatewayIndex` of a CIDRPool."""
    exclusions: tuple[tuple[Address, Address], ...]
    """First and last address of each exclusion."""
    index_exclusions: tuple[tuple[int, int], ...]
    """First and last index of each exclusion that holds for every node's block."""

    @property
    def blocks(self) -> int:
        """How many nodes get addresses."""
        if self.kind == "CIDRPool":
            return self.network.size // self.block_size
        whole = possible_addresses(self.network) // self.block_size
        return whole - covered(self._excluded_blocks(whole))

    @property
    def pods_per_node(self) -> int:
        """How many pods of one node get an address, at least: its block may be the one that holds the gateway."""
        size = possible_addresses(_block(self.network, self.block_size)) if self.kind == "CIDRPool" else self.block_size
        clipped = [(max(start, 0), min(end, size - 1)) for start, end in self.index_exclusions]
        index = self._gateway_index_in_block()
        taken = index is not None and not any(start <= index <= end for start, end in clipped)
        return size - covered(interval for interval in clipped if interval[0] <= interval[1]) - int(taken)

    def _gateway_index_in_block(self) -> int | None:
        if self.gateway is None:
            return self.gateway_index
        return (self.gateway.value - first_address(self.network).value) % self.block_size

    def _excluded_blocks(self, whole: int) -> Iterator[tuple[int, int]]:
        # A block that an exclusion covers wholly is given to no node.
        origin = first_address(self.network).value
        for start, end in self.exclusions:
            first = max(0, -(-(start.value - origin) // self.block_size))
            last = min(whole, (end.value + 1 - origin) // self.block_size) - 1
            if first <= last:
                yield first, last


def pool_of(document: Document) -> Pool | None:
    """Return the view of a pool, or None where it is none of nv-ipam or its numbers cannot be read."""
    spec = document.data.get("spec")
    if not is_pool(document) or not isinstance(spec, dict):
        return None
    is_ip_pool = document.kind == "IPPool"
    found = parse_cidr(_text(spec.get("subnet" if is_ip_pool else "cidr")))
    size = spec.get("perNodeBlockSize") if is_ip_pool else _prefix_size(found, spec.get("perNodeNetworkPrefix"))
    if found is None or not is_int(size) or size < 1:
        return None
    index = spec.get("gatewayIndex")
    return Pool(
        kind=document.kind,
        name=document.name,
        namespace=document.namespace,
        network=found[1],
        block_size=size,
        gateway=parse_address(_text(spec.get("gateway"))) if is_ip_pool else None,
        gateway_index=index if not is_ip_pool and is_int(index) else None,
        exclusions=tuple(_addresses(spec.get("exclusions"))),
        index_exclusions=tuple(_indexes(spec.get("perNodeExclusions"))),
    )


def is_pool(document: Document) -> bool:
    """Say whether a document is a pool of nv-ipam; other projects have an IPPool, too."""
    return document.kind in POOL_KINDS and document.api_version.startswith(POOL_GROUP)


def possible_addresses(network: Network) -> int:
    """Return how many addresses of a network nv-ipam uses: without the network's own, and without IPv4 broadcast."""
    if network.size <= 2:
        return network.size
    return network.size - (2 if network.bits == 32 else 1)


def first_address(network: Network) -> Address:
    """Return the first address that nv-ipam uses."""
    return network.first if network.size <= 2 else network.first.plus(1)


def is_int(value: Any) -> TypeGuard[int]:
    """Say whether a value is a whole number and not a truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def entries(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the mappings of a list with their indexes."""
    for index, entry in enumerate(value if isinstance(value, list) else ()):
        if isinstance(entry, dict):
            yield index, entry


def _prefix_size(found: tuple[Address, Network] | None, length: Any) -> int | None:
    if found is None or not is_int(length) or not found[1].length <= length <= found[1].bits:
        return None
    return 1 << (found[1].bits - length)


def _block(network: Network, size: int) -> Network:
    return Network(network.first, network.bits - (size.bit_length() - 1))


def _addresses(value: Any) -> Iterator[tuple[Address, Address]]:
    for _, entry in entries(value):
        start, end = parse_address(_text(entry.get("startIP"))), parse_address(_text(entry.get("endIP")))
        if start is not None and end is not None and start <= end:
            yield start, end


def _indexes(value: Any) -> Iterator[tuple[int, int]]:
    for _, entry in entries(value):
        if is_int(entry.get("startIndex")) and is_int(entry.get("endIndex")):
            yield entry["startIndex"], entry["endIndex"]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
