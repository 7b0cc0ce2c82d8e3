"""Pods that may go to node pools of which a cluster file says nothing: those without InfiniBand."""

from __future__ import annotations

from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE
from aksrdma.kube.scheduling import Requirement
from aksrdma.workloads.fit.amounts import is_device
from aksrdma.workloads.fit.floor import Floor
from aksrdma.workloads.fit.placement import Site, judge_site
from aksrdma.workloads.fit.sizes import NO_INFINIBAND
from aksrdma.workloads.fit.workloads import PodGroup


def may_go_elsewhere(floor: Floor, group: PodGroup) -> bool:
    """Say whether pods may run on nodes that the input does not name: no devices asked for, and no label in the way.

    Every AKS cluster has a system pool, and a launcher without tolerations, say, runs there.
    """
    if not floor.cluster.other_pools or any(is_device(name) for name in group.requests):
        return False
    placement = group.placement
    terms = placement.terms if placement.terms is not None else ((),)
    open_terms = [term for term in terms if not _names_known_pool(floor, (*placement.selector, *term))]
    site = Site(NO_INFINIBAND, complete=False)
    return bool(open_terms) and judge_site(placement, site).ok


def _names_known_pool(floor: Floor, wanted: tuple[Requirement, ...]) -> bool:
    """Say whether a requirement holds on nodes of the named pools only: their names, or their VM sizes."""
    pools = {pool.casefold() for pool in floor.cluster.pools}
    sizes = {kind.vm_size.casefold() for kind in floor.kinds if kind.vm_size}
    return any(
        one.operator == "In" and known.issuperset(value.casefold() for value in one.values)
        for one in wanted
        for labels, known in ((AGENT_POOL, pools), (INSTANCE_TYPE, sizes))
        if one.key in labels
    )
