"""What is said of a mistake that a schema finds: the rule that is broken, what is wrong, and what to do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from aksrdma.findings import Problem
from aksrdma.nearest import nearest

_LONGEST: Final = 60
"""Characters of a value that a message shows."""
_MANY: Final = 25
"""Known fields beyond which a list of them helps nobody."""

NULL: Final = Problem("wrong-type", (), "must not be null")
"""A null that is not taken; what holds it says what that means there."""


SOME_VERSIONS: Final = "some-versions"
"""Stands in the place of a rule where an object has what not all versions of Kubernetes take, which is no mistake."""


def taken_by(versions: Sequence[str]) -> Problem:
    """Return the mark of what only some versions of Kubernetes take, oldest first."""
    return Problem(SOME_VERSIONS, (), " ".join(versions))


def shown(versions: Sequence[str]) -> str:
    """Return versions of Kubernetes as a message names them, oldest first: three in a row by the first and the last."""
    numbers = [name.removeprefix("v") for name in versions]
    minors = [int(number.rpartition(".")[2]) for number in numbers]
    if len(numbers) > 2 and minors[-1] - minors[0] == len(minors) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    return " and ".join(filter(None, [", ".join(numbers[:-1]), numbers[-1]]))


def missing(field: str, *, null: bool = False) -> Problem:
    """Return the problem of a required field that is not there, or is null, which counts as not there."""
    why = "is null, which counts as left out; it is required" if null else "is required"
    return Problem("missing-field", (field,), f"{field} {why}", f"set {field}")


def null_item(index: int) -> Problem:
    """Return the problem of a null in a list."""
    message = "a list item must not be null"
    return Problem("null-list-item", (index,), message, "remove the item or give it a value")


def duplicate(index: int, first: int, keys: tuple[str, ...] = ()) -> Problem:
    """Return the problem of an item of a list that another item before it is the same as, by its keys if it has some."""
    same = f"has the same {' and '.join(keys)} as" if keys else "is the same as"
    return Problem("duplicate-list-item", (index,), f"{same} item {first}", "remove one of the two")


def unknown_field(name: str, known: tuple[str, ...]) -> Problem:
    """Return the problem of a field that the schema does not have, with the nearest that it has."""
    if near := nearest(name, known):
        return Problem("unknown-field", (), f"unknown field {name}", f"did you mean {near[0]}?", near[0])
    listed = f"; known fields are {', '.join(known)}" if 0 < len(known) <= _MANY else ""
    return Problem("unknown-field", (), f"unknown field {name}", f"remove it{listed}")


def wrong_type(value: Any, types: tuple[str, ...]) -> Problem:
    """Return the problem of a value of a type that the schema does not take."""
    wanted = " or ".join(_with_article(name) for name in types if name != "null")
    names = {bool: "boolean", str: "string", int: "integer", float: "number", list: "list", dict: "mapping"}
    found = _with_article(names.get(type(value), type(value).__name__))
    shown = "" if isinstance(value, dict | list) else f": {text(value)}"
    return Problem("wrong-type", (), f"must be {wanted}, is {found}{shown}", _retype(value, types))


def not_listed(value: Any, values: tuple[Any, ...]) -> Problem:
    """Return the problem of a value that is none of those listed."""
    listed = ", ".join(text(item) for item in values)
    near = [word for word in nearest(str(value), [str(item) for item in values]) if word]
    meant = near[0] if near else str(values[0]) if len(values) == 1 else None
    fix = f"did you mean {near[0]}?" if near else f"use one of {listed}"
    return Problem("value-not-allowed", (), f"{text(value)} is none of {listed}", fix, meant)


def invalid(message: str, fix: str | None = None) -> Problem:
    """Return the problem of a value that is of the right type and wrong in another way."""
    return Problem("invalid-value", (), message, fix)


def out_of_range(value: float, wanted: str, fix: str) -> Problem:
    """Return the problem of a number that is not what `wanted` says."""
    return invalid(f"{wanted}, is {text(value)}", fix)


def wrong_count(count: int, low: int, high: int | None, name: str) -> Problem | None:
    """Return the problem of too few or too many fields or items, where it is one."""
    if count < low:
        return invalid(f"needs {low} {name}{'s' * (low != 1)} or more, has {count}", f"add {name}s")
    if high is not None and count > high:
        return invalid(f"takes at most {high} {name}{'s' * (high != 1)}, has {count}", f"remove {name}s")
    return None


def text(value: Any) -> str:
    """Return a value as JSON, cut where it is long."""
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."


def _with_article(type_name: str) -> str:
    return f"{'an' if type_name[0] in 'aio' else 'a'} {type_name}"


def _retype(value: Any, types: tuple[str, ...]) -> str:
    """Say how to write what was meant: the usual slip is a quote too many or too few."""
    if isinstance(value, str) and ("integer" in types or "number" in types) and value.strip().lstrip("+-").isdigit():
        return f"write {value.strip()} without quotes"
    if isinstance(value, str) and "boolean" in types and value.strip().lower() in ("true", "false"):
        return f"write {value.strip().lower()} without quotes"
    if "string" in types and not isinstance(value, dict | list):
        return f'put it in quotes: "{json.dumps(value)}"'
    if "array" in types:
        return "write it as a list, each item with a dash"
    if "object" in types:
        return "write it as a mapping, its fields on lines of their own below it"
    return f"write {' or '.join(_with_article(name) for name in types if name != 'null')}"
