"""Where a pod may go: node selector, required node affinity and tolerations, against labels and taints.

Source: k8s.io/component-helpers/scheduling/corev1/nodeaffinity and k8s.io/api/core/v1/toleration.go@v0.34.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aksrdma.kube.labels import INSTANCE_TYPE
from aksrdma.kube.scheduling import EVICTING, NODE_NAME, Placement, Requirement, Taint


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


def judge_site(placement: Placement, site: Site) -> Verdict:
    """Say whether a pod may go to a node: its labels first, then its taints."""
    by_labels = judge_labels(placement, site)
    if not by_labels.ok:
        return by_labels
    for taint in site.taints:
        if taint.effect in EVICTING and not any(one.tolerates(taint) for one in placement.tolerations):
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
    return not site.complete and key in INSTANCE_TYPE and requirement.met_by(_spelt(value, requirement.values))


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
