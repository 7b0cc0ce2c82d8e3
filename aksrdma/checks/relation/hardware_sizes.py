"""The VM sizes on which a pod may run, with their NICs and GPUs."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from aksrdma import catalog
from aksrdma.checks.relation.pods_view import PodView
from aksrdma.checks.relation.scheduling_selection import pools_for, selected
from aksrdma.errors import UnknownNameError
from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet


class Size(NamedTuple):
    """What a VM size offers to pods."""

    name: str
    nics: int
    """InfiniBand NICs that a device plugin can hand out."""
    gpus: int
    gpu_resource: str
    """Empty where there is no GPU, or where that is not known."""
    why_none: str
    """Why it has no such NIC; empty where it has one."""
    instead: str | None
    """The nearest size that has InfiniBand, where this one has none."""


def sizes_of(pod: PodView, manifests: ManifestSet) -> tuple[Size, ...]:
    """Return the sizes of the nodes that a pod may run on; none where one of them is not known."""
    found = [_size(name) for name in sorted(_names(pod, manifests))]
    known = {size.name: size for size in found if size is not None}
    return tuple(known.values()) if None not in found else ()


def _names(pod: PodView, manifests: ManifestSet) -> Collection[str]:
    types = selected(pod, INSTANCE_TYPE)
    if types is not None:
        return types
    cluster = manifests.cluster
    if cluster is not None and cluster.node_pools and selected(pod, AGENT_POOL) is not None:
        return [pool.vm_size for pool in pools_for(pod, cluster)]
    return manifests.vm_sizes


@cache
def _size(name: str) -> Size | None:
    try:
        row = catalog.vm_size(name)
    except UnknownNameError:
        none = catalog.not_infiniband(name)
        return Size(none.name, 0, 0, "", "has no InfiniBand", none.nearest) if none else None
    gpus, resource = (row.gpu.count, row.gpu.resource) if row.gpu else (0, "")
    if row.infiniband.sriov:
        return Size(row.name, row.infiniband.nic_count, gpus, resource, "", None)
    return Size(row.name, 0, gpus, resource, "has an InfiniBand NIC that no device plugin can hand out", None)
