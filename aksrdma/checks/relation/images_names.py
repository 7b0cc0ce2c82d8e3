"""Names of images and repositories that no release has: those of another component, and slips of the pen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.catalog import Image
    from aksrdma.checks.sets import ManifestSet

_RULE: Final = "component-image-unknown"
_ALIKE: Final = 0.9
_FORMER: Final = {"ofedDriver": "mofed"}
"""Images that the public registries have from releases older than the catalog."""


@rule("component-image-unknown", kinds=POLICY_KINDS)
def names(manifests: ManifestSet) -> Iterator[Problem]:
    """Find images that the public registries do not have, where the one that is meant is plain."""
    if manifests.release not in catalog.releases():
        return
    for policy in facts_of(manifests).policies:
        for pinned in catalog.release(manifests.release).components.values():
            path = tuple(pinned.path.split("."))
            section = policy.section(*path[1:])
            fault = _fault(section, pinned) if section else None
            if fault is not None:
                key, message, fix = fault
                yield Problem(_RULE, (*path, key), message, fix=fix, document=policy.document)


def _fault(section: Mapping[str, Any], pinned: Image) -> tuple[str, str, str] | None:
    image, repository, component = section.get("image"), section.get("repository"), pinned.name
    if not isinstance(image, str) or not isinstance(repository, str):
        return None
    if (repository, image) == (pinned.repository, pinned.image):
        return None
    if repository not in _repositories():
        meant = next((known for known in _repositories() if _is_slip(repository, known)), None)
        message = f"no release has images in {repository}; did you mean {meant}?"
        return ("repository", message, f"write {meant}") if meant else None
    if image in _images()[component]:
        return None
    known = sorted(_images()[component] - {_FORMER.get(component)})
    message = f"{repository} has no image {image!r} that is {component}{hint(image, known)}"
    return "image", message, f"write {' or '.join(known)}"


def _is_slip(written: str, known: str) -> bool:
    if known.startswith(f"{written}/"):
        return True
    same_host = written.partition("/")[0] == known.partition("/")[0]
    return same_host and SequenceMatcher(None, written, known).ratio() >= _ALIKE


@cache
def _images() -> dict[str, set[str]]:
    """Return the names that the image of a component has had, by component."""
    found: dict[str, set[str]] = {name: {former} for name, former in _FORMER.items()}
    for release in catalog.releases():
        for image in catalog.release(release).components.values():
            found.setdefault(image.name, set()).add(image.image)
    return found


@cache
def _repositories() -> tuple[str, ...]:
    """Return the repositories of all components."""
    found = (one for name in catalog.releases() for one in catalog.release(name).components.values())
    return tuple(dict.fromkeys(image.repository for image in found))
