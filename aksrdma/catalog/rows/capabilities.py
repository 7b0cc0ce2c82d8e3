"""Rows of `catalog/capabilities.yaml`: what a component can do from one release on, or up to one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capability:
    """Something that some releases can do and others cannot, and that no CRD shows by itself."""

    name: str
    """Short id, kebab-case."""
    what: str
    since: str | None
    """The first release that has it; null: all have it up to `until`."""
    until: str | None
    """The first release that has it no more; null: all have it from `since` on."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str

    def holds_in(self, release: str) -> bool:
        """Tell whether a release, in the catalog or not, has it."""
        number = _numbers(release)
        return (self.since is None or number >= _numbers(self.since)) and (
            self.until is None or number < _numbers(self.until)
        )

    @property
    def boundary(self) -> str:
        """The release at which it begins or ends, as a message names it."""
        return self.since or self.until or ""


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in release.removeprefix("v").split("."))
