"""An object as the API server keeps it, without nulls and with defaults, and which items of a list are then the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aksrdma.schemas.store import Definitions, Schema, definition


def settled(value: Any, schema: Schema, definitions: Definitions) -> Any:
    """Return a value as the API server hands it to what looks at it as a whole: combined schemas and rules."""
    schema = definition(schema, definitions)
    if isinstance(value, list):
        items = schema.get("items", {})
        keeps_null = "default" not in items or items.get("nullable")
        filled = value if keeps_null else [items["default"] if item is None else item for item in value]
        return [settled(item, items, definitions) for item in filled]
    if not isinstance(value, dict):
        return value
    fields, others = schema.get("properties", {}), schema.get("additionalProperties")
    others = others if isinstance(others, dict) else {}
    defaults = {
        name: child["default"]
        for name, child in fields.items()
        if "default" in child and (name not in value or (value[name] is None and not child.get("nullable")))
    }
    return {
        name: settled(item, fields.get(name, others), definitions)
        for name, item in (value | defaults).items()
        if item is not None or fields.get(name, others).get("nullable")
    }


def field_count(schema: Schema, value: dict[str, Any]) -> int:
    """Return how many fields an object has once nulls have left it and defaults have come in."""
    fields: dict[str, Schema] = schema.get("properties", {})

    def stays(name: str) -> bool:
        child = fields.get(name, {})
        return "default" in child or bool(child.get("nullable"))

    present = sum(1 for name, item in value.items() if item is not None or stays(name))
    return present + sum(1 for name, child in fields.items() if "default" in child and name not in value)


def duplicates(items: list[Any], keys: tuple[str, ...], schema: Schema) -> Iterator[tuple[int, int]]:
    """Yield the position of each item that occurred before, with the position where it did.

    Args:
        items: the list.
        keys: the fields that name an item (list type map); none where the whole item does (list type set).
        schema: of one item; a key left out has its default.
    """
    defaults = {key: schema.get("properties", {}).get(key, {}).get("default") for key in keys}
    seen: dict[Any, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(_name(item, defaults) if keys else canonical(item), index)
        if first != index:
            yield index, first


def _name(item: Any, defaults: dict[str, Any]) -> tuple[str, ...]:
    """Return the text of each key of an item: of its value, else of its default, else none."""
    named = item if isinstance(item, dict) else {}
    values = [default if named.get(key) is None else named[key] for key, default in defaults.items()]
    return tuple("" if value is None else canonical(value) for value in values)


def canonical(value: Any) -> str:
    """Return the same text for the same JSON value, whatever the order of its fields; 1 and 1.0 are the same."""
    if value.__class__ is str:  # most keys of lists are names
        return f'"{value}"'
    return json.dumps(_plain_numbers(value), sort_keys=True, ensure_ascii=False, default=str)


def _plain_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain_numbers(item) for key, item in value.items()}
    return value
