"""What the webhook says, and the careful reading of fields that may hold anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aksrdma.findings import FieldPath


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason for which the webhook refuses an object."""

    rule: str
    path: FieldPath
    """The user's own field; the operator's `field` is not always the same."""
    field: str
    """As the operator prints it."""
    reason: str
    fix: str | None = None
    """Instead of the rule's own fix."""

    @property
    def message(self) -> str:
        """The operator's field, then what is wrong with the value."""
        return f"{self.field}: {self.reason}"


def section(value: Any, *keys: str) -> dict[str, Any] | None:
    """Return the mapping at `keys`, or None where there is none: absent, null or of a wrong type."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value if isinstance(value, dict) else None


def text(holder: dict[str, Any], key: str) -> str | None:
    """Return a string, empty where it is absent as in Go; None for a wrong type, which the API server refuses first."""
    value = holder.get(key)
    if value is None:
        return ""
    return value if isinstance(value, str) else None


def objects(holder: dict[str, Any], key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the mappings of a list with their index."""
    value = holder.get(key)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield index, item
