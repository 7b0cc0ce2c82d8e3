"""NodeFeatureRules, judged as NFD evaluates them: nothing is checked when a rule is applied.

Two questions: does a rule match what it means to, and does it tell InfiniBand NICs from what else an Azure node has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.plugins.device_plugin_configs import HEX_ID, is_infiniband
from aksrdma.checks.plugins.features import PCI_IDS, feature_rules
from aksrdma.checks.register import rule
from aksrdma.findings import Problem, Severity
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.kube.labels import NIC_LABEL
from aksrdma.kube.node_feature_rules import Expression, FeatureRule, Term, values_error
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.catalog import NodeFeature
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_SKIPS: Final = "nfd-master skips the rule on every node that has the feature"
_NEW_OPERATORS: Final = ("Ge", "GeLe", "Le")
_COMPARING: Final = ("Ge", "GeLe", "Gt", "GtLt", "Le", "Lt")
_OPERATORS: Final = frozenset({"DoesNotExist", "Exists", "In", "InRegexp", "IsFalse", "IsTrue", "NotIn", *_COMPARING})
_WHOLE_IDS: Final = re.compile(r"\(?[0-9a-f]{4}(?:\|[0-9a-f]{4})*\)?\Z")

_ETHERNET_CLASS: Final = "0200"


@rule(
    "nfr-attribute-name",
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
            path = (*feature.path, "matchAny" if feature.data.get("matchAny") else "matchFeatures")
            message = (
                f"the rule {feature.data.get('name')!r} has no matcher that restricts it, so it holds on every node"
            )
            yield Problem("nfr-rule-matches-every-node", path, message)
        for term in feature.every_term:
            yield from _feature(term, manifests)
            for expression in term.every_expression:
                yield from _expression(manifests.release, expression)
                if term.feature == "pci.device" and expression.attribute in PCI_IDS:
                    yield from _pci_id(expression)


def _feature(term: Term, manifests: ManifestSet) -> Iterator[Problem]:
    name, path, known = term.feature, (*term.path, "feature"), catalog.node_features()
    row = known.get(name)
    if row is not None and row.is_in(manifests.release):
        if not manifests.of("NodeFeature"):  # they may add to what NFD's own worker finds
            yield from _attributes(row, term, manifests.release)
        return
    domain, dot, feature = name.partition(".")
    if row is not None:
        message = f"NFD of {manifests.release} has no feature {name}: it came with {row.since}"
        yield Problem("nfr-feature-name", path, message, f"use {row.since} or later", severity="warning")
        return
    if name and (not dot or not domain or not feature or "." in feature):
        why = "a feature is named <domain>.<feature>"
    elif dot and any(one.partition(".")[0] == domain for one in known):
        why = f"NFD has no such feature in {domain}"
    else:
        return
    near = next(iter(nearest(name, known)), None)
    message = f"the feature {name!r} never matches: {why}"
    yield Problem("nfr-feature-name", path, message, f"write {near}" if near else None, near)


def _attributes(row: NodeFeature, term: Term, release: str) -> Iterator[Problem]:
    """Find attributes that a feature never has; only DoesNotExist holds where one is missing."""
    rule_id = "nfr-attribute-name"
    for one in term.expressions:
        if one.operator == "Any":
            continue
        since = row.began(one.attribute)
        if since is not None and not catalog.holds_in(release, since, None):
            message = f"{row.feature} of {release}'s NFD has no {one.attribute!r}: it came with {since}"
            yield Problem(rule_id, one.path, message, f"use {since} or later", severity="warning")
        elif since is None and not row.knows(one.attribute):
            always = one.operator == "DoesNotExist"
            message = (
                f"{row.feature} has no attribute {one.attribute!r}, so this {'always' if always else 'never'} holds"
            )
            near = next(iter(nearest(one.attribute, row.attributes.split())), None)
            fix = row.fix or (f"write {near}" if near else None if row.grows else f"write one of {row.attributes}")
            # A list that grows may have the name in a version of NFD that nobody here knows.
            severity: Severity | None = "warning" if always or (row.grows and not near) else None
            yield Problem(rule_id, one.path, message, fix, near, severity=severity)


def _expression(release: str, expression: Expression) -> Iterator[Problem]:
    operator, new = expression.operator, expression.operator in _NEW_OPERATORS
    if new or expression.type:
        capability = catalog.capability("nfd-comparisons")
        if not capability.holds_in(release):
            what = f"the operator {operator}" if new else f"type: {expression.type}"
            message = f"{capability.older} of {release} does not know {what}; it came with {capability.boundary}"
            yield Problem("nfr-operator-not-in-release", (*expression.path, "op" if new else "type"), message)
            return
    # An unknown operator is the schema's to report.
    if expression.operator in _OPERATORS and (error := values_error(expression)):
        yield Problem("nfr-operator-values", expression.path, f"{_SKIPS}: {error}")


def _pci_id(expression: Expression) -> Iterator[Problem]:
    operator, attribute = expression.operator, expression.attribute
    for index, value in enumerate(expression.values):
        path = (*expression.path, "value", index)
        if operator in ("In", "NotIn") and not HEX_ID.match(value):
            digits = value.strip().lower().removeprefix("0x")
            if attribute == "class" and len(digits) == 6:
                digits = digits[:4]  # lspci shows the programming interface behind the class
            fix = f"write {digits!r}" if HEX_ID.match(digits) else None
            message = f"{attribute} never equals {value!r}: NFD compares it as text of 4 lowercase hex digits"
            yield Problem("nfr-hex-form", path, message, fix)
        elif operator == "InRegexp" and not ("^" in value or "$" in value or _WHOLE_IDS.match(value)):
            yield Problem("nfr-regexp-unanchored", path, f"the pattern {value!r} matches anywhere in {attribute}")
    if operator in _COMPARING:
        message = f"{operator} reads {attribute} as a decimal number, but it is hexadecimal text"
        yield Problem("nfr-numeric-op-on-hex", (*expression.path, "op"), message)


@rule("nfr-device-without-vendor", "nfr-nic-label-on-other-vendor", "nfr-vendor-without-infiniband", kinds=RULE_KINDS)
def feature_nics(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find rules that take another device for an InfiniBand NIC."""
    ours = catalog.defaults().vendor_id
    for feature in feature_rules(document):
        sets_label = NIC_LABEL in feature.labels
        for term in feature.every_term:
            yield from _vendorless(term, sets_label)
        if not sets_label:
            continue
        yield from _ethernet_too(feature, manifests)
        shared = _vendors(feature.terms)
        if not _all_others(shared, ours):
            continue
        for vendors in [shared] if shared else map(_vendors, feature.alternatives):
            if vendors and _all_others(vendors, ours):
                named = ", ".join(value for vendor in vendors for value in vendor.values)
                message = f"the rule sets {NIC_LABEL} for a device of vendor {named}, not of {ours}"
                yield Problem("nfr-nic-label-on-other-vendor", vendors[0].path, message)


def _vendorless(term: Term, sets_label: bool) -> Iterator[Problem]:
    if term.feature != "pci.device" or _positive(term.get("vendor")):
        return
    for key in ("device", "class") if sets_label else ("device",):
        found = term.get(key)
        if found is not None and _positive(found):
            values = ", ".join(found.values)
            message = f"{key} {values} is matched without a vendor, though other vendors use the same ids"
            yield Problem("nfr-device-without-vendor", (*term.path, "matchExpressions"), message)
            return


def _vendors(terms: tuple[Term, ...]) -> list[Expression]:
    return [vendor for term in terms if term.feature == "pci.device" and (vendor := term.get("vendor"))]


def _all_others(vendors: list[Expression], ours: str) -> bool:
    return all(vendor.allows() and ours not in vendor.allows() for vendor in vendors)


def _ethernet_too(feature: FeatureRule, manifests: ManifestSet) -> Iterator[Problem]:
    """Find ways to match NICs of the vendor that are not narrowed to those of InfiniBand."""
    if any(map(_is_narrow, feature.terms)):
        return
    ids = catalog.defaults()
    message = (
        f"vendor {ids.vendor_id} without class {ids.infiniband_class} also labels nodes "
        "that have only the Ethernet function of accelerated networking"
    )
    shared = _wide(feature.terms)
    infiniband = any(_allows(term, "class", ids.infiniband_class) for term in feature.every_term)
    for terms in feature.alternatives or ((),):
        wide = None if any(map(_is_narrow, terms)) else shared or _wide(terms)
        if wide is not None:
            # Who names the classes of Ethernet and of InfiniBand NICs wants both, unless the set says that this is AKS.
            both = infiniband and _allows(wide, "class", _ETHERNET_CLASS)
            severity: Severity | None = "info" if both and not manifests.derived(is_infiniband) else None
            yield Problem("nfr-vendor-without-infiniband", (*wide.path, "matchExpressions"), message, severity=severity)


def _wide(terms: tuple[Term, ...]) -> Term | None:
    """Return the first term that matches NICs of the vendor."""
    vendor = catalog.defaults().vendor_id
    nics = (term for term in terms if term.feature == "pci.device" and _allows(term, "vendor", vendor))
    return next(nics, None)


def _allows(term: Term, attribute: str, value: str) -> bool:
    found = term.get(attribute)
    return found is not None and value in found.allows()


def _is_narrow(term: Term) -> bool:
    found = term.get("class")
    class_id = catalog.defaults().infiniband_class
    by_class = found is not None and (found.allows() == (class_id,) or found.operator == "InRegexp")
    return term.feature == "pci.device" and (by_class or _positive(term.get("device")))


def _positive(expression: Expression | None) -> bool:
    return expression is not None and expression.operator in ("In", "InRegexp")
