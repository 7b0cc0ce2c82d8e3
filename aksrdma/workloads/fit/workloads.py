"""Documents to workloads: which pods each makes, how many of them, and what a pod asks for and wants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aksrdma.errors import UsageError
from aksrdma.findings import FieldPath
from aksrdma.kube.kinds import TRAINER_GROUP, WORKLOADS, Whole, kind_of
from aksrdma.kube.scheduling import placement_of
from aksrdma.kube.templates import is_one_a_node, pod_templates, pods_of_group, whole_numbers
from aksrdma.kube.train_jobs import RESOURCES, RUNTIMES, RuntimeName, runtime_name, trained, wanted_runtime
from aksrdma.kube.values import mapping, step, text
from aksrdma.workloads.fit.neighbors import neighbors_of
from aksrdma.workloads.fit.pods import Mistakes, PodGroup, host_ports, not_judged, pod_requests, resource_requests

if TYPE_CHECKING:
    from aksrdma.documents import Document

# Labels that controllers add, by which selectors of pod affinity usually find the pods of a workload.
_NAME_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "Job": ("batch.kubernetes.io/job-name", "job-name"),
    "JobSet": ("jobset.sigs.k8s.io/jobset-name",),
    "LeaderWorkerSet": ("leaderworkerset.sigs.k8s.io/name",),
    "MPIJob": ("training.kubeflow.org/job-name",),
    "PyTorchJob": ("training.kubeflow.org/job-name",),
    "RayCluster": ("ray.io/cluster",),
    "TrainJob": ("jobset.sigs.k8s.io/jobset-name",),
}
_SPREADING: Final = ("Deployment", "ReplicaSet", "StatefulSet")
"""Kinds whose pods the scheduler spreads without being asked to (DefaultSelector of helper/spread.go)."""
_ROLE_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "MPIJob": ("training.kubeflow.org/replica-type", "training.kubeflow.org/job-role"),
    "PyTorchJob": ("training.kubeflow.org/replica-type",),
    "RayCluster": ("ray.io/node-type",),
    "RayJob": ("ray.io/node-type",),
    "RayService": ("ray.io/node-type",),
}


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
    every = list(documents)
    trainer = [one for one in every if one.api_version.startswith(f"{TRAINER_GROUP}/")]
    runtimes = {runtime_name(one.data): one for one in trainer if one.kind in RUNTIMES}
    used = {wanted_runtime(one.data) for one in trainer if one.kind == "TrainJob"}
    found: list[Workload] = []
    mistakes = Mistakes()
    for document in every:
        row = kind_of(document.api_version, document.kind)
        if row is None or row.kind not in WORKLOADS or row.kind == "PodTemplate":
            continue  # nothing makes pods of a PodTemplate by itself
        if row.kind == "TrainJob":
            found.append(_train_job(document, runtimes, mistakes))
            continue
        notes: tuple[str, ...] = ()
        if row.kind in RUNTIMES:
            if runtime_name(document.data) in used:
                continue
            notes = (f"{document.label} makes no pods by itself; counted as one TrainJob would use it",)
        read = _reader(document, mistakes)
        pods = tuple(_pod_groups(document, document.data, read, mistakes))
        groups = read(row.groups, 1) if row.groups else 1
        found.append(_workload(document, pods, notes, groups=groups, daemon=is_one_a_node(document.data)))
    if mistakes.lines:
        raise UsageError("\n".join(mistakes.lines))
    return found


def not_counted(documents: Iterable[Document]) -> Iterator[str]:
    """Yield a note for each object that makes pods which are not counted, for nobody knows how many or on which nodes."""
    for document in documents:
        row = kind_of(document.api_version, document.kind)
        size = document.value(row.vm_size) if row is not None and row.vm_size else None
        if isinstance(size, str):
            yield f"{document.label}: it brings nodes of its own, of {size}, so nothing is placed on these"
        elif row is None and any(True for _ in pod_templates(document.data)):
            what = f"{document.api_version} {document.kind}"
            yield f"{document.label}: how many pods {what} makes is not known, so they are not counted"


def _reader(document: Document, mistakes: Mistakes) -> Whole:
    """Return what reads the numbers of pods of a document."""

    def read(path: FieldPath, default: int) -> int:
        value = document.value(path)
        if value is None:
            return default
        if type(value) is int and value >= 0:
            return value
        mistakes.add(document, path, f"{value!r} is no number of pods; write a whole number, 0 or more")
        return default

    return read


def _workload(
    document: Document, pods: tuple[PodGroup, ...], notes: Iterable[str], *, groups: int = 1, daemon: bool = False
) -> Workload:
    line = document.position(()).line
    return Workload(document.label or document.kind, document.file, line, pods, groups, daemon, tuple(notes))


def _pod_groups(
    owner: Document, data: Mapping[str, Any], read: Whole, mistakes: Mistakes, source: Document | None = None
) -> Iterator[PodGroup]:
    """Yield the pods of each template.

    Args:
        owner: What makes them, and gives them its name and namespace.
        data: Has the templates.
        read: Reads the numbers of pods.
        mistakes: Takes values that cannot be right.
        source: The document in which they stand, where that is not the owner.
    """
    namespace = owner.namespace or "default"
    owner_selector = mapping(mapping(owner.data).get("spec")).get("selector") if owner.kind in _SPREADING else None
    for template in pod_templates(data):
        role, count = template.role, pods_of_group(data, template, read)
        if "replicatedJobs" in template.path:  # of a JobSet, or of a runtime, which is one; its jobs have names
            role = text(step(data, (*template.path[:-3], "name"))) or role
        labels = {key: str(value) for key, value in template.labels.items()}
        if owner.name:
            labels |= dict.fromkeys(_NAME_LABELS.get(owner.kind, ()), owner.name)
        labels |= dict.fromkeys(_ROLE_LABELS.get(owner.kind, ()), template.role)
        requests, weighed = pod_requests(source or owner, template.spec_path, template.spec, mistakes)
        yield PodGroup(
            role=role,
            count=count or 0,
            requests=requests,
            weighed=weighed,
            placement=placement_of(template.spec, daemon=template.place is not None and count is None),
            labels=labels,
            namespace=namespace,
            neighbors=neighbors_of(template.spec, labels, namespace, owner_selector),
            host_ports=host_ports(template.spec),
            unjudged=not_judged(template.spec),
        )


def _train_job(job: Document, runtimes: Mapping[RuntimeName, Document], mistakes: Mistakes) -> Workload:
    """Return the pods of the runtime that a TrainJob names, with what the job puts in its place."""
    wanted = wanted_runtime(job.data)
    runtime = runtimes.get(wanted)
    found = trained(job.data, runtime.data if runtime else None)
    notes: list[str] = []
    if runtime is None:
        notes.append(
            f"{job.label}: {wanted.kind} {wanted.name} is not among the files, so its node selector, tolerations and init "
            "containers are not counted; name its file too"
        )
    if found.lost:
        notes.append(
            f"{job.label}: resourcesPerNode replaces the resources of the runtime, which lose {', '.join(found.lost)}; "
            "name them in resourcesPerNode too"
        )
    own = Mistakes()
    resource_requests(job, RESOURCES, job.value(RESOURCES), own)
    mistakes.lines += own.lines
    # What is wrong in the job's own resources is told there, and not again in the runtime that gets them.
    others = Mistakes() if own.lines else mistakes
    pods = tuple(_pod_groups(job, found.runtime, whole_numbers(found.runtime), others, runtime))
    return _workload(job, pods, notes)
