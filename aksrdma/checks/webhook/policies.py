"""What the webhook has against one object of its three kinds, and against two policies that define the same section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.register import rule
from aksrdma.checks.webhook.components import container_resources, malformed_repositories, own_or_global, undecodable
from aksrdma.checks.webhook.device_plugins import refused_configs
from aksrdma.checks.webhook.refusals import Refusal, refusal, section, text
from aksrdma.checks.webhook.releases import WebhookFacts, pattern, table, webhook
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube import names

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

KINDS: Final = frozenset({"NicClusterPolicy", "NicNodePolicy", "HostDeviceNetwork"})
_DRIVER: Final = ("spec", "ofedDriver")
_GUIDS: Final = ("pKeyGUIDPoolRangeStart", "pKeyGUIDPoolRangeEnd")


@rule(
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
    kinds=KINDS,
)
def webhook_verdict(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Report why the operator's webhook refuses this object."""
    yield from verdict(document.data, manifests.release)


@rule("webhook-section-in-both", kinds={"NicNodePolicy"})
def webhook_conflicts(manifests: ManifestSet) -> Iterator[Problem]:
    """Report the sections that a NicClusterPolicy and a NicNodePolicy both define."""
    yield from conflicts(manifests.of("NicClusterPolicy", "NicNodePolicy"), manifests.release)


def verdict(data: Any, release: str | None = None) -> list[Problem]:
    """Return why the webhook of a release refuses to let `data` be created; empty where it lets it pass.

    It looks at the object alone (`conflicts` relates objects) and takes for granted that the API server has admitted
    it: what breaks the schema of its kind is not reported here. None stands for the newest release.
    """
    if not is_ours(data):
        return []
    facts, spec = webhook(release), section(data, "spec") or {}
    if data["kind"] == "NicNodePolicy" and not facts.has_node_policies:
        return []
    refusals = list(undecodable(spec, facts)) or list(_refusals(data, spec, facts))
    return [one.worded() for one in refusals]


def is_ours(data: Any) -> bool:
    """Return whether the webhook is asked about this object."""
    if not isinstance(data, dict) or not isinstance(group := data.get("apiVersion"), str):
        return False
    return group.startswith("mellanox.com/") and isinstance(kind := data.get("kind"), str) and kind in KINDS


def _refusals(data: dict[str, Any], spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    if data["kind"] == "HostDeviceNetwork":
        name = text(spec, "resourceName")
        if name is not None and not pattern("host_device_resource_name").fullmatch(name):
            slash = "; leave the prefix out, the operator adds nvidia.com/ itself" if "/" in name else ""
            reason = f"Invalid Resource name {name!r}: letters, digits and '_', '-' or '.' between them{slash}"
            yield refusal("webhook-host-device-resource", ("spec", "resourceName"), "Spec", reason)
    elif data["kind"] == "NicClusterPolicy":
        yield from malformed_repositories(spec, facts)
        yield from container_resources(spec, facts)
        yield from refused_guids(spec)
        yield from refused_driver(spec, facts)
        yield from refused_configs(spec)
        yield from refused_telemetry(spec)
    else:
        own_name = (section(data, "metadata") or {}).get("name")
        limit, said = table()["node_policy_name_limit"], table()["node_policy_name_limit_in_message"]
        if isinstance(own_name, str) and len(own_name.encode(errors="replace")) > limit:
            reason = (
                f"NicNodePolicy name must be at most {said} characters, says the operator, "
                f"but it refuses more than {limit}; {own_name!r} has {len(own_name)}"
            )
            yield refusal("webhook-nicnodepolicy-name", ("metadata", "name"), "metadata.name", reason)
        # A NicNodePolicy has no `global`; the API server drops one that is there.
        yield from refused_driver({key: value for key, value in spec.items() if key != "global"}, facts)
        yield from refused_configs(spec)


def refused_driver(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    """Yield what the webhook has against the version and the safe load of `spec.ofedDriver`."""
    driver = section(spec, "ofedDriver")
    if driver is None:
        return
    version = text(driver, "version")
    if version == "" and driver.get("containerResources"):
        # Their check renders the driver first, and rendering fills in the global version.
        version = own_or_global("version", driver, spec, facts)
    if version is not None and not facts.ofed_version.fullmatch(version):
        given = version == "" and text(section(spec, "global") or {}, "version")
        reason = (
            f"invalid OFED version {version!r}: this release takes the form of {' or '.join(facts.ofed_version_forms)}"
            f"{'; spec.global.version does not count here' if given else ''}"
        )
        yield refusal("webhook-ofed-version", (*_DRIVER, "version"), "spec.ofedDriver.version", reason)
    policy = section(driver, "upgradePolicy") or {}
    if policy.get("safeLoad") is True and policy.get("autoUpgrade") is not True:
        field = "spec.ofedDriver.upgradePolicy.safeLoad"
        reason = "Forbidden: safeLoad requires spec.ofedDriver.upgradePolicy.autoUpgrade to be true"
        yield refusal("webhook-safe-load", (*_DRIVER, "upgradePolicy", "safeLoad"), field, reason)


def refused_guids(spec: dict[str, Any]) -> Iterator[Refusal]:
    """Yield what the webhook has against the GUID pool of `spec.ibKubernetes`."""
    pool = section(spec, "ibKubernetes")
    if pool is None:
        return
    start, end = _GUIDS
    guids = {key: text(pool, key) for key in _GUIDS}
    valid = {
        key: int(guid.replace(":", ""), 16)
        for key, guid in guids.items()
        if guid is not None and pattern("guid").fullmatch(guid)
    }
    for key, guid in guids.items():
        if guid is not None and key not in valid:
            yield _guid(key, f"must be a valid GUID format, 8 hex bytes with colons; it is {guid!r}")
    if len(valid) == len(guids) and valid[end] <= valid[start]:
        yield _guid(end, f"{start}-{end} must be a valid range: {guids[end]} is not above {guids[start]}")


def _guid(key: str, reason: str) -> Refusal:
    return refusal("webhook-guid-range", ("spec", "ibKubernetes", key), f"spec.ibKubernetes.{key}", reason)


def refused_telemetry(spec: dict[str, Any]) -> Iterator[Refusal]:
    """Yield a refusal where `spec.docaTelemetryService.config` names no legal ConfigMap, or none at all."""
    config = section(spec, "docaTelemetryService", "config")
    name = None if config is None else text(config, "fromConfigMap")
    if name is not None and names.dns_subdomain(name):
        reason = (
            f"{name!r} is no ConfigMap's name: lower-case letters, digits, '-' and '.', "
            f"with a letter or digit at both ends of each part, at most {names.SUBDOMAIN_MAX} characters"
        )
        path: FieldPath = ("spec", "docaTelemetryService", "config", "fromConfigMap")
        yield refusal("webhook-telemetry-config", path, "spec.docaTelemetryService.config.FromConfigMap", reason)


def conflicts(documents: Sequence[Document], release: str | None) -> Iterator[Problem]:
    """Yield both sides of every clash of sections: whichever of the two policies is applied second is refused."""
    if not webhook(release).has_node_policies:
        return
    ours = [document for document in documents if is_ours(document.data)]
    clusters = sorted((one for one in ours if one.kind == "NicClusterPolicy"), key=lambda one: one.name)
    nodes = [one for one in ours if one.kind == "NicNodePolicy"]
    for field in table()["node_policy_sections"]:
        defining = [node for node in nodes if section(node.data, "spec", field) is not None]
        for cluster in clusters:
            if defining and section(cluster.data, "spec", field) is not None:
                rival = defining[0].name
                yield _clash(
                    cluster,
                    field,
                    f'NicNodePolicy "{rival}" already defines {field}; NicClusterPolicy cannot also define it',
                )
        # It compares with the first NicClusterPolicy alone, whatever its name.
        if clusters and section(clusters[0].data, "spec", field) is not None:
            for node in defining:
                yield _clash(
                    node,
                    field,
                    f'NicClusterPolicy already defines {field}; NicNodePolicy "{node.name}" cannot also define it',
                )


def _clash(document: Document, field: str, reason: str) -> Problem:
    problem = refusal("webhook-section-in-both", ("spec", field), f"spec.{field}", reason).worded()
    return problem._replace(document=document)
