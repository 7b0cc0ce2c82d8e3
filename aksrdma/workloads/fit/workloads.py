"""Documents to workloads: which pods each makes, how many of them, and what a pod asks for and wants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aksrdma.errors import UsageError
from aksrdma.findings import FieldPath
from aksrdma.kube.scheduling import Placement, placement_of
from aksrdma.kube.values import mapping
from aksrdma.workloads.fit.amounts import Amounts
from aksrdma.workloads.fit.neighbors import Neighbors, neighbors_of
from aksrdma.workloads.fit.requests import Mistakes, pod_requests
from aksrdma.workloads.kinds import Template, templates, workload_kind

if TYPE_CHECKING:
    from aksrdma.documents import Document


@dataclass(frozen=True, slots=True)
class PodGroup:
    """Pods of one template."""

    role: str
    """What they are in their workload: `worker`, `launcher`, `head`, ...; `pod` where all are alike."""
    count: int
    """How many of them; of a LeaderWorkerSet in one group, and 0 for a DaemonSet, which has one a node."""
    requests: Amounts
    """What a node must have free for one of them."""
    placement: Placement
    labels: Mapping[str, str]
    """Of the template, and those that the controller adds."""
    namespace: str
    neighbors: Neighbors = field(default_factory=Neighbors)


@dataclass(frozen=True, slots=True)
class Workload:
    """An object that makes pods."""

    label: str
    """`Kind/namespace/name`."""
    file: str
    line: int
    """1-based; 0 where there is no text."""
    pods: tuple[PodGroup, ...]
    groups: int = 1
    """Groups of such pods, each of which works by itself: replicas of a LeaderWorkerSet, 1 for other kinds."""
    daemon: bool = False
    """Whether it has one pod on each node that it may go to."""
    notes: tuple[str, ...] = ()


def read_workloads(documents: Iterable[Document]) -> list[Workload]:
    """Return the workloads among documents, in their order; other kinds are passed over.

    Raises:
        UsageError: a number or a quantity that cannot be right, one line each with file, line and field path.
    """
    from aksrdma.workloads.fit.train_jobs import Runtimes

    found: list[Workload] = []
    mistakes, every = Mistakes(), list(documents)
    runtimes = Runtimes(every)
    for document in every:
        if workload_kind(document.data) is None:
            continue
        if runtimes.knows(document):
            found += runtimes.workloads(document, mistakes)
        else:
            found.append(_workload(document, mistakes))
    if mistakes.lines:
        raise UsageError("\n".join(mistakes.lines))
    return found


def _workload(document: Document, mistakes: Mistakes) -> Workload:
    count = _Count(document, mistakes)
    daemon = document.kind == "DaemonSet"
    pods = [
        pod_group(document, template, 0 if daemon else _COUNTS[document.kind](count, template.path), mistakes)
        for template in templates(document.data)
    ]
    groups = count.whole(("spec", "replicas"), 1) if document.kind == "LeaderWorkerSet" else 1
    return make_workload(document, tuple(pods), groups=groups, daemon=daemon)


def make_workload(
    document: Document,
    pods: tuple[PodGroup, ...],
    *,
    groups: int = 1,
    daemon: bool = False,
    notes: tuple[str, ...] = (),
) -> Workload:
    """Return the workload of a document, with what is not judged of its pods among its notes."""
    unjudged = dict.fromkeys(one for group in pods for one in group.neighbors.unjudged)
    wants = [f"{document.label}: {one} is not judged" for one in unjudged]
    return Workload(
        document.label or document.kind,
        document.file,
        document.position(()).line,
        pods,
        groups,
        daemon,
        (*notes, *wants),
    )


def pod_group(
    document: Document, template: Template, count: int, mistakes: Mistakes, spec: Mapping[str, Any] | None = None
) -> PodGroup:
    """Return the pods of a template.

    Args:
        document: The workload.
        template: One of its pod templates.
        count: How many pods.
        mistakes: Takes values that cannot be right.
        spec: The pod spec, where it is not the template's own.
    """
    own = mapping(template.data.get("spec")) if spec is None else spec
    path: FieldPath = (*template.path, "spec")
    labels = {key: str(value) for key, value in mapping(mapping(template.data.get("metadata")).get("labels")).items()}
    labels |= _controller_labels(document, template)
    namespace = document.namespace or "default"
    return PodGroup(
        template.role,
        count,
        pod_requests(document, path, own, mistakes),
        placement_of(own, daemon=document.kind == "DaemonSet"),
        labels,
        namespace,
        neighbors_of(own, labels, namespace),
    )


class _Count:
    """Reads how many pods a template makes."""

    def __init__(self, document: Document, mistakes: Mistakes) -> None:
        self.document, self.mistakes = document, mistakes

    def whole(self, path: FieldPath, default: int) -> int:
        """Return a whole number of the document."""
        value = self.document.value(path)
        if value is None:
            return default
        if type(value) is int and value >= 0:
            return value
        self.mistakes.add(self.document, path, f"{value!r} is no number of pods; write a whole number, 0 or more")
        return default

    def one(self, path: FieldPath) -> int:
        """A Pod, a head, a submitter."""
        return 1

    def replicas(self, path: FieldPath) -> int:
        """`spec.replicas`."""
        return self.whole(("spec", "replicas"), 1)

    def job(self, path: FieldPath) -> int:
        """A Job's pods that run at once."""
        parallelism = self.whole((*path[:-1], "parallelism"), 1)
        return min(parallelism, self.whole((*path[:-1], "completions"), parallelism))

    def beside(self, path: FieldPath) -> int:
        """`replicas` beside the template: MPIJob and PyTorchJob."""
        return self.whole((*path[:-1], "replicas"), 1)

    def leader_worker(self, path: FieldPath) -> int:
        """The pods of one group; without a leaderTemplate the leader is made from the workers' template, too."""
        if path[-1] == "leaderTemplate":
            return 1
        size = self.whole(("spec", "leaderWorkerTemplate", "size"), 1)
        leads = self.document.value(("spec", "leaderWorkerTemplate", "leaderTemplate")) is not None
        return max(0, size - 1) if leads else size

    def ray(self, path: FieldPath) -> int:
        """The pods of a group of Ray workers: replicas between their bounds, each on a number of hosts."""
        group = path[:-1]
        if len(group) < 2 or group[-2] != "workerGroupSpecs":
            return 1
        if self.document.value((*group, "suspend")) is True:
            return 0
        least = self.whole((*group, "minReplicas"), 0)
        asked = max(self.whole((*group, "replicas"), least), least)
        return min(asked, self.whole((*group, "maxReplicas"), asked)) * self.whole((*group, "numOfHosts"), 1)


_Counter: TypeAlias = Callable[[_Count, FieldPath], int]
_COUNTS: Final[Mapping[str, _Counter]] = {
    "CronJob": _Count.job,
    "Deployment": _Count.replicas,
    "Job": _Count.job,
    "LeaderWorkerSet": _Count.leader_worker,
    "MPIJob": _Count.beside,
    "Pod": _Count.one,
    "PyTorchJob": _Count.beside,
    "RayCluster": _Count.ray,
    "RayJob": _Count.ray,
    "ReplicaSet": _Count.replicas,
    "StatefulSet": _Count.replicas,
}


def _controller_labels(document: Document, template: Template) -> Mapping[str, str]:
    """Return the labels by which selectors of pod affinity usually find the pods of a workload."""
    return {key: name for key, name in _labels(document, template) if name}


def _labels(document: Document, template: Template) -> Iterator[tuple[str, str]]:
    name = document.name
    match document.kind:
        case "Job":
            yield from (("batch.kubernetes.io/job-name", name), ("job-name", name))
        case "MPIJob" | "PyTorchJob":
            yield "training.kubeflow.org/job-name", name
            yield "training.kubeflow.org/replica-type", template.role
            yield "training.kubeflow.org/job-role", template.role if document.kind == "MPIJob" else ""
        case "LeaderWorkerSet":
            yield "leaderworkerset.sigs.k8s.io/name", name
        case "RayCluster" | "RayJob":
            yield "ray.io/node-type", template.role
            yield "ray.io/cluster", name if document.kind == "RayCluster" else ""
        case "TrainJob":
            yield "jobset.sigs.k8s.io/jobset-name", name
        case _:
            return
