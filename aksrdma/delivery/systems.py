"""Operating system and architecture of the nodes, which tags of driver images name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from aksrdma import catalog

if TYPE_CHECKING:
    from aksrdma.plan import Decisions
    from aksrdma.plan.decisions import PoolDecisions


class System(NamedTuple):
    """What a driver image is built for."""

    os: str
    """`ubuntu24.04`."""
    arch: str
    """`amd64`."""


def node_systems(decisions: Decisions, pools: Iterable[PoolDecisions]) -> tuple[System, ...]:
    """Return what the nodes of some pools run, sorted; every one that may be, where the file leaves it open."""
    found = {System(os, one.size.kubernetes_arch) for one in pools for os in decisions.systems(one)}
    return tuple(sorted(found))


def driver_systems(decisions: Decisions) -> tuple[System, ...]:
    """Return what the nodes run on which the driver container is deployed; in a cluster without pools, all there is."""
    if not decisions.per_pool:
        aks = catalog.aks()
        of_aks = {os for sku in aks.os_skus for os in aks.systems(sku.name)}
        tags = decisions.release.driver_tags or ()
        return tuple(dict.fromkeys(System(tag.os, tag.arch) for tag in tags if tag.os in of_aks))
    return node_systems(decisions, [one for one in decisions.per_pool if one.nic_driver == "doca"])
