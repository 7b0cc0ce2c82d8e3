"""The JSON Schemas that ship with aksrdma, one file a kind: which there are, and the keywords that are ours."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from aksrdma import paths
from aksrdma.errors import UnknownNameError
from aksrdma.nearest import hint

Schema: TypeAlias = dict[str, Any]
Definitions: TypeAlias = Mapping[str, Schema]
"""The `$defs` of a file: schemas by name."""

WORKLOADS: Final = "workloads"
"""Folder of the schemas that follow no Network Operator release: job kinds of other projects."""
BUILTIN_PREFIX: Final = "kubernetes-"
"""Folders of the kinds that Kubernetes itself serves begin with it: `kubernetes-v1.34`."""
DECODED: Final = "x-aksrdma-decoded"
"""Keyword of the schema of a whole kind: the API server decodes it into Go structs, so that no integer is 1.0 or 1e3."""
REPLICAS: Final = "x-aksrdma-replicas"
"""Keyword of the schema of a whole kind that can be scaled: the path of its number of replicas."""

_roots: list[Path] = [paths.SCHEMAS]


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

    @property
    def file(self) -> str:
        """The name of its file below the folder of a release, the layout that kubeconform's template wants.

        The core group, whose name is empty, has the folder `v1`: that is what `{{.Group}}` gives for it.
        """
        return f"{self.group or self.version}/{self.kind.lower()}_{self.version}.json"


def schema_folder(folder: str) -> Path:
    """Return where the schemas of a release, `kubernetes-v1.34` or `workloads` lie."""
    return next((root / folder for root in _roots if (root / folder).is_dir()), paths.SCHEMAS / folder)


def use(root: Path) -> None:
    """Look for schemas below `root` first, a folder laid out as `schemas/`: the user's own releases lie there."""
    if root not in _roots:
        _roots.insert(0, root)
        for remembering in (folders, builtin_folder, kinds, _files):
            remembering.cache_clear()


@cache
def folders() -> tuple[str, ...]:
    """Return the folders of schemas, sorted: releases, `kubernetes-v1.34` and `workloads`."""
    return tuple(sorted({path.parent.name for root in _roots for path in root.glob("*/SOURCES.yaml")}))


@cache
def builtin_folder() -> str:
    """Return the folder of the newest Kubernetes version that has schemas."""

    def version(name: str) -> tuple[int, ...]:
        parts = name.removeprefix(BUILTIN_PREFIX).lstrip("v").split(".")
        return tuple(int(part) if part.isdigit() else -1 for part in parts)

    found = [name for name in folders() if name.startswith(BUILTIN_PREFIX)]
    return max(found, key=version, default=f"{BUILTIN_PREFIX}unknown")


@cache
def kinds(folder: str) -> tuple[Kind, ...]:
    """Return the kinds that a release, `kubernetes-v1.34` or `workloads` has schemas for, sorted.

    Raises:
        UnknownNameError: there is no such folder of schemas.
    """
    import yaml  # only lists of kinds pay for it

    if folder not in folders():
        raise UnknownNameError(f"no schemas of {folder!r}{hint(folder, folders())}; there are {', '.join(folders())}")
    source = schema_folder(folder) / "SOURCES.yaml"
    rows = yaml.load(source.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    found = [kind for file in rows["files"] for kind in file["kinds"]]
    return tuple(sorted(Kind(row["group"], row["version"], row["kind"]) for row in found))


@cache
def _files(folder: str) -> frozenset[str]:
    """Return the names of the schema files of a folder.

    What a manifest says of its kind is looked up in here, and so never becomes a path on its own.
    """
    if folder not in folders():
        return frozenset()
    groups = [entry for entry in os.scandir(schema_folder(folder)) if entry.is_dir()]
    return frozenset(f"{group.name}/{file.name}" for group in groups for file in os.scandir(group))


def load(release: str, group: str, kind: str, version: str) -> Schema:
    """Read the schema of one kind; `release` may also be `kubernetes-v1.34` or `workloads`.

    Raises:
        UnknownNameError: the release has no such kind.
    """
    file = Kind(group, version, kind).file
    if file not in _files(release):
        known = [row.kind for row in kinds(release)]
        raise UnknownNameError(
            f"{release} has no kind {kind} in {group or 'the core group'}/{version}{hint(kind, known)}"
        )
    schema: Schema = json.loads((schema_folder(release) / file).read_bytes())
    return schema


def find(release: str, api_version: str, kind: str) -> Path | None:
    """Return the schema of a kind for manifests of `release`, or None where no schema is known.

    A release's own CRDs come first, then the kinds of Kubernetes, then the workloads.
    """
    group, _, version = api_version.rpartition("/")
    file = Kind(group, version, kind).file
    for folder in (release, builtin_folder(), WORKLOADS):
        if file in _files(folder):
            return schema_folder(folder) / file
    return None


def definition(schema: Schema, definitions: Definitions) -> Schema:
    """Return what a `$ref` into `$defs` stands for; any other schema is returned as it is."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    return definitions[name] if name else schema


def as_list(types: str | list[str] | None) -> list[str]:
    """Return the value of a `type` keyword, which may be one word or a list, as a list."""
    return [types] if isinstance(types, str) else types or []
