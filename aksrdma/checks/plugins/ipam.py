"""Typed views of the IPAM configuration of a secondary network, as the CNI and IPAM plugins decode it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.checks.plugins.addresses import Address, parse_address
from aksrdma.checks.plugins.decode import Flaw, ListOf, Object, Struct, Type, decode
from aksrdma.checks.plugins.ranges import (
    AddressRange,
    host_local_range,
    host_local_sets,
    whereabouts_ranges,
)
from aksrdma.findings import FieldPath
from aksrdma.kube.go_json import JsonError, Reader, go_get

if TYPE_CHECKING:
    from aksrdma.documents import Document

NETWORK_PLUGINS: Final[Mapping[str, str]] = {
    "HostDeviceNetwork": "host-device",
    "IPoIBNetwork": "ipoib",
    "MacvlanNetwork": "macvlan",
}
"""The operator's network kinds, and the CNI plugin of the NetworkAttachmentDefinition that each becomes."""

_STRINGS = ListOf("string")
_ROUTE = Struct(
    {"dst": "cidr", "gw": "ip", "mtu": "int", "advmss": "int", "priority": "int", "table": "int", "scope": "int"}
)
_ADDRESS = Struct({"address": "string", "gateway": "ip"})
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
"""The same before nv-ipam v0.3 (release v25.4.0) and the 0.9 line of whereabouts (release v25.7.0)."""


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


class Ipam(NamedTuple):
    """An IPAM configuration, decoded as its plugin decodes it."""

    path: FieldPath
    plugin: str
    network: str
    type: str
    top: Object
    flaws: list[Flaw]

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
    spec = document.data.get("spec")
    if not isinstance(spec, dict):
        return
    if document.kind in NETWORK_PLUGINS:
        if isinstance(spec.get("ipam"), str) and spec["ipam"].strip():
            yield _operator_text(document, spec["ipam"])
    elif document.kind == "NetworkAttachmentDefinition":
        for path, plugin in cni_plugins(document):
            data = _field(plugin, "ipam")
            name = _field(plugin, "type")
            if data is not None:
                yield IpamText((*path, "ipam"), name if isinstance(name, str) else "", document.name, data)


def ipams_of(document: Document) -> tuple[Ipam, ...]:
    """Return the IPAM configurations of a network that can be decoded: empty for a network without addresses."""
    found = (decode_ipam(text) for text in ipam_texts(document) if text.error is None)
    return tuple(ipam for ipam in found if ipam is not None)


def ipam_of(document: Document) -> Ipam | None:
    """Return the IPAM configuration of a network, the first one where it has several."""
    return next(iter(ipams_of(document)), None)


def decode_ipam(text: IpamText, types: Mapping[str, Struct] = IPAM_TYPES) -> Ipam | None:
    """Decode an IPAM configuration by its type, or return None where it is no object with a type."""
    kind = _field(text.data, "type") if isinstance(text.data, dict) else None
    if not isinstance(kind, str) or not kind:
        return None
    known = types.get(kind) or IPAM_TYPES.get(kind)
    top, flaws = decode(text.data, known, text.path) if known else (Object(text.path), [])
    return Ipam(text.path, text.plugin, text.network, kind, top, flaws)


def cni_plugins(document: Document) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield the plugins of a NetworkAttachmentDefinition's config: itself, or each of its `plugins`."""
    spec = document.data.get("spec")
    config = spec.get("config") if isinstance(spec, dict) else None
    if not isinstance(config, str) or not config.strip():
        return
    data = document.embedded(("spec", "config")).data
    path: FieldPath = ("spec", "config", None)
    plugins = _field(data, "plugins") if isinstance(data, dict) else None
    if isinstance(plugins, list):
        found = [((*path, "plugins", index), plugin) for index, plugin in enumerate(plugins)]
        yield from ((where, plugin) for where, plugin in found if isinstance(plugin, dict))
    elif isinstance(data, dict):
        yield path, data


def _operator_text(document: Document, text: str) -> IpamText:
    plugin, path = NETWORK_PLUGINS[document.kind], ("spec", "ipam", None)
    embedded = document.embedded(("spec", "ipam"))
    if plugin != "ipoib":
        return IpamText(path, plugin, document.name, embedded.data, embedded.error)
    # The operator takes all white space out of an IPoIBNetwork's ipam, inside strings as well.
    if embedded.error is None and not any(map(str.isspace, "".join(_strings(embedded.data)))):
        return IpamText(path, plugin, document.name, embedded.data)
    try:
        data = Reader("".join(text.split())).only_value()
    except JsonError as error:
        return IpamText(path, plugin, document.name, None, embedded.error or error.message)
    return IpamText(path, plugin, document.name, data)


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


def _strings(data: Any) -> Iterator[str]:
    return (text for _, text in strings_with_blanks(data, ()))


def _field(data: Any, key: str) -> Any:
    return go_get(data, key) if isinstance(data, dict) else None
