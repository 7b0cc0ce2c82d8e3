"""How many pods the templates of each kind make, and which of them do the work: what the table of kinds refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from aksrdma.findings import FieldPath
from aksrdma.kube.quantities import quantity
from aksrdma.kube.shapes import parallel_nodes
from aksrdma.kube.values import items, mapping, sequence, step, text

TRAINER_NODE: Final = "node"
"""Name of the replicated job, and of its container, in which Kubeflow Trainer trains."""
ANCESTOR_STEP: Final = "trainer.kubeflow.org/trainjob-ancestor-step"
"""Label of a replicated job of a training runtime; `trainer` is the one that trains."""
_ROLE_DEPTH: Final = 3
"""Steps from a RoleBasedGroup to one of its roles."""

Whole: TypeAlias = Callable[[FieldPath, int], int]
"""Reads a whole number of the object, 0 or more; the second argument is what counts where there is none."""
Count: TypeAlias = Callable[[Whole, Mapping[str, Any], FieldPath], "int | None"]
"""How many pods the template at a path of an object makes, of one group where the kind makes groups; None: one a node."""
Condition: TypeAlias = Callable[[Mapping[str, Any], FieldPath], bool]
"""Whether the pods of the template at a path of an object do the work."""


def one(_whole: Whole, _data: Mapping[str, Any], _path: FieldPath) -> int:
    """A single pod."""
    return 1


def replicas(whole: Whole, _data: Mapping[str, Any], _path: FieldPath) -> int:
    """The replicas of the object."""
    return whole(("spec", "replicas"), 1)


def beside(whole: Whole, _data: Mapping[str, Any], path: FieldPath) -> int:
    """The replicas beside the template."""
    return whole((*path[:-1], "replicas"), 1)


def parallel(whole: Whole, _data: Mapping[str, Any], path: FieldPath) -> int:
    """A Job's pods that run at once."""
    parallelism = whole((*path[:-1], "parallelism"), 1)
    return min(parallelism, whole((*path[:-1], "completions"), parallelism))


def replicated(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The pods of a job of a JobSet, so many times."""
    return parallel(whole, data, path) * whole((*path[:-3], "replicas"), 1)


def of_runtime(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The nodes of the ML policy, one less where the launcher is a node, too; other jobs as in a JobSet."""
    job = path[:-3]
    if not trains(data, path) or step(data, (*job, "name")) == "launcher":
        return replicated(whole, data, path)
    nodes = whole(("spec", "mlPolicy", "numNodes"), 1)
    if step(data, ("spec", "mlPolicy", "mpi", "runLauncherAsNode")) is True:
        nodes = max(1, nodes - 1)  # Trainer makes one node beside the launcher, even of a single one
    return whole((*job, "replicas"), 1) * nodes


def leader_worker(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The pods of one group; without a leaderTemplate the leader is made from the workers' template, too."""
    if path[-1] == "leaderTemplate":
        return 1
    size = whole(("spec", "leaderWorkerTemplate", "size"), 1)
    leads = step(data, ("spec", "leaderWorkerTemplate", "leaderTemplate")) is not None
    return max(0, size - 1) if leads else size


def ray_workers(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """Replicas between their bounds, each on a number of hosts."""
    group = path[:-1]
    if step(data, (*group, "suspend")) is True:
        return 0
    least = whole((*group, "minReplicas"), 0)
    asked = max(whole((*group, "replicas"), least), least)
    return min(asked, whole((*group, "maxReplicas"), asked)) * whole((*group, "numOfHosts"), 1)


def launcher_works(data: Mapping[str, Any], path: FieldPath) -> bool:
    """Whether the pods of an MPIJob run ranks: a launcher does only with `runLauncherAsWorker`."""
    return path[-2] != "Launcher" or step(data, ("spec", "runLauncherAsWorker")) is True


def trains(data: Mapping[str, Any], path: FieldPath) -> bool:
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


def tasks(whole: Whole, _data: Mapping[str, Any], path: FieldPath) -> int:
    """The replicas of a task of a Volcano Job: none unless told."""
    return whole((*path[:-1], "replicas"), 0)


def daemon_or_replicas(whole: Whole, data: Mapping[str, Any], _path: FieldPath) -> int | None:
    """The replicas of a NodeSet, or one pod a node."""
    return None if step(data, ("spec", "scalingMode")) == "DaemonSet" else whole(("spec", "replicas"), 1)


def size(whole: Whole, _data: Mapping[str, Any], _path: FieldPath) -> int:
    """The size of a MiniCluster."""
    return whole(("spec", "size"), 1)


def dynamo(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The replicas of a service of Dynamo, each on so many nodes."""
    service = path[:-1]
    several = isinstance(step(data, (*service, "multinode")), dict)
    return whole((*service, "replicas"), 1) * (whole((*service, "multinode", "nodeCount"), 2) if several else 1)


def storm_role(whole: Whole, _data: Mapping[str, Any], path: FieldPath) -> int:
    """The replicas of a role of AIBrix, none unless told, each a group of so many pods."""
    role = path[:-1]
    return whole((*role, "replicas"), 0) * max(1, whole((*role, "podGroupSize"), 1))


def group_role(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The replicas of a role of a RoleBasedGroup, each a leader with its workers where the role is of such groups."""
    role = path[:_ROLE_DEPTH]
    groups = [key for key in ("leaderWorkerSet", "leaderWorkerPattern") if isinstance(step(data, (*role, key)), dict)]
    return whole((*role, "replicas"), 1) * (whole((*role, groups[0], "size"), 1) if groups else 1)


def group_component(whole: Whole, _data: Mapping[str, Any], path: FieldPath) -> int:
    """The pods of a component of a role, as often as there are replicas of the role."""
    return whole((*path[:_ROLE_DEPTH], "replicas"), 1) * whole((*path[:-1], "size"), 1)


def group_template(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The pods of the roles that name a template of their RoleBasedGroup."""
    name, total = step(data, (*path[:-1], "name")), 0
    for role, spec in items(step(data, ("spec", "roles")), ("spec", "roles")):
        sources = (spec, mapping(spec.get("standalonePattern")), mapping(spec.get("leaderWorkerPattern")))
        if any(step(one, ("templateRef", "name")) == name for one in sources):
            total += group_role(whole, data, (*role, "template"))
    return total


def served(whole: Whole, _data: Mapping[str, Any], path: FieldPath) -> int:
    """The replicas of a predictor of KServe; scaled to zero it still has one when it works."""
    return max(1, whole((*path, "minReplicas"), 1))


def served_workers(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The workers beside each head: the nodes that the parallel sizes come to with so many GPUs a worker, less the head.

    Source: computeRayNodeAndGPUs and computeMpNodeAndGPUs of kserve v0.20, pkg/controller/v1beta1/inferenceservice.
    """
    stages, width = (whole((*path, key), 1) for key in ("pipelineParallelSize", "tensorParallelSize"))
    nodes = stages
    asked = mapping(step(data, (*path, "containers", 0, "resources", "requests")))
    gpus = max(
        (found.int64 for name, value in asked.items() if "gpu" in name and (found := quantity(value))), default=0
    )
    if gpus and "tensorParallelSize" in mapping(step(data, path)):
        nodes = -(-stages * width // gpus)
    return served(whole, data, path[:-1]) * max(0, nodes - 1)


def llm(whole: Whole, data: Mapping[str, Any], path: FieldPath) -> int:
    """The replicas of an LLMInferenceService: each a pod, or with a worker a group of a leader and its workers."""
    workload = path[:-1]
    group = parallel_nodes(mapping(step(data, (*workload, "parallelism"))))
    if path[-1] == "template":
        return whole((*workload, "replicas"), 1)
    leads = step(data, (*workload, "template")) is not None
    return whole((*workload, "replicas"), 1) * (max(0, group - 1) if leads else group)


def has_no_base(data: Mapping[str, Any], _path: FieldPath) -> bool:
    """Whether an LLMInferenceService is merged with the presets of KServe alone, and with nothing that it names."""
    return not step(data, ("spec", "baseRefs"))


def workspace(whole: Whole, _data: Mapping[str, Any], _path: FieldPath) -> int:
    """The nodes of a Workspace of KAITO."""
    return whole(("resource", "count"), 1)


def is_no_mpi_master(data: Mapping[str, Any], path: FieldPath) -> bool:
    """Whether a task of a Volcano Job works: the master of its MPI plugin starts the workers and is none.

    Source: pkg/controllers/job/plugins/distributed-framework/mpi/mpi.go of volcano v1.12.
    """
    arguments = step(data, ("spec", "plugins", "mpi"))
    if arguments is None:
        return routes_nothing(data, path)
    named = [text(one).partition("=")[2] for one in sequence(arguments) if text(one).lstrip("-").startswith("master=")]
    return bool(step(data, (*path[:-1], "name")) != (named[0] if named else "master"))


_ROUTERS: Final = ("router", "gateway", "frontend", "planner", "proxy", "launcher", "scheduler", "routing", "epp")
"""Parts of the names by which workloads call what only passes requests on, plans, or starts others."""


def routes_nothing(data: Mapping[str, Any], path: FieldPath) -> bool:
    """Whether the pods of a role do the work, as against routing, planning or starting it, by what it is called."""
    for length in range(len(path) - 1, 1, -1):
        role = step(data, path[:length])
        name = next((step(role, (key,)) for key in ("componentType", "type", "name") if text(step(role, (key,)))), None)
        if name is None and isinstance(step(data, path[: length - 1]), dict) and path[length - 2] == "services":
            name = path[length - 1]
        if name is not None:
            return not any(word in str(name).lower() for word in _ROUTERS)
    return True
