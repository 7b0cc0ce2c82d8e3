"""Collects what is wrong with one document."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Final

from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.values import absent
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.documents import Document

INT32_MAX: Final = 2**31 - 1


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
