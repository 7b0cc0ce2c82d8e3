"""What NodeFeatureRules put on nodes, judged as nfd-master does: labels, annotations, extended resources and taints."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.checks.plugins.features import FeatureRule, exclusive, feature_rules, full_label, strings
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube import names, quantities
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.kube.labels import FEATURE_PREFIX
from aksrdma.kube.values import sequence

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_FEATURE: Final = FEATURE_PREFIX.removesuffix("/")
_PROFILE: Final = "profile.node.kubernetes.io"
_EFFECTS: Final = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_LONGEST_ANNOTATION: Final = 1024
"""Bytes of an annotation's value: FeatureAnnotationValueSizeLimit of NFD's API."""
_EARLIER: Final = 64
"""Rules before it that set the same label, with each of which a rule is compared: nobody writes more by hand."""


@rule("nfr-label-conflict", kinds=RULE_KINDS)
def feature_conflicts(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find two rules that give one label different values on the same node."""
    setting: dict[str, deque[FeatureRule]] = defaultdict(lambda: deque(maxlen=_EARLIER))
    for feature in feature_rules(document):
        written = strings(feature.data.get("labels"))
        for key, value in feature.labels.items():
            for other in setting[key]:
                theirs = other.labels[key]
                if theirs != value and not exclusive(other, feature):
                    name = other.data.get("name")
                    message = f"rule {name!r} sets {key} to {theirs!r}, which this rule overrides with {value!r}"
                    path = (*feature.path, "labels", key if key in written else key.rpartition("/")[2])
                    yield Problem("nfr-label-conflict", path, message)
                    break
            setting[key].append(feature)


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
        return _dynamic_error(value)
    return None if fits else f"{value!r} is no {what}"


def _dynamic_error(value: str) -> str | None:
    """Return why a value that is to be read from the node is never there."""
    if value.count(".") < 2:
        return f"{value!r} is not of the form @domain.feature.element"
    domain, name, element = value[1:].split(".", 2)
    row = catalog.node_features().get(f"{domain}.{name}")
    if row is not None and row.instances:
        return f"{value!r} asks for a feature of which a node has many; only a template can read those"
    if row is not None and not row.grows and not row.knows(element):
        return f"{value!r} is never there: {row.feature} has no {element!r}"
    return None


def _taint_error(taint: dict[str, Any]) -> str | None:
    if "/" not in taint["key"]:
        return "its key has no prefix"
    if taint.get("effect") not in _EFFECTS:
        return f"its effect is {taint.get('effect')!r}, not one of {', '.join(_EFFECTS)}"
    return _namespace_error(taint["key"], (_FEATURE,))
