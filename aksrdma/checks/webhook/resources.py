"""containerResources: cpu and memory alone, not zero, no request above its limit, for a container that exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aksrdma.checks.webhook.facts import Component, WebhookFacts, table
from aksrdma.checks.webhook.refusals import Refusal, objects, section
from aksrdma.checks.webhook.rendering import rendering_fault
from aksrdma.findings import FieldPath
from aksrdma.kube.quantities import quantity

_RULE = "webhook-container-resources"
_LISTS = {"requests": "Requests", "limits": "Limits"}


def judge(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    """Yield a refusal for each containerResources entry of a NicClusterPolicy that the operator cannot use."""
    for component in facts.components:
        holder = section(spec, *component.path)
        if holder is None or not component.containers or not holder.get("containerResources"):
            continue
        for index, entry in objects(holder, "containerResources"):
            yield from _amounts(component, index, entry)
        yield from _containers(component, holder, rendering_fault(component, holder, spec, facts))


def _amounts(component: Component, index: int, entry: dict[str, Any]) -> Iterator[Refusal]:
    for kind in _LISTS:
        for resource, amount in (section(entry, kind) or {}).items():
            path = _path(component, index, kind, resource)
            if resource not in table("facts")["resources"]:
                yield _refused(component, path, f'Unsupported value {resource!r}: supported values: "cpu", "memory"')
            elif (read := quantity(amount)) and read.nano == 0:
                yield _refused(component, path, f"resource {_LISTS[kind]} for {resource} is zero ({amount})")
    yield from _requests_above_limits(component, index, entry)


def _requests_above_limits(component: Component, index: int, entry: dict[str, Any]) -> Iterator[Refusal]:
    limits = section(entry, "limits") or {}
    for resource, amount in (section(entry, "requests") or {}).items():
        request, limit = quantity(amount), quantity(limits[resource]) if resource in limits else None
        if request and limit and request.nano > limit.nano:
            path = _path(component, index, "requests", resource)
            reason = f"resource request for {resource} is greater than the limit: {amount} > {limits[resource]}"
            yield _refused(component, path, reason)


def _containers(component: Component, holder: dict[str, Any], unrendered: str | None) -> Iterator[Refusal]:
    field = f"spec.{component.name}.containerResources.name"
    for index, entry in objects(holder, "containerResources"):
        path: FieldPath = ("spec", *component.path, "containerResources", index)
        if unrendered:
            yield Refusal("webhook-container-name", path, field, unrendered, "leave containerResources out")
        elif entry.get("name") not in component.containers:
            known = ", ".join(component.containers)
            reason = f"Unsupported value {entry.get('name')!r}: supported values: {known}"
            yield Refusal("webhook-container-name", (*path, "name"), field, reason, f"name one of {known}")


def _path(component: Component, index: int, kind: str, resource: str) -> FieldPath:
    return ("spec", *component.path, "containerResources", index, kind, resource)


def _refused(component: Component, path: FieldPath, reason: str) -> Refusal:
    kind, resource = str(path[-2]), path[-1]
    return Refusal(_RULE, path, f"spec.{component.name}.containerResources.{_LISTS[kind]}.{resource}", reason)
