"""What the engine finds: one mistake, one problem."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from aksrdma.findings import FieldPath
from aksrdma.nearest import nearest

_LONGEST = 60
_MANY = 25


class SchemaProblem(NamedTuple):
    """One place where an object is not what its schema takes."""

    code: str
    """`unknown-field`, `type`, `required`, `null-item`, `enum`, `pattern`, `format`, `range`, `length`,
    `duplicate-item`, `rule` or `combination`."""
    message: str
    """What is wrong, with the value; the path is not repeated in it."""
    fix: str | None = None
    """What to do, where the schema says it."""
    path: FieldPath = ()
    known: tuple[str, ...] = ()
    """The fields or the values that would be taken, where there is a list of them."""

    def under(self, step: str | int) -> SchemaProblem:
        """Return the problem as seen from the object or the list that holds the value at `step`."""
        if self.code == "null":  # what a null means depends on what it is in
            return null_item(step) if isinstance(step, int) else missing(step, null=True)
        return self._replace(path=(step, *self.path))


def missing(field: str, *, null: bool = False) -> SchemaProblem:
    """Return the problem of a required field that is not there, or is null, which counts as not there."""
    why = "is null, which counts as left out; it is required" if null else "is required"
    return SchemaProblem("required", f"{field} {why}", f"set {field}", (field,))


def null_item(index: int) -> SchemaProblem:
    """Return the problem of a null in a list."""
    return SchemaProblem("null-item", "a list item must not be null", "remove the item or give it a value", (index,))


def null() -> SchemaProblem:
    """Return the problem of a null, to be named by what holds it."""
    return SchemaProblem("null", "must not be null")


def unknown_field(name: str, known: tuple[str, ...]) -> SchemaProblem:
    """Return the problem of a field that the schema does not have, with the nearest that it has."""
    near = nearest(name, known)
    fix = f"did you mean {near[0]}?" if near else f"remove it{_listed('; known fields are ', known)}"
    return SchemaProblem("unknown-field", f"unknown field {name}", fix, known=known)


def wrong_type(value: Any, types: tuple[str, ...]) -> SchemaProblem:
    """Return the problem of a value of a type that the schema does not take."""
    wanted = " or ".join(with_article(name) for name in types if name != "null")
    fix = _retype(value, types)
    return SchemaProblem("type", f"must be {wanted}, is {_kind(value)}{_shown(value)}", fix)


def not_listed(value: Any, values: tuple[Any, ...]) -> SchemaProblem:
    """Return the problem of a value that is none of those listed."""
    known = tuple(text(item) for item in values)
    near = nearest(str(value), [str(item) for item in values])
    fix = f"did you mean {near[0]}?" if near and near[0] else f"use one of {', '.join(known)}"
    return SchemaProblem("enum", f"{text(value)} is none of {', '.join(known)}", fix, known=known)


def text(value: Any) -> str:
    """Return a value as JSON, cut where it is long."""
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."


def with_article(type_name: str) -> str:
    """Return `an integer`, `a string`, ..."""
    return f"{'an' if type_name[0] in 'aio' else 'a'} {type_name}"


def _listed(intro: str, names: tuple[str, ...]) -> str:
    return f"{intro}{', '.join(names)}" if 0 < len(names) <= _MANY else ""


def _kind(value: Any) -> str:
    names = {bool: "boolean", str: "string", int: "integer", float: "number", list: "list", dict: "mapping"}
    return with_article(names.get(type(value), type(value).__name__))


def _shown(value: Any) -> str:
    return "" if isinstance(value, dict | list) else f": {text(value)}"


def _retype(value: Any, types: tuple[str, ...]) -> str | None:
    """Say how to write what was meant: the usual slip is a quote too many or too few."""
    if isinstance(value, str) and ("integer" in types or "number" in types) and value.strip().lstrip("+-").isdigit():
        return f"write {value.strip()} without quotes"
    if isinstance(value, str) and "boolean" in types and value.strip().lower() in ("true", "false"):
        return f"write {value.strip().lower()} without quotes"
    if "string" in types and not isinstance(value, dict | list):
        return f'put it in quotes: "{json.dumps(value)}"'
    if "array" in types:
        return "write it as a list, each item with a dash"
    return None
