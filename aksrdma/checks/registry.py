"""Which checks a set needs: modules are imported only for the kinds that it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from aksrdma.checks.base import DOCUMENT_CHECKS, SET_CHECKS, DocumentCheck, Registered, SetCheck
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

LAYERS: Final = (
    "aksrdma.checks.schema",
    "aksrdma.checks.apiserver",
    "aksrdma.checks.component",
    "aksrdma.checks.relation",
)
"""Packages that register their checks when they are imported; the order of the findings at one place."""
ADMISSION: Final = "aksrdma.checks.admission"


class Checks:
    """The checks for one set."""

    def __init__(self, manifests: ManifestSet) -> None:
        self._admission = manifests.admission_controller
        self._kinds = frozenset(manifests.by_kind)

    def of_document(self, kind: str) -> tuple[DocumentCheck, ...]:
        """Return the checks for a document of a kind."""
        return _document_checks(kind, self._admission)

    def of_set(self) -> Iterator[SetCheck]:
        """Yield the checks that relate the documents of the set."""
        load(self._admission)
        for registered in SET_CHECKS:
            if registered.kinds & self._kinds and _wanted(registered, self._admission):
                yield registered.check


def checks_for(manifests: ManifestSet) -> Checks:
    """Return the checks that a set needs."""
    return Checks(manifests)


@cache
def load(admission: bool) -> None:
    """Import the modules that register checks."""
    for module in (*LAYERS, *((ADMISSION,) if admission else ())):
        import_module(module)


@cache
def _document_checks(kind: str, admission: bool) -> tuple[Callable[..., Iterator[Problem]], ...]:
    load(admission)
    return tuple(one.check for one in DOCUMENT_CHECKS if kind in one.kinds and _wanted(one, admission))


def _wanted(registered: Registered, admission: bool) -> bool:
    """Whether a check is to run: those of the webhook only where it is on, even once they are imported."""
    return admission or not registered.check.__module__.startswith(ADMISSION)
