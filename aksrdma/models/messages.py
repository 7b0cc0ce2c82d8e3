"""Puts pydantic's errors into a user's words: the field as the wire names it, the value, and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from aksrdma.findings import FieldPath, format_path
from aksrdma.models.shape import QUANTITY_PATTERN, Shape, child_shape
from aksrdma.nearest import hint

_LONGEST_VALUE: Final = 60
_UNKNOWN: Final = ("extra_forbidden", "no_such_attribute")
_NO: Final = {
    "string_type": ("string", "; put it in quotes"),
    "int_type": ("integer", "; write a whole number without quotes"),
    "bool_type": ("boolean", "; write true or false without quotes"),
    "tuple_type": ("list", ""),
    "dict_type": ("object", ""),
    "model_type": ("object", ""),
}
"""What a value is not, and how it is written, by the type of pydantic's error."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an error is."""

    path: FieldPath
    shape: Shape
    """What may stand there."""
    parent: Shape
    """The object that has the field."""
    siblings: tuple[Shape, ...]
    """All objects that could stand there, where the value decides which one does."""


def problem_lines(model: type[BaseModel], error: ValidationError, *, python: bool) -> list[str]:
    """Return one line for each mistake: path, value, what is allowed.

    Args:
        model: The model that was built, read or changed.
        error: What pydantic says.
        python: Whether the names at hand were those of Python, as they are for constructors and attributes.
    """
    lines = []
    for found in error.errors(include_url=False):
        row: Mapping[str, Any] = found
        place = _locate(model, row["loc"], known=row["type"] not in _UNKNOWN)
        path = format_path(place.path)
        if row["type"] in _UNKNOWN:
            name = str(place.path[-1])
            known = [*model.model_fields] if python and len(place.path) == 1 else [*place.parent.fields]
            text = f"no such field{hint(name, known) or '; there are ' + ', '.join(known)}"
        else:
            text = _text(place, row)
        lines.append(f"{path or model.__name__}: {text}")
    return lines


def _locate(model: type[BaseModel], loc: tuple[int | str, ...], *, known: bool) -> _Place:
    """Follow pydantic's location; without `known` its last step is a name that no field has."""
    path: list[str | int | None] = []
    shape = parent = Shape(models=(model,))
    siblings: tuple[Shape, ...] = ()
    for index, step in enumerate(loc):
        if tagged := shape.tagged:  # pydantic names the way that the value took
            siblings = tuple(tagged.values())
            shape = replace(tagged[str(step)], embedded=shape.embedded)
            continue
        if step == "[key]":
            continue
        if shape.embedded:
            path.append(None)
        by_python = {field: wire for wire, (_, field) in shape.fields.items()}
        name = by_python.get(str(step), step) if known or index < len(loc) - 1 else step
        path.append(name)
        if shape.models:
            parent = shape
            shape = child_shape(shape, str(name)) if name in shape.fields else Shape()
        else:
            shape = (shape.item if isinstance(step, int) else shape.value) or Shape()
    return _Place(tuple(path), shape, parent, siblings)


def _text(place: _Place, row: Mapping[str, Any]) -> str:
    """Say what is wrong with a value that has a place."""
    value, kind, facts = row["input"], row["type"], row.get("ctx", {})
    shown = _shown(value)
    if kind in _NO:
        what, cure = _NO[kind]
        return f"{shown} is no {what}{cure if isinstance(value, bool | int | float | str) else ''}"
    match kind:
        case "missing":
            return "is required"
        case "literal_error":
            name = str(place.path[-1])
            objects = [shape for shape in (place.parent, *place.siblings) if name in shape.fields]
            allowed = list(dict.fromkeys(one for shape in objects for one in child_shape(shape, name).allowed))
            if not allowed:  # an entry of a list
                return f"{shown} is not allowed; allowed: {facts['expected']}"
            return f"{shown} is not allowed{hint(str(value), allowed)}; allowed: {', '.join(map(repr, allowed))}"
        case "greater_than_equal":
            return f"{shown} is less than {facts['ge']}, the least that is allowed"
        case "string_pattern_mismatch":
            return f"{shown} does not match the pattern {facts['pattern']}"
        case "string_too_short":
            return f"{shown} must have at least {facts['min_length']} characters"
        case "string_too_long":
            return f"{shown} must have at most {facts['max_length']} characters"
        case "json_text":
            return str(row["msg"])
        case "no_way_fits":
            limits = place.shape.limits
            if limits and limits.pattern == QUANTITY_PATTERN and isinstance(value, str):
                return f"{shown} is no quantity such as 1, 500m or 2Gi"
            return f"{shown} is neither an integer nor a string"
    message = str(row["msg"])
    return f"{shown}: {message[:1].lower()}{message[1:]}"


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
