"""Which nodes get a block of a pool of nv-ipam, and whether pods find an address in it.

The controller cuts the blocks and hands them to the nodes one after the other (pkg/ipam-controller); the daemon of a node
draws the addresses of its block less what is excluded (pkg/ipam-node). They do not look at exclusions alike.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from aksrdma import catalog
from aksrdma.kube.addresses import Address, Network, overlapping, parse_address, parse_cidr
from aksrdma.kube.kinds import POOL_KINDS
from aksrdma.kube.values import integer, sequence, text

if TYPE_CHECKING:
    from aksrdma.documents import Document

POOL_GROUP: Final = "nv-ipam.nvidia.com/"
_Interval: TypeAlias = tuple[int, int]
"""The first and the last of some whole numbers."""


class Run(NamedTuple):
    """Nodes that follow each other in the order in which the controller serves them."""

    nodes: int
    barren: bool
    """Whether pods on them get no address."""


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
    index_exclusions: tuple[_Interval, ...]
    """First and last index of each exclusion that holds for every node's block."""
    static_blocks: tuple[tuple[int, bool], ...] = ()
    """The blocks that `staticAllocations` of a CIDRPool keeps, and whether a node is named that gets it."""

    @property
    def origin(self) -> int:
        """The address at which the first block begins."""
        return (self.network.first if self.kind == "CIDRPool" else first_address(self.network)).value

    @property
    def cut(self) -> int:
        """How many blocks the network makes."""
        room = self.network.size if self.kind == "CIDRPool" else possible_addresses(self.network)
        return room // self.block_size

    @property
    def usable(self) -> _Interval:
        """First and last index of a block that a pod may get: a prefix of a CIDRPool has its own network address."""
        if self.kind != "CIDRPool" or self.block_size <= 2:
            return 0, self.block_size - 1
        return 1, self.block_size - (2 if self.network.bits == 32 else 1)

    @property
    def pods_per_node(self) -> int:
        """How many pods of one node get an address, at least: its block may be the one that holds the gateway."""
        first, last = self.usable
        index = self.gateway_index
        gateway = -1 if self.gateway is None else self.gateway.value - self.origin
        # A block of one address that is the gateway goes to nobody.
        if 0 <= gateway < self.cut * self.block_size and self.block_size > 1:
            index = gateway % self.block_size
        left = _Numbers([(start, end) for start, end in self.index_exclusions if start <= end])
        taken = index is not None and first <= index <= last and not left.holds(index)
        return last - first + 1 - left.between(first, last) - int(taken)

    def runs(self, release: str) -> list[Run]:
        """Return the nodes that get a block of nv-ipam of a release, in the order of the blocks."""
        single = catalog.capability("nv-ipam-single-addresses").holds_in(release)
        if self.kind == "IPPool" and self.network.size == 2 and not single:
            return []  # it began behind the network address, of a /31 as well
        cuts = _Cuts(self, skipping=catalog.capability("nv-ipam-skips-excluded-blocks").holds_in(release))
        static = dict(self.static_blocks)
        found = [Run(1, cuts.status(block)[1]) for block, named in self.static_blocks if named]
        for first, last, (skipped, barren) in cuts.in_order(static):
            if not skipped and first not in static:
                found.append(Run(last - first + 1, barren))
        return found


class _Cuts:
    """What the controller and the daemon of the node make of each block: (left out, without an address).

    Args:
        pool: the pool.
        skipping: whether the controller leaves out blocks that are excluded as a whole, and there are perNodeExclusions;
            before, it handed them out like any other.
    """

    def __init__(self, pool: Pool, *, skipping: bool) -> None:
        self._size, self._count = pool.block_size, pool.cut
        self._first, self._last = pool.usable
        indexes = pool.index_exclusions if skipping else ()
        self._indexes = [(max(start, 0), min(end, self._last)) for start, end in indexes if start <= self._last]
        self._by_index, self._skipping = _Numbers(self._indexes), skipping
        origin = pool.origin
        self._gateway = None if pool.gateway is None else pool.gateway.value - origin
        self._gateway_index = pool.gateway_index
        self._own_network = pool.kind == "CIDRPool"
        found = [(start.value - origin, end.value - origin) for start, end in pool.exclusions]
        # The daemon refuses exclusions that overlap, of an IPPool all of them on every node.
        self._refused = _clash(self._indexes) or (not self._own_network and _clash(found))
        self._excluded = _Numbers(found)
        self._pieces: dict[int, list[_Interval]] = defaultdict(list)
        for start, end in found:
            ends = {start // self._size, end // self._size}
            for block in ends:
                low = start - block * self._size if start // self._size == block else self._first
                high = end - block * self._size if end // self._size == block else self._last
                self._pieces[block].append((low, high))
        plain = self._last - self._first + 1 - self._by_index.between(self._first, self._last)
        if self._gateway_index is not None and self._first <= self._gateway_index <= self._last:
            plain -= not self._by_index.holds(self._gateway_index)
        self._plain = (skipping and self._by_index.between(0, self._last) == self._last + 1, self._refused or plain < 1)

    def in_order(self, more: Iterable[int]) -> Iterator[tuple[int, int, tuple[bool, bool]]]:
        """Yield first and last block of each row of blocks of which the same holds; each of `more` is a row of its own."""
        alone = {*self._pieces, *more}
        if self._gateway is not None:
            alone.add(self._gateway // self._size)
        edges = {0}
        for start, end in self._excluded.intervals:
            edges |= {start // self._size + 1, end // self._size}
        edges |= {edge for block in alone for edge in (block, block + 1)}
        rows = sorted(edge for edge in edges if 0 <= edge < self._count)
        for first, after in zip(rows, [*rows[1:], self._count], strict=True):
            yield first, after - 1, self.status(first)

    def status(self, block: int) -> tuple[bool, bool]:
        """Return whether the controller leaves a block out, and whether its pods get no address."""
        start = block * self._size
        has_gateway = self._gateway is not None and start <= self._gateway < start + self._size
        pieces = self._pieces.get(block, [])
        if not pieces and not has_gateway:
            if not self._excluded.holds(start + self._last):
                return self._plain
            # In the middle of an exclusion, of which the daemon knows only where it finds one of its ends.
            return self._skipping, self._plain[1] if self._own_network else True
        within = [(low - start, high - start) for low, high in self._excluded.clipped(start, start + self._last)]
        skipped = self._skipping and self._taken_by(within, 0) == self._last + 1
        own = pieces if self._own_network else within
        crossed = any(low > high or self._by_index.between(low, high) for low, high in own) or _clash(own)
        free = self._last - self._first + 1 - self._taken_by(own, self._first)
        taken = (
            self._gateway_index if self._own_network else self._gateway - start if self._gateway is not None else None
        )
        if taken is not None and self._first <= taken <= self._last:
            free -= not (self._by_index.holds(taken) or any(low <= taken <= high for low, high in own))
        # A block of one address that is the gateway goes to nobody.
        return skipped or (has_gateway and self._size == 1), self._refused or crossed or free < 1

    def _taken_by(self, pieces: Sequence[_Interval], first: int) -> int:
        """Return how many indexes of a block, from one on, lie in pieces that do not overlap, or are excluded by index."""
        clipped = [(max(low, first), min(high, self._last)) for low, high in pieces]
        beside = (high - low + 1 - self._by_index.between(low, high) for low, high in clipped if low <= high)
        return self._by_index.between(first, self._last) + sum(beside)


class _Numbers:
    """Whole numbers, as intervals of which none touches another."""

    def __init__(self, intervals: Iterable[_Interval]) -> None:
        self.intervals: list[_Interval] = []
        for start, end in sorted(one for one in intervals if one[0] <= one[1]):
            if self.intervals and start <= self.intervals[-1][1] + 1:
                start, end = self.intervals[-1][0], max(end, self.intervals.pop()[1])
            self.intervals.append((start, end))
        self._starts = [start for start, _ in self.intervals]
        self._ends = [end for _, end in self.intervals]
        self._before = [0, *accumulate(end - start + 1 for start, end in self.intervals)]

    def clipped(self, first: int, last: int) -> list[_Interval]:
        """Return the intervals between two numbers."""
        some = self.intervals[bisect_left(self._ends, first) : bisect_right(self._starts, last)]
        return [(max(start, first), min(end, last)) for start, end in some]

    def between(self, first: int, last: int) -> int:
        """Return how many of the numbers lie between two, these included."""
        low, high = bisect_left(self._ends, first), bisect_right(self._starts, last)
        if low >= high:
            return 0
        outside = max(0, first - self._starts[low]) + max(0, self._ends[high - 1] - last)
        return self._before[high] - self._before[low] - outside

    def holds(self, number: int) -> bool:
        """Say whether a number is among them."""
        return self.between(number, number) == 1


def _clash(intervals: Sequence[_Interval]) -> bool:
    return next(overlapping(intervals), None) is not None


def pool_of(document: Document) -> Pool | None:
    """Return the view of a pool, or None where it is none of nv-ipam or its numbers cannot be read."""
    spec = document.data.get("spec")
    if not is_pool(document) or not isinstance(spec, dict):
        return None
    is_ip_pool = document.kind == "IPPool"
    network = network_of(spec.get("subnet" if is_ip_pool else "cidr"))
    size, length = integer(spec.get("perNodeBlockSize")), integer(spec.get("perNodeNetworkPrefix"))
    if not is_ip_pool:
        fits = network is not None and length is not None and network.length <= length <= network.bits
        size = 1 << (network.bits - length) if fits and network and length is not None else None
    if network is None or size is None or size < 1:
        return None
    indexes = [
        (integer(entry.get("startIndex")), integer(entry.get("endIndex")))
        for _, entry in entries(spec.get("perNodeExclusions"))
    ]
    static: dict[int, bool] = {}
    for _, entry in entries(None if is_ip_pool else spec.get("staticAllocations")):
        block = network_of(entry.get("prefix"))
        if block is not None and block.first in network:
            static[(block.first.value - network.first.value) // size] = bool(text(entry.get("nodeName")))
    return Pool(
        kind=document.kind,
        name=document.name,
        namespace=document.namespace,
        network=network,
        block_size=size,
        gateway=parse_address(text(spec.get("gateway"))) if is_ip_pool else None,
        gateway_index=None if is_ip_pool else integer(spec.get("gatewayIndex")),
        exclusions=tuple(filter(None, (exclusion_of(entry) for _, entry in entries(spec.get("exclusions"))))),
        index_exclusions=tuple((start, end) for start, end in indexes if start is not None and end is not None),
        static_blocks=tuple(static.items()),
    )


def exclusion_of(entry: dict[str, Any]) -> tuple[Address, Address] | None:
    """Return the first and the last address of an entry of `exclusions`, or None where it excludes nothing."""
    start, end = parse_address(text(entry.get("startIP"))), parse_address(text(entry.get("endIP")))
    fits = start is not None and end is not None and start.bits == end.bits and start <= end
    return (start, end) if fits and start is not None and end is not None else None


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


def network_of(value: Any) -> Network | None:
    """Return the network of a CIDR, or None where it is none."""
    found = parse_cidr(text(value))
    return found[1] if found else None


def entries(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a list with their indexes."""
    return ((index, entry) for index, entry in enumerate(sequence(value)) if isinstance(entry, dict))
