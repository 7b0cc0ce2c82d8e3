"""The release that a set is for: as told, or as its image versions say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document

_POLICIES: Final = frozenset({"NicClusterPolicy", "NicNodePolicy"})
_COMPONENT_VERSION: Final = re.compile(r"network-operator-(v?\d+\.\d+\.\d+)\Z")


def release_of(documents: Sequence[Document], cluster: Cluster | None) -> tuple[str, str | None]:
    """Return the release of a set, and a note where it is only the newest for want of a better one."""
    if cluster is not None and cluster.release in catalog.releases():
        return cluster.release, None
    named = _named_by_images(documents)
    if named:
        return named, None
    newest = catalog.newest()
    return newest, f"no release is given and no image version names one; judged by the newest, {newest} (--release)"


def _named_by_images(documents: Sequence[Document]) -> str | None:
    votes: Counter[str] = Counter()
    for document in documents:
        if document.kind in _POLICIES:
            for image, version in _images(document.data.get("spec")):
                votes.update(_releases_with(image, version))
    if not votes:
        return None
    most = max(votes.values())
    return next(name for name in reversed(catalog.releases()) if votes[name] == most)


def _images(value: Any) -> Iterator[tuple[str, str]]:
    """Yield image and version of every component below a spec."""
    if not isinstance(value, dict):
        return
    image, version = value.get("image"), value.get("version")
    if isinstance(image, str) and isinstance(version, str):
        yield image, version
    for part in value.values():
        yield from _images(part)


def _releases_with(image: str, version: str) -> tuple[str, ...]:
    named = _COMPONENT_VERSION.match(version)
    if named:
        release = _same_minor(named[1])
        return (release,) if release else ()
    return _by_image().get((image, version), ())


def _same_minor(version: str) -> str | None:
    minor = version.removeprefix("v").rsplit(".", 1)[0]
    return next((name for name in catalog.releases() if name.removeprefix("v").rsplit(".", 1)[0] == minor), None)


@cache
def _by_image() -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in catalog.releases():
        for image in catalog.release(name).components.values():
            key = (image.image, image.version)
            found[key] = (*found.get(key, ()), name)
    return found
