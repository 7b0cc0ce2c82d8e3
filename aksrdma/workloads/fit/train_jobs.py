"""TrainJobs of Kubeflow Trainer: pods of the runtime that they name, with what the job puts in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from aksrdma.findings import FieldPath
from aksrdma.kube.kinds import TRAINER_GROUP, TRAINER_NODE
from aksrdma.kube.templates import PodTemplate, pod_templates
from aksrdma.kube.values import integer, items, mapping, sequence, text
from aksrdma.workloads.fit.pods import Mistakes, PodGroup, container_requests
from aksrdma.workloads.fit.workloads import Workload, make_workload, pod_group

if TYPE_CHECKING:
    from aksrdma.documents import Document

_RUNTIMES: Final = ("ClusterTrainingRuntime", "TrainingRuntime")
_JOB_DEPTH: Final = 5
"""Steps from a runtime to one of its replicated jobs."""


class Runtimes:
    """The training runtimes among documents, and the jobs that use them."""

    def __init__(self, documents: Sequence[Document]) -> None:
        of_trainer = [one for one in documents if one.api_version.startswith(f"{TRAINER_GROUP}/")]
        self._by_name = {_identity(one): one for one in of_trainer if one.kind in _RUNTIMES}
        self._used = {_wanted(one) for one in of_trainer if one.kind == "TrainJob"}

    def knows(self, document: Document) -> bool:
        """Say whether a document is a runtime or a TrainJob."""
        trainer = document.api_version.startswith(f"{TRAINER_GROUP}/")
        return trainer and (document.kind == "TrainJob" or document.kind in _RUNTIMES)

    def workloads(self, document: Document, mistakes: Mistakes) -> Iterator[Workload]:
        """Yield the workload of a TrainJob, and that of a runtime which no TrainJob here uses."""
        if document.kind == "TrainJob":
            yield self._train_job(document, mistakes)
        elif _identity(document) not in self._used:
            note = f"{document.label} makes no pods by itself; counted as one TrainJob would use it"
            yield make_workload(document, tuple(_groups(document, None, mistakes)), notes=(note,))

    def _train_job(self, job: Document, mistakes: Mistakes) -> Workload:
        runtime = self._by_name.get(_wanted(job))
        notes: list[str] = []
        if runtime is None:
            kind, _, name = _wanted(job)
            notes.append(
                f"{job.label}: {kind} {name} is not among the files, so its node selector, tolerations and init "
                "containers are not counted; name its file too"
            )
            return make_workload(job, (_bare(job, mistakes),), notes=tuple(notes))
        if job.value(("spec", "runtimePatches")):
            notes.append(f"{job.label}: runtimePatches are not applied")
        groups = tuple(_groups(runtime, job, mistakes))
        lost = _lost(runtime, job)
        if lost:
            notes.append(
                f"{job.label}: resourcesPerNode replaces the resources of the runtime, which lose {', '.join(lost)}; "
                "name them in resourcesPerNode too"
            )
        return make_workload(job, groups, notes=tuple(notes))


def _identity(runtime: Document) -> tuple[str, str, str]:
    namespace = "" if runtime.kind == "ClusterTrainingRuntime" else runtime.namespace or "default"
    return runtime.kind, namespace, runtime.name


def _wanted(job: Document) -> tuple[str, str, str]:
    reference = mapping(job.value(("spec", "runtimeRef")))
    kind = text(reference.get("kind")) or "ClusterTrainingRuntime"
    return kind, "" if kind == "ClusterTrainingRuntime" else job.namespace or "default", text(reference.get("name"))


def _groups(runtime: Document, job: Document | None, mistakes: Mistakes) -> Iterator[PodGroup]:
    owner = job or runtime
    for template in pod_templates(runtime.data):
        spec: Mapping[str, Any] = mapping(template.data.get("spec"))
        if job and template.works:
            spec = _with_resources(spec, job)
        count = _count(runtime, job, template)
        group = pod_group(runtime, template, count, mistakes, spec)
        role = text(runtime.value((*template.path[:_JOB_DEPTH], "name"))) or template.role
        yield replace(group, role=role, namespace=owner.namespace or "default")


def _with_resources(spec: Mapping[str, Any], job: Document) -> Mapping[str, Any]:
    given = job.value(("spec", "trainer", "resourcesPerNode"))
    if given is None:
        return spec
    containers = [
        {**one, "resources": given} if one.get("name") == TRAINER_NODE else one
        for _, one in items(spec.get("containers"), ())
    ]
    return {**spec, "containers": containers}


def _count(runtime: Document, job: Document | None, template: PodTemplate) -> int:
    replicated: FieldPath = template.path[:_JOB_DEPTH]
    replicas = integer(runtime.value((*replicated, "replicas")))
    copies = 1 if replicas is None else max(0, replicas)
    if template.works and runtime.value((*replicated, "name")) != "launcher":
        launcher = runtime.value(("spec", "mlPolicy", "mpi", "runLauncherAsNode")) is True
        return copies * max(0, _nodes(runtime, job) - launcher)
    return copies * (integer(runtime.value((*template.path[:-1], "parallelism"))) or 1)


def _nodes(runtime: Document | None, job: Document | None) -> int:
    asked = integer(job.value(("spec", "trainer", "numNodes"))) if job else None
    if asked is None and runtime:
        asked = integer(runtime.value(("spec", "mlPolicy", "numNodes")))
    return 1 if asked is None else max(0, asked)


def _bare(job: Document, mistakes: Mistakes) -> PodGroup:
    given = {"containers": [{"name": TRAINER_NODE, "resources": job.value(("spec", "trainer", "resourcesPerNode"))}]}
    template = PodTemplate((), {"spec": given}, "node")
    return pod_group(job, template, _nodes(None, job), mistakes)


def _lost(runtime: Document, job: Document) -> list[str]:
    """Return what containers of the runtime ask for, and no longer do with the job's resources."""
    given = job.value(("spec", "trainer", "resourcesPerNode"))
    if given is None:
        return []
    silent = Mistakes()
    kept = container_requests(job, (), {"resources": given}, silent)
    lost: dict[str, None] = {}
    for template in pod_templates(runtime.data):
        for one in sequence(mapping(template.data.get("spec")).get("containers")) if template.works else ():
            if mapping(one).get("name") == TRAINER_NODE:
                lost |= dict.fromkeys(container_requests(runtime, (), one, silent).keys() - kept.keys())
    return sorted(name for name in lost if "/" in name)
