"""Pods of kinds that come with a CRD: what the API server will refuse of them once their controller makes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.apiserver.judging import POD_RULES, Pod, Report
from aksrdma.checks.apiserver.pod import check_template
from aksrdma.checks.apiserver.resources import check_pod_resources, check_resources
from aksrdma.checks.apiserver.scheduling import check_scheduling
from aksrdma.checks.register import rule
from aksrdma.checks.relation.pods import PodView, pods_of
from aksrdma.findings import Problem
from aksrdma.kube.kinds import CUSTOM_WORKLOADS, kind_of
from aksrdma.kube.values import mapping, step
from aksrdma.schemas.judge import schemas_of

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_FILLED_IN: Final = re.compile(r"\{\{|\$\{|<[^<>]*>|__[A-Z0-9_]+__")
"""What a controller, or somebody before it, puts a value in for."""
_CLAIMS: Final = "volumeClaim"
"""Begins the fields in which some kinds have claims that become volumes of their pods."""


@rule(*POD_RULES, kinds=CUSTOM_WORKLOADS)
def refused_pods(manifests: ManifestSet) -> Iterator[Problem]:
    """Find what the API server will refuse in the pods of custom resources, into which it does not look.

    It shows only when the controller makes the pods. Where that takes the template as it is written, the whole of it is
    judged; where it completes the template, or nobody knows, what stands for itself: resources and placement.
    """
    for pod in pods_of(manifests):
        row = kind_of(pod.document.api_version, pod.document.kind)
        if row is not None and row.builtin:
            continue
        report, template = Report(pod.document), pod.template
        brought = template.place.brings if template.place is not None else None
        if brought is None:
            _check_parts(report, pod)
        else:
            claims = pod.document.mentions(_CLAIMS)
            check_template(report, template.path, template.data, frozenset(brought), all_volumes=not claims)
        if report.problems:
            told = {problem.path for problem in schemas_of(manifests.release).judge(pod.document.data)}
            yield from (one for one in report.problems if one.path not in told and not _is_open(one, pod))


def _check_parts(report: Report, pod: PodView) -> None:
    judged = Pod(report, pod.template.path, pod.template.data, is_pod=False)
    # Whoever completes a pod without claims may give it some.
    claims = judged.claims or None
    for container in pod.containers:
        check_resources(report, container.resources_path, container.data.get("resources"), claims)
    check_pod_resources(report, pod.path, dict(pod.spec), is_pod=False)
    check_scheduling(judged)


def _is_open(problem: Problem, pod: PodView) -> bool:
    """Say whether the value is still to be filled in, or dropped: a CRD has no null amounts."""
    value: Any = step(pod.template.data, problem.path[len(pod.template.path) :])
    if isinstance(value, str) and _FILLED_IN.search(value):
        return True
    if problem.rule != "invalid-resources":
        return False
    resources = mapping(step(pod.template.data, problem.path[len(pod.template.path) : -2]))
    amounts = (amount for part in resources.values() for amount in mapping(part).values())
    return any(amount is None or _FILLED_IN.search(str(amount)) for amount in amounts)
