"""Where a pod may run: node selector, tolerations, topology spread and gates.

Source: pkg/apis/core/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.affinity import RULE, check_affinity, check_label_keys
from aksrdma.checks.apiserver.context import Pod
from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.selectors import check_selector
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, integer, items, mapping, text

_EFFECTS: Final = ("NoExecute", "NoSchedule", "PreferNoSchedule")
_ACTIONS: Final = ("DoNotSchedule", "ScheduleAnyway")


def check_scheduling(pod: Pod) -> None:
    """Judge all of a pod's spec that says where it runs."""
    get = pod.spec.get
    if value := get("nodeSelector"):
        _check_node_selector(pod, value)
    if value := get("tolerations"):
        check_tolerations(pod.report, (*pod.path, "tolerations"), value)
    if isinstance(value := get("affinity"), dict):
        check_affinity(pod.report, (*pod.path, "affinity"), value)
    if value := get("topologySpreadConstraints"):
        _check_spread(pod.report, (*pod.path, "topologySpreadConstraints"), value)
    if value := get("schedulingGates"):
        _check_gates(pod, value)


def _check_node_selector(pod: Pod, selector: Any) -> None:
    for key, value in mapping(selector).items():
        where = (*pod.path, "nodeSelector", key)
        if reason := names.qualified_name(key):
            pod.report.add(RULE, where, f"label key {key!r} {reason}")
        if isinstance(value, str) and (reason := names.label_value(value)):
            pod.report.add(RULE, where, f"label value {value!r} {reason}")


def check_tolerations(report: Report, path: FieldPath, tolerations: Any) -> None:
    """Judge a list of tolerations."""
    for where, toleration in items(tolerations, path):
        key, operator = toleration.get("key"), toleration.get("operator")
        effect = toleration.get("effect")
        if (label := text(key)) and (reason := names.qualified_name(label)):
            report.add(RULE, (*where, "key"), f"taint key {key!r} {reason}")
        if absent(key) and operator != "Exists" and (operator is None or isinstance(operator, str)):
            report.add(RULE, where, "a toleration without key needs operator Exists", "set key, or operator: Exists")
        if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
            message = "tolerationSeconds needs effect NoExecute"
            report.add(RULE, (*where, "effect"), message, "set effect: NoExecute, or remove tolerationSeconds")
        _check_operator(report, where, operator, text(toleration.get("value")))
        if effect:
            report.one_of(RULE, (*where, "effect"), effect, _EFFECTS)


def _check_operator(report: Report, path: FieldPath, operator: Any, value: str) -> None:
    if operator in (None, "", "Equal"):
        if reason := names.label_value(value):
            report.add(RULE, (*path, "value"), f"taint value {value!r} {reason}")
    elif operator == "Exists":
        if value:
            report.add(RULE, (*path, "value"), "value is not allowed with operator Exists", "remove value")
    else:
        report.one_of(RULE, (*path, "operator"), operator, ("Equal", "Exists"))


def _check_spread(report: Report, path: FieldPath, constraints: Any) -> None:
    seen: set[tuple[str, str]] = set()
    for where, constraint in items(constraints, path):
        skew, action = constraint.get("maxSkew"), text(constraint.get("whenUnsatisfiable"))
        if skew is None or (type(skew) is int and skew <= 0):
            report.add(RULE, (*where, "maxSkew"), f"maxSkew {skew or 0} is not above 0", "use 1 or more")
        report.required(RULE, where, constraint, "topologyKey", "whenUnsatisfiable")
        if action:
            report.one_of(RULE, (*where, "whenUnsatisfiable"), action, _ACTIONS)
        key = (text(constraint.get("topologyKey")), action)
        if key in seen:
            report.add(RULE, where, f"topologyKey {key[0]} with {action} is listed twice", "keep one of them")
        seen.add(key)
        _check_domains(report, where, constraint, action)
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            report.one_of(RULE, (*where, field), constraint.get(field), ("Honor", "Ignore"))
        check_label_keys(report, where, constraint)
        check_selector(report, RULE, (*where, "labelSelector"), constraint.get("labelSelector"))


def _check_domains(report: Report, path: FieldPath, constraint: dict[str, Any], action: str) -> None:
    domains = integer(constraint.get("minDomains"))
    if domains is not None and (domains <= 0 or action != "DoNotSchedule"):
        message = f"minDomains {domains} must be above 0 and needs whenUnsatisfiable: DoNotSchedule"
        report.add(RULE, (*path, "minDomains"), message)


def _check_gates(pod: Pod, gates: Any) -> None:
    seen: set[str] = set()
    for where, gate in items(gates, (*pod.path, "schedulingGates")):
        name = gate.get("name")
        if name is not None and not isinstance(name, str):
            continue
        if reason := names.qualified_name(name or ""):
            pod.report.add(RULE, (*where, "name"), f"gate {name!r} {reason}")
        if name and name in seen:
            pod.report.add(RULE, (*where, "name"), f"gate {name!r} is listed twice", "keep one of them")
        seen.add(name or "")
    if pod.is_pod and pod.spec.get("nodeName"):
        pod.report.add(RULE, (*pod.path, "nodeName"), "nodeName does not go with schedulingGates", "remove one of them")
