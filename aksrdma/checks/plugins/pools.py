"""nv-ipam's pools, judged as its own validation does.

Without nv-ipam's webhook a bad pool just gets no allocations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.checks.plugins.pool_blocks import (
    Pool,
    entries,
    exclusion_of,
    is_pool,
    network_of,
    pool_of,
    possible_addresses,
)
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube import names
from aksrdma.kube.addresses import Network, overlapping, parse_address, parse_cidr
from aksrdma.kube.kinds import POOL_KINDS
from aksrdma.kube.values import integer, sequence, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_RULE: Final = "ippool-field-invalid"
_REFUSED_ON_NODES: Final = "nv-ipam takes the pool and then refuses its exclusions on each node, so pods get no address"
_NEW_FIELDS: Final = {
    "routes": "nv-ipam-routes",
    "defaultGateway": "nv-ipam-default-gateway",
    "perNodeExclusions": "nv-ipam-per-node-exclusions",
}
"""By field of the spec, the capability with which it came."""


@rule(
    "ipam-gateway-not-an-ip",
    "ipam-gateway-outside-range",
    "ippool-block-size-one-old",
    "ippool-exclusions-overlap",
    "ippool-field-invalid",
    "nvipam-field-not-in-release",
    kinds=POOL_KINDS,
)
def pool(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find pools that nv-ipam refuses."""
    spec = document.data.get("spec")
    if not is_pool(document) or not isinstance(spec, dict):
        return
    for field, name in _NEW_FIELDS.items():
        capability = catalog.capability(name)
        if field in spec and not capability.holds_in(manifests.release):
            message = f"{field} came with {capability.boundary}; nv-ipam of {manifests.release} does not have it"
            yield Problem("nvipam-field-not-in-release", ("spec", field), message)
    if document.kind == "IPPool":
        yield from _ip_pool(spec, manifests.release)
    else:
        yield from _cidr_pool(spec, manifests.release)
    yield from _node_selector(spec.get("nodeSelector"))
    found = pool_of(document)
    if found is not None:
        yield from _overlaps(found, spec, manifests.release)


def _bad(path: FieldPath, reason: str) -> Problem:
    return Problem(_RULE, ("spec", *path), f"nv-ipam refuses the pool: {reason}")


def _ip_pool(spec: dict[str, Any], release: str) -> Iterator[Problem]:
    network, new = network_of(spec.get("subnet")), catalog.capability("nv-ipam-single-addresses")
    if isinstance(spec.get("subnet"), str) and network is None:
        yield _bad(("subnet",), f"subnet {spec['subnet']!r} is no CIDR")
    size = integer(spec.get("perNodeBlockSize"))
    if size is not None and size < 1:
        yield _bad(("perNodeBlockSize",), f"perNodeBlockSize is {size}, but must be at least 1")
    elif size == 1 and not new.holds_in(release):
        message = f"{new.older} of {release} refuses the pool: perNodeBlockSize must be at least 2"
        yield Problem("ippool-block-size-one-old", ("spec", "perNodeBlockSize"), message)
    elif size is not None and network is not None and size > possible_addresses(network):
        message = f"perNodeBlockSize {size} is above the {possible_addresses(network)} usable addresses of {network}"
        yield _bad(("perNodeBlockSize",), message)
    yield from _gateway(spec.get("gateway"), ("spec", "gateway"), network)
    yield from _exclusions(spec, network)
    if catalog.capability("nv-ipam-per-node-exclusions").holds_in(release):
        yield from _index_exclusions(spec, size)
    if new.holds_in(release):
        yield from _routes(spec, network, "gateway")


def _gateway(value: Any, path: FieldPath, network: Network | None) -> Iterator[Problem]:
    if not isinstance(value, str) or not value:
        return
    gateway = parse_address(value)
    if gateway is None:
        message = f"nv-ipam refuses the pool: the gateway {value!r} is no IP address"
        yield Problem("ipam-gateway-not-an-ip", path, message)
    elif network is not None and gateway not in network:
        message = f"nv-ipam refuses the pool: the gateway {gateway} is not part of {network}"
        yield Problem("ipam-gateway-outside-range", path, message, severity="error")


def _cidr_pool(spec: dict[str, Any], release: str) -> Iterator[Problem]:
    found, new = parse_cidr(text(spec.get("cidr"))), catalog.capability("nv-ipam-single-addresses")
    network, old = found[1] if found else None, not new.holds_in(release)
    if isinstance(spec.get("cidr"), str) and found is None:
        yield _bad(("cidr",), f"cidr {spec['cidr']!r} is no CIDR")
    elif found is not None and found[0] != found[1].first:
        yield _bad(("cidr",), f"cidr {spec['cidr']} has host bits set; the network is {found[1]}")
    if network is not None and network.size == 1 and old:
        yield _bad(("cidr",), f"{new.older} takes no single address as cidr: {network}")
    prefix = integer(spec.get("perNodeNetworkPrefix"))
    bits = network.bits if network else 128
    longest = bits - 1 if old else bits
    if prefix is not None and not 1 <= prefix <= longest:
        yield _bad(("perNodeNetworkPrefix",), f"perNodeNetworkPrefix {prefix} is not between 1 and {longest}")
    elif prefix is not None and network is not None and prefix < network.length:
        message = f"perNodeNetworkPrefix {prefix} is shorter than the prefix of cidr {network}"
        yield _bad(("perNodeNetworkPrefix",), message)
    fits = prefix is not None and network is not None and network.length <= prefix <= bits
    size = 1 << (bits - prefix) if fits and prefix is not None else None
    index = integer(spec.get("gatewayIndex"))
    if index is not None and size is not None:
        lowest, highest = (0, size - 1) if size <= 2 else (1, size - 1 if bits == 128 else size - 2)
        if not lowest <= index <= highest:
            yield _bad(("gatewayIndex",), f"gatewayIndex {index} is not between {lowest} and {highest}")
    yield from _static_allocations(spec, network, prefix)
    yield from _exclusions(spec, network)
    if catalog.capability("nv-ipam-per-node-exclusions").holds_in(release):
        yield from _index_exclusions(spec, size)
    if not old:
        yield from _routes(spec, network, "gatewayIndex")


def _static_allocations(spec: dict[str, Any], network: Network | None, prefix: int | None) -> Iterator[Problem]:
    seen: dict[str, set[str]] = {"nodeName": set(), "prefix": set()}
    for index, entry in entries(spec.get("staticAllocations")):
        path: FieldPath = ("staticAllocations", index)
        for key, values in seen.items():
            value = entry.get(key)
            if isinstance(value, str) and value and value in values:
                yield _bad((*path, key), f"{key} {value!r} is allocated twice")
            elif isinstance(value, str):
                values.add(value)
        written, block = entry.get("prefix"), network_of(entry.get("prefix"))
        if block is None:
            if isinstance(written, str):
                yield _bad((*path, "prefix"), f"prefix {written!r} is no CIDR")
            continue
        if parse_address(text(written).partition("/")[0]) != block.first:
            yield _bad((*path, "prefix"), f"prefix {written} has host bits set; the network is {block}")
        if prefix is not None and block.length != prefix:
            message = f"prefix {written} has not the length of perNodeNetworkPrefix, {prefix}"
            yield _bad((*path, "prefix"), message)
        if network is not None and not (block.first in network and block.length >= network.length):
            yield _bad((*path, "prefix"), f"prefix {written} does not lie in cidr {network}")
        yield from _gateway(entry.get("gateway"), ("spec", *path, "gateway"), block)


def _exclusions(spec: dict[str, Any], network: Network | None) -> Iterator[Problem]:
    for index, entry in entries(spec.get("exclusions")):
        bounds = [parse_address(text(entry.get(key))) for key in ("startIP", "endIP")]
        for key, address in zip(("startIP", "endIP"), bounds, strict=True):
            path = ("exclusions", index, key)
            if address is None and isinstance(entry.get(key), str):
                yield _bad(path, f"{key} {entry[key]!r} is no IP address")
            elif address is not None and network is not None and address not in network:
                yield _bad(path, f"{key} {address} does not lie in {network}")
        start, end = bounds
        if start is not None and end is not None and start.bits == end.bits and end < start:
            yield _bad(("exclusions", index, "endIP"), f"the exclusion ends at {end}, before {start}")


def _overlaps(found: Pool, spec: dict[str, Any], release: str) -> Iterator[Problem]:
    """Find exclusions that the daemon of a node refuses: RangeSet.Canonicalize of pkg/ipam-node/allocator."""
    places = [index for index, entry in entries(spec.get("exclusions")) if exclusion_of(entry) is not None]
    origin, size = found.network.first.value, found.block_size
    bounds = [(start.value - origin, end.value - origin) for start, end in found.exclusions]
    for late, early in overlapping(bounds):
        # Of a CIDRPool each node has the exclusions of which one end lies in its prefix.
        met = {end // size for end in bounds[late]} & {end // size for end in bounds[early]}
        if found.kind == "IPPool" or met:
            (first, last), (other_first, other_last) = found.exclusions[late], found.exclusions[early]
            message = f"{first} to {last} overlaps the exclusion {other_first} to {other_last}: {_REFUSED_ON_NODES}"
            yield Problem("ippool-exclusions-overlap", ("spec", "exclusions", places[late]), message)
    if catalog.capability("nv-ipam-per-node-exclusions").holds_in(release):
        for late, early in overlapping(found.index_exclusions):
            (start, end), (other_start, other_end) = found.index_exclusions[late], found.index_exclusions[early]
            message = f"index {start} to {end} overlaps the exclusion {other_start} to {other_end}: {_REFUSED_ON_NODES}"
            yield Problem("ippool-exclusions-overlap", ("spec", "perNodeExclusions"), message)


def _index_exclusions(spec: dict[str, Any], size: int | None) -> Iterator[Problem]:
    for index, entry in entries(spec.get("perNodeExclusions")):
        start, end = integer(entry.get("startIndex")), integer(entry.get("endIndex"))
        for key, value in (("startIndex", start), ("endIndex", end)):
            if value is not None and size is not None and not 0 <= value < size:
                message = f"{key} {value} is not between 0 and {size - 1}, the last index of a node's block"
                yield _bad(("perNodeExclusions", index, key), message)
        if start is not None and end is not None and end < start:
            message = f"the exclusion ends at index {end}, before {start}"
            yield _bad(("perNodeExclusions", index, "endIndex"), message)


def _routes(spec: dict[str, Any], network: Network | None, gateway: str) -> Iterator[Problem]:
    has_gateway, default = spec.get(gateway) not in (None, ""), spec.get("defaultGateway") is True
    if default and not has_gateway:
        yield _bad(("defaultGateway",), f"defaultGateway needs {gateway}")
    if spec.get("routes") and not has_gateway:
        yield _bad(("routes",), f"routes need {gateway}")
    for index, route in entries(spec.get("routes")):
        target, path = network_of(route.get("dst")), ("routes", index, "dst")
        if target is None and isinstance(route.get("dst"), str):
            yield _bad(path, f"dst {route['dst']!r} is no CIDR")
        elif target is not None and network is not None and target.bits != network.bits:
            yield _bad(path, f"dst {route['dst']} is of another address family than {network}")
        elif target is not None and target.length == 0 and default:
            yield _bad(path, "a default route clashes with defaultGateway")


def _node_selector(selector: Any) -> Iterator[Problem]:
    """Judge the node selector as Kubernetes judges that of a pod's node affinity, which nv-ipam asks to do it."""
    if not isinstance(selector, dict):
        return
    path: FieldPath = ("nodeSelector",)
    if not selector.get("nodeSelectorTerms"):
        yield _bad(path, "nodeSelector needs at least one of nodeSelectorTerms")
    for index, term in entries(selector.get("nodeSelectorTerms")):
        for key, judge in (("matchExpressions", _expression), ("matchFields", _field)):
            for number, requirement in entries(term.get(key)):
                yield from judge(requirement, (*path, "nodeSelectorTerms", index, key, number))


def _expression(requirement: dict[str, Any], path: FieldPath) -> Iterator[Problem]:
    key, operator = requirement.get("key"), requirement.get("operator")
    values = [value for value in sequence(requirement.get("values")) if isinstance(value, str)]
    if isinstance(key, str) and (reason := names.qualified_name(key)):
        yield _bad((*path, "key"), f"{key!r} is no label key: it {reason}")
    if operator in ("In", "NotIn") and not values:
        yield _bad((*path, "values"), f"{operator} needs values")
    elif operator in ("Exists", "DoesNotExist") and values:
        yield _bad((*path, "values"), f"{operator} takes no values")
    elif operator in ("Gt", "Lt") and len(values) != 1:
        yield _bad((*path, "values"), f"{operator} takes exactly one value")
    elif isinstance(operator, str) and operator not in _OPERATORS:
        yield _bad((*path, "operator"), f"{operator!r} is no operator of a node selector")
    for index, value in enumerate(values):
        reason = "is no label value" if names.label_value(value) else ""
        if operator in ("Gt", "Lt") and len(values) == 1 and not _WHOLE.match(value):
            reason = f"is no whole number, which {operator} wants"
        if reason:
            yield Problem(_RULE, ("spec", *path, "values", index), f"nv-ipam matches no node: {value!r} {reason}")


def _field(requirement: dict[str, Any], path: FieldPath) -> Iterator[Problem]:
    key, operator = requirement.get("key"), requirement.get("operator")
    values = [value for value in sequence(requirement.get("values")) if isinstance(value, str)]
    if key != "metadata.name":
        yield _bad((*path, "key"), f"matchFields knows only metadata.name, not {key!r}")
    if operator not in ("In", "NotIn"):
        yield _bad((*path, "operator"), f"matchFields knows only In and NotIn, not {operator!r}")
    elif len(values) != 1:
        yield _bad((*path, "values"), "matchFields takes exactly one value")
    elif key == "metadata.name" and (reason := names.dns_subdomain(values[0])):
        yield _bad((*path, "values", 0), f"{values[0]!r} is no name of a node: it {reason}")


_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,19}\Z")
_OPERATORS: Final = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
