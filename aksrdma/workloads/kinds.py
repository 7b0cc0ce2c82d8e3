"""Where the workload kinds keep their pod templates, and which of these pods do the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aksrdma.findings import FieldPath

EACH: Final = "*"
"""Step over every item of a list."""
TRAINER_GROUP: Final = "trainer.kubeflow.org"
TRAINER_NODE: Final = "node"
"""Name of the replicated job, and of its container, in which Kubeflow Trainer trains."""
_STEP_LABEL: Final = "trainer.kubeflow.org/trainjob-ancestor-step"

Condition: TypeAlias = Callable[[Mapping[str, Any], FieldPath], bool]
"""Whether the pods of the template at a path of an object do the work."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a kind where pod templates stand."""

    path: tuple[str, ...]
    """Steps from the object down; `EACH` is every item of a list, and no step at all the object itself."""
    role: str
    """What the pods are in their workload: `worker`, `launcher`, `head`, ..."""
    works: bool | Condition = True
    """Whether these pods do the work, as against starting or preparing it; a function where the object decides."""
    container: str | None = None
    """Name that the kind's controller gives to the container that matters; None: it has no such name."""


@dataclass(frozen=True, slots=True)
class WorkloadKind:
    """A kind that makes pods, or is one."""

    group: str
    """API group, empty for the core group."""
    kind: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A pod template, or a Pod itself."""

    path: FieldPath
    """Where it stands in its object; empty for a Pod."""
    role: str
    works: bool
    """Whether its pods do the work."""
    container: str | None
    """Name that the controller expects of the container that matters."""
    data: dict[str, Any]
    """The template, with `metadata` and `spec`."""


def _step(data: Any, *path: str | int | None) -> Any:
    for key in path:
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        else:
            return None
    return data


def _launcher_works(data: Mapping[str, Any], _: FieldPath) -> bool:
    return _step(data, "spec", "runLauncherAsWorker") is True


def _trains(data: Mapping[str, Any], path: FieldPath) -> bool:
    """Whether a replicated job of a training runtime trains: the one called `node`; else the one labeled so."""
    jobs = _step(data, "spec", "template", "spec", "replicatedJobs")
    job = _step(data, *path[:5])
    if _step(job, "name") == "launcher" and _step(data, "spec", "mlPolicy", "mpi", "runLauncherAsNode") is True:
        return True
    if any(_step(each, "name") == TRAINER_NODE for each in jobs or ()):
        return bool(_step(job, "name") == TRAINER_NODE)
    return bool(_step(job, "template", "metadata", "labels", _STEP_LABEL) == "trainer")


_TEMPLATE: Final = (Place(("spec", "template"), "pod"),)
_RUNTIME: Final = (
    Place(
        ("spec", "template", "spec", "replicatedJobs", EACH, "template", "spec", "template"),
        "node",
        _trains,
        TRAINER_NODE,
    ),
)


def _ray(*spec: str) -> tuple[Place, ...]:
    return (
        Place((*spec, "headGroupSpec", "template"), "head"),
        Place((*spec, "workerGroupSpecs", EACH, "template"), "worker"),
    )


KINDS: Final[tuple[WorkloadKind, ...]] = (
    WorkloadKind("", "Pod", (Place((), "pod"),)),
    WorkloadKind("apps", "DaemonSet", _TEMPLATE),
    WorkloadKind("apps", "Deployment", _TEMPLATE),
    WorkloadKind("apps", "ReplicaSet", _TEMPLATE),
    WorkloadKind("apps", "StatefulSet", _TEMPLATE),
    WorkloadKind("batch", "CronJob", (Place(("spec", "jobTemplate", "spec", "template"), "pod"),)),
    WorkloadKind("batch", "Job", _TEMPLATE),
    WorkloadKind(
        "kubeflow.org",
        "MPIJob",
        (
            Place(("spec", "mpiReplicaSpecs", "Launcher", "template"), "launcher", _launcher_works),
            Place(("spec", "mpiReplicaSpecs", "Worker", "template"), "worker"),
        ),
    ),
    WorkloadKind(
        "kubeflow.org",
        "PyTorchJob",
        (
            Place(("spec", "pytorchReplicaSpecs", "Master", "template"), "master", container="pytorch"),
            Place(("spec", "pytorchReplicaSpecs", "Worker", "template"), "worker", container="pytorch"),
        ),
    ),
    WorkloadKind(
        "leaderworkerset.x-k8s.io",
        "LeaderWorkerSet",
        (
            Place(("spec", "leaderWorkerTemplate", "leaderTemplate"), "leader"),
            Place(("spec", "leaderWorkerTemplate", "workerTemplate"), "worker"),
        ),
    ),
    WorkloadKind("ray.io", "RayCluster", _ray("spec")),
    WorkloadKind(
        "ray.io",
        "RayJob",
        (*_ray("spec", "rayClusterSpec"), Place(("spec", "submitterPodTemplate"), "submitter", works=False)),
    ),
    WorkloadKind(TRAINER_GROUP, "ClusterTrainingRuntime", _RUNTIME),
    WorkloadKind(TRAINER_GROUP, "TrainJob", ()),
    WorkloadKind(TRAINER_GROUP, "TrainingRuntime", _RUNTIME),
)
"""Every workload kind, by group and name. A TrainJob has no template of its own: its runtime has."""

_BY_NAME: Final = {(row.group, row.kind): row for row in KINDS}


def workload_kind(data: Any) -> WorkloadKind | None:
    """Return the row of an object's kind, or None where it makes no pods that aksrdma knows of."""
    version, kind = _step(data, "apiVersion"), _step(data, "kind")
    if not isinstance(version, str) or not isinstance(kind, str):
        return None
    return _BY_NAME.get((version.rpartition("/")[0], kind))


def templates(data: dict[str, Any]) -> Iterator[Template]:
    """Yield the pod templates of an object, none for one that makes no pods; what is no mapping is left out."""
    row = workload_kind(data)
    for place in row.places if row else ():
        for path, template in _expand(data, place.path, ()):
            works = place.works if isinstance(place.works, bool) else place.works(data, path)
            yield Template(path, place.role, works, place.container, template)


def _expand(data: Any, steps: tuple[str, ...], path: FieldPath) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    if not steps:
        if isinstance(data, dict):
            yield path, data
    elif steps[0] == EACH:
        for index, item in enumerate(data if isinstance(data, list) else ()):
            yield from _expand(item, steps[1:], (*path, index))
    elif isinstance(data, dict):
        yield from _expand(data.get(steps[0]), steps[1:], (*path, steps[0]))
