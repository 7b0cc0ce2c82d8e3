"""The resource of a HostDeviceNetwork."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aksrdma.checks.webhook.facts import pattern
from aksrdma.checks.webhook.refusals import Refusal, text


def judge(spec: dict[str, Any]) -> Iterator[Refusal]:
    """Yield a refusal where `spec.resourceName` is no name of a resource without its prefix."""
    name = text(spec, "resourceName")
    if name is None or pattern("host_device_resource_name").fullmatch(name):
        return
    slash = "; leave the prefix out, the operator adds nvidia.com/ itself" if "/" in name else ""
    reason = f"Invalid Resource name {name!r}: letters, digits and '_', '-' or '.' between them{slash}"
    yield Refusal("webhook-host-device-resource", ("spec", "resourceName"), "Spec", reason)
