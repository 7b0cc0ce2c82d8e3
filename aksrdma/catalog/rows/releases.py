"""Rows of `catalog/releases/`: what a Network Operator release consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

HelmValue: TypeAlias = "bool | str | tuple[str, ...]"


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
    """The chart's own `kubeVersion` constraint; looser than what is documented."""
    repository: str
    """URL for `helm repo add`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NodeFeatureDiscovery:
    """The Node Feature Discovery that the chart bundles."""

    subchart_version: str
    image: Image = field(metadata={"row": Image})
    upstream_commit: str
    """Where the bundled chart comes from in the NFD project."""
    crd_same_as_upstream: str
    """The NFD releases whose CRD file is the same byte for byte."""
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KubernetesRange:
    """The Kubernetes versions that the release's documentation names."""

    min: str
    max: str
    """Inclusive; `1.32` means every patch of it."""
    documented: str
    """The range as it is printed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OtherPatch:
    """Another patch release of the same minor, which the catalog does not hold on its own."""

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
class Changes:
    """How the CRDs of a release differ from those of the release before.

    Paths are `kind.spec.field` with the kind in lower case; a kind alone means the whole kind. `[]` stands for the
    items of a list, `*` for any key of a map. Only the root of what came or went is listed. Descriptions and hints for
    merging lists are left out.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    made_optional: tuple[str, ...] = ()
    made_required: tuple[str, ...] = ()
    altered: Mapping[str, str] = field(default_factory=dict)
    """Path to what is different about the field."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Path to what a user should know or do."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Release:
    """A Network Operator release: chart, images, defaults, and what changed."""

    name: str
    """`v25.1.0`."""
    date: str
    """Commit date of the git tag, ISO 8601."""
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
    precompiled_azure_driver_tags: tuple[str, ...] | None
    """Driver images built for an azure kernel; empty: none was published, null: not known."""
    lts_driver: str | None
    """Version of the second, long-term driver line that the documentation names."""
    other_patches: tuple[OtherPatch, ...] = field(metadata={"row": OtherPatch})
    changes: Changes = field(metadata={"row": Changes})
    """Against the release before; empty for the oldest."""
    older_images: tuple[OlderImage, ...] = field(default=(), metadata={"row": OlderImage})
    """Images of other names that releases before the oldest of the catalog had; only the oldest has them."""
    unsure: Mapping[str, str] = field(default_factory=dict)
    """Field to why it is not certain."""
    sources: Mapping[str, tuple[str, ...]]
    """Field to keys of `catalog.source`."""
    checked: str
    """Day on which the facts were collected."""

    @property
    def components_version(self) -> str:
        """The version that all component images share (`network-operator-v25.7.0`); before v25.7.0 each has its own."""
        return self.components["multus"].version
