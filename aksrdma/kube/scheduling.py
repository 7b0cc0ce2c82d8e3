"""Where a pod may run: node selector, node affinity, taints and tolerations, as the scheduler reads them.

Source: k8s.io/component-helpers/scheduling/corev1/nodeaffinity and k8s.io/api/core/v1/toleration.go@v0.34.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aksrdma.kube.values import integer, items, mapping, sequence, text

NODE_NAME: Final = "metadata.name"
"""Stands among the labels for the only field of a node that affinity can name."""
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
EVICTING: Final = ("NoSchedule", "NoExecute")
"""Effects of taints that keep a pod away."""
LABEL_OPERATORS: Final = ("DoesNotExist", "Exists", "In", "NotIn")
"""What a label selector may ask of a label."""
NODE_OPERATORS: Final = ("DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn")
"""What node affinity may ask of a label."""
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]*\Z", re.ASCII)
_NO_TEXT: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
"""Words that YAML 1.1, as kubectl reads it, takes for a truth or for nothing."""
_INTEGER: Final = re.compile(r"[+-]?[0-9]+\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint of a node."""

    key: str
    value: str
    effect: str

    @classmethod
    def of(cls, written: str) -> Taint:
        """Read `KEY=VALUE:EFFECT` or `KEY:EFFECT`, as az and the cluster file write it."""
        pair, _, effect = written.rpartition(":")
        key, _, value = pair.partition("=")
        return cls(key, value, effect)

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"

    @property
    def toleration(self) -> str:
        """The toleration that a pod needs for it, as YAML; a value that YAML would read as no text is quoted."""
        value = self.value
        if not _PLAIN.match(value) or value.lower() in _NO_TEXT:
            value = json.dumps(value)
        operator = f"operator: Equal, value: {value}" if self.value else "operator: Exists"
        return f"{{key: {self.key}, {operator}, effect: {self.effect}}}"


@dataclass(frozen=True, slots=True)
class Toleration:
    """A toleration of a pod."""

    key: str
    operator: str
    value: str
    effect: str

    def tolerates(self, taint: Taint) -> bool:
        """Say whether pods with it may run in spite of a taint."""
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        return self.operator == "Exists" or (self.operator in ("", "Equal") and self.value == taint.value)

    def covers(self, other: Toleration) -> bool:
        """Say whether it tolerates every taint that another one does."""
        exists = self.operator == "Exists"
        if not self.key:  # every key, which the API server takes with Exists only
            return exists
        same_value = exists or other.operator == "Exists" or self.value == other.value
        same_effect = not self.effect or not other.effect or self.effect == other.effect
        return self.key == other.key and same_value and same_effect


@dataclass(frozen=True, slots=True)
class Requirement:
    """What affinity wants of one label."""

    key: str
    operator: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.key} {self.operator} {', '.join(self.values)}".rstrip()

    def met_by(self, value: str | None) -> bool:
        """Say whether a label's value meets it; None is a node without the label."""
        if self.operator == "In":
            return value in self.values
        if self.operator == "NotIn":
            return value not in self.values
        if self.operator in ("Exists", "DoesNotExist"):
            return (value is not None) == (self.operator == "Exists")
        # Gt and Lt compare with one integer; a label that is none meets neither.
        if value is None or len(self.values) != 1 or not _INTEGER.match(value) or not _INTEGER.match(self.values[0]):
            return False
        difference = int(value) - int(self.values[0])
        return difference > 0 if self.operator == "Gt" else difference < 0 if self.operator == "Lt" else False


@dataclass(frozen=True, slots=True)
class Placement:
    """What the pod says of the nodes that it may run on."""

    selector: tuple[Requirement, ...] = ()
    """Of `nodeSelector` and `nodeName`: all of them."""
    terms: tuple[tuple[Requirement, ...], ...] | None = None
    """Of required node affinity: all requirements of any one term. None where there is none."""
    tolerations: tuple[Toleration, ...] = ()
    preferred: tuple[tuple[int, tuple[Requirement, ...]], ...] = ()
    """Of preferred node affinity: weight and requirements of each term."""
    bound: bool = False
    """Whether the pod names its node, so that it never meets the scheduler."""

    @property
    def keys(self) -> set[str]:
        """The labels that it looks at."""
        wanted = (self.selector, *(self.terms or ()), *(term for _, term in self.preferred))
        return {one.key for group in wanted for one in group}

    def accepted(self, labels: Collection[str]) -> frozenset[str] | None:
        """Return the values of a label that the pod accepts, or None where it accepts any.

        Args:
            labels: The label, and others that carry the same value.
        """
        for one in self.selector:
            if one.key in labels:
                return frozenset(one.values)
        allowed = [
            next((one.values for one in term if one.key in labels and one.operator == "In"), None)
            for term in self.terms or ()
        ]
        if not allowed or None in allowed:
            return None
        return frozenset(value for values in allowed for value in values or ())


def placement_of(spec: Mapping[str, Any], *, daemon: bool = False) -> Placement:
    """Return where a pod spec allows its pods to go.

    Args:
        spec: The pod spec.
        daemon: Whether it is a DaemonSet's, whose controller adds tolerations.
    """
    selector = [Requirement(key, "In", (str(value),)) for key, value in mapping(spec.get("nodeSelector")).items()]
    if name := text(spec.get("nodeName")):
        selector.append(Requirement(NODE_NAME, "In", (name,)))
    affinity = mapping(mapping(spec.get("affinity")).get("nodeAffinity"))
    required, terms = affinity.get(REQUIRED), None
    if isinstance(required, dict):
        wanted = (_node_term(term) for _, term in items(required.get("nodeSelectorTerms"), ()))
        terms = tuple(term for term in wanted if term)  # a term without requirements matches no node
    preferred = (
        (integer(one.get("weight")) or 0, _node_term(mapping(one.get("preference"))))
        for _, one in items(affinity.get(PREFERRED), ())
    )
    return Placement(
        selector=tuple(selector),
        terms=terms,
        tolerations=(*_tolerations(spec), *(_OF_DAEMONS if daemon else ())),
        preferred=tuple((weight, term) for weight, term in preferred if weight and term),
        bound=bool(name),
    )


def _node_term(term: Mapping[str, Any]) -> tuple[Requirement, ...]:
    named = (*sequence(term.get("matchExpressions")), *sequence(term.get("matchFields")))
    return tuple(_requirement(one) for one in named if isinstance(one, dict))


def _tolerations(spec: Mapping[str, Any]) -> tuple[Toleration, ...]:
    """Return the tolerations of a pod, with those that the API server gives to each pod that says nothing about them."""
    own = tuple(toleration_of(one) for _, one in items(spec.get("tolerations"), ()))
    added = (
        one
        for one in _OF_ALL
        if not any(other.key in ("", one.key) and other.effect in ("", one.effect) for other in own)
    )
    return (*own, *added)


def _requirement(data: Mapping[str, Any]) -> Requirement:
    values = tuple(str(value) for value in sequence(data.get("values")))
    return Requirement(text(data.get("key")), text(data.get("operator")), values)


def toleration_of(data: Mapping[str, Any]) -> Toleration:
    """Return a toleration as a manifest has it."""
    key, operator, value, effect = (text(data.get(name)) for name in ("key", "operator", "value", "effect"))
    return Toleration(key, operator, value, effect)


_OF_ALL: Final = tuple(
    Toleration(f"node.kubernetes.io/{name}", "Exists", "", "NoExecute") for name in ("not-ready", "unreachable")
)
"""What the admission plugin DefaultTolerationSeconds adds, for five minutes each."""
_OF_DAEMONS: Final = tuple(
    Toleration(f"node.kubernetes.io/{name}", "Exists", "", effect)
    for name, effect in (
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    )
)
"""What the DaemonSet controller adds (pkg/controller/daemon/util of kubernetes v1.34.2)."""


def matches(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Say whether labels match a label selector; a requirement with an unknown operator is met.

    Args:
        selector: `matchLabels` and `matchExpressions`, as a manifest has them.
        labels: Labels as a manifest has them; null is an empty value.
    """
    given = {key: value or "" for key, value in labels.items()}
    if any(given.get(key) != (value or "") for key, value in mapping(selector.get("matchLabels")).items()):
        return False
    wanted = (_requirement(one) for _, one in items(selector.get("matchExpressions"), ()))
    return all(one.operator not in LABEL_OPERATORS or one.met_by(given.get(one.key)) for one in wanted)
