"""The ConfigMap of the DOCA telemetry service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aksrdma.checks.webhook.facts import pattern, table
from aksrdma.checks.webhook.refusals import Refusal, section, text


def judge(spec: dict[str, Any]) -> Iterator[Refusal]:
    """Yield a refusal where `spec.docaTelemetryService.config` names no legal ConfigMap, or none at all."""
    config = section(spec, "docaTelemetryService", "config")
    name = None if config is None else text(config, "fromConfigMap")
    if name is None or is_subdomain(name):
        return
    yield Refusal(
        "webhook-telemetry-config",
        ("spec", "docaTelemetryService", "config", "fromConfigMap"),
        "spec.docaTelemetryService.config.FromConfigMap",
        f"{name!r} is no ConfigMap's name: lower-case letters, digits, '-' and '.', "
        f"with a letter or digit at both ends of each part, at most {table('facts')['dns_subdomain_limit']} characters",
    )


def is_subdomain(name: str) -> bool:
    """Return whether a name is a DNS-1123 subdomain, as names of objects must be."""
    return len(name) <= table("facts")["dns_subdomain_limit"] and bool(pattern("dns_subdomain").fullmatch(name))
