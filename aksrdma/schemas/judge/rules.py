"""Validation rules of a CRD (`x-kubernetes-validations`), judged as on create."""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.findings import Problem
from aksrdma.schemas.judge.cel import CelError, Mismatch, UnsupportedError, compile_expression, usable
from aksrdma.schemas.judge.kept import settled
from aksrdma.schemas.judge.values import Check, Found
from aksrdma.schemas.store import Definitions, Schema, as_list, definition

_OLD: Final = re.compile(r"\boldSelf\b")


def rules_check(schema: Schema, rules: list[Schema], definitions: Definitions) -> Check:
    """Return the check of the rules of one schema.

    A rule that compares with `oldSelf` says nothing about an object that is new. A rule in a part of CEL that is not
    known here is passed over: what the API server might take is not refused.
    """
    known = [rule for rule in rules if judged(rule["rule"])]
    if not known:
        return None

    def check(value: Any) -> Found:
        scope = scope_of(value, schema, definitions)
        broken = [rule for rule in known if not holds(rule["rule"], scope)]
        return [Problem("validation-rule-broken", (), _message(rule, scope)) for rule in broken] or None

    return check


def judged(rule: str) -> bool:
    """Tell whether a rule is judged when an object is created, and is one that this module can judge."""
    if _OLD.search(rule):
        return False
    try:
        compile_expression(rule)
    except UnsupportedError:
        return False
    return True


def scope_of(value: Any, schema: Schema, definitions: Definitions) -> dict[str, Any]:
    """Return the variables of the rules of a schema: the value as the API server keeps it."""
    return {"self": _typed(settled(value, schema, definitions), schema, definitions)}


def _typed(value: Any, schema: Schema, definitions: Definitions) -> Any:
    """Return a value in which floats that stand for integers, as 1.0 does, cannot be used, as in the API server's CEL."""
    schema = definition(schema, definitions)
    if isinstance(value, float):
        types = as_list(schema.get("type"))
        return Mismatch() if "integer" in types and "number" not in types else value
    if isinstance(value, list):
        return [_typed(item, schema.get("items", {}), definitions) for item in value]
    if isinstance(value, dict):
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        return {name: _typed(item, fields.get(name, others), definitions) for name, item in value.items()}
    return value


def holds(rule: str, scope: dict[str, Any]) -> bool:
    """Tell whether a rule is true; an error while it is evaluated counts against the object, as on the API server."""
    try:
        usable(scope["self"])  # the value itself may be a float for an integer
        return compile_expression(rule)(scope) is True
    except CelError:
        return False


def _message(rule: Schema, scope: dict[str, Any]) -> str:
    """Return the author's message; one that is computed counts only where it can be."""
    try:
        computed = compile_expression(rule["messageExpression"])(scope) if "messageExpression" in rule else ""
    except (CelError, UnsupportedError):
        computed = ""
    return str(computed or rule.get("message") or f"failed rule: {rule['rule']}").strip()
