"""Typed views of the device plugins' configurations, as the plugins themselves decode them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.checks.plugins.decode import Flaw, ListOf, MapOf, Object, Struct, decode
from aksrdma.checks.plugins.kinds import POLICY_KINDS
from aksrdma.findings import FieldPath

if TYPE_CHECKING:
    from aksrdma.documents import Document

SHARED_PREFIX: Final = "rdma"
"""Prefix of a resource of the RDMA shared device plugin that names none."""
SRIOV_PREFIX: Final = "intel.com"
"""Prefix of a resource of the SR-IOV device plugin that names none; the operator passes no other."""

_STRINGS = ListOf("string")
_SHARED_SELECTORS = Struct(dict.fromkeys(("vendors", "deviceIDs", "drivers", "ifNames", "linkTypes"), _STRINGS))
_SHARED_RESOURCE = Struct(
    {
        "resourceName": "string",
        "resourcePrefix": "string",
        "rdmaHcaMax": "int",
        "devices": _STRINGS,
        "selectors": _SHARED_SELECTORS,
    }
)
_SHARED_CONFIG = Struct({"periodicUpdateInterval": "int", "configList": ListOf(_SHARED_RESOURCE)})

_SRIOV_RESOURCE = Struct(
    {
        "resourceName": "string",
        "resourcePrefix": "string",
        "deviceType": "string",
        "excludeTopology": "bool",
        "selectors": "any",
        "additionalInfo": MapOf(MapOf("string")),
    }
)
_SRIOV_CONFIG = Struct({"resourceList": ListOf(_SRIOV_RESOURCE)})
_DEVICE = dict.fromkeys(("vendors", "devices", "drivers", "pciAddresses"), _STRINGS)
_NET = dict.fromkeys(("pfNames", "rootDevices", "linkTypes", "acpiIndexes"), _STRINGS)
DEVICE_TYPES: Final[Mapping[str, Struct]] = {
    "accelerator": Struct(_DEVICE),
    "auxNetDevice": Struct({**_DEVICE, **_NET, "isRdma": "bool", "needVhostNet": "bool", "auxTypes": _STRINGS}),
    "netDevice": Struct(
        {
            **_DEVICE,
            **_NET,
            "ddpProfiles": _STRINGS,
            "pKeys": _STRINGS,
            "isRdma": "bool",
            "needVhostNet": "bool",
            "vdpaType": "string",
        }
    ),
}
"""Device types of the SR-IOV plugin, each with the selectors that it reads."""


class Selector(NamedTuple):
    """One selectors object: a device must fit every list that is not empty."""

    path: FieldPath
    lists: Mapping[str, list[str]]
    """The lists that are there, by the plugin's own key (`vendors`, `linkTypes`, ...)."""
    paths: Mapping[str, FieldPath]
    is_rdma: bool = False
    vdpa_type: str = ""

    def get(self, key: str) -> list[str]:
        """Return the list under a key, empty where it is absent."""
        return self.lists.get(key, [])

    def at(self, key: str) -> FieldPath:
        """Return where a key was written, or would be written where it is absent."""
        return self.paths.get(key, (*self.path, key))

    @property
    def empty(self) -> bool:
        """Whether no list selects anything."""
        return not any(self.lists.values())


class Resource:
    """A resource that a device plugin offers on each node."""

    __slots__ = ("entry", "name", "path", "prefix")

    def __init__(self, entry: Object, default_prefix: str) -> None:
        self.entry = entry
        self.path = entry.path
        self.prefix = entry.text("resourcePrefix") or default_prefix
        self.name = entry.text("resourceName")

    @property
    def full_name(self) -> str:
        """What a container asks for: `prefix/name`."""
        return f"{self.prefix}/{self.name}"

    def at(self, key: str) -> FieldPath:
        """Return where a key was written, or would be written where it is absent."""
        return self.entry.at(key)


class SharedResource(Resource):
    """An entry of the RDMA shared device plugin: one unit gives a container every device of the pool.

    Attributes:
        hca_max: How many containers of a node can hold the resource at once; not a count of NICs.
        devices: Interface names of the old form, the same as `selectors.ifNames`.
        selector: Its selectors, empty where they are absent.
    """

    __slots__ = ("devices", "hca_max", "selector")

    def __init__(self, entry: Object) -> None:
        super().__init__(entry, SHARED_PREFIX)
        self.hca_max = entry.number("rdmaHcaMax")
        self.devices: list[str] = entry.list("devices")
        self.selector = selector_of(entry.struct("selectors"), _SHARED_SELECTORS)


class SriovResource(Resource):
    """An entry of the SR-IOV device plugin: one unit is one device of its own.

    Attributes:
        device_type: `netDevice`, `auxNetDevice` or `accelerator`, or what stands there instead.
        selectors: A device must fit one of them.
    """

    __slots__ = ("device_type", "selectors")

    def __init__(self, entry: Object) -> None:
        super().__init__(entry, SRIOV_PREFIX)
        self.device_type = entry.text("deviceType") or "netDevice"
        known = DEVICE_TYPES.get(self.device_type, DEVICE_TYPES["netDevice"])
        self.selectors = tuple(selector_of(found, known) for found in sriov_selectors(entry)[0])


class Config(NamedTuple):
    """A device plugin's configuration with what is wrong with its form."""

    path: FieldPath
    """The string that holds it."""
    error: str | None
    """Why it is no JSON, as the plugin's decoder says it."""
    top: Object
    flaws: list[Flaw]

    def entries(self, key: str) -> Iterator[Object]:
        """Yield the entries of a top-level list."""
        yield from self.top.list(key)


def shared_config(document: Document) -> Config | None:
    """Return the RDMA shared device plugin's configuration, or None where the document has none."""
    return _config(document, "rdmaSharedDevicePlugin", _SHARED_CONFIG)


def sriov_config(document: Document) -> Config | None:
    """Return the SR-IOV device plugin's configuration, or None where the document has none."""
    return _config(document, "sriovDevicePlugin", _SRIOV_CONFIG)


def shared_resources(document: Document) -> tuple[SharedResource, ...]:
    """Return what the RDMA shared device plugin offers by this policy; nothing where its JSON cannot be read."""
    config = shared_config(document)
    return shared_resources_of(config) if config else ()


def shared_resources_of(config: Config) -> tuple[SharedResource, ...]:
    """Return the entries of the RDMA shared device plugin's configuration."""
    return tuple(map(SharedResource, config.entries("configList")))


def sriov_resources(document: Document) -> tuple[SriovResource, ...]:
    """Return what the SR-IOV device plugin offers by this policy; nothing where its JSON cannot be read."""
    config = sriov_config(document)
    return tuple(map(SriovResource, config.entries("resourceList"))) if config else ()


def selector_of(selectors: Object, known: Struct) -> Selector:
    """Return the view of a decoded selectors object."""
    keys = [key for key, kind in known.fields.items() if isinstance(kind, ListOf) and key in selectors]
    paths = {key: selectors.at(key) for key in known.fields if key in selectors}
    lists = {key: selectors.list(key) for key in keys}
    return Selector(selectors.path, lists, paths, selectors.flag("isRdma"), selectors.text("vdpaType"))


def sriov_selectors(entry: Object) -> tuple[list[Object], list[Flaw]]:
    """Decode the selectors of an SR-IOV entry, one object or a list of them, by its device type."""
    known = DEVICE_TYPES.get(entry.text("deviceType") or "netDevice")
    raw = entry.get("selectors")
    if known is None or raw is None:
        return [], []
    path = entry.at("selectors")
    if isinstance(raw, list):
        return decode(raw, ListOf(known), path)
    selectors, flaws = decode(raw, known, path)
    return [selectors], flaws


def _config(document: Document, section: str, into: Struct) -> Config | None:
    path: FieldPath = ("spec", section, "config")
    if document.kind not in POLICY_KINDS or not isinstance(_value(document.data, path), str):
        return None
    embedded = document.embedded(path)
    inside = (*path, None)
    if embedded.error is not None:
        return Config(path, embedded.error, Object(inside), [])
    top, flaws = decode(embedded.data, into, inside)
    return Config(path, None, top, flaws)


def _value(data: Any, path: FieldPath) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data
