"""`sockperf`: TCP over the IPoIB interface that Multus adds to the pods."""

from __future__ import annotations

from typing import Final

from aksrdma.plan import Planned
from aksrdma.workloads.jobs import objects, pods
from aksrdma.workloads.jobs.environment import Variable
from aksrdma.workloads.jobs.facts import JobFacts
from aksrdma.workloads.jobs.pods import PodParts
from aksrdma.workloads.jobs.scripts import read_scripts
from aksrdma.workloads.jobs.target import JobOptions, Target

_PORT: Final = 11111
_ANNOUNCE_PORT: Final = 11113
_NETWORKS: Final = "k8s.v1.cni.cncf.io/networks"
_SCRIPTS: Final = ("common.sh", "sockperf.sh", "announce.pl")


def plan(target: Target, facts: JobFacts, options: JobOptions, nodes: int) -> tuple[list[Planned], list[str]]:
    """Return the objects of a sockperf run, and what a user should know of them."""
    parts = PodParts(
        name=facts.name,
        container="sockperf",
        image=options.image or facts.image,
        script="sockperf.sh",
        variables=_variables(target, facts, nodes),
        subdomain=facts.name,
        annotations={_NETWORKS: target.decisions.cluster.ipoib.name},
    )
    scripts = objects.config_map(target, facts, "scripts", read_scripts(_SCRIPTS))
    made = objects.job(target, facts, nodes, pods.worker(target, parts))
    note = "nobody published the bandwidth of TCP over IPoIB: the job prints it and judges only the latency"
    return [scripts, objects.service(target, facts), made], [note]


def _variables(target: Target, facts: JobFacts, nodes: int) -> list[Variable]:
    latency = "Microseconds; a latency that is not below them fails the job."
    return [
        Variable("JOB_NAME", facts.name),
        Variable("SERVICE", facts.name),
        Variable("VM_SIZE", target.size.name),
        Variable(
            "NIC_COUNT", str(target.size.infiniband.nic_count), "Fewer InfiniBand devices on a node fail the job."
        ),
        Variable("NODES", str(nodes)),
        Variable("INTERFACE", "net1", "The first interface that Multus adds."),
        Variable("PORT", str(_PORT)),
        Variable(
            "ANNOUNCE_PORT", str(_ANNOUNCE_PORT), "Where index 0 says its IPoIB address, which DNS does not know."
        ),
        Variable("READY_SECONDS", str(facts.ready_seconds), "How long the other nodes may take to start."),
        Variable("STEP_SECONDS", "60", "For one test."),
        Variable("DURATION_SECONDS", "10"),
        Variable("MAX_LATENCY_US", str(facts.max_latency_us), latency, "Azure/aks-rdma-infiniband sockperf test"),
    ]
