"""Reading untrusted JSON values, and collecting what is wrong with them.

A value of the wrong type reads as one that is not there: the schema layer reports it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.findings import FieldPath, Problem
from aksrdma.names import hint

if TYPE_CHECKING:
    from aksrdma.documents import Document

_NO_MAPPING: Final[dict[str, Any]] = {}
_NO_SEQUENCE: Final[list[Any]] = []

INT32_MAX: Final = 2**31 - 1


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


def listed(words: Iterable[str]) -> str:
    """Write words as a user reads them: `A, B or C`."""
    *most, last = sorted(words)
    return f"{', '.join(most)} or {last}" if most else last


class Report:
    """The problems that were found in one document."""

    __slots__ = ("document", "problems")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def add(self, rule: str, path: FieldPath, message: str, fix: str | None = None) -> None:
        """Note that `rule` is broken at `path`; `fix` replaces the rule's own where the check knows better."""
        self.problems.append(Problem(rule, path, message, fix, document=self.document))

    def required(self, rule: str, path: FieldPath, data: dict[str, Any], *names: str) -> None:
        """Note each of the string fields `names` that is not set."""
        for name in names:
            if absent(data.get(name)):
                self.add(rule, (*path, name), f"{name} is required", f"set {name}")

    def one_of(self, rule: str, path: FieldPath, value: Any, known: Collection[str]) -> None:
        """Note a string that is none of the known words; no string at all is left to the schema."""
        if isinstance(value, str) and value not in known:
            self.add(rule, path, f"{value!r} is not supported{hint(value, known)}", f"use {listed(known)}")

    def not_negative(self, rule: str, path: FieldPath, data: dict[str, Any], *names: str) -> None:
        """Note each of the fields `names` that is a number below zero."""
        for name in names:
            value = data.get(name)
            if type(value) is int and value < 0:
                self.add(rule, (*path, name), f"{name} {value} is below 0", "use 0 or more")
