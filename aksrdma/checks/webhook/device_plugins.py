"""The configs of the two device plugins: the JSON, its schema, then names, prefixes and selectors.

The operator judges by gojsonschema 1.2, whose verdicts are not the API server's: null is a value of its own, a number
is whole by its exact value, and no integer is too large. So its few words have a judge of their own here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from aksrdma.checks.plugins.device_plugin_configs import LEAVE_PREFIX_OUT
from aksrdma.checks.webhook.refusals import Refusal, refusal, section, text
from aksrdma.checks.webhook.releases import pattern, table
from aksrdma.findings import FieldPath
from aksrdma.kube.go_json import JsonError, Reader


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


_RDMA: Final = _Plugin(
    section="rdmaSharedDevicePlugin",
    field="spec.rdmaSharedDevicePlugin.Config",
    rule="webhook-rdma-config",
    title="RdmaSharedDevicePluginConfig",
    schema="rdma_shared_device_plugin",
    list_key="configList",
    name_pattern="rdma_resource_name",
    name_hint="letters, digits and '_', '-' or '.' between them (the plugin itself takes only letters, digits and '_')",
    prefix_fix=LEAVE_PREFIX_OUT,
)
_SRIOV: Final = _Plugin(
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


def refused_configs(spec: dict[str, Any]) -> Iterator[Refusal]:
    """Yield what the webhook has against the configs of both device plugins."""
    for plugin in (_RDMA, _SRIOV):
        holder = section(spec, plugin.section)
        # Where it is absent the webhook looks no further; an empty text is no JSON.
        config = None if holder is None or holder.get("config") is None else text(holder, "config")
        if config is not None:
            yield from _config(plugin, config)


def _config(plugin: _Plugin, config: str) -> Iterator[Refusal]:
    try:
        data = Reader(config, exact=True).only_value()
    except JsonError as error:
        before = config[: error.offset]
        place = f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
        yield _unread(plugin, f"{error.message} at {place}")
        return
    if data is not None and not isinstance(data, dict):
        yield _unread(plugin, "it must be a JSON object")
        return
    broken = list(violations(table("webhook_configs")[plugin.schema], data))
    for path, reason in broken:
        yield _refused(plugin, plugin.rule, path, reason)
    if data is not None and not broken:
        yield from _resources(plugin, data[plugin.list_key])


def _unread(plugin: _Plugin, reason: str) -> Refusal:
    path = ("spec", plugin.section, "config")
    return refusal(plugin.rule, path, plugin.field, f"Invalid json of {plugin.title}: {reason}")


def _refused(plugin: _Plugin, rule: str, path: FieldPath, reason: str, fix: str | None = None) -> Refusal:
    return refusal(rule, ("spec", plugin.section, "config", None, *path), plugin.field, reason, fix)


def _resources(plugin: _Plugin, resources: list[dict[str, Any]]) -> Iterator[Refusal]:
    for index, resource in enumerate(resources):
        path = (plugin.list_key, index)
        name, prefix = resource.get("resourceName"), resource.get("resourcePrefix")
        # As in the webhook the first wrong name or prefix ends it: the rest of the list is not looked at.
        if name is None:
            reason = "resourceName is missing: the webhook panics on it, and a panic counts as a refusal"
            yield _refused(plugin, plugin.rule, path, reason, "give the resource a resourceName")
            return
        if not pattern(plugin.name_pattern).fullmatch(name):
            reason = f"Invalid Resource name {name!r}: {plugin.name_hint}"
            yield _refused(plugin, "webhook-resource-name", (*path, "resourceName"), reason)
            return
        if prefix is not None and not pattern("fqdn").fullmatch(prefix):
            reason = f"Invalid Resource prefix {prefix!r}: it must be a domain name with a dot, letters alone after the first"
            yield _refused(plugin, "webhook-resource-prefix", (*path, "resourcePrefix"), reason, plugin.prefix_fix)
            return
        if plugin is _SRIOV and "selectors" in resource:
            yield from _selectors((*path, "selectors"), resource)


def _selectors(path: FieldPath, resource: dict[str, Any]) -> Iterator[Refusal]:
    kind = resource.get("deviceType", "netDevice")
    selectors = resource["selectors"]
    several = isinstance(selectors, list)
    for index, selector in enumerate(selectors if several else [selectors]):
        here = (*path, index) if several else path
        for place, reason in violations(table("webhook_configs")["selectors"][kind], selector, here):
            known = place[-1] in table()["selectors_only_the_plugin_knows"][kind]
            message = f"Must validate one and only one schema (oneOf) of {kind}: {reason}"
            message += ", although the device plugin itself knows it" if known else ""
            yield _refused(_SRIOV, _SRIOV.rule, place, message)


def violations(schema: dict[str, Any], value: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Yield every place where a value breaks a schema of `catalog/webhook_configs.yaml`, in gojsonschema's words.

    Args:
        schema: The schema, which has only the keywords that are known here.
        value: As `Reader` gives it with `exact`.
        path: Where the value stands.
    """
    given = _TYPE_NAMES.get(type(value)) or ("integer" if value.is_whole else "number")
    if (expected := schema.get("type")) and expected != given:
        yield path, f"Invalid type. Expected: {expected}, given: {given}"
        return
    for keyword, words in _FORMS.items():
        failures = [list(violations(option, value, path)) for option in schema.get(keyword, ())]
        fitting = sum(not failed for failed in failures)
        if failures and (fitting == 0 or (fitting > 1 and keyword == "oneOf")):
            reasons = ", or ".join(failed[0][1] for failed in failures if failed)
            yield path, f"Must validate {words} schema ({keyword}); {reasons}"
    if isinstance(value, dict):
        yield from _object(schema, value, path)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield path, f"Array must have at least {schema['minItems']} items"
        for index, item in enumerate(value):
            yield from violations(schema.get("items", {}), item, (*path, index))
    elif isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield path, f"String length must be greater than or equal to {schema['minLength']}"
        if value not in schema.get("enum", (value,)):
            allowed = ", ".join(f'"{word}"' for word in schema["enum"])
            yield path, f"{path[-1]} must be one of the following: {allowed}; it is {value!r}"


def _object(schema: dict[str, Any], value: dict[str, Any], path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    for key in schema.get("required", ()):
        if key not in value:
            yield path, f"{key} is required"
    known = schema.get("properties", {})
    if len(value) < schema.get("minProperties", 0):
        yield path, f"one of {', '.join(known)} is required"
    for key, item in value.items():
        if key in known:
            yield from violations(known[key], item, (*path, key))
        elif schema.get("additionalProperties") is False:
            yield (*path, key), f"Additional property {key} is not allowed"


_TYPE_NAMES: Final = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
_FORMS: Final = {"oneOf": "one and only one", "anyOf": "at least one"}
