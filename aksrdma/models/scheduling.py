"""Which nodes: selectors, node affinity, taints and tolerations, as pods and kinds of the operator have them."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from aksrdma.models.base import Model
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
