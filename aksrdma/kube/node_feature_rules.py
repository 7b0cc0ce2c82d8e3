"""The rules of NodeFeatureRules: how they read, and whether they match the features of a node, as nfd-master judges it.

Every answer is a set of outcomes: more than one where a value is not known, or where it depends on the order in which Go
walks a map whether an expression fails first or another one does not match.
Source: NFD pkg/apis/nfd/nodefeaturerule/expression.go and rule.go of v0.17.0 to v0.19.0, with failFast, as nfd-master calls it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple

from aksrdma.findings import FieldPath
from aksrdma.kube.labels import FEATURE_PREFIX
from aksrdma.kube.node_features import Features, Instance, Seen, Uncertain
from aksrdma.kube.values import mapping, sequence, text

NO: Final = 1
"""It does not match."""
YES: Final = 2
"""It matches."""
FAILS: Final = 4
"""It is an error, and nfd-master skips the rule."""
ANYTHING: Final = NO | YES | FAILS

PRESENT: Final = ""
"""What a flag stands for: a name without a value."""
_TAKE_NO_VALUE: Final = ("Any", "DoesNotExist", "Exists")
_ORDERED: Final = {
    "Ge": (True, 1),
    "GeLe": (True, 2),
    "Gt": (False, 1),
    "GtLt": (False, 2),
    "Le": (True, 1),
    "Lt": (False, 1),
}
"""Operators that compare: whether equal is enough, and how many values they take."""
_NEWER: Final = ("Ge", "GeLe", "Le")
_KNOWN: Final = frozenset({*_TAKE_NO_VALUE, *_ORDERED, "In", "InRegexp", "IsFalse", "IsTrue", "NotIn"})
_INTEGER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_VERSION: Final = re.compile(
    r"v?([0-9]{1,20})(?:\.([0-9]{1,20}))?(?:\.([0-9]{1,20}))?"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_LONGEST_VERSION: Final = 256


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
    """Those of matchExpressions."""
    name: Expression | None
    """That of matchName."""
    by_expressions: bool
    """Whether there is a matchExpressions, be it empty."""

    def get(self, attribute: str) -> Expression | None:
        """Return the expression for an attribute, or None."""
        return next((found for found in self.expressions if found.attribute == attribute), None)

    @property
    def every_expression(self) -> Iterator[Expression]:
        """Those for attributes, then that for the name."""
        yield from self.expressions
        if self.name is not None:
            yield self.name


class FeatureRule(NamedTuple):
    """One rule of a NodeFeatureRule."""

    path: FieldPath
    data: Mapping[str, Any]
    terms: tuple[Term, ...]
    """All must hold."""
    alternatives: tuple[tuple[Term, ...], ...]
    """One of them must hold, each with all its terms; empty where there are none."""

    @property
    def name(self) -> str:
        """Its name."""
        return text(self.data.get("name"))

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


def rules_of(data: Any) -> tuple[FeatureRule, ...]:
    """Return the rules of the JSON value of a NodeFeatureRule."""
    rules = []
    for index, rule in _entries(mapping(mapping(data).get("spec")).get("rules")):
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
        written, given = text(term.get("feature")), term.get("matchExpressions")
        expressions = (_expression(one, key, (*where, "matchExpressions", key)) for key, one in mapping(given).items())
        by_name = _expression(term.get("matchName"), "", (*where, "matchName"))
        found.append(
            Term(where, written.lower(), written, tuple(filter(None, expressions)), by_name, isinstance(given, dict))
        )
    return tuple(found)


def _expression(data: Any, attribute: str, path: FieldPath) -> Expression | None:
    if not isinstance(data, dict):
        return None
    values = tuple(value for value in sequence(data.get("value")) if isinstance(value, str))
    return Expression(path, attribute, text(data.get("op")), values, text(data.get("type")))


# ----- Whether an expression holds.


def is_whole(value: str) -> bool:
    """Say whether NFD reads a value as a whole number: Go's strconv.Atoi, of 64 bits."""
    return _whole(value) is not None


def _whole(value: str) -> int | None:
    if not _INTEGER.fullmatch(value):
        return None
    digits = value.lstrip("+-").lstrip("0") or "0"
    found = (-1 if value[0] == "-" else 1) * int(digits) if len(digits) < 20 else 2**64
    return found if -(2**63) <= found < 2**63 else None


def _version(value: str) -> tuple[int, ...] | None:
    """Return major, minor and patch as Masterminds/semver reads them loosely; what stands behind is not compared."""
    found = _VERSION.fullmatch(value) if len(value) <= _LONGEST_VERSION else None
    if found is None:
        return None
    parts = tuple(int(part or 0) for part in found.groups()[:3])
    leading_zero = any(one.isdigit() and len(one) > 1 and one[0] == "0" for one in (found["pre"] or "").split("."))
    return None if leading_zero or max(parts) >= 2**64 else parts


def values_error(expression: Expression, *, comparisons: bool = True) -> str | None:
    """Return why NFD takes an expression for an error as soon as it meets a value, or None.

    Args:
        expression: the expression.
        comparisons: whether this NFD knows Ge, Le, GeLe and type.
    """
    operator, values = expression.operator, expression.values
    if operator not in _KNOWN or (operator in _NEWER and not comparisons):
        return f"{operator or 'an empty op'} is no operator"
    if operator in (*_TAKE_NO_VALUE, "IsFalse", "IsTrue"):
        return f"{operator} takes no value, and has {len(values)}" if values else None
    if operator in ("In", "InRegexp", "NotIn"):
        if not values:
            return f"{operator} needs at least one value"
        if operator != "InRegexp":
            return None
        from aksrdma.kube.go_regexp import go_regexp_error  # few rules have a pattern

        errors = ((value, go_regexp_error(value)) for value in values)
        return next((f"{value!r} is no Go regular expression: {error}" for value, error in errors if error), None)
    return _comparison_error(expression, comparisons)


def _comparison_error(expression: Expression, comparisons: bool) -> str | None:
    operator, values = expression.operator, expression.values
    count = _ORDERED[operator][1]
    if len(values) != count:
        return f"{operator} takes exactly {'one value' if count == 1 else 'two values'}, and has {len(values)}"
    if expression.type and comparisons:
        if expression.type != "version":
            return f"type {expression.type!r} is unknown; only version is known"
        wrong = next((value for value in values if _version(value) is None), None)
        return None if wrong is None else f"{operator} compares versions, and {wrong!r} is none"
    wrong = next((value for value in values if not is_whole(value)), None)
    if wrong is not None:
        return f"{operator} compares whole numbers, and {wrong!r} is none"
    if count == 2 and int(values[0]) >= int(values[1]):
        return (
            f"the first value of {operator} must be less than the second, and {values[0]} is not less than {values[1]}"
        )
    return None


def _holds(expression: Expression, value: str | None, comparisons: bool) -> int:
    """Return the outcomes of an expression for a value; None: it is not there."""
    operator, values = expression.operator, expression.values
    if operator not in _KNOWN or (operator in _NEWER and not comparisons):
        return FAILS
    if operator in _TAKE_NO_VALUE:
        if values:
            return FAILS
        return YES if operator == "Any" or (value is not None) is (operator == "Exists") else NO
    if value is None:
        return NO
    if operator == "InRegexp" and values:
        return _matches_any(expression, value)
    if values_error(expression, comparisons=comparisons):
        return FAILS
    if operator in _ORDERED:
        return _compares(expression, value, comparisons)
    if operator in ("In", "NotIn"):
        return YES if (value in values) is (operator == "In") else NO
    return YES if value == ("true" if operator == "IsTrue" else "false") else NO


def _matches_any(expression: Expression, value: str) -> int:
    from aksrdma.kube.go_regexp import matches  # few rules have a pattern

    if values_error(expression):
        return FAILS
    found = [matches(pattern, value) for pattern in expression.values]
    return YES if True in found else NO | YES if None in found else NO


def _compares(expression: Expression, value: str, comparisons: bool) -> int:
    read: Callable[[str], Any] = _version if expression.type and comparisons else _whole
    seen, bounds = read(value), [read(one) for one in expression.values]
    if seen is None:
        return FAILS
    equal, count = _ORDERED[expression.operator]
    if count == 1:
        above, below = (bounds[0], None) if expression.operator[0] == "G" else (None, bounds[0])
    else:
        above, below = bounds
    inside = (above is None or seen > above or (equal and seen == above)) and (
        below is None or seen < below or (equal and seen == below)
    )
    return YES if inside else NO


def outcomes(expression: Expression, seen: Seen | None, *, comparisons: bool = True) -> int:
    """Return the outcomes of an expression for an attribute: YES, NO, FAILS or some of them.

    Args:
        expression: the expression.
        seen: the attribute; None: it is not there.
        comparisons: whether this NFD knows Ge, Le, GeLe and type.
    """
    if not isinstance(seen, Uncertain):
        return _holds(expression, seen, comparisons)
    absent = 0 if seen.there else _holds(expression, None, comparisons)
    if seen.values is not None:
        return _union(_holds(expression, value, comparisons) for value in seen.values) | absent
    operator = expression.operator
    if operator in _TAKE_NO_VALUE:
        return _holds(expression, PRESENT, comparisons) | absent
    if values_error(expression, comparisons=comparisons):
        return FAILS | absent
    if operator in ("In", "NotIn") and seen.never.issuperset(expression.values):
        return (NO if operator == "In" else YES) | absent
    return (ANYTHING if operator in _ORDERED else NO | YES) | absent


def _union(found: Iterable[int]) -> int:
    return reduce(or_, found, 0)


def all_of(found: Iterable[int]) -> int:
    """Return the outcomes of expressions that must all hold, of which Go tries one after the other in any order."""
    known = list(found)
    together = _union(known) & (NO | FAILS)
    return together | (YES if all(one & YES for one in known) else 0)


# ----- Whether a term matches.


class Element(NamedTuple):
    """What a template sees of a term that matched."""

    attributes: Mapping[str, Seen]
    certain: bool
    """Whether it is among what matched, if the term did."""


class TermMatch(NamedTuple):
    """What became of a term."""

    outcomes: int
    elements: tuple[Element, ...] | None
    """None: nobody knows them."""


def instance_outcomes(term: Term, instance: Instance, *, comparisons: bool = True) -> int:
    """Return the outcomes of the expressions of a term for one instance of its feature."""
    found = all_of(outcomes(one, instance.get(one.attribute), comparisons=comparisons) for one in term.expressions)
    return found if instance.there else found | NO


def match_term(term: Term, features: Features, *, comparisons: bool = True) -> TermMatch:
    """Return whether a term matches, and what of the feature did."""
    has = features.has(term.feature)
    if has is False:
        return TermMatch(NO, ())
    missing = 0 if has else NO
    if not (
        term.feature in features.flags or term.feature in features.attributes or term.feature in features.instances
    ):
        return TermMatch(ANYTHING if any(True for _ in term.every_expression) else NO | YES, None)
    found = YES
    elements: tuple[Element, ...] = ()
    if term.by_expressions:
        found, elements = _by_expressions(term, features, comparisons)
    if term.name is not None and found & YES:
        named, more = _by_name(term.feature, term.name, features, comparisons)
        found, elements = (found & ~YES) | named, elements + more
    return TermMatch(found | missing, elements)


def _by_expressions(term: Term, features: Features, comparisons: bool) -> tuple[int, tuple[Element, ...]]:
    """MatchMulti: flags and attributes are one set, in which each expression must hold; an instance must hold them all."""
    flags, values = features.flags.get(term.feature), features.attributes.get(term.feature)
    each = [_in_either(one, flags, values, comparisons) for one in term.expressions]
    united = all_of(each) if each else YES if flags is not None or values is not None else NO
    elements: list[Element] = []
    if united & YES:
        certain = not united & NO
        for one in sorted(term.expressions, key=lambda one: one.attribute):
            elements += (found._replace(certain=certain) for found in _united(one, flags, values, comparisons))
    instances = features.instances.get(term.feature, ())
    # The NICs of a VM size are one and the same instance.
    judged = {id(one): one for one in instances}
    known = {key: instance_outcomes(term, one, comparisons=comparisons) for key, one in judged.items()}
    found = [known[id(one)] for one in instances]
    failing = (united | _union(found)) & FAILS
    if not all(one & (YES | NO) for one in (united, *found)):
        return failing, ()
    matching = any(one & YES for one in (united, *found))
    missing = all(one & NO for one in (united, *found))
    elements += [
        Element(instance.every, instance.there and one & (YES | NO) == YES)
        for instance, one in zip(instances, found, strict=True)
        if one & YES
    ]
    return failing | (YES if matching else 0) | (NO if missing else 0), tuple(elements)


def _in_either(
    expression: Expression,
    flags: frozenset[str] | None,
    values: Mapping[str, Seen] | None,
    comparisons: bool,
) -> int:
    """Return the outcomes of an expression in the union of flags and attributes, either of which may be null."""
    absent = expression.operator == "DoesNotExist"
    of_flags = NO if flags is None else _in_flags(expression, flags, comparisons)
    if flags is not None and (of_flags == FAILS or (absent and of_flags == NO)):
        return of_flags
    if values is None:
        return of_flags
    of_values = outcomes(expression, values.get(expression.attribute), comparisons=comparisons)
    if absent or of_flags == NO:
        return of_values
    return of_values & FAILS | (YES if of_values & (NO | YES) else 0)


def _in_flags(expression: Expression, flags: frozenset[str], comparisons: bool) -> int:
    """Return the outcomes for a flag, which has no value that could be compared."""
    if expression.operator not in _TAKE_NO_VALUE:
        return _holds(expression, None, comparisons)
    return _holds(expression, PRESENT if expression.attribute in flags else None, comparisons)


def _united(
    expression: Expression,
    flags: frozenset[str] | None,
    values: Mapping[str, Seen] | None,
    comparisons: bool,
) -> Iterator[Element]:
    name = expression.attribute
    if flags is not None and _in_flags(expression, flags, comparisons) & YES:
        yield Element({"Name": name}, certain=True)
    if values is not None:
        seen = values.get(name)
        if outcomes(expression, seen, comparisons=comparisons) & YES:
            yield Element({"Name": name, "Value": "" if seen is None else seen}, certain=True)


def _by_name(
    feature: str, expression: Expression, features: Features, comparisons: bool
) -> tuple[int, tuple[Element, ...]]:
    """MatchNamesMulti: the names of flags, of attributes, and of the attributes of each instance."""
    flags, values = features.flags.get(feature) or frozenset(), features.attributes.get(feature) or {}
    of_names: list[tuple[str, int, Element]] = []
    for name in flags:
        of_names.append((name, _holds(expression, name, comparisons), Element({"Name": name}, certain=True)))
    for name, seen in values.items():
        found = _holds(expression, name, comparisons)
        if isinstance(seen, Uncertain) and not seen.there:
            found |= NO
        of_names.append((name, found, Element({"Name": name, "Value": seen}, found == YES)))
    of_names.sort(key=lambda one: one[0])
    elements = [element for _, found, element in of_names if found & YES]
    every = [found for _, found, _ in of_names]
    for instance in features.instances.get(feature, ()):
        # All names are looked at, so that one that is an error is one whatever the others are.
        names = [
            _holds(expression, name, comparisons) | (NO if isinstance(seen, Uncertain) and not seen.there else 0)
            for name, seen in instance.every.items()
        ]
        failing, matching = _union(names) & FAILS, any(one & YES for one in names)
        if FAILS in names:
            found = FAILS
        else:
            found = failing | (YES if matching else 0) | (NO if all(one & NO for one in names) else 0)
        if not instance.there:
            found |= NO
        every.append(found)
        if found & YES:
            elements.append(Element(instance.every, found & (YES | NO) == YES))
    failing = _union(every) & FAILS
    if any(one == FAILS for one in every):
        return FAILS, ()
    together = failing | (YES if any(one & YES for one in every) else 0)
    return together | (NO if all(one & NO for one in every) else 0), tuple(elements)
