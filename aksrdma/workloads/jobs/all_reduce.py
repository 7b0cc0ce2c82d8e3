"""`nccl-all-reduce` and `rccl-all-reduce`: a collective over every GPU of several nodes."""

from __future__ import annotations

from typing import Final

from aksrdma import catalog
from aksrdma.plan import Planned
from aksrdma.workloads.jobs import manifests
from aksrdma.workloads.jobs.manifests import PodParts, Variable
from aksrdma.workloads.jobs.target import Workload
from aksrdma.workloads.jobs.topology import TopologyFile, topology_file

_SCRIPTS: Final = ("common.sh", "check-node.sh", "rank.sh", "all-reduce.sh", "judge-all-reduce.sh")
_SSH_PORT: Final = 2222
_MPI_SSH_PORT: Final = 22
"""Where the MPI operator's ssh looks for the workers."""
_TOPOLOGY_VARIABLE: Final = "NCCL_TOPO_FILE"
_ALWAYS: Final = (
    Variable("NCCL_DEBUG", "INFO", "Only INFO shows which transport was used; the job judges by it."),
    Variable("NCCL_DEBUG_SUBSYS", "INIT,ENV,GRAPH", "GRAPH has the line that says that the topology file was loaded."),
    Variable("NCCL_SOCKET_IFNAME", "eth0", "The first connection goes over Ethernet."),
)


def all_reduce(work: Workload) -> tuple[list[Planned], list[str]]:
    """Return the objects of an all-reduce, and what a user should know of them."""
    nvidia = work.facts.gpu_vendor == "nvidia"
    topology = topology_file(work.size, work.options.topology_file) if nvidia else TopologyFile(None, None)
    made = [manifests.config_map(work, "topology", {"topo.xml": topology.text})] if topology.text else []
    build = _mpi_job if work.options.kind == "mpijob" else _job
    made += build(work, topology.text is not None)
    notes = [topology.note] if topology.note else []
    if _busbw_floor(work) is None:
        notes.append(
            f"nobody published the all-reduce bandwidth of {work.size.name} over several nodes: the job proves that "
            "InfiniBand carries it and prints the bandwidth, but cannot judge that"
        )
    if work.options.kind == "mpijob":
        notes.append("an MPIJob needs the MPI operator (kubeflow/mpi-operator); --kind job needs none")
    return made, notes


def _job(work: Workload, topology: bool) -> list[Planned]:
    port = Variable("SSH_PORT", str(_SSH_PORT))
    parts = PodParts(
        container="all-reduce",
        script="job-node.sh",
        variables=[*manifests.service_variables(work), port, *_variables(work, topology)],
        gpus=True,
        topology=topology,
        has_service=True,
    )
    made = manifests.job(work, manifests.worker(work, parts))
    return [manifests.scripts(work, *_SCRIPTS, "job-node.sh"), manifests.service(work), made]


def _mpi_job(work: Workload, topology: bool) -> list[Planned]:
    hosts = Variable("HOSTFILE", "/etc/mpi/hostfile", "The MPI operator writes it.")
    launcher = PodParts(container="launcher", script="mpi-launcher.sh", variables=[hosts, *_variables(work, topology)])
    worker = PodParts(
        container="worker",
        script="mpi-worker.sh",
        variables=[],
        gpus=True,
        topology=topology,
        ready_port=_MPI_SSH_PORT,
    )
    made = manifests.mpi_job(work, manifests.launcher(work, launcher), manifests.worker(work, worker))
    return [manifests.scripts(work, *_SCRIPTS, "mpi-launcher.sh", "mpi-worker.sh"), made]


def _variables(work: Workload, topology: bool) -> list[Variable]:
    size = work.size
    preset = _preset_variables(work)
    if not topology:
        preset.pop(_TOPOLOGY_VARIABLE, None)
    preset |= {one.name: one for one in _ALWAYS if one.name not in preset}
    # Ranks start over ssh, which passes on no environment; `mpirun -x` has to name each variable.
    exported = ["VM_SIZE", "NIC_COUNT", *preset]
    # The published floor was measured with a message of this size.
    largest = (size.floors.nccl_message_size if size.floors else None) or work.facts.message_max or ""
    floor = _busbw_floor(work)
    if floor is None:
        needed = Variable("FLOOR_GBYTE_PER_S", "", f"Nobody published what {size.name} reaches over several nodes.")
    else:
        why = f"Bus bandwidth in GB/s over several nodes of {size.name}; less fails the job."
        needed = Variable("FLOOR_GBYTE_PER_S", f"{floor:g}", why, "catalog vm-sizes floors.multi_node")
    return [
        *manifests.size_variables(size),
        Variable("NODES", str(work.nodes)),
        Variable("GPUS", str(size.gpu.count if size.gpu else 0), "Ranks of a node, one a GPU."),
        Variable(
            "READY_SECONDS", str(work.facts.ready_seconds), "How long the nodes may take to start, images included."
        ),
        Variable("ALL_REDUCE_PERF", work.facts.binary or "all_reduce_perf", "Where the image has it."),
        Variable("MESSAGE_MIN", "1M"),
        Variable("MESSAGE_MAX", largest),
        needed,
        Variable("EXPORT", " ".join(exported), "What each rank gets by mpirun -x."),
        *preset.values(),
    ]


def _busbw_floor(work: Workload) -> float | None:
    """Return the least bus bandwidth in GB/s over several nodes; None where nobody published one."""
    return work.size.floors.all_reduce(several=True) if work.size.floors else None


def _preset_variables(work: Workload) -> dict[str, Variable]:
    """Return the variables that the catalog's presets set by default for the VM size and the job's libraries, by name."""
    presets = {preset.name: preset for preset in catalog.presets(work.size.name)}
    dropped = {name for name, instead in work.facts.presets_instead.items() if instead in presets}
    return {
        row.name: Variable(row.name, row.value, _sentence(row.reason), f"catalog preset {preset.name}")
        for preset in presets.values()
        if preset.library in work.facts.libraries and preset.name not in dropped
        for row in preset.variables
        if row.default and row.value is not None
    }


def _sentence(text: str) -> str:
    """Return a reason as a sentence; names in capitals stay as they are."""
    first = text.split(" ", 1)[0]
    head = first if any(letter.isupper() for letter in first) else first.capitalize()
    return head + text[len(first) :] + ("" if text.endswith(".") else ".")
