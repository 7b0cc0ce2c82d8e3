"""The jobs that need no GPU and run upstream's ibtools image: `perftest`, `ibv-devices` and `sockperf`."""

from __future__ import annotations

from typing import Final

from aksrdma.kube.labels import NETWORKS
from aksrdma.plan import Planned
from aksrdma.workloads.jobs import manifests
from aksrdma.workloads.jobs.manifests import PodParts, Variable
from aksrdma.workloads.jobs.target import Workload
from aksrdma.workloads.jobs.topology import nearest_gpus

_PERFTEST_PORT: Final = 18515
"""perftest's own; each test takes the next."""
_SOCKPERF_PORT: Final = 11111
_ANNOUNCE_PORT: Final = 11113


def perftest(work: Workload) -> tuple[list[Planned], list[str]]:
    """Return the objects that measure latency and bandwidth of each NIC between pairs of nodes, and notes on them."""
    size, facts, options = work.size, work.facts, work.options
    floor = size.floors.perftest_gbit_per_s if size.floors else None
    if floor is None:
        needed = Variable("FLOOR_GBIT_PER_S", "", f"Nobody published what a NIC of {size.name} reaches.")
    else:
        why = f"Gb/s of one NIC of {size.name}; less fails the job."
        needed = Variable("FLOOR_GBIT_PER_S", str(floor), why, "catalog vm-sizes floors.perftest_gbit_per_s")
    latency = "Microseconds; a read latency that is not below them fails the job."
    variables = [
        *manifests.service_variables(work),
        *manifests.size_variables(size),
        Variable("PORT", str(_PERFTEST_PORT)),
        Variable("READY_SECONDS", str(facts.ready_seconds), "How long the other node may take to start."),
        Variable("STEP_SECONDS", "120", "For one test of one NIC."),
        Variable("DURATION_SECONDS", "10"),
        Variable("QUEUE_PAIRS", "4", "One queue pair does not fill a link of 400 Gb/s everywhere."),
        Variable("MAX_LATENCY_US", str(facts.max_latency_us), latency, "Azure/aks-rdma-infiniband rdma_test.sh"),
        needed,
        *_memory_variables(work),
    ]
    parts = PodParts(
        container="perftest", script="perftest.sh", variables=variables, gpus=options.gpu_memory, has_service=True
    )
    notes = []
    if floor is None:
        notes.append(
            f"nobody published the bandwidth of a NIC of {size.name}: the job proves that each NIC carries data and "
            "prints how much, but judges only the latency"
        )
    if options.gpu_memory and options.image is None:
        notes.append(
            "GPU memory needs a perftest that is built with CUDA or ROCm; the job says so where upstream's ibtools image "
            "has none, and --image takes another"
        )
    scripts = manifests.scripts(work, "common.sh", "perftest.sh")
    return [scripts, manifests.service(work), manifests.job(work, manifests.worker(work, parts))], notes


def ibv_devices(work: Workload) -> tuple[list[Planned], list[str]]:
    """Return the objects that count the InfiniBand devices of each node and look at their links, and notes on them."""
    parts = PodParts(container="ibv-devices", script="check-node.sh", variables=manifests.size_variables(work.size))
    scripts = manifests.scripts(work, "common.sh", "check-node.sh")
    return [scripts, manifests.job(work, manifests.worker(work, parts))], []


def sockperf(work: Workload) -> tuple[list[Planned], list[str]]:
    """Return the objects that measure TCP over the IPoIB interface that Multus adds to the pods, and notes on them."""
    announce = "Where index 0 says its IPoIB address, which DNS does not know."
    latency = "Microseconds; a latency that is not below them fails the job."
    most = str(work.facts.max_latency_us)
    variables = [
        *manifests.service_variables(work),
        *manifests.size_variables(work.size),
        Variable("NODES", str(work.nodes)),
        Variable("INTERFACE", "net1", "The first interface that Multus adds."),
        Variable("PORT", str(_SOCKPERF_PORT)),
        Variable("ANNOUNCE_PORT", str(_ANNOUNCE_PORT), announce),
        Variable("READY_SECONDS", str(work.facts.ready_seconds), "How long the other nodes may take to start."),
        Variable("STEP_SECONDS", "60", "For one test."),
        Variable("DURATION_SECONDS", "10"),
        Variable("MAX_LATENCY_US", most, latency, "Azure/aks-rdma-infiniband sockperf test"),
    ]
    parts = PodParts(
        container="sockperf",
        script="sockperf.sh",
        variables=variables,
        has_service=True,
        annotations={NETWORKS: work.target.decisions.cluster.ipoib.name},
    )
    scripts = manifests.scripts(work, "common.sh", "sockperf.sh", "announce.pl")
    note = "nobody published the bandwidth of TCP over IPoIB: the job prints it and judges only the latency"
    return [scripts, manifests.service(work), manifests.job(work, manifests.worker(work, parts))], [note]


def _memory_variables(work: Workload) -> list[Variable]:
    """Return from which memory perftest writes; with GPU memory, the GPU that is near to each NIC."""
    gpu = work.size.gpu
    if not work.options.gpu_memory or gpu is None:
        return [Variable("MEMORY", "host")]
    found = [
        Variable("MEMORY", "host gpu", "First from host memory, then from GPU memory (GPUDirect RDMA)."),
        Variable("GPU_VENDOR", gpu.vendor),
        Variable("GPU_COUNT", str(gpu.count)),
    ]
    if gpu.vendor == "nvidia":
        found.append(Variable("CUDA_DEVICE_ORDER", "PCI_BUS_ID", "GPU numbers follow the PCI order."))
    if near := nearest_gpus(work.size):
        words = " ".join(f"{nic}={gpu}" for nic, gpu in near.items())
        found.append(Variable("GPU_OF_NIC", words, "PCI address of each NIC and number of the GPU that is near to it."))
    return found
