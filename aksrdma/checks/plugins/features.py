"""NodeFeatureRules: what each rule matches, what it puts on a node, and which exclude each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma.findings import FieldPath
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.kube.labels import FEATURE_PREFIX
from aksrdma.kube.values import mapping, sequence, text

if TYPE_CHECKING:
    from aksrdma.documents import Document

PCI_IDS: Final = ("class", "device", "subsystem_device", "subsystem_vendor", "vendor")
"""Attributes of pci.device that hold 4 lowercase hex digits."""
_INSTANCES: Final = ("fake.instance", "network.device", "network.virtual", "pci.device", "storage.block", "usb.device")
"""Features of which a node has many."""
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}\Z", re.ASCII)
_OPPOSITES: Final = (("Exists", "DoesNotExist"), ("IsTrue", "IsFalse"))


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


def feature_rules(document: Document) -> tuple[FeatureRule, ...]:
    """Return the rules of a NodeFeatureRule; none of another object."""
    return document.derived(_feature_rules) if document.kind in RULE_KINDS else ()


def _feature_rules(document: Document) -> tuple[FeatureRule, ...]:
    rules = []
    for index, rule in _entries(document.value(("spec", "rules"))):
        path: FieldPath = ("spec", "rules", index)
        alternatives = tuple(
            _terms(mapping(entry), (*path, "matchAny", place))
            for place, entry in enumerate(sequence(rule.get("matchAny")))
        )
        rules.append(FeatureRule(path, rule, _terms(rule, path), alternatives))
    return tuple(rules)


def full_label(key: str) -> str:
    """Return a label key with the prefix that nfd-master gives to one without."""
    return key if "/" in key else FEATURE_PREFIX + key


def strings(value: Any) -> dict[str, str]:
    """Return the entries of a mapping whose value is a string."""
    return {key: text for key, text in mapping(value).items() if isinstance(text, str)}


def _entries(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((index, entry) for index, entry in enumerate(sequence(value)) if isinstance(entry, dict))


def _terms(holder: Mapping[str, Any], path: FieldPath) -> tuple[Term, ...]:
    found: list[Term] = []
    for index, term in _entries(holder.get("matchFeatures")):
        where = (*path, "matchFeatures", index)
        expressions = [
            _expression(value, key, (*where, "matchExpressions", key))
            for key, value in mapping(term.get("matchExpressions")).items()
        ]
        expressions.append(_expression(term.get("matchName"), "", (*where, "matchName")))
        found.append(Term(where, text(term.get("feature")).lower(), tuple(filter(None, expressions))))
    return tuple(found)


def _expression(data: Any, attribute: str, path: FieldPath) -> Expression | None:
    if not isinstance(data, dict) or not isinstance(data.get("op"), str):
        return None
    values = tuple(value for value in sequence(data.get("value")) if isinstance(value, str))
    return Expression(path, attribute, data["op"], values, text(data.get("type")))


def exclusive(first: FeatureRule, second: FeatureRule) -> bool:
    """Say whether no node can match both rules, as far as their expressions show it."""
    return all(any(_clash(a, b) for a in one for b in other) for one in first.ways() for other in second.ways())


def _clash(first: Term, second: Term) -> bool:
    # A node has many devices: different ones may satisfy the two rules.
    if first.feature != second.feature or first.feature in _INSTANCES:
        return False
    pairs = [(a, second.get(a.attribute)) for a in first.expressions if a.attribute]
    return any(b is not None and _disjoint(a, b) for a, b in pairs)


def _disjoint(first: Expression, second: Expression) -> bool:
    """Say whether no value satisfies both expressions."""
    operators = (first.operator, second.operator)
    if operators in _OPPOSITES or operators[::-1] in _OPPOSITES:
        return True
    if operators == ("In", "In"):
        return not set(first.values) & set(second.values)
    if operators == ("In", "NotIn"):
        return set(first.values) <= set(second.values)
    if operators == ("NotIn", "In"):
        return set(second.values) <= set(first.values)
    bounds = {first.operator: first.values, second.operator: second.values}
    low, high = bounds.get("Gt") or bounds.get("Ge"), bounds.get("Lt") or bounds.get("Le")
    if not (low and high and is_whole(low[0]) and is_whole(high[0])):
        return False
    gap = int(low[0]) - int(high[0])
    return gap > 0 or (gap == 0 and not {"Ge", "Le"} <= bounds.keys())


def is_whole(value: str) -> bool:
    """Say whether NFD reads a value as a whole number: Go's strconv.Atoi, up to 64 bits."""
    return _INTEGER.match(value) is not None
