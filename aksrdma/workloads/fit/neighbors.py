"""What a pod wants of the pods around it: required pod affinity and anti-affinity, and hard topology spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aksrdma.kube.labels import AGENT_POOL, HOSTNAME
from aksrdma.kube.scheduling import Requirement
from aksrdma.kube.values import integer, items, mapping, sequence, text

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True, slots=True)
class Selector:
    """Pods of some namespaces, by their labels."""

    requirements: tuple[Requirement, ...] | None
    """All of them; None selects nothing."""
    namespaces: frozenset[str] | None
    """None is every namespace."""

    def selects(self, labels: Mapping[str, str], namespace: str) -> bool:
        """Say whether a pod is among them."""
        if self.requirements is None or (self.namespaces is not None and namespace not in self.namespaces):
            return False
        return all(one.met_by(labels.get(one.key)) for one in self.requirements)

    @property
    def handle(self) -> tuple[str, str] | None:
        """A label that every selected pod has; None where no single one is sure."""
        for one in self.requirements or ():
            if one.operator == "In" and len(one.values) == 1:
                return one.key, one.values[0]
        return None


@dataclass(frozen=True, slots=True)
class Spread:
    """A hard topology spread constraint over nodes."""

    max_skew: int
    min_nodes: int
    """Nodes below which the emptiest one counts as empty."""
    every_label: bool
    """Whether nodes count that the pod's own affinity rules out."""
    only_tolerated: bool
    """Whether nodes with taints that it does not tolerate are left out."""


@dataclass(frozen=True, slots=True)
class Neighbors:
    """What one pod template wants of pods around its own."""

    apart: tuple[Selector, ...] = ()
    """Pods that may not be on the same node."""
    spread: Spread | None = None
    one_pool: bool = False
    """Whether its pods keep each other in one node pool."""
    unjudged: tuple[str, ...] = ()
    """What else it wants, which is not judged here."""


def neighbors_of(spec: Mapping[str, Any], labels: Mapping[str, str], namespace: str) -> Neighbors:
    """Return what a pod spec wants of other pods.

    Args:
        spec: The pod spec.
        labels: Labels of its pods.
        namespace: Namespace of its pods.
    """
    affinity = mapping(spec.get("affinity"))
    together = list(_terms(affinity.get("podAffinity"), labels, namespace))
    apart = list(_terms(affinity.get("podAntiAffinity"), labels, namespace))
    spreads = list(_hard_spreads(spec, labels, namespace))
    one_pool = any(key in AGENT_POOL and selector.selects(labels, namespace) for key, selector in together)
    unjudged = [f"podAffinity on {key}" for key, _ in together if key not in AGENT_POOL or not one_pool]
    unjudged += [f"podAntiAffinity on {key}" for key, _ in apart if key != HOSTNAME]
    unjudged += [f"topologySpreadConstraints on {key}" for key, _ in spreads if key != HOSTNAME]
    return Neighbors(
        tuple(selector for key, selector in apart if key == HOSTNAME),
        _tightest([spread for key, spread in spreads if key == HOSTNAME]),
        one_pool,
        tuple(dict.fromkeys(unjudged)),
    )


def _terms(affinity: Any, labels: Mapping[str, str], namespace: str) -> Iterator[tuple[str, Selector]]:
    for _, term in items(mapping(affinity).get(_REQUIRED), ()):
        requirements = _selector(term.get("labelSelector"))
        if requirements is not None:
            requirements += _same(term.get("matchLabelKeys"), labels, "In")
            requirements += _same(term.get("mismatchLabelKeys"), labels, "NotIn")
        yield text(term.get("topologyKey")), Selector(requirements, _namespaces(term, namespace))


def _namespaces(term: Mapping[str, Any], own: str) -> frozenset[str] | None:
    if isinstance(term.get("namespaceSelector"), dict):
        return None  # labels of namespaces are not known here, so all of them count
    named = frozenset(text(name) for name in sequence(term.get("namespaces")))
    return named or frozenset({own})


def _selector(data: Any) -> tuple[Requirement, ...] | None:
    if not isinstance(data, dict):
        return None
    equal = [Requirement(key, "In", (str(value),)) for key, value in mapping(data.get("matchLabels")).items()]
    named = [
        Requirement(text(one.get("key")), text(one.get("operator")), tuple(map(str, sequence(one.get("values")))))
        for _, one in items(data.get("matchExpressions"), ())
    ]
    return (*equal, *named)


def _same(keys: Any, labels: Mapping[str, str], operator: str) -> tuple[Requirement, ...]:
    return tuple(Requirement(key, operator, (labels[key],)) for key in sequence(keys) if key in labels)


def _hard_spreads(spec: Mapping[str, Any], labels: Mapping[str, str], namespace: str) -> Iterator[tuple[str, Spread]]:
    for _, one in items(spec.get("topologySpreadConstraints"), ()):
        if text(one.get("whenUnsatisfiable")) not in ("", "DoNotSchedule"):
            continue
        requirements = _selector(one.get("labelSelector"))
        if requirements is not None:
            requirements += _same(one.get("matchLabelKeys"), labels, "In")
        if Selector(requirements, None).selects(labels, namespace):
            yield text(one.get("topologyKey")), _spread(one)


def _spread(data: Mapping[str, Any]) -> Spread:
    return Spread(
        max(1, integer(data.get("maxSkew")) or 1),
        integer(data.get("minDomains")) or 1,
        data.get("nodeAffinityPolicy") == "Ignore",
        data.get("nodeTaintsPolicy") == "Honor",
    )


def _tightest(spreads: list[Spread]) -> Spread | None:
    return min(spreads, key=lambda one: one.max_skew, default=None)
