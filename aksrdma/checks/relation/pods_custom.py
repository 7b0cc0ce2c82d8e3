"""Resources in the pod templates of custom resources, into which the API server does not look.

Their mistakes show only when the controller makes the pods. The rules are those of the API server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.pod_resources import AT_POD_LEVEL, check_pod_resources
from aksrdma.checks.apiserver.resources import (
    DIFFERS,
    ILLEGAL_NAME,
    NEAR_MISS,
    NO_LIMIT,
    NOT_WHOLE,
    check_resources,
)
from aksrdma.checks.register import rule
from aksrdma.checks.relation.pods_kinds import CUSTOM
from aksrdma.checks.relation.pods_resources import resources_of
from aksrdma.checks.relation.pods_view import Container, PodView, pods_of
from aksrdma.findings import Problem
from aksrdma.kube.kinds import CUSTOM_WORKLOADS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

RULES: Final = (NOT_WHOLE, NO_LIMIT, DIFFERS, AT_POD_LEVEL, ILLEGAL_NAME, NEAR_MISS)
_DROPS: Final = "trainjob-drops-rdma-resource"


@rule(
    "rdma-quantity-not-whole",
    "rdma-request-without-limit",
    "rdma-requests-differ-from-limits",
    "rdma-resource-at-pod-level",
    "rdma-resource-name-illegal",
    "rdma-resource-name-near-miss",
    kinds=CUSTOM_WORKLOADS,
)
def template_resources(manifests: ManifestSet) -> Iterator[Problem]:
    """Find requests of extended resources that the API server refuses in the pods to come."""
    for pod in pods_of(manifests):
        if pod.document.kind in CUSTOM:
            report = Report(pod.document)
            _check(report, pod)
            yield from (problem for problem in report.problems if problem.rule in RULES)


def _check(report: Report, pod: PodView) -> None:
    for container in pod.containers:
        path = container.path if container.borrowed else (*container.path, "resources")
        check_resources(report, path, container.data.get("resources"), ())
    if pod.trainer is None:
        check_pod_resources(report, pod.path, dict(pod.spec), is_pod=False)


@rule("trainjob-drops-rdma-resource", kinds={"TrainJob"})
def dropped_by_train_jobs(manifests: ManifestSet) -> Iterator[Problem]:
    """Find TrainJobs that set the resources of their nodes and leave out the RDMA resource of the runtime."""
    resources = resources_of(manifests)
    for pod in pods_of(manifests):
        if pod.trainer is None or pod.trainer.before is None or resources.names_in(pod):
            continue
        lost = list(resources.taken(Container(pod.path, pod.trainer.before)))
        if lost:
            message = f"resourcesPerNode takes the place of the runtime's resources, so {lost[0]} is lost"
            yield Problem(_DROPS, pod.path, message, f"add {lost[0]} to resourcesPerNode", document=pod.document)
