"""Mistakes in a policy that the operator's webhook would refuse, with what comes of them where it is off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.relation.facts_views import Policy
from aksrdma.checks.webhook import driver, ib_kubernetes, resources, telemetry
from aksrdma.checks.webhook.facts import Component, WebhookFacts, webhook
from aksrdma.checks.webhook.refusals import Refusal, objects, section
from aksrdma.findings import FieldPath, Problem, Severity

if TYPE_CHECKING:
    from aksrdma.documents import Document

_TAG = re.compile(r"[\w][\w.-]{0,127}\Z", re.ASCII)


def refused(policy: Policy, release: str, admission: bool) -> Iterator[Problem]:
    """Yield what the webhook of a release has against a policy, without what it says itself where it is on."""
    facts = webhook(release)
    for judge in _JUDGES:
        yield from judge(policy, facts, admission)


def _container_resources(policy: Policy, facts: WebhookFacts, admission: bool) -> Iterator[Problem]:
    # The webhook looks at the containerResources of a NicClusterPolicy alone.
    if admission and policy.document.kind == "NicClusterPolicy":
        return
    for refusal in resources.judge(dict(policy.spec), facts):
        if refusal.rule == "webhook-container-resources":
            severity: Severity | None = None if "greater than the limit" in refusal.reason else "warning"
            yield _problem("container-resources-invalid", policy.document, refusal, refusal.reason, severity)
    for component in facts.components:
        yield from _container_names(policy, component)


def _container_names(policy: Policy, component: Component) -> Iterator[Problem]:
    # Asked without the webhook's own way to them, which fails where it cannot render the component.
    for index, entry in objects(dict(policy.section(*component.path) or {}), "containerResources"):
        name, known = entry.get("name"), component.containers
        if known and isinstance(name, str) and name not in known:
            message = f"{component.name} has no container {name!r}, so these resources have no effect"
            path: FieldPath = ("spec", *component.path, "containerResources", index, "name")
            fix = f"write {' or '.join(known)}"
            yield Problem("container-resources-invalid", path, message, fix=fix, document=policy.document)


def _driver(policy: Policy, facts: WebhookFacts, admission: bool) -> Iterator[Problem]:
    if admission:
        return
    version = (section(dict(policy.spec), "ofedDriver") or {}).get("version")
    for refusal in driver.judge(dict(policy.spec), facts):
        if refusal.rule == "webhook-safe-load":
            message = "without autoUpgrade the operator does not load drivers safely, whatever safeLoad says"
            yield _problem("safeload-without-autoupgrade", policy.document, refusal, message)
        elif version:
            yield _version(policy.document, refusal, version, facts)


def _version(document: Document, refusal: Refusal, version: str, facts: WebhookFacts) -> Problem:
    forms = " or ".join(facts.ofed_version_forms)
    if _TAG.match(version):
        message = f"no driver image has the version {version!r}: this release takes the form of {forms}"
        return _problem("ofed-version-form", document, refusal, message, "warning")
    message = f"{version!r} can be no image's tag, so no driver pod starts: this release takes the form of {forms}"
    return _problem("ofed-version-form", document, refusal, message)


def _guids(policy: Policy, facts: WebhookFacts, admission: bool) -> Iterator[Problem]:
    if policy.document.kind == "NicClusterPolicy" and not admission:
        for refusal in ib_kubernetes.judge(dict(policy.spec)):
            if policy.document.value(refusal.path) is not None:
                message = f"ib-kubernetes does not start: {refusal.path[-1]} {refusal.reason}"
                yield _problem("ib-kubernetes-guid-range", policy.document, refusal, message)


def _telemetry(policy: Policy, facts: WebhookFacts, admission: bool) -> Iterator[Problem]:
    if policy.document.kind == "NicClusterPolicy" and not admission:
        for refusal in telemetry.judge(dict(policy.spec)):
            message = f"the DaemonSet mounts a ConfigMap that cannot exist: {refusal.reason}"
            yield _problem("doca-telemetry-config-empty", policy.document, refusal, message)


def _problem(
    rule: str, document: Document, refusal: Refusal, message: str, severity: Severity | None = None
) -> Problem:
    return Problem(rule, refusal.path, message, severity=severity, document=document)


_JUDGES: Final[tuple[Callable[[Policy, WebhookFacts, bool], Iterator[Problem]], ...]] = (
    _container_resources,
    _driver,
    _guids,
    _telemetry,
)
