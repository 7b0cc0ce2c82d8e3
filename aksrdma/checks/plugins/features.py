"""Typed views of NodeFeatureRules: what each rule matches, and what it puts on a node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.checks.plugins.kinds import RULE_KINDS
from aksrdma.findings import FieldPath

if TYPE_CHECKING:
    from aksrdma.documents import Document

LABEL_PREFIX: Final = "feature.node.kubernetes.io/"
NIC_LABEL: Final = "feature.node.kubernetes.io/pci-15b3.present"
"""The label by which the operator's DaemonSets find nodes with an NVIDIA NIC."""
PCI_IDS: Final = ("class", "device", "subsystem_device", "subsystem_vendor", "vendor")
"""Attributes of pci.device that hold 4 lowercase hex digits."""


class Expression(NamedTuple):
    """One match expression."""

    path: FieldPath
    attribute: str
    """The attribute or element that is looked at; empty for matchName."""
    operator: str
    values: tuple[str, ...]
    type: str
    """`version`, or empty for whole numbers."""

    def allows(self) -> tuple[str, ...]:
        """Return the only values that the expression lets through, empty where it lets through more."""
        return self.values if self.operator == "In" else ()


class Term(NamedTuple):
    """One feature with the expressions that must all hold, for devices on one and the same device."""

    path: FieldPath
    feature: str
    """Lower case, as NFD compares it."""
    expressions: tuple[Expression, ...]

    def get(self, attribute: str) -> Expression | None:
        """Return the expression for an attribute, or None."""
        return next((found for found in self.expressions if found.attribute == attribute), None)


class FeatureRule(NamedTuple):
    """One rule of a NodeFeatureRule."""

    path: FieldPath
    data: Mapping[str, Any]
    terms: tuple[Term, ...]
    """All must hold."""
    alternatives: tuple[tuple[Term, ...], ...]
    """One of them must hold, each with all its terms; empty where there are none."""

    @property
    def labels(self) -> dict[str, str]:
        """The labels that the rule sets, with the prefix that NFD gives to a key without one."""
        return {full_label(key): value for key, value in strings(self.data.get("labels")).items()}

    @property
    def matches_every_node(self) -> bool:
        """Whether nothing restricts the rule."""
        return not self.terms and (not self.alternatives or not all(self.alternatives))

    def ways(self) -> tuple[tuple[Term, ...], ...]:
        """Return the sets of terms of which one must hold wholly for a node to match."""
        return tuple((*self.terms, *terms) for terms in self.alternatives) if self.alternatives else (self.terms,)


def feature_rules(document: Document) -> Iterator[FeatureRule]:
    """Yield the rules of a NodeFeatureRule."""
    spec = document.data.get("spec")
    rules = spec.get("rules") if document.kind in RULE_KINDS and isinstance(spec, dict) else None
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, dict):
            path: FieldPath = ("spec", "rules", index)
            yield FeatureRule(path, rule, _terms(rule, path), tuple(_alternatives(rule, path)))


def node_feature_labels(document: Document) -> tuple[tuple[str, str, FeatureRule], ...]:
    """Return the labels that a NodeFeatureRule sets: key with its prefix, value, and the rule."""
    return tuple((key, value, rule) for rule in feature_rules(document) for key, value in rule.labels.items())


def full_label(key: str) -> str:
    """Return a label key with the prefix that nfd-master gives to one without."""
    return key if "/" in key else LABEL_PREFIX + key


def strings(value: Any) -> dict[str, str]:
    """Return the entries of a mapping whose value is a string."""
    return {key: text for key, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}


def _alternatives(rule: dict[str, Any], path: FieldPath) -> Iterator[tuple[Term, ...]]:
    value = rule.get("matchAny")
    for index, entry in enumerate(value if isinstance(value, list) else ()):
        yield _terms(entry if isinstance(entry, dict) else {}, (*path, "matchAny", index))


def _terms(holder: dict[str, Any], path: FieldPath) -> tuple[Term, ...]:
    value = holder.get("matchFeatures")
    found = enumerate(value if isinstance(value, list) else ())
    return tuple(_term(term, (*path, "matchFeatures", index)) for index, term in found if isinstance(term, dict))


def _term(term: dict[str, Any], path: FieldPath) -> Term:
    feature = term.get("feature")
    expressions = term.get("matchExpressions")
    found = expressions.items() if isinstance(expressions, dict) else ()
    parsed = [_expression(value, key, (*path, "matchExpressions", key)) for key, value in found]
    if isinstance(term.get("matchName"), dict):
        parsed.append(_expression(term["matchName"], "", (*path, "matchName")))
    return Term(path, feature.lower() if isinstance(feature, str) else "", tuple(filter(None, parsed)))


def _expression(data: Any, attribute: str, path: FieldPath) -> Expression | None:
    if not isinstance(data, dict) or not isinstance(data.get("op"), str):
        return None
    values = data.get("value")
    texts = tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()
    kind = data.get("type")
    return Expression(path, attribute, data["op"], texts, kind if isinstance(kind, str) else "")
