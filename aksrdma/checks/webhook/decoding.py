"""What the API server lets pass but Go cannot decode into the operator's types: the webhook refuses it unread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aksrdma.checks.webhook.facts import WebhookFacts
from aksrdma.checks.webhook.refusals import Refusal, objects, section
from aksrdma.findings import FieldPath
from aksrdma.kube.quantities import parse

_INT64: Final = 2**63
_AMOUNTS: Final = {"requests", "limits", "divisor"}


def judge(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    """Yield a refusal for each quantity, and each whole number beyond 64 bits, that does not decode."""
    for path, amount in _amounts(spec, facts):
        if isinstance(amount, str) and parse(amount) is None:
            yield _refusal(path, f"{amount!r} is no quantity")
    for path, number in _numbers(spec, ("spec",)):
        yield _refusal(path, f"{number} does not fit a 64-bit integer")


def _amounts(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[tuple[FieldPath, Any]]:
    for path in facts.decoded:
        for index, entry in objects(section(spec, *path) or {}, "containerResources"):
            for kind in ("requests", "limits"):
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


def _refusal(path: FieldPath, reason: str) -> Refusal:
    return Refusal("webhook-undecodable", path, "request body", f"the operator cannot decode the object: {reason}")
