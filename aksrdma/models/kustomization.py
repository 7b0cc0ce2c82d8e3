"""Kustomization and Component: a folder of manifests and the patches over them, as kustomize v5 reads them.

What overlays of RDMA do not use is `Untyped`; kustomize itself judges it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aksrdma.models.base import Model
from aksrdma.models.meta import K8sObject, ObjectMeta
from aksrdma.models.shape import Untyped


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
    patches: Sequence[Patch] | None = None
    """Patches, applied in order."""
    generators: Untyped = None
    transformers: Untyped = None
    validators: Untyped = None
    patches_strategic_merge: Untyped = None
    patches_json6902: Untyped = None
    replacements: Untyped = None
    labels: Untyped = None
    common_labels: Untyped = None
    common_annotations: Untyped = None
    images: Untyped = None
    replicas: Untyped = None
    config_map_generator: Untyped = None
    secret_generator: Untyped = None
    generator_options: Untyped = None
    configurations: Untyped = None
    crds: Untyped = None
    openapi: Untyped = None
    build_metadata: Untyped = None
    sort_options: Untyped = None
    helm_globals: Untyped = None
    helm_charts: Untyped = None

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
