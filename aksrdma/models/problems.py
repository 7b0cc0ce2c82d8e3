"""Puts pydantic's errors into a user's words: the field as the wire names it, the value, and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from aksrdma.findings import FieldPath, format_path
from aksrdma.models.shape import Shape, child_shape
from aksrdma.nearest import hint

_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an error is."""

    path: FieldPath
    parent: Shape
    """The object that has the field."""
    siblings: tuple[Shape, ...]
    """All objects that could stand there, where the value decides which one does."""


def problems(model: type[BaseModel], error: ValidationError) -> list[str]:
    """Return one line for each mistake: path, value, what is allowed."""
    return [_line(model, dict(row)) for row in error.errors(include_url=False)]


def _line(model: type[BaseModel], row: dict[str, Any]) -> str:
    place = _locate(model, row["loc"], known=row["type"] != "extra_forbidden")
    say = _SAY.get(row["type"], _fallback)
    path = format_path(place.path)
    return f"{path}: {say(place, row)}" if path else f"{model.__name__}: {say(place, row)}"


def _locate(model: type[BaseModel], loc: tuple[int | str, ...], *, known: bool) -> _Place:
    """Follow pydantic's location; without `known` its last step is a name that no field has."""
    unknown = None if known else len(loc) - 1
    path: list[str | int | None] = []
    shape = parent = Shape(models=(model,))
    siblings: tuple[Shape, ...] = ()
    for index, step in enumerate(loc):
        if shape.tagged:  # pydantic names the way that the value took
            siblings = tuple(way for _, way in shape.tagged)
            shape = replace(dict(shape.tagged)[str(step)], embedded=shape.embedded)
            continue
        if step == "[key]":
            continue
        if shape.embedded:
            path.append(None)
        name = step if index == unknown else _wire_name(shape, step)
        path.append(name)
        if shape.models:
            parent = shape
        shape = _below(shape, name)
    return _Place(tuple(path), parent, siblings)


def _wire_name(shape: Shape, step: int | str) -> int | str:
    for name, (_, field) in shape.fields.items():
        if field == step:
            return name
    return step


def _below(shape: Shape, step: int | str) -> Shape:
    if shape.models:
        return child_shape(shape, str(step)) if step in shape.fields else Shape()
    return (shape.item if isinstance(step, int) else shape.value) or Shape()


def _value(row: Mapping[str, Any]) -> str:
    value = row["input"]
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def _required(_place: _Place, _row: Mapping[str, Any]) -> str:
    return "is required"


def _unknown(place: _Place, _row: Mapping[str, Any]) -> str:
    name, known = str(place.path[-1]), list(place.parent.fields)
    near = hint(name, known)
    return f"no such field{near or '; there are ' + ', '.join(known)}"


def _not_allowed(place: _Place, row: Mapping[str, Any]) -> str:
    name = str(place.path[-1])
    shapes = [shape for shape in (place.parent, *place.siblings) if name in shape.fields]
    allowed = list(dict.fromkeys(value for shape in shapes for value in child_shape(shape, name).allowed))
    if not allowed:  # an entry of a list
        return f"{_value(row)} is not allowed; allowed: {row['ctx']['expected']}"
    return f"{_value(row)} is not allowed{hint(str(row['input']), allowed)}; allowed: {', '.join(map(repr, allowed))}"


def _no(what: str, cure: str = "") -> Callable[[_Place, Mapping[str, Any]], str]:
    def say(_place: _Place, row: Mapping[str, Any]) -> str:
        cured = cure if isinstance(row["input"], bool | int | float | str) else ""
        return f"{_value(row)} is no {what}{cured}"

    return say


def _below_least(_place: _Place, row: Mapping[str, Any]) -> str:
    return f"{_value(row)} is less than {row['ctx']['ge']}, the least that is allowed"


def _pattern(_place: _Place, row: Mapping[str, Any]) -> str:
    return f"{_value(row)} does not match the pattern {row['ctx']['pattern']}"


def _length(_place: _Place, row: Mapping[str, Any]) -> str:
    limits = row["ctx"]
    bound = f"at most {limits['max_length']}" if "max_length" in limits else f"at least {limits['min_length']}"
    return f"{_value(row)} must have {bound} characters"


def _json_text(_place: _Place, row: Mapping[str, Any]) -> str:
    return str(row["msg"])


def _ours(_place: _Place, row: Mapping[str, Any]) -> str:
    return f"{_value(row)} {row['msg']}"


def _fallback(_place: _Place, row: Mapping[str, Any]) -> str:
    message = str(row["msg"])
    return f"{_value(row)}: {message[:1].lower()}{message[1:]}"


_SAY: dict[str, Callable[[_Place, Mapping[str, Any]], str]] = {
    "missing": _required,
    "extra_forbidden": _unknown,
    "literal_error": _not_allowed,
    "string_type": _no("string", "; put it in quotes"),
    "int_type": _no("integer", "; write a whole number without quotes"),
    "bool_type": _no("boolean", "; write true or false without quotes"),
    "tuple_type": _no("list"),
    "dict_type": _no("object"),
    "mapping_type": _no("object"),
    "model_type": _no("object"),
    "model_attributes_type": _no("object"),
    "greater_than_equal": _below_least,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _length,
    "string_too_long": _length,
    "json_text": _json_text,
    "int_or_string": _ours,
    "quantity": _ours,
}
