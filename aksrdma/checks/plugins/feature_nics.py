"""Whether NodeFeatureRules tell InfiniBand NICs from what else an Azure node has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.fabric import is_infiniband
from aksrdma.checks.plugins.features import (
    NIC_LABEL,
    Expression,
    FeatureRule,
    Term,
    feature_rules,
    strings,
)
from aksrdma.checks.register import rule
from aksrdma.findings import Problem, Severity
from aksrdma.kube.kinds import RULE_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

INFINIBAND_CLASS: Final = "0207"
ETHERNET_CLASS: Final = "0200"
_MELLANOX: Final = "15b3"
_POSITIVE: Final = ("In", "InRegexp")
_INSTANCES: Final = ("fake.instance", "network.device", "network.virtual", "pci.device", "storage.block", "usb.device")
_OPPOSITES: Final = (("Exists", "DoesNotExist"), ("IsTrue", "IsFalse"))


@rule("nfr-device-without-vendor", "nfr-nic-label-on-other-vendor", "nfr-vendor-without-infiniband", kinds=RULE_KINDS)
def feature_nics(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find rules that take another device for an InfiniBand NIC."""
    for feature in feature_rules(document):
        sets_label = NIC_LABEL in feature.labels
        for terms in (feature.terms, *feature.alternatives):
            for term in terms:
                yield from _vendorless(document, term, sets_label)
        if sets_label:
            yield from _ethernet_too(document, feature, manifests)
            yield from _other_vendor(document, feature)


def _vendorless(document: Document, term: Term, sets_label: bool) -> Iterator[Problem]:
    if term.feature != "pci.device" or _positive(term.get("vendor")):
        return
    named = ["device", "class"] if sets_label else ["device"]
    key = next((key for key in named if _positive(term.get(key))), None)
    if key is not None:
        found = term.get(key)
        values = ", ".join(found.values) if found else ""
        message = f"{key} {values} is matched without a vendor, though other vendors use the same ids"
        yield Problem("nfr-device-without-vendor", (*term.path, "matchExpressions"), message, document=document)


def _other_vendor(document: Document, feature: FeatureRule) -> Iterator[Problem]:
    for terms in feature.ways():
        vendors = [vendor for term in terms if term.feature == "pci.device" and (vendor := term.get("vendor"))]
        if vendors and all(vendor.allows() and _MELLANOX not in vendor.allows() for vendor in vendors):
            names = ", ".join(value for vendor in vendors for value in vendor.values)
            message = f"the rule sets {NIC_LABEL} for a device of vendor {names}, not of {_MELLANOX}"
            yield Problem("nfr-nic-label-on-other-vendor", vendors[0].path, message, document=document)


def _ethernet_too(document: Document, feature: FeatureRule, manifests: ManifestSet) -> Iterator[Problem]:
    for terms in feature.ways():
        wide = next((term for term in terms if _is_wide(term)), None)
        if wide is not None and not any(_is_narrow(term) for term in terms):
            message = (
                f"vendor {_MELLANOX} without class {INFINIBAND_CLASS} also labels nodes "
                "that have only the Ethernet function of accelerated networking"
            )
            # Who names the classes of Ethernet and of InfiniBand NICs wants both, unless the set says that this is AKS.
            both = _names_class(wide, ETHERNET_CLASS) and _allows_infiniband(feature)
            severity: Severity | None = "info" if both and not manifests.derived(is_infiniband) else None
            path = (*wide.path, "matchExpressions")
            yield Problem("nfr-vendor-without-infiniband", path, message, severity=severity, document=document)


def _allows_infiniband(feature: FeatureRule) -> bool:
    return any(_names_class(term, INFINIBAND_CLASS) for terms in feature.ways() for term in terms)


def _names_class(term: Term, wanted: str) -> bool:
    found = term.get("class")
    return found is not None and wanted in found.allows()


def _is_wide(term: Term) -> bool:
    vendor = term.get("vendor")
    return term.feature == "pci.device" and vendor is not None and _MELLANOX in vendor.allows() and not _is_narrow(term)


def _is_narrow(term: Term) -> bool:
    found = term.get("class")
    by_class = found is not None and (found.allows() == (INFINIBAND_CLASS,) or found.operator == "InRegexp")
    return term.feature == "pci.device" and (by_class or _positive(term.get("device")))


def _positive(expression: Expression | None) -> bool:
    return expression is not None and expression.operator in _POSITIVE


@rule("nfr-label-conflict", kinds=RULE_KINDS)
def feature_conflicts(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find two rules that give one label different values on the same node."""
    labelled = [feature for feature in feature_rules(document) if strings(feature.data.get("labels"))]
    for first, second in combinations(labelled, 2):
        for key, value in second.labels.items():
            other = first.labels.get(key)
            if other is not None and other != value and not exclusive(first, second):
                message = (
                    f"rule {first.data.get('name')!r} sets {key} to {other!r}, which this rule overrides with {value!r}"
                )
                yield Problem(
                    "nfr-label-conflict", (*second.path, "labels", _written(second, key)), message, document=document
                )


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
    operators = (first.operator, second.operator)
    if operators in _OPPOSITES or operators[::-1] in _OPPOSITES:
        return True
    if operators == ("In", "In"):
        return not set(first.values) & set(second.values)
    if operators == ("In", "NotIn"):
        return set(first.values) <= set(second.values)
    if operators == ("NotIn", "In"):
        return set(second.values) <= set(first.values)
    return _apart(first, second)


def _apart(first: Expression, second: Expression) -> bool:
    bounds = {first.operator: first.values, second.operator: second.values}
    low, high = bounds.get("Gt") or bounds.get("Ge"), bounds.get("Lt") or bounds.get("Le")
    if not (low and high and low[0].isdecimal() and high[0].isdecimal()):
        return False
    return int(low[0]) > int(high[0]) or (int(low[0]) == int(high[0]) and not {"Ge", "Le"} <= bounds.keys())


def _written(feature: FeatureRule, key: str) -> str:
    labels = feature.data.get("labels") or {}
    return key if key in labels else key.rpartition("/")[2]
