"""The release that a set is for: that of its cluster file, or the one that the versions of its images name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aksrdma import catalog
from aksrdma.catalog import load
from aksrdma.errors import UnknownNameError
from aksrdma.findings import format_path
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.kube.values import step, text
from aksrdma.schemas.judge.wording import shown
from aksrdma.schemas.store import kubernetes_version

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document

_OF_OPERATOR: Final = re.compile(r"network-operator-v?(\d{1,9})\.(\d{1,9})\.\d")
_OF_DRIVER: Final = re.compile(r"(?:doca\d[\d.]*-)?(\d{1,9})\.(\d{1,9})-")
_OF_PROJECT: Final = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(?![\d.])")
_Numbers: TypeAlias = tuple[int, ...]


def release_of(documents: Sequence[Document], cluster: Cluster | None) -> tuple[str, str | None]:
    """Return the release of a set, and a note where it is only the nearest or newest for want of a better one."""
    if cluster is not None and cluster.release in catalog.releases():
        return cluster.release, None
    images: list[tuple[str, str, str]] = []
    for policy in (one.data for one in documents if one.kind in POLICY_KINDS):
        for component, section in (*sections(policy), ("global", step(policy, ("spec", "global")))):
            if isinstance(section, dict) and isinstance(section.get("version"), str):
                images.append((component, text(section.get("image")), section["version"]))
    if release := _most(release for _, image, version in images for release in _named(image, version)):
        return release, None
    if release := _most(near for component, _, version in images if (near := _nearest(component, version))):
        return release, f"no image version is of a known release; judged by {release}, the nearest (--release)"
    newest = catalog.newest()
    return newest, f"no release is given and no image version names one; judged by the newest, {newest} (--release)"


def kubernetes_of(cluster: Cluster | None) -> tuple[str | None, str | None]:
    """Return the version of Kubernetes of a cluster file, and a note where it has no schemas."""
    if cluster is None or cluster.kubernetes_version is None:
        return None, None
    try:
        return kubernetes_version(cluster.kubernetes_version), None
    except UnknownNameError as error:
        return None, f"{error.message}; kinds of Kubernetes are judged by what any of these takes"


_MOST: Final = 3
"""Fields that a note names."""


def versions_note(manifests: ManifestSet) -> str | None:
    """Return what a set has that only some versions of Kubernetes take, where no version is given."""
    found = manifests.of_some_versions
    if not found or manifests.kubernetes is not None:
        return None
    fields: dict[str, None] = {}
    for document, mark in found:
        place = format_path(mark.path) or document.api_version
        fields[f"{place} of {document.label} ({shown(mark.message.split())})"] = None
    named = list(fields)[:_MOST]
    more = f" and {len(fields) - _MOST} more" if len(fields) > _MOST else ""
    return f"not all versions of Kubernetes take {', '.join(named)}{more}; say which is yours with --kubernetes-version"


def sections(policy: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every component that a policy deploys, by its name in the catalog, with its section."""
    for path, component in _components().items():
        section = step(policy, path)
        if isinstance(section, dict):
            yield component, section


@load.cached
def _components() -> dict[tuple[str, ...], str]:
    ends = (catalog.releases()[0], catalog.newest())  # no component came after the one and went before the other
    images = [image for name in ends for image in catalog.release(name).components.values()]
    return {tuple(image.path.split(".")): image.name for image in images}


def _most(votes: Iterable[str]) -> str | None:
    """Return the release with the most votes, the newer one of equals."""
    counted = Counter(votes)
    most = max(counted.values(), default=0)
    return next((name for name in reversed(catalog.releases()) if most and counted[name] == most), None)


def _named(image: str, version: str) -> tuple[str, ...]:
    """Return the releases of the catalog whose image this is; betas and patches are of their minor release."""
    of_operator = _OF_OPERATOR.match(version)
    if of_operator is None:
        return _by_image().get((image, version), ())
    release = _by_minor().get((int(of_operator[1]), int(of_operator[2])))
    return (release,) if release else ()


def _nearest(component: str, version: str) -> str | None:
    """Return the oldest or the newest release for a version from before or after all of the catalog.

    Args:
        component: name of the component in the catalog, such as `ofedDriver`; of `global` the operator's versions.
        version: version of its image.
    """
    dated = _OF_OPERATOR.match(version)
    if dated is None and component == "ofedDriver":
        dated = _OF_DRIVER.match(version)
        if dated is None:
            return None
    if dated is not None:
        first, last = min(_by_minor()), max(_by_minor())
        return _by_minor().get(max(first, min(last, (int(dated[1]), int(dated[2])))))
    numbers, known = _numbers(version), _known(component)
    return catalog.releases()[0] if numbers and known and numbers < known[0] else None


def _numbers(version: str) -> _Numbers | None:
    found = _OF_PROJECT.match(version)
    return tuple(int(part or 0) for part in found.groups()) if found else None


@load.cached
def _known(component: str) -> tuple[_Numbers, ...]:
    """Return the component's versions of its own numbering, lowest first."""
    images = (catalog.release(name).components.get(component) for name in catalog.releases())
    return tuple(sorted({numbers for image in images if image and (numbers := _numbers(image.version))}))


@load.cached
def _by_minor() -> dict[_Numbers, str]:
    return {tuple(int(part) for part in name.removeprefix("v").split(".")[:2]): name for name in catalog.releases()}


@load.cached
def _by_image() -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in catalog.releases():
        for image in catalog.release(name).components.values():
            for version in filter(None, (image.version, image.digest)):
                key = (image.image, version)
                found[key] = (*found.get(key, ()), name)
    return found
