"""What a TrainJob makes of its runtime: `resourcesPerNode` takes the place of the trainer container's resources.

Source: kubeflow/trainer, pkg/runtime/framework/plugins (v2.0 to v2.2); its issue 3551 is about merging them instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.checks.plugins.templates import PodTemplate, pod_templates
from aksrdma.checks.relation.pods_kinds import CLUSTER_RUNTIME
from aksrdma.findings import FieldPath
from aksrdma.kube.values import integer, items, mapping, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_PATH: Final[FieldPath] = ("spec", "trainer", "resourcesPerNode")
_CONTAINER: Final = "node"
_STEP: Final = "trainer.kubeflow.org/trainjob-ancestor-step"
_PATCHES: Final = ("podSpecOverrides", "podTemplateOverrides", "runtimePatches")
_NO_TEMPLATE: Final = PodTemplate((), {}, {})


class Trainer(NamedTuple):
    """The pods that a TrainJob trains in."""

    path: FieldPath
    """Where the TrainJob says what they ask for."""
    template: PodTemplate
    """That of the runtime; empty where it is not in the set."""
    container: Mapping[str, Any]
    """The runtime's container, with the resources of the TrainJob."""
    before: Mapping[str, Any] | None
    """The same container as the runtime has it; None where that is not known."""
    complete: bool
    """Whether the runtime is in the set and nothing patches it."""
    nodes: int
    """How many such pods there are."""


def trainer_of(document: Document, manifests: ManifestSet) -> Trainer | None:
    """Return the training pods of a TrainJob that sets their resources, or None."""
    resources = document.value(_PATH)
    if not isinstance(resources, dict) or not resources:
        return None
    runtime = _runtime(document, manifests)
    found = next(_trainer_containers(runtime), None) if runtime else None
    template, container = found or (_NO_TEMPLATE, {})
    spec = mapping(document.value(("spec",)))
    return Trainer(
        path=_PATH,
        template=template,
        container={**container, "resources": resources},
        before=container if found else None,
        complete=bool(found) and not any(spec.get(key) for key in _PATCHES),
        nodes=_nodes(document, runtime),
    )


def _runtime(document: Document, manifests: ManifestSet) -> Document | None:
    reference = mapping(document.value(("spec", "runtimeRef")))
    kind = text(reference.get("kind")) or CLUSTER_RUNTIME
    for runtime in manifests.by_kind.get(kind, ()):
        here = kind == CLUSTER_RUNTIME or runtime.namespace == document.namespace
        if here and runtime.name == reference.get("name"):
            return runtime
    return None


def _nodes(document: Document, runtime: Document | None) -> int:
    own = integer(document.value(("spec", "trainer", "numNodes")))
    if own is None and runtime is not None:
        own = integer(runtime.value(("spec", "mlPolicy", "numNodes")))
    return 1 if own is None else own


def _trainer_containers(runtime: Document) -> Iterator[tuple[PodTemplate, Mapping[str, Any]]]:
    for template in pod_templates(runtime):
        labels = mapping(runtime.value((*template.path[:-2], "metadata", "labels")))
        for _, container in items(template.spec.get("containers"), ()):
            if labels.get(_STEP) == "trainer" and container.get("name") == _CONTAINER:
                yield template, container
