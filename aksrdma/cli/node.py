"""A node of a VM size: its NUMA nodes, GPUs and NICs drawn in ASCII, and what a node pool of it has to know."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from aksrdma import catalog
from aksrdma.cluster.starter import hardware

_WIDTH: Final = 80
_LABEL: Final = 16
"""Columns of the names of facts."""
_GPU: Final = 22
"""Columns of a GPU in the drawing."""


@dataclass(frozen=True, slots=True)
class _Device:
    """A GPU or a NIC, as it stands in the drawing."""

    text: str
    address: str | None
    numa: int | None


def node(size: catalog.VmSize) -> str:
    """Return the node of a VM size in words and drawn, no line longer than 80 columns but for unbreakable words."""
    memory = f"{size.vcpus} vCPUs, {size.memory_gib} GiB, {size.arch}"
    lines = [
        *_wrapped(f"{size.name} ({size.series}): {hardware(size)}; {memory}."),
        "",
        *drawing(size),
        "",
        *_facts(size),
        "",
        *_wrapped(f"Every fact with its source: aksrdma catalog vm-sizes {size.name} -o yaml"),
    ]
    return "\n".join(lines) + "\n"


def drawing(size: catalog.VmSize) -> list[str]:
    """Return the NUMA nodes of a VM size as boxes, with the GPUs and NICs that are known to sit in each."""
    topology = catalog.topology(size.topology) if size.topology else None
    pairs = {pair.gpu: pair.nic for pair in (topology.pairs if topology else None) or ()}
    gpus, nics = _gpus(size, topology), _nics(size, topology)
    count = topology.numa_nodes if topology else None
    lines: list[str] = []
    for numa in [*range(count or 0), None]:
        here = [gpu for gpu in gpus if gpu.numa == numa], [nic for nic in nics if nic.numa == numa]
        if any(here):
            lines += [_edge(_title(numa, count)), *map(_inside, _rows(*here, pairs))]
    return [*lines, _edge(""), *_legend(size, topology, gpus, nics)]


def _gpus(size: catalog.VmSize, topology: catalog.Topology | None) -> list[_Device]:
    """Return the GPUs by their numbers, which follow the PCI addresses; one line for all where no address is known."""
    if size.gpu is None:
        return []
    known = {pair.gpu: pair.numa_node for pair in (topology.pairs if topology else None) or ()}
    known |= dict((topology.gpu_numa if topology else None) or {})
    if not known:
        each = topology.gpus_per_numa_node if topology else None
        places = range(size.gpu.count // each) if each else [None]
        return [_Device(f"{each or size.gpu.count} GPUs, PCI addresses not known", None, place) for place in places]
    return [_Device(f"GPU {at} {address}", address, known[address]) for at, address in enumerate(sorted(known))]


def _nics(size: catalog.VmSize, topology: catalog.Topology | None) -> list[_Device]:
    nic = size.infiniband
    known = {pair.nic: pair.numa_node for pair in (topology.pairs if topology else None) or ()}
    known |= dict((topology.nic_numa if topology else None) or {})
    found = []
    for at in range(nic.nic_count):
        name = nic.rdma_devices[at] if nic.rdma_devices else f"NIC {at}"
        address = nic.pci_addresses[at] if nic.pci_addresses else None
        where = address or ("PCI address not known" if nic.sriov else "no PCI device")
        found.append(_Device(f"{name} {where}", address, known.get(address or "")))
    return found


def _rows(gpus: list[_Device], nics: list[_Device], pairs: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each GPU and NIC of a NUMA node: joined where the two are a pair, else side by side."""
    by_address = {nic.address: nic for nic in nics if nic.address}
    for gpu in gpus if pairs else ():
        near = by_address.get(pairs.get(gpu.address or "", ""))
        yield f"{gpu.text:<{_GPU}}{'---- ' + near.text if near else ''}"
    if pairs:
        return
    yield from (gpu.text for gpu in gpus if not gpu.address)
    for left, right in zip_longest((gpu for gpu in gpus if gpu.address), nics):
        yield f"{left.text if left else '':<{_GPU}}     {right.text if right else ''}".rstrip()


def _title(numa: int | None, count: int | None) -> str:
    if numa is not None:
        return f" NUMA node {numa} "
    return f" on which of {count} NUMA nodes is not known " if count else " how many NUMA nodes is not known "


def _edge(title: str) -> str:
    return f"+-{title}{'-' * (_WIDTH - 3 - len(title))}+"


def _inside(row: str) -> str:
    return f"|  {row:<{_WIDTH - 4}}|"


def _legend(
    size: catalog.VmSize, topology: catalog.Topology | None, gpus: list[_Device], nics: list[_Device]
) -> Iterator[str]:
    """Yield what the drawing cannot say by itself."""
    drawn = {device.numa for device in (*gpus, *nics)}
    if topology is not None and topology.numa_nodes and None not in drawn and len(drawn) < topology.numa_nodes:
        yield f"{topology.numa_nodes} NUMA nodes in all; the others have neither."
    if topology is not None and topology.pairs:
        yield "GPU ---- NIC: the NIC that is nearest to the GPU."
    elif any(gpu.numa is not None for gpu in gpus) and any(nic.numa is not None for nic in nics):
        yield "The NICs that are near to a GPU are those of its NUMA node."
    if size.gpu is not None and any(gpu.address for gpu in gpus):
        yield "GPUs are numbered by their PCI addresses, as nvidia-smi does."
    if size.infiniband.rdma_devices and size.accelerated_networking:
        yield from _wrapped(
            "mlx5_N counts from the InfiniBand NICs; an Ethernet function that comes first shifts it by 1."
        )


def _facts(size: catalog.VmSize) -> Iterator[str]:
    """Yield what a node pool of the size needs, and who brings its drivers."""
    aks = catalog.aks()
    if size.retirement_date:
        word = "Retired" if size.state == "retired" else "Retires"
        yield from _fact(word, f"{size.retirement_date}; {size.instead}")
    if size.state == "retired":
        return
    yield from _fact("Feature flag", _feature(size), catalog.unsure_of(size, "infiniband_feature"))
    yield from _fact("OS SKU", _os_sku(size), catalog.unsure_of(size, "os_sku"))
    if size.disk_controller:
        yield from _fact("Disk controller", f"{size.disk_controller} alone")
    if size.node_count_step:
        count = f"a multiple of {size.node_count_step}"
        yield from _fact("Nodes of a pool", count, catalog.unsure_of(size, "node_count_step"))
    image = size.node_image
    if image is not None and image.nic_driver:
        nic = f"{image.nic_driver} on the node image ({image.what}), so no ofedDriver"
    else:
        nic = f"{size.infiniband.driver} of the kernel on the node image; ofedDriver brings the DOCA driver"
    yield from _fact("NIC driver", nic, catalog.unsure_of(size, "node_image"))
    if size.gpu is not None:
        driver = aks.gpu_driver(size.series)
        yield from _fact("GPU driver", _gpu_driver(driver), driver.unsure if driver else None)
    yield from _fact("IPoIB interface", _ipoib(size))
    if size.nccl_topology_file:
        yield from _fact("NCCL topology", f"{size.nccl_topology_file}, {size.nccl_topology_note}")
    if presets := catalog.presets(size.name):
        yield from _fact("Presets", ", ".join(preset.name for preset in presets))
    dranet = aks.managed_dranet
    better = dranet.better_for.get(size.series)
    when = f"the better way here: {better}" if better else f"better where {dranet.better_when}"
    how = f"{' '.join(dranet.flags)}, azure-cli {dranet.azure_cli}, {dranet.state}"
    yield from _fact("Managed DRANET", f"{when}. {dranet.what} ({how}; what is unsure of it: aksrdma catalog aks)")
    topology = catalog.topology(size.topology) if size.topology else None
    for at, note in enumerate((*(topology.notes if topology else ()), *size.notes)):
        yield from _fact("" if at else "Notes", note)


def _os_sku(size: catalog.VmSize) -> str:
    if size.os_sku:
        return size.os_sku
    ubuntu = catalog.aks().os_sku("Ubuntu")
    stages = (
        [f"{image.os} up to Kubernetes {image.until}" if image.until else f"then {image.os}" for image in ubuntu.images]
        if ubuntu
        else []
    )
    return f"Ubuntu, which is {', '.join(stages)}"


def _feature(size: catalog.VmSize) -> str:
    flag = catalog.aks().feature_flags[0].name
    return {
        "register": f"{flag}, to be registered before the pool is made",
        "unregister": f"{flag}, to be UNregistered before the pool is made; it holds for the whole subscription",
        "not-needed": "none",
    }[size.infiniband_feature]


def _gpu_driver(driver: catalog.AksGpuDriver | None) -> str:
    if driver is None:
        return "not known"
    note = f"; {driver.note}" if driver.note else ""
    if driver.installed_by == "nobody":
        return f"none by AKS{note}"
    if driver.installed_by == "node image":
        return f"{driver.version}, on the node image{note}"
    manager = ", with the fabric manager" if driver.fabric_manager else ""
    return f"{driver.version} by AKS{manager}; none with --gpu-driver none{note}"


def _ipoib(size: catalog.VmSize) -> str:
    names = size.infiniband.ipoib_altnames
    if names and size.infiniband.ipoib_altname_seen:
        return f"{names[0]}, while ib_ipoib is loaded"
    guess = f"perhaps {names[0]}, which nobody has published; " if names else "not known; "
    return f"{guess}`ip link` on a node shows it"


def _fact(name: str, text: str, unsure: str | None = None) -> Iterator[str]:
    yield from _wrapped(text, f"{name:<{_LABEL}}", " " * _LABEL)
    if unsure:
        yield from _wrapped(f"unsure: {unsure}", " " * _LABEL, " " * _LABEL)


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
