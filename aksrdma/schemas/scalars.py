"""Facets of strings and numbers."""

from __future__ import annotations

from typing import Any, Final

from aksrdma.schemas.absence import Schema
from aksrdma.schemas.facets import Facet, Found, both
from aksrdma.schemas.formats import FORMATS
from aksrdma.schemas.patterns import go_pattern
from aksrdma.schemas.problems import SchemaProblem, not_listed, text, wrong_type

_INT64: Final = (-(2**63), 2**63 - 1)
_EXACT: Final = 2**53 - 1
_HAIR: Final = 1e-9


def string_facet(schema: Schema) -> Facet:
    """Return the check of a string: its length, its pattern or format, its enum."""
    return both(both(_length(schema), _format(schema)), both(_pattern(schema), enum_facet(schema)))


def _length(schema: Schema) -> Facet:
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    if not low and high is None:
        return None

    def check(value: str) -> Found:
        if len(value) < low:
            return [SchemaProblem("length", f"{text(value)} is too short; it needs {low} characters or more")]
        if high is not None and len(value) > high:
            return [SchemaProblem("length", f"has {len(value)} characters; at most {high} are taken")]
        return None

    return check


def _format(schema: Schema) -> Facet:
    if schema.get("format") not in FORMATS:
        return None
    takes, name = FORMATS[schema["format"]]

    def check(value: str) -> Found:
        return None if takes(value) else [SchemaProblem("format", f"{text(value)} is not {name}")]

    return check


def _pattern(schema: Schema) -> Facet:
    if "pattern" not in schema:
        return None
    pattern: str = schema["pattern"]
    search = go_pattern(pattern).search
    _, name = FORMATS.get(schema.get("format", ""), (None, ""))
    code, wanted = ("format", f"is not {name}") if name else ("pattern", f"does not match {pattern}")

    def check(value: str) -> Found:
        return None if search(value) else [SchemaProblem(code, f"{text(value)} {wanted}")]

    return check


def enum_facet(schema: Schema) -> Facet:
    """Return the check that a value is one of an `enum`, or is the `const`."""
    if "enum" not in schema and "const" not in schema:
        return None
    values = tuple(value for value in schema.get("enum", [schema.get("const")]) if value is not None)

    def check(value: Any) -> Found:
        return None if value in values else [not_listed(value, values)]

    return check


def integer_facet(schema: Schema) -> Facet:
    """Return the check of an integer; those that do not fit into 64 bits are no integers to Go."""
    low, high = max(schema.get("minimum", _INT64[0]), _INT64[0]), min(schema.get("maximum", _INT64[1]), _INT64[1])
    outside = _range(schema)

    def check(value: int) -> Found:
        return None if low <= value <= high else outside(value) or [_too_big(value)]

    return both(both(check, _exclusive(schema)), enum_facet(schema))


def whole_facet(schema: Schema, types: tuple[str, ...]) -> Facet:
    """Return the check of a float where an integer is wanted: JSON knows no difference between 1 and 1.0."""
    integer = integer_facet(schema)

    def check(value: float) -> Found:
        if not is_whole(value):
            return [wrong_type(value, types)]
        return integer(int(value)) if integer else None

    return check


def is_whole(value: float) -> bool:
    """Tell whether a float counts as an integer in a custom resource: so does one that is above it by a hair.

    Source: IsFloat64AJSONInteger of go-openapi/swag, as kube-openapi uses it.
    """
    if not -_EXACT <= value <= _EXACT:
        return False
    whole = int(value)
    return value == whole or (whole > 0 and (value - whole) / (value + whole) < _HAIR)


def number_facet(schema: Schema) -> Facet:
    """Return the check of a number that need not be whole."""
    outside = _range(schema) if {"minimum", "maximum"} & schema.keys() else None
    return both(both(outside, _exclusive(schema)), enum_facet(schema))


def _too_big(value: int) -> SchemaProblem:
    return SchemaProblem("range", f"{text(value)} does not fit into 64 bits")


def _range(schema: Schema) -> Any:
    low, high = schema.get("minimum"), schema.get("maximum")

    def check(value: float) -> Found:
        if low is not None and value < low:
            return [_out_of_range(value, f"must be {low} or more")]
        if high is not None and value > high:
            return [_out_of_range(value, f"must be {high} or less")]
        return None

    return check


def _exclusive(schema: Schema) -> Facet:
    low, high, step = (schema.get(key) for key in ("exclusiveMinimum", "exclusiveMaximum", "multipleOf"))
    if low is None and high is None and step is None:
        return None

    def check(value: float) -> Found:
        if low is not None and value <= low:
            return [_out_of_range(value, f"must be more than {low}")]
        if high is not None and value >= high:
            return [_out_of_range(value, f"must be less than {high}")]
        if step is not None and value % step:
            return [_out_of_range(value, f"must be a multiple of {step}")]
        return None

    return check


def _out_of_range(value: float, wanted: str) -> SchemaProblem:
    return SchemaProblem("range", f"{wanted}, is {text(value)}")
