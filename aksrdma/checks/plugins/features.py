"""The rules of the NodeFeatureRules of a set, and which of them exclude each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.kube.node_feature_rules import Expression, FeatureRule, Term, is_whole, rules_of

if TYPE_CHECKING:
    from aksrdma.documents import Document

PCI_IDS: Final = ("class", "device", "subsystem_device", "subsystem_vendor", "vendor")
"""Attributes of pci.device that hold 4 lowercase hex digits."""
_OPPOSITES: Final = (("Exists", "DoesNotExist"), ("IsTrue", "IsFalse"))
_COMPARED: Final = 1024
"""Pairs of alternatives of two rules that are compared; of rules with more of them nobody can say what they match."""


def feature_rules(document: Document) -> tuple[FeatureRule, ...]:
    """Return the rules of a NodeFeatureRule; none of another object."""
    return document.derived(_feature_rules) if document.kind in RULE_KINDS else ()


def _feature_rules(document: Document) -> tuple[FeatureRule, ...]:
    return rules_of(document.data)


def exclusive(first: FeatureRule, second: FeatureRule) -> bool:
    """Say whether no node can match both rules, as far as their expressions show it."""
    mine, yours = _single(first.terms), _single(second.terms)
    if _clash(mine, yours):
        return True
    some, others = first.alternatives or ((),), second.alternatives or ((),)
    if len(some) * len(others) > _COMPARED:
        return True
    theirs = [_single(terms) for terms in others]
    for terms in some:
        own = _single(terms)
        if _clash(own, yours):
            continue
        if not all(_clash(own, other) or _clash(mine, other) for other in theirs):
            return False
    return True


def _single(terms: tuple[Term, ...]) -> dict[tuple[str, str], Expression]:
    """Return expressions by feature and attribute; of the features of which a node has many, other ones may match."""
    known = catalog.node_features()
    return {
        (term.feature, one.attribute): one
        for term in terms
        if term.feature not in known or not known[term.feature].instances
        for one in term.expressions
    }


def _clash(first: Mapping[tuple[str, str], Expression], second: Mapping[tuple[str, str], Expression]) -> bool:
    return any(_disjoint(one, second[key]) for key, one in first.items() if key in second)


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
