"""What the webhook has against one object of its three kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aksrdma.checks.webhook import (
    decoding,
    device_plugins,
    driver,
    host_device,
    ib_kubernetes,
    repositories,
    resources,
    telemetry,
)
from aksrdma.checks.webhook.facts import WebhookFacts, table, webhook
from aksrdma.checks.webhook.refusals import Refusal, section

KINDS: Final = frozenset({"NicClusterPolicy", "NicNodePolicy", "HostDeviceNetwork"})


def verdict(data: Any, release: str | None = None) -> list[Refusal]:
    """Return why the webhook of a release refuses to let `data` be created; empty where it lets it pass.

    It looks at the object alone (`conflicts.judge` relates objects) and takes for granted that the API server has
    admitted it: what breaks the schema of its kind is not reported here. None stands for the newest release.
    """
    if not is_ours(data):
        return []
    facts, spec = webhook(release), section(data, "spec") or {}
    if data["kind"] == "NicNodePolicy" and not facts.has_node_policies:
        return []
    return list(decoding.judge(spec, facts)) or list(_judge(data, spec, facts))


def is_ours(data: Any) -> bool:
    """Return whether the webhook is asked about this object."""
    if not isinstance(data, dict) or not isinstance(group := data.get("apiVersion"), str):
        return False
    return group.startswith("mellanox.com/") and isinstance(kind := data.get("kind"), str) and kind in KINDS


def _judge(data: dict[str, Any], spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    if data["kind"] == "HostDeviceNetwork":
        yield from host_device.judge(spec)
    elif data["kind"] == "NicClusterPolicy":
        yield from _cluster_policy(spec, facts)
    else:
        yield from _node_policy(data, spec, facts)


def _cluster_policy(spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    yield from repositories.judge(spec, facts)
    yield from resources.judge(spec, facts)
    yield from ib_kubernetes.judge(spec)
    yield from driver.judge(spec, facts)
    yield from device_plugins.judge(spec)
    yield from telemetry.judge(spec)


def _node_policy(data: dict[str, Any], spec: dict[str, Any], facts: WebhookFacts) -> Iterator[Refusal]:
    yield from _node_policy_name(data)
    yield from driver.judge(_without_global(spec), facts)
    yield from device_plugins.judge(spec)


def _without_global(spec: dict[str, Any]) -> dict[str, Any]:
    """A NicNodePolicy has no `global`; the API server drops one that is there."""
    return {key: value for key, value in spec.items() if key != "global"}


def _node_policy_name(data: dict[str, Any]) -> Iterator[Refusal]:
    name = (section(data, "metadata") or {}).get("name")
    limit, said = (table("facts")[f"node_policy_name_limit{suffix}"] for suffix in ("", "_in_message"))
    if isinstance(name, str) and len(name.encode(errors="replace")) > limit:
        reason = (
            f"NicNodePolicy name must be at most {said} characters, says the operator, "
            f"but it refuses more than {limit}; {name!r} has {len(name)}"
        )
        yield Refusal("webhook-nicnodepolicy-name", ("metadata", "name"), "metadata.name", reason)
