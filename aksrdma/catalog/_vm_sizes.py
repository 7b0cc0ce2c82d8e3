"""Azure VM sizes with InfiniBand, as `catalog/vm_sizes/` has them, and why a size is none of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.errors import UnknownNameError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gpu:
    """The GPUs of one VM."""

    vendor: Literal["nvidia", "amd"]
    model: str
    count: int
    memory_gb: int
    """Memory of one GPU in GB."""
    resource: Literal["nvidia.com/gpu", "amd.com/gpu"]
    """Extended resource that the vendor's device plugin advertises."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Infiniband:
    """The InfiniBand NICs of one VM."""

    generation: Literal["FDR", "EDR", "HDR", "NDR", "XDR"]
    gbps_per_nic: int | None
    """Line rate of one NIC in Gb/s: not GB/s, and not the sum over NICs."""
    nic_count: int
    """InfiniBand functions that the guest sees; each is an RDMA device and a unit of `rdma/ib`. Not the GPU count."""
    nic_model: str | None
    sriov: bool
    """True: the NIC is an SR-IOV virtual function on PCI. False: no PCI device, which no device plugin can hand out."""
    vendor_id: str | None
    """PCI vendor, four hexadecimal digits."""
    device_id: str | None
    """PCI device of the virtual function, four hexadecimal digits."""
    pci_class: str | None
    """First four digits of the PCI class; 0207 is an InfiniBand controller."""
    confidence: str | None
    """How the PCI id is known: `observed` on a VM of the size or its series, or `inferred` from the NIC model."""
    driver: Literal["mlx5_core", "mlx4_core"] | None
    """Kernel driver."""
    pci_addresses: tuple[str, ...] | None
    """In the order of the NICs; null where they are unknown or differ between VMs."""
    ipoib_altnames: tuple[str, ...] | None
    """Stable alternative names of the IPoIB devices; they exist only while `ib_ipoib` is loaded."""
    ipoib_altname_seen: bool
    """Whether the first of these names was seen on a node of the series; else it follows from a PCI address, or is unknown."""
    rdma_devices: tuple[str, ...] | None
    """Kernel names, as on AKS node images; numbers shift by one where the Ethernet function comes first."""
    hpc_image_rdma_devices: tuple[str, ...] | None
    """Names on Azure's HPC images, whose udev rule renames them; AKS nodes have no such rule."""
    hpc_image_netdevs: tuple[str, ...] | None
    """IPoIB devices on Azure's HPC images."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MultiNodeFloor:
    """What others expect of an all-reduce over several nodes, as bus bandwidth in GB/s."""

    scope: Literal["infiniband", "nvlink", "loopback"]
    """What carries it: `nvlink` is MNNVL inside one rack, `loopback` one NIC at a time, back to its own node."""
    expected: float | None
    warn: float | None
    """Below this, look for the cause."""
    fail: float | None
    """Below this, the fabric is not used as it should be."""
    measured: str | None
    """What the source itself measured."""
    confidence: Literal["published", "single report"]
    note: str | None
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Floors:
    """The least that a healthy node reaches."""

    perftest_gbit_per_s: int | None
    """`ib_write_bw` of one NIC, in Gb/s."""
    perftest_gpudirect: bool | None
    """Whether that figure is for GPU memory (GPUDirect RDMA)."""
    nccl_busbw_gbyte_per_s: int | None
    """NCCL all-reduce on one node, bus bandwidth in GB/s; NVLink carries it, so it says nothing about InfiniBand."""
    nccl_message_size: str | None
    """Message size of that figure, as nccl-tests takes it (`16G`)."""
    multi_node: tuple[MultiNodeFloor, ...] = field(metadata={"row": MultiNodeFloor})

    def all_reduce(self, several: bool) -> float | None:
        """Return the bus bandwidth in GB/s below which an all-reduce failed; on one node it is NVLink's."""
        if not several:
            return self.nccl_busbw_gbyte_per_s
        row = self.between_nodes
        return row.fail if row is not None else None

    @property
    def between_nodes(self) -> MultiNodeFloor | None:
        """The row by which an all-reduce over several nodes is judged: a published one before a single report."""
        rows = [row for row in self.multi_node if row.scope == "infiniband" and row.fail is not None]
        return max(rows, key=lambda row: (row.confidence == "published", row.fail), default=None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NodeImage:
    """What AKS's node image brings for the hardware of a size."""

    nic_driver: str | None
    """Driver in place of the kernel's, `doca-ofed 3.1.0-091513`; null: inbox."""
    gpu_driver: str | None
    """Version of the NVIDIA driver on it; null: none, and AKS installs one at the first boot (`Aks.gpu_driver`)."""
    peermem: bool
    """Whether nvidia_peermem is loaded at boot."""
    what: str
    """The image in words."""
    seen: str
    """Day of the source that it was read in."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VmSize:
    """An Azure VM size that carries InfiniBand."""

    name: str
    """Canonical spelling. The node label `node.kubernetes.io/instance-type` may carry another case."""
    series: str
    family: Literal["high performance compute", "GPU accelerated", "legacy"]
    quota_family: str | None
    """Name under which Azure counts the vCPU quota."""
    constrained_from: str | None
    """The size whose hardware this is, with fewer cores enabled."""
    arch: Literal["x86_64", "arm64"]
    state: Literal["available", "retirement announced", "retired"]
    retirement_date: str | None
    """ISO 8601; null: none announced, or not known."""
    state_note: str | None
    followed_by: tuple[str, ...]
    """Sizes of the catalog to take where this one is retired or will be, the best first; empty for others."""
    vcpus: int
    """What guest and kubelet see."""
    memory_gib: int
    """Figure of the size's page."""
    gpu: Gpu | None = field(metadata={"row": Gpu})
    infiniband: Infiniband = field(metadata={"row": Infiniband})
    accelerated_networking: bool | None
    """True: an Ethernet virtual function of the same vendor may show up beside the InfiniBand ones."""
    ethernet_nic_seen: str | None
    """Such a function that somebody saw on this size."""
    nccl_topology_file: str | None
    """File that NCCL_TOPO_FILE should point at, `ndv5-topo.xml`; null: none exists."""
    nccl_topology_note: str | None
    topology: str | None
    """Key of `catalog.topology`: NUMA nodes, and which GPU is near which NIC; null where nobody says."""
    preset_family: str | None
    """The family whose environment presets fit; null: none are published."""
    aks_support: Literal["documented", "used"] | None
    """`used`: seen on AKS without a page that names it; null: not with AKS, as far as is known."""
    aks_note: str
    upstream_nfd_match: bool
    """Whether the device list 101c, 101e of Azure/aks-rdma-infiniband's NodeFeatureRule labels such a node."""
    upstream_nfd_basis: str
    infiniband_feature: Literal["register", "unregister", "not-needed"]
    """What has to be done with the feature AKSInfinibandSupport of the subscription before a pool is made; `not-needed`
    where it makes no difference, or where no pool can be made."""
    os_sku: str | None
    """The `--os-sku` that the size needs; null: `Ubuntu` will do."""
    disk_controller: Literal["NVMe", "SCSI"] | None
    """The only one that the size has; null: not known, and `Ubuntu` images boot."""
    node_count_step: int | None
    """A pool has a multiple of so many nodes, a rack that NVLink joins; null: any number, as far as is known."""
    node_image: NodeImage | None = field(metadata={"row": NodeImage})
    """What AKS's node image of the size brings beside the kernel's own modules; null: nothing, so NICs have inbox drivers."""
    floors: Floors | None = field(metadata={"row": Floors})
    nvlink_domain_nodes: int | None = None
    """Nodes of a rack that NVLink joins, so that a job inside one needs no NIC; null: it joins the GPUs of a node alone."""
    notes: tuple[str, ...]
    unsure: Mapping[str, str]
    """Dotted field to why it is not certain."""
    sources: Mapping[str, tuple[str, ...]]
    """Dotted field to keys of `catalog.source`."""
    checked: str
    """Day on which the facts were collected."""

    @property
    def driver_on_node_image(self) -> bool:
        """True: the AKS node image brings DOCA-OFED, so `ofedDriver` must not be deployed there."""
        return self.node_image is not None and self.node_image.nic_driver is not None

    @property
    def kubernetes_arch(self) -> str:
        """Its architecture as Kubernetes labels nodes and as tags of images have it: amd64 or arm64."""
        return "amd64" if self.arch == "x86_64" else self.arch

    @property
    def instead(self) -> str:
        """What to do where the size cannot be had: `take Standard_HB120rs_v3 or Standard_HB120-64rs_v3 instead`."""
        if not self.followed_by:
            return "choose another size"
        *others, last = self.followed_by
        return f"take {', '.join(others)} or {last} instead" if others else f"take {last} instead"

    @property
    def usable(self) -> bool:
        """Whether a node pool of it can run RDMA with Network Operator: not retired, and an mlx5 virtual function."""
        return self.state != "retired" and self.infiniband.sriov and self.infiniband.driver == "mlx5_core"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NotInfiniband:
    """A size name that the catalog cannot offer, and why."""

    name: str
    """`*` in the data is the rule for every other name without an `r`."""
    kind: Literal["no infiniband", "undocumented"]
    why: str
    """Why it is not offered."""
    nearest: str | None
    """The size with InfiniBand that is most like it."""
    gpu_count: int | None = None
    nic_count: int | None = None
    """InfiniBand NICs that the evidence for an undocumented size names."""
    gbps_per_nic: int | None = None
    """Gb/s of one NIC, from the same evidence."""
    unsure: str | None = None
    """Why the fact is not certain."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`; empty where no primary source is known."""
    checked: str


_SIZE = re.compile(r"standard_[a-z]+\d+(-\d+)?(?P<features>[a-z][a-z0-9]*)(_|\Z)")
"""A folded name: family, vCPUs, constrained vCPUs, then one letter a feature, of which `r` is RDMA."""


@load.cached
def vm_sizes() -> tuple[str, ...]:
    """Return the names of all VM sizes with InfiniBand, in natural order, retired ones included."""
    return tuple(sorted(load.names("vm_sizes"), key=_natural))


def vm_size(name: str) -> VmSize:
    """Return a VM size; upper or lower case, with or without `Standard_`.

    Raises:
        UnknownNameError: No such size in the catalog; the text says why where it is known, and which size is near.
    """
    known = _by_folded_name().get(_folded(name))
    if known is None:
        raise UnknownNameError(*_why_not(name))
    return _read(known)


def not_infiniband(name: str) -> NotInfiniband | None:
    """Return why a size has no InfiniBand: a known one, or any whose name lacks the `r`; None for all others."""
    folded = _folded(name)
    if folded in _by_folded_name():
        return None
    row = _excluded().get(folded)
    if row is not None:
        return row if row.kind == "no infiniband" else None
    match = _SIZE.match(folded)
    if match is None or "r" in match["features"]:
        return None
    if any(folded.removeprefix("standard_") in known for known in _by_folded_name()):
        return None  # a part of a name, `MI300X`, and no name
    return replace(_excluded()["*"], name=name, nearest=next(iter(_nearest(folded)), None))


def undocumented(name: str) -> NotInfiniband | None:
    """Return what is known of a size that is seen in use but has no documentation, or None."""
    row = _excluded().get(_folded(name))
    return row if row is not None and row.kind == "undocumented" else None


_OTHER = re.compile(r"standard_[a-gi-mo-z][a-z]*\d+(-\d+)?[a-z]*(_[a-z0-9]+)*")
"""A folded name of a family for general use. Azure's GPU sizes begin with N and its HPC sizes with H, and no other has
InfiniBand (learn.microsoft.com/azure/virtual-machines/vm-naming-conventions)."""


def for_general_use(name: str) -> bool:
    """Return whether a name is that of a size without GPUs and without InfiniBand, known to the catalog or not."""
    return _OTHER.fullmatch(_folded(name)) is not None


@load.cached
def _read(name: str) -> VmSize:
    return load.row(VmSize, f"vm_sizes/{name}.yaml")


@load.cached
def _by_folded_name() -> dict[str, str]:
    return {name.casefold(): name for name in vm_sizes()}


@load.cached
def _excluded() -> dict[str, NotInfiniband]:
    return {row.name.casefold(): row for row in load.rows(NotInfiniband, "not_infiniband.yaml")}


def _why_not(name: str) -> tuple[str, str | None]:
    """Return why a size is none of the catalog's, and which one is near."""
    if (row := not_infiniband(name)) is not None:
        return f"VM size {row.name} has no InfiniBand: {row.why}", _use(row.nearest)
    if (row := undocumented(name)) is not None:
        return f"VM size {row.name} is not documented, so the catalog does not offer it: {row.why}", _use(row.nearest)
    near = _nearest(_folded(name), count=2)
    message, listed = f"no VM size with InfiniBand is named {name!r}", "(`aksrdma catalog vm-sizes` lists all)"
    return (message, f"did you mean {' or '.join(near)}? {listed}") if near else (f"{message} {listed}", None)


def _nearest(folded: str, *, count: int = 1) -> list[str]:
    text = folded.removeprefix("standard_")  # the common prefix makes all look near
    bare = {name.removeprefix("Standard_").casefold(): name for name in vm_sizes()}
    holding = [name for known, name in bare.items() if len(text) > 2 and text in known]
    return holding[:count] or [bare[near] for near in nearest.nearest(text, bare, count=count)]


def _use(nearest: str | None) -> str | None:
    return f"the nearest size with InfiniBand is {nearest}" if nearest else None


def _folded(name: str) -> str:
    return f"standard_{name.strip().casefold().removeprefix('standard_')}"


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.findall(r"\d+|\D+", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
