"""Rules by id."""

from __future__ import annotations

from functools import cache

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.catalog.rows.rules import Rule
from aksrdma.errors import UnknownNameError


@cache
def rules() -> tuple[str, ...]:
    """Return the ids of all rules, sorted."""
    return tuple(sorted(rule for theme in themes() for rule in _theme(theme)))


def themes() -> tuple[str, ...]:
    """Return the themes, each of which is a file of rules, sorted."""
    return tuple(sorted(load.names("rules")))


def rules_of(theme: str) -> tuple[Rule, ...]:
    """Return the rules of a theme, in the order of its file."""
    return tuple(_theme(theme).values())


@cache
def rule(name: str) -> Rule:
    """Return a rule.

    Raises:
        UnknownNameError: No such rule.
    """
    wanted = f"- id: {name}\n".encode()
    for theme in themes():  # only the file that holds it is parsed
        if wanted in load.text(f"rules/{theme}.yaml"):
            return _theme(theme)[name]
    raise UnknownNameError(f"no rule named {name!r}{nearest.hint(name, rules())} (`aksrdma catalog rules` lists all)")


@cache
def _theme(theme: str) -> dict[str, Rule]:
    file = f"rules/{theme}.yaml"
    rows = [load.build(Rule, data, f"{file}[{index}]") for index, data in enumerate(load.read(file))]
    return {row.id: row for row in rows}
