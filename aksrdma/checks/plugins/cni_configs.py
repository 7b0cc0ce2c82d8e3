"""The CNI config of a secondary network, judged as Multus, the plugin that it names, and the kernel do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.checks.plugins.ipam import NETWORK_PLUGINS, cni_plugins
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube.go_json import go_get
from aksrdma.kube.go_struct import WRONG_TYPE, ListOf, MapOf, Object, Struct, Type, decode
from aksrdma.kube.kinds import NETWORK_KINDS
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

RESOURCE: Final = "k8s.v1.cni.cncf.io/resourceName"
"""The annotation by which a network says of which resource its pods get a device."""
_CONFIG: Final[FieldPath] = ("spec", "config", None)
_STARTS_NONE: Final = "no pod of the network starts"
_IPOIB_NAME: Final = re.compile(r"ib(?:\d|[Pps]\d)")
"""How the kernel and udev name IPoIB interfaces: ib0, ibP257p0s0, ibp5s0, ibs1."""
_AZURE_NAME: Final = re.compile(r"(?:eth\d+|enP\d+s\d+\w*)\Z")
"""How Azure's images name the Ethernet interfaces of a VM, and those of accelerated networking below them."""
_NEAR: Final = 0.8


class _Plugin(NamedTuple):
    """A plugin of a network's config, with its row of the catalog."""

    path: FieldPath
    row: catalog.CniPlugin
    top: Object
    """Its config as it decodes it."""


@rule(
    "cni-plugin-unknown", "cni-type-missing", "cni-value-invalid", kinds={"NetworkAttachmentDefinition"}
)  # fmt: skip
def attachment(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find configs that Multus or the plugin refuses: as what each reads, and in its words."""
    data = document.embedded(_CONFIG).data if isinstance(document.value(_CONFIG[:-1]), str) else None
    if not isinstance(data, dict):
        return
    yield from _without_type(data)
    device = isinstance(mapping(document.value(("metadata", "annotations"))).get(RESOURCE), str)
    known = catalog.cni_plugins()
    for path, plugin in cni_plugins(document):
        name = go_get(plugin, "type")
        if isinstance(name, str) and name and name not in known:
            yield from _unknown(name, (*path, "type"))
        elif isinstance(name, str) and name in known:
            yield from _values(_Plugin(path, known[name], Object(path)), plugin, device=device)


def _without_type(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what LoadDelegateNetConf of Multus and ConfListFromBytes of libcni find no plugin in."""
    plugins, name = go_get(data, "plugins"), go_get(data, "type")
    if isinstance(name, str) and name:
        return
    if plugins is None:
        message = f"{_STARTS_NONE}: Multus says \"delegate must have the 'type' or 'plugin' field\""
        yield Problem("cni-type-missing", (*_CONFIG, "type"), message)
    elif plugins == []:
        message = f"{_STARTS_NONE}: plugins names none, over which Multus breaks"
        yield Problem("cni-type-missing", (*_CONFIG, "plugins"), message)
    for index, plugin in enumerate(plugins if isinstance(plugins, list) else ()):
        if not (isinstance(plugin, dict) and go_get(plugin, "type")):
            words = "a plugin delegate must have the 'type' field" if index == 0 else "missing 'type'"
            message = f'{_STARTS_NONE}: plugin {index + 1} of the list has no type ("{words}")'
            yield Problem("cni-type-missing", (*_CONFIG, "plugins", index), message)


def _unknown(name: str, path: FieldPath) -> Iterator[Problem]:
    """Find a type that is nearly that of a plugin; any other may be a plugin of somebody else."""
    known, plain = catalog.cni_plugins(), re.sub(r"[^a-z0-9]", "", name.casefold()) if len(name) < 40 else ""
    same = next((one for one in known if one.replace("-", "") == plain), None)
    meant = same or next((one for one in known if len(plain) > 3 and _alike(plain, one)), None)
    if meant is not None:
        message = f"no CNI plugin is named {name!r}, so {_STARTS_NONE}; did you mean {meant}?"
        severity: Severity | None = None if same else "warning"
        fix = f'write "type": "{meant}"'
        yield Problem("cni-plugin-unknown", path, message, fix, severity=severity)


def _alike(name: str, known: str) -> bool:
    near = abs(len(name) - len(known)) < 3 and SequenceMatcher(None, name, known.replace("-", "")).ratio() >= _NEAR
    # A name that goes on, such as macvlan2, is that of another build.
    return near and not name.startswith(known) and not known.startswith(name)


def _values(plugin: _Plugin, data: Mapping[str, Any], *, device: bool) -> Iterator[Problem]:
    name = plugin.row.name
    if plugin.row.fields is None:
        return
    top, problems = decode(data, _struct(name), plugin.path)
    for problem in problems:
        if problem.rule == WRONG_TYPE:
            last = next(step for step in reversed(problem.path) if isinstance(step, str))
            message = f"{name} refuses the config, so {_STARTS_NONE}: {last} {problem.message}"
            yield Problem("cni-value-invalid", problem.path, message)
    mode = top.text("mode")
    if plugin.row.modes and mode and mode not in plugin.row.modes:
        message = f'{_STARTS_NONE}: "unknown {name} mode: {mode}"; it knows {", ".join(plugin.row.modes)}'
        yield Problem("cni-value-invalid", top.at("mode"), message)
    if top.number("mtu") < 0 and name == "macvlan":
        message = f'{_STARTS_NONE}: "invalid MTU {top.number("mtu")}, must be [0, master MTU]"'
        yield Problem("cni-value-invalid", top.at("mtu"), message)
    if plugin.row.one_of and not device and not any(top.text(key) for key in plugin.row.one_of):
        *first, last = (f'"{key}"' for key in plugin.row.one_of)
        message = f"{_STARTS_NONE}: {name} says 'specify either {', '.join(first)} or {last}'"
        fix = f"name the device, or the resource of the pods' devices in the annotation {RESOURCE}"
        path = plugin.path[:-1] if plugin.path[-1] is None else plugin.path
        yield Problem("cni-value-invalid", path, message, fix)


@cache
def _struct(name: str) -> Struct:
    """Return what a plugin decodes: NetConf of containernetworking/cni, and its own fields."""
    common: dict[str, Type] = {
        **dict.fromkeys(("cniVersion", "name", "type"), "string"),
        **dict.fromkeys(("ipam", "args", "runtimeConfig"), "any"),
        "capabilities": MapOf("bool"),
        "prevResult": MapOf("any"),
        "dns": Struct({"domain": "string", **dict.fromkeys(("nameservers", "search", "options"), ListOf("string"))}),
    }
    return Struct({**common, **(catalog.cni_plugins()[name].fields or {})})


@rule("ethernet-plugin-on-infiniband", "macvlan-on-azure-ethernet", "network-without-ipam", kinds=NETWORK_KINDS)
def interfaces(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find plugins on an interface that cannot carry them, and interfaces that get no address."""
    for plugin in _with_master(document):
        row, master = plugin.row, plugin.top.text("master")
        path = plugin.top.at("master")
        if row.ethernet_alone and _IPOIB_NAME.match(master):
            message = f"{row.name} stands on Ethernet alone: the kernel refuses it on {master}, an IPoIB interface"
            yield Problem("ethernet-plugin-on-infiniband", path, message)
        elif row.own_mac and (not master or _AZURE_NAME.match(master)) and manifests.nodes != 1:
            where = master or "eth0 (the interface of the default route, as there is no master)"
            message = (
                f"pods of this network reach no other node: {row.name} gives them MAC addresses of their own on {where}, "
                "and Azure's virtual network delivers to none that it did not give itself"
            )
            yield Problem("macvlan-on-azure-ethernet", path, message)
        elif "ipam" not in plugin.top:  # an empty object says that none is wanted
            message = f"pods of this network get an interface without an IP address: there is no ipam for {row.name}"
            yield Problem("network-without-ipam", plugin.top.at("ipam"), message)


def _with_master(document: Document) -> Iterator[_Plugin]:
    """Yield the plugin of a network that makes an interface on a master: the first one, as others work on its interface."""
    known = catalog.cni_plugins()
    name = NETWORK_PLUGINS.get(document.kind)
    if name is not None and "master" in (known[name].fields or {}):
        path: FieldPath = ("spec",)
        top = Object(path)
        for key in ("master", "ipam"):
            value = document.value(("spec", key))
            if isinstance(value, str) and value.strip():
                top.set(key, value.strip(), (*path, key))
        yield _Plugin(path, known[name], top)
    elif document.kind == "NetworkAttachmentDefinition":
        for path, data in cni_plugins(document):
            row = known.get(str(go_get(data, "type")))
            makes = row is not None and "master" in (row.fields or {}) and path in (_CONFIG, (*_CONFIG, "plugins", 0))
            if row is not None and makes and isinstance(go_get(data, "master"), str | None):
                yield _Plugin(path, row, decode(data, _struct(row.name), path)[0])
