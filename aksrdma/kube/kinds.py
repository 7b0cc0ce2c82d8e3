"""The one table of kinds: group, versions, scope, name rule, and where each keeps the templates of its pods.

Built-in kinds are those of Kubernetes v1.34.2; the others are as their CRDs have them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aksrdma.findings import FieldPath
from aksrdma.kube.names import NameRule, dns_label, dns_subdomain, service_label
from aksrdma.kube.values import step

EACH: Final = "*"
"""Step over every item of a list, or every value of a mapping."""
TRAINER_GROUP: Final = "trainer.kubeflow.org"
TRAINER_NODE: Final = "node"
"""Name of the replicated job, and of its container, in which Kubeflow Trainer trains."""
ANCESTOR_STEP: Final = "trainer.kubeflow.org/trainjob-ancestor-step"
"""Label of a replicated job of a training runtime; `trainer` is the one that trains."""

Whole: TypeAlias = Callable[[FieldPath, int], int]
"""Reads a whole number of the object, 0 or more; the second argument is what counts where there is none."""
Count: TypeAlias = Callable[[Whole, Mapping[str, Any], FieldPath], int]
"""How many pods the template at a path of an object makes, of one group where the kind makes groups."""
Condition: TypeAlias = Callable[[Mapping[str, Any], FieldPath], bool]
"""Whether the pods of the template at a path of an object do the work."""


def _one(_whole: Whole, _data: Mapping[str, Any], _path: FieldPath) -> int:
    return 1


def _replicas(whole: Whole, _data: Mapping[str, Any], _path: FieldPath) -> int:
    return whole(("spec", "replicas"), 1)


def _beside(whole: Whole, _data: Mapping[str, Any], path: FieldPath) -> int:
    return whole((*path[:-1], "replicas"), 1)


def _parallel(whole: Whole, _data: Mapping[str, Any], path: FieldPath) -> int:
    """A Job's pods that run at once."""
    parallelism = whole((*path[:-1], "parallelism"), 1)
    return min(parallelism, whole((*path[:-1], "completions"), parallelism))


def _replicated(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    return _parallel(whole, data, path) * whole((*path[:-3], "replicas"), 1)


def _of_runtime(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The nodes of the ML policy, one less where the launcher is a node, too; other jobs as in a JobSet."""
    job = path[:-3]
    if not _trains(data, path) or step(data, (*job, "name")) == "launcher":
        return _replicated(whole, data, path)
    nodes = whole(("spec", "mlPolicy", "numNodes"), 1)
    if step(data, ("spec", "mlPolicy", "mpi", "runLauncherAsNode")) is True:
        nodes = max(1, nodes - 1)  # Trainer makes one node beside the launcher, even of a single one
    return whole((*job, "replicas"), 1) * nodes


def _leader_worker(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The pods of one group; without a leaderTemplate the leader is made from the workers' template, too."""
    if path[-1] == "leaderTemplate":
        return 1
    size = whole(("spec", "leaderWorkerTemplate", "size"), 1)
    leads = step(data, ("spec", "leaderWorkerTemplate", "leaderTemplate")) is not None
    return max(0, size - 1) if leads else size


def _ray_workers(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """Replicas between their bounds, each on a number of hosts."""
    group = path[:-1]
    if step(data, (*group, "suspend")) is True:
        return 0
    least = whole((*group, "minReplicas"), 0)
    asked = max(whole((*group, "replicas"), least), least)
    return min(asked, whole((*group, "maxReplicas"), asked)) * whole((*group, "numOfHosts"), 1)


def _launcher_works(data: Mapping[str, Any], path: FieldPath) -> bool:
    """Whether the pods of an MPIJob run ranks: a launcher does only with `runLauncherAsWorker`."""
    return path[-2] != "Launcher" or step(data, ("spec", "runLauncherAsWorker")) is True


def _trains(data: Mapping[str, Any], path: FieldPath) -> bool:
    """Whether a replicated job of a training runtime trains: the one called `node`; else the one labeled so.

    Source: kubeflow/trainer v2, pkg/runtime/framework/plugins/jobset and pkg/constants.
    """
    jobs = step(data, ("spec", "template", "spec", "replicatedJobs"))
    job = step(data, path[:5])  # spec.template.spec.replicatedJobs[i]
    as_node = step(data, ("spec", "mlPolicy", "mpi", "runLauncherAsNode")) is True
    if as_node and step(job, ("name",)) == "launcher":
        return True
    if any(step(each, ("name",)) == TRAINER_NODE for each in jobs or ()):
        return bool(step(job, ("name",)) == TRAINER_NODE)
    label = step(job, ("template", "metadata", "labels", ANCESTOR_STEP))
    return bool(label == "trainer")


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a kind where pod templates stand."""

    path: tuple[str, ...]
    """Steps from the object down; `EACH` is every item, and no step at all the object itself."""
    role: str
    """What the pods are in their workload: `worker`, `launcher`, `head`, ...; `EACH` is the key of a mapping."""
    count: Count | None
    """How many pods; None is one a node."""
    works: bool | Condition = True
    """Whether these pods do the work, as against starting or preparing it; a function where the object decides."""
    container: str | None = None
    """Name that the kind's controller gives to the container that matters; None: it has no such name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know of a kind."""

    group: str
    """API group, empty for the core group."""
    kind: str
    namespaced: bool = True
    name: NameRule = dns_subdomain
    """Grammar of `metadata.name`."""
    versions: tuple[str, ...] = ()
    """Versions that kube-apiserver itself serves; none for a kind that comes with a CRD."""
    keeps_generation: bool = False
    """Whether `metadata.generation` stays as it is given; otherwise the server sets it."""
    has_schema: bool = True
    """Whether `schemas/` has it, so that it is judged."""
    places: tuple[Place, ...] = ()
    """Where its pod templates stand; none for a kind that makes no pods, and for a TrainJob, whose runtime has them."""
    groups: FieldPath | None = None
    """Where the number of groups of such pods stands, for a kind that makes groups."""

    @property
    def builtin(self) -> bool:
        """Whether kube-apiserver serves it by itself."""
        return bool(self.versions)


_V1: Final = ("v1",)
_TEMPLATE: Final = ("spec", "template")
_JOB_SET: Final = ("replicatedJobs", EACH, "template", "spec", "template")
_LEADER_WORKER: Final = ("spec", "leaderWorkerTemplate")


def _ray(*spec: str) -> tuple[Place, ...]:
    return (
        Place((*spec, "headGroupSpec", "template"), "head", _one),
        Place((*spec, "workerGroupSpecs", EACH, "template"), "worker", _ray_workers),
    )


def _rows() -> Iterator[Kind]:
    for kind in ("ConfigMap", "PersistentVolumeClaim", "Secret", "ServiceAccount"):
        yield Kind("", kind, versions=_V1, keeps_generation=True)
    for kind in ("Endpoints", "LimitRange", "ResourceQuota"):
        yield Kind("", kind, versions=_V1, keeps_generation=True, has_schema=False)
    for kind in ("Node", "PersistentVolume"):
        yield Kind("", kind, namespaced=False, versions=_V1, keeps_generation=True, has_schema=False)
    yield Kind("", "Namespace", namespaced=False, name=dns_label, versions=_V1, keeps_generation=True)
    yield Kind("", "Service", name=service_label, versions=_V1, keeps_generation=True)

    yield Kind("", "Pod", versions=_V1, places=(Place((), "pod", _one),))
    yield Kind("", "PodTemplate", versions=_V1, has_schema=False, places=(Place(("template",), "pod", _one),))
    replicated = (Place(_TEMPLATE, "pod", _replicas),)
    yield Kind("", "ReplicationController", versions=_V1, has_schema=False, places=replicated)
    yield Kind("apps", "ControllerRevision", versions=_V1, has_schema=False)
    yield Kind("apps", "DaemonSet", versions=_V1, places=(Place(_TEMPLATE, "pod", None),))
    yield Kind("apps", "Deployment", versions=_V1, places=replicated)
    yield Kind("apps", "ReplicaSet", versions=_V1, places=replicated)
    yield Kind("apps", "StatefulSet", name=dns_label, versions=_V1, places=replicated)
    yield Kind("batch", "CronJob", versions=_V1, places=(Place(("spec", "jobTemplate", *_TEMPLATE), "pod", _parallel),))
    yield Kind("batch", "Job", versions=_V1, places=(Place(_TEMPLATE, "pod", _parallel),))

    mpi = Place(("spec", "mpiReplicaSpecs", EACH, "template"), EACH, _beside, _launcher_works)
    yield Kind("kubeflow.org", "MPIJob", places=(mpi,))
    torch = Place(("spec", "pytorchReplicaSpecs", EACH, "template"), EACH, _beside, container="pytorch")
    yield Kind("kubeflow.org", "PyTorchJob", places=(torch,))
    yield Kind(
        "leaderworkerset.x-k8s.io",
        "LeaderWorkerSet",
        places=(
            Place((*_LEADER_WORKER, "leaderTemplate"), "leader", _leader_worker),
            Place((*_LEADER_WORKER, "workerTemplate"), "worker", _leader_worker),
        ),
        groups=("spec", "replicas"),
    )
    jobs = (Place(("spec", *_JOB_SET), "pod", _replicated),)
    yield Kind("jobset.x-k8s.io", "JobSet", has_schema=False, places=jobs)
    yield Kind("ray.io", "RayCluster", places=_ray("spec"))
    submitter = Place(("spec", "submitterPodTemplate"), "submitter", _one, works=False)
    yield Kind("ray.io", "RayJob", places=(*_ray("spec", "rayClusterSpec"), submitter))
    yield Kind("ray.io", "RayService", has_schema=False, places=_ray("spec", "rayClusterConfig"))
    runtime = (Place(("spec", "template", "spec", *_JOB_SET), "node", _of_runtime, _trains, TRAINER_NODE),)
    yield Kind(TRAINER_GROUP, "ClusterTrainingRuntime", namespaced=False, places=runtime)
    yield Kind(TRAINER_GROUP, "TrainingRuntime", places=runtime)
    yield Kind(TRAINER_GROUP, "TrainJob")

    yield Kind("k8s.cni.cncf.io", "NetworkAttachmentDefinition")
    for kind in ("HostDeviceNetwork", "IPoIBNetwork", "MacvlanNetwork", "NicClusterPolicy", "NicNodePolicy"):
        yield Kind("mellanox.com", kind, namespaced=False)
    for kind in ("NodeFeature", "NodeFeatureGroup"):
        yield Kind("nfd.k8s-sigs.io", kind)
    yield Kind("nfd.k8s-sigs.io", "NodeFeatureRule", namespaced=False)
    for kind in ("CIDRPool", "IPPool"):
        yield Kind("nv-ipam.nvidia.com", kind)


KINDS: Final[tuple[Kind, ...]] = tuple(_rows())
_BY_NAME: Final = {(row.group, row.kind): row for row in KINDS}

POLICY_KINDS: Final = frozenset({"NicClusterPolicy", "NicNodePolicy"})
"""Kinds that carry device plugin configurations."""
OPERATOR_NETWORKS: Final = frozenset({"HostDeviceNetwork", "IPoIBNetwork", "MacvlanNetwork"})
"""The operator's networks, of each of which it makes a NetworkAttachmentDefinition."""
NETWORK_KINDS: Final = OPERATOR_NETWORKS | {"NetworkAttachmentDefinition"}
POOL_KINDS: Final = frozenset({"CIDRPool", "IPPool"})
"""Pools of nv-ipam; other projects have kinds of these names, too."""
RULE_KINDS: Final = frozenset({"NodeFeatureRule"})
ANY_PODS: Final = "any kind with a pod template"
"""Stands for an object without a schema that holds a pod template, among the kinds for which there is a check."""
POD_KINDS: Final = frozenset(row.kind for row in KINDS if row.places) | {ANY_PODS}
"""Pods, and the kinds with templates from which pods are made."""
WORKLOADS: Final = POD_KINDS | {"TrainJob"}
"""Also TrainJob, which has no pod template of its own."""
CUSTOM_WORKLOADS: Final = frozenset(row.kind for row in KINDS if row.kind in WORKLOADS and not row.builtin) | {ANY_PODS}
"""Workloads that come with a CRD: the API server judges their pods by the schema of the CRD alone."""
JUDGED: Final = frozenset(row.kind for row in KINDS if row.has_schema)
"""Names of the kinds that have a schema."""


def kind_of(api_version: object, kind: object) -> Kind | None:
    """Return the row of a kind, whatever its version, or None; the same name in another group is another kind."""
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return None
    return _BY_NAME.get((api_version.rpartition("/")[0], kind))
