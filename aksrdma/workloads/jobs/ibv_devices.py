"""`ibv-devices`: whether each node has all InfiniBand devices of its VM size, with every link Active."""

from __future__ import annotations

from aksrdma.plan import Planned
from aksrdma.workloads.jobs import objects, pods
from aksrdma.workloads.jobs.environment import Variable
from aksrdma.workloads.jobs.facts import JobFacts
from aksrdma.workloads.jobs.pods import PodParts
from aksrdma.workloads.jobs.scripts import read_scripts
from aksrdma.workloads.jobs.target import JobOptions, Target


def plan(target: Target, facts: JobFacts, options: JobOptions, nodes: int) -> tuple[list[Planned], list[str]]:
    """Return the objects that count devices, and what a user should know of them."""
    count = target.size.infiniband.nic_count
    parts = PodParts(
        name=facts.name,
        container="ibv-devices",
        image=options.image or facts.image,
        script="check-node.sh",
        variables=[
            Variable("VM_SIZE", target.size.name),
            Variable("NIC_COUNT", str(count), "Fewer InfiniBand devices on a node fail the job.", "catalog vm-sizes"),
        ],
    )
    scripts = objects.config_map(target, facts, "scripts", read_scripts(("common.sh", "check-node.sh")))
    return [scripts, objects.job(target, facts, nodes, pods.worker(target, parts))], []
