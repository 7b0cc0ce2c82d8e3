"""One object with RDMA: pure, plain data in and plain data out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aksrdma.checks.apiserver.kinds import known_kind
from aksrdma.workloads.inject.choice import container_names
from aksrdma.workloads.inject.cursor import Cursor
from aksrdma.workloads.inject.edits import Edit, between, unshared
from aksrdma.workloads.inject.intent import Injection
from aksrdma.workloads.inject.nodes import fabric_of
from aksrdma.workloads.inject.pods import add_to_template
from aksrdma.workloads.inject.report import Conflict, InjectionError, MalformedError, Report
from aksrdma.workloads.inject.trainjob import add_to_train_job
from aksrdma.workloads.kinds import TRAINER_GROUP, Template, templates, workload_kind

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
    conflicts: tuple[Conflict, ...]
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
    if workload_kind(data) is not None:
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


def passes_unknown(data: Any) -> bool:
    """Whether an object is of a kind of which nothing is known, not even that it makes no pods."""
    if not isinstance(data, dict) or workload_kind(data) is not None:
        return False
    return known_kind(data.get("apiVersion"), data.get("kind")) is None


def _inject(data: dict[str, Any], injection: Injection, report: Report, runtimes: Collection[Runtime]) -> None:
    namespace = _text(data, "metadata", "namespace")
    if data["kind"] == "TrainJob" and str(data["apiVersion"]).startswith(f"{TRAINER_GROUP}/"):
        done = _runtime_of(data) in runtimes
        add_to_train_job(
            Cursor(data), injection, report, namespace=namespace, fabric=fabric_of(data), runtime_injected=done
        )
        return
    working = [template for template in templates(data) if template.works]
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


def _check_container(working: list[Template], injection: Injection, report: Report) -> None:
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
