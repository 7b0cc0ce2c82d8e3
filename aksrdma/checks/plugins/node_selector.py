"""Node selectors, checked as Kubernetes checks the one of a pod's node affinity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aksrdma.checks.plugins.kubernetes import is_label_value, qualified_name_error
from aksrdma.findings import FieldPath

_LISTS: Final = ("In", "NotIn")
_PRESENCE: Final = ("Exists", "DoesNotExist")
_NUMBERS: Final = ("Gt", "Lt")


def node_selector_errors(selector: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    """Yield what is wrong with a node selector: where, and why."""
    if not isinstance(selector, dict):
        return
    terms = selector.get("nodeSelectorTerms")
    if not terms:
        yield path, "nodeSelector needs at least one of nodeSelectorTerms"
    for index, term in enumerate(_list(terms)):
        for key in ("matchExpressions", "matchFields") if isinstance(term, dict) else ():
            for number, requirement in enumerate(_list(term.get(key))):
                where = (*path, "nodeSelectorTerms", index, key, number)
                if isinstance(requirement, dict):
                    yield from _requirement(requirement, where, fields=key == "matchFields")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _requirement(requirement: dict[str, Any], path: FieldPath, *, fields: bool) -> Iterator[tuple[FieldPath, str]]:
    key, operator = requirement.get("key"), requirement.get("operator")
    values = [value for value in _list(requirement.get("values")) if isinstance(value, str)]
    if fields:
        yield from _field(key, operator, values, path)
        return
    if isinstance(key, str) and (reason := qualified_name_error(key)):
        yield (*path, "key"), f"{key!r} is no label key: {reason}"
    if isinstance(operator, str) and (reason := _values_error(operator, values)):
        yield (*path, "values" if operator in (*_LISTS, *_PRESENCE, *_NUMBERS) else "operator"), reason
    for index, value in enumerate(values):
        if not is_label_value(value):
            yield (*path, "values", index), f"{value!r} is no label value"


def _values_error(operator: str, values: list[str]) -> str | None:
    if operator in _LISTS:
        return None if values else f"{operator} needs values"
    if operator in _PRESENCE:
        return f"{operator} takes no values" if values else None
    if operator in _NUMBERS:
        return None if len(values) == 1 else f"{operator} takes exactly one value"
    return f"{operator!r} is no operator of a node selector"


def _field(key: Any, operator: Any, values: list[str], path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    if key != "metadata.name":
        yield (*path, "key"), f"matchFields knows only metadata.name, not {key!r}"
    if operator not in _LISTS:
        yield (*path, "operator"), f"matchFields knows only In and NotIn, not {operator!r}"
    elif len(values) != 1:
        yield (*path, "values"), "matchFields takes exactly one value"
