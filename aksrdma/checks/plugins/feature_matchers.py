"""What NodeFeatureRules match, judged as NFD evaluates them: nothing is checked when a rule is applied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.features import PCI_IDS, Expression, FeatureRule, Term, feature_rules
from aksrdma.checks.plugins.releases import before
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_WORKER: Final[Mapping[str, tuple[str, ...]]] = {
    "cpu": ("coprocessor", "cpuid", "cstate", "model", "pstate", "rdt", "security", "sgx", "sst", "topology"),
    "fake": ("attribute", "flag", "instance"),
    "kernel": ("config", "enabledmodule", "kvm", "loadedmodule", "selinux", "version"),
    "local": ("feature", "label"),
    "memory": ("hugepages", "numa", "nv", "swap"),
    "network": ("device", "virtual"),
    "pci": ("device",),
    "rule": ("matched",),
    "storage": ("block", "device"),
    "system": ("dmiid", "name", "osrelease"),
    "usb": ("device",),
}
FEATURES: Final = frozenset(f"{domain}.{name}" for domain, names in _WORKER.items() for name in names)
"""Features that NFD's own worker offers in some release; NodeFeature objects of others may add more."""
_SKIPS: Final = "nfd-master skips the rule on every node that has the feature"
_NO_VALUES: Final = ("DoesNotExist", "Exists", "IsFalse", "IsTrue")
_SOME_VALUES: Final = ("In", "InRegexp", "NotIn")
_ONE_NUMBER: Final = ("Ge", "Gt", "Le", "Lt")
_TWO_NUMBERS: Final = ("GeLe", "GtLt")
_NEW_OPERATORS: Final = ("Ge", "GeLe", "Le")
_HEX_ID = re.compile(r"[0-9a-f]{4}\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z", re.ASCII)
_WHOLE_IDS = re.compile(r"\(?[0-9a-f]{4}(?:\|[0-9a-f]{4})*\)?\Z")


@rule(
    "nfr-feature-name",
    "nfr-hex-form",
    "nfr-numeric-op-on-hex",
    "nfr-operator-not-in-release",
    "nfr-operator-values",
    "nfr-regexp-unanchored",
    "nfr-rule-matches-every-node",
    kinds=RULE_KINDS,
)
def feature_matchers(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find rules that match every node, no node, or that NFD skips."""
    for feature in feature_rules(document):
        if feature.matches_every_node:
            yield _every_node(document, feature)
        for terms in (feature.terms, *feature.alternatives):
            for term in terms:
                yield from _feature(document, term)
                for expression in term.expressions:
                    yield from _expression(document, manifests, term, expression)


def _every_node(document: Document, feature: FeatureRule) -> Problem:
    key = "matchAny" if feature.data.get("matchAny") else "matchFeatures"
    message = f"the rule {feature.data.get('name')!r} has no matcher that restricts it, so it holds on every node"
    return Problem("nfr-rule-matches-every-node", (*feature.path, key), message, document=document)


def _feature(document: Document, term: Term) -> Iterator[Problem]:
    name, path = term.feature, (*term.path, "feature")
    domain, dot, feature = name.partition(".")
    near = nearest(name, FEATURES)
    fix = f"write {near[0]}" if near else None
    if name and (not dot or not domain or not feature or "." in feature):
        message = f"the feature {name!r} never matches: a feature is named <domain>.<feature>"
        yield Problem("nfr-feature-name", path, message, fix=fix, document=document)
    elif dot and domain in _WORKER and name not in FEATURES:
        message = f"the feature {name!r} never matches: NFD has no such feature in {domain}"
        yield Problem("nfr-feature-name", path, message, fix=fix, document=document)


def _expression(document: Document, manifests: ManifestSet, term: Term, expression: Expression) -> Iterator[Problem]:
    operator = expression.operator
    if before(manifests, "v25.7.0") and (operator in _NEW_OPERATORS or expression.type):
        what = f"type: {expression.type}" if operator not in _NEW_OPERATORS else f"the operator {operator}"
        message = f"NFD v0.17 of {manifests.release} does not know {what}; it came with v25.7.0"
        key = "op" if operator in _NEW_OPERATORS else "type"
        yield Problem("nfr-operator-not-in-release", (*expression.path, key), message, document=document)
    elif error := _values_error(expression):
        yield Problem("nfr-operator-values", expression.path, f"{_SKIPS}: {error}", document=document)
    if term.feature == "pci.device" and expression.attribute in PCI_IDS:
        yield from _pci_id(document, expression)


def _values_error(expression: Expression) -> str | None:
    operator, values = expression.operator, expression.values
    if operator in _NO_VALUES and values:
        return f"{operator} takes no value, and has {len(values)}"
    if operator in _SOME_VALUES and not values:
        return f"{operator} needs at least one value"
    if operator == "InRegexp":
        from aksrdma.kube.go_regexp import go_regexp_error

        errors = ((value, go_regexp_error(value)) for value in values)
        return next((f"{value!r} is no Go regular expression: {error}" for value, error in errors if error), None)
    if operator in _ONE_NUMBER + _TWO_NUMBERS:
        return _numbers_error(expression, 1 if operator in _ONE_NUMBER else 2)
    return None


def _numbers_error(expression: Expression, count: int) -> str | None:
    operator, values = expression.operator, expression.values
    if len(values) != count:
        return f"{operator} takes exactly {'one value' if count == 1 else 'two values'}, and has {len(values)}"
    if expression.type == "version":
        return None
    if expression.type:
        return f"type {expression.type!r} is unknown; only version is known"
    wrong = [value for value in values if not _INTEGER.match(value)]
    if wrong:
        return f"{operator} compares whole numbers, and {wrong[0]!r} is none"
    if count == 2 and int(values[0]) >= int(values[1]):
        return (
            f"the first value of {operator} must be less than the second, and {values[0]} is not less than {values[1]}"
        )
    return None


def _pci_id(document: Document, expression: Expression) -> Iterator[Problem]:
    operator, attribute = expression.operator, expression.attribute
    for index, value in enumerate(expression.values):
        path = (*expression.path, "value", index)
        if operator in ("In", "NotIn") and not _HEX_ID.match(value):
            message = f"{attribute} never equals {value!r}: NFD compares it as text of 4 lowercase hex digits"
            yield Problem("nfr-hex-form", path, message, fix=_hex_fix(attribute, value), document=document)
        elif operator == "InRegexp" and not ("^" in value or "$" in value or _WHOLE_IDS.match(value)):
            message = f"the pattern {value!r} matches anywhere in {attribute}"
            yield Problem("nfr-regexp-unanchored", path, message, document=document)
    if operator in _ONE_NUMBER + _TWO_NUMBERS:
        message = f"{operator} reads {attribute} as a decimal number, but it is hexadecimal text"
        yield Problem("nfr-numeric-op-on-hex", (*expression.path, "op"), message, document=document)


def _hex_fix(attribute: str, value: str) -> str | None:
    digits = value.strip().lower().removeprefix("0x")
    if attribute == "class" and len(digits) == 6:
        digits = digits[:4]
    return f"write {digits!r}" if _HEX_ID.match(digits) else None
