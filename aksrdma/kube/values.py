"""Reading untrusted JSON values: one of the wrong type reads as one that is not there, which the schema reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aksrdma.findings import FieldPath

_NO_MAPPING: Final[dict[str, Any]] = {}
_NO_SEQUENCE: Final[list[Any]] = []


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping as it is and anything else as an empty one, which is not to be changed."""
    return value if isinstance(value, dict) else _NO_MAPPING


def sequence(value: Any) -> list[Any]:
    """Return a list as it is and anything else as an empty one, which is not to be changed."""
    return value if isinstance(value, list) else _NO_SEQUENCE


def text(value: Any) -> str:
    """Return a string as it is and anything else as the empty string."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """Return the strings of a list, null being an empty one; an item of another type is left to the schema."""
    return ["" if item is None else item for item in sequence(value) if item is None or isinstance(item, str)]


def integer(value: Any) -> int | None:
    """Return a whole number as it is and anything else, a boolean too, as None."""
    return value if type(value) is int else None


def step(value: Any, path: FieldPath) -> Any:
    """Return what stands at a path of a JSON value, or None where there is nothing."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and -1 < key < len(value):
            value = value[key]
        else:
            return None
    return value


def absent(value: Any) -> bool:
    """Say whether Go reads the value as a string that is not set: null or empty."""
    return value is None or value == ""


def items(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield the mappings of a list with their paths; null is an empty one."""
    for index, item in enumerate(sequence(value)):
        if isinstance(item, dict):
            yield (*path, index), item
        elif item is None:
            yield (*path, index), _NO_MAPPING
