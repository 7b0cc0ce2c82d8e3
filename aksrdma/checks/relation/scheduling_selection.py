"""Which nodes a pod accepts, by the labels that it selects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.relation.pods_view import PodView
from aksrdma.kube.values import items, mapping, sequence

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster, NodePool

AGENT_POOL: Final = ("kubernetes.azure.com/agentpool", "agentpool")
"""Labels with the name of the node pool; the second is the old one."""
INSTANCE_TYPE: Final = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
"""Labels with the VM size, in whatever case."""

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def selected(pod: PodView, labels: tuple[str, ...]) -> frozenset[str] | None:
    """Return the values of a label that a pod accepts, or None where it accepts any.

    Args:
        pod: the pod.
        labels: the label, and others that carry the same value.
    """
    selector = mapping(pod.spec.get("nodeSelector"))
    for label in labels:
        if isinstance(selector.get(label), str):
            return frozenset({selector[label]})
    terms = [_values(term, labels) for term in _terms(pod)]
    if not terms or None in terms:
        return None
    return frozenset(value for term in terms for value in term or ())


def _terms(pod: PodView) -> Iterator[Mapping[str, Any]]:
    affinity = mapping(mapping(pod.spec.get("affinity")).get("nodeAffinity"))
    for _, term in items(mapping(affinity.get(_REQUIRED)).get("nodeSelectorTerms"), ()):
        yield term


def _values(term: Mapping[str, Any], labels: tuple[str, ...]) -> list[str] | None:
    for _, expression in items(term.get("matchExpressions"), ()):
        if expression.get("key") in labels and expression.get("operator") == "In":
            return [value for value in sequence(expression.get("values")) if isinstance(value, str)]
    return None


def together(pod: PodView, labels: tuple[str, ...]) -> bool:
    """Say whether a pod must be where others of its kind are, by the topology of a label."""
    affinity = mapping(mapping(pod.spec.get("affinity")).get("podAffinity"))
    return any(term.get("topologyKey") in labels for _, term in items(affinity.get(_REQUIRED), ()))


def pools_for(pod: PodView, cluster: Cluster) -> tuple[NodePool, ...]:
    """Return the pools of the cluster file whose nodes a pod accepts by name and VM size."""
    names, types = selected(pod, AGENT_POOL), selected(pod, INSTANCE_TYPE)
    folded = types and {value.casefold() for value in types}
    return tuple(
        pool
        for pool in cluster.node_pools
        if (names is None or pool.name in names) and (not folded or pool.vm_size.casefold() in folded)
    )
