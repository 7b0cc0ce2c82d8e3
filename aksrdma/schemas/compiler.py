"""Compiles a JSON Schema of ours into facets; `jsonschema` on the same schema comes to the same verdicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aksrdma.schemas.absence import DECODED, Schema, as_list, definition
from aksrdma.schemas.containers import list_facet, object_facet, size_facet, unique_facet
from aksrdma.schemas.facets import Anything, Facet, Facets, Found, both
from aksrdma.schemas.problems import SchemaProblem
from aksrdma.schemas.scalars import enum_facet, integer_facet, number_facet, string_facet, whole_facet
from aksrdma.schemas.scale import REPLICAS, replicas_facet
from aksrdma.schemas.settled import settled

_ALL: Final = ("object", "array", "string", "boolean", "integer", "number", "null")
_COMBINED: Final = frozenset({"allOf", "anyOf", "oneOf", "not"})


class Compiler:
    """Compiles the schemas of one file, each definition once."""

    def __init__(self, root: Schema) -> None:
        self._definitions: dict[str, Schema] = root.get("$defs", {})
        self._decoded = bool(root.get(DECODED))
        self._compiled: dict[str, Facets] = {}

    def compile(self, schema: Schema) -> Facets:
        """Return the facets of a schema."""
        if "$ref" in schema:
            return self._reference(schema)
        if not schema:
            return Anything()
        types = tuple(as_list(schema.get("type", "string" if "const" in schema else list(_ALL))))
        facets = Facets({}, _told(schema, types))
        for name in types:
            facets |= self._of_type(name, schema, types)
        if _COMBINED & schema.keys():
            self._combine(facets, schema)
        if rules := schema.get("x-kubernetes-validations"):
            self._rule(facets, schema, rules)
        if REPLICAS in schema:
            facets[dict] = both(facets[dict], replicas_facet(schema[REPLICAS]))
        return facets

    def _reference(self, schema: Schema) -> Facets:
        name = schema["$ref"]
        if name not in self._compiled:
            self._compiled[name] = self.compile(definition(schema, self._definitions))
        facets = self._compiled[name]
        if "type" not in schema:
            return facets
        without_null = {found: facet for found, facet in facets.items() if found is not type(None)}
        return Facets(without_null, tuple(as_list(schema["type"])))

    def _of_type(self, name: str, schema: Schema, types: tuple[str, ...]) -> dict[type, Facet]:
        match name:
            case "object":
                return {dict: both(object_facet(schema, self.compile), size_facet(schema))}
            case "array":
                return {list: self._list(schema)}
            case "string":
                return {str: string_facet(schema)}
            case "boolean":
                return {bool: enum_facet(schema)}
            case "integer" if self._decoded:
                return {int: integer_facet(schema)}
            case "integer":
                return {int: integer_facet(schema), float: whole_facet(schema, types)}
            case "number":
                return {int: number_facet(schema), float: number_facet(schema)}
        return {type(None): None if None in schema.get("enum", (None,)) else enum_facet(schema)}

    def _list(self, schema: Schema) -> Facet:
        items = definition(schema.get("items", {}), self._definitions)
        return both(list_facet(schema, self.compile), unique_facet(schema, items))

    def _combine(self, facets: Facets, schema: Schema) -> None:
        check = self._combined(schema)
        for found, facet in list(facets.items()):
            if found is not type(None):
                facets[found] = both(facet, check)

    def _combined(self, schema: Schema) -> Facet:
        """Return the check of `allOf`, `anyOf`, `oneOf` and `not`, with one problem whatever they hold.

        They see an object as the API server keeps it, without nulls and with defaults.
        """
        every = [self.compile(part) for part in schema.get("allOf", ())]
        some = [self.compile(part) for part in schema.get("anyOf", ())]
        one = [self.compile(part) for part in schema.get("oneOf", ())]
        no = self.compile(schema["not"]) if "not" in schema else None

        def check(given: Any) -> Found:
            value = settled(given, schema, self._definitions)
            for facets in every:
                if found := _judge(facets, value):
                    return found
            fits = not some or any(not _judge(facets, value) for facets in some)
            fits = fits and (not one or sum(not _judge(facets, value) for facets in one) == 1)
            if fits and (no is None or _judge(no, value)):
                return None
            return [SchemaProblem("combination", "fits none of the forms that the schema allows")]

        return check

    def _rule(self, facets: Facets, schema: Schema, rules: list[Schema]) -> None:
        from aksrdma.schemas.rules import rule_facet  # few schemas have rules

        check = rule_facet(schema, rules, self._definitions)
        for found, facet in list(facets.items()):
            if found is not type(None):
                facets[found] = both(facet, check)


def _told(schema: Schema, types: tuple[str, ...]) -> tuple[str, ...]:
    """Return the types that a message names: not the list that a format lets pass."""
    return tuple(name for name in types if name != "array" or "format" not in schema)


def _judge(facets: Facets, value: Any) -> Found:
    facet = facets[value.__class__]
    return facet(value) if facet else None


def compile_schema(root: Schema) -> Callable[[Any], list[SchemaProblem]]:
    """Return the function that judges an object by a schema; no problems means that the API server takes it."""
    facets = Compiler(root).compile(root)
    return lambda value: _judge(facets, value) or []
