"""Reads the data files beside it: what the webhook of one release looks at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

_Version: TypeAlias = "tuple[int, int]"

_FOLDER = Path(__file__).parent
_RELEASE = re.compile(r"v?([0-9]+)\.([0-9]+)")
_OLDEST: Final = (25, 1)
_AFTER_ALL: Final = (10**6, 0)


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
def table(name: str) -> Any:
    """Return the data of `<name>.yaml` of this folder; shared between calls, do not change it."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((_FOLDER / f"{name}.yaml").read_bytes(), Loader=loader)


@cache
def webhook(release: str | None) -> WebhookFacts:
    """Return the facts of a release; for None those of the newest.

    A release that is not in the catalog is judged as the one before it, or as the oldest.
    """
    facts, version = table("facts"), max(_version(release), _OLDEST)
    driver = _holding(facts["ofed_versions"], version)[-1]
    components = _holding(facts["components"], version)
    return WebhookFacts(
        components=tuple(_component(row, version) for row in components),
        decoded=tuple(
            tuple(row["field"].split(".")) for row in (*components, *_holding(facts["only_decoded"], version))
        ),
        environments=tuple(row["field"] for row in _holding(facts["with_environment"], version)),
        ofed_version=re.compile(driver["pattern"], re.ASCII),
        ofed_version_forms=tuple(driver["forms"]),
        has_global=version >= _version(facts["global_since"]),
        has_node_policies=version >= _version(facts["node_policies_since"]),
    )


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Return a pattern of `facts.yaml`, to be used with `fullmatch`."""
    return re.compile(table("facts")["patterns"][name], re.ASCII)


def _component(row: dict[str, Any], version: _Version) -> Component:
    slip = row.get("repository_reported_as")
    slips = slip is not None and _holds(slip, version)
    return Component(
        path=tuple(row["field"].split(".")),
        containers=tuple(row["containers"]),
        repository_reported_as=slip["field"] if slip is not None and slips else row["field"],
    )


def _holding(rows: list[dict[str, Any]], version: _Version) -> list[dict[str, Any]]:
    return [row for row in rows if _holds(row, version)]


def _holds(row: dict[str, Any], version: _Version) -> bool:
    since, until = row.get("since"), row.get("until")
    return (since is None or _version(since) <= version) and (until is None or version <= _version(until))


def _version(release: str | None) -> _Version:
    match = _RELEASE.match(release or "")
    return (int(match[1]), int(match[2])) if match else _AFTER_ALL
