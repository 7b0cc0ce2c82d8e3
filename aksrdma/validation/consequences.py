"""Problems that only follow from another one: one mistake is one finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aksrdma.checks.base import Problem
    from aksrdma.documents import Document
    from aksrdma.findings import FieldPath

_SAME_FIELD: Final[Mapping[str, frozenset[str]]] = {
    "device-plugin-config-not-json": frozenset({"rdma-selector-hex-form"}),
    "missing-field": frozenset({"invalid-container", "invalid-pod", "invalid-volumes", "invalid-workload"}),
    "nfr-operator-not-in-release": frozenset({"unknown-field", "value-not-allowed"}),
    "nvipam-field-not-in-release": frozenset({"unknown-field"}),
    "psa-label-invalid": frozenset({"operator-namespace-not-privileged"}),
}
"""By the rule that says it best, the rules that say no more of the same field."""
_GLOBAL: Final = ("spec", "global")


def without_consequences(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems less those that follow from another one, in their order."""
    told = {(one.rule, one.document, one.path) for one in problems if one.rule in _SAME_FIELD}
    no_global = {one.document for one in problems if one.path == _GLOBAL}
    if not told and not no_global:
        return list(problems)
    follows = {place for rule, document, path in told for place in _followers(rule, document, path)}
    return [one for one in problems if (one.rule, one.document, one.path) not in follows and not _given(one, no_global)]


def _followers(rule: str, document: Document, path: FieldPath) -> Iterator[tuple[str, Document, FieldPath]]:
    return ((other, document, path) for other in _SAME_FIELD[rule])


def _given(problem: Problem, no_global: set[Document]) -> bool:
    """Return whether a component lacks what its policy has in a spec.global that the release does not know."""
    if problem.rule != "missing-field" or problem.document not in no_global:
        return False
    return bool(problem.path) and bool(problem.document.value((*_GLOBAL, problem.path[-1])))
