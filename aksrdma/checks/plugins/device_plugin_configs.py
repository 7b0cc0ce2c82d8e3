"""The configurations of the two device plugins, as the plugins themselves decode them.

A policy of the operator carries one in a section; where a plugin is deployed without the operator, a ConfigMap does, of
whatever name, and is known by what stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from aksrdma.checks.plugins.config_maps import LIST_KEYS
from aksrdma.findings import FieldPath, Position, Problem
from aksrdma.kube.go_json import read_value
from aksrdma.kube.go_struct import ListOf, MapOf, Object, Struct, decode
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

HEX_ID: Final = re.compile(r"[0-9a-f]{4}\Z")
"""A PCI id as sysfs has it; the plugins and NFD compare it as text."""
LEAVE_PREFIX_OUT: Final = "leave the key out: the plugin's own default is rdma"
"""What to do where a policy spells that default out, which the operator's webhook refuses."""
SHARED_PREFIX: Final = "rdma"
"""Prefix of a resource of the RDMA shared device plugin that names none."""
SRIOV_PREFIX: Final = "intel.com"
"""Prefix of a resource of the SR-IOV device plugin that names none; the operator passes no other."""

Plugin: TypeAlias = Literal["rdmaSharedDevicePlugin", "sriovDevicePlugin"]

_STRINGS: Final = ListOf("string")
_SHARED_SELECTORS: Final = Struct(dict.fromkeys(("vendors", "deviceIDs", "drivers", "ifNames", "linkTypes"), _STRINGS))
_SHARED_RESOURCE: Final = Struct(
    {
        "resourceName": "string",
        "resourcePrefix": "string",
        "rdmaHcaMax": "int",
        "devices": _STRINGS,
        "selectors": _SHARED_SELECTORS,
    }
)
_SHARED_CONFIG: Final = Struct({"periodicUpdateInterval": "int", "configList": ListOf(_SHARED_RESOURCE)})

_SRIOV_RESOURCE: Final = Struct(
    {
        "resourceName": "string",
        "resourcePrefix": "string",
        "deviceType": "string",
        "excludeTopology": "bool",
        "selectors": "any",
        "additionalInfo": MapOf(MapOf("string")),
    }
)
_SRIOV_CONFIG: Final = Struct({"resourceList": ListOf(_SRIOV_RESOURCE)})
_DEVICE: Final = dict.fromkeys(("vendors", "devices", "drivers", "pciAddresses"), _STRINGS)
_NET: Final = dict.fromkeys(("pfNames", "rootDevices", "linkTypes", "acpiIndexes"), _STRINGS)
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
NET_DEVICE: Final = "netDevice"
"""The device type of an SR-IOV resource that names none."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A device plugin, as the reader of its configuration."""

    name: str
    """As the project calls it."""
    section: Plugin
    """The section of a policy that deploys it."""
    list_key: str
    """The list of its resources."""
    config: Struct
    levels: Mapping[str, Collection[str]]
    """The keys that it knows, by where in its configuration they stand."""
    same: Mapping[str, str]
    """Keys of the other plugin that it calls otherwise."""

    def place_of(self, key: str) -> str | None:
        """Return where in its configuration a key stands, or None where it knows no such key."""
        return next((place for place, keys in self.levels.items() if key in keys), None)


_TOP: Final = "the top of the config"
SHARED: Final = Reader(
    "k8s-rdma-shared-dev-plugin",
    "rdmaSharedDevicePlugin",
    LIST_KEYS[0],
    _SHARED_CONFIG,
    {
        _TOP: _SHARED_CONFIG.fields,
        "the entry of configList": _SHARED_RESOURCE.fields,
        "selectors": _SHARED_SELECTORS.fields,
    },
    {"resourceList": "configList", "devices": "deviceIDs", "pfNames": "ifNames"},
)
SRIOV: Final = Reader(
    "sriov-network-device-plugin",
    "sriovDevicePlugin",
    LIST_KEYS[1],
    _SRIOV_CONFIG,
    {
        _TOP: _SRIOV_CONFIG.fields,
        "the entry of resourceList": _SRIOV_RESOURCE.fields,
        "selectors": frozenset(key for one in DEVICE_TYPES.values() for key in one.fields),
    },
    {"configList": "resourceList", "deviceIDs": "devices", "ifNames": "pfNames"},
)


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
    """A resource that a device plugin offers on each node.

    Attributes:
        selectors: A device must fit one of them; the shared plugin has one, which is empty where it is absent.
    """

    __slots__ = ("entry", "name", "path", "prefix", "selectors")

    def __init__(self, entry: Object, default_prefix: str) -> None:
        self.selectors: tuple[Selector, ...] = ()
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
        selector: The only one of its `selectors`.
    """

    __slots__ = ("devices", "hca_max", "selector")

    def __init__(self, entry: Object) -> None:
        super().__init__(entry, SHARED_PREFIX)
        self.hca_max = entry.number("rdmaHcaMax")
        self.devices: list[str] = entry.list("devices")
        self.selector = _selector(entry.struct("selectors"), _SHARED_SELECTORS)
        self.selectors = (self.selector,)


class SriovResource(Resource):
    """An entry of the SR-IOV device plugin: one unit is one device of its own.

    Attributes:
        device_type: `netDevice`, `auxNetDevice` or `accelerator`, or what stands there instead.
        selector_problems: What is wrong with the form of its selectors.
    """

    __slots__ = ("device_type", "selector_problems")

    def __init__(self, entry: Object) -> None:
        super().__init__(entry, SRIOV_PREFIX)
        self.device_type = entry.text("deviceType") or NET_DEVICE
        self.selector_problems: list[Problem] = []
        raw, known = entry.get("selectors"), DEVICE_TYPES.get(self.device_type)
        if raw is not None and known is not None:
            one = not isinstance(raw, list)
            found, self.selector_problems = decode(raw, known if one else ListOf(known), entry.at("selectors"))
            self.selectors = tuple(_selector(selectors, known) for selectors in ([found] if one else found))


class Config(NamedTuple):
    """A device plugin's configuration with what is wrong with its form."""

    path: FieldPath
    """The string that holds it."""
    error: str | None
    """Why it is no JSON, as the plugin's decoder says it."""
    error_at: Position | None
    """Where in the file it is no JSON."""
    top: Object
    problems: list[Problem]
    """Wrong types and unknown keys; see `go_struct.decode`."""

    reader: Reader
    """Whose it is."""
    resources: tuple[Any, ...] = ()
    """What the plugin offers by it, one for each entry: of SharedResource or SriovResource."""

    @property
    def entries(self) -> list[Object]:
        """The entries of its list of resources."""
        return self.top.list(self.reader.list_key)


def shared_configs(document: Document) -> tuple[Config, ...]:
    """Return the RDMA shared device plugin's configurations that a document carries."""
    return document.derived(_shared)


def sriov_configs(document: Document) -> tuple[Config, ...]:
    """Return the SR-IOV device plugin's configurations that a document carries."""
    return document.derived(_sriov)


def shared_resources(document: Document) -> tuple[SharedResource, ...]:
    """Return what the RDMA shared device plugin offers by this document; nothing where its JSON cannot be read."""
    return tuple(one for config in shared_configs(document) for one in config.resources)


def sriov_resources(document: Document) -> tuple[SriovResource, ...]:
    """Return what the SR-IOV device plugin offers by this document; nothing where its JSON cannot be read."""
    return tuple(one for config in sriov_configs(document) for one in config.resources)


def offered_resources(document: Document) -> tuple[Resource, ...]:
    """Return what both device plugins offer by this document, the shared one's first."""
    return (*shared_resources(document), *sriov_resources(document))


def _shared(document: Document) -> tuple[Config, ...]:
    return tuple(_configs(document, SHARED))


def _sriov(document: Document) -> tuple[Config, ...]:
    return tuple(_configs(document, SRIOV))


def _configs(document: Document, reader: Reader) -> Iterator[Config]:
    if document.kind in POLICY_KINDS:
        path: FieldPath = ("spec", reader.section, "config")
        if isinstance(document.value(path), str):
            yield _config(document, path, reader)
    elif document.kind == "ConfigMap":
        begins = _BEGINS[reader.section]
        for key, text in mapping(document.value(("data",))).items():
            # The list's name is looked for first: hardly any ConfigMap has it, and some are large.
            if isinstance(text, str) and reader.list_key in text and begins.match(text):
                yield _config(document, ("data", key), reader)


_BEGINS: Final[Mapping[str, re.Pattern[str]]] = {
    one.section: re.compile(
        r'\s*\{\s*(?:"periodicUpdateInterval"\s*:[^,\[\]{}]*,\s*)?"' + one.list_key + r'"\s*:\s*\[\s*\{'
    )
    for one in (SHARED, SRIOV)
}
"""How the text of a configuration with resources begins, also where it is no JSON further on."""


def _config(document: Document, path: FieldPath, reader: Reader) -> Config:
    embedded = document.embedded(path)
    if embedded.error is not None:
        return Config(path, embedded.error, embedded.error_position, Object((*path, None)), [], reader)
    text = document.value(path)
    # The policies of many clusters have the same one, at the same place.
    return (_remembered if len(text) <= _SMALL else _decoded)(text, path, reader.section)


def _decoded(text: str, path: FieldPath, section: Plugin) -> Config:
    reader, resource = (SHARED, SharedResource) if section == SHARED.section else (SRIOV, SriovResource)
    top, problems = decode(read_value(text)[0], reader.config, (*path, None))
    found = Config(path, None, None, top, problems, reader)
    return found._replace(resources=tuple(map(resource, found.entries)))


_SMALL: Final = 4096
"""Characters of a configuration that is remembered."""
_remembered = lru_cache(maxsize=256)(_decoded)


def _selector(selectors: Object, known: Struct) -> Selector:
    paths = {key: selectors.at(key) for key in known.fields if key in selectors}
    lists = {key: selectors.list(key) for key in paths if isinstance(known.fields[key], ListOf)}
    return Selector(selectors.path, lists, paths, selectors.flag("isRdma"), selectors.text("vdpaType"))


_INFINIBAND_NAME: Final = re.compile(r"(?:\A|[-_.])ib\d*(?=\Z|[-_.])|infiniband|ipoib", re.IGNORECASE)
_AKS_LABEL: Final = "kubernetes.azure.com/"


def is_infiniband(manifests: ManifestSet) -> bool:
    """Return whether anything in a set, or what is known of its nodes, speaks of InfiniBand or of AKS.

    Policies for RoCE elsewhere are as legal. Ask it with `manifests.derived`.
    """
    if manifests.vm_sizes or manifests.cluster is not None:
        return True
    return any(
        document.kind in ("IPoIBNetwork", "SriovIBNetwork") or document.mentions(_AKS_LABEL) or _policy_says(document)
        for document in (*manifests.documents, *manifests.unknown)
    )


def _policy_says(policy: Document) -> bool:
    if policy.kind not in POLICY_KINDS:
        return False
    if isinstance(policy.value(("spec", "secondaryNetwork", "ipoib")) or policy.value(("spec", "ibKubernetes")), dict):
        return True
    for resource in offered_resources(policy):
        # Azure's configurations give the SR-IOV device plugin the shared one's prefix; others use nvidia.com.
        if isinstance(resource, SriovResource) and resource.entry.text("resourcePrefix") == SHARED_PREFIX:
            return True
        types = (link for selector in resource.selectors for link in selector.get("linkTypes"))
        if _INFINIBAND_NAME.search(resource.name) or any(link.lower() == "infiniband" for link in types):
            return True
    return False
