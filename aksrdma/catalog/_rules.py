"""Rules by id."""

from __future__ import annotations

import re
from typing import Final

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.catalog.rows.rules import Rule
from aksrdma.errors import UnknownNameError, UsageError

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
    raise UnknownNameError(f"no rule named {name!r}{nearest.hint(name, rules())} (`aksrdma catalog rules` lists all)")


@load.cached
def _theme(theme: str) -> dict[str, Rule]:
    file = f"rules/{theme}.yaml"
    rows = [load.build(Rule, data, f"{file}[{index}]") for index, data in enumerate(load.read(file))]
    return {row.id: row for row in rows}
