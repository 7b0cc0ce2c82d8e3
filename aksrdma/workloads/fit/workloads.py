"""Documents to workloads: which pods each makes, how many of them, and what a pod asks for and wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aksrdma.errors import UsageError
from aksrdma.findings import FieldPath
from aksrdma.kube.kinds import WORKLOADS, Whole, kind_of
from aksrdma.kube.scheduling import placement_of
from aksrdma.kube.templates import PodTemplate, pod_templates
from aksrdma.kube.values import text
from aksrdma.workloads.fit.pods import Mistakes, PodGroup, neighbors_of, pod_requests

if TYPE_CHECKING:
    from aksrdma.documents import Document


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
        row = kind_of(document.api_version, document.kind)
        if row is None or row.kind not in WORKLOADS or row.kind == "PodTemplate":
            continue  # nothing makes pods of a PodTemplate by itself
        if runtimes.knows(document):
            found += runtimes.workloads(document, mistakes)
            continue
        read = reader(document, mistakes)
        pods = [
            pod_group(document, template, template.place.count(read, document.data, template.path), mistakes)
            if template.place and template.place.count
            else pod_group(document, template, 0, mistakes)
            for template in pod_templates(document.data)
        ]
        groups = read(row.groups, 1) if row.groups else 1
        found.append(make_workload(document, tuple(pods), groups=groups, daemon=row.kind == "DaemonSet"))
    if mistakes.lines:
        raise UsageError("\n".join(mistakes.lines))
    return found


def reader(document: Document, mistakes: Mistakes) -> Whole:
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
    line = document.position(()).line
    return Workload(document.label or document.kind, document.file, line, pods, groups, daemon, (*notes, *wants))


def pod_group(
    document: Document, template: PodTemplate, count: int, mistakes: Mistakes, spec: Mapping[str, Any] | None = None
) -> PodGroup:
    """Return the pods of a template.

    Args:
        document: The workload.
        template: One of its pod templates.
        count: How many pods.
        mistakes: Takes values that cannot be right.
        spec: The pod spec, where it is not the template's own.
    """
    own = template.spec if spec is None else spec
    labels = {key: str(value) for key, value in template.labels.items()}
    named = _NAME_LABELS.get(document.kind, ())
    labels |= dict.fromkeys(named, document.name) if document.name else {}
    if role_label := _ROLE_LABELS.get(document.kind):
        labels |= dict.fromkeys(role_label, template.role)
    namespace = document.namespace or "default"
    role = template.role
    if "replicatedJobs" in template.path:  # a JobSet, or a runtime made of one: its jobs have names of their own
        role = text(document.value((*template.path[:-3], "name"))) or role
    return PodGroup(
        role,
        count,
        pod_requests(document, template.spec_path, own, mistakes),
        placement_of(own, daemon=document.kind == "DaemonSet"),
        labels,
        namespace,
        neighbors_of(own, labels, namespace),
    )


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
_ROLE_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "MPIJob": ("training.kubeflow.org/replica-type", "training.kubeflow.org/job-role"),
    "PyTorchJob": ("training.kubeflow.org/replica-type",),
    "RayCluster": ("ray.io/node-type",),
    "RayJob": ("ray.io/node-type",),
    "RayService": ("ray.io/node-type",),
}
