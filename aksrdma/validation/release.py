"""The release that a set is for: as told, or as its image versions say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.validation.image_versions import components, named, nearest

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document

_POLICIES: Final = frozenset({"NicClusterPolicy", "NicNodePolicy"})


def release_of(documents: Sequence[Document], cluster: Cluster | None) -> tuple[str, str | None]:
    """Return the release of a set, and a note where it is only the nearest or newest for want of a better one."""
    if cluster is not None and cluster.release in catalog.releases():
        return cluster.release, None
    images = [image for document in documents if document.kind in _POLICIES for image in _images(document.data)]
    release = _most(release for _, image, version in images for release in named(image, version))
    if release:
        return release, None
    release = _most(near for name, _, version in images if (near := nearest(name, version)))
    if release:
        return release, f"no image version is of a known release; judged by {release}, the nearest (--release)"
    newest = catalog.newest()
    return newest, f"no release is given and no image version names one; judged by the newest, {newest} (--release)"


def _most(votes: Iterator[str]) -> str | None:
    """Return the release with the most votes, the newer one of equals."""
    counted = Counter(votes)
    most = max(counted.values(), default=0)
    return next((name for name in reversed(catalog.releases()) if most and counted[name] == most), None)


def _images(policy: Any) -> Iterator[tuple[str, str, str]]:
    """Yield component, image and version of every component of a policy that has a version, and of spec.global."""
    for path, component in (*components().items(), ("spec.global", None)):
        holder = policy
        for step in path.split("."):
            holder = holder.get(step) if isinstance(holder, dict) else None
        version = holder.get("version") if isinstance(holder, dict) else None
        if isinstance(holder, dict) and isinstance(version, str):
            image = holder.get("image")
            yield component.name if component else "global", image if isinstance(image, str) else "", version
