"""Which NicClusterPolicy the operator heeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

POLICY_NAME: Final = "nic-cluster-policy"
"""The only NicClusterPolicy that the operator reconciles."""


@rule("nicclusterpolicy-name", "nicclusterpolicy-second", kinds={"NicClusterPolicy"})
def cluster_policies(manifests: ManifestSet) -> Iterator[Problem]:
    """Find NicClusterPolicies that the operator ignores, or that overwrite each other."""
    named = [policy.document for policy in facts_of(manifests).cluster_policies if policy.document.name]
    right = [document for document in named if document.name == POLICY_NAME]
    heeded = next(iter(right or named), None)
    if heeded is not None and not right:
        message = f"the operator ignores a NicClusterPolicy named {heeded.name!r} and deploys nothing of it"
        yield Problem("nicclusterpolicy-name", ("metadata", "name"), message, document=heeded)
    for document in named:
        if document is not heeded and heeded is not None:
            yield _second(document, heeded)


def _second(document: Document, heeded: Document) -> Problem:
    where = f"{heeded.file} document {heeded.index}" if heeded.file != document.file else f"document {heeded.index}"
    if document.name == heeded.name:
        message = f"the set has two NicClusterPolicies named {document.name!r} (see {where}): one overwrites the other"
    else:
        message = f"the operator heeds one NicClusterPolicy, that of {where}, and ignores {document.name!r}"
    return Problem("nicclusterpolicy-second", ("metadata", "name"), message, document=document)
