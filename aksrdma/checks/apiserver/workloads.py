"""Deployments, ReplicaSets, StatefulSets and DaemonSets.

Source: pkg/apis/apps/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.checks.apiserver.claims import check_claim
from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.job_policies import RULE
from aksrdma.checks.apiserver.pod import check_template
from aksrdma.checks.apiserver.selectors import check_selector, matches
from aksrdma.checks.apiserver.statuses import check_claim_status
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import integer, items, mapping, text

_SPEC: Final[FieldPath] = ("spec",)
_PERCENT: Final = re.compile(r"[0-9]{1,18}%\Z", re.ASCII)
_PROGRESS_SECONDS: Final = 600
_RETAIN: Final = ("Delete", "Retain")


def check_deployment(report: Report, data: dict[str, Any]) -> None:
    """Judge a Deployment but for its metadata."""
    spec = mapping(data.get("spec"))
    counts = ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    report.not_negative(RULE, _SPEC, spec, *counts)
    ready, progress = integer(spec.get("minReadySeconds")) or 0, spec.get("progressDeadlineSeconds")
    seconds = _PROGRESS_SECONDS if progress is None else integer(progress)
    if seconds is not None and seconds <= ready:
        message = f"progressDeadlineSeconds {seconds} is not above minReadySeconds {ready}"
        report.add(RULE, (*_SPEC, "progressDeadlineSeconds"), message)
    _check_strategy(report, mapping(spec.get("strategy")))
    _check_common(report, spec)


def _check_strategy(report: Report, strategy: dict[str, Any]) -> None:
    path: FieldPath = (*_SPEC, "strategy")
    kind, rolling = strategy.get("type") or "RollingUpdate", strategy.get("rollingUpdate")
    report.one_of(RULE, (*path, "type"), kind, ("Recreate", "RollingUpdate"))
    if kind == "Recreate" and rolling is not None:
        report.add(RULE, (*path, "rollingUpdate"), "rollingUpdate does not go with type Recreate", "remove it")
    elif kind == "RollingUpdate" and isinstance(rolling, dict):
        unavailable = _check_share(report, (*path, "rollingUpdate"), rolling, "maxUnavailable", 25)
        surge = _check_share(report, (*path, "rollingUpdate"), rolling, "maxSurge", 25, most=None)
        if unavailable == 0 and surge == 0:
            message = "maxUnavailable and maxSurge cannot both be 0"
            report.add(RULE, (*path, "rollingUpdate", "maxUnavailable"), message)


def _check_share(
    report: Report, path: FieldPath, data: dict[str, Any], field: str, default: int, *, most: int | None = 100
) -> int | None:
    """Judge a number or percentage and return it, `default` where it is not set; a share is at most `most` percent."""
    value = data.get(field)
    if value is None:
        return default
    if isinstance(value, str):
        if not _PERCENT.match(value):
            report.add(
                RULE, (*path, field), f"{field} {value!r} is neither a number nor a percentage", "write 25%, say"
            )
            return None
        if most is not None and int(value[:-1]) > most:
            report.add(RULE, (*path, field), f"{field} {value} is above {most}%")
        return int(value[:-1])
    report.not_negative(RULE, path, data, field)
    return integer(value)


def check_replica_set(report: Report, data: dict[str, Any]) -> None:
    """Judge a ReplicaSet but for its metadata."""
    spec = mapping(data.get("spec"))
    report.not_negative(RULE, _SPEC, spec, "replicas", "minReadySeconds")
    _check_common(report, spec)


def check_daemon_set(report: Report, data: dict[str, Any]) -> None:
    """Judge a DaemonSet but for its metadata."""
    spec = mapping(data.get("spec"))
    report.not_negative(RULE, _SPEC, spec, "minReadySeconds", "revisionHistoryLimit")
    strategy, path = mapping(spec.get("updateStrategy")), (*_SPEC, "updateStrategy")
    kind = strategy.get("type") or "RollingUpdate"
    report.one_of(RULE, (*path, "type"), kind, ("OnDelete", "RollingUpdate"))
    rolling = strategy.get("rollingUpdate")
    if kind == "RollingUpdate" and isinstance(rolling, dict):
        unavailable = _check_share(report, (*path, "rollingUpdate"), rolling, "maxUnavailable", 1)
        surge = _check_share(report, (*path, "rollingUpdate"), rolling, "maxSurge", 0)
        if unavailable is not None and surge is not None and bool(unavailable) == bool(surge):
            message = "exactly one of maxUnavailable and maxSurge is above 0"
            report.add(RULE, (*path, "rollingUpdate", "maxSurge"), message)
    _check_common(report, spec)


def check_stateful_set(report: Report, data: dict[str, Any]) -> None:
    """Judge a StatefulSet but for its metadata."""
    spec = mapping(data.get("spec"))
    report.not_negative(RULE, _SPEC, spec, "replicas", "minReadySeconds")
    report.not_negative(RULE, (*_SPEC, "ordinals"), mapping(spec.get("ordinals")), "start")
    if policy := spec.get("podManagementPolicy"):
        report.one_of(RULE, (*_SPEC, "podManagementPolicy"), policy, ("OrderedReady", "Parallel"))
    service = text(spec.get("serviceName"))
    if service and (reason := names.dns_label(service)):
        report.add(RULE, (*_SPEC, "serviceName"), f"serviceName {service!r} {reason}")
    _check_set_strategy(report, mapping(spec.get("updateStrategy")))
    retention = mapping(spec.get("persistentVolumeClaimRetentionPolicy"))
    for field in ("whenDeleted", "whenScaled"):
        if value := retention.get(field):
            report.one_of(RULE, (*_SPEC, "persistentVolumeClaimRetentionPolicy", field), value, _RETAIN)
    provided = set()
    for path, claim in items(spec.get("volumeClaimTemplates"), (*_SPEC, "volumeClaimTemplates")):
        check_claim(report, RULE, (*path, "spec"), mapping(claim.get("spec")))
        check_claim_status(report, path, claim)
        provided.add(_check_claim_name(report, path, claim))
    _check_common(report, spec, frozenset(provided), identity=False)


def _check_claim_name(report: Report, path: FieldPath, claim: dict[str, Any]) -> str:
    name = text(mapping(claim.get("metadata")).get("name"))
    if reason := names.dns_label(name):
        report.add(RULE, (*path, "metadata", "name"), f"name {name!r} becomes the name of a volume, which {reason}")
    return name


def _check_set_strategy(report: Report, strategy: dict[str, Any]) -> None:
    path: FieldPath = (*_SPEC, "updateStrategy")
    kind, rolling = strategy.get("type") or "RollingUpdate", strategy.get("rollingUpdate")
    report.one_of(RULE, (*path, "type"), kind, ("OnDelete", "RollingUpdate"))
    if kind == "OnDelete" and rolling is not None:
        report.add(RULE, (*path, "rollingUpdate"), "rollingUpdate does not go with type OnDelete", "remove it")
    elif kind == "RollingUpdate" and isinstance(rolling, dict):
        report.not_negative(RULE, (*path, "rollingUpdate"), rolling, "partition")


def _check_common(
    report: Report, spec: dict[str, Any], provided: frozenset[str] = frozenset(), *, identity: bool = True
) -> None:
    template = mapping(spec.get("template"))
    _check_own_selector(report, spec, template)
    check_template(report, (*_SPEC, "template"), template, provided, identity=identity)
    pod, path = mapping(template.get("spec")), (*_SPEC, "template", "spec")
    if pod.get("restartPolicy") in ("Never", "OnFailure"):
        message = f"restartPolicy {pod['restartPolicy']} is for Jobs; here it must be Always"
        report.add(RULE, (*path, "restartPolicy"), message, "remove restartPolicy")
    if pod.get("activeDeadlineSeconds") is not None:
        message = "activeDeadlineSeconds is for Jobs"
        report.add(RULE, (*path, "activeDeadlineSeconds"), message, "remove activeDeadlineSeconds")


def _check_own_selector(report: Report, spec: dict[str, Any], template: dict[str, Any]) -> None:
    path: FieldPath = (*_SPEC, "selector")
    selector = spec.get("selector")
    if selector is None:
        report.add(RULE, path, "selector is required", "set selector.matchLabels to the labels of the template")
    if not isinstance(selector, dict):
        return
    check_selector(report, RULE, path, selector)
    labels = mapping(mapping(template.get("metadata")).get("labels"))
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        report.add(RULE, path, "an empty selector would take every pod", "set selector.matchLabels")
    elif not matches(selector, labels):
        message = "selector does not match the labels of the template"
        report.add(RULE, path, message, "give the template the labels of selector.matchLabels")
