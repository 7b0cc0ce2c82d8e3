"""What the catalog knows of the jobs: images, limits, and what a topology file needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from aksrdma.catalog import load
from aksrdma.errors import UnknownNameError
from aksrdma.nearest import hint

KINDS: Final = ("nccl-all-reduce", "rccl-all-reduce", "perftest", "ibv-devices", "sockperf")
"""Names of the workloads."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JobFacts:
    """One workload: a row of `catalog/workloads/jobs.yaml`."""

    name: str
    title: str
    image: str
    """Upstream's image."""
    binary: str | None
    """Path of all_reduce_perf in that image."""
    image_has: tuple[str, ...]
    """What another image must have to stand in."""
    gpu_vendor: Literal["nvidia", "amd"] | None
    """GPUs that it runs on; null: it needs none."""
    libraries: tuple[str, ...]
    """Libraries whose presets it is run with."""
    profiles: tuple[str, ...]
    """Profiles that serve it."""
    least_nodes: int
    deadline_seconds: int
    """After these it failed, whatever it waits for."""
    ready_seconds: int
    """Time for the other pods to start; the first pull of an image is part of it."""
    max_latency_us: int | None
    """Microseconds that the measured latency has to stay below."""
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopologyFileFacts:
    """What a topology file says beside addresses: a row of `catalog/workloads/topology_files.yaml`."""

    family: str
    pairs_per_bridge: int
    """Pairs of GPU and NIC behind one PCI bridge."""
    link_speed: str
    """As NCCL spells it."""
    link_width: int
    """PCIe lanes."""
    basis: str
    sources: tuple[str, ...]
    checked: str


def job_facts(kind: str) -> JobFacts:
    """Return the facts of a workload.

    Raises:
        UnknownNameError: no such workload.
    """
    row = _jobs().get(kind)
    if row is None:
        raise UnknownNameError(f"no workload named {kind!r}{hint(kind, KINDS)} (known: {', '.join(KINDS)})")
    return row


@cache
def topology_file_facts(family: str) -> TopologyFileFacts | None:
    """Return what is known for the topology file of a family; None where that is too little to write one."""
    file = "workloads/topology_files.yaml"
    rows = (load.build(TopologyFileFacts, data, f"{file}[{at}]") for at, data in enumerate(load.read(file)))
    return next((row for row in rows if row.family == family), None)


@cache
def _jobs() -> dict[str, JobFacts]:
    file = "workloads/jobs.yaml"
    rows = (load.build(JobFacts, data, f"{file}[{at}]") for at, data in enumerate(load.read(file)))
    return {row.name: row for row in rows}
