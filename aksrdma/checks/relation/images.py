"""The images of a policy's components: that they can be pulled, and that they belong to the release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.checks.plugins.releases import before
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.findings import Problem, format_path
from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.catalog import Image, Release
    from aksrdma.checks.relation.facts import Facts
    from aksrdma.checks.relation.facts_views import Policy
    from aksrdma.checks.sets import ManifestSet

_SCHEMA_TAKES: Final = re.compile(r"[a-zA-Z0-9.\-/]")
"""What the CRD wants to see somewhere in a repository; a text without it is refused there."""
_PLAIN: Final = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*){1,3}\Z")
"""The common case, which is right without a closer look."""
_LONG: Final = 200
_DIGEST: Final = "sha256:"
_GLOBAL_SINCE: Final = "v26.4"
_DRIVER: Final = "ofedDriver"
_NODE_SECTIONS: Final = frozenset({_DRIVER, "rdmaSharedDevicePlugin", "sriovDevicePlugin"})
_FORMER_IMAGES: Final = frozenset({"containernetworking-plugins", "mofed", "multus", "sriov-device-plugin"})
"""Images of the components in releases older than the catalog, which count versions as the later ones do."""


class _Component(NamedTuple):
    policy: Policy
    path: tuple[str, ...]
    holder: Mapping[str, Any]
    image: Image
    """As the release pins it."""
    told: bool
    """Whether the webhook judges its repository, and says so itself."""

    @property
    def is_driver(self) -> bool:
        return self.path[-1] == _DRIVER

    def problem(self, rule: str, key: str, message: str, fix: str | None = None) -> Problem:
        return Problem(rule, (*self.path, key), message, fix=fix, document=self.policy.document)


@rule(
    "component-version-not-of-release",
    "image-repository-malformed",
    "image-repository-or-version-missing",
    kinds=POLICY_KINDS,
)
def images(manifests: ManifestSet) -> Iterator[Problem]:
    """Find images that cannot be pulled or belong to another release."""
    if manifests.release not in catalog.releases():
        return
    release, facts = catalog.release(manifests.release), facts_of(manifests)
    has_global = not before(manifests, _GLOBAL_SINCE)
    for policy in facts.policies:
        components = list(_components(policy, release, manifests.admission_controller))
        for component in components:
            if has_global:  # before, the CRD itself asks for both
                yield from _missing(component, facts)
            yield from _malformed(component)
        yield from _versions(components, release)
        if has_global:
            yield from _global_version(policy, release)


def _components(policy: Policy, release: Release, admission: bool) -> Iterator[_Component]:
    on_nodes = policy.document.kind == "NicNodePolicy"
    judged = _judged(release.name) if admission and not on_nodes else frozenset()
    for image in release.components.values():
        path = tuple(image.path.split("."))
        holder = policy.section(*path[1:])
        if holder is not None and not (on_nodes and path[1] not in _NODE_SECTIONS):
            yield _Component(policy, path, holder, image, path[1:] in judged)


def _judged(release: str) -> frozenset[tuple[str, ...]]:
    from aksrdma.checks.webhook.facts import webhook

    return frozenset(component.path for component in webhook(release).components)


def _missing(component: _Component, facts: Facts) -> Iterator[Problem]:
    for key in ("repository", "version"):
        reported = component.told and (key == "repository" or component.is_driver)
        shared = any((policy.section("global") or {}).get(key) for policy in facts.cluster_policies)
        if component.holder.get(key) in (None, "") and not shared and not reported:
            message = f"the operator stops at {format_path(component.path)}: {key} is required, here or in spec.global"
            yield component.problem("image-repository-or-version-missing", key, message)


def _malformed(component: _Component) -> Iterator[Problem]:
    repository = component.holder.get("repository")
    if not isinstance(repository, str) or not _SCHEMA_TAKES.search(repository) or _is_plain(repository):
        return
    from aksrdma.checks.webhook.image_reference import fault

    why = fault(repository)
    if why is None and fault(f"{repository}/image") is not None:
        why = "a tag or digest cannot stand in front of the image's name"
    elif component.told:
        return
    if why is not None:
        message = f"no image can be pulled from {repository!r}: {why}"
        yield component.problem("image-repository-malformed", "repository", message)


def _is_plain(repository: str) -> bool:
    return len(repository) < _LONG and _PLAIN.match(repository) is not None


def _versions(components: list[_Component], release: Release) -> Iterator[Problem]:
    """Yield one finding for each version that is not of the release, at the first component that has it."""
    found: dict[str, list[_Component]] = {}
    for component in components:
        if (version := _of_another(component, release)) is not None:
            found.setdefault(version, []).append(component)
    for version, having in found.items():
        names = " and ".join(component.image.name for component in having)
        pinned = " and ".join(dict.fromkeys(component.image.version for component in having))
        message = f"{version} of {names} is not of {release.name}, which was tested with {pinned}"
        fix = f"write version: {pinned}" if " " not in pinned else None
        yield having[0].problem("component-version-not-of-release", "version", message, fix)


def _of_another(component: _Component, release: Release) -> str | None:
    """Return the version of a component where it is not the release's; one of another image is not judged."""
    version, image = component.holder.get("version"), component.image
    if not isinstance(version, str) or not version:
        return None
    if component.holder.get("image") not in (None, image.image, *_FORMER_IMAGES):
        return None
    if _pinned(version, image, release, is_driver=component.is_driver):
        return None
    # A driver version that is none at all is a finding already.
    return None if component.is_driver and not _is_driver_version(version, release.name) else version


def _is_driver_version(version: str, release: str) -> bool:
    from aksrdma.checks.webhook.facts import webhook

    return bool(webhook(release).ofed_version.fullmatch(version))


def _pinned(version: str, image: Image, release: Release, *, is_driver: bool) -> bool:
    if version.startswith(_DIGEST):
        return image.digest is None or version == image.digest
    if is_driver:
        patches = (patch.ofed_driver for patch in release.other_patches)
        return version in (image.version, release.lts_driver, *patches)
    return version in (image.version, *_of_patches(release))


def _global_version(policy: Policy, release: Release) -> Iterator[Problem]:
    version = (policy.section("global") or {}).get("version")
    pinned = (release.components_version, *_of_patches(release))
    if isinstance(version, str) and version and version not in pinned:
        message = f"version {version} is not of {release.name}, whose components were tested with {pinned[0]}"
        path, fix = ("spec", "global", "version"), f"write version: {pinned[0]}"
        yield Problem("component-version-not-of-release", path, message, fix=fix, document=policy.document)


def _of_patches(release: Release) -> tuple[str, ...]:
    # The patches of a minor differ in their image tags alone.
    return tuple(patch.components_version for patch in release.other_patches)
