"""What the webhook says, and the careful reading of fields that may hold anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from aksrdma.findings import FieldPath, Problem


class Refusal(NamedTuple):
    """One reason for which the webhook refuses an object."""

    field: str
    """As the operator prints it, which is not always the path of the user's own field."""
    problem: Problem
    """With the user's own field; its message does not name the operator's."""

    def worded(self) -> Problem:
        """Return the problem as the webhook words it: the operator's field, then what is wrong with the value."""
        return self.problem._replace(message=f"{self.field}: {self.problem.message}")


def refusal(rule: str, path: FieldPath, field: str, reason: str, fix: str | None = None) -> Refusal:
    """Return a refusal; `fix` stands instead of the rule's own."""
    return Refusal(field, Problem(rule, path, reason, fix))


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
