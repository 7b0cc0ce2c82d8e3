"""The release that a set is for: that of its cluster file, or the one that the versions of its images name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from aksrdma import catalog
from aksrdma.catalog import load
from aksrdma.errors import UnknownNameError
from aksrdma.findings import format_path
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.kube.values import step, text
from aksrdma.schemas.judge.wording import shown
from aksrdma.schemas.store import kubernetes_version

if TYPE_CHECKING:
    from aksrdma.catalog import Capability
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document

_OF_OPERATOR: Final = re.compile(r"network-operator-v?(\d{1,9})\.(\d{1,9})\.\d")
_OF_PROJECT: Final = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(?![\d.])")
_Numbers: TypeAlias = tuple[int, ...]
_MOST: Final = 3
"""Images, or fields, that a note names."""


class _Image(NamedTuple):
    """An image that a policy names."""

    component: str
    """Its key in the catalog; `global` is that of `spec.global`."""
    image: str
    version: str

    def __str__(self) -> str:
        return f"{self.component} ({self.version})"


def release_of(documents: Sequence[Document], cluster: Cluster | None) -> tuple[str, str | None]:
    """Return the release of a set, and a note that says what tells it, where it is not given.

    The versions of the images decide, among the releases that have what beats them; where they are of none, the kinds and
    fields that not all releases have, and then the release that is nearest to them.
    """
    if cluster is not None and cluster.release in catalog.releases():
        return cluster.release, None
    images, told = list(_images(documents)), _shown(documents)
    known = catalog.releases()
    having = _having({place: one for place, one in told.items() if one.beats_images}, known)
    named = {one: catalog.releases_with_image(*one) for one in images}
    near = {one: found for one in images if (found := _nearest(one.component, one.version))}
    reasons = []
    if release := _most(name for names in named.values() for name in names if name in having):
        told = {place: one for place, one in told.items() if one.beats_images}
        voters = _listed(one for one, names in named.items() if release in names)
        reasons.append(f"the image versions of {voters} are of it")
    else:
        having = _having(told, having)
        alone = [name for names in named.values() for name in names] or [name for name, _ in near.values()]
        meant = _most(alone) or having[-1]
        release = min(having, key=lambda name: abs(known.index(name) - known.index(meant)))
        hows = [how for name, how in near.values() if name == release]
        if hows:
            voters = _listed(one for one in near if near[one] == (release, hows[0]))
            reasons.append(f"the image versions of {voters} are {hows[0]}")
    reasons = [_boundary(place, one) for place, one in told.items() if one.holds_in(release)] + reasons
    note = f"judged by {release}: {'; '.join(reasons)} (--release)"
    if not reasons:
        note = f"no release is given and no image version names one; judged by the newest, {release} (--release)"
    return release, note


def _having(shown: Mapping[str, Capability], among: tuple[str, ...]) -> tuple[str, ...]:
    """Return the releases that have all that a set shows; all of them where none has all."""
    return tuple(name for name in among if all(one.holds_in(name) for one in shown.values())) or among


def _images(documents: Sequence[Document]) -> Iterator[_Image]:
    for policy in (one.data for one in documents if one.kind in POLICY_KINDS):
        for component, section in (*sections(policy), ("global", step(policy, ("spec", "global")))):
            if isinstance(section, dict) and isinstance(version := section.get("version"), str):
                yield _Image(component, text(section.get("image")), version)


def _shown(documents: Sequence[Document]) -> dict[str, Capability]:
    """Return what the kinds and fields of a set show of its release, by kind or field."""
    found: dict[str, Capability] = {}
    for document in documents:
        for path, one in _marks().get(document.kind, ()):
            if path not in found and step(document.data, tuple(path.split(".")[1:])) is not None:
                found[path] = one
    return found


@load.cached
def _marks() -> dict[str, list[tuple[str, Capability]]]:
    """Return the kinds and fields that show a release, by kind."""
    found: dict[str, list[tuple[str, Capability]]] = {}
    for capability in catalog.capabilities().values():
        for path in capability.shown_by:
            found.setdefault(path.partition(".")[0], []).append((path, capability))
    return found


def _boundary(place: str, capability: Capability) -> str:
    ends = "begins with" if capability.since else "ends before"
    return f"{place} {ends} {capability.boundary}"


def _listed(images: Iterable[_Image]) -> str:
    """Return images as a note names them: all of a few."""
    named = [*dict.fromkeys(map(str, images))]
    few, more = named[:_MOST], len(named) - _MOST
    return f"{', '.join(few)} and {more} more" if more > 0 else " and ".join(few)


def kubernetes_of(cluster: Cluster | None) -> tuple[str | None, str | None]:
    """Return the version of Kubernetes of a cluster file, and a note where it has no schemas."""
    if cluster is None or cluster.kubernetes_version is None:
        return None, None
    try:
        return kubernetes_version(cluster.kubernetes_version), None
    except UnknownNameError as error:
        return None, f"{error.message}; kinds of Kubernetes are judged by what any of these takes"


def versions_note(manifests: ManifestSet) -> str | None:
    """Return what a set has that only some versions of Kubernetes take, where no version is given."""
    found = manifests.of_some_versions
    if not found:
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


def _nearest(component: str, version: str) -> tuple[str, str] | None:
    """Return the release nearest to a version that is of none, with how they go together.

    Args:
        component: name of the component in the catalog, such as `ofedDriver`; of `global` the operator's versions.
        version: version of its image.
    """
    first, last = catalog.releases()[0], catalog.releases()[-1]
    older = first, f"of an older release, and {first} is the oldest that is known"
    dated = _OF_OPERATOR.match(version)
    month = (int(dated[1]), int(dated[2])) if dated else None
    if month is None and component == "ofedDriver":
        month = catalog.minor_of_driver(version)
    elif month is None:
        numbers, known = _numbers(version), _known(component)
        return older if numbers and known and numbers < known[0] else None
    if month is None:
        return None
    if month < min(_by_minor()):
        return older
    if month > max(_by_minor()):
        return last, f"of a newer release, and {last} is the newest that is known"
    return (_by_minor()[month], "of its month") if month in _by_minor() else None


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
