"""Kustomization: a folder of manifests and what kustomize (v5) changes in them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aksrdma.models.base import Model
from aksrdma.models.meta import K8sObject, ObjectMeta


class PatchTarget(Model):
    """`target` of a patch or replacement: objects for which all that is set holds; names are regular expressions."""

    group: str | None = None
    """API group."""
    version: str | None = None
    """API version."""
    kind: str | None = None
    """Kind."""
    name: str | None = None
    """Name."""
    namespace: str | None = None
    """Namespace."""
    label_selector: str | None = None
    """Label selector."""
    annotation_selector: str | None = None
    """Selector over annotations."""


class Patch(Model):
    """One entry of `patches`: a strategic merge or JSON patch, from a file or in place."""

    path: str | None = None
    """File with the patch."""
    patch: str | None = None
    """The patch itself."""
    target: PatchTarget | None = None
    """Objects to patch; a strategic merge patch names its own unless set."""
    options: Mapping[str, bool] | None = None
    """allowNameChange and allowKindChange."""


class FieldSpec(Model):
    """One entry of `fields`: a path that a transformer changes."""

    group: str | None = None
    """API group."""
    version: str | None = None
    """API version."""
    kind: str | None = None
    """Kind."""
    path: str
    """Path, with slashes."""
    create: bool | None = None
    """True makes the path where it is missing; false unless set."""


class LabelPairs(Model):
    """One entry of `labels`."""

    pairs: Mapping[str, str]
    """Labels to add."""
    include_selectors: bool | None = None
    """True adds them to selectors and templates too; false unless set."""
    include_templates: bool | None = None
    """True adds them to templates too; false unless set."""
    fields: Sequence[FieldSpec] | None = None
    """More places to add them."""


class ImageOverride(Model):
    """One entry of `images`: replaces the reference of an image in pods."""

    name: str
    """Image to replace, without tag."""
    new_name: str | None = None
    """New image."""
    new_tag: str | None = None
    """New tag."""
    digest: str | None = None
    """New digest; wins over `newTag`."""
    tag_suffix: str | None = None
    """Text put after the tag."""


class Replica(Model):
    """One entry of `replicas`."""

    name: str
    """Name of the workload."""
    count: int
    """Number of replicas."""


class GeneratorOptions(Model):
    """`generatorOptions`, and `options` of a generator."""

    labels: Mapping[str, str] | None = None
    """Labels of what is generated."""
    annotations: Mapping[str, str] | None = None
    """Annotations of what is generated."""
    disable_name_suffix_hash: bool | None = None
    """True keeps the name as it is; false unless set."""
    immutable: bool | None = None
    """True makes it immutable; false unless set."""


class ConfigMapGenerator(Model):
    """One entry of `configMapGenerator`."""

    name: str
    """Name, to which a hash of the content is added."""
    namespace: str | None = None
    """Namespace."""
    behavior: Literal["create", "replace", "merge"] | None = None
    """What is done with one of the same name; create unless set."""
    files: Sequence[str] | None = None
    """Files, as path or key=path."""
    literals: Sequence[str] | None = None
    """Pairs, as key=value."""
    envs: Sequence[str] | None = None
    """Files with key=value lines."""
    env: str | None = None
    """Old form of `envs` with one file."""
    options: GeneratorOptions | None = None
    """Labels, annotations and name."""


class SecretGenerator(ConfigMapGenerator):
    """One entry of `secretGenerator`."""

    type: str | None = None
    """Type of the Secret; Opaque unless set."""


class SortOptions(Model):
    """`sortOptions`: the order of the output."""

    order: Literal["legacy", "fifo"] | None = None
    """legacy sorts by kind, fifo keeps the order of the input."""
    legacy_sort_options: Mapping[str, Sequence[str]] | None = None
    """orderFirst and orderLast: kinds."""


class _KustomizationFields(K8sObject):
    """What Kustomization and Component have in common, in the order in which it is written."""

    metadata: ObjectMeta = ObjectMeta()
    """Name and annotations; kustomize itself uses none of it."""
    namespace: str | None = None
    """Namespace put on every namespaced object."""
    name_prefix: str | None = None
    """Text put in front of every name."""
    name_suffix: str | None = None
    """Text put after every name."""
    resources: Sequence[str] | None = None
    """Files and folders of manifests, relative to this file."""
    components: Sequence[str] | None = None
    """Folders of Components."""
    generators: Sequence[str] | None = None
    """Files with the configs of generator functions, or the configs as text."""
    transformers: Sequence[str] | None = None
    """Files with the configs of transformer functions, or the configs as text."""
    validators: Sequence[str] | None = None
    """Files with the configs of validator functions, or the configs as text."""
    patches: Sequence[Patch] | None = None
    """Patches, applied in order."""
    patches_strategic_merge: Sequence[str] | None = None
    """Deprecated; use `patches`."""
    patches_json6902: Sequence[Patch] | None = None
    """Deprecated; use `patches`."""
    replacements: Sequence[dict[str, Any]] | None = None
    """Values copied from one field to others."""
    labels: Sequence[LabelPairs] | None = None
    """Labels put on every object."""
    common_labels: Mapping[str, str] | None = None
    """Deprecated; use `labels` with includeSelectors."""
    common_annotations: Mapping[str, str] | None = None
    """Annotations put on every object."""
    images: Sequence[ImageOverride] | None = None
    """Image references to replace; components of a NicClusterPolicy are not pods, so this does not reach them."""
    replicas: Sequence[Replica] | None = None
    """Numbers of replicas."""
    config_map_generator: Sequence[ConfigMapGenerator] | None = None
    """ConfigMaps to generate."""
    secret_generator: Sequence[SecretGenerator] | None = None
    """Secrets to generate."""
    generator_options: GeneratorOptions | None = None
    """Options of all generators."""
    configurations: Sequence[str] | None = None
    """Files that tell transformers about fields of custom resources."""
    crds: Sequence[str] | None = None
    """Files with OpenAPI definitions of custom resources."""
    openapi: Mapping[str, str] | None = None
    """path of an OpenAPI schema, or version of a built-in one."""
    build_metadata: Sequence[str] | None = None
    """Labels and annotations about the build: managedByLabel, originAnnotations, transformerAnnotations."""
    sort_options: SortOptions | None = None
    """Order of the output."""
    helm_globals: dict[str, Any] | None = None
    """Settings of all `helmCharts`."""
    helm_charts: Sequence[dict[str, Any]] | None = None
    """Helm charts to inflate; needs --enable-helm."""

    def wire(self) -> dict[str, Any]:
        """Return the data of the file, without metadata where it is empty."""
        return {name: value for name, value in super().wire().items() if name != "metadata" or value}


class Kustomization(_KustomizationFields):
    """A kustomization.yaml; never sent to the API server."""

    api_version: Literal["kustomize.config.k8s.io/v1beta1"] = "kustomize.config.k8s.io/v1beta1"
    """Group and version."""
    kind: Literal["Kustomization"] = "Kustomization"
    """The kind."""


class Component(_KustomizationFields):
    """A part that several kustomizations take in by `components`."""

    api_version: Literal["kustomize.config.k8s.io/v1alpha1"] = "kustomize.config.k8s.io/v1alpha1"
    """Group and version."""
    kind: Literal["Component"] = "Component"
    """The kind."""
