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
from aksrdma.kube.values import integer, items, mapping, step, text

CLUSTER_RUNTIME: Final = "ClusterTrainingRuntime"
"""Is in no namespace, and the default of a TrainJob's `runtimeRef.kind`."""
RUNTIMES: Final = frozenset({CLUSTER_RUNTIME, "TrainingRuntime"})
RESOURCES: Final[FieldPath] = ("spec", "trainer", "resourcesPerNode")
"""Where a TrainJob says what each of its nodes asks for."""
PATCHES: Final = ("podSpecOverrides", "podTemplateOverrides", "runtimePatches")
"""Fields in which a TrainJob changes the pods of its runtime; they are not applied here."""
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
    complete: bool
    """Whether the runtime is known and the job has no patches for it, which are not applied here."""

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


def trained(job: Mapping[str, Any], runtime: Mapping[str, Any] | None) -> Trained:
    """Return the runtime as a TrainJob uses it.

    Args:
        job: The TrainJob.
        runtime: The runtime that it names; None where that is not known, for which the least one stands: a replicated
            job of one container.
    """
    merged = dict(_LEAST if runtime is None else runtime)
    nodes = integer(step(job, ("spec", "trainer", "numNodes")))
    if nodes is not None:
        _put(merged, ("spec", "mlPolicy", "numNodes"), nodes)
    given = mapping(step(job, RESOURCES))
    resources = {key: given[key] for key in ("limits", "requests") if given.get(key) is not None}
    found = tuple(_resizable(merged)) if resources else ()
    for one in found:
        _put(merged, (*one.path, "resources"), resources)
    patched = any(mapping(job.get("spec")).get(key) for key in PATCHES)
    return Trained(merged, found, runtime is not None and not patched)


def _resizable(runtime: dict[str, Any]) -> Iterator[Resized]:
    """Find the containers called `node`: of the replicated job labeled as trainer, and of MPI nodes beside a launcher."""
    launcher = step(runtime, ("spec", "mlPolicy", "mpi", "runLauncherAsNode")) is True
    for template in pod_templates(runtime):
        job = step(runtime, template.path[:_JOB_DEPTH])
        labeled = step(job, ("template", "metadata", "labels", ANCESTOR_STEP)) == "trainer"
        if labeled or (launcher and step(job, ("name",)) == TRAINER_NODE):
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
