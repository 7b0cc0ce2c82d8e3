"""Jobs and CronJobs.

Source: pkg/apis/batch/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.checks.apiserver.cron import schedule_problem, time_zone_problem
from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.job_policies import RULE, check_failure_policy, check_success_policy
from aksrdma.checks.apiserver.pod import check_template
from aksrdma.checks.apiserver.selectors import check_selector, matches
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.values import absent, integer, mapping, text

_COUNTS: Final = (
    "activeDeadlineSeconds", "backoffLimit", "backoffLimitPerIndex", "completions", "maxFailedIndexes", "parallelism",
    "ttlSecondsAfterFinished",
)  # fmt: skip
_INDEXED_PARALLELISM_MAX: Final = 100_000
_MANY_COMPLETIONS: Final = 100_000
_MANY_PARALLELISM_MAX: Final = 10_000
_CRON_NAME_MAX: Final = 52
_UID_LABELS: Final = ("batch.kubernetes.io/controller-uid", "controller-uid")
_NAME_LABELS: Final = ("batch.kubernetes.io/job-name", "job-name")


def check_job(report: Report, data: dict[str, Any]) -> None:
    """Judge a Job but for its metadata."""
    spec, metadata = mapping(data.get("spec")), mapping(data.get("metadata"))
    check_job_spec(report, ("spec",), spec)
    _check_pod_names(report, spec, metadata)
    if spec.get("manualSelector") is True:
        _check_manual(report, spec)
    else:
        _check_generated(report, spec, metadata)


def check_cron_job(report: Report, data: dict[str, Any]) -> None:
    """Judge a CronJob but for its metadata."""
    spec = mapping(data.get("spec"))
    report.required(RULE, ("spec",), spec, "schedule")
    if (schedule := text(spec.get("schedule"))) and (reason := schedule_problem(schedule)):
        report.add(RULE, ("spec", "schedule"), f"schedule {schedule!r} {reason}")
    zone = spec.get("timeZone")
    if isinstance(zone, str) and (reason := time_zone_problem(zone)):
        report.add(RULE, ("spec", "timeZone"), f"timeZone {zone!r} {reason}")
    if policy := spec.get("concurrencyPolicy"):
        report.one_of(RULE, ("spec", "concurrencyPolicy"), policy, ("Allow", "Forbid", "Replace"))
    counts = ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    report.not_negative(RULE, ("spec",), spec, *counts)
    name = text(mapping(data.get("metadata")).get("name"))
    if len(name) > _CRON_NAME_MAX:
        report.add(RULE, ("metadata", "name"), f"name {name!r} of a CronJob is longer than {_CRON_NAME_MAX} characters")
    _check_job_template(report, mapping(mapping(spec.get("jobTemplate")).get("spec")))


def _check_job_template(report: Report, spec: dict[str, Any]) -> None:
    path: FieldPath = ("spec", "jobTemplate", "spec")
    check_job_spec(report, path, spec)
    for field in ("selector", "manualSelector"):
        if spec.get(field) not in (None, False):
            report.add(RULE, (*path, field), f"{field} cannot be set in a CronJob", f"remove {field}")


def check_job_spec(report: Report, path: FieldPath, spec: dict[str, Any]) -> None:
    """Judge what Job and CronJob have in common."""
    report.not_negative(RULE, path, spec, *_COUNTS)
    mode = spec.get("completionMode")
    report.one_of(RULE, (*path, "completionMode"), mode, ("Indexed", "NonIndexed"))
    if mode == "Indexed":
        _check_indexed(report, path, spec)
    elif mode in (None, "NonIndexed"):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"):
            if spec.get(field) is not None:
                report.add(RULE, (*path, field), f"{field} needs completionMode Indexed", "set completionMode: Indexed")
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        message = "maxFailedIndexes needs backoffLimitPerIndex"
        report.add(RULE, (*path, "maxFailedIndexes"), message, "set backoffLimitPerIndex")
    if isinstance(manager := spec.get("managedBy"), str) and (
        (reason := names.domain_path(manager)) or len(manager) > names.LABEL_MAX
    ):
        report.add(RULE, (*path, "managedBy"), f"managedBy {manager!r} {reason or 'is longer than 63 characters'}")
    _check_policies(report, path, spec)
    _check_restart(report, path, spec)
    check_template(report, (*path, "template"), mapping(spec.get("template")))


def _check_policies(report: Report, path: FieldPath, spec: dict[str, Any]) -> None:
    if isinstance(policy := spec.get("podFailurePolicy"), dict):
        check_failure_policy(report, (*path, "podFailurePolicy"), policy, spec)
    replacements = ("Failed",) if spec.get("podFailurePolicy") is not None else ("Failed", "TerminatingOrFailed")
    report.one_of(RULE, (*path, "podReplacementPolicy"), spec.get("podReplacementPolicy"), replacements)


def _check_indexed(report: Report, path: FieldPath, spec: dict[str, Any]) -> None:
    completions, parallelism = spec.get("completions"), integer(spec.get("parallelism")) or 0
    failed, per_index = integer(spec.get("maxFailedIndexes")), spec.get("backoffLimitPerIndex")
    if completions is None and spec.get("parallelism") is not None:
        report.add(RULE, (*path, "completions"), "completionMode Indexed needs completions", "set completions")
    if parallelism > _INDEXED_PARALLELISM_MAX:
        report.add(RULE, (*path, "parallelism"), f"parallelism {parallelism} is above {_INDEXED_PARALLELISM_MAX}")
    if failed is not None and failed > min(
        integer(completions) or (1 if completions is None else 0), _MANY_COMPLETIONS
    ):
        report.add(RULE, (*path, "maxFailedIndexes"), f"maxFailedIndexes {failed} is above completions or 100000")
    too_many = failed is None or failed > _MANY_PARALLELISM_MAX or parallelism > _MANY_PARALLELISM_MAX
    if (integer(completions) or 0) > _MANY_COMPLETIONS and per_index is not None and too_many:
        message = "above 100000 completions, maxFailedIndexes is required and it and parallelism are at most 10000"
        report.add(RULE, path, message)
    if isinstance(policy := spec.get("successPolicy"), dict):
        check_success_policy(report, (*path, "successPolicy"), policy, integer(completions) or 0)


def _check_restart(report: Report, path: FieldPath, spec: dict[str, Any]) -> None:
    policy = mapping(mapping(spec.get("template")).get("spec")).get("restartPolicy")
    where = (*path, "template", "spec", "restartPolicy")
    if policy in (None, "", "Always"):
        report.add(RULE, where, "restartPolicy of a Job must be OnFailure or Never", "set restartPolicy: Never")
    elif policy == "OnFailure" and spec.get("podFailurePolicy") is not None:
        report.add(RULE, where, "podFailurePolicy needs restartPolicy Never", "set restartPolicy: Never")


def _check_pod_names(report: Report, spec: dict[str, Any], metadata: dict[str, Any]) -> None:
    name, completions = text(metadata.get("name")), integer(spec.get("completions")) or 0
    if completions == 0 and spec.get("completions") is None and spec.get("parallelism") is None:
        completions = 1
    if not name and not absent(metadata.get("generateName")):
        name = names.generated(text(metadata.get("generateName")))
    if spec.get("completionMode") == "Indexed" and completions > 0 and name:
        host = f"{name}-{completions - 1}"
        if reason := names.dns_label(host):
            report.add(RULE, ("metadata", "name"), f"the pod's host name {host!r} {reason}", "shorten the name")


def _check_manual(report: Report, spec: dict[str, Any]) -> None:
    path: FieldPath = ("spec", "selector")
    selector = spec.get("selector")
    if selector is None:
        report.add(RULE, path, "selector is required with manualSelector", "set selector")
    elif isinstance(selector, dict):
        check_selector(report, RULE, path, selector)
        if not matches(selector, _labels(spec)):
            report.add(RULE, path, "selector does not match the labels of the template", "make them equal")


def _check_generated(report: Report, spec: dict[str, Any], metadata: dict[str, Any]) -> None:
    """Judge a Job whose selector and labels the server makes of its name and uid."""
    labels, name = _labels(spec), metadata.get("name")
    if isinstance(name, str) and len(name) > names.LABEL_MAX and not names.dns_subdomain(name):
        message = f"name {name!r} is longer than {names.LABEL_MAX} characters, and becomes a label of the pods"
        report.add(RULE, ("metadata", "name"), message, "shorten the name")
    where: FieldPath = ("spec", "template", "metadata", "labels")
    for key in _UID_LABELS:
        if key in labels:
            report.add(RULE, (*where, key), f"label {key} is set by the server", "remove the label")
    for key in _NAME_LABELS:
        if key in labels and labels[key] != name:
            report.add(RULE, (*where, key), f"label {key} must be the name of the Job", "remove the label")
    _check_given_selector(report, spec, labels, name)


def _check_given_selector(report: Report, spec: dict[str, Any], labels: dict[str, Any], name: Any) -> None:
    selector = spec.get("selector")
    if not isinstance(selector, dict):
        return
    check_selector(report, RULE, ("spec", "selector"), selector)
    uid = dict.fromkeys(_UID_LABELS, "\0 set by the server")
    made = {**dict.fromkeys(_NAME_LABELS, name), **uid}
    if not matches(selector, made) or not matches(selector, {**made, **labels}):
        message = "selector of a Job is made by the server, and this one matches none of its pods"
        report.add(RULE, ("spec", "selector"), message, "remove selector")


def _labels(spec: dict[str, Any]) -> dict[str, Any]:
    return mapping(mapping(mapping(spec.get("template")).get("metadata")).get("labels"))
