"""A workload for a node pool: refuses what cannot run there, then plans the objects; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from aksrdma.errors import UsageError
from aksrdma.plan import Planned
from aksrdma.workloads.jobs import all_reduce, ibv_devices, perftest, sockperf
from aksrdma.workloads.jobs.facts import JobFacts, job_facts
from aksrdma.workloads.jobs.target import JobOptions, Target

_PLANNERS: Final = {
    "nccl-all-reduce": all_reduce.plan,
    "rccl-all-reduce": all_reduce.plan,
    "perftest": perftest.plan,
    "ibv-devices": ibv_devices.plan,
    "sockperf": sockperf.plan,
}
_MPI: Final = ("nccl-all-reduce", "rccl-all-reduce")
_OTHER: Final[dict[str, Literal["nccl-all-reduce", "rccl-all-reduce"]]] = {
    "nvidia": "nccl-all-reduce",
    "amd": "rccl-all-reduce",
}


@dataclass(frozen=True, slots=True)
class WorkloadPlan:
    """The objects of a workload, in the order in which to apply them."""

    kind: str
    target: Target
    nodes: int
    job_kind: Literal["Job", "MPIJob"]
    objects: tuple[Planned, ...]
    notes: tuple[str, ...]
    """What is unsure or unusual, a sentence each."""


def plan_workload(kind: str, target: Target, options: JobOptions | None = None) -> WorkloadPlan:
    """Plan a job that proves that RDMA works on a node pool.

    Args:
        kind: one of `KINDS`.
        target: the node pool.
        options: what the user chose.

    Raises:
        UnknownNameError: no such workload.
        UsageError: a workload that the VM size or the profile cannot run, or options that do not fit it.
    """
    facts = job_facts(kind)
    chosen = options or JobOptions()
    nodes = _nodes(target, facts, chosen)
    for problem in _problems(target, facts, chosen, nodes):
        raise UsageError(problem)
    made, notes = _PLANNERS[kind](target, facts, chosen, nodes)
    job_kind: Literal["Job", "MPIJob"] = "MPIJob" if chosen.kind == "mpijob" else "Job"
    return WorkloadPlan(kind, target, nodes, job_kind, tuple(made), (*notes, *_image_notes(target, facts, chosen)))


def _nodes(target: Target, facts: JobFacts, options: JobOptions) -> int:
    if options.nodes is not None:
        return options.nodes
    count = target.pool.count if target.named else None
    if count is None:
        return facts.least_nodes
    return count - count % 2 if facts.name == "perftest" and count > 1 else count


def _problems(target: Target, facts: JobFacts, options: JobOptions, nodes: int) -> Iterator[str]:
    yield from _unfit(target, facts)
    if nodes < facts.least_nodes:
        yield f"{facts.name} runs on {facts.least_nodes} nodes or more, not on {nodes}: {_why_several(facts)}"
    if facts.name == "perftest" and nodes % 2:
        yield f"perftest measures between nodes two by two, so --nodes has to be even, not {nodes}"
    count = target.pool.count if target.named else None
    if count is not None and nodes > count:
        yield f"node pool {target.pool.name} has {count} nodes, fewer than {nodes}; lower --nodes"
    yield from _misplaced(target, facts, options)


def _unfit(target: Target, facts: JobFacts) -> Iterator[str]:
    size = target.size
    if facts.gpu_vendor and size.gpu is None:
        yield f"{facts.name} needs GPUs, and {size.name} has none; use perftest or ibv-devices"
    elif facts.gpu_vendor and size.gpu and size.gpu.vendor != facts.gpu_vendor:
        yield f"{facts.name} does not run on the {size.gpu.model} GPUs of {size.name}; use {_OTHER[size.gpu.vendor]}"
    if target.profile not in facts.profiles:
        yield (
            f"{facts.name} needs the profile {' or '.join(facts.profiles)}, and the cluster has {target.profile}: pods have "
            "no IPoIB interface there"
        )


def _misplaced(target: Target, facts: JobFacts, options: JobOptions) -> Iterator[str]:
    if options.kind == "mpijob" and facts.name not in _MPI:
        yield f"{facts.name} does not use MPI; leave --kind out"
    if options.topology_file is not None and facts.name != "nccl-all-reduce":
        yield f"{facts.name} reads no NCCL topology file; leave --topology-file out"
    if options.gpu_memory and facts.name != "perftest":
        yield f"--gpu-memory is for perftest, not for {facts.name}"
    elif options.gpu_memory and target.size.gpu is None:
        yield f"{target.size.name} has no GPU; leave --gpu-memory out"


def _why_several(facts: JobFacts) -> str:
    return "inside one node NVLink or memory carries the data" if facts.gpu_vendor else "it measures between two"


def _image_notes(target: Target, facts: JobFacts, options: JobOptions) -> Iterator[str]:
    if options.image is not None:
        yield f"{options.image} has to have {', '.join(facts.image_has)}"
    elif target.size.arch == "arm64":
        yield f"{target.size.name} is arm64; where upstream's image has no build for it, name another with --image"
