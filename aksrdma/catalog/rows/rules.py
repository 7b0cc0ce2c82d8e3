"""Rows of `catalog/rules/`: what aksrdma looks for, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Follows:
    """The findings from which one of a rule only follows: beside them it is not told."""

    same_field: tuple[str, ...] = ()
    """Rules broken at the same field."""
    part: tuple[str, ...] = ()
    """Rules broken in a part of the field, so that nobody can tell what it says in all."""
    beside: tuple[str, ...] = ()
    """Rules broken anywhere in what holds the field."""
    resources: tuple[str, ...] = ()
    """Rules broken in the requests or limits of the same container."""
    anywhere: tuple[str, ...] = ()
    """Rules broken by any object of the set."""
    section: tuple[str, ...] = ()
    """Sections of a policy that it misses: one whose name is misspelt, or that stands at another level, explains it."""
    key: tuple[str, ...] = ()
    """Keys that it misses: one that is misspelt in what holds the field explains it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A rule: what is wrong, why it matters, and what to do."""

    id: str
    """Kebab-case."""
    severity: Literal["error", "warning", "info"]
    """`error`: it will not work. `warning`: it works by luck, in part, or does something else than it says. `info`: it
    works, and is probably not what was meant."""
    layer: Literal["yaml", "schema", "admission", "component", "relation", "practice"]
    """Who would refuse it: nobody can read it; the API server; the operator's webhook; the program that reads a config;
    objects that do not fit each other; nobody, but."""
    kinds: tuple[str, ...]
    """Kinds that it is about; empty: any."""
    needs: tuple[str, ...]
    """What it takes beyond the manifests: `release`, `vm_size`, `nodes`, `webhook`, `cluster`; without it, the rule is
    silent."""
    statement: str
    """When it fires."""
    why: str
    """What really happens."""
    fix: str
    """One sentence."""
    releases: str | tuple[str, ...]
    """`all`, or those for which it holds."""
    source: str
    """Where that is to be seen: `repository:path@tag`."""
    follows: Follows = field(default_factory=Follows, metadata={"row": Follows})
