"""Rows of `catalog/topologies/`: which GPU is near which NIC, and the file that tells NCCL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GpuNicPair:
    """A GPU and the NIC that is nearest to it."""

    gpu: str
    """PCI address with a domain of four digits; NCCL ignores a file with longer ones, without an error."""
    nic: str
    """PCI address of the InfiniBand NIC."""
    numa_node: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topology:
    """How GPUs and InfiniBand NICs of a family of VM sizes lie to each other."""

    name: str
    """Family: `ndv5`."""
    vm_sizes: tuple[str, ...]
    file: str | None
    """Name of the published NCCL topology file; null: none exists, and none of another family fits."""
    sha256: str | None
    """Of the published file."""
    bytes: int | None
    """Size of the published file."""
    numa_nodes: int | None
    pairs: tuple[GpuNicPair, ...] | None = field(metadata={"row": GpuNicPair})
    """One row a GPU; null where GPUs and NICs do not pair, or nobody says how."""
    gpu_numa: Mapping[str, int] | None
    """PCI address of a GPU to its NUMA node; null where `pairs` says it, or nobody does."""
    nic_numa: Mapping[str, int] | None
    """PCI address of an InfiniBand NIC to its NUMA node; null where `pairs` says it, or nobody does."""
    notes: tuple[str, ...]
    unsure: Mapping[str, str]
    """Field to why it is not certain."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str
