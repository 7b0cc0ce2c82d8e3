"""Objects of the core group that need little beyond their metadata or one part that another kind has too."""

from __future__ import annotations

from typing import Any

from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.metadata import check_finalizers
from aksrdma.kube.values import mapping


def check_namespace(report: Report, data: dict[str, Any]) -> None:
    """Judge a Namespace: its own finalizers."""
    check_finalizers(report, ("spec", "finalizers"), mapping(data.get("spec")).get("finalizers"), builtin=True)


def check_claim_object(report: Report, data: dict[str, Any]) -> None:
    """Judge a PersistentVolumeClaim."""
    from aksrdma.checks.apiserver.claims import check_claim
    from aksrdma.checks.apiserver.statuses import check_claim_status

    check_claim(report, "invalid-volumes", ("spec",), mapping(data.get("spec")))
    check_claim_status(report, (), data)


def check_template_object(report: Report, data: dict[str, Any]) -> None:
    """Judge a PodTemplate."""
    from aksrdma.checks.apiserver.pod import check_template

    check_template(report, ("template",), mapping(data.get("template")))
