"""Nearest known names, for every message that answers a wrong name."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], *, count: int = 1) -> list[str]:
    """Return up to `count` of `known` that are spelt most like `name`, ignoring case, best first."""
    import difflib  # only wrong names pay for it

    by_folded = {word.casefold(): word for word in known}
    return [by_folded[word] for word in difflib.get_close_matches(name.casefold(), by_folded, n=count)]


def advice(name: str, known: Iterable[str], *, count: int = 1) -> str | None:
    """Return `did you mean X?` for the nearest known names, or None where none is near."""
    near = nearest(name, known, count=count)
    return f"did you mean {' or '.join(near)}?" if near else None


def hint(name: str, known: Iterable[str], *, count: int = 1) -> str:
    """Return `; did you mean X?` for the nearest known names, or nothing where none is near."""
    found = advice(name, known, count=count)
    return f"; {found}" if found else ""
