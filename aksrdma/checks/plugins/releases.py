"""Which release a document is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet


def before(manifests: ManifestSet, release: str) -> bool:
    """Say whether the set is judged by an older release than `release`."""
    return _numbers(manifests.release) < _numbers(release)


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in release.removeprefix("v").split("."))
