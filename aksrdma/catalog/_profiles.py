"""Profiles by name."""

from __future__ import annotations

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.catalog.rows.profiles import Profile
from aksrdma.errors import UnknownNameError


def profiles() -> tuple[str, ...]:
    """Return the names of all profiles, each after the one that it builds on."""
    return tuple(_rows())


def profile(name: str) -> Profile:
    """Return a profile.

    Raises:
        UnknownNameError: No such profile.
    """
    row = _rows().get(name.strip().lower())
    if row is None:
        raise UnknownNameError(f"no profile named {name!r}{_hint(name)} (known: {', '.join(profiles())})")
    return row


def _hint(name: str) -> str:
    holding = [known for known in profiles() if name.strip().lower() in known] if name.strip() else []
    return f"; did you mean {holding[0]}?" if len(holding) == 1 else nearest.hint(name, profiles())


@load.cached
def _rows() -> dict[str, Profile]:
    file = "profiles.yaml"
    rows = [load.build(Profile, data, f"{file}[{index}]") for index, data in enumerate(load.read(file))]
    return {row.name: row for row in rows}
