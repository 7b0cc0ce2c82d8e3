"""The jobs of `aksrdma workload`, as `catalog/workloads/jobs.yaml` has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from aksrdma.catalog import load
from aksrdma.errors import UnknownNameError
from aksrdma.nearest import hint


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
    presets_instead: Mapping[str, str]
    """Preset to the one that is taken in its place, where the first would keep the data off InfiniBand."""
    profiles: tuple[str, ...]
    """Profiles that serve it."""
    least_nodes: int
    deadline_seconds: int
    """After these it failed, whatever it waits for."""
    ready_seconds: int
    """Time for the other pods to start; the first pull of an image is part of it."""
    message_max: str | None
    """Largest message of an all-reduce where no floor was published for the VM size."""
    max_latency_us: int | None
    """Microseconds that the measured latency has to stay below."""
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str


@load.cached
def jobs() -> Mapping[str, JobFacts]:
    """Return all jobs by name."""
    return MappingProxyType({row.name: row for row in load.rows(JobFacts, "workloads/jobs.yaml")})


def job(kind: str) -> JobFacts:
    """Return what the catalog knows of a job.

    Raises:
        UnknownNameError: no such workload.
    """
    known = jobs()
    if kind not in known:
        raise UnknownNameError(f"no workload named {kind!r}{hint(kind, known)} (known: {', '.join(known)})")
    return known[kind]
