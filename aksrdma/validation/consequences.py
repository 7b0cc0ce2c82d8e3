"""Problems that only follow from another one: one mistake is one finding.

What follows from what is data: `follows` of the rules' rows. What follows from a name that is misspelt is told here, for
it needs the name that was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aksrdma import catalog
from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.documents import Document
    from aksrdma.findings import FieldPath, Problem

_MISSPELT = "unknown-field"


def without_consequences(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems less those that follow from another one, in their order."""
    causes = _Causes(problems)
    return [one for one in problems if not causes.explain(one)]


class _Causes:
    """The problems of a set, to be asked by rule and place: never is each compared with each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._rules = {one.rule for one in problems}
        self._at: set[tuple[Document, str, FieldPath]] = set()
        self._below: set[tuple[Document, str, FieldPath]] = set()
        self._meant: set[tuple[Document, FieldPath]] = set()
        self._sections: set[str] = set()
        for one in problems:
            self._at.add((one.subject, one.rule, one.path))
            self._below.update((one.subject, one.rule, above) for above in _prefixes(one.path))
            if one.rule == _MISSPELT and one.path:
                if one.meant:
                    self._meant.add((one.subject, (*one.path[:-1], one.meant)))
                if one.path[0] == "spec" and one.subject.kind in POLICY_KINDS:
                    self._sections.add(one.meant or str(one.path[-1]))

    def explain(self, one: Problem) -> bool:
        """Return whether a problem is told by another one already."""
        follows, document, path = catalog.rule(one.rule).follows, one.subject, one.path
        return (
            any((document, rule, path) in self._at for rule in follows.same_field)
            or any((document, rule, path) in self._below for rule in follows.part)
            or any((document, rule, path[:-1]) in self._below for rule in follows.beside)
            or any((document, rule, path[:-2]) in self._below for rule in follows.resources)
            or not self._rules.isdisjoint(follows.anywhere)
            or not self._sections.isdisjoint(follows.section)
            or any((document, (*above, key)) in self._meant for key in follows.key for above in _prefixes(path))
            or any((document, above) in self._meant for above in _prefixes(path))
            or self._is_in_global(one)
        )

    def _is_in_global(self, one: Problem) -> bool:
        """Whether a component lacks what its policy has in a spec.global that the release does not know."""
        place: FieldPath = ("spec", "global")
        if one.rule != "missing-field" or not one.path or not self._is_wrong(one.subject, place):
            return False
        return bool(one.subject.value((*place, one.path[-1])))

    def _is_wrong(self, document: Document, path: FieldPath) -> bool:
        return any((document, rule, path) in self._at for rule in self._rules)


def _prefixes(path: FieldPath) -> Iterator[FieldPath]:
    return (path[:length] for length in range(len(path) + 1))
