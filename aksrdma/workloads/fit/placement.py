"""Where a pod may go: node selector, required node affinity and tolerations, against labels and taints.

Source: k8s.io/component-helpers/scheduling/corev1/nodeaffinity and k8s.io/api/core/v1/toleration.go@v0.34.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aksrdma.kube.values import items, mapping, sequence, text

NODE_NAME: Final = "metadata.name"
"""Stands among the labels for the only field of a node that affinity can name."""
POOL_LABELS: Final = ("kubernetes.azure.com/agentpool", "agentpool")
SIZE_LABELS: Final = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
HOSTNAME: Final = "kubernetes.io/hostname"
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_EVICTING: Final = ("NoSchedule", "NoExecute")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint of a node."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Toleration:
    """A toleration of a pod."""

    key: str
    operator: str
    value: str
    effect: str

    def tolerates(self, taint: Taint) -> bool:
        """Say whether it takes a taint away."""
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        return self.operator == "Exists" or (self.operator in ("", "Equal") and self.value == taint.value)


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
        return self._compared(value)

    def _compared(self, value: str | None) -> bool:
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

    @property
    def keys(self) -> set[str]:
        """The labels that it looks at."""
        return {one.key for group in (self.selector, *(self.terms or ())) for one in group}


@dataclass(frozen=True, slots=True)
class Site:
    """What a pod sees of a node: labels and taints."""

    labels: Mapping[str, str | None]
    """None is a label that the node is known not to have."""
    taints: tuple[Taint, ...] = ()
    complete: bool = True
    """Whether labels that are not named are known not to be there."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a pod may go to a node."""

    message: str = ""
    """Why not; empty where it may."""
    fix: str = ""
    assumed: tuple[str, ...] = ()
    """Labels that nobody has said the node has, taken as the pod wants them."""

    @property
    def ok(self) -> bool:
        """Whether it may."""
        return not self.message


def placement_of(spec: Mapping[str, Any], *, daemon: bool = False) -> Placement:
    """Return where a pod spec allows its pods to go.

    Args:
        spec: The pod spec.
        daemon: Whether it is a DaemonSet's, whose controller adds tolerations.
    """
    selector = [Requirement(key, "In", (str(value),)) for key, value in mapping(spec.get("nodeSelector")).items()]
    if name := text(spec.get("nodeName")):
        selector.append(Requirement(NODE_NAME, "In", (name,)))
    tolerations = [_toleration(one) for _, one in items(spec.get("tolerations"), ())]
    return Placement(tuple(selector), _terms(spec), (*tolerations, *(_OF_DAEMONS if daemon else ())))


def _terms(spec: Mapping[str, Any]) -> tuple[tuple[Requirement, ...], ...] | None:
    required = mapping(mapping(spec.get("affinity")).get("nodeAffinity")).get(_REQUIRED)
    if not isinstance(required, dict):
        return None
    terms = [_term(term) for _, term in items(required.get("nodeSelectorTerms"), ())]
    return tuple(term for term in terms if term)  # a term without requirements matches no node


def _term(term: Mapping[str, Any]) -> tuple[Requirement, ...]:
    named = (*sequence(term.get("matchExpressions")), *sequence(term.get("matchFields")))
    return tuple(_requirement(one) for one in named if isinstance(one, dict))


def _requirement(data: Mapping[str, Any]) -> Requirement:
    values = tuple(str(value) for value in sequence(data.get("values")))
    return Requirement(text(data.get("key")), text(data.get("operator")), values)


def _toleration(data: Mapping[str, Any]) -> Toleration:
    key, operator, value, effect = (text(data.get(name)) for name in ("key", "operator", "value", "effect"))
    return Toleration(key, operator, value, effect)


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


def judge_site(placement: Placement, site: Site) -> Verdict:
    """Say whether a pod may go to a node: its labels first, then its taints."""
    by_labels = judge_labels(placement, site)
    if not by_labels.ok:
        return by_labels
    for taint in site.taints:
        if taint.effect in _EVICTING and not any(one.tolerates(taint) for one in placement.tolerations):
            return Verdict(f"the taint {taint} is not tolerated", f"add the toleration {_toleration_text(taint)}")
    return by_labels


def judge_labels(placement: Placement, site: Site) -> Verdict:
    """Say whether the labels of a node are what a pod wants, taints aside."""
    assumed: list[str] = []
    for one in placement.selector:
        if not _meets(one, site, assumed):
            return _label_verdict("nodeSelector" if one.key != NODE_NAME else "nodeName", one, site)
    if placement.terms is None:
        return Verdict(assumed=tuple(assumed))
    return _by_terms(placement.terms, site, assumed)


def _by_terms(terms: tuple[tuple[Requirement, ...], ...], site: Site, assumed: list[str]) -> Verdict:
    fallback: Verdict | None = None
    failed: Requirement | None = None
    for term in terms:
        also = list(assumed)
        wrong = next((one for one in term if not _meets(one, site, also)), None)
        if wrong is None and len(also) == len(assumed):
            return Verdict(assumed=tuple(assumed))
        if wrong is None:
            fallback = fallback or Verdict(assumed=tuple(also))
        failed = failed or wrong
    if fallback:
        return fallback
    if failed is None:
        return Verdict("its node affinity has no term, which matches no node", "add a term, or leave the affinity out")
    return _label_verdict("node affinity", failed, site)


def _meets(requirement: Requirement, site: Site, assumed: list[str]) -> bool:
    key = requirement.key
    if key not in site.labels:
        if not site.complete:
            assumed.append(key)
            return True
        return requirement.met_by(None)
    value = site.labels[key]
    if requirement.met_by(value):
        return True
    return not site.complete and key in SIZE_LABELS and requirement.met_by(_spelt(value, requirement.values))


def _spelt(value: str | None, spellings: tuple[str, ...]) -> str | None:
    """Return a VM size as the pod spells it: the label's case is that of whoever made the pool."""
    return next((one for one in spellings if value and one.casefold() == value.casefold()), value)


def _label_verdict(field: str, wanted: Requirement, site: Site) -> Verdict:
    value = site.labels.get(wanted.key)
    what = "the node's name" if wanted.key == NODE_NAME else f"the label {wanted.key}"
    found = "is not there" if value is None else f"is {value}"
    fix = f"change the {field}" if value is None else f"change the {field} to {value}, or choose another pool"
    return Verdict(f"its {field} wants {wanted}, and {what} {found}", fix)


def _toleration_text(taint: Taint) -> str:
    if not taint.value:
        return f"{{key: {taint.key}, operator: Exists, effect: {taint.effect}}}"
    return f"{{key: {taint.key}, operator: Equal, value: {taint.value}, effect: {taint.effect}}}"
