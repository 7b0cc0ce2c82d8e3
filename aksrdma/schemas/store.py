"""The JSON Schemas that ship with aksrdma, one file a kind: which there are, and the keywords that are ours."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from aksrdma import catalog, paths
from aksrdma.errors import UnknownNameError
from aksrdma.nearest import hint

Schema: TypeAlias = dict[str, Any]
Definitions: TypeAlias = Mapping[str, Schema]
"""The `$defs` of a file: schemas by name."""

WORKLOADS: Final = "workloads"
"""Folder of the schemas that follow no Network Operator release: job kinds of other projects."""
BUILTIN: Final = "kubernetes"
"""Folder of the kinds that Kubernetes itself serves: what any of its versions takes. One version's is `kubernetes-v1.36`."""
DEFINITIONS: Final = "definitions.json"
"""File of such a folder with the `$defs` that its kinds share; a version has only those in which it differs."""
ELSEWHERE: Final = "x-aksrdma-elsewhere"
"""Keyword beside the `$defs` of a version: the names of those that are in the file of another version, by its folder."""
VERSIONS: Final = "x-aksrdma-versions"
"""Keyword of a field or a kind that some versions of Kubernetes lack: those that have it, `[v1.36, v1.37]`."""
WORDS: Final = "x-aksrdma-words"
"""Keyword beside an `enum`: for each word that some versions of Kubernetes do not take, those that do."""
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


def folder_of(release: str) -> str:
    """Return the folder with the schemas of a release: that of its name, or of the release whose CRDs it has."""
    if release in folders() or release not in catalog.releases():
        return release
    return catalog.release(release).schemas or release


def schema_folder(folder: str) -> Path:
    """Return where the schemas of a release, `kubernetes`, `kubernetes-v1.36` or `workloads` lie."""
    name = folder_of(folder)
    return next((root / name for root in _roots if (root / name).is_dir()), paths.SCHEMAS / name)


def use(root: Path) -> None:
    """Look for schemas below `root` first, a folder laid out as `schemas/`: the user's own releases lie there."""
    if root not in _roots:
        _roots.insert(0, root)
        for remembering in (folders, kubernetes_versions, kinds, _files, _definitions):
            remembering.cache_clear()


@cache
def folders() -> tuple[str, ...]:
    """Return the folders of schemas, sorted: releases, `kubernetes`, `kubernetes-v1.36` and its like, `workloads`."""
    return tuple(sorted({path.parent.name for root in _roots for path in root.glob("*/SOURCES.yaml")}))


@cache
def kubernetes_versions() -> tuple[str, ...]:
    """Return the versions of Kubernetes that have schemas, oldest first: `v1.32` and so on."""
    found = [name.removeprefix(f"{BUILTIN}-") for name in folders() if name.startswith(f"{BUILTIN}-v")]
    return tuple(sorted(found, key=lambda name: [int(part) for part in re.findall(r"\d{1,9}", name)]))


def kubernetes_version(name: str) -> str:
    """Return the canonical name of a version of Kubernetes: `1.36`, `v1.36` and `1.36.3` are all `v1.36`.

    Raises:
        UnknownNameError: it has no schemas.
    """
    found = re.fullmatch(r"v?(\d{1,9}\.\d{1,9})(?:\.\d+(?:[-+.].*)?)?", name.strip())
    version = f"v{found[1]}" if found else name
    if version not in (known := kubernetes_versions()):
        shown = [one.removeprefix("v") for one in known]
        raise UnknownNameError(f"no schemas of Kubernetes {name!r}{hint(name, shown)}; there are {', '.join(shown)}")
    return version


def builtin_folder(version: str | None = None) -> str:
    """Return the folder of Kubernetes' own kinds as one of its versions takes them, or any of them."""
    return f"{BUILTIN}-{version}" if version else BUILTIN


@cache
def kinds(folder: str) -> tuple[Kind, ...]:
    """Return the kinds that a release, `kubernetes` or `workloads` has schemas for, sorted.

    Raises:
        UnknownNameError: there is no such folder of schemas.
    """
    found = [kind for file in source_rows(folder) for kind in file["kinds"]]
    return tuple(sorted(Kind(row["group"], row["version"], row["kind"]) for row in found))


def source_rows(folder: str) -> list[dict[str, Any]]:
    """Return the files that the schemas of a folder were made from: `file`, `sha256`, `kinds`.

    Raises:
        UnknownNameError: there is no such folder of schemas.
    """
    import yaml  # only lists of kinds pay for it

    if folder_of(folder) not in folders():
        raise UnknownNameError(f"no schemas of {folder!r}{hint(folder, folders())}; there are {', '.join(folders())}")
    source = schema_folder(folder) / "SOURCES.yaml"
    rows: list[dict[str, Any]] = yaml.load(source.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))[
        "files"
    ]
    return rows


@cache
def _files(folder: str) -> frozenset[str]:
    """Return the names of the schema files of a folder.

    What a manifest says of its kind is looked up in here, and so never becomes a path on its own.
    """
    if folder_of(folder) not in folders():
        return frozenset()
    groups = [entry for entry in os.scandir(schema_folder(folder)) if entry.is_dir()]
    return frozenset(f"{group.name}/{file.name}" for group in groups for file in os.scandir(group))


def read(path: Path) -> Schema:
    """Read the schema of a kind, with all that its references name in `$defs`, by their last part."""
    schema: Schema = json.loads(path.read_bytes())
    folder = path.parents[1]
    if "$defs" not in schema and folder.name.startswith(BUILTIN):
        schema["$defs"] = _definitions(folder)
    return schema


@cache
def _definitions(folder: Path) -> Definitions:
    """Return the definitions that the kinds of a folder refer to, of whichever file."""
    shared: Schema = json.loads((folder / DEFINITIONS).read_bytes())
    found = {} if folder.name == BUILTIN else {**_definitions(folder.parent / BUILTIN)}
    for other, names in shared.get(ELSEWHERE, {}).items():
        definitions = json.loads((folder.parent / other / DEFINITIONS).read_bytes())["$defs"]
        found |= {name: definitions[name] for name in names}
    return {**found, **shared["$defs"]}


def load(release: str, group: str, kind: str, version: str) -> Schema:
    """Return the schema of one kind with all that it refers to, as one document; `release` may also be `kubernetes-v1.36` or `workloads`.

    Raises:
        UnknownNameError: the release has no such kind.
    """
    file = Kind(group, version, kind).file
    if file not in _files(release):
        known = [row.kind for row in kinds(release)]
        raise UnknownNameError(
            f"{release} has no kind {kind} in {group or 'the core group'}/{version}{hint(kind, known)}"
        )
    text = json.dumps(read(schema_folder(release) / file))
    schema: Schema = json.loads(re.sub(r'"\$ref": "[^"]*/', '"$ref": "#/$defs/', text))
    return schema


def find(release: str, api_version: str, kind: str, kubernetes: str | None = None) -> Path | None:
    """Return the schema of a kind for manifests of `release`, or None where no schema is known.

    A release's own CRDs come first, then the kinds of Kubernetes, of the version `kubernetes` or any, then the workloads.
    """
    group, _, version = api_version.rpartition("/")
    file = Kind(group, version, kind).file
    for folder in (release, builtin_folder(kubernetes), WORKLOADS):
        if file in _files(folder):
            return schema_folder(folder) / file
    return None


def definition(schema: Schema, definitions: Definitions) -> Schema:
    """Return what a `$ref` stands for; any other schema is returned as it is."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return definitions[name] if name else schema


def as_list(types: str | list[str] | None) -> list[str]:
    """Return the value of a `type` keyword, which may be one word or a list, as a list."""
    return [types] if isinstance(types, str) else types or []
