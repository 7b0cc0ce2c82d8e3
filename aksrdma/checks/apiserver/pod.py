"""Pods and pod templates as a whole.

Source: ValidatePodSpec in pkg/apis/core/validation/validation.go, and the Priority and RuntimeClass admission plugins,
of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.containers import check_containers
from aksrdma.checks.apiserver.fields import check_fields
from aksrdma.checks.apiserver.judging import POD_RULES, Pod, Report, beyond_schema
from aksrdma.checks.apiserver.metadata import check_template_metadata
from aksrdma.checks.apiserver.resources import check_pod_resources, check_resources
from aksrdma.checks.apiserver.scheduling import check_scheduling
from aksrdma.checks.apiserver.security import check_pod_security, check_profile_annotations
from aksrdma.checks.apiserver.volumes import check_volumes
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, integer, items, mapping, text, texts

RULE: Final = "invalid-pod"
_SYSTEM_CLASSES: Final = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
_MIRROR: Final = "kubernetes.io/config.mirror"
_SEARCHES_MAX, _SEARCH_LETTERS_MAX, _NAMESERVERS_MAX = 32, 2048, 3


@rule(*POD_RULES, kinds={"Pod"})
@beyond_schema
def check_pod(report: Report, data: dict[str, Any]) -> None:
    """Judge a Pod but for its metadata."""
    pod = Pod(report, (), data, is_pod=True)
    _check_spec(pod)
    if "priority" in pod.spec or "preemptionPolicy" in pod.spec:
        _check_priority(pod)
    if pod.spec.get("overhead") and pod.spec.get("runtimeClassName") is None:
        report.add(RULE, (*pod.path, "overhead"), "overhead needs a runtimeClassName", "remove overhead")


def check_template(
    report: Report,
    path: FieldPath,
    template: dict[str, Any],
    provided: frozenset[str] = frozenset(),
    *,
    identity: bool = True,
    all_volumes: bool = True,
) -> None:
    """Judge a pod template.

    Args:
        report: takes what is wrong.
        path: path of the template.
        template: the template.
        provided: names of volumes that a StatefulSet makes for it.
        identity: whether hostname and subdomain count; a StatefulSet replaces them.
        all_volumes: whether the template and `provided` have all volumes.
    """
    pod = Pod(report, path, template, is_pod=False)
    pod.all_volumes = all_volumes
    check_template_metadata(report, (*path, "metadata"), pod.metadata)
    _check_spec(pod, provided, identity=identity)


def _check_spec(pod: Pod, provided: frozenset[str] = frozenset(), *, identity: bool = True) -> None:
    """Judge the spec of a pod or template, and the annotations that belong to it."""
    spec, report, path = pod.spec, pod.report, pod.path
    if spec.get("volumes") or provided:
        check_volumes(pod, provided)
    check_containers(pod)
    check_scheduling(pod)
    check_pod_resources(report, path, spec, is_pod=pod.is_pod)
    if spec.get("securityContext"):
        check_pod_security(pod)
    if pod.metadata.get("annotations"):
        check_profile_annotations(pod, (*path[:-1], "metadata"))
        _check_annotations(pod)
    check_fields(report, path, spec, "PodSpec")
    for field in ("hostname", "subdomain") if identity else ():
        if (value := text(spec.get(field))) and (reason := names.dns_label(value)):
            report.add(RULE, (*path, field), f"{field} {value!r} {reason}", names.fix(value, names.dns_label))
    account = text(spec.get("serviceAccount"))  # the old name of the field, read where the new one is not set
    if account and not spec.get("serviceAccountName") and (reason := names.dns_subdomain(account)):
        report.add(
            RULE,
            (*path, "serviceAccount"),
            f"serviceAccount {account!r} {reason}",
            names.fix(account, names.dns_subdomain),
        )
    if "dnsConfig" in spec or spec.get("dnsPolicy") == "None":
        _check_dns(pod)
    if spec.get("overhead"):
        check_resources(report, (*path, "overhead"), {"limits": spec["overhead"]}, ())
    if spec.get("resourceClaims"):
        _check_claims(pod)
    if spec.get("ephemeralContainers"):
        where = (*path, "ephemeralContainers")
        report.add(RULE, where, "ephemeral containers cannot be set at creation", "use kubectl debug")
    if not pod.host_users:
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(field) is True:
                report.add(RULE, (*path, field), f"{field} does not go with hostUsers: false", f"remove {field}")
    if spec.get("shareProcessNamespace") is True and spec.get("hostPID") is True:
        message = "shareProcessNamespace and hostPID exclude each other"
        report.add(RULE, (*path, "shareProcessNamespace"), message, "remove one of them")


def _check_dns(pod: Pod) -> None:
    """Judge how much `dnsConfig` holds, and whether `dnsPolicy` needs one."""
    report, path, config = pod.report, (*pod.path, "dnsConfig"), mapping(pod.spec.get("dnsConfig"))
    servers, searches = texts(config.get("nameservers")), texts(config.get("searches"))
    if pod.spec.get("dnsPolicy") == "None" and not servers:
        report.add(RULE, path, "dnsPolicy None needs dnsConfig.nameservers", "add a nameserver")
    if len(servers) > _NAMESERVERS_MAX:
        report.add(
            RULE,
            (*path, "nameservers"),
            f"{len(servers)} nameservers are more than {_NAMESERVERS_MAX}",
            f"keep {_NAMESERVERS_MAX} of them",
        )
    if len(searches) > _SEARCHES_MAX or len(" ".join(searches)) > _SEARCH_LETTERS_MAX:
        report.add(
            RULE,
            (*path, "searches"),
            f"more than {_SEARCHES_MAX} or longer than {_SEARCH_LETTERS_MAX} in all",
            "keep fewer search domains",
        )


def _check_priority(pod: Pod) -> None:
    """Judge what the Priority plugin sets by the class, where the class is one that every cluster has, or none."""
    name, priority = text(pod.spec.get("priorityClassName")), integer(pod.spec.get("priority"))
    if name and name not in _SYSTEM_CLASSES:
        return
    expected = _SYSTEM_CLASSES.get(name, 0)
    if priority is not None and priority != expected:
        whose = f"that priorityClassName {name} gives" if name else "of a pod without a priorityClassName"
        message = f"priority {priority} is not the {expected} {whose}"
        pod.report.add(RULE, (*pod.path, "priority"), message, "name a priorityClassName and remove priority")
    if pod.spec.get("preemptionPolicy") == "Never":
        whose = f"priorityClassName {name}" if name else "a pod without a priorityClassName"
        message = f"preemptionPolicy Never is not the PreemptLowerPriority of {whose}"
        pod.report.add(RULE, (*pod.path, "preemptionPolicy"), message, "name a priorityClassName with this policy")


def _check_annotations(pod: Pod) -> None:
    annotations, path = mapping(pod.metadata.get("annotations")), (*pod.path[:-1], "metadata", "annotations")
    cost = annotations.get(_DELETION_COST, "0")
    # A null in a map of texts is an empty text to Go, which is no number.
    cost = "" if cost is None else cost
    if isinstance(cost, str) and not _is_int32(cost):
        pod.report.add(
            RULE,
            (*path, _DELETION_COST),
            f"{cost!r} is no 32-bit whole number",
            'write a whole number in quotes, such as "-100"',
        )
    if _MIRROR in annotations and absent(pod.spec.get("nodeName")):
        pod.report.add(RULE, (*path, _MIRROR), "a mirror pod needs spec.nodeName", "remove the annotation")


def _is_int32(value: str) -> bool:
    digits = value.removeprefix("-")
    # Python reads no more than 4300 digits; a zero in front is refused, but not behind a minus.
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 4000 or (value[0] == "0" and value != "0"):
        return False
    return -(2**31) <= int(value) < 2**31


def _check_claims(pod: Pod) -> None:
    seen: set[str] = set()
    sources = ("resourceClaimName", "resourceClaimTemplateName")
    for where, claim in items(pod.spec["resourceClaims"], (*pod.path, "resourceClaims")):
        name = text(claim.get("name"))
        if name and name in seen:
            pod.report.add(RULE, (*where, "name"), f"claim {name!r} is listed twice", "give each its own name")
        seen.add(name)
        if sum(claim.get(field) is not None for field in sources) != 1:
            pod.report.add(RULE, where, f"exactly one of {' and '.join(sources)} is required", "keep one of them")
