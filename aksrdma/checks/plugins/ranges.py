"""Ranges of addresses as the IPAM plugins hand them out, and how many addresses they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aksrdma.checks.plugins.addresses import Address, Network, parse_address, parse_cidr
from aksrdma.checks.plugins.decode import Object
from aksrdma.findings import FieldPath


class Exclusion(NamedTuple):
    """An entry of whereabouts' `exclude`."""

    path: FieldPath
    text: str
    network: Network | None
    """None where it is neither a CIDR nor an address."""


class AddressRange(NamedTuple):
    """A range from which an IPAM plugin draws."""

    path: FieldPath
    """Where the range was written."""
    network: Network
    first: Address
    last: Address
    exclusions: tuple[Exclusion, ...] = ()
    ignored: tuple[tuple[FieldPath, str], ...] = ()
    """Bounds that the plugin ignores in silence: where, and why."""

    @property
    def capacity(self) -> int:
        """Addresses that can be handed out."""
        return self.last.value - self.first.value + 1 - self._excluded()

    def offers(self, address: Address) -> bool:
        """Say whether an address can be handed out."""
        inside = address.bits == self.first.bits and self.first <= address <= self.last
        return inside and not any(entry.network and address in entry.network for entry in self.exclusions)

    def _excluded(self) -> int:
        return covered(_clipped(self.first, self.last, (entry.network for entry in self.exclusions)))


class BadRange(NamedTuple):
    """A range that the plugin refuses."""

    path: FieldPath
    reason: str
    too_small: bool = False
    exclusions: tuple[Exclusion, ...] = ()


def covered(intervals: Iterable[tuple[int, int]]) -> int:
    """Return how many numbers lie in at least one of the intervals, whose ends belong to them."""
    count, reached = 0, None
    for start, end in sorted(intervals):
        begin = start if reached is None else max(start, reached + 1)
        count += max(0, end - begin + 1)
        reached = end if reached is None else max(reached, end)
    return count


def whereabouts_ranges(top: Object) -> Iterator[AddressRange | BadRange]:
    """Yield the ranges of a decoded whereabouts configuration: the one at its top, then `ipRanges`."""
    if top.text("range"):
        yield _whereabouts_range(top)
    for entry in top.list("ipRanges"):
        yield _whereabouts_range(entry)


def _whereabouts_range(entry: Object) -> AddressRange | BadRange:
    text, path = entry.text("range"), entry.at("range")
    exclusions = tuple(_exclusions(entry))
    start, dash, cidr = text.partition("-")
    found = parse_cidr(cidr if dash else text, sloppy=True)
    if found is None:
        return BadRange(path, f"{cidr if dash else text!r} is no CIDR", exclusions=exclusions)
    address, network = found
    if not dash:
        return _bounded(entry, network, _bound(entry, "range_start"), _bound(entry, "range_end"), exclusions)
    lowest = parse_address(start, sloppy=True)
    if lowest is None:
        return BadRange(path, f"{start!r} is no IP address", exclusions=exclusions)
    if lowest not in network:
        return BadRange(path, f"the start {lowest} does not lie in {network}", exclusions=exclusions)
    return _bounded(entry, network, (path, lowest), (path, address), exclusions)


_Bound = tuple[FieldPath, Address | str] | None


def _bounded(
    entry: Object, network: Network, start: _Bound, end: _Bound, exclusions: tuple[Exclusion, ...]
) -> AddressRange | BadRange:
    path = entry.at("range")
    if network.bits - network.length < 2:
        return BadRange(path, f"{network} has no address between its first and its last", too_small=True)
    usable = (network.first.plus(1), network.last.plus(-1))
    first, ignored_start = _choose(start, usable[0], usable, network.first)
    last, ignored_end = _choose(end, usable[1], (first, usable[1]), network.last)
    return AddressRange(path, network, first, last, exclusions, ignored_start + ignored_end)


def _choose(
    bound: _Bound, default: Address, allowed: tuple[Address, Address], harmless: Address
) -> tuple[Address, tuple[tuple[FieldPath, str], ...]]:
    if bound is None or bound[1] == harmless:
        return default, ()
    path, value = bound
    if isinstance(value, str):
        return default, ((path, f"{value!r} is no IP address"),)
    if value.bits != default.bits or not allowed[0] <= value <= allowed[1]:
        return default, ((path, f"{value} does not lie between {allowed[0]} and {allowed[1]}"),)
    return value, ()


def _bound(entry: Object, key: str) -> _Bound:
    value = entry.get(key)
    if isinstance(value, str) and value:
        return entry.at(key), parse_address(value, sloppy=True) or value
    return (entry.at(key), value) if isinstance(value, Address) else None


def _exclusions(entry: Object) -> Iterator[Exclusion]:
    for index, text in enumerate(entry.list("exclude")):
        yield Exclusion((*entry.at("exclude"), index), text, _excluded_network(text))


def _excluded_network(text: str) -> Network | None:
    found = parse_cidr(text)
    if found is not None:
        return found[1]
    address = parse_address(text)
    if address is not None and ":" in text and address.bits == 32:
        # whereabouts puts /32 behind it and reads that as IPv6, which covers no IPv4 address.
        return Network(Address(128, 0), 32)
    return Network(address, address.bits) if address is not None else None


def _clipped(first: Address, last: Address, blocks: Iterable[Network | None]) -> Iterator[tuple[int, int]]:
    for block in blocks:
        if block is not None and block.bits == first.bits:
            start, end = max(block.first.value, first.value), min(block.last.value, last.value)
            if start <= end:
                yield start, end


def host_local_sets(top: Object) -> Iterator[tuple[FieldPath, list[Object]]]:
    """Yield the range sets of a decoded host-local configuration: the one at its top, then `ranges`."""
    if top.get("subnet") is not None:
        yield top.at("subnet"), [top]
    for index, ranges in enumerate(top.list("ranges")):
        yield (*top.at("ranges"), index), ranges


def host_local_range(entry: Object) -> AddressRange | BadRange:
    """Return a range of host-local, which begins behind the network address and ends before broadcast."""
    path = entry.at("subnet")
    if entry.get("subnet") is None:
        return BadRange(path, "it has no subnet")
    written, network = entry.get("subnet")
    if network.bits - network.length < 2:
        return BadRange(path, f"{network} is too small to allocate from", too_small=True)
    if written != network.first:
        return BadRange(path, f"{written}/{network.length} has host bits set, the network is {network}")
    start, end = entry.get("rangeStart"), entry.get("rangeEnd")
    if start is not None and start not in network:
        return BadRange(entry.at("rangeStart"), f"rangeStart {start} does not lie in {network}")
    first = start or network.first.plus(1)
    if end is not None and end not in network:
        return BadRange(entry.at("rangeEnd"), f"rangeEnd {end} does not lie in {network}")
    if end is not None and end < first:
        return BadRange(entry.at("rangeEnd"), f"rangeEnd {end} lies before {first}, where the range starts")
    return AddressRange(path, network, first, end or _highest(network))


def _highest(network: Network) -> Address:
    return network.last.plus(-1) if network.bits == 32 else network.last
