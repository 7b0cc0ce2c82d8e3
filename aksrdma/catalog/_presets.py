"""What workloads need to know of a VM size: environment presets, GPU and NIC topologies, and what kubelet leaves to pods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.catalog._vm_sizes import vm_size as find
from aksrdma.errors import UnknownNameError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alternative:
    """What a source says of a variable."""

    value: str | None
    """Null: the source leaves it unset on purpose."""
    where: str
    """What of the source says so."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variable:
    """One environment variable of a preset."""

    name: str
    value: str | None
    """Null: leave it unset, or `field_ref` gives it."""
    field_ref: str | None = None
    """Field of the pod that gives the value (`status.podIP`)."""
    default: bool
    """Whether a generated workload sets it without being asked; False: tuning or a special case, see `reason`."""
    confidence: Literal["agreed", "chosen", "single source", "derived"]
    """`agreed`: several sources, one value. `chosen`: they differ, see `reason` and `alternatives`."""
    reason: str
    alternatives: tuple[Alternative, ...] = field(default=(), metadata={"row": Alternative})
    """What each source says, where they differ; the chosen value among them."""
    sources: tuple[str, ...]
    """Keys of `catalog.source` that say `value`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Preset:
    """The environment of one library on a family of VM sizes."""

    name: str
    """Family and purpose: `ndv5-nccl`."""
    family: str
    """`VmSize.preset_family` of the sizes that it fits."""
    library: Literal["NCCL", "RCCL", "UCX", "Open MPI", "SHARP", "NVSHMEM", "vLLM"]
    title: str
    variables: tuple[Variable, ...] = field(metadata={"row": Variable})
    needs: tuple[str, ...]
    """What has to be there for it to work."""
    notes: tuple[str, ...]
    unsure: str | None
    """Why the preset as a whole is not certain."""
    checked: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that are set by default, by name, without those that a field of the pod gives."""
        return {row.name: row.value for row in self.variables if row.default and row.value is not None}


def presets(vm_size: str) -> tuple[Preset, ...]:
    """Return the presets that fit a VM size; none for a size without GPUs.

    Raises:
        UnknownNameError: No such size in the catalog.
    """
    family = find(vm_size).preset_family
    return _family(family) if family else ()


def preset_names() -> tuple[str, ...]:
    """Return the names of all presets, sorted by family."""
    return tuple(row.name for family in sorted(load.names("presets")) for row in _family(family))


def preset(name: str) -> Preset:
    """Return a preset by its name, `ndv5-nccl`.

    Raises:
        UnknownNameError: No such preset.
    """
    family = name.partition("-")[0]
    rows = _family(family) if family in load.names("presets") else ()
    for row in rows:
        if row.name == name:
            return row
    known = preset_names()
    raise UnknownNameError(f"no preset named {name!r}{nearest.hint(name, known)} (known: {', '.join(known)})")


@load.cached
def _family(family: str) -> tuple[Preset, ...]:
    return load.rows(Preset, f"presets/{family}.yaml")


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
    """How NUMA nodes, GPUs and InfiniBand NICs of a family of VM sizes lie to each other."""

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
    """One row a GPU; null where GPUs and NICs do not pair, there are no GPUs, or nobody says how."""
    gpu_numa: Mapping[str, int] | None
    """PCI address of a GPU to its NUMA node; null where `pairs` says it, or nobody does."""
    gpus_per_numa_node: int | None = None
    """GPUs of each NUMA node, where that is all that is known of their places."""
    nic_numa: Mapping[str, int] | None
    """PCI address of an InfiniBand NIC to its NUMA node; null where `pairs` says it, or nobody does."""
    notes: tuple[str, ...]
    unsure: Mapping[str, str]
    """Field to why it is not certain."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str


@load.cached
def topologies() -> tuple[str, ...]:
    """Return the names of all topologies, sorted."""
    return tuple(sorted(load.names("topologies")))


def topology(family: str) -> Topology:
    """Return a topology; `VmSize.topology` names that of a size.

    Raises:
        UnknownNameError: No such family.
    """
    name = family.strip().lower()
    if name not in topologies():
        hint = nearest.hint(name, topologies())
        raise UnknownNameError(f"no topology named {family!r}{hint} (known: {', '.join(topologies())})")
    return _topology(name)


@load.cached
def _topology(name: str) -> Topology:
    return load.row(Topology, f"topologies/{name}.yaml")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Allocatable:
    """CPU and memory of a node, as somebody printed them."""

    vm_size: str
    cpu: str
    """A Kubernetes quantity."""
    memory: str
    """A Kubernetes quantity."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kubelet:
    """What a node has for pods where nothing else is told."""

    name: str
    max_pods: int
    """Pods of a node."""
    allocatable: tuple[Allocatable, ...] = field(metadata={"row": Allocatable})
    """Nodes that were seen; of other VM sizes it is not known what kubelet keeps for itself."""
    unsure: Mapping[str, str]
    """Field to why the fact is not certain."""
    sources: Mapping[str, tuple[str, ...]]
    """Field to keys of `catalog.source`."""
    checked: str


@load.cached
def kubelet() -> Kubelet:
    """Return what a node has for pods where nothing else is told."""
    return load.row(Kubelet, "kubelet.yaml")
