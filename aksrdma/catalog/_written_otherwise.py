"""Fields that a kind does not have under that name, or no longer, and what to write for them."""

from __future__ import annotations

from dataclasses import dataclass

from aksrdma.catalog import load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WrittenOtherwise:
    """A field that people write where another one is meant."""

    fields: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    """Where it is written; empty: in any kind."""
    within: tuple[str, ...] = ()
    """The fields that hold it, directly or as a list; empty: anywhere."""
    becomes: str = ""
    """The field beside it that takes its place, so that nobody says that it is missing; empty: none does."""
    write: str
    """What to do, in one sentence."""
    source: str


@load.cached
def _rows() -> tuple[WrittenOtherwise, ...]:
    return load.rows(WrittenOtherwise, "written_otherwise.yaml")


def written_otherwise(field: str, within: str, kind: str) -> WrittenOtherwise | None:
    """Return what is meant by a field that the schema does not have, or None where no row knows.

    Args:
        field: its name.
        within: the nearest field that holds it; empty at the root.
        kind: of the object.
    """
    for row in _rows():
        if field in row.fields and kind in (row.kinds or (kind,)) and within in (row.within or (within,)):
            return row
    return None
