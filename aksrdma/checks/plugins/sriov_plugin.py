"""The SR-IOV network device plugin's configuration, judged as the plugin judges it when it starts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.configs import (
    DEVICE_TYPES,
    Config,
    Selector,
    SriovResource,
    sriov_config,
    sriov_selectors,
)
from aksrdma.checks.plugins.decode import Object, type_flaws
from aksrdma.checks.plugins.fabric import weighed
from aksrdma.checks.plugins.plugin_config import form_problems, resource_name, unknown_key
from aksrdma.checks.plugins.selectors import selector_problems
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_EXITS: Final = "sriov-network-device-plugin exits"
_NAME = re.compile(r"[a-zA-Z0-9_-]+\Z")
_INDEX_RANGE = re.compile(r"([0-9]+)(?:-([0-9]+))?\Z", re.ASCII)


@rule(
    "device-plugin-config-not-json",
    "device-plugin-config-unknown-key",
    "device-plugin-list-empty",
    "rdma-resource-name-illegal",
    "rdma-selector-ether-on-infiniband",
    "rdma-selector-hex-form",
    "rdma-selector-no-link-type",
    "sriov-aux-types",
    "sriov-isrdma-missing",
    "sriov-isrdma-with-vdpa",
    "sriov-name-duplicate",
    "sriov-name-portable",
    "sriov-prefix-default",
    "sriov-range-malformed",
    "sriov-selectors-missing",
    kinds=POLICY_KINDS,
)
def sriov_plugin_config(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find what keeps the SR-IOV device plugin from starting, or its pools from holding the right devices."""
    config = sriov_config(document)
    if config is None:
        return
    yield from form_problems(document, config, _EXITS, config.flaws)
    if config.error is not None:
        return
    if not config.top.list("resourceList") and not type_flaws(config.flaws):
        message = f"{_EXITS}: no resource configuration: resourceList is empty or missing"
        yield Problem("device-plugin-list-empty", config.top.at("resourceList"), message, document=document)
    yield from weighed(_entries(document, config, manifests.admission_controller), manifests)


def _entries(document: Document, config: Config, admission: bool) -> Iterator[Problem]:
    broken = {flaw.path for flaw in type_flaws(config.flaws)}
    seen: set[str] = set()
    for entry in config.entries("resourceList"):
        if entry.path in broken:
            continue
        resource = SriovResource(entry)
        if resource.at("resourceName") not in broken:
            yield from _name(document, resource, seen, admission)
        if resource.device_type not in DEVICE_TYPES:
            yield _device_type(document, resource)
        else:
            yield from _selectors(document, entry, resource)


def _name(document: Document, resource: SriovResource, seen: set[str], admission: bool) -> Iterator[Problem]:
    name, path = resource.name, resource.at("resourceName")
    if not _NAME.match(name):
        message = f"{_EXITS}: resource name {name!r} holds other characters than letters, digits, - and _"
        yield Problem("sriov-name-portable", path, message, severity="error", document=document)
    elif resource.full_name in seen:
        message = f"{_EXITS}: resource {resource.full_name!r} is configured twice"
        yield Problem("sriov-name-duplicate", path, message, document=document)
    else:
        yield from resource_name(document, resource)
        if admission and "-" in name:
            message = f"the operator's admission webhook refuses the hyphen in resource name {name!r}"
            yield Problem("sriov-name-portable", path, message, document=document)
    if not resource.entry.text("resourcePrefix"):
        message = f"without a resourcePrefix the resource is called {resource.full_name}"
        yield Problem("sriov-prefix-default", resource.at("resourcePrefix"), message, document=document)
    seen.add(resource.full_name)


def _device_type(document: Document, resource: SriovResource) -> Problem:
    known = hint(resource.device_type, DEVICE_TYPES)
    message = f"{_EXITS}: unsupported deviceType {resource.device_type!r}{known}"
    return Problem("sriov-aux-types", resource.at("deviceType"), message, document=document)


def _selectors(document: Document, entry: Object, resource: SriovResource) -> Iterator[Problem]:
    path, rule = entry.at("selectors"), "sriov-selectors-missing"
    if "selectors" not in entry:
        yield Problem(
            rule, path, f"sriov-network-device-plugin panics: {resource.name!r} has no selectors", document=document
        )
        return
    flaws = sriov_selectors(entry)[1]
    wrong = type_flaws(flaws)
    for flaw in flaws:
        if flaw.kind == "key":
            yield unknown_key(document, flaw, f"sriov-network-device-plugin, for {resource.device_type},")
    for flaw in wrong:
        message = f"sriov-network-device-plugin drops {resource.name!r}: {_last(flaw.path)} {flaw.text}"
        yield Problem(rule, flaw.path, message, document=document)
    if not resource.selectors and not wrong:
        message = f"sriov-network-device-plugin drops {resource.name!r}: selectors is an empty list"
        yield Problem(rule, path, message, document=document)
    for selector in resource.selectors if not wrong else ():
        yield from _selector(document, resource, selector)


def _selector(document: Document, resource: SriovResource, selector: Selector) -> Iterator[Problem]:
    yield from selector_problems(document, selector, sriov=True)
    yield from _ranges(document, selector)
    if resource.device_type == "auxNetDevice":
        yield from _aux_types(document, selector)
    if selector.is_rdma and selector.vdpa_type:
        message = f"{_EXITS}: isRdma and vdpaType {selector.vdpa_type!r} stand in one selectors object"
        yield Problem("sriov-isrdma-with-vdpa", selector.at("vdpaType"), message, document=document)
    for_rdma = resource.prefix == "rdma" or "infiniband" in selector.get("linkTypes")
    if resource.device_type == "netDevice" and for_rdma and not selector.is_rdma and not selector.vdpa_type:
        message = f"{resource.full_name} is for RDMA, but without isRdma its pods get no /dev/infiniband"
        yield Problem("sriov-isrdma-missing", selector.at("isRdma"), message, document=document)


def _aux_types(document: Document, selector: Selector) -> Iterator[Problem]:
    path = selector.at("auxTypes")
    if not selector.get("auxTypes"):
        yield Problem("sriov-aux-types", path, f"{_EXITS}: auxNetDevice needs auxTypes", document=document)
    for index, value in enumerate(selector.get("auxTypes")):
        if value != "sf":
            message = f"{_EXITS}: auxTypes holds {value!r}, but only 'sf' is supported"
            yield Problem("sriov-aux-types", (*path, index), message, document=document)


def _ranges(document: Document, selector: Selector) -> Iterator[Problem]:
    for key in ("pfNames", "rootDevices"):
        for index, value in enumerate(selector.get(key)):
            if "#" in value and not _good_range(value):
                message = f"{value!r} matches nothing: behind # stand numbers and rising ranges, as in name#0-3,5"
                yield Problem("sriov-range-malformed", (*selector.at(key), index), message, document=document)


def _good_range(value: str) -> bool:
    parts = value.split("#")
    matches = [_INDEX_RANGE.match(item) for item in parts[1].split(",")]
    return len(parts) == 2 and all(found and int(found[1]) <= int(found[2] or found[1]) for found in matches)


def _last(path: tuple[str | int | None, ...]) -> str:
    return path[-1] if isinstance(path[-1], str) else f"entry {path[-1]}"
