"""Rows as plain data for `-o json|yaml`, and where a fact comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from aksrdma.catalog import load


def to_data(row: Any) -> Any:
    """Return a row as dicts, lists and scalars, with the keys of its sources replaced by their texts."""
    if is_dataclass(row) and not isinstance(row, type):
        return {f.name: _field(f.name, getattr(row, f.name)) for f in fields(row)}
    if isinstance(row, Mapping):
        return {key: to_data(value) for key, value in row.items()}
    return [to_data(item) for item in row] if isinstance(row, tuple | list) else row


def source(key: str) -> str:
    """Return the text of a source, mostly a URL with the place in it.

    Raises:
        KeyError: No row of the catalog has such a key.
    """
    return _sources()[key]


def sources_of(row: Any, field: str = "") -> tuple[str, ...]:
    """Return the texts of the sources of a field, or of its nearest parent that names some; all of the row for `""`."""
    keyed = row.sources
    if not isinstance(keyed, Mapping):
        return tuple(source(key) for key in keyed)
    if not field:
        return tuple(source(key) for key in dict.fromkeys(key for keys in keyed.values() for key in keys))
    found = next((keyed[part] for part in _and_parents(field) if part in keyed), ())
    return tuple(source(key) for key in found)


def unsure_of(row: Any, field: str = "") -> str | None:
    """Return why a field of a row is not certain, or None; a row that is unsure as a whole answers for any field."""
    unsure = row.unsure
    if not isinstance(unsure, Mapping):
        return unsure if unsure is None else str(unsure)
    return next((str(unsure[part]) for part in _and_parents(field) if part in unsure), None)


def _field(name: str, value: Any) -> Any:
    if name != "sources":
        return to_data(value)
    if isinstance(value, Mapping):
        return {key: [source(item) for item in keys] for key, keys in value.items()}
    return [source(key) for key in value]


def _and_parents(field: str) -> list[str]:
    parts = field.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


@load.cached
def _sources() -> dict[str, str]:
    found: dict[str, str] = {}
    for text in load.texts("sources.yaml"):
        found |= load.parsed(text, "sources.yaml")
    return found
