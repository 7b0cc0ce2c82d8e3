"""Nearness to other pods and to nodes: `affinity` and `topologySpreadConstraints` of pods, and label selectors."""

from collections.abc import Mapping, Sequence
from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.scheduling import NodeAffinity


class LabelSelectorRequirement(Model):
    """One entry of a label selector's `matchExpressions`."""

    key: str
    """Label key."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label's value relates to `values`."""
    values: Sequence[str] | None = None
    """Values; none for Exists and DoesNotExist."""


class LabelSelector(Model):
    """Selects objects by labels; all requirements must hold, and an empty selector selects everything."""

    match_labels: Mapping[str, str] | None = None
    """Labels that the object must have with these values."""
    match_expressions: Sequence[LabelSelectorRequirement] | None = None
    """Requirements beyond equality."""


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
