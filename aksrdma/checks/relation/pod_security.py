"""The pods of a set against the pod security levels of its namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.pod_security import LATEST, OPEN, Policy, policy_of
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import DEFAULT_NAMESPACE
from aksrdma.checks.relation.pods import PodView, pods_of
from aksrdma.findings import Problem
from aksrdma.kube.train_jobs import CLUSTER_RUNTIME
from aksrdma.schemas.store import kubernetes_versions

if TYPE_CHECKING:
    from aksrdma.checks.plugins.pod_security_levels import Violation
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_LOCK: Final = "IPC_LOCK"


@rule(
    "ipc-lock-refused-by-namespace-level",
    "pod-below-warned-level",
    "pod-refused-by-namespace-level",
    kinds={"Namespace"},
)
def refused_by_namespace(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods that the pod security level of their namespace refuses, or of which it warns."""
    spaces = {document.name: document for document in manifests.by_kind.get("Namespace", ())}
    strict = {name for name, one in spaces.items() if any(policy.level != OPEN for policy in _policies(one).values())}
    pods = [pod for pod in pods_of(manifests) if pod.complete and _namespace(pod) in strict] if strict else []
    locking = {pod.document for pod in pods if any(container.adds(_LOCK) for container in pod.containers)}
    for pod in pods:
        name = _namespace(pod)
        yield from _judged(pod, name, _policies(spaces[name]), _servers(manifests), locking=pod.document in locking)


def _policies(document: Document) -> dict[str, Policy]:
    found = {mode: policy_of(document, mode) for mode in ("enforce", "warn", "audit")}
    return {mode: policy for mode, policy in found.items() if policy is not None}


def _servers(manifests: ManifestSet) -> list[int]:
    """Return the minor versions that the API server may have."""
    known = kubernetes_versions() if manifests.kubernetes is None else (manifests.kubernetes,)
    return [int(version.rpartition(".")[2]) for version in known]


def _namespace(pod: PodView) -> str:
    """Return the namespace of a pod; empty where it is not known."""
    # A ClusterTrainingRuntime is in no namespace: its pods are in that of each TrainJob. A TrainingRuntime is in theirs.
    if pod.document.kind == CLUSTER_RUNTIME or pod.document.value(("spec", "runtimeRef", "kind")) == "TrainingRuntime":
        return ""
    return pod.document.namespace or DEFAULT_NAMESPACE


def _judged(
    pod: PodView, name: str, policies: dict[str, Policy], servers: list[int], *, locking: bool
) -> Iterator[Problem]:
    enforced = policies.get("enforce")
    found = _violations(pod, enforced, servers) if enforced is not None else []
    if enforced is None or not found:
        yield from _warned(pod, name, policies, servers)
        return
    says = f"namespace {name} enforces pod security level {_named(enforced)}, which refuses"
    locks = [path for path in (container.adds(_LOCK) for container in pod.containers) if path is not None]
    # Only the level privileged has it, and lets pass all else that the workload's pods have.
    others = [one.reason for one, minors in found if minors == servers and "capabilities" not in one.reason]
    more = f" (and has against them: {', '.join(others)})" if others else ""
    for path in locks:
        # The runtime may well serve other namespaces; here it is used by the job.
        place = path if pod.trained is None else path[: path.index("securityContext")]
        message = f"{says} {'a pod' if pod.document.kind == 'Pod' else 'pods'} with {_LOCK}{more}"
        yield Problem("ipc-lock-refused-by-namespace-level", place, message, document=pod.document)
    # What the API server has against the label itself is told of the namespace.
    for one, minors in found if enforced.known and not locking else ():
        message = f"{says} {_pods(pod)}: {one.reason} ({one.detail})"
        goes_on = minors[-1] == servers[-1]
        if minors != servers:
            message += f"; {f'from Kubernetes v1.{minors[0]} on' if goes_on else f'up to Kubernetes v1.{minors[-1]}'}"
        yield Problem(
            "pod-refused-by-namespace-level",
            (*pod.template.path, *one.path),
            message,
            f"{one.fix}, or let it run in a namespace whose level allows that",
            severity=None if goes_on else "warning",
            document=pod.document,
        )


def _pods(pod: PodView) -> str:
    return "the pod" if pod.document.kind == "Pod" else "its pods"


def _warned(pod: PodView, name: str, policies: dict[str, Policy], servers: list[int]) -> Iterator[Problem]:
    """Yield what the API server warns of, or writes into its audit log, of a pod that it lets pass."""
    for mode, does in (("warn", "warns of"), ("audit", "audits")):
        policy = policies.get(mode)
        if policy is None or not policy.known or policy.level == OPEN:
            continue
        found = [one for one, minors in _violations(pod, policy, servers) if minors == servers]
        if found:
            verb = "is" if pod.document.kind == "Pod" else "are"
            said = ", ".join(f"{one.reason} ({one.detail})" for one in found)
            message = f"namespace {name} {does} what is below pod security level {_named(policy)}, as {_pods(pod)} {verb}: {said}"
            path = (*pod.template.path, "spec")
            yield Problem("pod-below-warned-level", path, message, document=pod.document)
            return


def _named(policy: Policy) -> str:
    return repr(policy.level) if policy.version == LATEST else f"{policy.level!r} of {policy.version}"


def _violations(pod: PodView, policy: Policy, servers: list[int]) -> list[tuple[Violation, list[int]]]:
    """Return what a level has against a pod, as the newest server says it, with the minor versions of all that say so."""
    if policy.level == OPEN:
        return []
    from aksrdma.checks.plugins.pod_security_levels import violations  # most namespaces let every pod pass

    minors: dict[str, list[int]] = {}
    said: dict[str, Violation] = {}
    judged: dict[int, list[Violation]] = {}
    for server in servers:
        minor = policy.minor(server)
        if minor not in judged:
            judged[minor] = violations(policy.level, minor, pod.template.data.get("metadata"), pod.spec)
        for one in judged[minor]:
            minors.setdefault(one.reason, []).append(server)
            said[one.reason] = one
    return [(said[reason], found) for reason, found in minors.items()]
