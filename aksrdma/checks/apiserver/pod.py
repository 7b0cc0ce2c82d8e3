"""Pods and pod templates as a whole.

Source: ValidatePodSpec in pkg/apis/core/validation/validation.go, and the Priority and RuntimeClass admission plugins,
of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.containers import check_containers
from aksrdma.checks.apiserver.context import Pod
from aksrdma.checks.apiserver.dns import RULE, check_aliases, check_dns
from aksrdma.checks.apiserver.fields import INT32_MAX, Report
from aksrdma.checks.apiserver.metadata import check_annotations, check_labels
from aksrdma.checks.apiserver.operating_system import check_host_process, check_operating_system
from aksrdma.checks.apiserver.pod_resources import check_pod_resources
from aksrdma.checks.apiserver.resources import check_resources
from aksrdma.checks.apiserver.scheduling import check_scheduling
from aksrdma.checks.apiserver.security import check_pod_security, check_profile_annotations
from aksrdma.checks.apiserver.statuses import check_pod_status
from aksrdma.checks.apiserver.volumes import check_volumes
from aksrdma.checks.apiserver.windows import check_windows
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, integer, items, mapping, text

_RESTART_POLICIES: Final = ("Always", "Never", "OnFailure")
_DNS_POLICIES: Final = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_SYSTEM_CLASSES: Final = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
_MIRROR: Final = "kubernetes.io/config.mirror"
_NAMES: Final = (
    ("nodeName", names.dns_subdomain),
    ("serviceAccountName", names.dns_subdomain),
    ("serviceAccount", names.dns_subdomain),
    ("priorityClassName", names.dns_subdomain),
    ("hostname", names.dns_label),
    ("subdomain", names.dns_label),
)

_RARE: Final = frozenset(
    {
        *(field for field, _ in _NAMES),
        "activeDeadlineSeconds",
        "dnsConfig",
        "dnsPolicy",
        "ephemeralContainers",
        "hostAliases",
        "hostUsers",
        "os",
        "overhead",
        "preemptionPolicy",
        "readinessGates",
        "resourceClaims",
        "runtimeClassName",
        "shareProcessNamespace",
    }
)
"""Fields of a pod's spec that few pods have: those without any are not searched for each."""


def check_template(
    report: Report,
    path: FieldPath,
    template: dict[str, Any],
    provided: frozenset[str] = frozenset(),
    *,
    identity: bool = True,
) -> None:
    """Judge a pod template.

    Args:
        report: takes what is wrong.
        path: path of the template.
        template: the template.
        provided: names of volumes that a StatefulSet makes for it.
        identity: whether hostname and subdomain count; a StatefulSet replaces them.
    """
    pod = Pod(report, path, template, is_pod=False)
    check_labels(report, (*path, "metadata"), pod.metadata)
    check_annotations(report, (*path, "metadata"), pod.metadata)
    check_spec(pod, provided, identity=identity)


def check_pod(report: Report, data: dict[str, Any]) -> None:
    """Judge a Pod but for its metadata."""
    pod = Pod(report, (), data, is_pod=True)
    check_spec(pod)
    if "priority" in pod.spec or "preemptionPolicy" in pod.spec:
        _check_priority(pod)
    if pod.spec.get("overhead") and pod.spec.get("runtimeClassName") is None:
        report.add(RULE, (*pod.path, "overhead"), "overhead needs a runtimeClassName", "remove overhead")
    if "status" in data:
        check_pod_status(report, data)


def check_spec(pod: Pod, provided: frozenset[str] = frozenset(), *, identity: bool = True) -> None:
    """Judge the spec of a pod or template, and the annotations that belong to it."""
    spec = pod.spec
    if spec.get("volumes") or provided:
        check_volumes(pod, provided)
    check_containers(pod)
    check_scheduling(pod)
    if "resources" in spec:
        check_pod_resources(pod.report, pod.path, spec, is_pod=pod.is_pod)
    if spec.get("securityContext"):
        check_pod_security(pod)
    if pod.metadata.get("annotations"):
        check_profile_annotations(pod, (*pod.path[:-1], "metadata"))
        _check_annotations(pod)
    if policy := spec.get("restartPolicy"):
        pod.report.one_of(RULE, (*pod.path, "restartPolicy"), policy, _RESTART_POLICIES)
    if pod.windows or not _RARE.isdisjoint(spec):
        _check_words(pod)
        _check_names(pod, identity=identity)
        _check_rare(pod)


def _check_words(pod: Pod) -> None:
    get, report = pod.spec.get, pod.report
    if value := get("dnsPolicy"):
        report.one_of(RULE, (*pod.path, "dnsPolicy"), value, _DNS_POLICIES)
    if (value := get("preemptionPolicy")) is not None:
        report.one_of(RULE, (*pod.path, "preemptionPolicy"), value, ("Never", "PreemptLowerPriority"))
    if (seconds := integer(get("activeDeadlineSeconds"))) is not None and not 1 <= seconds <= INT32_MAX:
        message = f"activeDeadlineSeconds {seconds} is not between 1 and {INT32_MAX}"
        report.add(RULE, (*pod.path, "activeDeadlineSeconds"), message)


def _check_names(pod: Pod, *, identity: bool) -> None:
    spec = pod.spec
    for field, rule in _NAMES:
        if field not in spec or (not identity and field in ("hostname", "subdomain")):
            continue
        if field == "serviceAccount" and spec.get("serviceAccountName"):
            continue
        if (value := text(spec[field])) and (reason := rule(value)):
            pod.report.add(RULE, (*pod.path, field), f"{field} {value!r} {reason}")
    name = spec.get("runtimeClassName")
    if isinstance(name, str) and (reason := names.dns_subdomain(name)):
        pod.report.add(RULE, (*pod.path, "runtimeClassName"), f"runtimeClassName {name!r} {reason}")


def _check_rare(pod: Pod) -> None:
    spec, report = pod.spec, pod.report
    if "dnsConfig" in spec or spec.get("dnsPolicy") == "None":
        check_dns(pod)
    if spec.get("hostAliases"):
        check_aliases(pod)
    if spec.get("overhead"):
        check_resources(report, (*pod.path, "overhead"), {"limits": spec["overhead"]}, ())
    if pod.windows:
        check_windows(pod)
        check_host_process(pod)
    if spec.get("os") is not None:
        check_operating_system(pod)
    if spec.get("readinessGates"):
        _check_gates(pod)
    if spec.get("resourceClaims"):
        _check_claims(pod)
    if spec.get("ephemeralContainers"):
        where = (*pod.path, "ephemeralContainers")
        report.add(RULE, where, "ephemeral containers cannot be set at creation", "use kubectl debug")
    if not pod.host_users:
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(field) is True:
                report.add(RULE, (*pod.path, field), f"{field} does not go with hostUsers: false", f"remove {field}")
    if spec.get("shareProcessNamespace") is True and spec.get("hostPID") is True:
        message = "shareProcessNamespace and hostPID exclude each other"
        report.add(RULE, (*pod.path, "shareProcessNamespace"), message, "remove one of them")


def _check_priority(pod: Pod) -> None:
    name, priority = text(pod.spec.get("priorityClassName")), integer(pod.spec.get("priority"))
    if name and name not in _SYSTEM_CLASSES:
        return
    expected = _SYSTEM_CLASSES.get(name, 0)
    if priority is not None and priority != expected:
        message = f"priority {priority} is not the {expected} of its priority class"
        pod.report.add(RULE, (*pod.path, "priority"), message, "name a priorityClassName and remove priority")
    if pod.spec.get("preemptionPolicy") == "Never":
        message = "preemptionPolicy Never is not that of its priority class"
        pod.report.add(RULE, (*pod.path, "preemptionPolicy"), message, "name a priorityClassName with this policy")


def _check_annotations(pod: Pod) -> None:
    annotations, path = mapping(pod.metadata.get("annotations")), (*pod.path[:-1], "metadata", "annotations")
    cost = annotations.get(_DELETION_COST, "0")
    cost = "" if cost is None else cost
    if isinstance(cost, str) and not _is_cost(cost):
        pod.report.add(RULE, (*path, _DELETION_COST), f"{cost!r} is no 32-bit whole number")
    if _MIRROR in annotations and absent(pod.spec.get("nodeName")):
        pod.report.add(RULE, (*path, _MIRROR), "a mirror pod needs spec.nodeName", "remove the annotation")


def _is_cost(cost: str) -> bool:
    digits = cost.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 4000 or (cost[0] == "0" and cost != "0"):
        return False
    return -INT32_MAX - 1 <= int(cost) <= INT32_MAX


def _check_gates(pod: Pod) -> None:
    for where, gate in items(pod.spec["readinessGates"], (*pod.path, "readinessGates")):
        kind = gate.get("conditionType")
        if (kind is None or isinstance(kind, str)) and (reason := names.qualified_name(kind or "")):
            pod.report.add(RULE, (*where, "conditionType"), f"conditionType {kind or ''!r} {reason}")


def _check_claims(pod: Pod) -> None:
    seen: set[str] = set()
    sources = ("resourceClaimName", "resourceClaimTemplateName")
    for where, claim in items(pod.spec["resourceClaims"], (*pod.path, "resourceClaims")):
        pod.report.required(RULE, where, claim, "name")
        name = text(claim.get("name"))
        if name and name in seen:
            pod.report.add(RULE, (*where, "name"), f"claim {name!r} is listed twice", "give each its own name")
        elif name and (reason := names.dns_label(name)):
            pod.report.add(RULE, (*where, "name"), f"claim name {name!r} {reason}")
        seen.add(name)
        given = [field for field in sources if claim.get(field) is not None]
        if len(given) != 1:
            pod.report.add(RULE, where, f"exactly one of {' and '.join(sources)} is required")
        for field in given:
            if isinstance(value := claim[field], str) and (reason := names.dns_subdomain(value)):
                pod.report.add(RULE, (*where, field), f"{field} {value!r} {reason}")
