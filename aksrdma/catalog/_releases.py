"""Network Operator releases, as `catalog/releases/` and `catalog/capabilities.yaml` have them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.errors import UnknownNameError

if TYPE_CHECKING:
    from aksrdma.catalog._aks import AksKubernetes

HelmValue: TypeAlias = "bool | int | str | tuple[str, ...]"
_OF_OPERATOR: Final = re.compile(r"network-operator-v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
_OF_DRIVER: Final = re.compile(r"(?:doca\d[\d.]*-)?(\d{1,9})\.(\d{1,9})-")
_AT_LEAST: Final = re.compile(r">= ?v?(\d{1,9}\.\d{1,9})\.\d{1,9}(?:-0)?")
_DRIVER: Final = "ofedDriver"
_ANY: Final = "999.0"
"""A version of Kubernetes after all that will be."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Image:
    """One container image of a release."""

    name: str
    """Key of the component: the field's name in NicClusterPolicy, or the chart's word for it."""
    path: str
    """Where it is set: `spec.ofedDriver` of NicClusterPolicy, or a helm value (`node-feature-discovery.image`)."""
    repository: str
    """Registry and folder, without the image's own name."""
    image: str
    version: str
    """The tag; for the driver without the operating system suffix that the operator adds for each node."""
    digest: str | None = None
    """`sha256:...` as the release's documentation prints it; null where it prints none."""
    public: bool = True
    """False: the only known place is a staging registry that users cannot pull from."""
    default: bool = True
    """False: the chart of this release leaves the image out unless its values are changed."""
    note: str | None = None

    @property
    def reference(self) -> str:
        """`repository/image:version`, as a pod spec names it."""
        return f"{self.repository}/{self.image}:{self.version}"

    @property
    def digest_reference(self) -> str | None:
        """`repository/image@sha256:...`, or None where no digest is known."""
        return f"{self.repository}/{self.image}@{self.digest}" if self.digest else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chart:
    """The helm chart of a release."""

    name: str
    version: str
    """Without a leading v."""
    app_version: str
    kube_version: str
    """The chart's own `kubeVersion` constraint, by which helm refuses a cluster; looser than what is documented."""
    repository: str
    """URL for `helm repo add`."""

    def takes(self, kubernetes: str) -> bool:
        """Tell whether helm installs the chart on a version of Kubernetes; a constraint of another form takes any."""
        found = _AT_LEAST.fullmatch(self.kube_version)
        return found is None or _compared(kubernetes, found[1]) >= 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NodeFeatureDiscovery:
    """The Node Feature Discovery that the chart bundles."""

    subchart_version: str
    image: Image = field(metadata={"row": Image})
    upstream_commit: str | None
    """Where the bundled chart comes from in the NFD project; null: not known."""
    crd_same_as_upstream: str | None
    """The NFD releases whose CRD file is the same byte for byte; null: not known."""
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KubernetesRange:
    """The Kubernetes versions that the release's documentation names."""

    min: str
    max: str | None
    """Inclusive; `1.32` means every patch of it. Null: not known."""
    documented: str | None
    """The range as it is printed; null: not known."""

    def holds(self, kubernetes: str) -> bool:
        """Tell whether a version is in the range: `1.32`, `1.32.4`."""
        return _compared(kubernetes, self.min) >= 0 and (self.max is None or _compared(kubernetes, self.max) <= 0)

    def __str__(self) -> str:
        """The range in words."""
        return f"{self.min} to {self.max}" if self.max else f"{self.min} or later"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Support:
    """Whether NVIDIA still mends a release, by the policy of its documentation."""

    state: Literal["supported", "deprecated", "end-of-support"]
    """The newest minor is supported, the one before gets critical fixes, older ones nothing."""
    since: str
    """Day on which the release came out that made it so, ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriverTag:
    """A driver image that compiles the driver on its node, of one operating system and architecture."""

    version: str
    """As a policy has it; the operator adds the rest for each node."""
    os: str
    """As the operator writes it: `ubuntu24.04`. Those of AKS alone; no image is for Azure Linux."""
    arch: Literal["amd64", "arm64"]
    digest: str | None
    """`sha256:...` as the release's documentation prints it; null where it prints none."""

    @property
    def tag(self) -> str:
        """What the operator asks the registry for."""
        return f"{self.version}-{self.os}-{self.arch}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriverVersion:
    """A version of the driver that a release was published with, where there is more than one."""

    version: str
    why: str
    """What it is for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OtherPatch:
    """Another patch release of the same minor, which the catalog may hold on its own as well."""

    name: str
    date: str
    components_version: str
    """Version of the component images."""
    ofed_driver: str
    """Version of the driver image."""
    differs: str
    """In what it differs from the release that the catalog holds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OlderImage:
    """An image of a component in a release that is older than the catalog."""

    component: str
    """Key of `Release.components`."""
    image: str
    repository: str
    """Where that release had it from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Release:
    """A Network Operator release: chart, images and defaults."""

    name: str
    """`v25.1.0`."""
    date: str | None
    """Commit date of the git tag, ISO 8601; null: not known."""
    support: Support | None = field(metadata={"row": Support})
    """Null: not known."""
    chart: Chart = field(metadata={"row": Chart})
    operator: Image = field(metadata={"row": Image})
    components: Mapping[str, Image] = field(metadata={"row": Image, "keyed": True})
    """Images that NicClusterPolicy names, by field; some lie deeper than `spec.<name>`, see `Image.path`."""
    helm_images: Mapping[str, Image] = field(metadata={"row": Image, "keyed": True})
    """Images that chart values name; Node Feature Discovery's is in `nfd`."""
    nfd: NodeFeatureDiscovery = field(metadata={"row": NodeFeatureDiscovery})
    helm_defaults: Mapping[str, HelmValue]
    """Chart defaults that matter here, by dotted path."""
    kubernetes: KubernetesRange = field(metadata={"row": KubernetesRange})
    driver_tags: tuple[DriverTag, ...] | None = field(metadata={"row": DriverTag})
    """Driver images by operating system and architecture; null: not known."""
    precompiled_azure_driver_tags: tuple[str, ...] | None
    """Driver images built for an azure kernel; empty: none was published, null: not known."""
    lts_driver: str | None
    """Version of the second, long-term driver line that the documentation names."""
    other_patches: tuple[OtherPatch, ...] = field(metadata={"row": OtherPatch})
    schemas: str | None = None
    """The release whose CRDs it has; null: the schemas of its own name are its."""
    driver_versions: tuple[DriverVersion, ...] = field(default=(), metadata={"row": DriverVersion})
    """Where there is more than one: the pinned one, then the others."""
    field_notes: Mapping[str, str] = field(default_factory=dict)
    """Field that came or went with this release to what a user should know or do; what came and went, the schemas say."""
    older_images: tuple[OlderImage, ...] = field(default=(), metadata={"row": OlderImage})
    """Images of other names that releases before the oldest of the catalog had; only the oldest has them."""
    unsure: Mapping[str, str] = field(default_factory=dict)
    """Field to why it is not certain."""
    sources: Mapping[str, tuple[str, ...]]
    """Field to keys of `catalog.source`."""
    checked: str | None
    """Day on which the facts were collected; null: nobody looked at what was read from a chart."""

    @property
    def components_version(self) -> str:
        """The version that all component images share (`network-operator-v25.7.0`); before v25.7.0 each has its own."""
        return self.components["multus"].version

    @property
    def drivers(self) -> frozenset[str]:
        """Every version of the driver that goes with the release: its own, the long-term one, those of other patches."""
        others = (*(one.version for one in self.driver_versions), *(one.ofed_driver for one in self.other_patches))
        return frozenset({self.components[_DRIVER].version, *others, *filter(None, (self.lts_driver,))})

    @property
    def aks_versions(self) -> tuple[AksKubernetes, ...]:
        """The versions in its range that AKS still makes clusters of, oldest first; some with long-term support alone."""
        from aksrdma.catalog._aks import aks  # what most who read a release do not ask

        return aks().offered(self.kubernetes.min, self.kubernetes.max or _ANY)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capability:
    """Something that some releases can do and others cannot."""

    name: str
    """Short id, kebab-case."""
    what: str
    since: str | None
    """The first release that has it; null: all have it up to `until`."""
    until: str | None
    """The first release that has it no more; null: all have it from `since` on."""
    shown_by: tuple[str, ...] = ()
    """Kinds and fields that only such releases have, as `NicClusterPolicy.spec.global`: what uses one is for these."""
    beats_images: bool = False
    """Whether that holds whatever release the images name: nobody writes it by mistake."""
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
    number = _numbers(release, otherwise=0)
    return (since is None or number >= _numbers(since)) and (until is None or number < _numbers(until))


@load.cached
def releases() -> tuple[str, ...]:
    """Return the names of all releases, oldest first."""
    return tuple(sorted(load.names("releases"), key=_numbers))


def newest() -> str:
    """Return the name of the newest release; a candidate, which only a user's own catalog may have, is none yet."""
    return next((name for name in reversed(releases()) if "-" not in name), releases()[-1])


def release_name(name: str) -> str:
    """Return a release's name as the catalog writes it, from the folder's listing alone (`25.1.0` is `v25.1.0`).

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    wanted = f"v{name.strip().removeprefix('v').removeprefix('V')}"
    if wanted in releases():
        return wanted
    more, fix = _advice(wanted)
    raise UnknownNameError(f"no release named {name!r} in the catalog{more}", fix)


def release(name: str) -> Release:
    """Return a release; `25.1.0` is taken as `v25.1.0`.

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    return _read(release_name(name))


def previous(name: str) -> str | None:
    """Return the release before `name`, or None for the oldest.

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    index = releases().index(release_name(name))
    return releases()[index - 1] if index else None


def next_release(name: str) -> str | None:
    """Return the release after `name`, or None for the newest.

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    following = releases()[releases().index(release_name(name)) + 1 :]
    return following[0] if following else None


def images(name: str) -> tuple[Image, ...]:
    """Return every image of a release: operator, components, chart images, Node Feature Discovery.

    Raises:
        UnknownNameError: No such release in the catalog.
    """
    row = release(name)
    return (row.operator, *row.components.values(), *row.helm_images.values(), row.nfd.image)


def releases_with_image(component: str, image: str, version: str) -> tuple[str, ...]:
    """Return the releases to which a version of a component belongs, oldest first; betas and patches are of their minor.

    Args:
        component: key of `Release.components`; of the driver, other patches of a minor count, too.
        image: name of the image, without repository.
        version: its version or digest.
    """
    if of_operator := _OF_OPERATOR.match(version):
        numbers = tuple(map(int, of_operator.groups()))
        same = [name for name in releases() if _numbers(name)[:2] == numbers[:2]]
        return tuple([name for name in same if _numbers(name) == numbers] or same[-1:])
    found = _by_image()
    return found.get((image, version)) or found.get((component, version), ())


def minor_of_driver(version: str) -> tuple[int, int] | None:
    """Return year and month of a driver's version, which are those of the release that it was made for, or None."""
    found = _OF_DRIVER.match(version)
    return (int(found[1]), int(found[2])) if found else None


@load.cached
def _by_image() -> Mapping[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in releases():
        row = _read(name)
        keys = [
            (image.image, version)
            for image in row.components.values()
            for version in (image.version, image.digest)
            if version
        ]
        drivers = [row.components[_DRIVER].version, *(one.version for one in row.driver_versions)]
        if name == _minors()[_minor(name)]:  # which stands for the patches that the catalog does not hold
            drivers += [one.ofed_driver for one in row.other_patches if one.name not in releases()]
        keys += [(_DRIVER, version) for version in drivers]
        for key in dict.fromkeys(keys):
            found[key] = (*found.get(key, ()), name)
    return MappingProxyType(found)


def _compared(version: str, other: str) -> int:
    """Return -1, 0 or 1 as `version` of Kubernetes is before `other`, in it or after it; 1.32 is in 1.32.4."""
    one, two = _numbers(version), _numbers(other)
    length = min(len(one), len(two))
    return (one[:length] > two[:length]) - (one[:length] < two[:length])


def _minors() -> dict[str, str]:
    """Return the newest release of each minor, by the minor: `v26.4`."""
    return {_minor(name): name for name in releases()}


def _minor(name: str) -> str:
    return name.rpartition(".")[0]


@load.cached
def _read(name: str) -> Release:
    return load.row(Release, f"releases/{name}.yaml")


def _advice(wanted: str) -> tuple[str, str | None]:
    """Return what else is to be said of an unknown release, and what to use instead."""
    known = f" (known: {', '.join(releases())})"
    if wanted in _minors():
        return "", f"did you mean {_minors()[wanted]}?"
    if same_minor := _minors().get(_minor(wanted)):
        for patch in _read(same_minor).other_patches:
            if patch.name == wanted:
                return "", f"use {same_minor}, the newest patch of the same minor: {wanted} differs in {patch.differs}"
        return "", f"use {same_minor} of the same minor{known}"
    if _numbers(wanted) > _numbers(newest()):
        return f": it is newer than {newest()}, the newest that aksrdma knows{known}", None
    if -1 not in _numbers(wanted) and _numbers(wanted) < _numbers(releases()[0]):
        return f": it is older than {releases()[0]}, the oldest that aksrdma knows{known}", None
    near = nearest.advice(wanted, releases())
    return ("", f"{near}{known}") if near else (known, None)


def _numbers(name: str, *, otherwise: int = -1) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else otherwise for part in name.removeprefix("v").split("."))


def capability(name: str) -> Capability:
    """Return what releases have something that others lack: `whereabouts`, `nv-ipam-routes`.

    Raises:
        KeyError: No row of the catalog has that name.
    """
    return capabilities()[name]


@load.cached
def capabilities() -> Mapping[str, Capability]:
    """Return all capabilities by name, sorted."""
    return MappingProxyType({row.name: row for row in load.rows(Capability, "capabilities.yaml")})
