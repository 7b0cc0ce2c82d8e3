"""Pods as relations see them: the pod templates of a set, their containers, what these ask for, and where they may run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.kinds import kind_of
from aksrdma.kube.labels import AGENT_POOL, GPUS, INSTANCE_TYPE
from aksrdma.kube.quantities import quantity
from aksrdma.kube.scheduling import REQUIRED, Placement, placement_of
from aksrdma.kube.templates import PodTemplate, pod_count, pod_templates
from aksrdma.kube.train_jobs import (
    PATCHES,
    RESOURCES,
    RUNTIMES,
    TRAINER,
    Trained,
    runtime_name,
    trained,
    wanted_runtime,
)
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
        path: where it stands in its pod template.
        resources_path: where its resources stand in it.
        init: whether it is an init container, sidecars included.
        amounts: the extended resources of which it asks for at least one; a limit stands for its request.
    """

    __slots__ = ("amounts", "data", "init", "path", "resources_path")

    def __init__(self, path: FieldPath, data: Mapping[str, Any], *, init: bool = False) -> None:
        self.path = path
        self.data = data
        self.init = init
        self.resources_path = (*path, "resources")
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
                return (*self.path, *keys, index)
        return None

    def _amounts(self) -> Iterator[tuple[str, Amount]]:
        resources = mapping(self.data.get("resources"))
        for key in ("requests", "limits"):  # the limit last: it wins, as both must be the same
            for name, value in mapping(resources.get(key)).items():
                amount = quantity(value) if "/" in name else None
                if amount is not None and amount.int64 > 0:
                    yield name, Amount(amount.int64, (*self.resources_path, key, name))


class PodView:
    """A pod as it becomes, and what a workload makes it from.

    Paths are those of a pod template, whatever the kind has instead; where they stand in a document, `origins` says of
    each problem.

    Attributes:
        document: the workload, or the Pod itself.
        template: its pod template; for a TrainJob that of its runtime, with what the job puts into it.
        trained: the runtime as a TrainJob uses it; None for any other kind.
        path: where the pod's spec stands.
    """

    def __init__(self, document: Document, template: PodTemplate, trained: Trained | None = None) -> None:
        self.document = document
        self.template = template
        self.trained = trained
        self.path: FieldPath = (*template.path, "spec")

    @property
    def complete(self) -> bool:
        """Whether the whole pod is known; not so for a TrainJob whose runtime is elsewhere, or for a patched template."""
        return self.template.complete and (self.trained is None or self.trained.complete)

    @property
    def devices_known(self) -> bool:
        """Whether all devices that it asks for are known, whatever else of it is."""
        return self.template.devices_known and (self.trained is None or self.trained.complete)

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
        maker = self.document.data if self.trained is None else self.trained.runtime
        return pod_count(maker, self.template, None) or 0

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """The init containers, in their order, then the others."""
        return tuple(
            Container(path, data, init=key == "initContainers")
            for key in ("initContainers", "containers")
            for path, data in items(self.spec.get(key), (*self.path, key))
        )

    @cached_property
    def resources(self) -> frozenset[str]:
        """Names of the extended resources that the pod asks for."""
        return frozenset(name for container in self.containers for name in container.amounts)

    @property
    def of_one_job(self) -> bool:
        """Whether the pods of its object work on one thing together, as far as the kind tells.

        Those of a Job with an index and a subdomain know each other's names, which only pods that talk to each other need.
        """
        row = kind_of(self.document.api_version, self.document.kind)
        if row is not None and row.builtin:
            indexed = self.document.value(("spec", "completionMode")) == "Indexed"
            return row.kind == "Job" and indexed and bool(self.spec.get("subdomain"))
        return row is not None and row.kind not in RUNTIMES

    def at(self, *steps: str | int) -> FieldPath:
        """Return where a field of the pod's spec stands."""
        return (*self.path, *steps)

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


class Place(NamedTuple):
    """A place of a set."""

    document: Document
    path: FieldPath


class Origin:
    """Where the parts of the pods of a document stand: the shape of its kind, or another document may have them."""

    __slots__ = ("_below", "_exact")

    def __init__(self) -> None:
        self._exact: dict[FieldPath, Place] = {}
        self._below: dict[FieldPath, tuple[Place, bool]] = {}

    def find(self, path: FieldPath) -> Place | None:
        """Return the document and the path of a part of a pod, None where both are as they seem."""
        return self._exact.get(path) or self.below(path)

    def below(self, path: FieldPath) -> Place | None:
        """Return the same of what is in it, which may stand in another document than what is said of it alone."""
        for length in range(len(path), 0, -1):
            found = self._below.get(path[:length])
            if found is not None:
                place, known = found
                return Place(place.document, (*place.path, *path[length:])) if known else place
        return None

    def add(
        self, path: FieldPath, document: Document, real: FieldPath, *, alone: bool = False, known: bool = True
    ) -> None:
        """Say where a part stands.

        Args:
            path: The part, as a pod template has it.
            document: The document that has it.
            real: Its place there.
            alone: Whether that is said of the part alone, and not of what is in it.
            known: Whether what is in it stands below that place; otherwise the place stands for all of it.
        """
        if alone:
            self._exact[path] = Place(document, real)
        else:
            self._below[path] = Place(document, real), known


def gpus_together(manifests: ManifestSet) -> Mapping[tuple[int, str], int]:
    """Return the GPUs of all pods of an object that do the work, by its identity and the resource."""
    return manifests.derived(_gpus_together)


def _gpus_together(manifests: ManifestSet) -> Mapping[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = defaultdict(int)
    for pod in pods_of(manifests):
        for name in GPUS if pod.template.works else ():
            if name in pod.resources:
                found[id(pod.document), name] += pod.replicas * pod.total(name).units
    return found


def where_they_stand(problems: Iterable[Problem], manifests: ManifestSet) -> Iterator[Problem]:
    """Give the problems of pods the places at which their documents have them.

    One that stands in the runtime of a TrainJob, or is there without the job, is told of the runtime alone.
    """
    places = origins(manifests)
    told: set[tuple[str, Document, FieldPath]] = set()
    elsewhere = []
    for problem in problems:
        origin = places.get(problem.subject)
        place = origin.find(problem.path) if origin else None
        if origin is not None and place is not None:
            elsewhere.append((problem._replace(document=place.document, path=place.path), origin.below(problem.path)))
        else:
            told.add((problem.rule, problem.subject, problem.path))
            yield problem
    for problem, source in elsewhere:
        key = (problem.rule, problem.subject, problem.path)
        if key not in told and not (source and (problem.rule, *source) in told):
            told.add(key)
            yield problem


def pods_of(manifests: ManifestSet) -> tuple[PodView, ...]:
    """Return the pods and pod templates of a set, found once, in the order of the set."""
    return manifests.derived(_pods)[0]


def origins(manifests: ManifestSet) -> Mapping[Document, Origin]:
    """Return where the parts of pods stand, of each document whose pods are written otherwise than as pod templates."""
    return manifests.derived(_pods)[1]


def _pods(manifests: ManifestSet) -> tuple[tuple[PodView, ...], Mapping[Document, Origin]]:
    found: list[PodView] = []
    placed: dict[Document, Origin] = {}
    runtimes = {runtime_name(one.data): one for one in manifests.of(*RUNTIMES)}
    for document in (*manifests.documents, *manifests.unknown):
        if document.kind == "TrainJob":
            runtime = runtimes.get(wanted_runtime(document.data))
            origin = placed.setdefault(document, Origin())
            found += _of_train_job(document, runtime, origin)
        for template in manifests.templates.get(document, ()):
            found.append(PodView(document, template))
            for inside, real in template.moved.items():
                placed.setdefault(document, Origin()).add((*template.path, *inside), document, real)
    return tuple(found), placed


def _of_train_job(job: Document, runtime: Document | None, origin: Origin) -> Iterator[PodView]:
    """Yield the pods that a TrainJob makes of its runtime; where that is elsewhere, those whose resources it sets.

    What the job does not change stands in the runtime, which is judged by itself, too.
    """
    used = trained(job.data, runtime.data if runtime else None)
    if not used.trainers and runtime is not None:
        used = trained(job.data, runtime.data, by_name=True)
    if not used.trainers:  # of a runtime without the container called node, nothing is known either
        runtime, used = None, trained(job.data, None)
    if runtime is None and not used.resized:
        return
    instead = RESOURCES if used.resized else _REFERENCE
    own = [item.get("name") for _, item in items(job.value((*TRAINER, "env")), ())]
    patch = next((("spec", key) for key in PATCHES if job.value(("spec", key))), None)
    for template in pod_templates(used.runtime):
        spec = (*template.path, "spec")
        origin.add(template.path, runtime or job, template.path if runtime else instead, known=runtime is not None)
        origin.add(spec, job, instead, alone=True)
        for path in (one.path for one in used.trainers if one.path[: len(spec)] == spec):
            origin.add(path, job, instead, alone=True)
            for key in ("image", "command", "args"):
                if job.value((*TRAINER, key)):
                    origin.add((*path, key), job, (*TRAINER, key))
            if used.resized:
                origin.add((*path, "resources"), job, RESOURCES)
            given = [mapping(one).get("name") for one in sequence(step(runtime and runtime.data, (*path, "env")))]
            for index, item in enumerate(sequence(step(used.runtime, (*path, "env")))):
                name = mapping(item).get("name")
                if name in own:
                    origin.add((*path, "env", index), job, (*TRAINER, "env", own.index(name)))
                elif name in given and runtime is not None:
                    origin.add((*path, "env", index), runtime, (*path, "env", given.index(name)))
                elif patch is not None:
                    origin.add((*path, "env", index), job, patch, known=False)
        yield PodView(job, template, used)


_REFERENCE: Final = ("spec", "runtimeRef")
"""What of a TrainJob stands for its pods where it says nothing of them."""
