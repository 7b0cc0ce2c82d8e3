"""`perftest`: latency and bandwidth of each NIC between pairs of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.plan import Planned
from aksrdma.workloads.jobs import objects, pods
from aksrdma.workloads.jobs.environment import Variable
from aksrdma.workloads.jobs.facts import JobFacts
from aksrdma.workloads.jobs.pods import PodParts
from aksrdma.workloads.jobs.scripts import read_scripts
from aksrdma.workloads.jobs.target import JobOptions, Target

if TYPE_CHECKING:
    from aksrdma.catalog.rows import VmSize

_PORT: Final = 18515
"""perftest's own; each test takes the next."""


def plan(target: Target, facts: JobFacts, options: JobOptions, nodes: int) -> tuple[list[Planned], list[str]]:
    """Return the objects of a perftest, and what a user should know of them."""
    parts = PodParts(
        name=facts.name,
        container="perftest",
        image=options.image or facts.image,
        script="perftest.sh",
        variables=[*_variables(target, facts), *_gpu_variables(target.size, options.gpu_memory)],
        gpus=options.gpu_memory,
        subdomain=facts.name,
    )
    scripts = objects.config_map(target, facts, "scripts", read_scripts(("common.sh", "perftest.sh")))
    made = objects.job(target, facts, nodes, pods.worker(target, parts))
    return [scripts, objects.service(target, facts), made], _notes(target, options)


def _variables(target: Target, facts: JobFacts) -> list[Variable]:
    size = target.size
    latency = "Microseconds; a read latency that is not below them fails the job."
    return [
        Variable("JOB_NAME", facts.name),
        Variable("SERVICE", facts.name),
        Variable("VM_SIZE", size.name),
        Variable("NIC_COUNT", str(size.infiniband.nic_count), "Fewer InfiniBand devices on a node fail the job."),
        Variable("PORT", str(_PORT)),
        Variable("READY_SECONDS", str(facts.ready_seconds), "How long the other node may take to start."),
        Variable("STEP_SECONDS", "120", "For one test of one NIC."),
        Variable("DURATION_SECONDS", "10"),
        Variable("QUEUE_PAIRS", "4", "One queue pair does not fill a link of 400 Gb/s everywhere."),
        Variable("MAX_LATENCY_US", str(facts.max_latency_us), latency, "Azure/aks-rdma-infiniband rdma_test.sh"),
        _floor_variable(size),
    ]


def _floor_variable(size: VmSize) -> Variable:
    floor = size.floors.perftest_gbit_per_s if size.floors else None
    if floor is None:
        return Variable("FLOOR_GBIT_PER_S", "", f"Nobody published what a NIC of {size.name} reaches.")
    why = f"Gb/s of one NIC of {size.name}; less fails the job."
    return Variable("FLOOR_GBIT_PER_S", str(floor), why, "catalog vm-sizes floors.perftest_gbit_per_s")


def _gpu_variables(size: VmSize, gpu_memory: bool) -> list[Variable]:
    if not gpu_memory or size.gpu is None:
        return [Variable("MEMORY", "host")]
    found = [
        Variable("MEMORY", "host gpu", "First from host memory, then from GPU memory (GPUDirect RDMA)."),
        Variable("GPU_VENDOR", size.gpu.vendor),
        Variable("GPU_COUNT", str(size.gpu.count)),
    ]
    if size.gpu.vendor == "nvidia":
        found.append(Variable("CUDA_DEVICE_ORDER", "PCI_BUS_ID", "GPU numbers follow the PCI order."))
    if near := nearest_gpus(size):
        words = " ".join(f"{nic}={gpu}" for nic, gpu in near.items())
        found.append(Variable("GPU_OF_NIC", words, "PCI address of each NIC and number of the GPU that is near to it."))
    return found


def nearest_gpus(size: VmSize) -> dict[str, int]:
    """Return PCI address of a NIC to the number of a GPU near to it, in PCI order; empty where nobody says."""
    family = catalog.topology(size.topology) if size.topology else None
    if family is None:
        return {}
    if family.pairs:
        order = {gpu: number for number, gpu in enumerate(sorted(pair.gpu for pair in family.pairs))}
        return {pair.nic: order[pair.gpu] for pair in family.pairs}
    if not family.gpu_numa or not family.nic_numa:
        return {}
    gpus = sorted(family.gpu_numa)
    taken: dict[str, int] = {}
    for nic, numa in sorted(family.nic_numa.items()):
        free = [at for at, gpu in enumerate(gpus) if family.gpu_numa[gpu] == numa and at not in taken.values()]
        taken |= {nic: free[0]} if free else {}
    return taken


def _notes(target: Target, options: JobOptions) -> list[str]:
    notes = []
    if target.size.floors is None or target.size.floors.perftest_gbit_per_s is None:
        notes.append(
            f"nobody published the bandwidth of a NIC of {target.size.name}: the job proves that each NIC carries data and "
            "prints how much, but judges only the latency"
        )
    if options.gpu_memory and options.image is None:
        notes.append(
            "GPU memory needs a perftest that is built with CUDA or ROCm; the job says so where upstream's ibtools image "
            "has none, and --image takes another"
        )
    return notes
