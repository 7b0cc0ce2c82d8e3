"""NodeFeatureRules, judged as NFD evaluates them: nothing is checked when a rule is applied.

Three questions: does a rule match what it means to, does it tell InfiniBand NICs from what else an Azure node has, and
does what it puts on a node get there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.checks.plugins.device_plugin_configs import HEX_ID, is_infiniband
from aksrdma.checks.plugins.features import (
    PCI_IDS,
    Expression,
    FeatureRule,
    Term,
    exclusive,
    feature_rules,
    full_label,
    is_whole,
    strings,
)
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube import names, quantities
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.kube.labels import FEATURE_PREFIX, NIC_LABEL
from aksrdma.kube.values import sequence
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
_WHOLE_IDS: Final = re.compile(r"\(?[0-9a-f]{4}(?:\|[0-9a-f]{4})*\)?\Z")

_ETHERNET_CLASS: Final = "0200"

_FEATURE: Final = FEATURE_PREFIX.removesuffix("/")
_PROFILE: Final = "profile.node.kubernetes.io"
_EFFECTS: Final = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_LONGEST_ANNOTATION: Final = 1024
"""Bytes of an annotation's value: FeatureAnnotationValueSizeLimit of NFD's API."""


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
            path = (*feature.path, "matchAny" if feature.data.get("matchAny") else "matchFeatures")
            message = (
                f"the rule {feature.data.get('name')!r} has no matcher that restricts it, so it holds on every node"
            )
            yield Problem("nfr-rule-matches-every-node", path, message)
        for terms in (feature.terms, *feature.alternatives):
            for term in terms:
                yield from _feature(term)
                for expression in term.expressions:
                    yield from _expression(manifests.release, expression)
                    if term.feature == "pci.device" and expression.attribute in PCI_IDS:
                        yield from _pci_id(expression)


def _feature(term: Term) -> Iterator[Problem]:
    name, path = term.feature, (*term.path, "feature")
    domain, dot, feature = name.partition(".")
    if name and (not dot or not domain or not feature or "." in feature):
        why = "a feature is named <domain>.<feature>"
    elif dot and domain in _WORKER and name not in FEATURES:
        why = f"NFD has no such feature in {domain}"
    else:
        return
    near = next(iter(nearest(name, FEATURES)), None)
    message = f"the feature {name!r} never matches: {why}"
    yield Problem("nfr-feature-name", path, message, f"write {near}" if near else None, near)


def _expression(release: str, expression: Expression) -> Iterator[Problem]:
    operator, new = expression.operator, expression.operator in _NEW_OPERATORS
    if new or expression.type:
        capability = catalog.capability("nfd-comparisons")
        if not capability.holds_in(release):
            what = f"the operator {operator}" if new else f"type: {expression.type}"
            message = f"{capability.older} of {release} does not know {what}; it came with {capability.boundary}"
            yield Problem("nfr-operator-not-in-release", (*expression.path, "op" if new else "type"), message)
            return
    if error := _values_error(expression):
        yield Problem("nfr-operator-values", expression.path, f"{_SKIPS}: {error}")


def _values_error(expression: Expression) -> str | None:
    operator, values = expression.operator, expression.values
    if operator in _NO_VALUES and values:
        return f"{operator} takes no value, and has {len(values)}"
    if operator in _SOME_VALUES and not values:
        return f"{operator} needs at least one value"
    if operator == "InRegexp":
        from aksrdma.kube.go_regexp import go_regexp_error  # few rules have a pattern

        errors = ((value, go_regexp_error(value)) for value in values)
        return next((f"{value!r} is no Go regular expression: {error}" for value, error in errors if error), None)
    if operator not in (*_ONE_NUMBER, *_TWO_NUMBERS):
        return None
    count = 1 if operator in _ONE_NUMBER else 2
    if len(values) != count:
        return f"{operator} takes exactly {'one value' if count == 1 else 'two values'}, and has {len(values)}"
    if expression.type:
        return None if expression.type == "version" else f"type {expression.type!r} is unknown; only version is known"
    if wrong := [value for value in values if not is_whole(value)]:
        return f"{operator} compares whole numbers, and {wrong[0]!r} is none"
    if count == 2 and int(values[0]) >= int(values[1]):
        return (
            f"the first value of {operator} must be less than the second, and {values[0]} is not less than {values[1]}"
        )
    return None


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
    if operator in (*_ONE_NUMBER, *_TWO_NUMBERS):
        message = f"{operator} reads {attribute} as a decimal number, but it is hexadecimal text"
        yield Problem("nfr-numeric-op-on-hex", (*expression.path, "op"), message)


@rule("nfr-device-without-vendor", "nfr-nic-label-on-other-vendor", "nfr-vendor-without-infiniband", kinds=RULE_KINDS)
def feature_nics(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find rules that take another device for an InfiniBand NIC."""
    ours = catalog.defaults().vendor_id
    for feature in feature_rules(document):
        sets_label = NIC_LABEL in feature.labels
        for terms in (feature.terms, *feature.alternatives):
            for term in terms:
                yield from _vendorless(term, sets_label)
        if not sets_label:
            continue
        for terms in feature.ways():
            yield from _ethernet_too(feature, terms, manifests)
        for terms in feature.ways():
            vendors = [vendor for term in terms if term.feature == "pci.device" and (vendor := term.get("vendor"))]
            if vendors and all(vendor.allows() and ours not in vendor.allows() for vendor in vendors):
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


def _ethernet_too(feature: FeatureRule, terms: tuple[Term, ...], manifests: ManifestSet) -> Iterator[Problem]:
    """Find a way to match NICs of the vendor that is not narrowed to those of InfiniBand."""
    ids = catalog.defaults()
    nics = (term for term in terms if term.feature == "pci.device" and _allows(term, "vendor", ids.vendor_id))
    wide = next((term for term in nics if not _is_narrow(term)), None)
    if wide is None or any(_is_narrow(term) for term in terms):
        return
    message = (
        f"vendor {ids.vendor_id} without class {ids.infiniband_class} also labels nodes "
        "that have only the Ethernet function of accelerated networking"
    )
    # Who names the classes of Ethernet and of InfiniBand NICs wants both, unless the set says that this is AKS.
    both = _allows(wide, "class", _ETHERNET_CLASS) and any(
        _allows(term, "class", ids.infiniband_class) for way in feature.ways() for term in way
    )
    severity: Severity | None = "info" if both and not manifests.derived(is_infiniband) else None
    yield Problem("nfr-vendor-without-infiniband", (*wide.path, "matchExpressions"), message, severity=severity)


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


@rule("nfr-label-conflict", kinds=RULE_KINDS)
def feature_conflicts(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find two rules that give one label different values on the same node."""
    labelled = [feature for feature in feature_rules(document) if feature.labels]
    for first, second in combinations(labelled, 2):
        written = strings(second.data.get("labels"))
        for key, value in second.labels.items():
            other = first.labels.get(key)
            if other is not None and other != value and not exclusive(first, second):
                message = (
                    f"rule {first.data.get('name')!r} sets {key} to {other!r}, which this rule overrides with {value!r}"
                )
                path = (*second.path, "labels", key if key in written else key.rpartition("/")[2])
                yield Problem("nfr-label-conflict", path, message)


@rule("nfr-label-namespace-denied", "nfr-taints-disabled", kinds=RULE_KINDS)
def feature_outputs(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find labels, annotations, taints and extended resources that never reach a node as they are written."""
    for feature in feature_rules(document):
        for path, what, error in _dropped(feature):
            yield Problem("nfr-label-namespace-denied", path, f"nfd-master drops the {what}: {error}")
        for key in strings(feature.data.get("extendedResources")):
            if "/" not in key:
                message = f"nfd-master publishes the extended resource {key!r} as {full_label(key)}"
                path = (*feature.path, "extendedResources", key)
                yield Problem("nfr-label-namespace-denied", path, message, severity="warning")
        if feature.data.get("taints"):
            message = "nfd-master ignores taints unless it runs with enableTaints, which the chart leaves off"
            yield Problem("nfr-taints-disabled", (*feature.path, "taints"), message)


def _dropped(feature: FeatureRule) -> Iterator[tuple[FieldPath, str, str]]:
    """Yield what nfd-master drops with a line in its log: where, what it is, and why."""
    for key, value in strings(feature.data.get("labels")).items():
        error = _key_error(full_label(key), (_FEATURE, _PROFILE))
        if error := error or _value_error(value, not names.label_value(value), "label value"):
            yield (*feature.path, "labels", key), f"label {key!r}", error
    for key, value in strings(feature.data.get("annotations")).items():
        error, size = _key_error(full_label(key), (_FEATURE,)), len(value.encode(errors="replace"))
        if error is None and size > _LONGEST_ANNOTATION:
            error = f"its value has {size} bytes, more than {_LONGEST_ANNOTATION}"
        if error:
            yield (*feature.path, "annotations", key), f"annotation {key!r}", error
    for key, value in strings(feature.data.get("extendedResources")).items():
        error = _key_error(full_label(key), (_FEATURE,))
        if error := error or _value_error(value, quantities.parse(value) is not None, "quantity"):
            yield (*feature.path, "extendedResources", key), f"extended resource {key!r}", error
    for index, taint in enumerate(sequence(feature.data.get("taints"))):
        if isinstance(taint, dict) and isinstance(taint.get("key"), str) and (error := _taint_error(taint)):
            yield (*feature.path, "taints", index), f"taint {taint['key']!r}", error


def _key_error(key: str, allowed: tuple[str, ...]) -> str | None:
    return f"its key {reason}" if (reason := names.qualified_name(key)) else _namespace_error(key, allowed)


def _namespace_error(key: str, allowed: tuple[str, ...]) -> str | None:
    namespace = key.partition("/")[0]
    if namespace != "kubernetes.io" and not namespace.endswith(".kubernetes.io"):
        return None
    if any(namespace == name or namespace.endswith(f".{name}") for name in allowed):
        return None
    return f"{namespace} is kept for Kubernetes; of it NFD may use {' and '.join(allowed)}"


def _value_error(value: str, fits: bool, what: str) -> str | None:
    if value.startswith("@"):  # to be read from a feature of the node
        return None if value.count(".") >= 2 else f"{value!r} is not of the form @domain.feature.element"
    return None if fits else f"{value!r} is no {what}"


def _taint_error(taint: dict[str, Any]) -> str | None:
    if "/" not in taint["key"]:
        return "its key has no prefix"
    if taint.get("effect") not in _EFFECTS:
        return f"its effect is {taint.get('effect')!r}, not one of {', '.join(_EFFECTS)}"
    return _namespace_error(taint["key"], (_FEATURE,))
