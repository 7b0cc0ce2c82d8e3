"""What every check is: a function registered under the rules that it may report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document


DocumentCheck: TypeAlias = "Callable[[Document, ManifestSet], Iterator[Problem]]"
"""Judges one document; may ask its set for the release and the options."""
SetCheck: TypeAlias = "Callable[[ManifestSet], Iterator[Problem]]"
"""Judges how the documents of one set fit each other."""

_Check = TypeVar("_Check", DocumentCheck, SetCheck)


@dataclass(frozen=True, slots=True)
class Registered:
    """A check with the rules that it may report and the kinds without which it has nothing to do."""

    check: Callable[..., Iterator[Problem]]
    rules: tuple[str, ...]
    kinds: frozenset[str]


DOCUMENT_CHECKS: list[Registered] = []
SET_CHECKS: list[Registered] = []


def document_check(*rules: str, kinds: frozenset[str]) -> Callable[[DocumentCheck], DocumentCheck]:
    """Register a check that is called for each document of one of `kinds`."""
    return _register(DOCUMENT_CHECKS, rules, kinds)


def set_check(*rules: str, kinds: frozenset[str]) -> Callable[[SetCheck], SetCheck]:
    """Register a check that is called once for each set that holds one of `kinds`."""
    return _register(SET_CHECKS, rules, kinds)


def lazy(package: str, module: str, function: str) -> Callable[..., Iterator[Problem]]:
    """Return a check whose module is imported when it is first called, so that a start pays only for what it needs."""

    @cache
    def load() -> Callable[..., Iterator[Problem]]:
        found: Callable[..., Iterator[Problem]] = getattr(import_module(f"{package}.{module}"), function)
        return found

    def check(*arguments: Any) -> Iterator[Problem]:
        return load()(*arguments)

    check.__module__ = package
    return check


def _register(registry: list[Registered], rules: tuple[str, ...], kinds: frozenset[str]) -> Callable[[_Check], _Check]:
    def add(check: _Check) -> _Check:
        registry.append(Registered(check, rules, kinds))
        return check

    return add
