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
    older: str | None = None
    """Name and version of what the releases before `since` have instead, as a message names it."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str

    def holds_in(self, release: str | None) -> bool:
        """Tell whether a release, in the catalog or not, has it; None is the newest one."""
        return holds_in(release, self.since, self.until)

    @property
    def boundary(self) -> str:
        """The release at which it begins or ends, as a message names it."""
        return self.since or self.until or ""


def holds_in(release: str | None, since: str | None, until: str | None) -> bool:
    """Tell whether a release is `since` or later, and before `until`.

    Args:
        release: Its name; None is the newest one.
        since: None is no bound; `v26.4` is any patch of that minor.
        until: The same.
    """
    if release is None:
        return until is None
    number = _numbers(release)
    return (since is None or number >= _numbers(since)) and (until is None or number < _numbers(until))


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in release.removeprefix("v").split("."))
