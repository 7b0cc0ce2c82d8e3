"""What a pod wants of the pods around it: affinity to them, distance from them, and an even spread.

Source: the plugins InterPodAffinity and PodTopologySpread of pkg/scheduler/framework/plugins, and what the API server
makes of `matchLabelKeys` (pkg/registry/core/pod/strategy.go), all of kubernetes v1.34.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aksrdma.kube.labels import HOSTNAME, ZONE
from aksrdma.kube.scheduling import PREFERRED, REQUIRED, Requirement
from aksrdma.kube.values import integer, items, mapping, sequence, text

NamespaceLabels: TypeAlias = Mapping[str, Mapping[str, str]]
"""Labels of the namespaces that are known, by name."""

_NAME_OF_NAMESPACE: Final = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Selector:
    """Pods of some namespaces, by their labels."""

    requirements: tuple[Requirement, ...] | None
    """All of them; None selects nothing."""
    namespaces: frozenset[str]
    among: tuple[Requirement, ...] | None = None
    """Labels of further namespaces; () is every namespace, None no further one."""

    def selects(self, labels: Mapping[str, str], namespace: str, known: NamespaceLabels, *, own: bool = False) -> bool:
        """Say whether a pod is among them; a namespace of which nothing is known counts as meant.

        Args:
            labels: Labels of the pod.
            namespace: Its namespace.
            known: Labels of namespaces.
            own: Whether the selector is one of a pod that is to be placed. Then 1.34 takes every namespace where one
                without labels would do (mergeAffinityTermNamespacesIfNotEmpty changes a copy of the term).
        """
        if self.requirements is None or not all(one.met_by(labels.get(one.key)) for one in self.requirements):
            return False
        if namespace in self.namespaces:
            return True
        if self.among is None:
            return False
        if own and all(one.met_by(None) for one in self.among):
            return True
        there = {_NAME_OF_NAMESPACE: namespace, **known.get(namespace, {})}
        return all(one.met_by(there.get(one.key)) for one in self.among if namespace in known or one.key in there)

    @property
    def handles(self) -> tuple[tuple[str, str | None], ...] | None:
        """Labels of which every selected pod has one, None for any value; None where nothing of the kind is sure."""
        for one in self.requirements or ():
            if one.operator == "In":
                return tuple((one.key, value) for value in one.values)
            if one.operator == "Exists":
                return ((one.key, None),)
        return () if self.requirements is None else None


@dataclass(frozen=True, slots=True)
class Term:
    """Pods, and how near they are meant."""

    key: str
    """The label by which nodes are of one place."""
    selector: Selector
    weight: int = 0
    """How much it is preferred, below 0 for anti-affinity; 0 where it is required."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A topology spread constraint."""

    key: str
    max_skew: int
    selector: Selector
    hard: bool
    min_domains: int = 1
    """Places below which the emptiest one counts as empty."""
    honor_affinity: bool = True
    """Whether nodes that the pod's own affinity rules out are left out of the count."""
    honor_taints: bool = False
    """Whether nodes with taints that it does not tolerate are left out."""
    counts: bool = True
    """Whether pods that are there count; an empty selector matches the pod itself, but counts no other."""


@dataclass(frozen=True, slots=True)
class Neighbors:
    """What one pod template wants of pods around its own."""

    apart: tuple[Term, ...] = ()
    together: tuple[Term, ...] = ()
    prefers: tuple[Term, ...] = ()
    spreads: tuple[Spread, ...] = ()
    by_default: bool = False
    """Whether the soft spreads are those that the scheduler adds, which mind no missing label."""

    @property
    def terms(self) -> Iterator[Term]:
        """All terms of affinity and anti-affinity."""
        yield from self.apart
        yield from self.together
        yield from self.prefers


def neighbors_of(
    spec: Mapping[str, Any], labels: Mapping[str, str], namespace: str, owner: Mapping[str, Any] | None = None
) -> Neighbors:
    """Return what a pod spec wants of other pods.

    Args:
        spec: The pod spec.
        labels: Labels of its pods.
        namespace: Namespace of its pods.
        owner: Label selector of the ReplicaSet or StatefulSet that makes them, if one does.
    """
    affinity = mapping(spec.get("affinity"))
    near, far = affinity.get("podAffinity"), affinity.get("podAntiAffinity")
    preferred = (
        Term(term.key, term.selector, sign * weight)
        for field, sign in ((near, 1), (far, -1))
        for _, one in items(mapping(field).get(PREFERRED), ())
        if (weight := integer(one.get("weight"))) and isinstance(one.get("podAffinityTerm"), dict)
        for term in (_term(one["podAffinityTerm"], labels, namespace),)
    )
    spreads = tuple(_spreads(spec, labels, namespace))
    default = owner is not None and not sequence(spec.get("topologySpreadConstraints"))
    if default and (requirements := _label_selector(owner)):
        own = Selector(requirements, frozenset({namespace}))
        spreads = tuple(Spread(key, skew, own, hard=False) for key, skew in _DEFAULT_SPREADS)
    return Neighbors(
        apart=tuple(_term(one, labels, namespace) for _, one in items(mapping(far).get(REQUIRED), ())),
        together=tuple(_term(one, labels, namespace) for _, one in items(mapping(near).get(REQUIRED), ())),
        prefers=tuple(preferred),
        spreads=spreads,
        by_default=default,
    )


_DEFAULT_SPREADS: Final = ((HOSTNAME, 3), (ZONE, 5))
"""Key and skew of the soft constraints of pods that have none of their own (podtopologyspread/plugin.go)."""


def _term(term: Mapping[str, Any], labels: Mapping[str, str], namespace: str) -> Term:
    requirements = _label_selector(term.get("labelSelector"))
    if requirements is not None:
        requirements += _same_labels(term.get("matchLabelKeys"), labels, "In")
        requirements += _same_labels(term.get("mismatchLabelKeys"), labels, "NotIn")
    named = frozenset(text(name) for name in sequence(term.get("namespaces")))
    among = _label_selector(term.get("namespaceSelector"))
    if not named and among is None:
        named = frozenset({namespace})
    return Term(text(term.get("topologyKey")), Selector(requirements, named, among))


def _spreads(spec: Mapping[str, Any], labels: Mapping[str, str], namespace: str) -> Iterator[Spread]:
    for _, one in items(spec.get("topologySpreadConstraints"), ()):
        requirements = _label_selector(one.get("labelSelector"))
        empty = requirements == ()
        if requirements is not None:
            same = _same_labels(one.get("matchLabelKeys"), labels, "In")
            requirements, empty = requirements + same, empty and not same
        yield Spread(
            key=text(one.get("topologyKey")),
            max_skew=max(1, integer(one.get("maxSkew")) or 1),
            selector=Selector(requirements, frozenset({namespace})),
            hard=text(one.get("whenUnsatisfiable")) in ("", "DoNotSchedule"),
            min_domains=integer(one.get("minDomains")) or 1,
            honor_affinity=one.get("nodeAffinityPolicy") != "Ignore",
            honor_taints=one.get("nodeTaintsPolicy") == "Honor",
            counts=not empty,
        )


def _label_selector(data: Any) -> tuple[Requirement, ...] | None:
    if not isinstance(data, dict):
        return None
    equal = [Requirement(key, "In", (str(value),)) for key, value in mapping(data.get("matchLabels")).items()]
    named = [
        Requirement(text(one.get("key")), text(one.get("operator")), tuple(map(str, sequence(one.get("values")))))
        for _, one in items(data.get("matchExpressions"), ())
    ]
    return (*equal, *named)


def _same_labels(keys: Any, labels: Mapping[str, str], operator: str) -> tuple[Requirement, ...]:
    return tuple(Requirement(key, operator, (labels[key],)) for key in sequence(keys) if text(key) in labels)
