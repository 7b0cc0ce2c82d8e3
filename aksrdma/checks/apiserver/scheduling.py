"""Where a pod may run: node selector, affinity, tolerations, topology spread and gates; label selectors.

Source: pkg/apis/core/validation/validation.go of kubernetes v1.34.2, and
k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go@v0.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.fields import check_fields, unknown_word
from aksrdma.checks.apiserver.judging import Pod, Report
from aksrdma.checks.apiserver.metadata import check_labels
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.scheduling import LABEL_OPERATORS, NODE_NAME, NODE_OPERATORS, PREFERRED, REQUIRED
from aksrdma.kube.values import absent, integer, items, mapping, sequence, text, texts
from aksrdma.nearest import hint

RULE: Final = "invalid-scheduling"
_TOLERATION_WORDS: Final = {
    "effect": ("NoExecute", "NoSchedule", "PreferNoSchedule"),
    "operator": ("Equal", "Exists"),
}


def check_scheduling(pod: Pod) -> None:
    """Judge all of a pod's spec that says where it runs."""
    get, report, path = pod.spec.get, pod.report, pod.path
    if value := get("nodeSelector"):
        check_labels(report, RULE, (*path, "nodeSelector"), value)
    if value := get("tolerations"):
        check_tolerations(report, (*path, "tolerations"), value)
    if isinstance(value := get("affinity"), dict):
        check_affinity(report, (*path, "affinity"), value)
    if value := get("topologySpreadConstraints"):
        _check_spread(report, (*path, "topologySpreadConstraints"), value)
    if value := get("schedulingGates"):
        seen: set[str] = set()
        for where, gate in items(value, (*path, "schedulingGates")):
            check_fields(report, where, gate, "PodSchedulingGate")
            name = text(gate.get("name"))
            if name and name in seen:
                report.add(RULE, (*where, "name"), f"gate {name!r} is listed twice", "keep one of them")
            seen.add(name)
        # A gate keeps the scheduler off, and a node named by hand would start the pod without it.
        if pod.is_pod and get("nodeName"):
            message = "nodeName does not go with schedulingGates"
            report.add(RULE, (*path, "nodeName"), message, "remove one of them")


def check_tolerations(report: Report, path: FieldPath, tolerations: Any) -> None:
    """Judge a list of tolerations, also of a policy, whose CRD does not know the words."""
    for where, toleration in items(tolerations, path):
        check_fields(report, where, toleration, "Toleration")
        for field, words in _TOLERATION_WORDS.items():
            if (word := text(toleration.get(field))) and (problem := unknown_word(word, words)):
                report.add(RULE, (*where, field), *problem)
        operator, value = toleration.get("operator"), text(toleration.get("value"))
        if absent(toleration.get("key")) and operator != "Exists" and (operator is None or isinstance(operator, str)):
            report.add(RULE, where, "a toleration without key needs operator Exists", "set key, or operator: Exists")
        if toleration.get("tolerationSeconds") is not None and toleration.get("effect") != "NoExecute":
            message = "tolerationSeconds needs effect NoExecute"
            report.add(RULE, (*where, "effect"), message, "set effect: NoExecute, or remove tolerationSeconds")
        if operator in (None, "", "Equal") and (reason := names.label_value(value)):
            report.add(RULE, (*where, "value"), f"taint value {value!r} {reason}", names.fix(value, names.label_value))
        elif operator == "Exists" and value:
            report.add(RULE, (*where, "value"), "value is not allowed with operator Exists", "remove value")


def _check_spread(report: Report, path: FieldPath, constraints: Any) -> None:
    seen: set[tuple[str, str]] = set()
    for where, constraint in items(constraints, path):
        check_fields(report, where, constraint, "TopologySpreadConstraint")
        key, action = text(constraint.get("topologyKey")), text(constraint.get("whenUnsatisfiable"))
        if (key, action) in seen:
            report.add(RULE, where, f"topologyKey {key} with {action} is listed twice", "keep one of them")
        seen.add((key, action))
        domains = integer(constraint.get("minDomains"))
        if domains is not None and (domains <= 0 or action != "DoNotSchedule"):
            message = f"minDomains {domains} must be above 0 and needs whenUnsatisfiable: DoNotSchedule"
            report.add(RULE, (*where, "minDomains"), message, "remove minDomains, or set both")
        _check_label_keys(report, where, constraint)
        check_selector(report, RULE, (*where, "labelSelector"), constraint.get("labelSelector"))


def check_affinity(report: Report, path: FieldPath, affinity: dict[str, Any]) -> None:
    """Judge `affinity` of a pod, or of a policy, whose CRD does not bound the weight."""
    nodes, where = mapping(affinity.get("nodeAffinity")), (*path, "nodeAffinity")
    if isinstance(required := nodes.get(REQUIRED), dict):
        terms, there = required.get("nodeSelectorTerms"), (*where, REQUIRED, "nodeSelectorTerms")
        if terms in (None, []):
            report.add(RULE, there, "at least one node selector term is required", "add a term")
        for one, term in items(terms, there):
            _check_node_term(report, one, term, "NodeSelectorTerm")
    for one, weighted in items(nodes.get(PREFERRED), (*where, PREFERRED)):
        if (weight := integer(weighted.get("weight"))) is not None and not 1 <= weight <= 100:
            report.add(
                RULE, (*one, "weight"), f"weight {weight} is not between 1 and 100", "choose a weight of 1 to 100"
            )
        _check_node_term(report, (*one, "preference"), mapping(weighted.get("preference")), "Preference")
    for kind in ("podAffinity", "podAntiAffinity"):
        pods, where = mapping(affinity.get(kind)), (*path, kind)
        for one, term in items(pods.get(REQUIRED), (*where, REQUIRED)):
            _check_pod_term(report, one, term)
        for one, weighted in items(pods.get(PREFERRED), (*where, PREFERRED)):
            _check_pod_term(report, (*one, "podAffinityTerm"), mapping(weighted.get("podAffinityTerm")))


def _check_node_term(report: Report, path: FieldPath, term: dict[str, Any], of: str) -> None:
    check_fields(report, path, term, of)
    for where, requirement in items(term.get("matchExpressions"), (*path, "matchExpressions")):
        _check_operator(report, RULE, where, requirement, NODE_OPERATORS)
    for where, requirement in items(term.get("matchFields"), (*path, "matchFields")):
        values = texts(requirement.get("values"))
        if requirement.get("operator") not in ("In", "NotIn"):
            report.add(RULE, (*where, "operator"), "operator of a field must be In or NotIn", "use In or NotIn")
        elif len(values) != 1:
            report.add(
                RULE,
                (*where, "values"),
                f"a field is compared with one value, not {len(values)}",
                "keep one value, and one term for each further one",
            )
        if requirement.get("key") != NODE_NAME:
            message = f"the only field of a node is {NODE_NAME}"
            report.add(RULE, (*where, "key"), message, f"use {NODE_NAME}")
            continue
        for index, value in enumerate(values):
            if reason := names.dns_subdomain(value):
                report.add(
                    RULE,
                    (*where, "values", index),
                    f"node name {value!r} {reason}",
                    "write the name as `kubectl get nodes` shows it",
                )


def _check_pod_term(report: Report, path: FieldPath, term: dict[str, Any]) -> None:
    check_fields(report, path, term, "PodAffinityTerm")
    for field in ("labelSelector", "namespaceSelector"):
        check_selector(report, RULE, (*path, field), term.get(field))
    _check_label_keys(report, path, term)


def _check_label_keys(report: Report, path: FieldPath, term: dict[str, Any]) -> None:
    """Judge `matchLabelKeys` and `mismatchLabelKeys` beside a label selector."""
    matched, mismatched = texts(term.get("matchLabelKeys")), texts(term.get("mismatchLabelKeys"))
    for field, keys in (("matchLabelKeys", matched), ("mismatchLabelKeys", mismatched)):
        # The keys are merged into the selector, and null selects no pod at all.
        if keys and term.get("labelSelector") is None:
            report.add(RULE, (*path, field), f"{field} needs a labelSelector", "set labelSelector")
    where, selector = (*path, "matchLabelKeys"), mapping(term.get("labelSelector"))
    taken = set(mapping(selector.get("matchLabels")))
    for _, requirement in items(selector.get("matchExpressions"), ()):
        key = text(requirement.get("key"))
        # One expression alone may be what the server itself once made of the key.
        if key in matched and key in taken:
            report.add(RULE, where, f"label key {key} is in the labelSelector too", "name it once")
        taken.add(key)
    for key in matched:
        if key in mismatched:
            report.add(RULE, where, f"label key {key} is in mismatchLabelKeys too", "name it once")


def check_selector(report: Report, rule: str, path: FieldPath, selector: Any) -> None:
    """Judge a LabelSelector."""
    if not isinstance(selector, dict):
        return
    check_labels(report, rule, (*path, "matchLabels"), selector.get("matchLabels"))
    check_fields(report, path, selector, "LabelSelector", rule)
    for where, requirement in items(selector.get("matchExpressions"), (*path, "matchExpressions")):
        _check_operator(report, rule, where, requirement, LABEL_OPERATORS)


def _check_operator(
    report: Report, rule: str, path: FieldPath, requirement: dict[str, Any], known: tuple[str, ...]
) -> None:
    """Judge the operator of a requirement, and whether it has the values that the operator needs."""
    operator, values = requirement.get("operator"), sequence(requirement.get("values"))
    if operator in ("In", "NotIn") and not values:
        report.add(
            rule,
            (*path, "values"),
            f"values are required with operator {operator}",
            "list values, or use Exists, which has none",
        )
    elif operator in ("Exists", "DoesNotExist") and values:
        report.add(rule, (*path, "values"), f"values are not allowed with operator {operator}", "remove values")
    elif operator in ("Gt", "Lt") and operator in known and len(values) != 1:
        report.add(
            rule, (*path, "values"), f"operator {operator} needs exactly one value, not {len(values)}", "keep one value"
        )
    elif absent(operator) or (isinstance(operator, str) and operator not in known):
        message = f"operator {operator!r} is not one of {', '.join(known)}{hint(text(operator), known)}"
        report.add(rule, (*path, "operator"), message, f"use one of {', '.join(known)}")
