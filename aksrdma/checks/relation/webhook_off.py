"""What the operator's webhook would refuse, told where it is off: what happens instead shows only on the nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.checks.plugins.device_plugin_configs import (
    LEAVE_PREFIX_OUT,
    SHARED_PREFIX,
    Resource,
    SriovResource,
    shared_resources,
    sriov_resources,
)
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Installed, Policy
from aksrdma.findings import FieldPath, Problem, Severity, format_path
from aksrdma.kube.kinds import POLICY_KINDS
from aksrdma.kube.resources import extended_problem

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.checks.webhook.releases import WebhookFacts
    from aksrdma.documents import Document

_TAG: Final = re.compile(r"[\w][\w.-]{0,127}\Z", re.ASCII)
"""What can be the tag of an image."""
_NEVER_REFUSED: Final = frozenset({"devices", "drivers", "isRdma", "linkTypes", "pfNames", "rootDevices", "vendors"})
"""Selectors of the SR-IOV plugin that the webhook knows for every device type."""


@rule(
    "admission-controller-off",
    "container-resources-invalid",
    "doca-telemetry-config-empty",
    "ib-kubernetes-guid-range",
    "ofed-version-form",
    "safeload-without-autoupgrade",
    kinds=POLICY_KINDS,
)
def unrefused(manifests: ManifestSet) -> Iterator[Problem]:
    """Find what the webhook refuses and nobody else does before the pods start."""
    doubtful = [one for one in manifests.derived(Installed).policies if _is_doubtful(one, manifests.release)]
    if not doubtful:
        return
    from aksrdma.checks.webhook.releases import webhook  # most policies do without its data files

    facts, admission = webhook(manifests.release), manifests.admission_controller
    found: list[Problem] = []
    for policy in doubtful:
        on_cluster = policy.document.kind == "NicClusterPolicy"
        # Of containerResources the webhook looks at those of a NicClusterPolicy alone.
        if not (admission and on_cluster):
            found += _container_resources(policy, facts)
        if not admission:
            found += _driver(policy, facts)
        if not admission and on_cluster:
            found += _guids_and_telemetry(policy)
    yield from found
    if found and not admission:
        rules = ", ".join(dict.fromkeys(problem.rule for problem in found))
        message = f"the admission controller is off, so nobody refuses this policy before its pods start ({rules})"
        yield Problem("admission-controller-off", ("kind",), message, document=found[0].document)


def _is_doubtful(policy: Policy, release: str) -> bool:
    """Say whether a policy has anything of which the webhook may think differently than of the release's defaults."""
    driver = policy.section("ofedDriver") or {}
    if driver.get("version"):
        known = release in catalog.releases()
        if not known or driver["version"] != catalog.release(release).components["ofedDriver"].version:
            return True
    if (policy.section("ofedDriver", "upgradePolicy") or {}).get("safeLoad") is True:
        return True
    if policy.section("ibKubernetes") is not None or policy.section("docaTelemetryService", "config") is not None:
        return True
    sections = (*policy.spec.values(), *(policy.section("secondaryNetwork") or {}).values())
    return any(isinstance(section, dict) and section.get("containerResources") for section in sections)


def _container_resources(policy: Policy, facts: WebhookFacts) -> Iterator[Problem]:
    from aksrdma.checks.webhook.components import requests_above_limits, unusable_amounts, with_resources
    from aksrdma.checks.webhook.refusals import objects

    rule, document = "container-resources-invalid", policy.document
    for component, holder in with_resources(dict(policy.spec), facts):
        for index, entry in objects(holder, "containerResources"):
            # With a request above its limit no pod can be made; other amounts only have no effect.
            for _, problem in unusable_amounts(component, index, entry):
                yield problem._replace(rule=rule, severity="warning", document=document)
            for _, problem in requests_above_limits(component, index, entry):
                yield problem._replace(rule=rule, document=document)
    for component in facts.components:
        # Asked without the webhook's own way to them, which fails where it cannot render the component.
        for index, entry in objects(dict(policy.section(*component.path) or {}), "containerResources"):
            name, known = entry.get("name"), component.containers
            if known and isinstance(name, str) and name not in known:
                message = f"{component.name} has no container {name!r}, so these resources have no effect"
                path: FieldPath = ("spec", *component.path, "containerResources", index, "name")
                yield Problem(rule, path, message, fix=f"write {' or '.join(known)}", document=document)


def _driver(policy: Policy, facts: WebhookFacts) -> Iterator[Problem]:
    from aksrdma.checks.webhook.policies import refused_driver

    version = (policy.section("ofedDriver") or {}).get("version")
    forms = f"this release takes the form of {' or '.join(facts.ofed_version_forms)}"
    for _, refusal in refused_driver(dict(policy.spec), facts):
        if refusal.rule == "webhook-safe-load":
            message = "without autoUpgrade the operator does not load drivers safely, whatever safeLoad says"
            yield Problem("safeload-without-autoupgrade", refusal.path, message, document=policy.document)
        elif version and not catalog.releases_with_image(
            "ofedDriver", "", version
        ):  # else another rule names its release
            message = f"no driver image has the version {version!r}: {forms}"
            severity: Severity | None = "warning"
            if not _TAG.match(version):
                message = f"{version!r} can be no image's tag, so no driver pod starts: {forms}"
                severity = None
            yield Problem("ofed-version-form", refusal.path, message, severity=severity, document=policy.document)


def _guids_and_telemetry(policy: Policy) -> Iterator[Problem]:
    from aksrdma.checks.webhook.policies import refused_guids, refused_telemetry

    for _, refusal in refused_guids(dict(policy.spec)):
        if policy.document.value(refusal.path) is not None:
            message = f"ib-kubernetes does not start: {refusal.path[-1]} {refusal.message}"
            yield Problem("ib-kubernetes-guid-range", refusal.path, message, document=policy.document)
    for _, refusal in refused_telemetry(dict(policy.spec)):
        message = f"the DaemonSet mounts a ConfigMap that cannot exist: {refusal.message}"
        yield Problem("doca-telemetry-config-empty", refusal.path, message, document=policy.document)


@rule("resource-prefix-refused-by-webhook", "sriov-selector-refused-by-webhook", kinds=POLICY_KINDS)
def refused_later(manifests: ManifestSet) -> Iterator[Problem]:
    """Find what works in a device plugin's config for as long as the admission controller is off."""
    if manifests.admission_controller:
        return
    for policy in manifests.derived(Installed).policies:
        for shared in shared_resources(policy.document):
            if shared.prefix == SHARED_PREFIX:
                yield from _prefix(policy.document, shared, LEAVE_PREFIX_OUT, "info")
            else:
                yield from _prefix(policy.document, shared)
        for sriov in sriov_resources(policy.document):
            # AKS's own guide uses rdma here, which the plugin takes from nowhere else.
            if sriov.prefix != SHARED_PREFIX:
                yield from _prefix(policy.document, sriov)
            yield from _selectors(policy.document, sriov)


def _prefix(
    document: Document, resource: Resource, fix: str | None = None, severity: Severity | None = None
) -> Iterator[Problem]:
    prefix = resource.entry.get("resourcePrefix")
    if not isinstance(prefix, str):
        return
    from aksrdma.checks.webhook.releases import pattern  # most configs name no prefix

    if pattern("fqdn").fullmatch(prefix) or extended_problem(resource.full_name):
        return
    message = f"the operator refuses the prefix {prefix!r}, which is no domain name, as soon as its admission controller is on"
    path = resource.at("resourcePrefix")
    yield Problem("resource-prefix-refused-by-webhook", path, message, fix=fix, severity=severity, document=document)


def _selectors(document: Document, resource: SriovResource) -> Iterator[Problem]:
    for selector in resource.selectors:
        if not selector.paths.keys() - _NEVER_REFUSED:
            continue
        from aksrdma.checks.webhook.releases import table  # most selectors are known to both

        for key in table()["selectors_only_the_plugin_knows"].get(resource.device_type, ()):
            if key in selector.paths:
                path: FieldPath = selector.at(key)
                message = (
                    f"the operator refuses {format_path(path[-1:])}, which the plugin itself knows, "
                    "as soon as its admission controller is on"
                )
                yield Problem("sriov-selector-refused-by-webhook", path, message, document=document)
