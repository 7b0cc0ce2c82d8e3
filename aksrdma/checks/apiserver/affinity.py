"""Affinity of a pod to nodes and to other pods.

Source: validateAffinity in pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.selectors import check_key, check_operator, check_selector, check_values
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import items, mapping, text, texts

RULE: Final = "invalid-scheduling"
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_NODE_OPERATORS: Final = ("DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn")


def check_affinity(report: Report, path: FieldPath, affinity: dict[str, Any]) -> None:
    """Judge `affinity` of a pod."""
    if isinstance(nodes := affinity.get("nodeAffinity"), dict):
        _check_nodes(report, (*path, "nodeAffinity"), nodes)
    for kind in ("podAffinity", "podAntiAffinity"):
        if isinstance(pods := affinity.get(kind), dict):
            _check_pods(report, (*path, kind), pods)


def _check_nodes(report: Report, path: FieldPath, affinity: dict[str, Any]) -> None:
    if isinstance(required := affinity.get(_REQUIRED), dict):
        where: FieldPath = (*path, _REQUIRED, "nodeSelectorTerms")
        if required.get("nodeSelectorTerms") in (None, []):
            report.add(RULE, where, "at least one node selector term is required", "add a term")
        for one, term in items(required.get("nodeSelectorTerms"), where):
            _check_term(report, one, term, strict=True)
    for one, weighted in items(affinity.get(_PREFERRED), (*path, _PREFERRED)):
        _check_weight(report, one, weighted)
        _check_term(report, (*one, "preference"), mapping(weighted.get("preference")), strict=False)


def _check_weight(report: Report, path: FieldPath, term: dict[str, Any]) -> None:
    weight = term.get("weight")
    if weight is None or (type(weight) is int and not 1 <= weight <= 100):
        report.add(RULE, (*path, "weight"), f"weight {weight or 0} is not between 1 and 100")


def _check_term(report: Report, path: FieldPath, term: dict[str, Any], *, strict: bool) -> None:
    """Judge a node selector term; a preferred one may hold values that no label can have."""
    for where, requirement in items(term.get("matchExpressions"), (*path, "matchExpressions")):
        check_operator(report, RULE, where, requirement, _NODE_OPERATORS)
        check_key(report, RULE, where, requirement)
        if strict:
            check_values(report, RULE, where, requirement)
    for where, requirement in items(term.get("matchFields"), (*path, "matchFields")):
        _check_field(report, where, requirement)


def _check_field(report: Report, path: FieldPath, requirement: dict[str, Any]) -> None:
    values = texts(requirement.get("values"))
    if requirement.get("operator") not in ("In", "NotIn"):
        report.add(RULE, (*path, "operator"), "operator of a field must be In or NotIn", "use In or NotIn")
    elif len(values) != 1:
        report.add(RULE, (*path, "values"), f"a field is compared with one value, not {len(values)}")
    if requirement.get("key") != "metadata.name":
        report.add(RULE, (*path, "key"), "the only field of a node is metadata.name", "use metadata.name")
        return
    for index, value in enumerate(values):
        if reason := names.dns_subdomain(value):
            report.add(RULE, (*path, "values", index), f"node name {value!r} {reason}")


def _check_pods(report: Report, path: FieldPath, affinity: dict[str, Any]) -> None:
    for where, term in items(affinity.get(_REQUIRED), (*path, _REQUIRED)):
        _check_pod_term(report, where, term)
    for where, weighted in items(affinity.get(_PREFERRED), (*path, _PREFERRED)):
        _check_weight(report, where, weighted)
        _check_pod_term(report, (*where, "podAffinityTerm"), mapping(weighted.get("podAffinityTerm")))


def _check_pod_term(report: Report, path: FieldPath, term: dict[str, Any]) -> None:
    for field in ("labelSelector", "namespaceSelector"):
        check_selector(report, RULE, (*path, field), term.get(field))
    for index, name in enumerate(texts(term.get("namespaces"))):
        if reason := names.dns_label(name):
            report.add(RULE, (*path, "namespaces", index), f"namespace {name!r} {reason}")
    check_label_keys(report, path, term)
    key = term.get("topologyKey")
    if key is None or isinstance(key, str):
        if not key:
            report.add(RULE, (*path, "topologyKey"), "topologyKey is required", "set topologyKey")
        elif reason := names.qualified_name(key):
            report.add(RULE, (*path, "topologyKey"), f"topologyKey {key!r} {reason}")


def check_label_keys(report: Report, path: FieldPath, term: dict[str, Any]) -> None:
    """Judge `matchLabelKeys` and `mismatchLabelKeys` beside a label selector."""
    matched, mismatched = texts(term.get("matchLabelKeys")), texts(term.get("mismatchLabelKeys"))
    for field, keys in (("matchLabelKeys", matched), ("mismatchLabelKeys", mismatched)):
        if keys and term.get("labelSelector") is None:
            report.add(RULE, (*path, field), f"{field} needs a labelSelector", "set labelSelector")
        for index, key in enumerate(keys):
            if reason := names.qualified_name(key):
                report.add(RULE, (*path, field, index), f"label key {key!r} {reason}")
    if matched:
        _check_overlap(report, (*path, "matchLabelKeys"), term, matched)


def _check_overlap(report: Report, path: FieldPath, term: dict[str, Any], matched: list[str]) -> None:
    selector = mapping(term.get("labelSelector"))
    taken = set(mapping(selector.get("matchLabels")))
    for _, requirement in items(selector.get("matchExpressions"), ()):
        key = text(requirement.get("key"))
        if key in matched and key in taken:
            report.add(RULE, path, f"label key {key} is in the labelSelector too", "name it once")
        taken.add(key)
    for key in matched:
        if key in texts(term.get("mismatchLabelKeys")):
            report.add(RULE, path, f"label key {key} is in mismatchLabelKeys too", "name it once")
