"""Rules: what aksrdma looks for, and why; as `catalog/rules/` has them, and those of the user's."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.errors import UnknownNameError, UsageError
from aksrdma.findings import Layer, Severity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Follows:
    """The findings from which one of a rule only follows: beside them it is not told."""

    same_field: tuple[str, ...] = ()
    """Rules broken at the same field."""
    whatever: bool = False
    """Any other rule broken at the same field."""
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
    severity: Severity
    """`error`: it will not work. `warning`: it works by luck, in part, or does something else than it says. `info`: it
    works, and is probably not what was meant."""
    layer: Layer
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


_OWN: Final[dict[str, Rule]] = {}
"""Rules of the user's, by id."""
_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+\Z")


def add_rule(row: Rule) -> None:
    """Add a rule of the user's; one that is added again replaces the first.

    Raises:
        UsageError: an id that is not kebab-case, or that a rule of aksrdma has.
    """
    if not _ID.match(row.id):
        raise UsageError(f"a rule's id is kebab-case with a hyphen, such as acme-team-label, not {row.id!r}")
    if row.id in rules() and row.id not in _OWN:
        raise UsageError(f"aksrdma has a rule {row.id} of its own; give yours another id")
    _OWN[row.id] = row
    rules.cache_clear()  # type: ignore[attr-defined]  # what `cached` returns remembers


@load.cached
def rules() -> tuple[str, ...]:
    """Return the ids of all rules, sorted."""
    return tuple(sorted({*_OWN, *(rule for theme in themes() for rule in _theme(theme))}))


def themes() -> tuple[str, ...]:
    """Return the themes, each of which is a file of rules, sorted."""
    return tuple(sorted(load.names("rules")))


def rules_of(theme: str) -> tuple[Rule, ...]:
    """Return the rules of a theme, in the order of its file."""
    return tuple(_theme(theme).values())


@load.cached
def rule(name: str) -> Rule:
    """Return a rule.

    Raises:
        UnknownNameError: No such rule.
    """
    if name in _OWN:
        return _OWN[name]
    wanted = f"- id: {name}\n".encode()
    for theme in themes():  # only the file that holds it is parsed
        if wanted in load.text(f"rules/{theme}.yaml"):
            return _theme(theme)[name]
    raise UnknownNameError(
        f"no rule named {name!r}{nearest.hint(name, rules(), most=None)} (`aksrdma catalog rules` lists all)"
    )


@load.cached
def _theme(theme: str) -> dict[str, Rule]:
    return {row.id: row for row in load.rows(Rule, f"rules/{theme}.yaml")}
