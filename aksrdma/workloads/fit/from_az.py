"""Nodes from `az aks nodepool list -o json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.cluster import Cluster
from aksrdma.errors import AksrdmaError, ReadError
from aksrdma.kube.values import integer, mapping, sequence, text
from aksrdma.workloads.fit.amounts import PODS
from aksrdma.workloads.fit.from_cluster import rdma_resources, read_taint, units, with_profile
from aksrdma.workloads.fit.nodes import WANTED, ClusterNodes, Nodes
from aksrdma.workloads.fit.placement import Site
from aksrdma.workloads.fit.sizes import NO_INFINIBAND, capacity_of, labels_of, max_pods, reserve_note

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize

_SPOT: Final = "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"
"""AKS puts it on every node of a spot pool."""


def nodes_of_pools(pools: Sequence[Any], file: str, profile: str | None = None) -> ClusterNodes:
    """Return the nodes of agent pools as az prints them.

    Args:
        pools: The agent pools.
        file: Where they stand, for messages.
        profile: How pods get RDMA, which az does not say; sriov-device-plugin unless told.

    Raises:
        ReadError: an item is no agent pool.
        UnknownNameError: a profile that does not exist.
    """
    from aksrdma.plan.decisions import decide

    _require_pools(pools, file)
    cluster = with_profile(Cluster(), profile)
    rdma = rdma_resources(decide(cluster))
    linux = [one for one in pools if one.get("osType") != "Windows"]
    sizes = {one["name"]: _size(one["vmSize"]) for one in linux}
    nodes = tuple(_nodes(one, sizes[one["name"]], rdma) for one in linux)
    notes = [*_profile_note(cluster, profile, tuple(rdma)), *_size_notes(linux, sizes), *_scale_notes(linux)]
    return ClusterNodes("az", nodes, tuple(rdma), notes=tuple(notes))


def _require_pools(pools: Sequence[Any], file: str) -> None:
    for number, one in enumerate(pools):
        if not text(mapping(one).get("name")) or not text(mapping(one).get("vmSize")):
            raise ReadError(f"{file}: [{number}] is no agent pool: it has no name and vmSize; {WANTED}")
        if integer(one.get("count")) is None:
            raise ReadError(f"{file}: [{number}] agent pool {one['name']} has no count; print it anew with az")
    if not pools:
        raise ReadError(f"{file}: lists no agent pool; {WANTED}")


def _size(name: str) -> VmSize | None:
    try:
        return catalog.vm_size(name)
    except AksrdmaError:
        return None  # a pool without InfiniBand


def _nodes(pool: Mapping[str, Any], size: VmSize | None, rdma: dict[str, int | None]) -> Nodes:
    vm_size = text(pool.get("vmSize"))
    labels = labels_of(pool["name"], vm_size, size)
    labels |= dict(NO_INFINIBAND) if size is None else {}
    labels["kubernetes.azure.com/mode"] = text(pool.get("mode")).casefold() or None
    labels |= {key: str(value) for key, value in mapping(pool.get("nodeLabels")).items()}
    allocatable = {**capacity_of(size), **units(rdma, size)} if size and size.usable else {}
    return Nodes(
        pool=pool["name"],
        count=_running(pool),
        allocatable={**allocatable, PODS: integer(pool.get("maxPods")) or max_pods()},
        site=Site(labels, tuple(read_taint(one) for one in _taints(pool)), complete=False),
        vm_size=size.name if size else vm_size,
    )


def _running(pool: Mapping[str, Any]) -> int:
    stopped = mapping(pool.get("powerState")).get("code") == "Stopped"
    return 0 if stopped else integer(pool.get("count")) or 0


def _taints(pool: Mapping[str, Any]) -> list[str]:
    taints = [text(one) for one in sequence(pool.get("nodeTaints"))]
    spot = text(pool.get("scaleSetPriority")).casefold() == "spot"
    return [*taints, _SPOT] if spot and _SPOT not in taints else taints


def _profile_note(cluster: Cluster, profile: str | None, names: Sequence[str]) -> list[str]:
    if profile is not None:
        return []
    return [
        f"az does not say how pods get RDMA; taken as {cluster.profile} ({', '.join(names)}); --profile says otherwise"
    ]


def _size_notes(pools: Sequence[Mapping[str, Any]], sizes: Mapping[str, VmSize | None]) -> list[str]:
    known = {pool: size for pool, size in sizes.items() if size}
    notes = [note] if (note := reserve_note(known)) else []
    unknown = [f"{one['name']} ({one['vmSize']})" for one in pools if sizes[one["name"]] is None]
    if unknown:
        notes.append(
            f"{', '.join(unknown)}: no VM size with InfiniBand that the catalog has, so no devices, and cpu and memory "
            "without limit; `kubectl get nodes -o json` says what is there"
        )
    return notes


def _scale_notes(pools: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"pool {one['name']} may grow from {one['count']} to {one['maxCount']} nodes; counted as it is"
        for one in pools
        if one.get("enableAutoScaling") is True and (integer(one.get("maxCount")) or 0) > one["count"]
    ]
