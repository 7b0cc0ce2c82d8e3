"""The repository of each component must read as an image name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aksrdma.checks.webhook.facts import Component, WebhookFacts
from aksrdma.checks.webhook.image_reference import fault
from aksrdma.checks.webhook.refusals import Refusal, section, text


def judge(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    """Yield a refusal for each malformed repository of a NicClusterPolicy."""
    for component in facts.components:
        holder = section(spec, *component.path)
        repository = None if holder is None else repository_of(holder, spec, facts)
        if repository is not None and (why := fault(repository)):
            yield _refusal(component, repository, why)


def repository_of(component: dict[str, Any], spec: dict[str, Any], facts: WebhookFacts) -> str | None:
    """Return the repository that counts, `spec.global`'s where the component has none; None for a wrong type."""
    return own_or_global("repository", component, spec, facts)


def own_or_global(key: str, component: dict[str, Any], spec: dict[str, Any], facts: WebhookFacts) -> str | None:
    """Return a field of a component, or of `spec.global` where it is empty and the release has that."""
    own = text(component, key)
    shared = section(spec, "global") if facts.has_global else None
    return text(shared, key) if own == "" and shared is not None else own


def _refusal(component: Component, repository: str, why: str) -> Refusal:
    return Refusal(
        "webhook-repository",
        ("spec", *component.path, "repository"),
        f"spec.{component.repository_reported_as}.repository",
        f"invalid container image repository format of {component.name}: {repository!r}, {why}",
    )
