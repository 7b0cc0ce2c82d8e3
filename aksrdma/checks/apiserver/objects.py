"""Which check of this folder judges which kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.apiserver.claims import check_claim
from aksrdma.checks.apiserver.config import check_config_map, check_secret
from aksrdma.checks.apiserver.fields import Report, mapping
from aksrdma.checks.apiserver.jobs import check_cron_job, check_job
from aksrdma.checks.apiserver.kinds import KINDS, known_kind
from aksrdma.checks.apiserver.metadata import check_finalizers, check_metadata
from aksrdma.checks.apiserver.pod import check_pod, check_template
from aksrdma.checks.apiserver.services import check_service
from aksrdma.checks.apiserver.statuses import check_claim_status
from aksrdma.checks.apiserver.workloads import (
    check_daemon_set,
    check_deployment,
    check_replica_set,
    check_stateful_set,
)
from aksrdma.checks.base import Problem, document_check
from aksrdma.checks.schema.history import schemas_of

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


def _check_claim_object(report: Report, data: dict[str, Any]) -> None:
    check_claim(report, "invalid-volumes", ("spec",), mapping(data.get("spec")))
    check_claim_status(report, (), data)


def _check_namespace(report: Report, data: dict[str, Any]) -> None:
    check_finalizers(report, ("spec", "finalizers"), mapping(data.get("spec")).get("finalizers"), builtin=True)


def _check_template_object(report: Report, data: dict[str, Any]) -> None:
    check_template(report, ("template",), mapping(data.get("template")))


_CHECKS: Final[dict[tuple[str, str], Callable[[Report, dict[str, Any]], None]]] = {
    ("apps/v1", "DaemonSet"): check_daemon_set,
    ("apps/v1", "Deployment"): check_deployment,
    ("apps/v1", "ReplicaSet"): check_replica_set,
    ("apps/v1", "StatefulSet"): check_stateful_set,
    ("batch/v1", "CronJob"): check_cron_job,
    ("batch/v1", "Job"): check_job,
    ("v1", "ConfigMap"): check_config_map,
    ("v1", "Namespace"): _check_namespace,
    ("v1", "PersistentVolumeClaim"): _check_claim_object,
    ("v1", "Pod"): check_pod,
    ("v1", "PodTemplate"): _check_template_object,
    ("v1", "Secret"): check_secret,
    ("v1", "Service"): check_service,
}


@document_check(*RULES, kinds=KINDS)
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
    if check := _CHECKS.get((version, name)):
        check(report, data)
    return report.problems
