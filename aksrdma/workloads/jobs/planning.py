"""A workload for a node pool: refuses what cannot run there, plans the objects, and tells them as text; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from aksrdma import catalog
from aksrdma.errors import UsageError
from aksrdma.plan import Planned
from aksrdma.plan.registry import in_registry
from aksrdma.rendering.tree import MARK, Tree
from aksrdma.workloads.jobs.all_reduce import all_reduce
from aksrdma.workloads.jobs.ibtools import ibv_devices, perftest, sockperf
from aksrdma.workloads.jobs.target import JobOptions, Target, Workload

_PLANNERS: Final = {
    "nccl-all-reduce": all_reduce,
    "rccl-all-reduce": all_reduce,
    "perftest": perftest,
    "ibv-devices": ibv_devices,
    "sockperf": sockperf,
}
KINDS: Final = tuple(_PLANNERS)
"""Names of the workloads: the rows of `catalog/workloads/jobs.yaml`."""
_OF_VENDOR: Final = {"nvidia": "nccl-all-reduce", "amd": "rccl-all-reduce"}
"""The all-reduce by the vendor of the GPUs; these use MPI."""


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
    facts, chosen = catalog.job(kind), options or JobOptions()
    nodes = chosen.nodes if chosen.nodes is not None else target.count
    if nodes is None:
        nodes = facts.least_nodes
    elif chosen.nodes is None and kind == "perftest" and nodes > 1:
        nodes -= nodes % 2  # it measures between pairs, so one node of an odd pool is left out
    work = Workload(facts, target, chosen, nodes)
    for problem in (*_unfit(work), *_misplaced(work)):
        raise UsageError(problem)  # the first one: the others often follow from it
    made, notes = _PLANNERS[kind](work)
    made = [in_registry(one, target.decisions.cluster, moved=chosen.image is None) for one in made]
    if chosen.image is not None:
        notes.append(f"{chosen.image} has to have {', '.join(facts.image_has)}")
    elif target.size.arch == "arm64":
        notes.append(
            f"{target.size.name} is arm64; where upstream's image has no build for it, name another with --image"
        )
    return WorkloadPlan(kind, target, nodes, "MPIJob" if chosen.kind == "mpijob" else "Job", tuple(made), tuple(notes))


def workload_stream(plan: WorkloadPlan) -> str:
    """Return the objects as one YAML stream, in the order in which to apply them."""
    documents = [planned.text for planned in plan.objects]
    return f"# {_header(plan)}\n" + "---\n".join(documents)


def workload_tree(plan: WorkloadPlan) -> Tree:
    """Return the files of a folder that `kubectl apply -k` takes."""
    files: dict[str, Planned] = {}
    for planned in plan.objects:
        part = str(planned.data["metadata"]["name"]).removeprefix(plan.kind)
        files[f"{str(planned.data['kind']).lower()}{part}.yaml"] = planned
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(files),
    }
    named = {"kustomization.yaml": Planned(kustomization)} | files
    return Tree({path: f"# {_header(plan)}\n{one.text}" for path, one in named.items()}, plan.notes)


def _header(plan: WorkloadPlan) -> str:
    where = f"node pool {plan.target.pool.name}, " if plan.target.named else ""
    what = f"{where}{plan.target.size.name}, {plan.target.profile}"
    return f"{MARK}: workload {plan.kind} on {plan.nodes} nodes, {what}. The next render overwrites edits."


def _unfit(work: Workload) -> Iterator[str]:
    """Say why the nodes cannot run the job."""
    name, size, target, facts = work.name, work.size, work.target, work.facts
    if facts.gpu_vendor and size.gpu is None:
        yield f"{name} needs GPUs, and {size.name} has none; use perftest or ibv-devices"
    elif facts.gpu_vendor and size.gpu and size.gpu.vendor != facts.gpu_vendor:
        yield f"{name} does not run on the {size.gpu.model} GPUs of {size.name}; use {_OF_VENDOR[size.gpu.vendor]}"
    if target.profile not in facts.profiles:
        yield (
            f"{name} needs the profile {' or '.join(facts.profiles)}, and the cluster has {target.profile}: pods have "
            "no IPoIB interface there"
        )
    if work.nodes < facts.least_nodes:
        why = "inside one node NVLink or memory carries the data" if facts.gpu_vendor else "it measures between two"
        least = f"{facts.least_nodes} nodes" if facts.least_nodes > 1 else "one node"
        reason = f": {why}" if facts.least_nodes > 1 else ""
        yield f"{name} runs on {least} or more, not on {work.nodes}{reason}"
    if name == "perftest" and work.nodes % 2:
        yield f"perftest measures between nodes two by two, so --nodes has to be even, not {work.nodes}"
    if target.count is not None and work.nodes > target.count:
        yield f"node pool {target.pool.name} has {target.count} nodes, fewer than {work.nodes}; lower --nodes"


def _misplaced(work: Workload) -> Iterator[str]:
    """Say which options do not belong to the job."""
    name, options = work.name, work.options
    if options.kind == "mpijob" and name not in _OF_VENDOR.values():
        yield f"{name} does not use MPI; leave --kind out"
    if options.topology_file is not None and name != "nccl-all-reduce":
        yield f"{name} reads no NCCL topology file; leave --topology-file out"
    if options.gpu_memory and name != "perftest":
        yield f"--gpu-memory is for perftest, not for {name}"
    elif options.gpu_memory and work.size.gpu is None:
        yield f"{work.size.name} has no GPU; leave --gpu-memory out"
