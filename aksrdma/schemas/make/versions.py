"""Joins what the versions of Kubernetes take into one schema a kind, and writes what each version takes beside it.

Most of a kind is the same in every version. A definition is stored once, in the first folder that has it: `kubernetes`, of
what any version takes, then the versions, oldest first; the others refer to it there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from aksrdma.schemas.make.crds import DRAFT
from aksrdma.schemas.make.files import write_schema, write_sources
from aksrdma.schemas.store import (
    BUILTIN,
    DEFINITIONS,
    ELSEWHERE,
    VERSIONS,
    WORDS,
    Kind,
    Schema,
    as_list,
    builtin_folder,
)


class Version(NamedTuple):
    """The strict schemas of one version of Kubernetes."""

    kinds: dict[Kind, Schema]
    definitions: dict[str, Schema]
    sources: list[dict[str, Any]]
    """The documents that they were made from."""


def write_versions(versions: Mapping[str, Version], out_dir: Path) -> list[Path]:
    """Write the schemas of all versions, oldest first, and return the files in order."""
    every = Version({}, {}, [])
    for kind in dict.fromkeys(kind for version in versions.values() for kind in version.kinds):
        having = {name: one.kinds[kind] for name, one in versions.items() if kind in one.kinds}
        only = {VERSIONS: list(having)} if len(having) < len(versions) else {}
        every.kinds[kind] = united(having) | only
    for name in {name: None for version in versions.values() for name in version.definitions}:
        every.definitions[name] = united(
            {of: version.definitions[name] for of, version in versions.items() if name in version.definitions}
        )
    documents: dict[str, dict[str, Any]] = {}
    for name, version in versions.items():
        for row in version.sources:
            of = documents.setdefault(row["file"], {"file": row["file"], "versions": [], "kinds": row["kinds"]})
            of["versions"].append(name)
    known: dict[tuple[str, str], str] = {}
    written = _write(out_dir, BUILTIN, every._replace(sources=[*documents.values()]), known)
    for name, version in versions.items():
        written += _write(out_dir, builtin_folder(name), version, known)
    return written


def _write(out_dir: Path, folder: str, version: Version, known: dict[tuple[str, str], str]) -> list[Path]:
    """Write one folder.

    Args:
        out_dir: folder of all schemas.
        folder: name of the folder.
        version: what it has.
        known: the folder of each definition, by its name and text; those that are new here are added.
    """
    homes: dict[str, str] = {}

    def home(name: str) -> str:
        if name not in homes:
            text = json.dumps(_referring(version.definitions[name], home), sort_keys=True)
            homes[name] = known.setdefault((name, text), folder)
        return homes[name]

    def here(name: str) -> str:
        return "" if home(name) == folder else f"../{home(name)}/{DEFINITIONS}"

    def above(name: str) -> str:
        return f"../{here(name) or DEFINITIONS}"

    own = {name: _referring(schema, here) for name, schema in version.definitions.items() if home(name) == folder}
    elsewhere: dict[str, list[str]] = {}
    for name in sorted(version.definitions):
        if home(name) not in (folder, BUILTIN):
            elsewhere.setdefault(home(name), []).append(name)
    others = {ELSEWHERE: elsewhere} if elsewhere else {}
    files = {out_dir / folder / DEFINITIONS: {"$schema": DRAFT, **others, "$defs": dict(sorted(own.items()))}}
    for kind, schema in version.kinds.items():
        files[out_dir / folder / kind.file] = _referring(schema, above)
    for path, schema in files.items():
        write_schema(path, schema)
    write_sources(out_dir / folder, version.sources)
    return list(files)


def _referring(value: Any, file_of: Callable[[str], str]) -> Any:
    """Return a schema whose references name the file that has what they refer to."""
    if isinstance(value, list):
        return [_referring(item, file_of) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: _referring(item, file_of) for key, item in value.items()}
    if isinstance(name := out.get("$ref"), str):
        name = name.rpartition("/")[2]
        out["$ref"] = f"{file_of(name)}#/$defs/{name}"
    return out


# ---- what any version takes

_LOW: Final = ("minimum", "minLength", "minItems", "minProperties")
_HIGH: Final = ("maximum", "maxLength", "maxItems", "maxProperties")


def united(having: Mapping[str, Schema]) -> Schema:
    """Return the schema of what any version takes, with a mark at each field and word that not all of them have.

    Args:
        having: the schema of each version that has one, oldest first.
    """
    schemas = list(having.values())
    if all(schema == schemas[0] for schema in schemas):
        return schemas[0]
    out: Schema = {}
    for key in dict.fromkeys(key for schema in reversed(schemas) for key in schema):
        found = {name: schema[key] for name, schema in having.items() if key in schema}
        values = list(found.values())
        if key == "properties":
            out[key] = _fields(found, len(having))
        elif len(values) < len(schemas):
            continue  # what one version does not ask is not asked
        elif all(value == values[0] for value in values):
            out[key] = values[0]
        elif key in ("items", "additionalProperties"):
            out[key] = united(found)
        elif key == "required":
            out[key] = [name for name in values[0] if all(name in value for value in values)]
        elif key == "type":
            out[key] = list(dict.fromkeys(name for value in values for name in as_list(value)))
        elif key == "enum":
            out |= _words(found)
        elif key in _LOW or key in _HIGH:
            out[key] = min(values) if key in _LOW else max(values)
        elif key != "default":
            raise ValueError(f"no way to join {key}: {json.dumps(found)}")
    return {key: value for key, value in out.items() if value != [] or key != "required"}


def _fields(having: Mapping[str, Mapping[str, Schema]], versions: int) -> Schema:
    out = {}
    for field in sorted({field for fields in having.values() for field in fields}):
        found = {name: fields[field] for name, fields in having.items() if field in fields}
        out[field] = united(found) | ({VERSIONS: list(found)} if len(found) < versions else {})
    return out


def _words(having: Mapping[str, Sequence[str | None]]) -> Schema:
    words = dict.fromkeys(word for values in having.values() for word in values)
    takers = {word: [name for name, values in having.items() if word in values] for word in words}
    some = {word: names for word, names in takers.items() if word is not None and len(names) < len(having)}
    return {"enum": [*sorted(word for word in words if word is not None), *([None] if None in words else [])]} | (
        {WORDS: some} if some else {}
    )
