"""The check of every object that has a schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.register import rule
from aksrdma.checks.schema.api_versions import unserved
from aksrdma.checks.schema.history import schemas_of, with_history
from aksrdma.findings import Problem
from aksrdma.kube.kinds import JUDGED

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document
    from aksrdma.schemas.problems import SchemaProblem

RULE_OF_CODE: Final = {
    "api-version": "unknown-api-version",
    "combination": "invalid-value",
    "duplicate-item": "duplicate-list-item",
    "enum": "value-not-allowed",
    "format": "invalid-value",
    "kind": "nicnodepolicy-not-in-release",
    "length": "invalid-value",
    "null-item": "null-list-item",
    "pattern": "invalid-value",
    "range": "invalid-value",
    "required": "missing-field",
    "rule": "validation-rule-broken",
    "type": "wrong-type",
    "unknown-field": "unknown-field",
}
"""The rule that a problem of the engine breaks."""


@rule(*sorted(set(RULE_OF_CODE.values())), kinds=JUDGED)
def schema_verdict(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Report what the API server refuses in an object by the CRDs of the release, or by Kubernetes' own schemas."""
    schemas = schemas_of(manifests.release)
    for problem in schemas.judge(document.data):
        told = with_history(problem, document.data, manifests.release)
        yield Problem(_rule(problem), problem.path, told.message, told.fix, document=document)
    if not schemas.knows(document.api_version, document.kind):
        for problem in unserved(document.data, manifests.release):
            yield Problem(_rule(problem), problem.path, problem.message, problem.fix, document=document)


def _rule(problem: SchemaProblem) -> str:
    if problem.code == "unknown-field" and problem.path == ("spec", "global"):
        return "nicnodepolicy-not-in-release"  # both came with the same release
    return RULE_OF_CODE[problem.code]
