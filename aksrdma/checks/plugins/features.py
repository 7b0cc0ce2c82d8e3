"""NodeFeatureRules: what each rule matches, what it puts on a node, and which exclude each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.findings import FieldPath
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.kube.labels import FEATURE_PREFIX
from aksrdma.kube.values import mapping, sequence, text

if TYPE_CHECKING:
    from aksrdma.documents import Document

PCI_IDS: Final = ("class", "device", "subsystem_device", "subsystem_vendor", "vendor")
"""Attributes of pci.device that hold 4 lowercase hex digits."""
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}\Z", re.ASCII)
_OPPOSITES: Final = (("Exists", "DoesNotExist"), ("IsTrue", "IsFalse"))
_COMPARED: Final = 1024
"""Pairs of alternatives of two rules that are compared; of rules with more of them nobody can say what they match."""


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
    written: str
    """As it stands there, which is how templates know it."""
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

    @property
    def parts(self) -> tuple[tuple[Term, ...], ...]:
        """The terms that must all hold, then those of each alternative."""
        return (self.terms, *self.alternatives)

    @property
    def every_term(self) -> Iterator[Term]:
        """All terms, whether they must hold or may."""
        return (term for terms in self.parts for term in terms)

    def may_hold(self, holds: Callable[[Term], bool]) -> bool:
        """Say whether the rule can match where some terms hold and others do not."""
        if not all(map(holds, self.terms)):
            return False
        return not self.alternatives or any(all(map(holds, terms)) for terms in self.alternatives)


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
        written = text(term.get("feature"))
        found.append(Term(where, written.lower(), written, tuple(filter(None, expressions))))
    return tuple(found)


def _expression(data: Any, attribute: str, path: FieldPath) -> Expression | None:
    if not isinstance(data, dict) or not isinstance(data.get("op"), str):
        return None
    values = tuple(value for value in sequence(data.get("value")) if isinstance(value, str))
    return Expression(path, attribute, data["op"], values, text(data.get("type")))


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
        if one.attribute
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


def is_whole(value: str) -> bool:
    """Say whether NFD reads a value as a whole number: Go's strconv.Atoi, up to 64 bits."""
    return _INTEGER.match(value) is not None
