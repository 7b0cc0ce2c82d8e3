"""Where a policy sends its pods: what the API server refuses in the DaemonSets that the operator makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.apiserver.affinity import check_affinity
from aksrdma.checks.apiserver.fields import Report
from aksrdma.checks.apiserver.scheduling import check_tolerations
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.findings import Problem
from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_RULE: Final = "policy-scheduling-invalid"
_TOLERATIONS: Final = ("tolerations", "deploymentTolerations")
_AFFINITIES: Final = ("nodeAffinity", "deploymentNodeAffinity")


@rule("policy-scheduling-invalid", kinds=POLICY_KINDS)
def scheduling(manifests: ManifestSet) -> Iterator[Problem]:
    """Find tolerations and node affinities that the CRD lets pass and that no pod may have."""
    for policy in facts_of(manifests).policies:
        report = Report(policy.document)
        for key in _TOLERATIONS:
            if policy.spec.get(key):
                check_tolerations(report, ("spec", key), policy.spec[key])
        for key in _AFFINITIES:
            if isinstance(policy.spec.get(key), dict):
                _judge_affinity(report, key, policy.spec[key])
        for problem in report.problems:
            message = f"the API server refuses the pods that the operator makes of the policy: {problem.message}"
            fix = problem.fix or "correct the field as the message says"
            yield problem._replace(rule=_RULE, message=message, fix=fix)


def _judge_affinity(report: Report, key: str, affinity: dict[str, object]) -> None:
    inner = Report(report.document)
    check_affinity(inner, ("spec",), {"nodeAffinity": affinity})
    report.problems += [one._replace(path=("spec", key, *one.path[2:])) for one in inner.problems]
