"""The checks that the runner calls where the admission controller is on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.register import rule
from aksrdma.checks.webhook import conflicts, policies
from aksrdma.checks.webhook.refusals import Refusal
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

DOCUMENT_RULES: Final = (
    "webhook-container-name",
    "webhook-container-resources",
    "webhook-guid-range",
    "webhook-host-device-resource",
    "webhook-nicnodepolicy-name",
    "webhook-ofed-version",
    "webhook-rdma-config",
    "webhook-repository",
    "webhook-resource-name",
    "webhook-resource-prefix",
    "webhook-safe-load",
    "webhook-sriov-config",
    "webhook-telemetry-config",
    "webhook-undecodable",
)


@rule(*DOCUMENT_RULES, kinds=policies.KINDS)
def webhook_verdict(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Report why the operator's webhook refuses this object."""
    for refusal in policies.verdict(document.data, manifests.release):
        yield _problem(document, refusal)


@rule("webhook-section-in-both", kinds=frozenset({"NicNodePolicy"}))
def webhook_conflicts(manifests: ManifestSet) -> Iterator[Problem]:
    """Report the sections that a NicClusterPolicy and a NicNodePolicy both define."""
    documents = manifests.of("NicClusterPolicy", "NicNodePolicy")
    for document, refusal in conflicts.judge(documents, manifests.release):
        yield _problem(document, refusal)


def _problem(document: Document, refusal: Refusal) -> Problem:
    return Problem(refusal.rule, refusal.path, refusal.message, refusal.fix, document=document)
