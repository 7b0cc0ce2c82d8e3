"""The configurations of nv-ipam's CNI part, of host-local and of static."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.addresses import parse_cidr
from aksrdma.checks.plugins.decode import Object, type_flaws
from aksrdma.checks.plugins.ipam import Ipam
from aksrdma.checks.plugins.ranges import AddressRange, BadRange, host_local_range, host_local_sets
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document
    from aksrdma.findings import FieldPath

_POOL_TYPES: Final = ("ippool", "cidrpool")
_HOST_FAILS: Final = "host-local fails at every pod start"


def nv_ipam(document: Document, manifests: ManifestSet, ipam: Ipam) -> Iterator[Problem]:
    """Judge a decoded nv-ipam configuration."""
    rule, top = "nvipam-cni-keys-invalid", ipam.top
    pools = top.text("poolName").split(",") if top.text("poolName") else []
    if len(pools) > 2:
        message = f"nv-ipam refuses poolName {top.text('poolName')!r}: it takes one pool, or two for two families"
        yield Problem(rule, top.at("poolName"), message, document=document)
    elif pools and not all(pool.strip() for pool in pools):
        message = f"nv-ipam refuses poolName {top.text('poolName')!r}: one of the names is empty"
        yield Problem(rule, top.at("poolName"), message, document=document)
    pool_type = top.text("poolType")
    if pool_type and pool_type.lower() not in _POOL_TYPES:
        message = f"nv-ipam refuses poolType {pool_type!r}: it knows {' and '.join(_POOL_TYPES)}"
        yield Problem(rule, top.at("poolType"), message, document=document)
    if top.flag("forcePoolName") and not pools:
        message = "nv-ipam refuses forcePoolName without a poolName"
        yield Problem(rule, top.at("forcePoolName"), message, document=document)


def static(document: Document, manifests: ManifestSet, ipam: Ipam) -> Iterator[Problem]:
    """Judge a decoded static configuration."""
    for entry in ipam.top.list("addresses"):
        if parse_cidr(entry.text("address")) is None:
            message = f"static fails at every pod start: {entry.text('address')!r} is no address with a prefix length"
            yield Problem("static-address-invalid", entry.at("address"), message, document=document)


def host_local(document: Document, manifests: ManifestSet, ipam: Ipam) -> Iterator[Problem]:
    """Judge a decoded host-local configuration."""
    rule = "host-local-range-invalid"
    sets = list(host_local_sets(ipam.top))
    broken = type_flaws(ipam.flaws)
    if not sets and not broken:
        yield Problem(rule, ipam.top.at("ranges"), f"{_HOST_FAILS}: there is no IP range", document=document)
    good: list[list[AddressRange]] = []
    for path, entries in () if broken else sets:
        if not entries:
            yield Problem(rule, path, f"{_HOST_FAILS}: the range set is empty", document=document)
        ranges = [host_local_range(entry) for entry in entries]
        yield from _bad_ranges(document, ranges)
        yield from _gateways(document, entries)
        good.append([found for found in ranges if isinstance(found, AddressRange)])
        yield from _set(document, path, good[-1])
    yield from _overlapping_sets(document, good)


def _bad_ranges(document: Document, ranges: list[AddressRange | BadRange]) -> Iterator[Problem]:
    for found in ranges:
        if isinstance(found, BadRange):
            rule = "ipam-prefix-too-small" if found.too_small else "host-local-range-invalid"
            yield Problem(rule, found.path, f"{_HOST_FAILS}: {found.reason}", document=document)


def _gateways(document: Document, entries: list[Object]) -> Iterator[Problem]:
    for entry in entries:
        gateway, subnet = entry.get("gateway"), entry.get("subnet")
        if gateway is not None and subnet is not None and gateway not in subnet[1]:
            message = f"the gateway {gateway} does not lie in {subnet[1]}, so pods cannot reach it"
            yield Problem("ipam-gateway-outside-range", entry.at("gateway"), message, document=document)


def _set(document: Document, path: FieldPath, ranges: list[AddressRange]) -> Iterator[Problem]:
    rule = "host-local-range-invalid"
    if len({found.network.bits for found in ranges}) > 1:
        yield Problem(rule, path, f"{_HOST_FAILS}: the range set mixes IPv4 and IPv6", document=document)
    for first, second in combinations(ranges, 2):
        if _overlap(first, second):
            message = f"{_HOST_FAILS}: {second.network} overlaps {first.network} of the same set"
            yield Problem(rule, second.path, message, document=document)


def _overlapping_sets(document: Document, sets: list[list[AddressRange]]) -> Iterator[Problem]:
    for first, second in combinations(sets, 2):
        clash = next((b for a in first for b in second if _overlap(a, b)), None)
        if clash is not None:
            message = f"{_HOST_FAILS}: {clash.network} overlaps a range of another set"
            yield Problem("host-local-range-invalid", clash.path, message, document=document)


def _overlap(one: AddressRange, other: AddressRange) -> bool:
    same = one.network.bits == other.network.bits
    return same and one.first <= other.last and other.first <= one.last
