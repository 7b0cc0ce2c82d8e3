"""Images of the operator's components and of pods: that they can be pulled, and that they belong to the release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from aksrdma import catalog
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed, Policy
from aksrdma.checks.relation.pods import pods_of
from aksrdma.findings import Problem, Severity, format_path
from aksrdma.kube.kinds import POLICY_KINDS, WORKLOADS
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.catalog import Image, Release
    from aksrdma.checks.sets import ManifestSet

_SCHEMA_TAKES: Final = re.compile(r"[a-zA-Z0-9.\-/]")
"""What the CRD wants to see somewhere in a repository; a text without it is refused there."""
_PLAIN: Final = r"[a-z0-9]+(?:[.-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)"
_PLAIN_REPOSITORY: Final = re.compile(rf"{_PLAIN}{{1,3}}\Z")
_PLAIN_IMAGE: Final = re.compile(rf"{_PLAIN}{{0,5}}(?::\w[\w.-]{{0,127}})?\Z")
"""The common case, which is right without a closer look."""
_LONG: Final = 200
"""Characters from which on the closer look is needed, as there is a limit."""
_PLACEHOLDER: Final = re.compile(r"[<>\[\]]|(?<![a-z])_*[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|CHANGEME|YOUR|(?:\b|_)TODO")
_ALIKE: Final = 0.9
"""How much two repositories are the same if one is a slip of the pen."""
_DRIVER: Final = "ofedDriver"
_NODE_SECTIONS: Final = frozenset({_DRIVER, "rdmaSharedDevicePlugin", "sriovDevicePlugin"})
"""What a NicNodePolicy can have."""


class _Component(NamedTuple):
    policy: Policy
    path: tuple[str, ...]
    holder: Mapping[str, Any]
    image: Image
    """As the release pins it."""
    judged_by_webhook: bool
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
    """Find images of components that cannot be pulled or belong to another release."""
    if manifests.release not in catalog.releases():
        return
    release, installed = catalog.release(manifests.release), manifests.derived(Installed)
    for policy, deployed in manifests.derived(_deployed):
        components = list(_components(policy, deployed, release, manifests.admission_controller))
        for component in components:
            yield from _missing(component, installed, release)
            yield from _malformed(component)
        yield from _versions(components, release)
        yield from _global_version(policy, release)


_Section: TypeAlias = "tuple[tuple[str, ...], Image, Mapping[str, Any]]"
"""Path of a section, the image that the release pins for it, and what the policy has there."""


def _deployed(manifests: ManifestSet) -> tuple[tuple[Policy, tuple[_Section, ...]], ...]:
    """Return the sections of each policy that deploy a component of the release; ask it with `manifests.derived`."""
    if manifests.release not in catalog.releases():
        return ()
    pinned = [(tuple(one.path.split(".")), one) for one in catalog.release(manifests.release).components.values()]
    return tuple(
        (policy, tuple((path, one, found) for path, one in pinned if (found := policy.section(*path[1:])) is not None))
        for policy in manifests.derived(Installed).policies
    )


def _components(
    policy: Policy, deployed: Sequence[_Section], release: Release, admission: bool
) -> Iterator[_Component]:
    on_nodes = policy.document.kind == "NicNodePolicy"
    judged: frozenset[tuple[str, ...]] = frozenset()
    if admission and not on_nodes:
        from aksrdma.checks.webhook.releases import webhook  # only where the webhook is on

        judged = frozenset(component.path for component in webhook(release.name).components)
    for path, image, holder in deployed:
        if not (on_nodes and path[1] not in _NODE_SECTIONS):
            yield _Component(policy, path, holder, image, path[1:] in judged)


def _has_global(release: Release) -> bool:
    """Say whether `spec.global` may stand in for a repository or version; without it the CRD itself asks for both."""
    return catalog.capability("global-image-settings").holds_in(release.name)


def _missing(component: _Component, installed: Installed, release: Release) -> Iterator[Problem]:
    for key in ("repository", "version"):
        if component.holder.get(key) not in (None, ""):
            continue
        reported = component.judged_by_webhook and (key == "repository" or component.is_driver)
        shared = any((policy.section("global") or {}).get(key) for policy in installed.cluster_policies)
        if not shared and not reported and _has_global(release):
            message = f"the operator stops at {format_path(component.path)}: {key} is required, here or in spec.global"
            yield component.problem("image-repository-or-version-missing", key, message)


def _malformed(component: _Component) -> Iterator[Problem]:
    repository = component.holder.get("repository")
    if not isinstance(repository, str) or not _SCHEMA_TAKES.search(repository):
        return
    if len(repository) < _LONG and _PLAIN_REPOSITORY.match(repository):
        return
    from aksrdma.kube.image_names import fault  # most repositories are plain

    why = fault(repository)
    if why is None and fault(f"{repository}/image") is not None:
        why = "a tag or digest cannot stand in front of the image's name"
    elif component.judged_by_webhook:
        return
    if why is not None:
        message = f"no image can be pulled from {repository!r}: {why}"
        yield component.problem("image-repository-malformed", "repository", message)


def _versions(components: list[_Component], release: Release) -> Iterator[Problem]:
    """Yield one finding for each version that is not of the release, at the first component that has it."""
    found: dict[str, list[_Component]] = {}
    for component in components:
        version = component.holder.get("version")
        if isinstance(version, str) and version and not _is_of_release(version, component, release):
            found.setdefault(version, []).append(component)
    for version, having in found.items():
        names = _listed([component.image.name for component in having])
        pinned = " and ".join(dict.fromkeys(component.image.version for component in having))
        known = catalog.releases_with_image(having[0].image.name, having[0].image.image, version)
        others = [name for name in known if name != release.name]  # whose early builds are not what it was tested with
        what = f"is the {'driver' if having[0].is_driver else 'version'} of {_listed(others)}," if others else "is"
        message = f"{version} of {names} {what} not of {release.name}, which was tested with {pinned}"
        fix = f"write version: {pinned}" if " " not in pinned else None
        yield having[0].problem("component-version-not-of-release", "version", message, fix)


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _is_of_release(version: str, component: _Component, release: Release) -> bool:
    """Say whether a component's version is the release's, or cannot be judged: it is of another image, or none at all."""
    image = component.image
    if component.holder.get("image") not in (None, image.image, *_older_names(image.name)):
        return True
    if version.startswith("sha256:"):
        right = image.digest is None or version == image.digest
    elif component.is_driver:
        right = version in release.drivers
    else:
        right = version in (image.version, *_of_patches(release))
    if right or not component.is_driver:
        return right
    from aksrdma.checks.webhook.releases import webhook  # most drivers are the release's

    if webhook(release.name).ofed_version.fullmatch(version):
        return False
    # A form that the release does not know is told by another rule, unless it is simply that of another release.
    return component.judged_by_webhook or not catalog.releases_with_image(image.name, image.image, version)


def _global_version(policy: Policy, release: Release) -> Iterator[Problem]:
    version = (policy.section("global") or {}).get("version")
    pinned = (release.components_version, *_of_patches(release))
    if isinstance(version, str) and version and version not in pinned and _has_global(release):
        message = f"version {version} is not of {release.name}, whose components were tested with {pinned[0]}"
        path, fix = ("spec", "global", "version"), f"write version: {pinned[0]}"
        yield Problem("component-version-not-of-release", path, message, fix=fix, document=policy.document)


def _of_patches(release: Release) -> tuple[str, ...]:
    # The patches of a minor differ in their image tags alone.
    return tuple(patch.components_version for patch in release.other_patches)


@cache
def _older_names(component: str) -> tuple[str, ...]:
    """Return what the image of a component was called before the catalog; its versions count on."""
    older = catalog.release(catalog.releases()[0]).older_images
    return tuple(one.image for one in older if one.component == component)


@rule("component-image-unknown", kinds=POLICY_KINDS)
def image_names(manifests: ManifestSet) -> Iterator[Problem]:
    """Find images that the public registries do not have, where the one that is meant is plain."""
    for policy, deployed in manifests.derived(_deployed):
        for path, pinned, section in deployed:
            image, repository, component = section.get("image"), section.get("repository"), pinned.name
            if not isinstance(image, str) or not isinstance(repository, str):
                continue
            if (repository, image) == (pinned.repository, pinned.image):
                continue
            known, kept = _published()
            if repository not in known:
                meant = next((one for one in known if _is_slip(repository, one)), None)
                if meant:
                    key, fix = "repository", f"write {meant}"
                    message = f"no release has images in {repository}; did you mean {meant}?"
                    yield Problem(
                        "component-image-unknown", (*path, key), message, fix, meant, document=policy.document
                    )
            elif image not in kept[component]:
                names = sorted(kept[component] - set(_older_names(component)))
                message = f"{repository} has no image {image!r} that is {component}{hint(image, names)}"
                fix = f"write {' or '.join(names)}"
                yield Problem("component-image-unknown", (*path, "image"), message, fix, document=policy.document)
            elif image in _older_names(component) and _is_too_new(component, version := section.get("version")):
                message = (
                    f"{repository} has no {image} {version}: since {catalog.releases()[0]} the image is {pinned.image}"
                )
                fix = f"write {pinned.image}"
                yield Problem("component-image-unknown", (*path, "image"), message, fix, document=policy.document)


def _is_too_new(component: str, version: Any) -> bool:
    """Say whether a version of a component came after the image was renamed: it is one of the catalog, or dated later."""
    if not isinstance(version, str):
        return False
    minor = catalog.minor_of_driver(version) if component == _DRIVER else None
    return bool(catalog.releases_with_image(component, "", version)) or (
        minor is not None and catalog.holds_in(f"v{minor[0]}.{minor[1]}.0", catalog.releases()[0], None)
    )


@rule("component-in-private-registry", kinds=POLICY_KINDS)
def private_registries(manifests: ManifestSet) -> Iterator[Problem]:
    """Find components whose images are in a registry that only its owner's people can pull from."""
    for policy, deployed in manifests.derived(_deployed):
        found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        places = [(path, image.repository, section) for path, image, section in deployed]
        for path, pinned, section in (*places, (("spec", "global"), "", policy.section("global") or {})):
            repository = section.get("repository")
            if not isinstance(repository, str) or repository == pinned or section.get("imagePullSecrets"):
                continue
            found.setdefault(repository, []).append((path, path[-1]))
        for repository, having in found.items():
            if row := catalog.private_registry(repository):
                names = " and ".join(name for _, name in having)
                what = f"image of {names} comes" if len(having) == 1 else f"images of {names} come"
                message = f"the {what} from {repository}: {row.what}, from which nobody else can pull"
                fix = f"write {repository.replace(row.prefix, row.public, 1)} and a version that is released"
                where = (*having[0][0], "repository")
                yield Problem("component-in-private-registry", where, message, fix, document=policy.document)


def _is_slip(written: str, known: str) -> bool:
    if known.startswith(f"{written}/"):
        return True
    same_host = written.partition("/")[0] == known.partition("/")[0]
    return same_host and SequenceMatcher(None, written, known).ratio() >= _ALIKE


@cache
def _published() -> tuple[tuple[str, ...], Mapping[str, set[str]]]:
    """Return the repositories of all components, and the names that each component's image has or had there."""
    repositories: dict[str, None] = {}
    names: dict[str, set[str]] = {}
    rows = [catalog.release(name) for name in catalog.releases()]
    for row in rows:
        for image in row.components.values():
            repositories[image.repository] = None
            names.setdefault(image.name, set()).add(image.image)
    for older in (older for row in rows for older in row.older_images):
        if older.repository in repositories:
            names[older.component].add(older.image)
    return tuple(repositories), names


@rule("image-reference-invalid", kinds=WORKLOADS)
def references(manifests: ManifestSet) -> Iterator[Problem]:
    """Find containers whose image no kubelet can pull, whatever the registry holds."""
    for pod in pods_of(manifests):
        for container in pod.containers:
            image = container.data.get("image")
            if not isinstance(image, str) or not image.strip():
                continue
            if len(image) < _LONG and _PLAIN_IMAGE.match(image):
                continue
            from aksrdma.kube.image_names import fault  # most images are plain

            why = fault(image)
            if why is not None:
                severity: Severity | None = None
                message = f"no image can be pulled by the name {image!r}: {why}"
                if _PLACEHOLDER.search(image):
                    # Whoever left the placeholder knows that it is to be filled in.
                    message = f"the image {image!r} still holds a placeholder, so nothing can be pulled by that name"
                    severity = "info"
                path = (*container.path, "image")
                yield Problem("image-reference-invalid", path, message, severity=severity, document=pod.document)
