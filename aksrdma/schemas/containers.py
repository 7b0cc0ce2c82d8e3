"""Facets of objects and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from aksrdma.schemas.absence import Schema
from aksrdma.schemas.facets import Anything, Facet, Facets, Found, Unknown
from aksrdma.schemas.problems import SchemaProblem, missing
from aksrdma.schemas.unique import duplicates, field_count

Compile: TypeAlias = Callable[[Schema], Facets]


class Fields(dict[str, Facets]):
    """The facets of an object's fields, each compiled when it first occurs: most of a schema is never needed."""

    def __init__(self, schema: Schema, compile_schema: Compile) -> None:
        super().__init__()
        self._properties: dict[str, Schema] = schema.get("properties", {})
        self._compile = compile_schema
        self._others = _other_fields(schema, compile_schema)

    def __missing__(self, name: str) -> Facets:
        """Compile a field of the schema; any other name is judged as what it is."""
        if name in self._properties:
            self[name] = self._compile(self._properties[name])
            return self[name]
        return Unknown(name, tuple(self._properties)) if self._others is None else self._others


class Items(dict[type, Facet]):
    """The facets of a list's items, compiled when the first one occurs: their schema may be that of the list."""

    def __init__(self, schema: Schema, compile_schema: Compile) -> None:
        super().__init__()
        self._schema = schema.get("items", {})
        self._compile = compile_schema
        self._facets: Facets | None = None

    def __missing__(self, found: type) -> Facet:
        """Compile the schema of the items."""
        if self._facets is None:
            self._facets = self._compile(self._schema)
        self[found] = self._facets[found]
        return self[found]


def _other_fields(schema: Schema, compile_schema: Compile) -> Facets | None:
    others = schema.get("additionalProperties", True)
    if isinstance(others, dict):
        return compile_schema(others)
    return Anything() if others else None


def object_facet(schema: Schema, compile_schema: Compile) -> Facet:
    """Return the check of an object: its fields, what it needs, how many it may have."""
    fields = Fields(schema, compile_schema)
    required = frozenset(schema.get("required", ()))

    def check(value: dict[str, Any]) -> Found:
        found: Found = None
        for key, item in value.items():
            facet = fields[key][item.__class__]
            if facet is not None and (problems := facet(item)) is not None:
                found = [*(found or ()), *(problem.under(key) for problem in problems)]
        if not required <= value.keys():
            found = [*(found or ()), *(missing(name) for name in schema["required"] if name not in value)]
        return found

    return check


def size_facet(schema: Schema) -> Facet:
    """Return the check of how many fields an object has."""
    low, high = schema.get("minProperties", 0), schema.get("maxProperties")
    if not low and high is None:
        return None

    def check(value: dict[str, Any]) -> Found:
        return _count(field_count(schema, value), low, high, "field")

    return check


def list_facet(schema: Schema, compile_schema: Compile) -> Facet:
    """Return the check of a list: its items and how many it may have."""
    items = Items(schema, compile_schema)
    low, high = schema.get("minItems", 0), schema.get("maxItems")

    def check(value: list[Any]) -> Found:
        found: Found = None
        for index, item in enumerate(value):
            facet = items[item.__class__]
            if facet is not None and (problems := facet(item)) is not None:
                found = [*(found or ()), *(problem.under(index) for problem in problems)]
        if (low or high is not None) and (wrong := _count(len(value), low, high, "item")):
            found = [*(found or ()), *wrong]
        return found

    return check


def unique_facet(schema: Schema, items: Schema) -> Facet:
    """Return the check that no item of a list occurs twice, where its list type or `uniqueItems` asks for it."""
    keys = tuple(schema.get("x-kubernetes-list-map-keys", ()))
    if not (schema.get("x-kubernetes-list-type") or schema.get("uniqueItems")):
        return None

    def check(value: list[Any]) -> Found:
        if len(value) < 2:
            return None
        return [_duplicate(index, first, keys) for index, first in duplicates(value, keys, items)] or None

    return check


def _duplicate(index: int, first: int, keys: tuple[str, ...]) -> SchemaProblem:
    same = f"has the same {' and '.join(keys)} as" if keys else "is the same as"
    return SchemaProblem("duplicate-item", f"{same} item {first}", "remove one of the two", (index,))


def _count(count: int, low: int, high: int | None, name: str) -> Found:
    if count < low:
        return [SchemaProblem("length", f"needs {low} {name}{'s' * (low != 1)} or more, has {count}")]
    if high is not None and count > high:
        return [SchemaProblem("length", f"takes at most {high} {name}{'s' * (high != 1)}, has {count}")]
    return None
