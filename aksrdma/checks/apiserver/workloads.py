"""Deployments, ReplicaSets, StatefulSets and DaemonSets.

Source: pkg/apis/apps/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.checks.apiserver.fields import check_fields
from aksrdma.checks.apiserver.judging import POD_RULES, Report, beyond_schema
from aksrdma.checks.apiserver.pod import check_template
from aksrdma.checks.apiserver.scheduling import check_selector
from aksrdma.checks.apiserver.volumes import check_claim
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.scheduling import matches
from aksrdma.kube.values import integer, items, mapping, text

RULE: Final = "invalid-workload"
_SPEC: Final[FieldPath] = ("spec",)
_PERCENT: Final = re.compile(r"[0-9]{1,18}%\Z", re.ASCII)
_PROGRESS_SECONDS: Final = 600
"""The deadline of a Deployment that names none: SetDefaults_Deployment of pkg/apis/apps/v1."""


@rule(RULE, *POD_RULES, kinds={"Deployment"})
@beyond_schema
def check_deployment(report: Report, data: dict[str, Any]) -> None:
    """Judge a Deployment but for its metadata."""
    spec = mapping(data.get("spec"))
    ready, progress = integer(spec.get("minReadySeconds")) or 0, spec.get("progressDeadlineSeconds")
    seconds = _PROGRESS_SECONDS if progress is None else integer(progress)
    if seconds is not None and seconds <= ready:
        message = f"progressDeadlineSeconds {seconds} is not above minReadySeconds {ready}"
        report.add(RULE, (*_SPEC, "progressDeadlineSeconds"), message, "raise progressDeadlineSeconds")
    strategy, path = mapping(spec.get("strategy")), (*_SPEC, "strategy", "rollingUpdate")
    kind, rolling = strategy.get("type") or "RollingUpdate", strategy.get("rollingUpdate")
    if kind == "Recreate" and rolling is not None:
        report.add(RULE, path, "rollingUpdate does not go with type Recreate", "remove it")
    elif kind == "RollingUpdate" and isinstance(rolling, dict):
        unavailable = _share(report, path, rolling, "maxUnavailable", 25)
        surge = _share(report, path, rolling, "maxSurge", 25, most=None)
        if unavailable == 0 and surge == 0:
            message = "maxUnavailable and maxSurge cannot both be 0"
            report.add(RULE, (*path, "maxUnavailable"), message, "set one of them to 1")
    _check_pods(report, spec)


def _share(
    report: Report, path: FieldPath, data: dict[str, Any], field: str, default: int, *, most: int | None = 100
) -> int | None:
    """Judge a number or percentage and return it, `default` where it is not set; a share is at most `most` percent."""
    value, where = data.get(field), (*path, field)
    if value is None:
        return default
    if not isinstance(value, str):
        if type(value) is int and value < 0:
            report.add(RULE, where, f"{field} {value} is below 0", "use 0 or more")
        return integer(value)
    if not _PERCENT.match(value):
        message = f"{field} {value!r} is neither a number nor a percentage"
        report.add(RULE, where, message, "write 25%, say")
        return None
    share = int(value[:-1])
    if most is not None and share > most:
        report.add(RULE, where, f"{field} {value} is above {most}%", f"write at most {most}%")
    return share


@rule(RULE, *POD_RULES, kinds={"ReplicaSet"})
@beyond_schema
def check_replica_set(report: Report, data: dict[str, Any]) -> None:
    """Judge a ReplicaSet but for its metadata."""
    spec = mapping(data.get("spec"))
    _check_pods(report, spec)


@rule(RULE, *POD_RULES, kinds={"DaemonSet"})
@beyond_schema
def check_daemon_set(report: Report, data: dict[str, Any]) -> None:
    """Judge a DaemonSet but for its metadata."""
    spec = mapping(data.get("spec"))
    strategy, path = mapping(spec.get("updateStrategy")), (*_SPEC, "updateStrategy", "rollingUpdate")
    rolling = strategy.get("rollingUpdate")
    if (strategy.get("type") or "RollingUpdate") == "RollingUpdate" and isinstance(rolling, dict):
        unavailable = _share(report, path, rolling, "maxUnavailable", 1)
        surge = _share(report, path, rolling, "maxSurge", 0)
        # One of the two says how a node is updated: the old pod goes first, or the new one comes first.
        if unavailable is not None and surge is not None and bool(unavailable) == bool(surge):
            message = "exactly one of maxUnavailable and maxSurge is above 0"
            report.add(RULE, (*path, "maxSurge"), message, "set one of them to 0")
    _check_pods(report, spec)


@rule(RULE, *POD_RULES, kinds={"StatefulSet"})
@beyond_schema
def check_stateful_set(report: Report, data: dict[str, Any]) -> None:
    """Judge a StatefulSet but for its metadata."""
    spec = mapping(data.get("spec"))
    check_fields(report, _SPEC, spec, "StatefulSetSpec")
    strategy, path = mapping(spec.get("updateStrategy")), (*_SPEC, "updateStrategy", "rollingUpdate")
    kind, rolling = strategy.get("type") or "RollingUpdate", strategy.get("rollingUpdate")
    if kind == "OnDelete" and rolling is not None:
        report.add(RULE, path, "rollingUpdate does not go with type OnDelete", "remove it")
    provided = set()
    for where, claim in items(spec.get("volumeClaimTemplates"), (*_SPEC, "volumeClaimTemplates")):
        check_claim(report, RULE, (*where, "spec"), mapping(claim.get("spec")))
        name = text(mapping(claim.get("metadata")).get("name"))
        if reason := names.dns_label(name):
            message = f"name {name!r} becomes the name of a volume, which {reason}"
            report.add(RULE, (*where, "metadata", "name"), message, names.fix(name, names.dns_label))
        provided.add(name)
    _check_pods(report, spec, frozenset(provided), identity=False)


def _check_pods(
    report: Report, spec: dict[str, Any], provided: frozenset[str] = frozenset(), *, identity: bool = True
) -> None:
    """Judge the template, and the selector that has to find its pods."""
    template, path = mapping(spec.get("template")), (*_SPEC, "template")
    selector, where = spec.get("selector"), (*_SPEC, "selector")
    if isinstance(selector, dict):
        check_selector(report, RULE, where, selector)
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            report.add(RULE, where, "an empty selector would take every pod", "set selector.matchLabels")
        elif not matches(selector, mapping(mapping(template.get("metadata")).get("labels"))):
            message = "selector does not match the labels of the template"
            report.add(RULE, where, message, "give the template the labels of selector.matchLabels")
    check_template(report, path, template, provided, identity=identity)
    pod = mapping(template.get("spec"))
    if (policy := pod.get("restartPolicy")) in ("Never", "OnFailure"):
        message = f"restartPolicy {policy} is for Jobs; here it must be Always"
        report.add(RULE, (*path, "spec", "restartPolicy"), message, "remove restartPolicy")
    if pod.get("activeDeadlineSeconds") is not None:
        message = "activeDeadlineSeconds is for Jobs"
        report.add(RULE, (*path, "spec", "activeDeadlineSeconds"), message, "remove activeDeadlineSeconds")
