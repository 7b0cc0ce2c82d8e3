"""What Kubeflow Trainer makes of a TrainJob: it has no pod template of its own, the training runtime that it names has.

Source: kubeflow/trainer v2.1.0 to v2.2.1, pkg/runtime/core/trainingruntime.go and framework/plugins/jobset/builder.go.
From v2.3.0 on `resourcesPerNode` is merged into the resources of the runtime (its pull request 3602).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

from aksrdma.findings import FieldPath
from aksrdma.kube.kinds import ANCESTOR_STEP, TRAINER_GROUP, TRAINER_NODE
from aksrdma.kube.templates import pod_templates
from aksrdma.kube.values import integer, items, mapping, sequence, step, text

CLUSTER_RUNTIME: Final = "ClusterTrainingRuntime"
"""Is in no namespace, and the default of a TrainJob's `runtimeRef.kind`."""
RUNTIMES: Final = frozenset({CLUSTER_RUNTIME, "TrainingRuntime"})
TRAINER: Final[FieldPath] = ("spec", "trainer")
"""Where a TrainJob says what is its own in the container that trains."""
RESOURCES: Final[FieldPath] = (*TRAINER, "resourcesPerNode")
"""Where a TrainJob says what each of its nodes asks for."""
_OWN_FIELDS: Final = ("image", "command", "args")
"""Fields of the trainer that take the place of the container's."""
PATCHES: Final = ("podSpecOverrides", "podTemplateOverrides", "runtimePatches")
"""Fields in which a TrainJob changes the pods of its runtime: of v2.0, v2.1 and from v2.2 on."""
_MERGE_KEYS: Final = ("mountPath", "name")
"""By what a strategic merge patch tells the items of a list apart."""
_JOBS: Final = ("spec", "template", "spec", "replicatedJobs")
_JOB_DEPTH: Final = 5
"""Steps from a runtime to one of its replicated jobs."""


class RuntimeName(NamedTuple):
    """By what a TrainJob names a runtime."""

    kind: str
    namespace: str
    """Empty for a ClusterTrainingRuntime."""
    name: str


class Resized(NamedTuple):
    """A container of the runtime that gets the resources of the TrainJob."""

    path: FieldPath
    """Where it stands in the runtime."""
    before: Mapping[str, Any]
    """As the runtime has it."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A runtime as a TrainJob uses it."""

    runtime: dict[str, Any]
    """With the job's nodes and resources; its pod templates are those of the job. What did not change is shared."""
    resized: tuple[Resized, ...]
    """In the order of the runtime; none where the job names no resources."""
    trainers: tuple[Resized, ...]
    """The containers that train, resized or not, which get the variables and the image of the job, too."""
    labeled: bool
    """Whether a job of the runtime is labeled as the one that trains, so that the controller does change it."""
    complete: bool
    """Whether the runtime is known."""

    @property
    def lost(self) -> tuple[str, ...]:
        """Extended resources that a resized container of the runtime asks for and no longer has, sorted."""
        names = {
            name for one in self.resized for name in _extended(one.before) - _extended(step(self.runtime, one.path))
        }
        return tuple(sorted(names))


def runtime_name(runtime: Mapping[str, Any]) -> RuntimeName:
    """Return by what TrainJobs name a runtime."""
    kind, metadata = text(runtime.get("kind")), mapping(runtime.get("metadata"))
    return RuntimeName(kind, _namespace(kind, metadata), text(metadata.get("name")))


def wanted_runtime(job: Mapping[str, Any]) -> RuntimeName:
    """Return which runtime a TrainJob names."""
    reference = mapping(step(job, ("spec", "runtimeRef")))
    kind = text(reference.get("kind")) or CLUSTER_RUNTIME
    return RuntimeName(kind, _namespace(kind, mapping(job.get("metadata"))), text(reference.get("name")))


def trained(job: Mapping[str, Any], runtime: Mapping[str, Any] | None, *, by_name: bool = False) -> Trained:
    """Return the runtime as a TrainJob uses it.

    Args:
        job: The TrainJob.
        runtime: The runtime that it names; None where that is not known, for which the least one stands: a replicated
            job of one container.
        by_name: Whether a job called `node` is taken for the one that trains where none is labeled so, as is meant: the
            controller then changes no container.
    """
    merged = dict(_LEAST if runtime is None else runtime)
    nodes = integer(step(job, ("spec", "trainer", "numNodes")))
    if nodes is not None:
        _put(merged, ("spec", "mlPolicy", "numNodes"), nodes)
    given = mapping(step(job, RESOURCES))
    resources = {key: given[key] for key in ("limits", "requests") if given.get(key) is not None}
    for index, template in _patches(job, merged):
        path = (*_JOBS, index, "template", "spec", "template")
        _put(merged, path, _merged(step(merged, path), template))
    trainers = tuple(_resizable(merged, by_name=by_name))
    variables = [item for _, item in items(step(job, (*TRAINER, "env")), ())]
    own = {key: value for key in _OWN_FIELDS if (value := step(job, (*TRAINER, key)))}
    for one in trainers:
        if resources:
            _put(merged, (*one.path, "resources"), resources)
        if variables:
            _put(merged, (*one.path, "env"), _with_variables(sequence(one.before.get("env")), variables))
        for key, value in own.items():
            _put(merged, (*one.path, key), value)
    return Trained(merged, trainers if resources else (), trainers, not by_name, runtime is not None)


def _patches(job: Mapping[str, Any], runtime: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield what a TrainJob changes of pod templates: the index of the replicated job, and the patch of its template.

    Source: mergeRuntimePatches in pkg/runtime/core/trainingruntime.go of kubeflow/trainer v2.3.0.
    """
    names = [mapping(one).get("name") for one in sequence(step(runtime, _JOBS))]
    wanted: list[tuple[Any, dict[str, Any]]] = []
    for patch in sequence(step(job, ("spec", "runtimePatches"))):
        for one in sequence(step(patch, ("trainingRuntimeSpec", *_JOBS[1:]))):
            wanted.append((mapping(one).get("name"), mapping(step(one, ("template", "spec", "template")))))
    for key in PATCHES[:2]:
        for _, one in items(step(job, ("spec", key)), ()):
            template = {"spec": one} if key == PATCHES[0] else one
            picked = {part: template[part] for part in ("metadata", "spec") if isinstance(template.get(part), dict)}
            wanted += ((mapping(target).get("name"), picked) for target in sequence(one.get("targetJobs")))
    for name, template in wanted:
        if isinstance(name, str) and name in names and template:
            yield names.index(name), template


def _merged(base: Any, patch: Any) -> Any:
    """Return what a strategic merge patch makes of a value: lists whose items have a key are merged by it."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return {**base, **{key: _merged(base.get(key), value) for key, value in patch.items()}}
    key = next((one for one in _MERGE_KEYS if _has_key(base, one) and _has_key(patch, one)), None)
    if key is None:
        return patch
    found = {one[key]: one for one in base}
    for one in patch:
        found[one[key]] = _merged(found.get(one[key]), one)
    return list(found.values())


def _has_key(value: Any, key: str) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) and isinstance(one.get(key), str) for one in value)


def _with_variables(given: list[Any], more: list[dict[str, Any]]) -> list[Any]:
    """Return variables with further ones; one of the same name takes the place of the one before (UpsertEnvVars)."""
    found = {mapping(one).get("name"): one for one in given}
    found |= {one.get("name"): one for one in more}
    return list(found.values())


def _resizable(runtime: dict[str, Any], *, by_name: bool) -> Iterator[Resized]:
    """Find the containers called `node`: of the replicated job labeled as trainer, and of MPI nodes beside a launcher.

    Args:
        runtime: The runtime.
        by_name: Whether one called `node` will do where no job has the label.
    """
    jobs = [(template, step(runtime, template.path[:_JOB_DEPTH])) for template in pod_templates(runtime)]
    labels = [step(job, ("template", "metadata", "labels", ANCESTOR_STEP)) for _, job in jobs]
    launcher = step(runtime, ("spec", "mlPolicy", "mpi", "runLauncherAsNode")) is True
    by_name = launcher or (by_name and "trainer" not in labels)
    for (template, job), label in zip(jobs, labels, strict=True):
        if label == "trainer" or (by_name and step(job, ("name",)) == TRAINER_NODE):
            for path, container in items(template.spec.get("containers"), (*template.spec_path, "containers")):
                if container.get("name") == TRAINER_NODE:
                    yield Resized(path, container)


def _put(data: dict[str, Any], path: FieldPath, value: Any) -> None:
    """Set a value, copying the mappings and lists on the way, so that what they were taken from stays as it is."""
    holder: Any = data
    for key, following in pairwise(path):
        inner = step(holder, (key,))
        holder[key] = list(inner) if isinstance(following, int) else dict(mapping(inner))
        holder = holder[key]
    holder[path[-1]] = value


def _extended(container: Any) -> set[str]:
    resources = mapping(mapping(container).get("resources"))
    return {name for key in ("limits", "requests") for name in mapping(resources.get(key)) if "/" in name}


def _namespace(kind: str, metadata: Mapping[str, Any]) -> str:
    return "" if kind == CLUSTER_RUNTIME else text(metadata.get("namespace")) or "default"


_LEAST: Final = {
    "apiVersion": f"{TRAINER_GROUP}/v1alpha1",
    "kind": CLUSTER_RUNTIME,
    "spec": {
        "template": {
            "spec": {
                "replicatedJobs": [
                    {
                        "name": TRAINER_NODE,
                        "template": {
                            "metadata": {"labels": {ANCESTOR_STEP: "trainer"}},
                            "spec": {"template": {"spec": {"containers": [{"name": TRAINER_NODE}]}}},
                        },
                    }
                ]
            }
        }
    },
}
