"""Pods as relations see them: the pod templates of a set, their containers, and the extended resources of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from aksrdma.checks.plugins.templates import TEMPLATES, PodTemplate, pod_templates
from aksrdma.checks.relation.pods_kinds import TRAIN_JOB
from aksrdma.checks.relation.pods_train_jobs import Trainer, trainer_of
from aksrdma.findings import FieldPath
from aksrdma.kube.quantities import quantity
from aksrdma.kube.values import items, mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document


class Amount(NamedTuple):
    """How much of an extended resource is asked for, and where."""

    units: int
    path: FieldPath


class Container:
    """A container of a pod.

    Attributes:
        data: what the manifest says of it.
        path: where it stands, or what stands for it.
        init: whether it is an init container, sidecars included.
        borrowed: whether it is that of a runtime, of which a TrainJob says nothing but the resources.
        amounts: the extended resources of which it asks for at least one; a limit stands for its request.
    """

    __slots__ = ("amounts", "borrowed", "data", "init", "path")

    def __init__(self, path: FieldPath, data: Mapping[str, Any], *, init: bool = False, borrowed: bool = False) -> None:
        self.path = path
        self.data = data
        self.init = init
        self.borrowed = borrowed
        self.amounts = dict(_amounts(data.get("resources"), path if borrowed else (*path, "resources")))

    @property
    def sidecar(self) -> bool:
        """Whether it is an init container that keeps running."""
        return self.init and self.data.get("restartPolicy") == "Always"

    @property
    def security(self) -> Mapping[str, Any]:
        """Its security context."""
        return mapping(self.data.get("securityContext"))

    @property
    def privileged(self) -> bool:
        """Whether it is privileged, and so needs neither capabilities nor a device plugin."""
        return self.security.get("privileged") is True

    @property
    def claims(self) -> bool:
        """Whether it gets devices by dynamic resource allocation, of which no policy of the operator knows."""
        return bool(mapping(self.data.get("resources")).get("claims"))

    def adds(self, capability: str) -> FieldPath | None:
        """Return where it adds a capability, by its own name or as ALL, or None; containerd wants no CAP_ before it."""
        added = mapping(self.security.get("capabilities")).get("add")
        for index, name in enumerate(added if isinstance(added, list) else ()):
            if isinstance(name, str) and name.upper() in (capability, "ALL"):
                return self.path if self.borrowed else (*self.path, "securityContext", "capabilities", "add", index)
        return None


class PodView:
    """A pod, or what a workload makes pods from.

    Attributes:
        document: the workload, or the Pod itself.
        template: its pod template; that of the runtime for a TrainJob.
        path: where the pod's spec stands, or what stands for it.
        trainer: what a TrainJob makes of its runtime; None for any other kind.
        complete: whether the whole pod is known; not so for a TrainJob whose runtime is elsewhere or patched.
    """

    def __init__(self, document: Document, template: PodTemplate, trainer: Trainer | None = None) -> None:
        self.document = document
        self.template = template
        self.path: FieldPath = trainer.path if trainer else (*template.path, "spec")
        self.complete = trainer is None or trainer.complete
        self.trainer = trainer

    @property
    def spec(self) -> Mapping[str, Any]:
        """The pod's spec."""
        return self.template.spec

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """The init containers, in their order, then the others; of a TrainJob the container that it resizes."""
        return tuple(self._containers())

    @cached_property
    def resources(self) -> frozenset[str]:
        """Names of the extended resources that the pod asks for."""
        return frozenset(name for container in self.containers for name in container.amounts)

    def at(self, *steps: str | int) -> FieldPath:
        """Return where a field of the pod's spec stands, or what stands for it."""
        return self.path if self.trainer else (*self.path, *steps)

    @property
    def is_launcher(self) -> bool:
        """Whether it only starts the workers of an MPIJob, and does no RDMA itself."""
        return self.document.kind == "MPIJob" and "Launcher" in self.template.path

    def total(self, name: str) -> Amount:
        """Return what the scheduler reserves of a resource, and where most of it is asked for."""
        running = sidecars = most = 0
        for container in self.containers:
            count = container.amounts[name].units if name in container.amounts else 0
            if container.sidecar:
                sidecars += count
            elif container.init:
                most = max(most, sidecars + count)
            else:
                running += count
        asked = [container.amounts[name] for container in self.containers if name in container.amounts]
        return Amount(max(running + sidecars, most), max(asked, key=lambda one: one.units).path if asked else self.path)

    def _containers(self) -> Iterator[Container]:
        if self.trainer is not None:
            yield Container(self.path, self.trainer.container, borrowed=True)
            return
        for key in ("initContainers", "containers"):
            for path, data in items(self.spec.get(key), (*self.path, key)):
                yield Container(path, data, init=key == "initContainers")


def _amounts(resources: Any, path: FieldPath) -> Iterator[tuple[str, Amount]]:
    resources = mapping(resources)
    for key in ("requests", "limits"):  # a limit wins: the API server takes it for the request where both are given
        for name, value in mapping(resources.get(key)).items():
            amount = quantity(value) if "/" in name else None
            if amount is not None and amount.int64 > 0:
                yield name, Amount(amount.int64, (*path, key, name))


_PODS: WeakKeyDictionary[ManifestSet, tuple[PodView, ...]] = WeakKeyDictionary()


def pods_of(manifests: ManifestSet) -> tuple[PodView, ...]:
    """Return the pods and pod templates of a set, found once, in the order of the set."""
    pods = _PODS.get(manifests)
    if pods is None:
        pods = _PODS[manifests] = tuple(_pods(manifests))
    return pods


def _pods(manifests: ManifestSet) -> Iterator[PodView]:
    for document in manifests.documents:
        if document.kind == TRAIN_JOB:
            trainer = trainer_of(document, manifests)
            if trainer is not None:
                yield PodView(document, trainer.template, trainer)
        elif document.kind in TEMPLATES:
            for template in pod_templates(document):
                yield PodView(document, template)
