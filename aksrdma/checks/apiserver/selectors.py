"""Label selectors: their grammar, and whether labels match them.

Source: k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go@v0.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, items, mapping, sequence, text
from aksrdma.nearest import hint

_OPERATORS: Final = ("DoesNotExist", "Exists", "In", "NotIn")


def check_selector(report: Report, rule: str, path: FieldPath, selector: Any) -> None:
    """Judge a LabelSelector."""
    if not isinstance(selector, dict):
        return
    for key, value in mapping(selector.get("matchLabels")).items():
        if reason := names.qualified_name(key):
            report.add(rule, (*path, "matchLabels", key), f"label key {key!r} {reason}")
        if isinstance(value, str) and (reason := names.label_value(value)):
            report.add(rule, (*path, "matchLabels", key), f"label value {value!r} {reason}")
    for where, requirement in items(selector.get("matchExpressions"), (*path, "matchExpressions")):
        check_operator(report, rule, where, requirement, _OPERATORS)
        check_key(report, rule, where, requirement)
        check_values(report, rule, where, requirement)


def check_operator(
    report: Report, rule: str, path: FieldPath, requirement: dict[str, Any], known: tuple[str, ...]
) -> None:
    """Judge the operator of a requirement, and whether it has the values that the operator needs."""
    operator, values = requirement.get("operator"), sequence(requirement.get("values"))
    if operator in ("In", "NotIn") and not values:
        report.add(rule, (*path, "values"), f"values are required with operator {operator}")
    elif operator in ("Exists", "DoesNotExist") and values:
        report.add(rule, (*path, "values"), f"values are not allowed with operator {operator}", "remove values")
    elif operator in ("Gt", "Lt") and operator in known and len(values) != 1:
        report.add(rule, (*path, "values"), f"operator {operator} needs exactly one value, not {len(values)}")
    elif absent(operator) or (isinstance(operator, str) and operator not in known):
        message = f"operator {operator!r} is not one of {', '.join(known)}{hint(text(operator), known)}"
        report.add(rule, (*path, "operator"), message)


def check_key(report: Report, rule: str, path: FieldPath, requirement: dict[str, Any]) -> None:
    """Judge the label key of a requirement."""
    key = requirement.get("key")
    if key is None or isinstance(key, str):
        reason = names.qualified_name(key or "")
        if reason:
            report.add(rule, (*path, "key"), f"label key {key or ''!r} {reason}")


def check_values(report: Report, rule: str, path: FieldPath, requirement: dict[str, Any]) -> None:
    """Judge the values of a requirement as label values."""
    for index, value in enumerate(sequence(requirement.get("values"))):
        if isinstance(value, str) and (reason := names.label_value(value)):
            report.add(rule, (*path, "values", index), f"label value {value!r} {reason}")


def matches(selector: dict[str, Any], labels: dict[str, Any]) -> bool:
    """Say whether labels match a selector; a requirement that is broken matches."""
    expected = mapping(selector.get("matchLabels"))
    labels = {key: value or "" for key, value in labels.items()}
    if any(labels.get(key) != (value or "") for key, value in expected.items()):
        return False
    return all(_meets(item, labels) for _, item in items(selector.get("matchExpressions"), ()))


def _meets(requirement: dict[str, Any], labels: dict[str, Any]) -> bool:
    operator, key = requirement.get("operator"), text(requirement.get("key"))
    values = sequence(requirement.get("values"))
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    if operator == "Exists":
        return key in labels
    return operator != "DoesNotExist" or key not in labels
