"""The configs of the two device plugins: the JSON, its schema, then names, prefixes and selectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aksrdma.checks.webhook.facts import pattern, table
from aksrdma.checks.webhook.go_json import GoJsonError, read_object
from aksrdma.checks.webhook.refusals import Refusal, section, text
from aksrdma.checks.webhook.schema_rules import violations
from aksrdma.findings import FieldPath


@dataclass(frozen=True, slots=True)
class _Plugin:
    section: str
    field: str
    """As the operator prints it; it has its own word for the SR-IOV section."""
    rule: str
    title: str
    schema: str
    list_key: str
    name_pattern: str
    name_hint: str
    prefix_fix: str


_RDMA = _Plugin(
    section="rdmaSharedDevicePlugin",
    field="spec.rdmaSharedDevicePlugin.Config",
    rule="webhook-rdma-config",
    title="RdmaSharedDevicePluginConfig",
    schema="rdma_shared_device_plugin",
    list_key="configList",
    name_pattern="rdma_resource_name",
    name_hint="letters, digits and '_', '-' or '.' between them (the plugin itself takes only letters, digits and '_')",
    prefix_fix="leave the key out: the plugin's own default is rdma",
)
_SRIOV = _Plugin(
    section="sriovDevicePlugin",
    field="spec.sriovNetworkDevicePlugin.Config",
    rule="webhook-sriov-config",
    title="SriovNetworkDevicePluginConfig",
    schema="sriov_network_device_plugin",
    list_key="resourceList",
    name_pattern="sriov_resource_name",
    name_hint="letters, digits and '_' or '.' between them, no '-' (the plugin itself takes '-' and refuses '.')",
    prefix_fix="use a prefix with a dot, such as nvidia.com, or keep the admission controller off",
)


def judge(spec: dict[str, Any]) -> Iterator[Refusal]:
    """Yield what the webhook has against the configs of both device plugins."""
    for plugin in (_RDMA, _SRIOV):
        holder = section(spec, plugin.section)
        # Absent is fine, an empty text is not.
        config = None if holder is None or holder.get("config") is None else text(holder, "config")
        if config is not None:
            yield from _config(plugin, config)


def _config(plugin: _Plugin, config: str) -> Iterator[Refusal]:
    try:
        data = read_object(config)
    except GoJsonError as error:
        reason = f"Invalid json of {plugin.title}: {error}"
        yield Refusal(plugin.rule, ("spec", plugin.section, "config"), plugin.field, reason)
        return
    broken = list(violations(table("config_schemas")[plugin.schema], data))
    for path, reason in broken:
        yield _refusal(plugin, plugin.rule, path, reason)
    if not broken and data is not None:
        yield from _resources(plugin, data[plugin.list_key])


def _resources(plugin: _Plugin, resources: list[dict[str, Any]]) -> Iterator[Refusal]:
    for index, resource in enumerate(resources):
        path = (plugin.list_key, index)
        if refusal := _name(plugin, path, resource) or _prefix(plugin, path, resource):
            yield refusal
            return  # as the webhook does: the rest of the list is not looked at
        if plugin is _SRIOV and "selectors" in resource:
            yield from _selectors((*path, "selectors"), resource)


def _name(plugin: _Plugin, path: FieldPath, resource: dict[str, Any]) -> Refusal | None:
    name = resource.get("resourceName")
    if name is None:
        reason = "resourceName is missing: the webhook panics on it, and a panic counts as a refusal"
        return _refusal(plugin, plugin.rule, path, reason, "give the resource a resourceName")
    if pattern(plugin.name_pattern).fullmatch(name):
        return None
    reason = f"Invalid Resource name {name!r}: {plugin.name_hint}"
    return _refusal(plugin, "webhook-resource-name", (*path, "resourceName"), reason)


def _prefix(plugin: _Plugin, path: FieldPath, resource: dict[str, Any]) -> Refusal | None:
    prefix = resource.get("resourcePrefix")
    if prefix is None or pattern("fqdn").fullmatch(prefix):
        return None
    reason = f"Invalid Resource prefix {prefix!r}: it must be a domain name with a dot, letters alone after the first"
    rule = "webhook-resource-prefix"
    return _refusal(plugin, rule, (*path, "resourcePrefix"), reason, plugin.prefix_fix)


def _selectors(path: FieldPath, resource: dict[str, Any]) -> Iterator[Refusal]:
    kind = resource.get("deviceType", "netDevice")
    schema = table("config_schemas")["selectors"][kind]
    selectors = resource["selectors"]
    several = isinstance(selectors, list)
    for index, selector in enumerate(selectors if several else [selectors]):
        here = (*path, index) if several else path
        for place, reason in violations(schema, selector, here):
            text_ = f"Must validate one and only one schema (oneOf) of {kind}: {reason}{_plugin_knows(kind, place)}"
            yield _refusal(_SRIOV, _SRIOV.rule, place, text_)


def _plugin_knows(kind: str, path: FieldPath) -> str:
    known = path[-1] in table("facts")["selectors_only_the_plugin_knows"][kind]
    return ", although the device plugin itself knows it" if known else ""


def _refusal(plugin: _Plugin, rule: str, path: FieldPath, reason: str, fix: str | None = None) -> Refusal:
    return Refusal(rule, ("spec", plugin.section, "config", None, *path), plugin.field, reason, fix)
