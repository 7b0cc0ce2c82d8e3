"""Registers checks whose modules are imported only when a set needs them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from aksrdma.checks.base import lazy, set_check

Row: TypeAlias = "tuple[str, str, frozenset[str], tuple[str, ...]]"
"""Module of this package, function, kinds without which it has nothing to do, rules that it may report."""

_PACKAGE = __name__.rpartition(".")[0]


def register(rows: Iterable[Row]) -> None:
    """Register set checks without importing them."""
    for module, function, kinds, rules in rows:
        set_check(*rules, kinds=kinds)(lazy(_PACKAGE, module, function))
