"""Pods as relations see them: the pod templates of a set, their containers, what these ask for, and where they may run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from aksrdma.findings import FieldPath
from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE
from aksrdma.kube.quantities import quantity
from aksrdma.kube.scheduling import REQUIRED, Placement, placement_of
from aksrdma.kube.templates import PodTemplate, pod_count, pod_templates
from aksrdma.kube.train_jobs import RESOURCES, RUNTIMES, Trained, runtime_name, trained, wanted_runtime
from aksrdma.kube.values import items, mapping, sequence, step

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.cluster import Cluster, NodePool
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
        resources_path: where its resources stand.
        init: whether it is an init container, sidecars included.
        amounts: the extended resources of which it asks for at least one; a limit stands for its request.
    """

    __slots__ = ("_of_runtime", "amounts", "data", "init", "path", "resources_path")

    def __init__(
        self, path: FieldPath, data: Mapping[str, Any], *, init: bool = False, resources_path: FieldPath | None = None
    ) -> None:
        self.path = path
        self.data = data
        self.init = init
        self._of_runtime = resources_path is not None
        self.resources_path = (*path, "resources") if resources_path is None else resources_path
        self.amounts = dict(self._amounts())

    @property
    def sidecar(self) -> bool:
        """Whether it is an init container that keeps running."""
        return self.init and self.data.get("restartPolicy") == "Always"

    @property
    def privileged(self) -> bool:
        """Whether it is privileged, and so needs neither capabilities nor a device plugin."""
        return step(self.data, ("securityContext", "privileged")) is True

    @property
    def claims(self) -> bool:
        """Whether it gets devices by dynamic resource allocation, of which no policy of the operator knows."""
        return bool(step(self.data, ("resources", "claims")))

    def adds(self, capability: str) -> FieldPath | None:
        """Return where it adds a capability, by its own name or as ALL, or None; containerd wants no CAP_ before it."""
        keys = ("securityContext", "capabilities", "add")
        for index, name in enumerate(sequence(step(self.data, keys))):
            if isinstance(name, str) and name.upper() in (capability, "ALL"):
                return self.path if self._of_runtime else (*self.path, *keys, index)
        return None

    def _amounts(self) -> Iterator[tuple[str, Amount]]:
        resources = mapping(self.data.get("resources"))
        for key in ("requests", "limits"):  # the limit last: it wins, as both must be the same
            for name, value in mapping(resources.get(key)).items():
                amount = quantity(value) if "/" in name else None
                if amount is not None and amount.int64 > 0:
                    yield name, Amount(amount.int64, (*self.resources_path, key, name))


class PodView:
    """A pod, or what a workload makes pods from.

    Attributes:
        document: the workload, or the Pod itself.
        template: its pod template; that of the runtime for a TrainJob.
        trained: the runtime as a TrainJob uses it; None for any other kind.
        path: where the pod's spec stands; for a TrainJob, where it says what its nodes ask for.
    """

    def __init__(self, document: Document, template: PodTemplate, trained: Trained | None = None) -> None:
        self.document = document
        self.template = template
        self.trained = trained
        self.path: FieldPath = RESOURCES if trained else template.spec_path

    @property
    def complete(self) -> bool:
        """Whether the whole pod is known; not so for a TrainJob whose runtime is elsewhere or patched."""
        return self.trained is None or self.trained.complete

    @property
    def spec(self) -> Mapping[str, Any]:
        """The pod's spec."""
        return self.template.spec

    @property
    def is_launcher(self) -> bool:
        """Whether it only starts the workers of an MPIJob, and does no RDMA itself."""
        return self.document.kind == "MPIJob" and not self.template.works

    @property
    def replicas(self) -> int:
        """How many such pods run at once; 0 where that cannot be told."""
        if self.trained is None:
            return pod_count(self.document.data, self.template, None) or 0
        specs = {one.path[:-2] for one in self.trained.resized}
        runtime = self.trained.runtime
        return sum(pod_count(runtime, one, None) or 0 for one in pod_templates(runtime) if one.spec_path in specs)

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """The init containers, in their order, then the others; of a TrainJob the container that it resizes."""
        if self.trained is not None:
            data = step(self.trained.runtime, self.trained.resized[0].path)
            return (Container(RESOURCES, data, resources_path=RESOURCES),)
        return tuple(
            Container(path, data, init=key == "initContainers")
            for key in ("initContainers", "containers")
            for path, data in items(self.spec.get(key), (*self.path, key))
        )

    @cached_property
    def resources(self) -> frozenset[str]:
        """Names of the extended resources that the pod asks for."""
        return frozenset(name for container in self.containers for name in container.amounts)

    def at(self, *steps: str | int) -> FieldPath:
        """Return where a field of the pod's spec stands, or what stands for it."""
        return self.path if self.trained else (*self.path, *steps)

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

    @cached_property
    def placement(self) -> Placement:
        """Where it may run."""
        return placement_of(self.spec)

    def pools(self, cluster: Cluster) -> tuple[NodePool, ...]:
        """Return the pools of the cluster file whose nodes it accepts by name and VM size."""
        names, types = self.placement.accepted(AGENT_POOL), self.placement.accepted(INSTANCE_TYPE)
        folded = types and {value.casefold() for value in types}
        return tuple(
            pool
            for pool in cluster.node_pools
            if (names is None or pool.name in names) and (not folded or pool.vm_size.casefold() in folded)
        )

    def is_beside_others(self, labels: tuple[str, ...]) -> bool:
        """Say whether required pod affinity keeps it where others of its kind are, by the topology of a label."""
        affinity = mapping(step(self.spec, ("affinity", "podAffinity")))
        return any(term.get("topologyKey") in labels for _, term in items(affinity.get(REQUIRED), ()))


def pods_of(manifests: ManifestSet) -> tuple[PodView, ...]:
    """Return the pods and pod templates of a set, found once, in the order of the set."""
    return manifests.derived(_pods)


def _pods(manifests: ManifestSet) -> tuple[PodView, ...]:
    found: list[PodView] = []
    for document in (*manifests.documents, *manifests.unknown):
        if document.kind == "TrainJob":
            found += _of_train_job(document, manifests)
        found += (PodView(document, template) for template in manifests.templates.get(document, ()))
    return tuple(found)


def _of_train_job(document: Document, manifests: ManifestSet) -> Iterator[PodView]:
    """Yield the pods whose resources a TrainJob sets; the rest of them is judged with the runtime."""
    named = wanted_runtime(document.data)
    candidates = manifests.by_kind.get(named.kind, ()) if named.kind in RUNTIMES else ()
    runtime = next((one.data for one in candidates if runtime_name(one.data) == named), None)
    used = trained(document.data, runtime)
    if not used.resized:  # of a runtime without the container called node, nothing is known either
        used = trained(document.data, None)
    for resized in used.resized[:1]:
        template = next(one for one in pod_templates(used.runtime) if one.spec_path == resized.path[:-2])
        yield PodView(document, template, used)
