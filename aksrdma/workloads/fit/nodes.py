"""Nodes as the scheduler sees them, and whether a pod may go to one: its labels first, then its taints.

Source: the filters NodeName, NodeAffinity and TaintToleration of pkg/scheduler/framework/plugins@v1.34.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from aksrdma import catalog
from aksrdma.kube.labels import INSTANCE_TYPE
from aksrdma.kube.scheduling import EVICTING, NODE_NAME, Placement, Requirement, Taint
from aksrdma.workloads.fit.amounts import Amounts
from aksrdma.workloads.fit.neighbors import NamespaceLabels
from aksrdma.workloads.fit.pods import PodGroup

STOPPED: Final = "it is stopped"
DELETED: Final = "it is being deleted"
NO_POOL: Final = "(no pool)"
"""In place of the name of an agent pool, for a node without the label."""
Origin: TypeAlias = Literal["cluster file", "kubectl", "az"]


@dataclass(frozen=True, slots=True)
class Site:
    """What a pod sees of a node: labels and taints."""

    labels: Mapping[str, str | None]
    """None is a label that the node is known not to have."""
    taints: tuple[Taint, ...] = ()
    complete: bool = True
    """Whether labels that are not named are known not to be there."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes that are alike."""

    pool: str
    """Agent pool; one pool is one InfiniBand fabric."""
    count: int
    allocatable: Amounts
    """What each has for pods. A resource that every node has and that is not named here is not counted."""
    site: Site
    used: Amounts = field(default_factory=dict)
    """What running pods hold of it, on each."""
    vm_size: str | None = None
    running: tuple[PodGroup, ...] = ()
    """The running pods themselves: others may keep apart from them."""
    empty: str = ""
    """Why there are none of them, where the input says it."""


@dataclass(frozen=True, slots=True)
class ClusterNodes:
    """All nodes that pods may go to."""

    origin: Origin
    """What they were read from."""
    nodes: tuple[Nodes, ...]
    rdma: tuple[str, ...]
    """Resources under which RDMA is handed out: `rdma/ib`."""
    other_pools: bool = False
    """Whether the cluster has pools that are not named, and that pods without devices may go to."""
    notes: tuple[str, ...] = ()
    """What was assumed, a sentence each."""
    namespaces: NamespaceLabels = field(default_factory=dict)

    @property
    def pools(self) -> tuple[str, ...]:
        """Names of the pools, in their order."""
        return tuple(dict.fromkeys(one.pool for one in self.nodes))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a pod may go to a node."""

    message: str = ""
    """Why not; empty where it may."""
    fix: str = ""
    rule: str = ""
    """Which wish or taint it is, whatever the node has in its place; empty where that is the message."""
    assumed: tuple[str, ...] = ()
    """Labels that nobody has said the node has, taken as the pod wants them."""

    @property
    def ok(self) -> bool:
        """Whether it may."""
        return not self.message


def judge_site(placement: Placement, site: Site) -> Verdict:
    """Say whether a pod may go to a node, whatever is free there."""
    verdict = judge_labels(placement, site)
    if not verdict.ok:
        return verdict
    # A pod with a nodeName never meets the scheduler, and kubelet minds only the taints that evict.
    effects = ("NoExecute",) if placement.bound else EVICTING
    for taint in site.taints:
        if taint.effect in effects and not any(one.tolerates(taint) for one in placement.tolerations):
            return Verdict(f"the taint {taint} is not tolerated", f"add the toleration {taint.toleration}")
    return verdict


def judge_labels(placement: Placement, site: Site) -> Verdict:
    """Say whether the labels of a node are what a pod wants, taints aside."""
    assumed: list[str] = []
    for one in placement.selector:
        if not _meets(one, site, assumed):
            return _refused("nodeSelector" if one.key != NODE_NAME else "nodeName", one, site)
    if placement.terms is None:
        return Verdict(assumed=tuple(assumed))
    granted: Verdict | None = None
    failed: Requirement | None = None
    for term in placement.terms:
        also = list(assumed)
        wrong = next((one for one in term if not _meets(one, site, also)), None)
        if wrong is not None:
            failed = failed or wrong
        elif len(also) == len(assumed):
            return Verdict(assumed=tuple(assumed))  # sure, so it goes before a term that is only taken for granted
        else:
            granted = granted or Verdict(assumed=tuple(also))
    if granted:
        return granted
    if failed is None:
        return Verdict("its node affinity has no term, which matches no node", "add a term, or leave the affinity out")
    return _refused("node affinity", failed, site)


def intolerable(placement: Placement, site: Site) -> int:
    """Return how many taints of a node a pod would rather not meet."""
    tolerations = [one for one in placement.tolerations if one.effect in ("", "PreferNoSchedule")]
    return sum(
        taint.effect == "PreferNoSchedule" and not any(one.tolerates(taint) for one in tolerations)
        for taint in site.taints
    )


def preference(placement: Placement, site: Site) -> int:
    """Return the weights of the terms of preferred node affinity that a node meets."""
    return sum(
        weight for weight, term in placement.preferred if all(one.met_by(site.labels.get(one.key)) for one in term)
    )


def _meets(requirement: Requirement, site: Site, assumed: list[str]) -> bool:
    """Say whether a node has the label that is wanted; note a label of which nobody knows, which counts as had."""
    key = requirement.key
    if key not in site.labels and not site.complete and catalog.other_cloud("label", key) is None:
        assumed.append(key)
        return True
    value = site.labels.get(key)
    if value is None or site.complete or key not in INSTANCE_TYPE:
        return requirement.met_by(value)
    # The case of the label is that of whoever made the pool, which neither a cluster file nor az tells.
    same = (one for one in requirement.values if one.casefold() == value.casefold())
    return requirement.met_by(value) or requirement.met_by(next(same, value))


def _refused(field_name: str, wanted: Requirement, site: Site) -> Verdict:
    value = site.labels.get(wanted.key)
    what = "the node's name" if wanted.key == NODE_NAME else f"the label {wanted.key}"
    found = "is not there" if value is None else f"is {value}"
    fix = f"change the {field_name}" + ("" if value is None else f" to {value}, or choose another pool")
    rule = f"its {field_name} wants {wanted}"
    if field_name == "nodeName":
        rule, fix = (
            f"its nodeName is {', '.join(wanted.values)}",
            "leave nodeName out, so that the scheduler chooses a node",
        )
    return Verdict(f"{rule}, and {what} {found}", fix, rule)
