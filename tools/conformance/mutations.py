"""What may go wrong with one field."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from .samples import Place, Schema

_VALUES: Final[tuple[tuple[str, Any], ...]] = (
    ("null", None),
    *(("text", "text"), ("empty text", ""), ("text of a number", "5"), ("text of a bool", "true")),
    *(("zero", 0), ("one", 1), ("minus one", -1), ("whole float", 1.0), ("float", 1.5), ("1e3", 1e3)),
    *(("past int32", 2**31), ("past int64", 2**63), ("least int64", -(2**63)), ("1e30", 1e30), ("1e18", 1e18)),
    *(("true", True), ("false", False)),
    *(("empty list", []), ("list of null", [None]), ("list of one", [1]), ("list of text", ["text"])),
    *(("list of list", [[]]), ("list of object", [{}]), ("list of unknown", [{"unknownField": 1}])),
    *(("empty object", {}), ("object of null", {"a": None}), ("object of one", {"a": 1})),
    *(("object of text", {"a": "text"}), ("object of object", {"a": {}}), ("object of list", {"a": []})),
)
_TEXTS: Final = (
    *("2Gi\n", "\n2Gi", "\u0663Gi", "2gi", " 2Gi", "100 m", "1e3", "1e", "+1", ".", "a_b", "-a", "a-", "a.b", "A", "é"),
    *("2026-04-01T12:00:00Z", "2026-04-01", "2026-02-30T00:00:00Z", "2026-04-01T25:00:00Z", "2026-04-01t12:00:00z"),
    *("2026-04-01T12:00:00.123+02:00", "2026-04-01T12:00:00", "2026-04-01 12:00:00Z", "2026-04-01T12:00:60Z"),
    *("YWI=", "YWI", "Y W I=", "YWI=\n", "Y-_=", "true", "Null", "x" * 64, "x" * 254),
)


def mutations(place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield objects in which one field is not what it was, each with the name of the change."""
    yield "as it is", place.base
    yield "left out", _changed(place, lambda holder, step: holder.pop(step))
    for name, value in _VALUES:
        yield name, _with(place, value)
    for name, value in _own_values(place):
        yield name, _with(place, value)


def _own_values(place: Place) -> Iterator[tuple[str, Any]]:
    schema, value = place.schema, _at(place)
    if isinstance(value, str):
        yield from ((f"text {text!r}", text) for text in _TEXTS if _checked(schema))
        yield from ((f"case of {word}", word.swapcase()) for word in schema.get("enum", ()) if word)
        yield from ((f"value {word}", word) for word in schema.get("enum", ()) if word)
    if isinstance(value, dict):
        yield "one field more", {**value, "unknownField": "text"}
        yield "one null more", {**value, "unknownField": None}
        yield "in capitals", {key.capitalize(): item for key, item in value.items()}
    if isinstance(value, list) and value:
        yield "item twice", [*value, copy.deepcopy(value[0])]
        yield "null at the end", [*value, None]
        yield "text at the end", [*value, "other"]
        yield "nested", [value]
    if isinstance(value, int) and not isinstance(value, bool):
        yield "least", schema.get("minimum", 0)
        yield "below least", schema.get("minimum", 0) - 1
        yield "most", schema.get("maximum", 10)
        yield "above most", schema.get("maximum", 10) + 1


def _checked(schema: Schema) -> bool:
    return bool({"pattern", "format", "maxLength", "minLength"} & schema.keys())


def _at(place: Place) -> Any:
    value: Any = place.base
    for step in place.path:
        value = value[step]
    return value


def _with(place: Place, value: Any) -> dict[str, Any]:
    def put(holder: Any, step: Any) -> None:
        holder[step] = value

    return _changed(place, put)


def _changed(place: Place, change: Any) -> dict[str, Any]:
    base = copy.deepcopy(place.base)
    holder: Any = base
    for step in place.path[:-1]:
        holder = holder[step]
    change(holder, place.path[-1])
    return base
