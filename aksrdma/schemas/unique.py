"""What counts as the same item of a list, and as a field that is there, once nulls and defaults are settled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aksrdma.schemas.absence import Schema


def duplicates(items: list[Any], keys: tuple[str, ...], schema: Schema) -> Iterator[tuple[int, int]]:
    """Yield the position of each item that occurred before, with the position where it did.

    Args:
        items: the list.
        keys: the fields that name an item (list type map); none where the whole item does (list type set).
        schema: of one item; a key left out has its default.
    """
    seen: dict[Any, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(_name(item, keys, schema), index)
        if first != index:
            yield index, first


def _name(item: Any, keys: tuple[str, ...], schema: Schema) -> str | tuple[str, ...]:
    if not keys:
        return canonical(item)
    fields = schema.get("properties", {})
    named = item if isinstance(item, dict) else {}
    return tuple(_key(named, key, fields) for key in keys)


def _key(item: dict[str, Any], key: str, fields: dict[str, Schema]) -> str:
    """Return the text of a key's value, of its default where it has none, or no text where it has none either."""
    value = item.get(key)
    if value is None:
        value = fields.get(key, {}).get("default")
    return "" if value is None else canonical(value)


def canonical(value: Any) -> str:
    """Return the same text for the same JSON value, whatever the order of its fields; 1 and 1.0 are the same."""
    if value.__class__ is str:
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


def field_count(schema: Schema, value: dict[str, Any]) -> int:
    """Return how many fields an object has once nulls have left it and defaults have come in."""
    fields = schema.get("properties", {})
    present = sum(1 for key, item in value.items() if item is not None or _stays(fields.get(key, {})))
    return present + sum(1 for key, child in fields.items() if "default" in child and key not in value)


def _stays(schema: Schema) -> bool:
    return "default" in schema or bool(schema.get("nullable"))
