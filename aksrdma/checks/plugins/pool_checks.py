"""nv-ipam's pools, judged as its own validation does; without its webhook a bad pool just gets no allocations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aksrdma.checks.plugins.addresses import Address, Network, parse_address, parse_cidr
from aksrdma.checks.plugins.node_selector import node_selector_errors
from aksrdma.checks.plugins.pools import entries, is_int, is_pool, possible_addresses
from aksrdma.checks.plugins.releases import before
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.kinds import POOL_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_RULE = "ippool-field-invalid"
_NEW_FIELDS = (("routes", "v25.4.0"), ("defaultGateway", "v25.4.0"), ("perNodeExclusions", "v26.1.0"))


@rule(
    "ipam-gateway-not-an-ip",
    "ipam-gateway-outside-range",
    "ippool-block-size-one-old",
    "ippool-field-invalid",
    "nvipam-field-not-in-release",
    kinds=POOL_KINDS,
)
def pool(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find pools that nv-ipam refuses."""
    spec = document.data.get("spec")
    if not is_pool(document) or not isinstance(spec, dict):
        return
    for field, release in _NEW_FIELDS:
        if field in spec and before(manifests, release):
            message = f"{field} came with {release}; nv-ipam of {manifests.release} does not have it"
            yield Problem("nvipam-field-not-in-release", ("spec", field), message, document=document)
    yield from (_ip_pool if document.kind == "IPPool" else _cidr_pool)(document, manifests, spec)
    for path, error in node_selector_errors(spec.get("nodeSelector"), ("spec", "nodeSelector")):
        yield Problem(_RULE, path, f"nv-ipam refuses the pool: {error}", document=document)


def _ip_pool(document: Document, manifests: ManifestSet, spec: dict[str, Any]) -> Iterator[Problem]:
    network = _network(spec.get("subnet"))
    if isinstance(spec.get("subnet"), str) and network is None:
        yield _bad(document, ("subnet",), f"subnet {spec['subnet']!r} is no CIDR")
    yield from _block_size(document, manifests, spec.get("perNodeBlockSize"), network)
    yield from _ip_pool_gateway(document, spec.get("gateway"), network)
    yield from _exclusions(document, spec, network)
    if not before(manifests, "v26.1.0"):
        yield from _index_exclusions(document, spec)
    if not before(manifests, "v25.4.0"):
        yield from _routes(document, spec, network, "gateway")


def _block_size(document: Document, manifests: ManifestSet, size: Any, network: Network | None) -> Iterator[Problem]:
    if not is_int(size):
        return
    if size < 1:
        yield _bad(document, ("perNodeBlockSize",), f"perNodeBlockSize is {size}, but must be at least 1")
    elif size == 1 and before(manifests, "v25.4.0"):
        message = f"nv-ipam v0.2.0 of {manifests.release} refuses the pool: perNodeBlockSize must be at least 2"
        yield Problem("ippool-block-size-one-old", ("spec", "perNodeBlockSize"), message, document=document)
    elif network is not None and size > possible_addresses(network):
        message = f"perNodeBlockSize {size} is above the {possible_addresses(network)} usable addresses of {network}"
        yield _bad(document, ("perNodeBlockSize",), message)


def _ip_pool_gateway(document: Document, text: Any, network: Network | None) -> Iterator[Problem]:
    if not isinstance(text, str) or not text:
        return
    path, gateway = ("spec", "gateway"), parse_address(text)
    if gateway is None:
        message = f"nv-ipam refuses the pool: the gateway {text!r} is no IP address"
        yield Problem("ipam-gateway-not-an-ip", path, message, document=document)
    elif network is not None and gateway not in network:
        yield _outside(document, path, gateway, network)


def _cidr_pool(document: Document, manifests: ManifestSet, spec: dict[str, Any]) -> Iterator[Problem]:
    found = parse_cidr(spec["cidr"]) if isinstance(spec.get("cidr"), str) else None
    network = found[1] if found else None
    if isinstance(spec.get("cidr"), str) and found is None:
        yield _bad(document, ("cidr",), f"cidr {spec['cidr']!r} is no CIDR")
    elif found is not None and found[0] != found[1].first:
        yield _bad(document, ("cidr",), f"cidr {spec['cidr']} has host bits set; the network is {found[1]}")
    old = before(manifests, "v25.4.0")
    if network is not None and network.size == 1 and old:
        yield _bad(document, ("cidr",), f"nv-ipam v0.2.0 takes no single address as cidr: {network}")
    prefix = spec.get("perNodeNetworkPrefix")
    yield from _node_prefix(document, prefix, network, old)
    if network is not None and is_int(prefix) and network.length <= prefix <= network.bits:
        yield from _gateway_index(document, spec.get("gatewayIndex"), 1 << (network.bits - prefix), network.bits)
    yield from _static_allocations(document, spec, network)
    yield from _exclusions(document, spec, network)
    if not old:
        yield from _routes(document, spec, network, "gatewayIndex")


def _node_prefix(document: Document, prefix: Any, network: Network | None, old: bool) -> Iterator[Problem]:
    if not is_int(prefix):
        return
    bits = network.bits if network else 128
    highest = bits - 1 if old else bits
    if not 1 <= prefix <= highest:
        message = f"perNodeNetworkPrefix {prefix} is not between 1 and {highest}"
        yield _bad(document, ("perNodeNetworkPrefix",), message)
    elif network is not None and prefix < network.length:
        message = f"perNodeNetworkPrefix {prefix} is shorter than the prefix of cidr {network}"
        yield _bad(document, ("perNodeNetworkPrefix",), message)


def _gateway_index(document: Document, index: Any, size: int, bits: int) -> Iterator[Problem]:
    lowest = 0 if size <= 2 else 1
    highest = size - 1 if size <= 2 or bits == 128 else size - 2
    if is_int(index) and not lowest <= index <= highest:
        message = f"gatewayIndex {index} is not between {lowest} and {highest}"
        yield _bad(document, ("gatewayIndex",), message)


def _static_allocations(document: Document, spec: dict[str, Any], network: Network | None) -> Iterator[Problem]:
    seen: dict[str, set[str]] = {"nodeName": set(), "prefix": set()}
    for index, entry in entries(spec.get("staticAllocations")):
        path: FieldPath = ("staticAllocations", index)
        for key, values in seen.items():
            value = entry.get(key)
            if isinstance(value, str) and value and value in values:
                yield _bad(document, (*path, key), f"{key} {value!r} is allocated twice")
            elif isinstance(value, str):
                values.add(value)
        yield from _allocation(document, entry, path, network, spec.get("perNodeNetworkPrefix"))


def _allocation(
    document: Document, entry: dict[str, Any], path: FieldPath, network: Network | None, prefix: Any
) -> Iterator[Problem]:
    text, block = entry.get("prefix"), _network(entry.get("prefix"))
    if isinstance(text, str) and block is None:
        yield _bad(document, (*path, "prefix"), f"prefix {text!r} is no CIDR")
    if block is None:
        return
    if is_int(prefix) and block.length != prefix:
        yield _bad(document, (*path, "prefix"), f"prefix {text} has not the length of perNodeNetworkPrefix, {prefix}")
    if network is not None and not (block.first in network and block.length >= network.length):
        yield _bad(document, (*path, "prefix"), f"prefix {text} does not lie in cidr {network}")
    yield from _allocation_gateway(document, entry.get("gateway"), ("spec", *path, "gateway"), block)


def _allocation_gateway(document: Document, text: Any, path: FieldPath, block: Network) -> Iterator[Problem]:
    gateway = parse_address(text) if isinstance(text, str) and text else None
    if gateway is not None and gateway not in block:
        yield _outside(document, path, gateway, block)
    elif gateway is None and isinstance(text, str) and text:
        message = f"nv-ipam refuses the pool: the gateway {text!r} is no IP address"
        yield Problem("ipam-gateway-not-an-ip", path, message, document=document)


def _exclusions(document: Document, spec: dict[str, Any], network: Network | None) -> Iterator[Problem]:
    for index, entry in entries(spec.get("exclusions")):
        bounds: dict[str, Address | None] = {}
        for key in ("startIP", "endIP"):
            text = entry.get(key)
            bounds[key] = parse_address(text) if isinstance(text, str) else None
            if isinstance(text, str):
                yield from _exclusion(document, ("exclusions", index, key), text, bounds[key], network)
        start, end = bounds["startIP"], bounds["endIP"]
        if start is not None and end is not None and start.bits == end.bits and end < start:
            yield _bad(document, ("exclusions", index, "endIP"), f"the exclusion ends at {end}, before {start}")


def _exclusion(
    document: Document, path: FieldPath, text: str, address: Address | None, network: Network | None
) -> Iterator[Problem]:
    if address is None:
        yield _bad(document, path, f"{path[-1]} {text!r} is no IP address")
    elif network is not None and address not in network:
        yield _bad(document, path, f"{path[-1]} {address} does not lie in {network}")


def _index_exclusions(document: Document, spec: dict[str, Any]) -> Iterator[Problem]:
    size = spec.get("perNodeBlockSize")
    for index, entry in entries(spec.get("perNodeExclusions")):
        start, end = entry.get("startIndex"), entry.get("endIndex")
        for key, value in (("startIndex", start), ("endIndex", end)):
            if is_int(value) and is_int(size) and not 0 <= value < size:
                message = f"{key} {value} is not between 0 and {size - 1}, the last index of a node's block"
                yield _bad(document, ("perNodeExclusions", index, key), message)
        if is_int(start) and is_int(end) and end < start:
            message = f"the exclusion ends at index {end}, before {start}"
            yield _bad(document, ("perNodeExclusions", index, "endIndex"), message)


def _routes(document: Document, spec: dict[str, Any], network: Network | None, gateway: str) -> Iterator[Problem]:
    has_gateway = spec.get(gateway) not in (None, "")
    default = spec.get("defaultGateway") is True
    if default and not has_gateway:
        yield _bad(document, ("defaultGateway",), f"defaultGateway needs {gateway}")
    if spec.get("routes") and not has_gateway:
        yield _bad(document, ("routes",), f"routes need {gateway}")
    for index, route in entries(spec.get("routes")):
        target, path = _network(route.get("dst")), ("routes", index, "dst")
        if target is None and isinstance(route.get("dst"), str):
            yield _bad(document, path, f"dst {route['dst']!r} is no CIDR")
        elif target is not None and network is not None and target.bits != network.bits:
            yield _bad(document, path, f"dst {route['dst']} is of another address family than {network}")
        elif target is not None and target.length == 0 and default:
            yield _bad(document, path, "a default route clashes with defaultGateway")


def _network(text: Any) -> Network | None:
    found = parse_cidr(text) if isinstance(text, str) else None
    return found[1] if found else None


def _bad(document: Document, path: FieldPath, reason: str) -> Problem:
    return Problem(_RULE, ("spec", *path), f"nv-ipam refuses the pool: {reason}", document=document)


def _outside(document: Document, path: FieldPath, gateway: Address, network: Network) -> Problem:
    message = f"nv-ipam refuses the pool: the gateway {gateway} is not part of {network}"
    return Problem("ipam-gateway-outside-range", path, message, severity="error", document=document)
