"""Where pods may run: node selectors, affinity, taints and tolerations."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from aksrdma.models.base import Model
from aksrdma.models.meta import LabelSelector
from aksrdma.models.shape import Time

TaintEffect: TypeAlias = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


class NodeSelectorRequirement(Model):
    """One requirement on a label or field of a node."""

    key: str
    """Label key, such as feature.node.kubernetes.io/pci-15b3.present."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """How the value relates to `values`; Gt and Lt compare as integers."""
    values: Sequence[str] | None = None
    """Strings, so write "true"; none for Exists and DoesNotExist, exactly one for Gt and Lt."""


class NodeSelectorTerm(Model):
    """One alternative of a node selector; all its requirements must hold, and an empty one matches no node."""

    match_expressions: Sequence[NodeSelectorRequirement] | None = None
    """Requirements on labels."""
    match_fields: Sequence[NodeSelectorRequirement] | None = None
    """Requirements on fields; Kubernetes knows metadata.name only."""


class NodeSelector(Model):
    """A choice of nodes."""

    node_selector_terms: Sequence[NodeSelectorTerm]
    """Alternatives: one that matches is enough."""


class PreferredSchedulingTerm(Model):
    """A wish, with its weight."""

    weight: int
    """Weight, 1 to 100."""
    preference: NodeSelectorTerm
    """The nodes wished for."""


class NodeAffinity(Model):
    """Which nodes pods must or should run on."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    """Pods are not scheduled elsewhere; running pods stay when labels change."""
    preferred_during_scheduling_ignored_during_execution: Sequence[PreferredSchedulingTerm] | None = None
    """Nodes with the greatest sum of weights come first."""


class PodAffinityTerm(Model):
    """Other pods, and the topology in which they count as near."""

    topology_key: str
    """Node label; nodes with the same value are one place, such as kubernetes.io/hostname."""
    label_selector: LabelSelector | None = None
    """The other pods; without it none."""
    namespaces: Sequence[str] | None = None
    """Their namespaces, added to those of `namespaceSelector`; with neither, the pod's own."""
    namespace_selector: LabelSelector | None = None
    """Their namespaces by label; an empty selector means all."""
    match_label_keys: Sequence[str] | None = None
    """Labels whose value the other pods share with this one."""
    mismatch_label_keys: Sequence[str] | None = None
    """Labels whose value the other pods do not share with this one."""


class WeightedPodAffinityTerm(Model):
    """A wish about nearness to other pods, with its weight."""

    weight: int
    """Weight, 1 to 100."""
    pod_affinity_term: PodAffinityTerm
    """The other pods, and what near means."""


class PodAffinity(Model):
    """`podAffinity` (near to) and `podAntiAffinity` (away from) other pods."""

    required_during_scheduling_ignored_during_execution: Sequence[PodAffinityTerm] | None = None
    """Must hold when the pod is scheduled."""
    preferred_during_scheduling_ignored_during_execution: Sequence[WeightedPodAffinityTerm] | None = None
    """Should hold; nodes with the greatest sum of weights come first."""


class Affinity(Model):
    """`affinity` of a pod."""

    node_affinity: NodeAffinity | None = None
    """Which nodes."""
    pod_affinity: PodAffinity | None = None
    """Near to which pods."""
    pod_anti_affinity: PodAffinity | None = None
    """Away from which pods."""


class Toleration(Model):
    """A taint that pods put up with."""

    key: str | None = None
    """Key of the taint; not set, with operator Exists, means every taint."""
    operator: Literal["Equal", "Exists"] | None = None
    """Equal (the default) compares `value`; Exists takes any value."""
    value: str | None = None
    """Value of the taint; not with Exists."""
    effect: TaintEffect | None = None
    """Effect of the taint; not set means all."""
    toleration_seconds: int | None = None
    """Seconds before a NoExecute taint evicts the pod; not set means never."""


class Taint(Model):
    """A taint on a node, here one that a NodeFeatureRule sets."""

    key: str
    """Key of the taint."""
    value: str | None = None
    """Value of the taint."""
    effect: TaintEffect
    """What it does to pods that do not tolerate it."""
    time_added: Time | None = None
    """When it was added, RFC 3339; for NoExecute only."""


class TopologySpreadConstraint(Model):
    """How evenly pods spread over places."""

    max_skew: int
    """Greatest difference in matching pods between two places; above 0."""
    topology_key: str
    """Node label; nodes with the same value are one place."""
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    """Whether the pod waits or goes where the skew is least."""
    label_selector: LabelSelector | None = None
    """The pods that are counted."""
    match_label_keys: Sequence[str] | None = None
    """Labels whose value the counted pods share with this one."""
    min_domains: int | None = None
    """Least number of places, for DoNotSchedule; 1 unless set."""
    node_affinity_policy: Literal["Honor", "Ignore"] | None = None
    """Whether only nodes of the pod's affinity count; Honor unless set."""
    node_taints_policy: Literal["Honor", "Ignore"] | None = None
    """Whether only tolerated nodes count; Ignore unless set."""
