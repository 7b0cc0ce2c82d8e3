"""Nodes from a cluster file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aksrdma import catalog
from aksrdma.cluster import Cluster, NodePool
from aksrdma.errors import ClusterError, PlanError, UnknownNameError
from aksrdma.kube.scheduling import Taint
from aksrdma.nearest import hint
from aksrdma.workloads.fit.nodes import ClusterNodes, Nodes
from aksrdma.workloads.fit.placement import Site
from aksrdma.workloads.fit.sizes import capacity_of, labels_of, max_pods, reserve_note

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize
    from aksrdma.cluster.binding import Problems
    from aksrdma.documents import Document
    from aksrdma.plan import Decisions


def nodes_of_cluster(cluster: Cluster) -> ClusterNodes:
    """Return the nodes of a cluster.

    Raises:
        PlanError: what no release, profile or VM size can serve, or a pool whose count is not given.
        UnknownNameError: a release that the catalog does not have.
    """
    from aksrdma.plan import make_plan
    from aksrdma.plan.decisions import refuse

    decisions = make_plan(cluster).decisions
    refuse(
        [(("nodePools", number, "count"), f"pool {pool.name} has no count, so nothing can be counted; add count")
         for number, pool in enumerate(decisions.pools) if pool.count is None]
        or ([] if decisions.pools else [(("nodePools",), "there are none, so no node can take a pod; add the node pools")])
    )  # fmt: skip
    rdma = rdma_resources(decisions)
    nodes = tuple(_nodes(pool, decisions.sizes[pool.name], decisions, rdma) for pool in decisions.pools)
    pods = f"{max_pods()} pods a node, the default of AKS with Azure CNI Overlay"
    notes = [note for note in (reserve_note(decisions.sizes), pods) if note]
    return ClusterNodes("cluster file", nodes, tuple(rdma), other_pools=True, notes=tuple(notes))


def nodes_of_document(document: Document, profile: str | None = None) -> ClusterNodes:
    """Return the nodes of a cluster file.

    Raises:
        ClusterError: what cannot be right, one line each with file, line and field path.
        UnknownNameError: a release or profile that does not exist.
    """
    from aksrdma.cluster.read import from_document, located

    cluster = with_profile(from_document(document), profile)
    try:
        return nodes_of_cluster(cluster)
    except PlanError as error:
        problems: Problems = [(("spec", *path), wrong) for path, wrong in error.problems]
        raise ClusterError(located(document, problems)) from error


def with_profile(cluster: Cluster, profile: str | None) -> Cluster:
    """Return a cluster with another profile, where one is asked for.

    Raises:
        UnknownNameError: a profile that does not exist.
    """
    from aksrdma.plan import PROFILES

    if profile is None:
        return cluster
    if profile not in PROFILES:
        raise UnknownNameError(f"no profile named {profile!r}{hint(profile, PROFILES)}")
    changed: dict[str, Any] = {"profile": profile}
    return replace(cluster, **changed)


def rdma_resources(decisions: Decisions) -> dict[str, int | None]:
    """Return the resource that the profile advertises, with its units a node; None is one for each NIC."""
    profile = decisions.cluster.profile
    name = decisions.resource_name(profile)
    if name is None:
        return {}
    return {name: None if profile == "sriov-device-plugin" else decisions.cluster.rdma.shared_slots}


def units(rdma: dict[str, int | None], size: VmSize) -> dict[str, int]:
    """Return the units of RDMA resources on a node of a VM size."""
    nics = size.infiniband.nic_count
    return {name: nics if slots is None else slots for name, slots in rdma.items()}


def read_taint(taint: str) -> Taint:
    """Return the taint that `KEY=VALUE:EFFECT` or `KEY:EFFECT` is."""
    pair, _, effect = taint.rpartition(":")
    key, _, value = pair.partition("=")
    return Taint(key, value, effect)


def _nodes(pool: NodePool, size: VmSize, decisions: Decisions, rdma: dict[str, int | None]) -> Nodes:
    labels = labels_of(pool.name, pool.vm_size, size)
    if decisions.driver:
        labels["network.nvidia.com/operator.mofed.wait"] = "false"
    return Nodes(
        pool=pool.name,
        count=pool.count or 0,
        allocatable={**capacity_of(size), **units(rdma, size)},
        site=Site(labels, tuple(read_taint(taint) for taint in pool.taints), complete=False),
        vm_size=catalog.vm_size(pool.vm_size).name,
    )
