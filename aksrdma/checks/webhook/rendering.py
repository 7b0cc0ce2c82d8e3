"""Why the webhook cannot learn a component's containers: it renders the component for a cluster that it makes up."""

from __future__ import annotations

import re
from typing import Any

from aksrdma.checks.webhook.facts import Component, WebhookFacts
from aksrdma.checks.webhook.refusals import section, text
from aksrdma.checks.webhook.repositories import own_or_global

_APOSTROPHES = re.compile("'+")


def rendering_fault(
    component: Component, holder: dict[str, Any], spec: dict[str, Any], facts: WebhookFacts
) -> str | None:
    """Return why containerResources of this component are refused whatever they say, or None where they are not."""
    for key in ("repository", "version"):
        if facts.has_global and own_or_global(key, holder, spec, facts) == "":
            return f"the operator cannot render {component.name}: {key} is required, here or in spec.global"
    if component.path == ("ofedDriver",):
        return _driver_fault(holder)
    if component.path in {("rdmaSharedDevicePlugin",), ("sriovDevicePlugin",)} and _ends_quotes(text(holder, "config")):
        return (
            f"the operator cannot render {component.name}: an apostrophe in its config ends the YAML string around it"
        )
    return None


def _driver_fault(driver: dict[str, Any]) -> str | None:
    if driver.get("forcePrecompiled") is True:
        return "with forcePrecompiled the webhook finds no precompiled driver, so it knows no container at all"
    for key in ("certConfig", "repoConfig"):
        if text(section(driver, key) or {}, "name"):
            return f"with {key} the webhook panics on a client that it does not have, and a panic counts as a refusal"
    return None


def _ends_quotes(config: str | None) -> bool:
    """Return whether the text cannot stand between single quotes, where only doubled ones are safe."""
    return any(len(run) % 2 for run in _APOSTROPHES.findall(config or ""))
