"""What is to be said of node pools whatever runs on them: their operating system, their size, and how long they last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aksrdma.errors import AksrdmaError
from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE
from aksrdma.kube.resources import is_rdma
from aksrdma.kube.values import integer, mapping, text
from aksrdma.workloads.fit.nodes import NO_POOL, Nodes

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize


def notes_of_images(nodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is to be said of operating systems, once a pool, of nodes that have InfiniBand or RDMA."""
    told: dict[str, str] = {}
    for node in nodes:
        labels = mapping(mapping(node.get("metadata")).get("labels"))
        image = text(mapping(mapping(node.get("status")).get("nodeInfo")).get("osImage"))
        offered = mapping(mapping(node.get("status")).get("allocatable"))
        size = next((text(labels[key]) for key in INSTANCE_TYPE if key in labels), "")
        if is_azure_linux(image) and (any(map(is_rdma, offered)) or _is_infiniband(size)):
            pool = next((text(labels[key]) for key in AGENT_POOL if key in labels), NO_POOL)
            told.setdefault(pool, image.removeprefix("Microsoft "))
    yield from (no_driver_image(pool, image) for pool, image in told.items())


def _is_infiniband(vm_size: str) -> bool:
    from aksrdma import catalog

    try:
        return bool(vm_size) and catalog.vm_size(vm_size).usable
    except AksrdmaError:
        return False


def notes_of_sizes(nodes: Sequence[Nodes]) -> Iterator[str]:
    """Yield what is to be said of pools with RDMA that are larger than a fabric."""
    counts: dict[str, int] = {}
    for one in nodes:
        if any(amount and is_rdma(name) for name, amount in one.allocatable.items()):
            counts[one.pool] = counts.get(one.pool, 0) + 1
    for pool, count in counts.items():
        yield from fabric_note(pool, count)


def notes_of_agent_pools(pools: Sequence[Mapping[str, Any]], sizes: Mapping[str, VmSize]) -> Iterator[str]:
    """Yield what is to be said of agent pools as az prints them; `sizes` has those with InfiniBand by pool."""
    from aksrdma import catalog

    unknown: list[str] = []
    for one in pools:
        row = catalog.not_infiniband(one["vmSize"])
        if row is not None and row.kind == "no infiniband" and row.gpu_count is not None and one["name"] not in sizes:
            yield f"pool {one['name']}: {row.name} has no InfiniBand: {row.why}"
        elif one["name"] not in sizes:
            unknown.append(f"{one['name']} ({one['vmSize']})")
    if unknown:
        yield (
            f"{', '.join(unknown)}: no VM size with InfiniBand that the catalog has, so no devices, and cpu and memory "
            "without limit; `kubectl get nodes -o json` says what is there"
        )
    for one in pools:
        name, count = one["name"], one["count"]
        sku, image = text(one.get("osSku")), text(one.get("nodeImageVersion"))
        if name in sizes and any(is_azure_linux(word) for word in (sku, image)):
            yield no_driver_image(name, sku or image)
        if name in sizes:
            yield from fabric_note(name, count)
        if name in sizes and mapping(one.get("virtualMachinesProfile")):
            yield f"pool {name} is one of single virtual machines: InfiniBand joins the nodes of one scale set alone"
        if sliced := text(one.get("gpuInstanceProfile")):
            yield f"pool {name} cuts its GPUs into slices ({sliced}), which a device plugin counts; counted as whole GPUs"
        if one.get("provisioningState") == "Failed":
            yield f"pool {name}: its last operation failed (provisioningState), so it may have fewer nodes than its count"
        if text(one.get("scaleSetPriority")).casefold() == "spot":
            yield f"pool {name} is a spot pool: Azure may take its nodes away at any time, and a job with them"
        most = integer(one.get("maxCount")) or 0
        if one.get("enableAutoScaling") is True and most > count:
            yield f"pool {name} may grow from {count} to {most} nodes; counted as it is"


def is_azure_linux(name: str) -> bool:
    """Say whether an OS SKU, a node image or the name of an operating system is Azure Linux, or its old name Mariner."""
    plain = name.casefold().replace(" ", "")
    return "azurelinux" in plain or "mariner" in plain


def no_driver_image(pool: str, os_name: str) -> str:
    """Return what is to be said of nodes for which no driver image exists."""
    return (
        f"pool {pool} runs {'Azure Linux' if os_name == 'AzureLinux' else os_name}: no azurelinux image of the NIC driver "
        "is listed for any release of Network Operator, so nothing may offer RDMA there; Ubuntu is the sure choice"
    )


def fabric_note(pool: str, count: int) -> Iterator[str]:
    """Yield what is to be said of a pool with more nodes than one InfiniBand fabric holds."""
    from aksrdma import catalog

    fabric = catalog.defaults()
    if count > fabric.fabric_nodes:
        yield (
            f"pool {pool} has {count} nodes: one with InfiniBand holds {fabric.fabric_nodes}, {fabric.fabric_nodes_on_request} "
            "by support request; more need several pools, which are separate fabrics"
        )
