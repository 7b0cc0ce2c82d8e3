"""What runs, and where: a job as the catalog describes it, on one node pool, hence one VM size and one InfiniBand fabric."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from aksrdma.cluster import NodePool
from aksrdma.errors import UsageError
from aksrdma.nearest import hint
from aksrdma.plan import Decisions

if TYPE_CHECKING:
    from aksrdma.catalog import JobFacts, VmSize

_GPU_TAINT: Final = {"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}
"""What the AKS documentation puts on GPU pools (azure-aks-docs `articles/aks/use-nvidia-gpu.md`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What a user may choose of a workload."""

    nodes: int | None = None
    """Nodes to run on; None: all of the pool where its size is known, else two (one for ibv-devices)."""
    kind: Literal["job", "mpijob"] = "job"
    """A Job, which every cluster has, or an MPIJob of the MPI operator."""
    image: str | None = None
    """Image to run; None: upstream's."""
    topology_file: bytes | None = None
    """The user's copy of the published NCCL topology file; None: one is generated where the catalog knows enough."""
    gpu_memory: bool = False
    """perftest: write from GPU memory too (GPUDirect RDMA)."""


@dataclass(frozen=True)
class Target:
    """A node pool with everything that pods on it need to know."""

    decisions: Decisions
    """Those of a cluster with this pool alone."""
    size: VmSize
    named: bool
    """Whether the pool's name is the user's; else only the VM size is known."""

    @property
    def pool(self) -> NodePool:
        """The node pool."""
        return self.decisions.pools[0]

    @property
    def count(self) -> int | None:
        """Nodes of the pool; None where the pool does not say, or is not the user's."""
        return self.pool.count if self.named else None

    @property
    def profile(self) -> str:
        """How pods get RDMA."""
        return self.decisions.profile

    @cached_property
    def rdma(self) -> dict[str, int]:
        """The extended resource that opens every InfiniBand NIC of a node; empty for `base`."""
        name = self.decisions.resource_name(self.profile)
        if name is None:
            return {}
        return {name: self.size.infiniband.nic_count if self.profile == "sriov-device-plugin" else 1}

    @cached_property
    def gpus(self) -> dict[str, int]:
        """The extended resource of all GPUs of a node; empty where it has none."""
        return {self.size.gpu.resource: self.size.gpu.count} if self.size.gpu else {}

    @cached_property
    def tolerations(self) -> list[dict[str, Any]]:
        """Tolerations of the pool's taints; where they are not known, of the one that GPU pools have by convention."""
        if not self.named:
            return [dict(_GPU_TAINT)] if self.size.gpu else []
        return [dict(one) for one in self.decisions.toleration_data] if self.pool.taints else []


@dataclass(frozen=True, slots=True)
class Workload:
    """One job on one node pool, with what the user chose of it."""

    facts: JobFacts
    target: Target
    options: JobOptions
    nodes: int

    @property
    def name(self) -> str:
        """Name of the kind of job, and of its objects."""
        return self.facts.name

    @property
    def size(self) -> VmSize:
        """VM size of the nodes."""
        return self.target.size


def target_of(decisions: Decisions, pool: str | None = None, *, named: bool = True) -> Target:
    """Choose the node pool of a workload.

    Args:
        decisions: those of the cluster.
        pool: name of an agent pool; None where the cluster has one.
        named: whether the pools' names are the user's; False where only a VM size was given.

    Raises:
        UsageError: no such pool, or several without a choice.
    """
    known = {one.name: one for one in decisions.pools}
    if not known:
        raise UsageError(
            "a workload is sized for a VM size, and this cluster has no node pool; add one, or use --vm-size"
        )
    if pool is None and len(known) > 1:
        raise UsageError(f"the cluster has {len(known)} node pools, and a job runs on one; --pool {'|'.join(known)}")
    if pool is not None and pool not in known:
        raise UsageError(f"no node pool named {pool!r}{hint(pool, known)} (known: {', '.join(known)})")
    chosen = known[pool] if pool else next(iter(known.values()))
    alone = decisions.alone(chosen.name)
    return Target(alone, alone.sizes[chosen.name], named)
