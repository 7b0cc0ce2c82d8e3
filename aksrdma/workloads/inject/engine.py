"""One object with RDMA: pure, plain data in and plain data out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aksrdma.findings import Problem
from aksrdma.kube.kinds import TRAINER_GROUP, TRAINER_NODE, WORKLOADS, kind_of
from aksrdma.kube.templates import PodTemplate, pod_templates
from aksrdma.workloads.inject.edits import Cursor, Edit, InjectionError, MalformedError, Report, between, unshared
from aksrdma.workloads.inject.intent import Injection
from aksrdma.workloads.inject.memory import add_ipc_lock, add_shared_memory, add_topology
from aksrdma.workloads.inject.nodes import fabric_of, keep_to_one_fabric, select_nodes
from aksrdma.workloads.inject.pods import add_environment, add_network, add_resources, add_to_template, container_names

Runtime: TypeAlias = tuple[str, str, str]
"""Kind, namespace (empty for ClusterTrainingRuntime) and name of a training runtime."""

_RUNTIMES: Final = ("TrainingRuntime", "ClusterTrainingRuntime")
_OWN_POOL: Final = ("Pod", "DaemonSet", *_RUNTIMES)
"""Kinds whose pods need not be in one pool: alone, on every node by intent, or a pattern for many jobs."""


@dataclass(frozen=True, slots=True)
class Injected:
    """An object with RDMA, or why it cannot have it."""

    data: dict[str, Any]
    """The object with the edits made."""
    edits: tuple[Edit, ...]
    """What was added; empty where everything was there, or the kind makes no pods."""
    conflicts: tuple[Problem, ...]
    """Where the object contradicts what RDMA needs; `data` is of no use then."""
    notes: tuple[str, ...]
    """What the user should know."""


def inject(data: Mapping[str, Any], injection: Injection, *, runtimes: Collection[Runtime] = ()) -> dict[str, Any]:
    """Return an object with what RDMA needs; one that has it already, or makes no pods, comes back as it was.

    Args:
        data: the object, as JSON values.
        injection: what to add (`injection_for`).
        runtimes: training runtimes that get the same injection (`runtimes_of`), which a TrainJob need not patch.

    Raises:
        InjectionError: the object contradicts what RDMA needs.
    """
    done = injected(data, injection, runtimes=runtimes)
    if done.conflicts:
        raise InjectionError(list(done.conflicts))
    return done.data


def injected(data: Mapping[str, Any], injection: Injection, *, runtimes: Collection[Runtime] = ()) -> Injected:
    """Return an object with what RDMA needs, the edits that make it so, and every conflict."""
    result: dict[str, Any] = unshared(data)
    report = Report()
    if _is_workload(data):
        try:
            _inject(result, injection, report, runtimes)
        except MalformedError as error:
            report.conflict(error.path, f"is not {error.wanted}", "mend it first; `aksrdma validate` says more")
    edits = () if report.conflicts else tuple(between(unshared(data), result))
    return Injected(result, edits, tuple(report.conflicts), tuple(report.notes))


def runtimes_of(objects: Iterable[Any]) -> frozenset[Runtime]:
    """Return the training runtimes among some objects."""
    found = (Cursor(data) for data in objects if isinstance(data, dict) and data.get("kind") in _RUNTIMES)
    return frozenset(
        _runtime(one.at("kind"), one.at("metadata", "namespace"), one.at("metadata", "name")) for one in found
    )


def _is_workload(data: Mapping[str, Any]) -> bool:
    row = kind_of(data.get("apiVersion"), data.get("kind"))
    return row is not None and row.kind in WORKLOADS


def passes_unknown(data: Any) -> bool:
    """Whether an object is of a kind of which nothing is known, not even that it makes no pods."""
    return isinstance(data, dict) and kind_of(data.get("apiVersion"), data.get("kind")) is None


def _inject(data: dict[str, Any], injection: Injection, report: Report, runtimes: Collection[Runtime]) -> None:
    namespace = _text(data, "metadata", "namespace")
    if data["kind"] == "TrainJob" and str(data["apiVersion"]).startswith(f"{TRAINER_GROUP}/"):
        done = _runtime_of(data) in runtimes
        add_to_train_job(
            Cursor(data), injection, report, namespace=namespace, fabric=fabric_of(data), runtime_injected=done
        )
        return
    working = [template for template in pod_templates(data) if template.works]
    if not working:
        report.conflict((), "has no pod template that works", "add one; `aksrdma validate` says what the kind needs")
    _check_container(working, injection, report)
    fabric = None if _alone(data) else fabric_of(data)
    for template in working:
        add_to_template(
            Cursor(template.data, template.path),
            injection,
            report,
            namespace=namespace,
            by_controller=template.container,
            fabric=fabric,
        )


def _check_container(working: list[PodTemplate], injection: Injection, report: Report) -> None:
    """Complain where no template has the container that the user names."""
    names = sorted({name for template in working for name in container_names(template.data)})
    if injection.container is not None and working and injection.container not in names:
        report.conflict(
            (*working[0].path, "spec", "containers"),
            f"has no container {injection.container!r} (it has: {', '.join(names)})",
            "give --container another name, or leave it out",
        )


def _alone(data: dict[str, Any]) -> bool:
    """Whether no other pod of the workload has to reach this one over InfiniBand."""
    cursor = Cursor(data)
    job = ("spec", "jobTemplate", "spec") if data["kind"] == "CronJob" else ("spec",)
    one_at_a_time = data["kind"] in ("Job", "CronJob") and cursor.at(*job, "parallelism") in (None, 0, 1)
    return data["kind"] in _OWN_POOL or one_at_a_time


def _runtime_of(job: dict[str, Any]) -> Runtime:
    reference = Cursor(job)
    kind = _text(job, "spec", "runtimeRef", "kind") or "ClusterTrainingRuntime"
    return _runtime(kind, reference.at("metadata", "namespace"), reference.at("spec", "runtimeRef", "name"))


def _runtime(kind: Any, namespace: Any, name: Any) -> Runtime:
    return str(kind), "" if kind == "ClusterTrainingRuntime" else str(namespace or ""), str(name)


def _text(data: dict[str, Any], *path: str) -> str:
    value = Cursor(data).at(*path)
    return value if isinstance(value, str) else ""


MANAGER: Final = "aksrdma.dev/inject"
"""Who owns the patch of the runtime."""


def add_to_train_job(
    job: Cursor, injection: Injection, report: Report, *, namespace: str, fabric: str, runtime_injected: bool
) -> None:
    """Add what RDMA needs to a TrainJob.

    Args:
        job: the TrainJob.
        injection: what to add.
        report: takes what contradicts it.
        namespace: its namespace; empty where it names none.
        fabric: names the pods that are to be in one node pool.
        runtime_injected: whether its runtime gets the same injection, so that only what is the job's own is left.

    Raises:
        MalformedError: a value of a type that the API server does not take there.
    """
    if injection.resource is None:
        _refuse_base(job, report)
        return
    with job.mapping("spec").filling("trainer") as trainer:
        _resources(trainer, injection, report, runtime_injected)
        add_environment(trainer, injection, report)
    limits = trainer.at("resourcesPerNode", "limits")
    patch = _Patch(job)
    if not runtime_injected:
        _patch_pod(patch, limits, injection, report, namespace)
    if injection.pool is None:
        keep_to_one_fabric(patch.template(), fabric)


def _resources(trainer: Cursor, injection: Injection, report: Report, runtime_injected: bool) -> None:
    if trainer.data.get("resourcesPerNode") is None:
        if runtime_injected:
            return  # the runtime's own resources apply, and they have the RDMA resource now
        report.note(
            "resourcesPerNode replaces the resources of the runtime; put its cpu, memory and GPUs beside the RDMA resource"
        )
    add_resources(trainer.mapping("resourcesPerNode"), injection, report)


def _patch_pod(patch: _Patch, limits: Any, injection: Injection, report: Report, namespace: str) -> None:
    template = patch.template()
    pod = template.mapping("spec")
    container = patch.container()
    add_ipc_lock(container, report)
    add_shared_memory(pod, container, limits, report)
    add_topology(pod, container, injection, report)
    add_network(template, namespace, injection, report)
    select_nodes(pod, injection, report)


class _Patch:
    """The entry of `runtimePatches` for the pods that train; made when it is first asked for."""

    def __init__(self, job: Cursor) -> None:
        self._spec = job.mapping("spec")

    def template(self) -> Cursor:
        """Return the pod template of the patch."""
        found = next((one for one in self._spec.items("runtimePatches") if one.data.get("manager") == MANAGER), None)
        entry = found or _appended(self._spec, "runtimePatches", {"manager": MANAGER})
        jobs = entry.mapping("trainingRuntimeSpec", "template", "spec")
        return _by_name(jobs, "replicatedJobs", TRAINER_NODE).mapping("template", "spec", "template")

    def container(self) -> Cursor:
        """Return the container that trains."""
        return _by_name(self.template().mapping("spec"), "containers", TRAINER_NODE)


def _by_name(owner: Cursor, key: str, name: str) -> Cursor:
    found = next((one for one in owner.items(key) if one.data.get("name") == name), None)
    return found or _appended(owner, key, {"name": name})


def _appended(owner: Cursor, key: str, item: dict[str, Any]) -> Cursor:
    owner.append(key, item)
    return owner.items(key)[-1]


def _refuse_base(job: Cursor, report: Report) -> None:
    report.conflict(
        (*job.path, "spec", "trainer"),
        "cannot be made privileged from here, and with profile base /dev/infiniband is open to privileged containers only",
        "choose a profile with a device plugin, or leave the TrainJob out and change its runtime",
    )
