"""Why a rule of a NodeFeatureRule does not match a node, or why nobody can tell: the first term that decides it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aksrdma.findings import FieldPath
from aksrdma.kube.node_feature_outputs import RuleMatch, Version, match_terms
from aksrdma.kube.node_feature_rules import (
    FAILS,
    YES,
    Expression,
    Term,
    instance_outcomes,
    match_term,
    outcomes,
    values_error,
)
from aksrdma.kube.node_features import Features, Instance, Seen

_UNTOLD: Final = "which a VM size does not tell"
_MOST: Final = 4
"""Values that a reason names."""


def reason(match: RuleMatch, features: Features, version: Version) -> tuple[FieldPath, str]:
    """Return the term of a rule that decides that it does not match for certain, and why; both empty where it does.

    Args:
        match: what the rule did.
        features: those that it saw.
        version: what the NFD knows.
    """
    if match.outcomes == YES:
        return (), ""
    rule = match.rule
    if match.failure and not match.outcomes & YES:
        return rule.path, f"its {match.failure}"
    if rule.alternatives:
        found = [match_terms(terms, features, comparisons=version.comparisons)[0] for terms in rule.alternatives]
        if YES not in found:
            # The alternative that comes nearest says most: one that may match, then one that fails.
            best = max(range(len(found)), key=lambda index: (found[index] & YES, found[index] & FAILS, -index))
            path, why = _of_terms(rule.alternatives[best], features, version)
            rest = len(found) - 1
            return path, f"{why} (as do none of the other {rest} matchAny)" if rest and not found[best] & YES else why
    path, why = _of_terms(rule.terms, features, version)
    if why:
        return path, why
    if match.unknown:
        return rule.path, f"depends on {match.unknown}"
    return rule.path, f"its {match.failure}, or not, {_UNTOLD}" if match.failure else ""


def _of_terms(terms: Sequence[Term], features: Features, version: Version) -> tuple[FieldPath, str]:
    found = [(term, match_term(term, features, comparisons=version.comparisons).outcomes) for term in terms]
    never = [one for one in found if not one[1] & YES]
    unsure = [one for one in found if one[1] != YES]
    for term, outcome in (*never, *unsure):
        if features.has(term.feature) is None and term.feature not in features.attributes:
            return term.path, f"depends on {term.feature}, {_UNTOLD}"
        return term.path, f"{term.written}: {_of_term(term, outcome, features, version)}"
    return (), ""


def _of_term(term: Term, outcome: int, features: Features, version: Version) -> str:
    has = features.has(term.feature)
    if has is False:
        return "the node has no such feature"
    if has is None:
        return f"depends on what rules before it set, {_UNTOLD}"
    if instances := features.instances.get(term.feature, ()):
        return _of_instances(term, outcome, list({id(one): one for one in instances}.values()), version)
    if term.feature in features.instances and term.feature not in {**features.flags, **features.attributes}:
        return "the node has none"
    values: Mapping[str, Seen | None] = features.attributes.get(term.feature) or {}
    flags = features.flags.get(term.feature) or frozenset()
    seen = {**dict.fromkeys(flags, ""), **values}
    for one in term.expressions:
        if (found := outcomes(one, seen.get(one.attribute), comparisons=version.comparisons)) != YES:
            return _of_expression(one, seen.get(one.attribute), found, version)
    return _of_name(term, version)


def _of_instances(term: Term, outcome: int, instances: Sequence[Instance], version: Version) -> str:
    comparisons = version.comparisons
    if outcome & YES:
        may = [one for one in instances if instance_outcomes(term, one, comparisons=comparisons) & YES]
        if may and not any(one.there for one in may):
            return f"depends on whether the node has {' or '.join(_named(may))}"
    # The one that comes nearest says most, and one that is there for certain more than another.
    best = max(instances, key=lambda one: (one.there, _held(term, one, version)))
    (named,) = _named([best])
    for one in term.expressions:
        seen = best.get(one.attribute)
        if (found := outcomes(one, seen, comparisons=comparisons)) != YES:
            why = _of_expression(one, seen, found, version)
            return f"{why} (of {named})" if best.there else f"no device fits: of {named}, {why}"
    return _of_name(term, version)


def _held(term: Term, instance: Instance, version: Version) -> int:
    found = (outcomes(one, instance.get(one.attribute), comparisons=version.comparisons) for one in term.expressions)
    return sum(one == YES for one in found)


def _named(instances: Iterable[Instance]) -> list[str]:
    """Return what instances are, those of one kind together, with their PCI ids where these are known."""
    ids: dict[tuple[str, str], list[str]] = {}
    for one in instances:
        vendor, device = one.get("vendor"), one.get("device")
        known = isinstance(vendor, str) and isinstance(device, str)
        found = ids.setdefault((one.what or "a device", str(vendor) if known else ""), [])
        if known and device not in found:
            found.append(str(device))
    return [f"{what} {vendor}:{'|'.join(devices)}" if devices else what for (what, vendor), devices in ids.items()]


def _of_name(term: Term, version: Version) -> str:
    if term.name is None:
        return "depends on the order in which NFD looks at its expressions, of which one fails"
    if error := values_error(term.name, comparisons=version.comparisons):
        return f"matchName fails: {error}"
    return f"matchName: no name fits {_wanted(term.name)}"


def _of_expression(expression: Expression, seen: Seen | None, outcome: int, version: Version) -> str:
    name = expression.attribute
    if outcome == FAILS or (outcome & FAILS and isinstance(seen, str)):
        error = values_error(expression, comparisons=version.comparisons)
        return f"{name} fails: {error or f'{seen!r} is no {_read_as(expression, version)}'}"
    if outcome & YES:
        return f"depends on {name}, {_UNTOLD}"
    if seen is None:
        return f"{name} is not there"
    # A flag has no value.
    shown = f"{name} {seen}" if seen and isinstance(seen, str) else name
    match expression.operator:
        case "DoesNotExist":
            return f"{shown} is there"
        case "IsTrue" | "IsFalse":
            return f"{shown} is not {'true' if expression.operator == 'IsTrue' else 'false'}"
        case "NotIn":
            return f"{shown} is one of {_wanted(expression)}"
        case "InRegexp":
            return f"{shown} does not match {_wanted(expression)}"
    return f"{shown} is not {_wanted(expression)}"


def _wanted(expression: Expression) -> str:
    shown = ", ".join(expression.values[:_MOST]) + (", ..." if len(expression.values) > _MOST else "")
    return f"{expression.operator} [{shown}]"


def _read_as(expression: Expression, version: Version) -> str:
    return "version" if expression.type and version.comparisons else "whole number"
