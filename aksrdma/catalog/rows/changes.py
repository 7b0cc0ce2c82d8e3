"""What happened to a field of a CRD; made from the `changes` of the releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Change: TypeAlias = Literal["added", "removed", "made optional", "made required", "altered"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldChange:
    """That a release added, removed or changed a field."""

    path: str
    """The root of what changed, which may be a parent of what was asked; the kind in lower case."""
    change: Change
    release: str
    """The release that did it."""
    note: str | None = None

    def __str__(self) -> str:
        """`nicclusterpolicy.spec.x was removed in v25.10.0`."""
        return f"{self.path} was {self.change} in {self.release}"
