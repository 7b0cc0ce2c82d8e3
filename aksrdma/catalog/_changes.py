"""Which release added, removed or changed a field of a CRD."""

from __future__ import annotations

import re
from typing import get_args

from aksrdma.catalog import load
from aksrdma.catalog._releases import release as find
from aksrdma.catalog._releases import releases
from aksrdma.catalog.rows.changes import Change, FieldChange
from aksrdma.catalog.rows.releases import Changes

_INDEX = re.compile(r"\[\d*\]")


def field_change(path: str, release: str) -> FieldChange | None:
    """Return why a release lacks a field: which one before it removed the field, or which one after it adds it.

    `path` begins with the kind: `NicClusterPolicy.spec.secondaryNetwork.ipamPlugin`, in any case; list indexes do not
    matter. None where the release has the field, or where no release of the catalog ever had it or changed it.

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    known = releases()
    place = known.index(find(release).name)
    presence = [change for change in field_changes(path) if change.change in ("added", "removed")]
    before = [change for change in presence if known.index(change.release) <= place]
    if before:
        return before[-1] if before[-1].change == "removed" else None
    after = [change for change in presence if known.index(change.release) > place]
    return after[0] if after and after[0].change == "added" else None


def field_changes(path: str) -> tuple[FieldChange, ...]:
    """Return all that happened to a field, oldest first: what came or went with a parent of it, and its own changes."""
    steps = _steps(path)
    return tuple(change for change, root in _all() if _concerns(change, root, steps))


def _concerns(change: FieldChange, root: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    whole = change.change not in ("added", "removed")
    if len(root) > len(steps) or (whole and len(root) != len(steps)):
        return False
    return all(mine in ("*", theirs) for mine, theirs in zip(root, steps, strict=False))


@load.cached
def _all() -> tuple[tuple[FieldChange, tuple[str, ...]], ...]:
    rows = [change for name in releases() for change in _of_release(name, find(name).changes)]
    return tuple((row, _steps(row.path)) for row in rows)


def _of_release(name: str, changes: Changes) -> list[FieldChange]:
    return [
        FieldChange(path=path, change=change, release=name, note=changes.notes.get(path) or changes.altered.get(path))
        for change in get_args(Change)
        for path in getattr(changes, change.replace(" ", "_"))
    ]


@load.cached
def _steps(path: str) -> tuple[str, ...]:
    kind, *fields = _INDEX.sub("", path).split(".")
    return (kind.lower(), *fields)
