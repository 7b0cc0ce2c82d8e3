"""NodeFeatureRule of Node Feature Discovery: labels for nodes by their hardware."""

from collections.abc import Mapping, Sequence
from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.meta import K8sObject
from aksrdma.models.scheduling import Taint


class MatchExpression(Model):
    """What the value of a feature's attribute must be, or, as `matchName`, its name."""

    op: Literal[
        "In", "NotIn", "InRegexp", "Exists", "DoesNotExist", "Gt", "Ge", "Lt", "Le", "GtLt", "GeLe", "IsTrue", "IsFalse"
    ]
    """In, NotIn and InRegexp take one value or more, Gt, Ge, Lt and Le one, GtLt and GeLe two, the others none."""
    value: Sequence[str] | None = None
    """Strings; PCI ids are four lower-case hex digits without 0x."""
    type: Literal["version"] | None = None
    """version makes Gt, Ge, Lt, Le, GtLt and GeLe compare versions; integers unless set."""


class FeatureMatcherTerm(Model):
    """One entry of `matchFeatures`; all its expressions must hold for the same device."""

    feature: str
    """The feature, such as pci.device or kernel.version."""
    match_expressions: Mapping[str, MatchExpression] | None = None
    """Attribute (class, vendor, device, ...) and what it must be."""
    match_name: MatchExpression | None = None
    """What the name of the feature must be."""


class MatchAnyElem(Model):
    """One entry of `matchAny`: an alternative."""

    match_features: Sequence[FeatureMatcherTerm]
    """Terms that must all hold."""


class Rule(Model):
    """One rule. Without matchers it matches every node."""

    name: str
    """Name of the rule."""
    labels: Mapping[str, str] | None = None
    """Labels for nodes that match; a key without prefix gets feature.node.kubernetes.io/."""
    labels_template: str | None = None
    """Go template that yields labels, a line each."""
    annotations: Mapping[str, str] | None = None
    """Annotations for nodes that match."""
    taints: Sequence[Taint] | None = None
    """Taints for nodes that match; ignored unless nfd-master has taints switched on."""
    extended_resources: Mapping[str, str] | None = None
    """Extended resources for nodes that match, with their amounts."""
    vars: Mapping[str, str] | None = None
    """Values that later rules see as feature rule.matched."""
    vars_template: str | None = None
    """Go template that yields `vars`, a line each."""
    match_features: Sequence[FeatureMatcherTerm] | None = None
    """Terms that must all hold."""
    match_any: Sequence[MatchAnyElem] | None = None
    """Alternatives: one must hold, besides `matchFeatures`."""


class NodeFeatureRuleSpec(Model):
    """`spec` of NodeFeatureRule."""

    rules: Sequence[Rule]
    """Rules, judged in order; a later label of the same key wins."""


class NodeFeatureRule(K8sObject):
    """Labels nodes by their hardware, such as those with an InfiniBand NIC. Cluster-scoped."""

    api_version: Literal["nfd.k8s-sigs.io/v1alpha1"] = "nfd.k8s-sigs.io/v1alpha1"
    """Group and version."""
    kind: Literal["NodeFeatureRule"] = "NodeFeatureRule"
    """The kind."""
    spec: NodeFeatureRuleSpec
    """The rules."""
