"""What NodeFeatureRules put on a node, judged as nfd-master filters it: what it refuses, it drops with a log line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.plugins.features import LABEL_PREFIX, FeatureRule, feature_rules, full_label, strings
from aksrdma.checks.plugins.kubernetes import is_label_value, is_quantity, qualified_name_error
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.kinds import RULE_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document
    from aksrdma.findings import FieldPath

_FEATURE: Final = "feature.node.kubernetes.io"
_PROFILE: Final = "profile.node.kubernetes.io"
_EFFECTS: Final = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_LONGEST_ANNOTATION: Final = 1024


@rule("nfr-label-namespace-denied", "nfr-taints-disabled", kinds=RULE_KINDS)
def feature_outputs(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find labels, annotations, taints and extended resources that never reach a node as they are written."""
    for feature in feature_rules(document):
        for path, what, error in _outputs(feature):
            message = f"nfd-master drops the {what}: {error}"
            yield Problem("nfr-label-namespace-denied", path, message, document=document)
        for key in strings(feature.data.get("extendedResources")):
            if "/" not in key:
                message = f"nfd-master publishes the extended resource {key!r} as {LABEL_PREFIX}{key}"
                path = (*feature.path, "extendedResources", key)
                yield Problem("nfr-label-namespace-denied", path, message, severity="warning", document=document)
        if feature.data.get("taints"):
            message = "nfd-master ignores taints unless it runs with enableTaints, which the chart leaves off"
            yield Problem("nfr-taints-disabled", (*feature.path, "taints"), message, document=document)


def _outputs(feature: FeatureRule) -> Iterator[tuple[FieldPath, str, str]]:
    for key, value in strings(feature.data.get("labels")).items():
        error = _key_error(full_label(key), (_FEATURE, _PROFILE)) or _value_error(value, is_label_value, "label value")
        if error:
            yield (*feature.path, "labels", key), f"label {key!r}", error
    for key, value in strings(feature.data.get("annotations")).items():
        error = _key_error(full_label(key), (_FEATURE,)) or _annotation_error(value)
        if error:
            yield (*feature.path, "annotations", key), f"annotation {key!r}", error
    for key, value in strings(feature.data.get("extendedResources")).items():
        error = _key_error(full_label(key), (_FEATURE,)) or _value_error(value, is_quantity, "quantity")
        if error:
            yield (*feature.path, "extendedResources", key), f"extended resource {key!r}", error
    yield from _taints(feature)


def _taints(feature: FeatureRule) -> Iterator[tuple[FieldPath, str, str]]:
    taints = feature.data.get("taints")
    for index, taint in enumerate(taints if isinstance(taints, list) else ()):
        if isinstance(taint, dict) and isinstance(taint.get("key"), str) and (error := _taint_error(taint)):
            yield (*feature.path, "taints", index), f"taint {taint['key']!r}", error


def _taint_error(taint: dict[str, Any]) -> str | None:
    if "/" not in taint["key"]:
        return "its key has no prefix"
    if taint.get("effect") not in _EFFECTS:
        return f"its effect is {taint.get('effect')!r}, not one of {', '.join(_EFFECTS)}"
    return _namespace_error(taint["key"], (_FEATURE,))


def _key_error(key: str, allowed: tuple[str, ...]) -> str | None:
    return qualified_name_error(key) or _namespace_error(key, allowed)


def _namespace_error(key: str, allowed: tuple[str, ...]) -> str | None:
    namespace = key.partition("/")[0]
    if namespace != "kubernetes.io" and not namespace.endswith(".kubernetes.io"):
        return None
    if any(namespace == name or namespace.endswith(f".{name}") for name in allowed):
        return None
    return f"{namespace} is kept for Kubernetes; of it NFD may use {' and '.join(allowed)}"


def _value_error(value: str, fits: Any, what: str) -> str | None:
    if value.startswith("@"):
        return None if value.count(".") >= 2 else f"{value!r} is not of the form @domain.feature.element"
    return None if fits(value) else f"{value!r} is no {what}"


def _annotation_error(value: str) -> str | None:
    size = len(value.encode())
    return f"its value has {size} bytes, more than {_LONGEST_ANNOTATION}" if size > _LONGEST_ANNOTATION else None
