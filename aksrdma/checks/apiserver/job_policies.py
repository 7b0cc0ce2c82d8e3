"""Failure and success policies of a Job.

Source: validatePodFailurePolicy and validateSuccessPolicy in pkg/apis/batch/validation/validation.go of kubernetes
v1.34.2.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import integer, items, mapping, sequence, text

RULE: Final = "invalid-workload"
_RULES_MAX, _VALUES_MAX, _CONDITIONS_MAX = 20, 255, 20
_INDEXES_LETTERS_MAX: Final = 64 * 1024
_ACTIONS: Final = ("Count", "FailIndex", "FailJob", "Ignore")
_INTERVAL: Final = re.compile(r"\+?[0-9]+(?:-\+?[0-9]+)?\Z", re.ASCII)


def check_failure_policy(report: Report, path: FieldPath, policy: dict[str, Any], spec: dict[str, Any]) -> None:
    """Judge `podFailurePolicy` of a Job with this spec."""
    if len(sequence(policy.get("rules"))) > _RULES_MAX:
        report.add(RULE, (*path, "rules"), f"more than {_RULES_MAX} rules")
    for where, rule in items(policy.get("rules"), (*path, "rules")):
        report.required(RULE, where, rule, "action")
        if action := rule.get("action"):
            report.one_of(RULE, (*where, "action"), action, _ACTIONS)
        if rule.get("action") == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
            report.add(RULE, (*where, "action"), "FailIndex needs backoffLimitPerIndex", "set backoffLimitPerIndex")
        codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
        if (codes is None) == (conditions in (None, [])):
            report.add(RULE, where, "exactly one of onExitCodes and onPodConditions is required")
        if isinstance(codes, dict):
            _check_codes(report, (*where, "onExitCodes"), codes, spec)
        _check_conditions(report, (*where, "onPodConditions"), conditions)


def _check_codes(report: Report, path: FieldPath, codes: dict[str, Any], spec: dict[str, Any]) -> None:
    report.required(RULE, path, codes, "operator")
    if operator := codes.get("operator"):
        report.one_of(RULE, (*path, "operator"), operator, ("In", "NotIn"))
    template = mapping(mapping(spec.get("template")).get("spec"))
    known = [one.get("name") for field in ("containers", "initContainers") for _, one in items(template.get(field), ())]
    name = codes.get("containerName")
    if isinstance(name, str) and name not in known:
        report.add(RULE, (*path, "containerName"), f"the template has no container {name!r}")
    values = [value or 0 for value in sequence(codes.get("values")) if value is None or type(value) is int]
    if not 1 <= len(sequence(codes.get("values"))) <= _VALUES_MAX:
        report.add(RULE, (*path, "values"), f"between 1 and {_VALUES_MAX} values are required")
    elif values != sorted(set(values)):
        report.add(RULE, (*path, "values"), "values must be in order and without repetition", "sort them")
    elif codes.get("operator") == "In" and 0 in values:
        report.add(RULE, (*path, "values"), "0 is no failure, so operator In cannot take it", "remove 0")


def _check_conditions(report: Report, path: FieldPath, conditions: Any) -> None:
    if len(sequence(conditions)) > _CONDITIONS_MAX:
        report.add(RULE, path, f"more than {_CONDITIONS_MAX} conditions")
    for where, condition in items(conditions, path):
        kind = condition.get("type")
        if (kind is None or isinstance(kind, str)) and (reason := names.qualified_name(kind or "")):
            report.add(RULE, (*where, "type"), f"type {kind or ''!r} {reason}")
        if status := condition.get("status"):
            report.one_of(RULE, (*where, "status"), status, ("False", "True", "Unknown"))


def check_success_policy(report: Report, path: FieldPath, policy: dict[str, Any], completions: int) -> None:
    """Judge `successPolicy` of an indexed Job."""
    if not 1 <= len(sequence(policy.get("rules"))) <= _RULES_MAX:
        report.add(RULE, (*path, "rules"), f"between 1 and {_RULES_MAX} rules are required")
    for where, rule in items(policy.get("rules"), (*path, "rules")):
        count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
        if count is None and indexes is None:
            report.add(RULE, where, "one of succeededCount and succeededIndexes is required")
        most = completions
        if isinstance(indexes, str):
            listed = count_indexes(indexes, completions)
            if listed is None or len(indexes) > _INDEXES_LETTERS_MAX:
                report.add(
                    RULE, (*where, "succeededIndexes"), f"{text(indexes)!r} is no list of indexes, such as 0-2,4"
                )
            most = min(most, listed or 0)
        if (number := integer(count)) is not None and not 0 <= number <= most:
            report.add(RULE, (*where, "succeededCount"), f"succeededCount {number} is not between 0 and {most}")


def count_indexes(indexes: str, completions: int) -> int | None:
    """Return how many indexes a text such as `0-2,4` lists, or None where it is wrong."""
    total, last = 0, -1
    if not indexes:
        return 0
    for interval in indexes.split(","):
        start, dash, end = interval.partition("-")
        if not _INTERVAL.match(interval):
            return None
        first, final = int(start), int(end) if dash else int(start)
        if first <= last or (dash and final <= first) or final >= completions:
            return None
        total, last = total + final - first + 1, final
    return total
