"""The IPAM configuration of a secondary network, as the CNI and IPAM plugins decode it, and the ranges that it opens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from aksrdma.findings import FieldPath, Position, Problem
from aksrdma.kube.addresses import Address, Network, parse_address, parse_cidr
from aksrdma.kube.go_json import JsonError, Reader, go_get
from aksrdma.kube.go_struct import ListOf, Object, Struct, Type, decode
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.documents import Document

NETWORK_PLUGINS: Final[Mapping[str, str]] = {
    "HostDeviceNetwork": "host-device",
    "IPoIBNetwork": "ipoib",
    "MacvlanNetwork": "macvlan",
}
"""The operator's network kinds, and the CNI plugin of the NetworkAttachmentDefinition that each becomes."""

_STRINGS: Final = ListOf("string")
_ROUTE: Final = Struct(
    {"dst": "cidr", "gw": "ip", "mtu": "int", "advmss": "int", "priority": "int", "table": "int", "scope": "int"}
)
_ADDRESS: Final = Struct({"address": "string", "gateway": "ip"})
_COMMON: Final[dict[str, Type]] = {"type": "string", "name": "string", "routes": ListOf(_ROUTE), "dns": "any"}
_WHEREABOUTS: Final[dict[str, Type]] = {
    **_COMMON,
    "range": "string",
    "range_start": "string",
    "range_end": "string",
    "exclude": _STRINGS,
    "ipRanges": ListOf(Struct({"range": "string", "range_start": "ip", "range_end": "ip", "exclude": _STRINGS})),
    "gateway": "string",
    "addresses": ListOf(_ADDRESS),
    "datastore": "string",
    **dict.fromkeys(("etcd_host", "etcd_username", "etcd_password"), "string"),
    **dict.fromkeys(("etcd_key_file", "etcd_cert_file", "etcd_ca_cert_file"), "string"),
    "kubernetes": Struct({"kubeconfig": "string", "k8s_api_root": "string"}),
    **dict.fromkeys(("leader_lease_duration", "leader_renew_deadline", "leader_retry_period"), "int"),
    "log_file": "string",
    "log_level": "string",
    "reconciler_cron_expression": "string",
    "enable_overlapping_ranges": "bool",
    "sleep_for_race": "int",
    "configuration_path": "string",
    "network_name": "string",
    "podname": "string",
    "podnamespace": "string",
}
_HOST_RANGE: Final[dict[str, Type]] = {"subnet": "cidr", "rangeStart": "ip", "rangeEnd": "ip", "gateway": "ip"}
_NV_IPAM: Final[dict[str, Type]] = {
    "type": "string",
    "poolName": "string",
    "poolType": "string",
    "daemonSocket": "string",
    "daemonCallTimeoutSeconds": "int",
    "confDir": "string",
    "logFile": "string",
    "logLevel": "string",
}
_HOST_LOCAL: Final[dict[str, Type]] = {
    **_COMMON,
    **_HOST_RANGE,
    "ranges": ListOf(ListOf(Struct(_HOST_RANGE))),
    "dataDir": "string",
    "resolvConf": "string",
}
IPAM_TYPES: Final[Mapping[str, Struct]] = {
    "dhcp": Struct({**_COMMON, "daemonSocketPath": "string", "request": "any", "provide": "any", "priority": "int"}),
    "host-local": Struct(_HOST_LOCAL),
    "nv-ipam": Struct({**_NV_IPAM, "forcePoolName": "bool"}),
    "static": Struct({**_COMMON, "addresses": ListOf(_ADDRESS)}),
    "whereabouts": Struct({**_WHEREABOUTS, "node_slice_size": "string"}),
}
"""IPAM plugins that are known here, with the keys that each reads in its newest release."""
OLD_IPAM_TYPES: Final[Mapping[str, Struct]] = {"nv-ipam": Struct(_NV_IPAM), "whereabouts": Struct(_WHEREABOUTS)}
"""The same before nv-ipam could be told to keep to a pool, and whereabouts to slice ranges by nodes."""


class IpamText(NamedTuple):
    """The IPAM configuration of one CNI plugin, before it is decoded."""

    path: FieldPath
    """The object, which for the operator's networks is the whole string."""
    plugin: str
    """The CNI plugin that calls the IPAM plugin: `ipoib`, `host-device`, `macvlan`, ..."""
    network: str
    """The name of the network, which nv-ipam takes as the pool's name where no other is given."""
    data: Any
    error: str | None = None
    """Why the string is no JSON."""
    error_at: Position | None = None
    """Where in the file it is no JSON, where that can be told."""
    asks_pods: bool = False
    """Whether the CNI config lets pods bring addresses: by `capabilities`, or by its own `args`."""


class Ipam(NamedTuple):
    """An IPAM configuration, decoded as its plugin decodes it."""

    path: FieldPath
    plugin: str
    network: str
    type: str
    top: Object
    problems: list[Problem]
    """Wrong types and unknown keys; see `go_struct.decode`."""
    asks_pods: bool = False
    """Whether pods may bring addresses; see `IpamText`."""

    @property
    def ranges(self) -> tuple[AddressRange, ...]:
        """The ranges that the plugin accepts: of whereabouts for the cluster, of host-local for each node."""
        if self.type == "whereabouts":
            return tuple(found for found in whereabouts_ranges(self.top) if isinstance(found, AddressRange))
        entries = [entry for _, ranges in host_local_sets(self.top) for entry in ranges]
        found = map(host_local_range, entries if self.type == "host-local" else ())
        return tuple(entry for entry in found if isinstance(entry, AddressRange))

    @property
    def gateway(self) -> Address | None:
        """The gateway that is named, or None."""
        value = self.top.get("gateway")
        return parse_address(value, sloppy=True) if isinstance(value, str) else value

    @property
    def capacity(self) -> int | None:
        """How many pods get an address: over the cluster (whereabouts, static); None where a pool or node decides."""
        if self.type == "static":
            return min(1, len(self.top.list("addresses")))
        ranges = self.ranges
        return min(found.capacity for found in ranges) if self.type == "whereabouts" and ranges else None

    @property
    def pool_names(self) -> tuple[str, ...]:
        """The pools from which nv-ipam draws."""
        if self.type != "nv-ipam":
            return ()
        return tuple(name.strip() for name in (self.top.text("poolName") or self.network).split(","))

    @property
    def pool_kind(self) -> str:
        """The kind of nv-ipam's pools: IPPool or CIDRPool."""
        return "CIDRPool" if self.top.text("poolType").lower() == "cidrpool" else "IPPool"


def ipam_texts(document: Document) -> Iterator[IpamText]:
    """Yield the IPAM configurations of a network: one, or one for each plugin of a NetworkAttachmentDefinition."""
    if document.kind in NETWORK_PLUGINS:
        text = document.value(("spec", "ipam"))
        if isinstance(text, str) and text.strip():
            yield _operator_text(document, text)
    elif document.kind == "NetworkAttachmentDefinition":
        for path, plugin in cni_plugins(document):
            data, name = go_get(plugin, "ipam"), go_get(plugin, "type")
            if data is not None:
                asks = bool(go_get(plugin, "capabilities") or go_get(plugin, "args"))
                name = name if isinstance(name, str) else ""
                yield IpamText((*path, "ipam"), name, document.name, data, asks_pods=asks)


def _operator_text(document: Document, text: str) -> IpamText:
    plugin, path = NETWORK_PLUGINS[document.kind], ("spec", "ipam", None)
    embedded = document.embedded(("spec", "ipam"))
    error, at = embedded.error, embedded.error_position if embedded.error is not None else None
    # The operator takes all white space out of an IPoIBNetwork's ipam, inside strings as well.
    if plugin == "ipoib" and (error is not None or any(strings_with_blanks(embedded.data, ()))):
        try:
            return IpamText(path, plugin, document.name, Reader("".join(text.split())).only_value())
        except JsonError as stripped:
            return IpamText(path, plugin, document.name, None, error or stripped.message, at)
    return IpamText(path, plugin, document.name, embedded.data, error, at)


def ipams_of(document: Document) -> tuple[Ipam, ...]:
    """Return the IPAM configurations of a network that can be decoded: empty for a network without addresses."""
    return document.derived(_ipams_of)


def _ipams_of(document: Document) -> tuple[Ipam, ...]:
    found = (decode_ipam(text) for text in ipam_texts(document) if text.error is None)
    return tuple(ipam for ipam in found if ipam is not None)


def decode_ipam(text: IpamText, types: Mapping[str, Struct] = IPAM_TYPES) -> Ipam | None:
    """Decode an IPAM configuration by its type, or return None where it is no object with a type."""
    kind = go_get(text.data, "type") if isinstance(text.data, dict) else None
    if not isinstance(kind, str) or not kind:
        return None
    known = types.get(kind) or IPAM_TYPES.get(kind)
    top, problems = decode(text.data, known, text.path) if known else (Object(text.path), [])
    return Ipam(text.path, text.plugin, text.network, kind, top, problems, text.asks_pods)


def cni_plugins(document: Document) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield the plugins of a NetworkAttachmentDefinition's config: itself, or each of its `plugins`."""
    config = document.value(("spec", "config"))
    if not isinstance(config, str) or not config.strip():
        return
    data, path = document.embedded(("spec", "config")).data, ("spec", "config", None)
    plugins = go_get(mapping(data), "plugins")
    # Multus takes a config with a type for that of one plugin, whatever else is in it.
    if isinstance(plugins, list) and not go_get(mapping(data), "type"):
        for index, plugin in enumerate(plugins):
            if isinstance(plugin, dict):
                yield (*path, "plugins", index), plugin
    elif isinstance(data, dict):
        yield path, data


def strings_with_blanks(data: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    """Yield the strings of JSON data that hold white space, with their paths."""
    if isinstance(data, str):
        if any(map(str.isspace, data)):
            yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from strings_with_blanks(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from strings_with_blanks(value, (*path, index))


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
        blocks = (entry.network for entry in self.exclusions)
        clipped = (
            (max(block.first.value, self.first.value), min(block.last.value, self.last.value))
            for block in blocks
            if block is not None and block.bits == self.first.bits
        )
        return self.last.value - self.first.value + 1 - covered(ends for ends in clipped if ends[0] <= ends[1])

    def offers(self, address: Address) -> bool:
        """Say whether an address can be handed out."""
        inside = address.bits == self.first.bits and self.first <= address <= self.last
        return inside and not any(entry.network and address in entry.network for entry in self.exclusions)

    def overlaps(self, other: AddressRange) -> bool:
        """Say whether an address lies in both ranges, whatever they exclude."""
        same_family = self.network.bits == other.network.bits
        return same_family and self.first <= other.last and other.first <= self.last


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


_Bound: TypeAlias = tuple[FieldPath, Address | str] | None
"""Where a bound of a range was written, and what it is: text where it is no address."""


@lru_cache(maxsize=64)
def whereabouts_ranges(top: Object) -> tuple[AddressRange | BadRange, ...]:
    """Return the ranges of a decoded whereabouts configuration: the one at its top, then `ipRanges`."""
    entries = top.list("ipRanges")
    return tuple(map(_whereabouts_range, [top, *entries] if top.text("range") else entries))


def _whereabouts_range(entry: Object) -> AddressRange | BadRange:
    """Read `range`: a CIDR with `range_start` and `range_end` beside it, or START-END/LENGTH."""
    path = entry.at("range")
    exclusions = tuple(
        Exclusion((*entry.at("exclude"), index), text, _excluded(text))
        for index, text in enumerate(entry.list("exclude"))
    )
    written, dash, cidr = entry.text("range").partition("-")
    text = cidr if dash else written
    found = parse_cidr(text, sloppy=True)
    if found is None:
        return BadRange(path, f"{text!r} is no CIDR", exclusions=exclusions)
    address, network = found
    start, end = _bound(entry, "range_start"), _bound(entry, "range_end")
    if dash:
        lowest = parse_address(written, sloppy=True)
        if lowest is None:
            return BadRange(path, f"{written!r} is no IP address", exclusions=exclusions)
        if lowest not in network:
            return BadRange(path, f"the start {lowest} does not lie in {network}", exclusions=exclusions)
        start, end = (path, lowest), (path, address)
    if network.bits - network.length < 2:
        return BadRange(path, f"{network} has no address between its first and its last", too_small=True)
    lowest_usable, highest_usable = network.first.plus(1), network.last.plus(-1)
    first, ignored_start = _choose(start, lowest_usable, (lowest_usable, highest_usable), network.first)
    last, ignored_end = _choose(end, highest_usable, (first, highest_usable), network.last)
    return AddressRange(path, network, first, last, exclusions, ignored_start + ignored_end)


def _choose(
    bound: _Bound, default: Address, allowed: tuple[Address, Address], harmless: Address
) -> tuple[Address, tuple[tuple[FieldPath, str], ...]]:
    """Return the bound that counts, with the one that whereabouts ignores in silence."""
    if bound is None or bound[1] == harmless:
        return default, ()
    path, value = bound
    if isinstance(value, str):
        return default, ((path, f"{value!r} is no IP address"),)
    if value.bits != default.bits or not allowed[0] <= value <= allowed[1]:
        return default, ((path, f"{value} does not lie between {allowed[0]} and {allowed[1]}"),)
    return value, ()


def _bound(entry: Object, key: str) -> _Bound:
    # whereabouts decodes it as text at the top of the configuration, where a wrong one is ignored, and as an address in
    # `ipRanges`, where a wrong one is refused before.
    value = entry.get(key)
    if isinstance(value, str) and value:
        return entry.at(key), parse_address(value, sloppy=True) or value
    return (entry.at(key), value) if isinstance(value, Address) else None


def _excluded(text: str) -> Network | None:
    found = parse_cidr(text)
    if found is not None:
        return found[1]
    address = parse_address(text)
    if address is not None and ":" in text and address.bits == 32:
        # whereabouts puts /32 behind it and reads that as IPv6, which covers no IPv4 address.
        return Network(Address(128, 0), 32)
    return Network(address, address.bits) if address is not None else None


def host_local_sets(top: Object) -> Iterator[tuple[FieldPath, list[Object]]]:
    """Yield the range sets of a decoded host-local configuration: the one at its top, then `ranges`."""
    if top.get("subnet") is not None:
        yield top.at("subnet"), [top]
    for index, ranges in enumerate(top.list("ranges")):
        yield (*top.at("ranges"), index), ranges


def host_local_range(entry: Object) -> AddressRange | BadRange:
    """Return a range of host-local, which begins behind the network address and ends before broadcast.

    Source: `Range.Canonicalize` of containernetworking/plugins, plugins/ipam/host-local/backend/allocator/range.go.
    """
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
    highest = network.last.plus(-1) if network.bits == 32 else network.last
    return AddressRange(path, network, first, end or highest)
