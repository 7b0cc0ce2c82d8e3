"""Flattens JSON Schemas to one row a field, so that a model and a release can be compared field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
NOTHING_BELOW: Schema = {"$ref": "#/$defs/NoFields"}


@dataclass(frozen=True)
class Facts:
    """What a schema says about one field."""

    types: frozenset[str]
    allowed: frozenset[str] = frozenset()
    limits: tuple[tuple[str, Any], ...] = ()
    required: bool = False
    typed: bool = True
    """False: below the status of a kind with that subresource the API server knows fields alone, and drops their values."""


def flat(schema: Schema) -> dict[str, Facts]:
    """One row a field: `spec.tolerations[].key`, with `{}` for any key of a map."""
    definitions = schema.get("$defs", {})
    return dict(_rows(_plain(schema, definitions), definitions, "", required=True))


def _rows(node: Schema, definitions: Mapping[str, Schema], path: str, *, required: bool) -> Iterator[tuple[str, Facts]]:
    keys = ("minimum", "minLength", "maxLength", "pattern") if node.get("format") != "date-time" else ()
    limits = tuple((key, node[key]) for key in keys if key in node)
    allowed = frozenset(node.get("enum", ())) - {None, ""}  # the empty string of a built-in kind is "not set"
    yield path, Facts(_types(node), allowed, limits, required, typed="type" in node or not path.startswith("status"))
    for name, child in node.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        needed = name in node.get("required", ())
        yield from _rows(_plain(child, definitions), definitions, below, required=needed)
    for key, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(node.get(key), dict) and node[key] != NOTHING_BELOW:
            yield from _rows(_plain(node[key], definitions), definitions, path + suffix, required=True)


def _types(node: Schema) -> frozenset[str]:
    types = node.get("type", [])
    found = frozenset([types] if isinstance(types, str) else types) - {"null"}
    return found - {"integer"} if "number" in found else found


def _plain(node: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Resolve a reference, and merge alternatives into one node with all their types."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        return _plain({**definitions[name], **{key: node[key] for key in node if key != "$ref"}}, definitions)
    if "anyOf" in node:
        ways = [_plain(way, definitions) for way in node["anyOf"]]
        types = sorted({name for way in ways for name in _types(way)})
        merged = {key: value for way in ways for key, value in way.items()}
        return {**node, **merged, "type": types}
    if "const" in node:
        return {**node, "enum": [node["const"]], "type": "string"}
    return node
