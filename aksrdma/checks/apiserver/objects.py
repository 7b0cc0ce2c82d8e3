"""Which check of this folder judges which kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.kinds import KINDS, known_kind
from aksrdma.checks.apiserver.metadata import check_metadata
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.schemas.judge import schemas_of

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

RULES: Final = (
    "invalid-config",
    "invalid-container",
    "invalid-metadata",
    "invalid-pod",
    "invalid-resources",
    "invalid-scheduling",
    "invalid-security-context",
    "invalid-service",
    "invalid-volumes",
    "invalid-workload",
    "rdma-quantity-not-whole",
    "rdma-request-without-limit",
    "rdma-requests-differ-from-limits",
    "rdma-resource-at-pod-level",
    "rdma-resource-name-illegal",
    "rdma-resource-name-near-miss",
)


_CHECKS: Final = {
    ("apps/v1", "DaemonSet"): ("workloads", "check_daemon_set"),
    ("apps/v1", "Deployment"): ("workloads", "check_deployment"),
    ("apps/v1", "ReplicaSet"): ("workloads", "check_replica_set"),
    ("apps/v1", "StatefulSet"): ("workloads", "check_stateful_set"),
    ("batch/v1", "CronJob"): ("jobs", "check_cron_job"),
    ("batch/v1", "Job"): ("jobs", "check_job"),
    ("v1", "ConfigMap"): ("config", "check_config_map"),
    ("v1", "Namespace"): ("core_objects", "check_namespace"),
    ("v1", "PersistentVolumeClaim"): ("core_objects", "check_claim_object"),
    ("v1", "Pod"): ("pod", "check_pod"),
    ("v1", "PodTemplate"): ("core_objects", "check_template_object"),
    ("v1", "Secret"): ("config", "check_secret"),
    ("v1", "Service"): ("services", "check_service"),
}
"""Module and function by kind: a module is imported when a set has its kind."""


@cache
def _check_of(version: str, kind: str) -> Callable[[Report, dict[str, Any]], None] | None:
    if (found := _CHECKS.get((version, kind))) is None:
        return None
    module, function = found
    check: Callable[[Report, dict[str, Any]], None] = getattr(import_module(f"{__package__}.{module}"), function)
    return check


@rule(*RULES, kinds=KINDS)
def check_object(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Judge one object by what the API server asks for beyond the schema."""
    if not (found := problems(document)):
        return iter(())
    told = {problem.path for problem in schemas_of(manifests.release).judge(document.data)}
    return (problem for problem in found if problem.path not in told)


def problems(document: Document) -> list[Problem]:
    """Return what the API server would refuse in a document beyond its schema."""
    data = document.data
    if not isinstance(data, dict):
        return []
    version, name = data.get("apiVersion"), data.get("kind")
    if not isinstance(version, str) or not isinstance(name, str) or (kind := known_kind(version, name)) is None:
        return []
    report = Report(document)
    check_metadata(report, data, kind)
    if check := _check_of(version, name):
        check(report, data)
    return report.problems
