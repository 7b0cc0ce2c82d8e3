"""What the webhook of one release looks at, read from `catalog/webhook.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from aksrdma import catalog
from aksrdma.catalog import holds_in, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A section of the policy whose image, and mostly resources, the webhook judges."""

    path: tuple[str, ...]
    """Below `spec`."""
    containers: tuple[str, ...]
    """Containers of what the operator makes of it; none where containerResources are not judged."""
    repository_reported_as: str
    """The section under which a bad repository is reported."""

    @property
    def name(self) -> str:
        """As the operator prints it, `secondaryNetwork.multus` for one."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFacts:
    """What the webhook of one release looks at."""

    components: tuple[Component, ...]
    decoded: tuple[tuple[str, ...], ...]
    """Every section below `spec` whose containerResources Go must decode."""
    environments: tuple[str, ...]
    """Every section below `spec` with environment variables."""
    ofed_version: re.Pattern[str]
    ofed_version_forms: tuple[str, ...]
    """Examples, for messages."""
    has_global: bool
    """Whether `spec.global` stands in for a missing repository and version."""
    has_node_policies: bool
    """Whether the kind NicNodePolicy exists."""


@cache
def table(name: str = "webhook") -> Any:
    """Return the data of `catalog/NAME.yaml`; shared between calls, do not change it."""
    return load.read(f"{name}.yaml")


@cache
def webhook(release: str | None) -> WebhookFacts:
    """Return the facts of a release; for None those of the newest.

    A release that is not in the catalog is judged as the one before it, or as the oldest.
    """
    components = [
        Component(
            path=tuple(row["field"].split(".")),
            containers=tuple(row["containers"]),
            repository_reported_as=next(iter(_holding([row.get("repository_reported_as", {})], release)), row)["field"],
        )
        for row in _holding(table()["components"], release)
    ]
    only_decoded = _holding(table()["only_decoded"], release)
    driver = _holding(table()["ofed_versions"], release)[-1]
    return WebhookFacts(
        components=tuple(components),
        decoded=(*(one.path for one in components), *(tuple(row["field"].split(".")) for row in only_decoded)),
        environments=tuple(row["field"] for row in _holding(table()["with_environment"], release)),
        ofed_version=re.compile(driver["pattern"], re.ASCII),
        ofed_version_forms=tuple(driver["forms"]),
        has_global=catalog.capability("global-image-settings").holds_in(release),
        has_node_policies=catalog.capability("nic-node-policy").holds_in(release),
    )


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Return a pattern of `catalog/webhook.yaml`, to be used with `fullmatch`."""
    return re.compile(table()["patterns"][name], re.ASCII)


def _holding(rows: list[dict[str, Any]], release: str | None) -> list[dict[str, Any]]:
    return [row for row in rows if row and holds_in(release, row.get("since"), row.get("until"))]
