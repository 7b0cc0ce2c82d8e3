"""Which nodes a pod accepts, by the labels that it selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma.checks.relation.pods_view import PodView
from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE
from aksrdma.kube.scheduling import REQUIRED, placement_of
from aksrdma.kube.values import items, mapping

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster, NodePool


def selected(pod: PodView, labels: tuple[str, ...]) -> frozenset[str] | None:
    """Return the values of a label that a pod accepts, or None where it accepts any."""
    return placement_of(pod.spec).accepted(labels)


def together(pod: PodView, labels: tuple[str, ...]) -> bool:
    """Say whether a pod must be where others of its kind are, by the topology of a label."""
    affinity = mapping(mapping(pod.spec.get("affinity")).get("podAffinity"))
    return any(term.get("topologyKey") in labels for _, term in items(affinity.get(REQUIRED), ()))


def pools_for(pod: PodView, cluster: Cluster) -> tuple[NodePool, ...]:
    """Return the pools of the cluster file whose nodes a pod accepts by name and VM size."""
    names, types = selected(pod, AGENT_POOL), selected(pod, INSTANCE_TYPE)
    folded = types and {value.casefold() for value in types}
    return tuple(
        pool
        for pool in cluster.node_pools
        if (names is None or pool.name in names) and (not folded or pool.vm_size.casefold() in folded)
    )
