"""`nccl-all-reduce` and `rccl-all-reduce`: a collective over every GPU of several nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aksrdma.plan import Planned
from aksrdma.workloads.jobs import objects, pods
from aksrdma.workloads.jobs.environment import TOPOLOGY_VARIABLE, Variable, preset_variables
from aksrdma.workloads.jobs.facts import JobFacts
from aksrdma.workloads.jobs.pods import PodParts
from aksrdma.workloads.jobs.scripts import read_scripts
from aksrdma.workloads.jobs.target import JobOptions, Target
from aksrdma.workloads.jobs.topology import TopologyFile, topology_file

if TYPE_CHECKING:
    from aksrdma.catalog.rows import VmSize

_SCRIPTS: Final = ("common.sh", "check-node.sh", "rank.sh", "all-reduce.sh", "judge-all-reduce.sh")
_SSH_PORT: Final = 2222
_MPI_SSH_PORT: Final = 22
"""Where the MPI operator's ssh looks for the workers."""
_ALWAYS: Final = (
    Variable("NCCL_DEBUG", "INFO", "Only INFO shows which transport was used; the job judges by it."),
    Variable("NCCL_DEBUG_SUBSYS", "INIT,ENV,GRAPH", "GRAPH has the line that says that the topology file was loaded."),
    Variable("NCCL_SOCKET_IFNAME", "eth0", "The first connection goes over Ethernet."),
)


def plan(target: Target, facts: JobFacts, options: JobOptions, nodes: int) -> tuple[list[Planned], list[str]]:
    """Return the objects of an all-reduce, and what a user should know of them."""
    nvidia = facts.gpu_vendor == "nvidia"
    topology = topology_file(target.size, options.topology_file) if nvidia else TopologyFile(None, None)
    found = [_topology(target, facts, topology.text)] if topology.text else []
    build = _mpi_job if options.kind == "mpijob" else _job
    found += build(target, facts, options, nodes, topology.text is not None)
    notes = [topology.note] if topology.note else []
    return found, notes + _notes(target, options)


def busbw_floor(size: VmSize) -> float | None:
    """Return the least bus bandwidth in GB/s over several nodes; None where nobody published one."""
    return size.floors.all_reduce(several=True) if size.floors else None


def _topology(target: Target, facts: JobFacts, text: str) -> Planned:
    return objects.config_map(target, facts, "topology", {"topo.xml": text})


def _job(target: Target, facts: JobFacts, options: JobOptions, nodes: int, topology: bool) -> list[Planned]:
    own = [
        Variable("JOB_NAME", facts.name),
        Variable("SERVICE", facts.name),
        Variable("SSH_PORT", str(_SSH_PORT)),
    ]
    parts = PodParts(
        name=facts.name,
        container="all-reduce",
        image=options.image or facts.image,
        script="job-node.sh",
        variables=own + _variables(target, facts, nodes, topology),
        gpus=True,
        topology=topology,
        subdomain=facts.name,
    )
    scripts = objects.config_map(target, facts, "scripts", read_scripts((*_SCRIPTS, "job-node.sh")))
    pod = pods.worker(target, parts)
    return [scripts, objects.service(target, facts), objects.job(target, facts, nodes, pod)]


def _mpi_job(target: Target, facts: JobFacts, options: JobOptions, nodes: int, topology: bool) -> list[Planned]:
    image = options.image or facts.image
    hosts = Variable("HOSTFILE", "/etc/mpi/hostfile", "The MPI operator writes it.")
    launcher = PodParts(
        name=facts.name,
        container="launcher",
        image=image,
        script="mpi-launcher.sh",
        variables=[hosts, *_variables(target, facts, nodes, topology)],
    )
    worker = PodParts(
        name=facts.name,
        container="worker",
        image=image,
        script="mpi-worker.sh",
        variables=[],
        gpus=True,
        topology=topology,
        ready_port=_MPI_SSH_PORT,
    )
    scripts = read_scripts((*_SCRIPTS, "mpi-launcher.sh", "mpi-worker.sh"))
    made = objects.mpi_job(target, facts, nodes, pods.launcher(target, launcher), pods.worker(target, worker))
    return [objects.config_map(target, facts, "scripts", scripts), made]


def _variables(target: Target, facts: JobFacts, nodes: int, topology: bool) -> list[Variable]:
    preset = {one.name: one for one in preset_variables(target.size, facts.libraries)}
    if not topology:
        preset.pop(TOPOLOGY_VARIABLE, None)
    preset |= {one.name: one for one in _ALWAYS if one.name not in preset}
    exported = ["VM_SIZE", "NIC_COUNT", *preset]
    size = target.size
    floor = busbw_floor(size)
    own = [
        Variable("VM_SIZE", size.name),
        Variable("NIC_COUNT", str(size.infiniband.nic_count), "Fewer InfiniBand devices on a node fail the job."),
        Variable("NODES", str(nodes)),
        Variable("GPUS", str(size.gpu.count if size.gpu else 0), "Ranks of a node, one a GPU."),
        Variable("READY_SECONDS", str(facts.ready_seconds), "How long the nodes may take to start, images included."),
        Variable("ALL_REDUCE_PERF", facts.binary or "all_reduce_perf", "Where the image has it."),
        Variable("MESSAGE_MIN", "1M"),
        Variable("MESSAGE_MAX", _largest_message(size)),
        _floor_variable(size, floor),
        Variable("EXPORT", " ".join(exported), "What each rank gets by mpirun -x."),
    ]
    return own + list(preset.values())


def _floor_variable(size: VmSize, floor: float | None) -> Variable:
    if floor is None:
        return Variable("FLOOR_GBYTE_PER_S", "", f"Nobody published what {size.name} reaches over several nodes.")
    why = f"Bus bandwidth in GB/s over several nodes of {size.name}; less fails the job."
    return Variable("FLOOR_GBYTE_PER_S", f"{floor:g}", why, "catalog vm-sizes floors.multi_node")


def _largest_message(size: VmSize) -> str:
    """Return the message size of the published floor; 8G where there is none, as upstream's RCCL job has it."""
    return (size.floors.nccl_message_size if size.floors else None) or "8G"


def _notes(target: Target, options: JobOptions) -> list[str]:
    notes = []
    if busbw_floor(target.size) is None:
        notes.append(
            f"nobody published the all-reduce bandwidth of {target.size.name} over several nodes: the job proves that "
            "InfiniBand carries it and prints the bandwidth, but cannot judge that"
        )
    if options.kind == "mpijob":
        notes.append("an MPIJob needs the MPI operator (kubeflow/mpi-operator); --kind job needs none")
    return notes
