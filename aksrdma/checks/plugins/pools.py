"""nv-ipam's pools, with the arithmetic of its controller, judged as its own validation does.

Without nv-ipam's webhook a bad pool just gets no allocations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.checks.plugins.ipam import covered
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube import names
from aksrdma.kube.addresses import Address, Network, parse_address, parse_cidr
from aksrdma.kube.kinds import POOL_KINDS
from aksrdma.kube.values import integer, sequence, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

POOL_GROUP: Final = "nv-ipam.nvidia.com/"
_RULE: Final = "ippool-field-invalid"
_NEW_FIELDS: Final = {
    "routes": "nv-ipam-routes",
    "defaultGateway": "nv-ipam-default-gateway",
    "perNodeExclusions": "nv-ipam-per-node-exclusions",
}
"""By field of the spec, the capability with which it came."""


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
        size, index = self.block_size, self.gateway_index
        if self.kind == "CIDRPool":
            size = possible_addresses(Network(self.network.first, self.network.bits - (size.bit_length() - 1)))
        elif self.gateway is not None:
            index = (self.gateway.value - first_address(self.network).value) % size
        clipped = [(max(start, 0), min(end, size - 1)) for start, end in self.index_exclusions]
        taken = index is not None and not any(start <= index <= end for start, end in clipped)
        return size - covered(ends for ends in clipped if ends[0] <= ends[1]) - int(taken)

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
    network = _network(spec.get("subnet" if is_ip_pool else "cidr"))
    size, length = integer(spec.get("perNodeBlockSize")), integer(spec.get("perNodeNetworkPrefix"))
    if not is_ip_pool:
        fits = network is not None and length is not None and network.length <= length <= network.bits
        size = 1 << (network.bits - length) if fits and network and length is not None else None
    if network is None or size is None or size < 1:
        return None
    bounds = [
        (parse_address(text(entry.get("startIP"))), parse_address(text(entry.get("endIP"))))
        for _, entry in _entries(spec.get("exclusions"))
    ]
    indexes = [
        (integer(entry.get("startIndex")), integer(entry.get("endIndex")))
        for _, entry in _entries(spec.get("perNodeExclusions"))
    ]
    return Pool(
        kind=document.kind,
        name=document.name,
        namespace=document.namespace,
        network=network,
        block_size=size,
        gateway=parse_address(text(spec.get("gateway"))) if is_ip_pool else None,
        gateway_index=None if is_ip_pool else integer(spec.get("gatewayIndex")),
        exclusions=tuple(
            (start, end) for start, end in bounds if start is not None and end is not None and start <= end
        ),
        index_exclusions=tuple((start, end) for start, end in indexes if start is not None and end is not None),
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


def _network(value: Any) -> Network | None:
    found = parse_cidr(text(value))
    return found[1] if found else None


def _entries(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((index, entry) for index, entry in enumerate(sequence(value)) if isinstance(entry, dict))


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


def _bad(path: FieldPath, reason: str) -> Problem:
    return Problem(_RULE, ("spec", *path), f"nv-ipam refuses the pool: {reason}")


def _ip_pool(spec: dict[str, Any], release: str) -> Iterator[Problem]:
    network, new = _network(spec.get("subnet")), catalog.capability("nv-ipam-single-addresses")
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
    index = integer(spec.get("gatewayIndex"))
    if index is not None and prefix is not None and network is not None and network.length <= prefix <= bits:
        size = 1 << (bits - prefix)
        lowest, highest = (0, size - 1) if size <= 2 else (1, size - 1 if bits == 128 else size - 2)
        if not lowest <= index <= highest:
            yield _bad(("gatewayIndex",), f"gatewayIndex {index} is not between {lowest} and {highest}")
    yield from _static_allocations(spec, network, prefix)
    yield from _exclusions(spec, network)
    if not old:
        yield from _routes(spec, network, "gatewayIndex")


def _static_allocations(spec: dict[str, Any], network: Network | None, prefix: int | None) -> Iterator[Problem]:
    seen: dict[str, set[str]] = {"nodeName": set(), "prefix": set()}
    for index, entry in _entries(spec.get("staticAllocations")):
        path: FieldPath = ("staticAllocations", index)
        for key, values in seen.items():
            value = entry.get(key)
            if isinstance(value, str) and value and value in values:
                yield _bad((*path, key), f"{key} {value!r} is allocated twice")
            elif isinstance(value, str):
                values.add(value)
        written, block = entry.get("prefix"), _network(entry.get("prefix"))
        if block is None:
            if isinstance(written, str):
                yield _bad((*path, "prefix"), f"prefix {written!r} is no CIDR")
            continue
        if prefix is not None and block.length != prefix:
            message = f"prefix {written} has not the length of perNodeNetworkPrefix, {prefix}"
            yield _bad((*path, "prefix"), message)
        if network is not None and not (block.first in network and block.length >= network.length):
            yield _bad((*path, "prefix"), f"prefix {written} does not lie in cidr {network}")
        yield from _gateway(entry.get("gateway"), ("spec", *path, "gateway"), block)


def _exclusions(spec: dict[str, Any], network: Network | None) -> Iterator[Problem]:
    for index, entry in _entries(spec.get("exclusions")):
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


def _index_exclusions(spec: dict[str, Any], size: int | None) -> Iterator[Problem]:
    for index, entry in _entries(spec.get("perNodeExclusions")):
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
    for index, route in _entries(spec.get("routes")):
        target, path = _network(route.get("dst")), ("routes", index, "dst")
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
    for index, term in _entries(selector.get("nodeSelectorTerms")):
        for key, judge in (("matchExpressions", _expression), ("matchFields", _field)):
            for number, requirement in _entries(term.get(key)):
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
        if names.label_value(value):
            yield _bad((*path, "values", index), f"{value!r} is no label value")


def _field(requirement: dict[str, Any], path: FieldPath) -> Iterator[Problem]:
    key, operator = requirement.get("key"), requirement.get("operator")
    values = [value for value in sequence(requirement.get("values")) if isinstance(value, str)]
    if key != "metadata.name":
        yield _bad((*path, "key"), f"matchFields knows only metadata.name, not {key!r}")
    if operator not in ("In", "NotIn"):
        yield _bad((*path, "operator"), f"matchFields knows only In and NotIn, not {operator!r}")
    elif len(values) != 1:
        yield _bad((*path, "values"), "matchFields takes exactly one value")


_OPERATORS: Final = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
