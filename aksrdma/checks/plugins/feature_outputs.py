"""What NodeFeatureRules put on nodes, judged as nfd-master does: labels, annotations, extended resources and taints."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.plugins.features import exclusive, feature_rules
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.kube.node_feature_outputs import annotation_error, extended_resource_error, label_error, taint_error
from aksrdma.kube.node_feature_rules import FeatureRule, full_label, strings
from aksrdma.kube.values import sequence

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

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
    for field, what, error_of in (
        ("labels", "label", label_error),
        ("annotations", "annotation", annotation_error),
        ("extendedResources", "extended resource", extended_resource_error),
    ):
        for key, value in strings(feature.data.get(field)).items():
            # A value with an @ is read from a feature of the node, and not that of an annotation.
            dynamic = value.startswith("@") and field != "annotations"
            error = error_of(full_label(key), _FITS[field] if dynamic else value)
            if error := error or (_dynamic_error(value) if dynamic else None):
                yield (*feature.path, field, key), f"{what} {key!r}", error
    for index, taint in enumerate(sequence(feature.data.get("taints"))):
        if isinstance(taint, dict) and isinstance(taint.get("key"), str) and (error := taint_error(taint)):
            yield (*feature.path, "taints", index), f"taint {taint['key']!r}", error


_FITS: Final = {"labels": "", "extendedResources": "1"}
"""A value of each kind that nfd-master takes, for one that is not known yet."""


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
