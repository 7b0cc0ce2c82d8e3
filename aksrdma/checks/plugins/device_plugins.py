"""The configurations of the two device plugins, judged as each plugin judges its own when it starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.plugins.config_maps import SHARED_RULES, SRIOV_RULES
from aksrdma.checks.plugins.device_plugin_configs import (
    DEVICE_TYPES,
    HEX_ID,
    NET_DEVICE,
    SHARED,
    SHARED_PREFIX,
    SRIOV,
    Config,
    Reader,
    Resource,
    Selector,
    SharedResource,
    SriovResource,
    is_infiniband,
    shared_configs,
    sriov_configs,
)
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube import names
from aksrdma.kube.go_struct import WRONG_TYPE, wrong_types
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.kube.resources import extended_problem
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

SECTIONS: Final = ("rdmaSharedDevicePlugin", "sriovDevicePlugin")
"""The sections of a policy that carry a device plugin's configuration."""
# A doubled apostrophe is YAML's escape for one, so only an odd run ends the template's quotes.
LONE_APOSTROPHE: Final = re.compile(r"(?<!')'(?:'')*(?!')")

_SHARED_EXITS: Final = f"{SHARED.name} exits"
_SHARED_NAME: Final = re.compile(r"[a-zA-Z0-9_]+\Z")
_SRIOV: Final = SRIOV.name
_SRIOV_EXITS: Final = f"{_SRIOV} exits"
_SRIOV_NAME: Final = re.compile(r"[a-zA-Z0-9_-]+\Z")
_INDEX_RANGE: Final = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?\Z", re.ASCII)

_OTHER: Final = {SHARED.name: SRIOV, SRIOV.name: SHARED}
_NOTHING: Final = {
    SHARED.name: f"{SHARED.name} exits: no resources configuration found",
    SRIOV.name: f"{SRIOV.name} exits: no resource configuration",
}
"""What each plugin says of a list that is empty, in its own words."""
_LINK_TYPES: Final = ("ether", "infiniband")
"""Link types of PCI devices, as the kernel calls them."""
_ETHERNET: Final = re.compile(r"(?:eth|en)[A-Za-z0-9]")
"""How the names of Ethernet interfaces begin; those of IPoIB begin with ib."""
# What keeps the Ethernet function of accelerated networking out of a pool; a driver does not, for both use mlx5_core.
_NARROWING: Final = frozenset(
    {"acpiIndexes", "auxTypes", "ddpProfiles", "deviceIDs", "ifNames", "linkTypes", "pKeys", "pciAddresses", "pfNames"}
    | {"rootDevices"}
)


@rule("device-plugin-config-apostrophe", "device-plugin-config-missing", kinds=POLICY_KINDS)
def plugin_config_text(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find device plugins without a configuration, or with one that breaks the operator's ConfigMap template."""
    for section in SECTIONS:
        holder, path = document.value(("spec", section)), ("spec", section, "config")
        config = holder.get("config") if isinstance(holder, dict) else ""
        if config is None:
            message = f"{section} has no config, so its DaemonSet mounts a ConfigMap that is never made"
            yield Problem("device-plugin-config-missing", path, message)
        elif isinstance(config, str) and LONE_APOSTROPHE.search(config):
            message = (
                "an apostrophe in the config ends the quotes that the operator's ConfigMap template puts around it"
            )
            yield Problem("device-plugin-config-apostrophe", path, message)


@rule(*SHARED_RULES, kinds=POLICY_KINDS)
def shared_plugin_config(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find what keeps the RDMA shared device plugin from starting, or its pools from holding the right devices."""
    for config in shared_configs(document):
        yield from _form(config)
        interval = config.top.number("periodicUpdateInterval")
        if interval < 0:
            message = f"{_SHARED_EXITS}: invalid periodicUpdateInterval {interval}"
            yield Problem("rdma-shared-hcamax-negative", config.top.at("periodicUpdateInterval"), message)
        yield from _weighed(document, manifests, _shared_resources(config, _on_azure(manifests)))


@rule(*SRIOV_RULES, kinds=POLICY_KINDS)
def sriov_plugin_config(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find what keeps the SR-IOV device plugin from starting, or its pools from holding the right devices."""
    for config in sriov_configs(document):
        yield from _form(config)
        yield from _weighed(document, manifests, _sriov_resources(config, document, manifests))


def _form(config: Config) -> Iterator[Problem]:
    """Yield what is wrong with the form of a configuration: no JSON, wrong types, unknown keys, no resources.

    What is no JSON has no entries, so that nothing else is found in it.
    """
    reader, exits = config.reader, f"{config.reader.name} exits"
    if config.error is not None:
        message = f"{exits}: the config is not JSON: {config.error}"
        yield Problem("device-plugin-config-not-json", config.path, message, at=config.error_at)
        return
    empty = not config.entries and not wrong_types(config.problems)
    other = _OTHER[reader.name]
    for problem in config.problems:
        if problem.rule == WRONG_TYPE:
            # A config that is no object at all has no field to point at, so the whole string is shown.
            path = problem.path[:-1] if problem.path[-1] is None else problem.path
            message = f"{exits}: {_last(problem.path)} {problem.message}"
            yield Problem("device-plugin-config-not-json", path, message)
        elif empty and problem.path == (*config.path, None, other.list_key):
            empty = False
            message = (
                f"{_NOTHING[reader.name]}: {other.list_key} is the list of {other.name}, {reader.list_key} its own"
            )
            fix = f"write {reader.list_key} with the keys of {reader.name}, or move the config to {other.section}"
            yield Problem("device-plugin-list-empty", problem.path, message, fix, reader.list_key)
        elif empty and problem.meant == reader.list_key and len(problem.path) == len(config.path) + 2:
            empty = False
            message = f"{_NOTHING[reader.name]}: it reads {reader.list_key}, not {problem.path[-1]}"
            fix = f"write {reader.list_key!r}"
            yield Problem("device-plugin-list-empty", problem.path, message, fix, reader.list_key)
        else:
            yield _unknown_key(problem, reader)
    if empty:
        message = f"{_NOTHING[reader.name]}: {reader.list_key} is empty or missing"
        yield Problem("device-plugin-list-empty", config.top.at(reader.list_key), message)


def _unknown_key(problem: Problem, reader: Reader, of: str = "") -> Problem:
    """Return the problem of a key that a plugin ignores where it stands, with its place or the plugin whose it is.

    Args:
        problem: Of the decoder.
        reader: The plugin.
        of: The device type whose selectors they are.
    """
    key, other = str(problem.path[-1]), _OTHER[reader.name]
    own, place = reader.same.get(key), reader.place_of(key)
    why, meant = "which it does not know", problem.meant
    if own is not None or (place is None and other.place_of(key) is not None):
        why, meant = f"which is a key of {other.name}", own
        fix = f"write {own!r}" if own else f"take it out, or move the resource to {other.section}"
    elif place is not None and not of:
        why, fix = f"which it reads in {place}", f"move it to {place}"
    else:
        fix = f"write {meant!r}" if meant else f"take it out: {of or reader.name} has no such setting"
    message = f"{reader.name} ignores {key!r}{' of ' if of else ''}{of}, {why}"
    return Problem("device-plugin-config-unknown-key", problem.path, message, fix, meant)


def _last(path: FieldPath) -> str:
    last = path[-1]
    return "the config" if last is None else last if isinstance(last, str) else f"entry {last}"


def _on_azure(manifests: ManifestSet) -> bool:
    """Say whether the nodes are known to be Azure's, with InfiniBand."""
    return bool(manifests.vm_sizes) or manifests.cluster is not None


def _weighed(document: Document, manifests: ManifestSet, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems; where nothing in the set speaks of InfiniBand, those that Ethernet does not have are an info."""
    for problem in problems:
        of_interface = problem.rule == "rdma-selector-ether-on-infiniband" and "linkTypes" not in problem.path
        if of_interface and not manifests.vm_sizes and not str(document.value(problem.path)).startswith("eth"):
            continue  # of a cluster that may have RoCE as well
        on_infiniband_alone = problem.rule == "rdma-selector-no-link-type" or (
            problem.rule == "rdma-selector-ether-on-infiniband"
            and (of_interface or document.value(problem.path) == "ether")
        )
        if on_infiniband_alone and not manifests.derived(is_infiniband):
            yield problem._replace(severity="info")
        else:
            yield problem


def _shared_resources(config: Config, azure: bool) -> Iterator[Problem]:
    broken = {problem.path for problem in wrong_types(config.problems)}
    seen: set[str] = set()
    for resource in config.resources:
        if resource.path in broken:
            continue
        name, path = resource.name, resource.at("resourceName")
        if path not in broken:
            if not _SHARED_NAME.match(name):
                message = f"{_SHARED_EXITS}: resource name {name!r} contains invalid characters"
                yield Problem("rdma-shared-name-characters", path, message)
            elif name in seen:
                message = (
                    f"{_SHARED_EXITS}: resource name {name!r} already exists; another resourcePrefix does not help"
                )
                yield Problem("rdma-shared-name-duplicate", path, message)
            else:
                yield from _resource_name(resource)
            seen.add(name)
        path = resource.at("rdmaHcaMax")
        if path not in broken and resource.hca_max < 0:
            message = f"{_SHARED_EXITS}: invalid value for rdmaHcaMax: {resource.hca_max}"
            yield Problem("rdma-shared-hcamax-negative", path, message)
        elif path not in broken and resource.hca_max == 0:
            word = "is 0" if "rdmaHcaMax" in resource.entry else "is missing"
            message = f"rdmaHcaMax {word}, so {resource.full_name} has no units and no pod ever gets one"
            yield Problem("rdma-shared-hcamax-zero", path, message)
        if not any(path[: len(resource.path)] == resource.path for path in broken):
            yield from _devices_or_selectors(resource)
        yield from _selector_problems(resource.selector, ("vendors", "deviceIDs"), _NARROWING, azure)


def _resource_name(resource: Resource) -> Iterator[Problem]:
    """Find a resource that Kubernetes would not let a node offer or a pod ask for."""
    if reason := extended_problem(resource.full_name):
        its_name = names.qualified_name(resource.name) and not names.dns_subdomain(resource.prefix)
        path = resource.at("resourceName" if its_name else "resourcePrefix")
        message = f"{resource.full_name} is no legal extended resource: it {reason}"
        yield Problem("rdma-resource-name-illegal", path, message)


def _devices_or_selectors(resource: SharedResource) -> Iterator[Problem]:
    if resource.devices and not resource.selector.empty:
        message = f"{_SHARED_EXITS}: {resource.name!r} has both devices and selectors"
        yield Problem("rdma-shared-selectors-and-devices", resource.at("devices"), message)
    elif resource.devices:
        message = f"{resource.name!r} names its devices in the old form"
        yield Problem("rdma-shared-devices-deprecated", resource.at("devices"), message)
    elif resource.selector.empty:
        message = f"{_SHARED_EXITS}: {resource.name!r} has neither devices nor a selector that is not empty"
        yield Problem("rdma-shared-selectors-and-devices", resource.at("selectors"), message)


def _sriov_resources(config: Config, document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    azure = _on_azure(manifests)
    # Whoever deploys the driver container wants RDMA.
    plain: Severity = "warning" if azure or isinstance(document.value(("spec", "ofedDriver")), dict) else "info"
    broken = {problem.path for problem in wrong_types(config.problems)}
    # That isRdma stands beside the selectors is told there.
    beside = {problem.path[:-1] for problem in config.problems if problem.path[-1] == "isRdma"}
    seen: set[str] = set()
    for resource in config.resources:
        entry = resource.entry
        if entry.path in broken:
            continue
        if resource.at("resourceName") not in broken:
            yield from _sriov_name(resource, seen, manifests.admission_controller)
        if resource.device_type not in DEVICE_TYPES:
            known = hint(resource.device_type, DEVICE_TYPES)
            message = f"{_SRIOV_EXITS}: unsupported deviceType {resource.device_type!r}{known}"
            yield Problem("sriov-aux-types", resource.at("deviceType"), message)
        elif "selectors" not in entry:
            message = f"{_SRIOV} panics: {resource.name!r} has no selectors"
            yield Problem("sriov-selectors-missing", entry.at("selectors"), message)
        else:
            meant = entry.path in beside or any(one.meant == "isRdma" for one in resource.selector_problems)
            yield from _sriov_selectors(resource, None if meant else plain, azure)


def _sriov_name(resource: SriovResource, seen: set[str], admission: bool) -> Iterator[Problem]:
    name, path = resource.name, resource.at("resourceName")
    if not _SRIOV_NAME.match(name):
        message = f"{_SRIOV_EXITS}: resource name {name!r} holds other characters than letters, digits, - and _"
        yield Problem("sriov-name-portable", path, message, severity="error")
    elif resource.full_name in seen:
        message = f"{_SRIOV_EXITS}: resource {resource.full_name!r} is configured twice"
        yield Problem("sriov-name-duplicate", path, message)
    else:
        yield from _resource_name(resource)
        if admission and "-" in name:
            message = f"the operator's admission webhook refuses the hyphen in resource name {name!r}"
            yield Problem("sriov-name-portable", path, message)
    if not resource.entry.text("resourcePrefix") and not _of_other_nics(resource):
        message = f"without a resourcePrefix the resource is called {resource.full_name}"
        yield Problem("sriov-prefix-default", resource.at("resourcePrefix"), message)
    seen.add(resource.full_name)


def _of_other_nics(resource: SriovResource) -> bool:
    """Whether a resource offers other vendors' NICs alone, and none for RDMA: the plugin's own prefix is meant for them."""
    ours = catalog.defaults().vendor_id
    return bool(resource.selectors) and all(
        selector.get("vendors") and ours not in selector.get("vendors") and not selector.is_rdma
        for selector in resource.selectors
    )


def _sriov_selectors(resource: SriovResource, plain: Severity | None, azure: bool) -> Iterator[Problem]:
    path, rule = resource.at("selectors"), "sriov-selectors-missing"
    wrong = wrong_types(resource.selector_problems)
    for problem in resource.selector_problems:
        if problem.rule != WRONG_TYPE:
            yield _unknown_key(problem, SRIOV, resource.device_type)
    for problem in wrong:
        message = f"{_SRIOV} drops {resource.name!r}: {_last(problem.path)} {problem.message}"
        yield Problem(rule, problem.path, message)
    if not resource.selectors and not wrong:
        yield Problem(rule, path, f"{_SRIOV} drops {resource.name!r}: selectors is an empty list")
    for selector in resource.selectors if not wrong else ():
        yield from _selector_problems(selector, ("vendors", "devices"), _NARROWING | {"devices"}, azure)
        yield from _sriov_selector(resource, selector, plain)


def _sriov_selector(resource: SriovResource, selector: Selector, plain: Severity | None) -> Iterator[Problem]:
    """Find what is wrong with one selectors object, beside what the shared plugin's may have as well.

    Args:
        resource: Whose it is.
        selector: The object.
        plain: How bad it is that NICs which can do RDMA are handed out without, where nothing says that they are for it;
            None: that is not to be told.
    """
    for key in ("pfNames", "rootDevices"):
        for index, value in enumerate(selector.get(key)):
            if "#" in value and not _good_range(value):
                message = f"{value!r} matches nothing: behind # stand numbers and rising ranges, as in name#0-3,5"
                yield Problem("sriov-range-malformed", (*selector.at(key), index), message)
    if resource.device_type == "auxNetDevice":
        path = selector.at("auxTypes")
        if not selector.get("auxTypes"):
            yield Problem("sriov-aux-types", path, f"{_SRIOV_EXITS}: auxNetDevice needs auxTypes")
        for index, value in enumerate(selector.get("auxTypes")):
            if value != "sf":
                message = f"{_SRIOV_EXITS}: auxTypes holds {value!r}, but only 'sf' is supported"
                yield Problem("sriov-aux-types", (*path, index), message)
    if selector.is_rdma and selector.vdpa_type:
        message = f"{_SRIOV_EXITS}: isRdma and vdpaType {selector.vdpa_type!r} stand in one selectors object"
        yield Problem("sriov-isrdma-with-vdpa", selector.at("vdpaType"), message)
    if plain and resource.device_type == NET_DEVICE and not selector.is_rdma and not selector.vdpa_type:
        path, rule_id = selector.at("isRdma"), "sriov-isrdma-missing"
        if resource.prefix == SHARED_PREFIX or "infiniband" in selector.get("linkTypes"):
            message = f"{resource.full_name} is for RDMA, but without isRdma its pods get no /dev/infiniband"
            yield Problem(rule_id, path, message)
        elif catalog.defaults().vendor_id in selector.get("vendors") and _mlx(selector.get("drivers")):
            message = (
                f"{resource.full_name} hands out NVIDIA's NICs, and without isRdma its pods get no /dev/infiniband"
            )
            yield Problem(rule_id, path, message, severity=plain)


def _mlx(drivers: list[str]) -> bool:
    """Say whether devices keep the kernel's driver, so that they can do RDMA in a pod."""
    return not drivers or any(name.startswith("mlx") for name in drivers)


def _good_range(value: str) -> bool:
    parts = value.split("#")
    matches = [_INDEX_RANGE.match(item) for item in parts[1].split(",")]
    return len(parts) == 2 and all(found and int(found[1]) <= int(found[2] or found[1]) for found in matches)


def _selector_problems(
    selector: Selector, id_keys: Iterable[str], narrowing: frozenset[str], azure: bool
) -> Iterator[Problem]:
    """Find selectors that match nothing on an Azure node, or more than its InfiniBand functions.

    A list of which no value matches leaves the resource without a device, and so is an error.

    Args:
        selector: One selectors object.
        id_keys: The lists of PCI ids.
        narrowing: The lists that keep the Ethernet function out.
        azure: Whether the nodes are known to be Azure's, with InfiniBand.
    """
    for key in id_keys:
        for index, value in enumerate(selector.get(key)):
            if not HEX_ID.match(value):
                digits = value.strip().lower().removeprefix("0x")
                fix = f"write {digits!r}" if HEX_ID.match(digits) else None
                message = f"{value!r} matches no device: PCI ids are compared as text of 4 lowercase hex digits"
                yield Problem("rdma-selector-hex-form", (*selector.at(key), index), message, fix)
    rule_id = "rdma-selector-ether-on-infiniband"
    types = selector.get("linkTypes")
    nothing = not any(value in (_LINK_TYPES[1:] if azure else _LINK_TYPES) for value in types)
    for index, value in enumerate(types):
        if value != "infiniband":
            does = "selects Ethernet devices" if value == "ether" else "matches no device"
            message = f"link type {value!r} {does}; an InfiniBand device has the link type 'infiniband'"
            severity: Severity | None = "error" if nothing else None
            yield Problem(rule_id, (*selector.at("linkTypes"), index), message, severity=severity)
    for key in ("ifNames", "pfNames"):
        nothing = azure and all(map(_ETHERNET.match, selector.get(key)))
        for index, value in enumerate(selector.get(key)):
            if _ETHERNET.match(value):
                message = f"interface {value!r} is Ethernet: an InfiniBand device has the link type 'infiniband'"
                fix = 'write "linkTypes": ["infiniband"] instead'
                severity = "error" if nothing else None
                yield Problem(rule_id, (*selector.at(key), index), message, fix, severity=severity)
    yield from _drivers(selector)
    vendor = catalog.defaults().vendor_id
    if vendor in selector.get("vendors") and not any(selector.get(key) for key in narrowing):
        message = f"vendor {vendor} alone also selects the Ethernet function of Azure's accelerated networking"
        yield Problem("rdma-selector-no-link-type", selector.at("vendors"), message)


def _drivers(selector: Selector) -> Iterator[Problem]:
    """Find modules of the kernel that are the driver of no PCI device, by which both plugins look a driver up."""
    values = selector.get("drivers")
    if not values:
        return
    known = catalog.nic_drivers()
    spelt = {name.replace("_", "-"): row for name, row in known.items() if row.pci}
    wrong: list[tuple[int, str, str]] = []
    for index, value in enumerate(values):
        row = known.get(value)
        if row is not None and not row.pci:
            wrong.append((index, row.instead, f"{value} {row.what}, and no NIC has it as its PCI driver"))
        elif row is None and (meant := spelt.get(value.lower().replace("_", "-"))):
            wrong.append((index, meant.name, f"no NIC has a driver {value!r}, which is called {meant.name}"))
    for index, meant_name, why in wrong:
        severity: Severity | None = "error" if len(wrong) == len(values) else None
        path = (*selector.at("drivers"), index)
        yield Problem("rdma-selector-driver", path, why, f"write {meant_name!r}", meant_name, severity=severity)
