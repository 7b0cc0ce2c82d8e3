"""What the operator's webhook would refuse, told where it is off: what happens instead shows only on the nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.checks.plugins.configs import SHARED_PREFIX, shared_resources, sriov_resources
from aksrdma.checks.plugins.kubernetes import extended_resource_error
from aksrdma.checks.plugins.views import Resource, SharedResource, SriovResource
from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.checks.relation.facts_views import Policy
from aksrdma.findings import FieldPath, Problem, Severity, format_path
from aksrdma.kube.kinds import POLICY_KINDS

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_ON: Final = "as soon as its admission controller is on"
_NEVER_REFUSED: Final = frozenset({"devices", "drivers", "isRdma", "linkTypes", "pfNames", "rootDevices", "vendors"})


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
    doubtful = [policy for policy in facts_of(manifests).policies if _doubtful(policy, manifests.release)]
    if not doubtful:
        return
    from aksrdma.checks.relation.policies_refusals import refused  # most policies do without

    admission = manifests.admission_controller
    found = [problem for policy in doubtful for problem in refused(policy, manifests.release, admission)]
    yield from found
    if found and not admission:
        rules = ", ".join(dict.fromkeys(problem.rule for problem in found))
        message = f"the admission controller is off, so nobody refuses this policy before its pods start ({rules})"
        yield Problem("admission-controller-off", ("kind",), message, document=found[0].document)


def _doubtful(policy: Policy, release: str) -> bool:
    """Say whether a policy has anything of which the webhook may think differently than of the release's defaults."""
    driver = policy.section("ofedDriver") or {}
    if driver.get("version") and driver["version"] != _driver_version(release):
        return True
    if (policy.section("ofedDriver", "upgradePolicy") or {}).get("safeLoad") is True:
        return True
    if policy.section("ibKubernetes") is not None or policy.section("docaTelemetryService", "config") is not None:
        return True
    sections = (*policy.spec.values(), *(policy.section("secondaryNetwork") or {}).values())
    return any(isinstance(section, dict) and section.get("containerResources") for section in sections)


def _driver_version(release: str) -> str | None:
    known = release in catalog.releases()
    return catalog.release(release).components["ofedDriver"].version if known else None


@rule("resource-prefix-refused-by-webhook", "sriov-selector-refused-by-webhook", kinds=POLICY_KINDS)
def refused_later(manifests: ManifestSet) -> Iterator[Problem]:
    """Find what works in a device plugin's config for as long as the admission controller is off."""
    if manifests.admission_controller:
        return
    for policy in facts_of(manifests).policies:
        for shared in shared_resources(policy.document):
            yield from _shared_prefix(policy.document, shared)
        for sriov in sriov_resources(policy.document):
            # AKS's own guide uses rdma here, which the plugin takes from nowhere else.
            if sriov.prefix != SHARED_PREFIX:
                yield from _prefix(policy.document, sriov)
            yield from _selectors(policy.document, sriov)


def _shared_prefix(document: Document, resource: SharedResource) -> Iterator[Problem]:
    default = resource.prefix == SHARED_PREFIX
    fix = "leave the key out: the plugin's own default is rdma" if default else None
    yield from _prefix(document, resource, fix, "info" if default else None)


def _prefix(
    document: Document, resource: Resource, fix: str | None = None, severity: Severity | None = None
) -> Iterator[Problem]:
    prefix: Any = resource.entry.get("resourcePrefix")
    if not isinstance(prefix, str):
        return
    from aksrdma.checks.webhook.facts import pattern

    if pattern("fqdn").fullmatch(prefix) or extended_resource_error(resource.full_name):
        return
    message = f"the operator refuses the prefix {prefix!r}, which is no domain name, {_ON}"
    path = resource.at("resourcePrefix")
    yield Problem("resource-prefix-refused-by-webhook", path, message, fix=fix, severity=severity, document=document)


def _selectors(document: Document, resource: SriovResource) -> Iterator[Problem]:
    doubtful = [selector for selector in resource.selectors if selector.paths.keys() - _NEVER_REFUSED]
    if not doubtful:
        return
    from aksrdma.checks.webhook.facts import table

    for selector in doubtful:
        for key in table("facts")["selectors_only_the_plugin_knows"].get(resource.device_type, ()):
            if key in selector.paths:
                path: FieldPath = selector.at(key)
                message = f"the operator refuses {format_path(path[-1:])}, which the plugin itself knows, {_ON}"
                yield Problem("sriov-selector-refused-by-webhook", path, message, document=document)
