"""The OFED driver's version and its safe load, for NicClusterPolicy and NicNodePolicy alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aksrdma.checks.webhook.facts import WebhookFacts
from aksrdma.checks.webhook.refusals import Refusal, section, text
from aksrdma.checks.webhook.repositories import own_or_global

_PATH = ("spec", "ofedDriver")


def judge(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    """Yield what the webhook has against `spec.ofedDriver`."""
    driver = section(spec, "ofedDriver")
    if driver is None:
        return
    yield from _version(spec, driver, facts)
    policy = section(driver, "upgradePolicy") or {}
    if policy.get("safeLoad") is True and policy.get("autoUpgrade") is not True:
        field = "spec.ofedDriver.upgradePolicy.safeLoad"
        reason = "Forbidden: safeLoad requires spec.ofedDriver.upgradePolicy.autoUpgrade to be true"
        yield Refusal("webhook-safe-load", (*_PATH, "upgradePolicy", "safeLoad"), field, reason)


def _version(spec: dict[str, Any], driver: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    version = text(driver, "version")
    if version == "" and driver.get("containerResources"):
        # Their check renders the driver first, and rendering fills in the global version.
        version = own_or_global("version", driver, spec, facts)
    if version is None or facts.ofed_version.fullmatch(version):
        return
    forms = " or ".join(facts.ofed_version_forms)
    reason = f"invalid OFED version {version!r}: this release takes the form of {forms}{_only_global(spec, version)}"
    yield Refusal("webhook-ofed-version", (*_PATH, "version"), "spec.ofedDriver.version", reason)


def _only_global(spec: dict[str, Any], version: str) -> str:
    given = version == "" and text(section(spec, "global") or {}, "version")
    return "; spec.global.version does not count here" if given else ""
