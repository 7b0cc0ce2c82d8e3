"""Which GPUs and NICs of a VM size are near each other: the NCCL topology file, and the GPU that perftest takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from aksrdma import catalog
from aksrdma.catalog import load
from aksrdma.errors import UsageError

if TYPE_CHECKING:
    from aksrdma.catalog import GpuNicPair, Topology, VmSize


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


@dataclass(frozen=True, slots=True)
class TopologyFile:
    """The text of a topology file, or why there is none."""

    text: str | None
    note: str | None
    """A sentence for the user; None where there is nothing to say."""


def topology_file(size: VmSize, copy: bytes | None = None) -> TopologyFile:
    """Return the topology file of a VM size.

    Args:
        size: a size with NVIDIA GPUs.
        copy: the user's copy of the published file, which is taken as it is.

    Raises:
        UsageError: a copy that is not the published file, or one for a size that has none.
    """
    family = catalog.topology(size.topology) if size.topology else None
    if copy is not None:
        return TopologyFile(_checked(size, family, copy), None)
    if family is None or family.file is None:
        return TopologyFile(None, f"no NCCL topology file is published for {size.name}, so NCCL looks for itself")
    facts = _file_facts(family.name)
    if family.pairs is None or facts is None:
        return TopologyFile(
            None,
            f"the catalog does not know which NUMA node the GPUs of {size.name} are on, so no NCCL topology file is "
            f"written; --topology-file takes a copy of {family.file} (Azure/azhpc-images topology/)",
        )
    return TopologyFile(
        _generated(family.pairs, facts),
        f"the NCCL topology file is generated from the PCI addresses and NUMA nodes of {family.name}; it is not the "
        f"published {family.file}, of which --topology-file takes a copy",
    )


def nearest_gpus(size: VmSize) -> dict[str, int]:
    """Return PCI address of a NIC to the number of a GPU near to it, in PCI order; empty where nobody says."""
    family = catalog.topology(size.topology) if size.topology else None
    if family is None:
        return {}
    if family.pairs:
        order = {gpu: number for number, gpu in enumerate(sorted(pair.gpu for pair in family.pairs))}
        return {pair.nic: order[pair.gpu] for pair in family.pairs}
    if not family.gpu_numa or not family.nic_numa:
        return {}
    gpus = sorted(family.gpu_numa)
    taken: dict[str, int] = {}
    for nic, numa in sorted(family.nic_numa.items()):
        free = [at for at, gpu in enumerate(gpus) if family.gpu_numa[gpu] == numa and at not in taken.values()]
        taken |= {nic: free[0]} if free else {}
    return taken


@load.cached
def _file_facts(family: str) -> TopologyFileFacts | None:
    """Return what is known for the topology file of a family; None where that is too little to write one."""
    file = "workloads/topology_files.yaml"
    rows = (load.build(TopologyFileFacts, data, f"{file}[{at}]") for at, data in enumerate(load.read(file)))
    return next((row for row in rows if row.family == family), None)


def _generated(pairs: tuple[GpuNicPair, ...], facts: TopologyFileFacts) -> str:
    """Return the XML for pairs of GPU and NIC; the CPUs' own facts are left to NCCL, which reads them on the node."""
    lines = ['<system version="1">']
    bridge = 0
    for numa, group in groupby(sorted(pairs, key=lambda pair: (pair.numa_node, pair.gpu)), lambda pair: pair.numa_node):
        lines.append(f'  <cpu numaid="{numa}">')
        near = list(group)
        for first in range(0, len(near), facts.pairs_per_bridge):
            bridge += 1
            lines += _bridge(bridge, near[first : first + facts.pairs_per_bridge], facts)
        lines.append("  </cpu>")
    return "\n".join([*lines, "</system>", ""])


def _bridge(number: int, pairs: list[GpuNicPair], facts: TopologyFileFacts) -> list[str]:
    link = f'link_speed="{facts.link_speed}" link_width="{facts.link_width}"'
    # No such bridge is in the VM; its address has to be one that no device has. 0604 is the PCI class of a bridge, 0302
    # of a 3D controller, 0207 of an InfiniBand controller.
    lines = [f'    <pci busid="ffff:ff:{number:02x}.0" class="0x060400" {link}>']
    lines += [f'      <pci busid="{pair.gpu}" class="0x030200" {link}/>' for pair in pairs]
    lines += [f'      <pci busid="{pair.nic}" class="0x020700" {link}/>' for pair in pairs]
    return [*lines, "    </pci>"]


def _checked(size: VmSize, family: Topology | None, copy: bytes) -> str:
    if family is None or family.file is None or family.sha256 is None:
        raise UsageError(f"no NCCL topology file is published for {size.name}; leave --topology-file out")
    found = hashlib.sha256(copy).hexdigest()
    if found != family.sha256:
        raise UsageError(
            f"the topology file is not the published {family.file}: its sha256 is {found} ({len(copy)} bytes), that of the "
            f"published one {family.sha256} ({family.bytes} bytes); get it from Azure/azhpc-images topology/"
        )
    return copy.decode()
