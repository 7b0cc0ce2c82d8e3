"""Validation rules of a CRD (`x-kubernetes-validations`), judged as on create."""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.schemas.absence import Definitions, Schema
from aksrdma.schemas.cel import CelError, UnsupportedError, compile_expression
from aksrdma.schemas.facets import Facet, Found
from aksrdma.schemas.problems import SchemaProblem
from aksrdma.schemas.settled import settled

_OLD: Final = re.compile(r"\boldSelf\b")


def rule_facet(schema: Schema, rules: list[Schema], definitions: Definitions) -> Facet:
    """Return the check of the rules of one schema.

    A rule that compares with `oldSelf` says nothing about an object that is new. A rule in a part of CEL that is not
    known here is passed over: what the API server might take is not refused.
    """
    known = [rule for rule in rules if judged(rule["rule"])]
    if not known:
        return None

    def check(value: Any) -> Found:
        scope = {"self": settled(value, schema, definitions)}
        return [
            SchemaProblem("rule", _message(rule, scope)) for rule in known if not holds(rule["rule"], scope)
        ] or None

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


def holds(rule: str, scope: dict[str, Any]) -> bool:
    """Tell whether a rule is true; an error while it is evaluated counts against the object, as on the API server."""
    try:
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
