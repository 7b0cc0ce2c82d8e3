"""Rows of `catalog/rules/`: what aksrdma looks for, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
