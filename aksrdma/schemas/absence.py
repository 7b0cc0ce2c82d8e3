"""What a field left out, or null, means for the verdict: the part of a schema that is not about values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]
Definitions: TypeAlias = Mapping[str, Schema]
"""The `$defs` of a file: converted schemas by name."""


DECODED: Final = "x-aksrdma-decoded"
"""Keyword of the schema of a whole kind: the API server decodes it into Go structs, so that no integer is 1.0 or 1e3."""


def definition(schema: Schema, definitions: Definitions) -> Schema:
    """Return what a `$ref` into `$defs` stands for; any other schema is returned as it is."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    return definitions[name] if name else schema


def needed(properties: Mapping[str, Schema], required: Iterable[str], definitions: Definitions) -> list[str]:
    """Return the fields without which the object is refused, in order of `properties`.

    A field with a default need not be there; but where the default itself is refused (an empty object that lacks its
    own required fields), leaving the field out is refused as well.
    """
    listed = set(required)
    known = [name for name, child in properties.items() if _is_needed(child, name in listed, definitions)]
    return known + sorted(listed - properties.keys())


def _is_needed(schema: Schema, required: bool, definitions: Definitions) -> bool:
    if "default" in schema:
        return default_fails(schema, definitions)
    return required


def default_fails(schema: Schema, definitions: Definitions) -> bool:
    """Tell whether a field has a default that its own schema refuses."""
    return "default" in schema and not _takes(definition(schema, definitions), schema["default"])


def _takes(schema: Schema, value: Any) -> bool:
    if isinstance(value, dict):
        return all(name in value for name in schema.get("required", ()))
    return "enum" not in schema or value in schema["enum"]


def or_null(schema: Schema) -> Schema:
    """Return `schema` for a place where null is taken too, be it only as another way to leave the field out."""
    types = as_list(schema.get("type"))
    if not types or "null" in types:
        return schema
    if "$ref" in schema:  # definitions take null themselves; only a place that does not has a type of its own
        return {key: value for key, value in schema.items() if key != "type"}
    out = {**schema, "type": [*types, "null"]}
    if "enum" in schema and not schema.get("nullable"):  # a null that is kept must be listed
        out["enum"] = [*schema["enum"], None]
    return out


def as_list(types: str | list[str] | None) -> list[str]:
    """Return the value of a `type` keyword, which may be one word or a list, as a list."""
    return [types] if isinstance(types, str) else types or []
