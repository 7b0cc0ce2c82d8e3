"""One object with RDMA: pure, plain data in and plain data out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from aksrdma import catalog
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.kinds import TRAINER_GROUP, TRAINER_NODE, WORKLOADS, kind_of
from aksrdma.kube.shapes import NotAMappingError
from aksrdma.kube.templates import PodTemplate, pod_templates
from aksrdma.kube.train_jobs import RESOURCES, RUNTIMES, RuntimeName, runtime_name, wanted_runtime
from aksrdma.kube.values import items, mapping, step, text
from aksrdma.workloads.inject.edits import (
    Cursor,
    Edit,
    InjectionError,
    MalformedError,
    Note,
    Planned,
    Report,
    apply,
    between,
    unshared,
)
from aksrdma.workloads.inject.intent import Injection
from aksrdma.workloads.inject.memory import add_ipc_lock, add_shared_memory, add_topology
from aksrdma.workloads.inject.nodes import fabric_of, keep_to_one_fabric, select_nodes
from aksrdma.workloads.inject.pods import (
    Role,
    add_environment,
    add_network,
    add_resources,
    add_to_template,
    container_names,
    gpus_of,
    has_rdma,
)
from aksrdma.workloads.inject.proportion import is_part, shares

MANAGER: Final = "aksrdma.dev/inject"
"""Who owns the patch that a TrainJob makes to its runtime."""
_OWN_POOL: Final = frozenset({"Pod", "DaemonSet", *RUNTIMES})
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
    notes: tuple[Note, ...]
    """What the user should know."""
    plan: tuple[Planned, ...] = ()
    """What each pod template got, and why."""


def inject(data: Mapping[str, Any], injection: Injection, *, runtimes: Collection[RuntimeName] = ()) -> dict[str, Any]:
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


def injected(data: Mapping[str, Any], injection: Injection, *, runtimes: Collection[RuntimeName] = ()) -> Injected:
    """Return an object with what RDMA needs, the edits that make it so, and every conflict."""
    return injected_together([data], injection, runtimes=runtimes)[0]


def injected_together(
    objects: Sequence[Mapping[str, Any]],
    injection: Injection | Sequence[Injection],
    *,
    runtimes: Collection[RuntimeName] = (),
) -> list[Injected]:
    """Return objects with what RDMA needs, each with the edits that make it so, and every conflict.

    Args:
        objects: what goes to one cluster: a variable may come from a ConfigMap among them.
        injection: what to add, or what to add to each.
        runtimes: training runtimes that get the same injection.
    """
    from aksrdma.workloads.inject.environment import (  # the relation checks, which conflicts alone need
        is_literal,
        judged,
        restored,
        without,
    )

    given: list[Mapping[str, Any]] = list(objects)
    injections = [injection] * len(given) if isinstance(injection, Injection) else list(injection)
    added = [_add(data, own, runtimes) for data, own in zip(given, injections, strict=True)]
    found = judged(_without_presets(given, injections, runtimes), injections)
    removed: list[list[Edit]] = [[] for _ in given]
    taken: list[list[Note]] = [[] for _ in given]
    if any(one.fix_env for one in injections):
        for index, (own, (_, report)) in enumerate(zip(found, added, strict=True)):
            wrong = [one for one in _of_rdma(own.conflicts, report) if is_literal(one.path)]
            if wrong:
                removed[index] = without(given[index], [one.path for one in wrong])
                given[index] = apply(removed[index], given[index])
                added[index] = _add(given[index], injections[index], runtimes)
                taken[index] = [Note(one.path, f"taken out: {one.message}") for one in wrong]
        if any(removed):  # what was taken out may have stood before the same name in a ConfigMap
            found = judged(_without_presets(given, injections, runtimes), injections)
    done: list[Injected] = []
    for before, edits, gone, (after, report), own in zip(given, removed, taken, added, found, strict=True):
        said = {one.path for one in own.conflicts} | {path for path, _ in own.hints}
        other = [one for one in report.conflicts if one.path not in said]  # a preset says less of the same variable
        fine = [one for one in other if _is_judged(step(after, one.path[:-1]))]
        preset = [one for one in other if one not in fine]
        kept = [Note(one.path, f"{one.message}; yours stays, as it does the same") for one in fine]
        found_now = (*preset, *_of_rdma(own.conflicts, report))
        conflicts = tuple(one._replace(path=restored(one.path, edits)) for one in found_now)
        told = {one.text: one for one in reversed([*report.notes, *kept, *(Note(*hint) for hint in own.hints)])}
        left = (one._replace(path=restored(one.path, edits)) for one in reversed(told.values()))
        all_edits = () if conflicts else (*edits, *between(unshared(before), after))
        done.append(Injected(after, all_edits, conflicts, (*gone, *left), tuple(report.plans)))
    return done


def _without_presets(
    given: Sequence[Mapping[str, Any]], injections: Sequence[Injection], runtimes: Collection[RuntimeName]
) -> list[Mapping[str, Any]]:
    """Return objects with what RDMA needs but the presets' variables, which would say that NCCL carries the data."""
    bare = [replace(own, environment={}) for own in injections]
    return [_add(data, own, runtimes)[0] for data, own in zip(given, bare, strict=True)]


def _is_judged(item: Any) -> bool:
    """Say whether a value that is another than a preset's was judged by what it does, so that it is as good as that."""
    name = item.get("name") if isinstance(item, dict) else None
    return isinstance(name, str) and name in catalog.environment_variables()


def _of_rdma(conflicts: Sequence[Problem], report: Report) -> list[Problem]:
    """Return those that are not of pods which stay without RDMA, so that their variables do not matter."""
    lacking = [plan.path for plan in report.plans if plan.lacks]
    return [one for one in conflicts if not any(one.path[: len(path)] == path for path in lacking)]


def _add(
    data: Mapping[str, Any], injection: Injection, runtimes: Collection[RuntimeName]
) -> tuple[dict[str, Any], Report]:
    """Return an object with what RDMA needs, as far as nothing contradicts it."""
    result: dict[str, Any] = unshared(data)
    report = Report()
    kind = kind_of(data.get("apiVersion"), data.get("kind"))
    if kind is None:
        _tell_of_unknown(result, injection, report)
    elif kind.kind in WORKLOADS:
        try:
            if kind.kind == "TrainJob" and str(data["apiVersion"]).startswith(f"{TRAINER_GROUP}/"):
                _add_to_train_job(Cursor(result), injection, report, wanted_runtime(data) in runtimes)
            else:
                _add_to_workload(result, injection, report)
        except MalformedError as error:
            report.conflict(error.path, f"is not {error.wanted}", "mend it first; `aksrdma validate` says more")
    return result, report


def runtimes_of(objects: Iterable[Any]) -> frozenset[RuntimeName]:
    """Return the training runtimes among some objects, by what TrainJobs name them."""
    found = (data for data in map(mapping, objects) if text(data.get("kind")) in RUNTIMES)
    return frozenset(map(runtime_name, found))


def passes_unknown(data: Any) -> bool:
    """Whether an object is of a kind of which nothing is known, not even that it makes no pods."""
    return isinstance(data, dict) and kind_of(data.get("apiVersion"), data.get("kind")) is None


def _tell_of_unknown(data: dict[str, Any], injection: Injection, report: Report) -> None:
    """Plan nothing for the pods of a kind that is not in the table of kinds, and say which of them ask for GPUs."""
    for template in pod_templates(data):
        gpus = [found for _, one in _containers(template) if (found := gpus_of(one.get("resources")))]
        if gpus and not any(has_rdma(one.get("resources")) for _, one in _containers(template)):
            units = sum(one.units for one in shares(gpus, injection, asks=None))
            asks = f"{injection.resource}: {units}" if injection.resource and units else "the RDMA resource"
            left = f"aksrdma does not know which pods of a {text(data.get('kind')) or 'kind like this'} work; add {asks}, IPC_LOCK and a memory-backed /dev/shm where they do"
            report.begin(template.real(template.path), template.role, left=left, lacks=True)


_NOT_WRITTEN: Final = (
    "its pods come of a preset or of another object and are not written here; write a template if they are to use RDMA"
)


def _add_to_workload(data: dict[str, Any], injection: Injection, report: Report) -> None:
    templates = list(pod_templates(data))
    working = [template for template in templates if template.works]
    kind = kind_of(data["apiVersion"], data["kind"])
    if not templates and kind is not None and not kind.has_schema:
        report.begin((), "pod", left=_NOT_WRITTEN)
        return
    if not templates:
        report.conflict((), "has no pod template", "add one; `aksrdma validate` says what the kind needs")
    size = step(data, kind.vm_size) if kind is not None and kind.vm_size else None
    if isinstance(size, str) and size.casefold() != injection.vm_size.name.casefold():
        report.conflict(
            (*kind.vm_size,) if kind else (),
            f"makes nodes of {size}, and {injection.vm_size.name} is to be",
            "change one of the two",
        )
    # A container may be missing in one of several templates (a launcher's, say), but not in all of them.
    names = sorted({name for template in working for name in container_names(template.data)})
    if injection.container is not None and working and injection.container not in names:
        report.conflict(
            (*working[0].path, "spec", "containers"),
            f"has no container {injection.container!r} (it has: {', '.join(names)})",
            "give --container another name, or leave it out",
        )
    for template in templates:
        if not template.works:
            left = "its pods do not do the work, but start, prepare or route it"
            report.begin(template.real(template.path), _role_of(data, template), left=left)
    for template, role in zip(working, _roles(data, working, injection, report), strict=True):
        told, noted = len(report.conflicts), len(report.notes)
        try:
            add_to_template(Cursor(template.data, template.path), injection, report, role)
        except MalformedError as error:
            raise MalformedError(template.real(error.path), error.wanted) from None
        finally:
            report.conflicts[told:] = [one._replace(path=template.real(one.path)) for one in report.conflicts[told:]]
            report.notes[noted:] = [one._replace(path=template.real(one.path)) for one in report.notes[noted:]]
        try:
            template.store(data)
        except NotAMappingError as error:
            raise MalformedError(error.path, "a mapping") from None


def _roles(
    data: Mapping[str, Any], working: Sequence[PodTemplate], injection: Injection, report: Report
) -> Iterator[Role]:
    """Yield what the pods are that work, and which of them the numbers of the user's options are for."""
    leads = [template.place is not None and template.place.asks is False for template in working]
    have_gpus = [any(gpus_of(one.get("resources")) for _, one in _containers(template)) for template in working]
    for template, lead, has_gpus in zip(working, leads, have_gpus, strict=True):
        fabric, shape = None if _alone(data) else fabric_of(data), template.place.shape if template.place else None
        if fabric and injection.pool is None and shape is not None and "affinity" in shape.refuses:
            report.note(
                template.spec_path,
                f"{data['kind']} has no field for affinity: select one pool, or its pods may part (--cluster, --pool)",
            )
            fabric = None
        yield Role(
            name=_role_of(data, template),
            by_controller=template.container,
            asks=template.place.asks if template.place else None,
            takes_options=has_gpus or not (any(have_gpus) or (lead and not all(leads))),
            namespace=_namespace(data),
            fabric=fabric,
        )


def _role_of(data: Mapping[str, Any], template: PodTemplate) -> str:
    """Return what to call the pods of a template: the job's name in a training runtime, of which all are nodes."""
    job = template.path[:-3] if "replicatedJobs" in template.path else None
    return (text(step(data, (*job, "name"))) if job else "") or template.role


def _containers(template: PodTemplate) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    return items(template.spec.get("containers"), ())


def _alone(data: Mapping[str, Any]) -> bool:
    """Whether no other pod of the workload has to reach this one over InfiniBand."""
    kind = kind_of(data["apiVersion"], data["kind"])
    job = ("spec", "jobTemplate", "spec") if data["kind"] == "CronJob" else ("spec",)
    one_at_a_time = kind is not None and kind.group == "batch" and step(data, (*job, "parallelism")) in (None, 0, 1)
    return data["kind"] in _OWN_POOL or one_at_a_time


def _namespace(data: Mapping[str, Any]) -> str:
    return text(mapping(data.get("metadata")).get("namespace"))


def _add_to_train_job(job: Cursor, injection: Injection, report: Report, runtime_injected: bool) -> None:
    """Add what RDMA needs to a TrainJob, whose pod template is its runtime's.

    Args:
        job: the TrainJob.
        injection: what to add.
        report: takes what contradicts it.
        runtime_injected: whether its runtime gets the same injection, so that only what is the job's own is left.

    Raises:
        MalformedError: a value of a type that the API server does not take there.
    """
    if injection.resource is None:
        report.conflict(
            (*job.path, *RESOURCES[:-1]),
            "cannot be made privileged from here, and with profile base /dev/infiniband is open to privileged containers only",
            "choose a profile with a device plugin, or leave the TrainJob out and change its runtime",
        )
        return
    given = step(job.data, RESOURCES)
    gpus = injection.gpus or gpus_of(given)
    # Without resources of its own it has the runtime's, of which nothing is known here.
    [share] = shares([gpus], injection, asks=True if given is None else None)
    if not share.units and not has_rdma(given):
        report.begin(job.path, TRAINER_NODE, left=share.why, lacks=gpus > 0)
        return
    plan = report.begin(job.path, TRAINER_NODE)
    plan.containers, plan.part = (TRAINER_NODE,), is_part(gpus, injection)
    with job.mapping("spec").filling("trainer") as trainer:
        if given is not None or not runtime_injected:  # else the runtime's own apply, and they have the resource now
            add_resources(trainer.mapping("resourcesPerNode"), share, injection, report)
        if given is None and not runtime_injected:
            report.note(
                (*job.path, *RESOURCES),
                "resourcesPerNode replaces the resources of the runtime; put its cpu, memory and GPUs beside the RDMA "
                "resource",
            )
        add_environment(trainer, injection, report)
    if not runtime_injected:
        template = _patched_template(job)
        pod = template.mapping("spec")
        container = _by_name(pod, "containers", TRAINER_NODE)
        add_ipc_lock(container, report)
        add_shared_memory(pod, container, step(job.data, (*RESOURCES, "limits")), report)
        add_topology(pod, container, injection, report)
        add_network(template, _namespace(job.data), injection, report)
        select_nodes(pod, injection, report)
    if injection.pool is None:  # pods of one job look for each other, also where the runtime serves many jobs
        keep_to_one_fabric(_patched_template(job), fabric_of(job.data), report)


def _patched_template(job: Cursor) -> Cursor:
    """Return the pod template of our patch for the pods that train, which is made where it is missing."""
    spec = job.mapping("spec")
    patch = _by_name(spec, "runtimePatches", MANAGER, key="manager")
    jobs = patch.mapping("trainingRuntimeSpec", "template", "spec")
    return _by_name(jobs, "replicatedJobs", TRAINER_NODE).mapping("template", "spec", "template")


def _by_name(owner: Cursor, field: str, name: str, key: str = "name") -> Cursor:
    """Return the item of a list with a name, which is put behind the others where it is missing."""
    found = next((one for one in owner.items(field) if one.data.get(key) == name), None)
    if found is None:
        owner.append(field, {key: name})
        found = owner.items(field)[-1]
    return found
