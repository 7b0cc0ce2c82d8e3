"""The sections of a policy, a component each: what Go decodes of them, their images, and the resources of containers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aksrdma.checks.plugins.operator_templates import broken
from aksrdma.checks.webhook.refusals import Refusal, objects, refusal, section, text
from aksrdma.checks.webhook.releases import Component, WebhookFacts, table
from aksrdma.findings import FieldPath, format_path
from aksrdma.kube.image_names import fault
from aksrdma.kube.quantities import parse, quantity

_INT64: Final = 2**63
_AMOUNTS: Final = {"requests", "limits", "divisor"}
_LISTS: Final = {"requests": "Requests", "limits": "Limits"}
"""The two lists of amounts, and what Go calls them."""


def undecodable(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    """Yield a refusal for each quantity, and each whole number beyond 64 bits, that Go cannot decode.

    The API server lets them pass; the webhook refuses them unread.
    """
    for path, amount in _amounts(spec, facts):
        if isinstance(amount, str) and parse(amount) is None:
            yield _undecodable(path, f"{amount!r} is no quantity")
    for path, number in _numbers(spec, ("spec",)):
        yield _undecodable(path, f"{number} does not fit a 64-bit integer")


def _undecodable(path: FieldPath, reason: str) -> Refusal:
    return refusal("webhook-undecodable", path, "request body", f"the operator cannot decode the object: {reason}")


def _amounts(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[tuple[FieldPath, Any]]:
    for path in facts.decoded:
        for index, entry in objects(section(spec, *path) or {}, "containerResources"):
            for kind in _LISTS:
                for resource, amount in (section(entry, kind) or {}).items():
                    yield ("spec", *path, "containerResources", index, kind, resource), amount
    for name in facts.environments:
        for index, variable in objects(section(spec, name) or {}, "env"):
            reference = section(variable, "valueFrom", "resourceFieldRef") or {}
            yield ("spec", name, "env", index, "valueFrom", "resourceFieldRef", "divisor"), reference.get("divisor")


def _numbers(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _AMOUNTS:
                yield from _numbers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, (*path, index))
    elif isinstance(value, int | float) and not -_INT64 <= value < _INT64:
        yield path, value


def malformed_repositories(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    """Yield a refusal for each repository of a NicClusterPolicy that does not read as an image name."""
    for component in facts.components:
        holder = section(spec, *component.path)
        repository = None if holder is None else own_or_global("repository", holder, spec, facts)
        if repository is not None and (why := fault(repository)):
            yield refusal(
                "webhook-repository",
                ("spec", *component.path, "repository"),
                f"spec.{component.repository_reported_as}.repository",
                f"invalid container image repository format of {component.name}: {repository!r}, {why}",
            )


def own_or_global(key: str, component: dict[str, Any], spec: dict[str, Any], facts: WebhookFacts) -> str | None:
    """Return a field of a component, or of `spec.global` where it is empty and the release has that.

    None stands for a wrong type.
    """
    own = text(component, key)
    shared = section(spec, "global") if facts.has_global else None
    return text(shared, key) if own == "" and shared is not None else own


def container_resources(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    """Yield a refusal for each containerResources entry of a NicClusterPolicy that the operator cannot use."""
    for component, holder in with_resources(spec, facts):
        for index, entry in objects(holder, "containerResources"):
            yield from unusable_amounts(component, index, entry)
            yield from requests_above_limits(component, index, entry)
        unrendered = _rendering_fault(component, holder, spec, facts)
        field = f"spec.{component.name}.containerResources.name"
        for index, entry in objects(holder, "containerResources"):
            path: FieldPath = ("spec", *component.path, "containerResources", index)
            if unrendered:
                yield refusal("webhook-container-name", path, field, unrendered, "leave containerResources out")
            elif entry.get("name") not in component.containers:
                known = ", ".join(component.containers)
                reason = f"Unsupported value {entry.get('name')!r}: supported values: {known}"
                yield refusal("webhook-container-name", (*path, "name"), field, reason, f"name one of {known}")


def with_resources(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[tuple[Component, dict[str, Any]]]:
    """Yield the components whose containerResources the webhook judges, with their sections."""
    for component in facts.components:
        holder = section(spec, *component.path)
        if holder is not None and component.containers and holder.get("containerResources"):
            yield component, holder


def unusable_amounts(component: Component, index: int, entry: dict[str, Any]) -> Iterator[Refusal]:
    """Yield a refusal for each amount of an entry that is zero, or of another resource than cpu and memory."""
    for kind in _LISTS:
        for resource, amount in (section(entry, kind) or {}).items():
            if resource not in table()["resources"]:
                reason = f'Unsupported value {resource!r}: supported values: "cpu", "memory"'
                yield _refused_amount(component, index, kind, resource, reason)
            elif (read := quantity(amount)) and read.nano == 0:
                reason = f"resource {_LISTS[kind]} for {resource} is zero ({amount})"
                yield _refused_amount(component, index, kind, resource, reason)


def requests_above_limits(component: Component, index: int, entry: dict[str, Any]) -> Iterator[Refusal]:
    """Yield a refusal for each request of an entry that is above its limit."""
    limits = section(entry, "limits") or {}
    for resource, amount in (section(entry, "requests") or {}).items():
        request, limit = quantity(amount), quantity(limits[resource]) if resource in limits else None
        if request and limit and request.nano > limit.nano:
            reason = f"resource request for {resource} is greater than the limit: {amount} > {limits[resource]}"
            yield _refused_amount(component, index, "requests", resource, reason)


def _refused_amount(component: Component, index: int, kind: str, resource: str, reason: str) -> Refusal:
    path: FieldPath = ("spec", *component.path, "containerResources", index, kind, resource)
    field = f"spec.{component.name}.containerResources.{_LISTS[kind]}.{resource}"
    return refusal("webhook-container-resources", path, field, reason)


def _rendering_fault(
    component: Component, holder: dict[str, Any], spec: dict[str, Any], facts: WebhookFacts
) -> str | None:
    """Return why containerResources of this component are refused whatever they say, or None where they are not.

    The webhook learns the containers of a component by rendering it for a cluster that it makes up.
    """
    for key in ("repository", "version"):
        if facts.has_global and own_or_global(key, holder, spec, facts) == "":
            return f"the operator cannot render {component.name}: {key} is required, here or in spec.global"
    if component.path == ("ofedDriver",):
        if holder.get("forcePrecompiled") is True:
            return "with forcePrecompiled the webhook finds no precompiled driver, so it knows no container at all"
        for key in ("certConfig", "repoConfig"):
            if text(section(holder, key) or {}, "name"):
                return (
                    f"with {key} the webhook panics on a client that it does not have, and a panic counts as a refusal"
                )
    field: FieldPath = ("spec", *component.path)
    for one in broken({"kind": "NicClusterPolicy", "spec": spec}):
        if one.unread and one.path[: len(field)] == field:
            return f"the operator cannot render {component.name}: {format_path(one.path[len(field) :])} {one.problem}"
    return None
