"""Finds and reads the JSON Schemas that ship with aksrdma, one file a kind."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from aksrdma import paths
from aksrdma.errors import UnknownNameError
from aksrdma.nearest import hint

WORKLOADS: Final = "workloads"
"""Folder of the schemas that follow no Network Operator release: job kinds of other projects."""
BUILTIN_PREFIX: Final = "kubernetes-"
"""Folders of the kinds that Kubernetes itself serves begin with it: `kubernetes-v1.34`."""


class Kind(NamedTuple):
    """A kind that has a schema."""

    group: str
    """API group; empty for the core group."""
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """`group/version`, or `version` alone in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


def schema_folder(folder: str) -> Path:
    """Return where the schemas of a release, `kubernetes-v1.34` or `workloads` lie."""
    return paths.SCHEMAS / folder


def schema_path(folder: str, group: str, kind: str, version: str) -> Path:
    """Return where a schema lies, or would lie, below `paths.SCHEMAS`.

    The core group, whose name is empty, has the folder `v1`: that is what kubeconform's `{{.Group}}` gives for it.
    """
    return schema_folder(folder) / (group or version) / f"{kind.lower()}_{version}.json"


@cache
def folders() -> tuple[str, ...]:
    """Return the folders of schemas, sorted: releases, `kubernetes-v1.34` and `workloads`."""
    return tuple(sorted(path.parent.name for path in paths.SCHEMAS.glob("*/SOURCES.yaml")))


@cache
def builtin_folder() -> str:
    """Return the folder of the newest Kubernetes version that has schemas."""
    found = [name for name in folders() if name.startswith(BUILTIN_PREFIX)]
    return max(found, key=_version_key, default=f"{BUILTIN_PREFIX}unknown")


def _version_key(name: str) -> tuple[int, ...]:
    parts = name.removeprefix(BUILTIN_PREFIX).lstrip("v").split(".")
    return tuple(int(part) if part.isdigit() else -1 for part in parts)


@cache
def kinds(folder: str) -> tuple[Kind, ...]:
    """Return the kinds that a release, `kubernetes-v1.34` or `workloads` has schemas for, sorted.

    Raises:
        UnknownNameError: there is no such folder of schemas.
    """
    import yaml  # only lists of kinds pay for it

    source = paths.SCHEMAS / folder / "SOURCES.yaml"
    if not source.is_file():
        raise UnknownNameError(f"no schemas of {folder!r}{hint(folder, folders())}; there are {', '.join(folders())}")
    rows = yaml.load(source.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    found = [kind for file in rows["files"] for kind in file["kinds"]]
    return tuple(sorted(Kind(row["group"], row["version"], row["kind"]) for row in found))


def load(release: str, group: str, kind: str, version: str) -> dict[str, Any]:
    """Read the schema of one kind; `release` may also be `kubernetes-v1.34` or `workloads`.

    Raises:
        UnknownNameError: the release has no such kind.
    """
    try:
        schema: dict[str, Any] = json.loads(schema_path(release, group, kind, version).read_bytes())
    except FileNotFoundError:
        known = [row.kind for row in kinds(release)]
        raise UnknownNameError(
            f"{release} has no kind {kind} in {group or 'the core group'}/{version}{hint(kind, known)}"
        ) from None
    return schema


def find(release: str, api_version: str, kind: str) -> Path | None:
    """Return the schema of a kind for manifests of `release`, or None where no schema is known.

    A release's own CRDs come first, then the kinds of Kubernetes, then the workloads.
    """
    group, _, version = api_version.rpartition("/")
    for folder in (release, builtin_folder(), WORKLOADS):
        path = schema_path(folder, group, kind, version)
        if _safe(group, version, kind) and path.is_file():
            return path
    return None


def _safe(*names: str) -> bool:
    return all("/" not in name and "\\" not in name and not name.startswith(".") for name in names)
