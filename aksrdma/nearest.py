"""Nearest known names, for every message that answers a wrong name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

_MOST: Final = 100
"""Known names that a wrong one is compared with: a file may hold ten thousand of both."""


def nearest(name: str, known: Iterable[str], *, count: int = 1, most: int | None = _MOST) -> list[str]:
    """Return up to `count` of `known` that are spelt most like `name`, ignoring case, best first.

    Args:
        name: the wrong name.
        known: the right ones.
        count: how many to return.
        most: how many of the known ones are looked at, the first of them; None: all, for a list that no file makes longer.
    """
    import difflib  # only wrong names pay for it

    by_folded = {word.casefold(): word for word in islice(known, most)}
    return [by_folded[word] for word in difflib.get_close_matches(name.casefold(), by_folded, n=count)]


def advice(name: str, known: Iterable[str], *, count: int = 1, most: int | None = _MOST) -> str | None:
    """Return `did you mean X?` for the nearest known names, or None where none is near."""
    near = nearest(name, known, count=count, most=most)
    return f"did you mean {' or '.join(near)}?" if near else None


def hint(name: str, known: Iterable[str], *, count: int = 1, most: int | None = _MOST) -> str:
    """Return `; did you mean X?` for the nearest known names, or nothing where none is near."""
    found = advice(name, known, count=count, most=most)
    return f"; {found}" if found else ""
