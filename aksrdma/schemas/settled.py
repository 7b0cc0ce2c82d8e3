"""An object as the API server keeps it: nulls gone, defaults in."""

from __future__ import annotations

from typing import Any

from aksrdma.schemas.absence import Definitions, Schema, definition


def settled(value: Any, schema: Schema, definitions: Definitions) -> Any:
    """Return a value as the API server hands it to what looks at it as a whole: combined schemas and rules."""
    schema = definition(schema, definitions)
    if isinstance(value, list):
        items = schema.get("items", {})
        return [settled(_or_default(item, items), items, definitions) for item in value]
    if isinstance(value, dict):
        return _settled_object(value, schema, definitions)
    return value


def _settled_object(value: dict[str, Any], schema: Schema, definitions: Definitions) -> dict[str, Any]:
    fields, others = schema.get("properties", {}), schema.get("additionalProperties")
    others = others if isinstance(others, dict) else {}
    filled = value | {name: child["default"] for name, child in fields.items() if _wants_default(value, name, child)}
    return {
        name: settled(item, fields.get(name, others), definitions)
        for name, item in filled.items()
        if item is not None or fields.get(name, others).get("nullable")
    }


def _wants_default(value: dict[str, Any], name: str, schema: Schema) -> bool:
    return "default" in schema and (name not in value or (value[name] is None and not schema.get("nullable")))


def _or_default(item: Any, schema: Schema) -> Any:
    return schema.get("default") if item is None and not schema.get("nullable") else item
