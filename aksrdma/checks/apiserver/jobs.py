"""Jobs and CronJobs.

Source: pkg/apis/batch/validation/validation.go of kubernetes v1.34.2.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.checks.apiserver.fields import check_fields, unknown_word
from aksrdma.checks.apiserver.judging import POD_RULES, Report, beyond_schema
from aksrdma.checks.apiserver.pod import check_template
from aksrdma.checks.apiserver.scheduling import check_selector
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath
from aksrdma.kube import names
from aksrdma.kube.scheduling import matches
from aksrdma.kube.values import integer, items, mapping, sequence, text

RULE: Final = "invalid-workload"
_INDEXED_PARALLELISM_MAX: Final = 100_000
_MANY_COMPLETIONS: Final = 100_000
_MANY_PARALLELISM_MAX: Final = 10_000
_CRON_NAME_MAX: Final = 52
"""Letters of a CronJob's name: its controller appends 11 to make that of a Job, which is a label of its pods."""
_RULES_MAX, _VALUES_MAX, _CONDITIONS_MAX = 20, 255, 20
_INDEXES_LETTERS_MAX: Final = 64 * 1024
_UID_LABELS: Final = ("batch.kubernetes.io/controller-uid", "controller-uid")
_NAME_LABELS: Final = ("batch.kubernetes.io/job-name", "job-name")
_INTERVAL: Final = re.compile(r"\+?[0-9]{1,4000}(?:-\+?[0-9]{1,4000})?\Z", re.ASCII)  # Python reads 4300 digits at most


@rule(RULE, *POD_RULES, kinds={"Job"})
@beyond_schema
def check_job(report: Report, data: dict[str, Any]) -> None:
    """Judge a Job but for its metadata."""
    spec, metadata = mapping(data.get("spec")), mapping(data.get("metadata"))
    _check_job_spec(report, ("spec",), spec)
    _check_pod_names(report, spec, metadata)
    selector, path = spec.get("selector"), ("spec", "selector")
    labels = mapping(mapping(mapping(spec.get("template")).get("metadata")).get("labels"))
    if spec.get("manualSelector") is not True:
        _check_generated(report, selector, labels, metadata.get("name"))
    elif selector is None:
        report.add(RULE, path, "selector is required with manualSelector", "set selector")
    elif isinstance(selector, dict):
        check_selector(report, RULE, path, selector)
        if not matches(selector, labels):
            report.add(RULE, path, "selector does not match the labels of the template", "make them equal")


@rule(RULE, *POD_RULES, kinds={"CronJob"})
@beyond_schema
def check_cron_job(report: Report, data: dict[str, Any]) -> None:
    """Judge a CronJob but for its metadata."""
    from aksrdma.kube.cron import schedule_problem, time_zone_problem  # only CronJobs need it

    spec = mapping(data.get("spec"))
    if (schedule := text(spec.get("schedule"))) and (reason := schedule_problem(schedule)):
        report.add(
            RULE,
            ("spec", "schedule"),
            f"schedule {schedule!r} {reason}",
            'write minute, hour, day of month, month and day of week, such as "0 3 * * *", or @daily and the like',
        )
    zone = spec.get("timeZone")
    if isinstance(zone, str) and (reason := time_zone_problem(zone)):
        report.add(
            RULE,
            ("spec", "timeZone"),
            f"timeZone {zone!r} {reason}",
            "write a name of the IANA database, such as Europe/Berlin or Etc/UTC",
        )
    name = text(mapping(data.get("metadata")).get("name"))
    if len(name) > _CRON_NAME_MAX:
        report.add(
            RULE,
            ("metadata", "name"),
            f"name {name!r} of a CronJob is longer than {_CRON_NAME_MAX} characters",
            "shorten it: the names of its Jobs are 11 characters longer",
        )
    path: FieldPath = ("spec", "jobTemplate", "spec")
    job = mapping(mapping(spec.get("jobTemplate")).get("spec"))
    _check_job_spec(report, path, job)
    for field in ("selector", "manualSelector"):
        if job.get(field) not in (None, False):
            report.add(RULE, (*path, field), f"{field} cannot be set in a CronJob", f"remove {field}")


def _check_job_spec(report: Report, path: FieldPath, spec: dict[str, Any]) -> None:
    """Judge what Job and CronJob have in common."""
    check_fields(report, path, spec, "JobSpec")
    mode, policy = spec.get("completionMode"), spec.get("podFailurePolicy")
    if mode == "Indexed":
        _check_indexed(report, path, spec)
    elif mode in (None, "NonIndexed"):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"):
            if spec.get(field) is not None:
                report.add(RULE, (*path, field), f"{field} needs completionMode Indexed", "set completionMode: Indexed")
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        message = "maxFailedIndexes needs backoffLimitPerIndex"
        report.add(RULE, (*path, "maxFailedIndexes"), message, "set backoffLimitPerIndex")
    if isinstance(policy, dict):
        _check_failure_policy(report, (*path, "podFailurePolicy"), policy, spec)
    replacement = spec.get("podReplacementPolicy")
    # A pod that still ends has no exit code that a failure policy could judge.
    known = ("Failed", "TerminatingOrFailed") if policy is None else ("Failed",)
    if isinstance(replacement, str) and (problem := unknown_word(replacement, known)):
        report.add(RULE, (*path, "podReplacementPolicy"), *problem)
    restart = mapping(mapping(spec.get("template")).get("spec")).get("restartPolicy")
    where = (*path, "template", "spec", "restartPolicy")
    if restart in (None, "", "Always"):
        report.add(RULE, where, "restartPolicy of a Job must be OnFailure or Never", "set restartPolicy: Never")
    elif restart == "OnFailure" and policy is not None:
        report.add(RULE, where, "podFailurePolicy needs restartPolicy Never", "set restartPolicy: Never")
    check_template(report, (*path, "template"), mapping(spec.get("template")))


def _check_indexed(report: Report, path: FieldPath, spec: dict[str, Any]) -> None:
    completions, parallelism = spec.get("completions"), integer(spec.get("parallelism")) or 0
    failed, per_index = integer(spec.get("maxFailedIndexes")), spec.get("backoffLimitPerIndex")
    count = integer(completions) or 0
    if completions is None and spec.get("parallelism") is not None:
        report.add(RULE, (*path, "completions"), "completionMode Indexed needs completions", "set completions")
    if parallelism > _INDEXED_PARALLELISM_MAX:
        report.add(
            RULE,
            (*path, "parallelism"),
            f"parallelism {parallelism} is above {_INDEXED_PARALLELISM_MAX}",
            "lower parallelism",
        )
    if failed is not None and failed > min(1 if completions is None else count, _MANY_COMPLETIONS):
        report.add(
            RULE,
            (*path, "maxFailedIndexes"),
            f"maxFailedIndexes {failed} is above completions or 100000",
            "lower maxFailedIndexes",
        )
    too_many = failed is None or failed > _MANY_PARALLELISM_MAX or parallelism > _MANY_PARALLELISM_MAX
    if count > _MANY_COMPLETIONS and per_index is not None and too_many:
        message = "above 100000 completions, maxFailedIndexes is required and it and parallelism are at most 10000"
        report.add(RULE, path, message, "set maxFailedIndexes, and lower both")
    if isinstance(policy := spec.get("successPolicy"), dict):
        _check_success_policy(report, (*path, "successPolicy"), policy, count)


def _check_pod_names(report: Report, spec: dict[str, Any], metadata: dict[str, Any]) -> None:
    """Judge the host name of the last pod of an indexed Job, which has the most digits."""
    name, completions = text(metadata.get("name")), integer(spec.get("completions")) or 0
    # SetDefaults_Job: where neither is set, both are 1.
    if spec.get("completions") is None and spec.get("parallelism") is None:
        completions = 1
    if not name and (base := text(metadata.get("generateName"))):
        name = names.generated(base)
    if spec.get("completionMode") == "Indexed" and completions > 0 and name:
        host = f"{name}-{completions - 1}"
        if reason := names.dns_label(host):
            report.add(RULE, ("metadata", "name"), f"the pod's host name {host!r} {reason}", "shorten the name")


def _check_generated(report: Report, selector: Any, labels: dict[str, Any], name: Any) -> None:
    """Judge a Job whose selector and labels the server makes of its name and uid."""
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
    if not isinstance(selector, dict):
        return
    check_selector(report, RULE, ("spec", "selector"), selector)
    # Stands for the uid, which no manifest can know.
    uid = dict.fromkeys(_UID_LABELS, "\0 set by the server")
    made = {**dict.fromkeys(_NAME_LABELS, name), **uid}
    if not matches(selector, made) or not matches(selector, {**made, **labels}):
        message = "selector of a Job is made by the server, and this one matches none of its pods"
        report.add(RULE, ("spec", "selector"), message, "remove selector")


def _check_failure_policy(report: Report, path: FieldPath, policy: dict[str, Any], spec: dict[str, Any]) -> None:
    """Judge `podFailurePolicy` of a Job with this spec."""
    if len(sequence(policy.get("rules"))) > _RULES_MAX:
        report.add(RULE, (*path, "rules"), f"more than {_RULES_MAX} rules", "merge or remove rules")
    for where, one in items(policy.get("rules"), (*path, "rules")):
        codes, conditions = one.get("onExitCodes"), one.get("onPodConditions")
        if one.get("action") == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
            report.add(RULE, (*where, "action"), "FailIndex needs backoffLimitPerIndex", "set backoffLimitPerIndex")
        if (codes is None) == (conditions in (None, [])):
            report.add(
                RULE,
                where,
                "exactly one of onExitCodes and onPodConditions is required",
                "keep one of them in each rule",
            )
        if isinstance(codes, dict):
            _check_exit_codes(report, (*where, "onExitCodes"), codes, spec)
        if len(sequence(conditions)) > _CONDITIONS_MAX:
            report.add(RULE, (*where, "onPodConditions"), f"more than {_CONDITIONS_MAX} conditions", "split the rule")


def _check_exit_codes(report: Report, path: FieldPath, codes: dict[str, Any], spec: dict[str, Any]) -> None:
    template = mapping(mapping(spec.get("template")).get("spec"))
    known = [one.get("name") for field in ("containers", "initContainers") for _, one in items(template.get(field), ())]
    name, given = codes.get("containerName"), sequence(codes.get("values"))
    if isinstance(name, str) and name not in known:
        report.add(
            RULE,
            (*path, "containerName"),
            f"the template has no container {name!r}",
            "name a container of the template, or leave containerName out",
        )
    # null in a list of numbers is 0 once Go has read it.
    values = [value or 0 for value in given if value is None or type(value) is int]
    if not 1 <= len(given) <= _VALUES_MAX:
        report.add(
            RULE,
            (*path, "values"),
            f"between 1 and {_VALUES_MAX} values are required",
            "list the exit codes that are meant",
        )
    elif values != sorted(set(values)):
        report.add(RULE, (*path, "values"), "values must be in order and without repetition", "sort them")
    elif codes.get("operator") == "In" and 0 in values:
        report.add(RULE, (*path, "values"), "0 is no failure, so operator In cannot take it", "remove 0")


def _check_success_policy(report: Report, path: FieldPath, policy: dict[str, Any], completions: int) -> None:
    """Judge `successPolicy` of an indexed Job."""
    if not 1 <= len(sequence(policy.get("rules"))) <= _RULES_MAX:
        report.add(
            RULE,
            (*path, "rules"),
            f"between 1 and {_RULES_MAX} rules are required",
            "add a rule, or remove successPolicy",
        )
    for where, one in items(policy.get("rules"), (*path, "rules")):
        count, indexes, most = one.get("succeededCount"), one.get("succeededIndexes"), completions
        if count is None and indexes is None:
            report.add(RULE, where, "one of succeededCount and succeededIndexes is required", "set one of them")
        if isinstance(indexes, str):
            listed = count_indexes(indexes, completions)
            if listed is None or len(indexes) > _INDEXES_LETTERS_MAX:
                message = f"{indexes!r} is no list of indexes, such as 0-2,4"
                report.add(
                    RULE,
                    (*where, "succeededIndexes"),
                    message,
                    "write numbers and ranges in rising order below completions, such as 0,2-4",
                )
            most = min(most, listed or 0)
        if (number := integer(count)) is not None and not 0 <= number <= most:
            report.add(
                RULE,
                (*where, "succeededCount"),
                f"succeededCount {number} is not between 0 and {most}",
                "choose a number within that",
            )


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
