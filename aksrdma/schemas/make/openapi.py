"""Makes strict JSON Schemas of Kubernetes' own kinds from its OpenAPI documents."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from aksrdma import paths
from aksrdma.errors import ReadError, UnknownNameError
from aksrdma.kube.kinds import KINDS as TABLE
from aksrdma.nearest import hint
from aksrdma.schemas.make.crds import DRAFT
from aksrdma.schemas.make.files import source_row, without_zero_defaults
from aksrdma.schemas.make.structural import Converter
from aksrdma.schemas.make.versions import Version, write_versions
from aksrdma.schemas.store import DECODED, Kind, Schema

KINDS: Final = tuple(row.kind for row in TABLE if row.builtin and row.has_schema)
"""The kinds of Kubernetes that aksrdma judges."""
_FACTS: Final = Path(__file__).with_name("kubernetes.yaml")
_NO_KEYWORDS: Final = frozenset({"fields", "required", "source"})
"""What a row of `held` in the facts has beside keywords of JSON Schema."""
_EMPTIED: Final = ("Condition", "Status")
"""Ends of the names of structs that the API server empties before it judges them."""


def import_openapi(path: Path, kinds: Iterable[str] = KINDS, out_dir: Path = paths.SCHEMAS) -> list[Path]:
    """Write the schemas of Kubernetes' own kinds: below `<out_dir>/kubernetes` what any version takes, beside it each.

    Args:
        path: folder with a folder a version, such as `v1.36`, of OpenAPI v3 documents as its API server serves them:
            `api/v1.json`, `apis/<group>/<version>.json`.
        kinds: the kinds to import.
        out_dir: folder of all schemas.

    Returns:
        The schema files written, in order. The same input gives the same bytes.

    Raises:
        ReadError: a document cannot be read.
        UnknownNameError: no document has a kind that was asked for.
    """
    wanted = set(kinds)
    folders = sorted(path.glob("v*"), key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.name)])
    versions = {folder.name: _version(folder, wanted) for folder in folders}
    known = {kind.kind for version in versions.values() for kind in version.kinds}
    for name in sorted(wanted - known):
        raise UnknownNameError(f"no OpenAPI document has the kind {name}{hint(name, known)}")
    return write_versions(versions, out_dir)


def _version(folder: Path, wanted: Collection[str]) -> Version:
    """Return the strict schemas of the kinds of one version, and what they were made from."""
    converted, rows = Version({}, {}, []), []
    for file in [folder / "api" / "v1.json", *sorted(folder.glob("apis/*/*.json"))]:
        content, components = _components(file, folder.name)
        converter = Converter(components, typed=True)
        found = []
        for name, schema in components.items():
            named = schema.get("x-kubernetes-group-version-kind", ())
            # Structs that are parts of an object name no kind, DeleteOptions and the like name one in each group.
            if len(named) != 1 or "metadata" not in schema.get("properties", {}) or named[0]["kind"] not in wanted:
                continue
            kind = Kind(named[0]["group"], named[0]["version"], named[0]["kind"])
            # The document of a group also has the kinds of others that its own hold, such as a claim for a volume.
            if file.parent.name == (kind.group or "api") and file.stem == kind.version:
                found.append(kind._asdict())
                converted.kinds[kind] = without_zero_defaults(_kind_schema(converter, components[name], kind))
        converted.definitions.update(without_zero_defaults(converter.definitions))
        if found:
            rows.append(source_row(file.relative_to(folder).as_posix(), content, found))
    return converted._replace(sources=rows)


def _components(file: Path, version: str) -> tuple[bytes, dict[str, Schema]]:
    try:
        content = file.read_bytes()
        return content, as_judged(json.loads(content)["components"]["schemas"], version)
    except OSError as error:
        raise ReadError(f"{file}: {error.strerror}") from error
    except (ValueError, LookupError) as error:
        raise ReadError(f"{file}: no OpenAPI v3 document of Kubernetes") from error


def _kind_schema(converter: Converter, component: Schema, kind: Kind) -> Schema:
    root = converter.convert(component)
    first = {"apiVersion": {"const": kind.api_version}, "kind": {"const": kind.kind}}
    rest = {field: child for field, child in root["properties"].items() if field not in first}
    return {
        "$schema": DRAFT,
        DECODED: True,
        "type": "object",
        "required": [*first, *root.get("required", ())],
        "properties": first | rest,
        "additionalProperties": False,
    }


# ---- what the API server judges otherwise than the document says


@cache
def facts() -> dict[str, Any]:
    """Return what `kubernetes.yaml` says, with the rows of `held` by the field that they hold."""
    data: dict[str, Any] = yaml.safe_load(_FACTS.read_bytes())
    data["held"] = {field: row for row in data["held"] for field in row["fields"]}
    return data


def as_judged(components: Mapping[str, Schema], version: str) -> dict[str, Schema]:
    """Return the schemas of an OpenAPI document with what its API server does, and does not, hold an object to."""
    out: dict[str, Schema] = {}
    held = {field: _held_in(row, version) for field, row in facts()["held"].items()}
    for full_name, schema in components.items():
        name = full_name.rpartition(".")[2]
        out[full_name] = judged = {} if name in facts()["any_value"] else dict(schema)
        if "properties" not in judged:
            continue
        emptied = name.endswith(_EMPTIED)
        judged["properties"] = {
            field: _without_enum(child) if emptied else _field(f"{name}.{field}", child, held)
            for field, child in schema["properties"].items()
        }
        needed = [field for field in schema["properties"] if held.get(f"{name}.{field}", {}).get("required")]
        required = [field for field in schema.get("required", ()) if f"{name}.{field}" not in facts()["not_required"]]
        if "required" in schema or needed:
            judged["required"] = [] if emptied else sorted({*required, *needed})
    return out


def _held_in(row: dict[str, Any], version: str) -> dict[str, Any]:
    """Return a row of `held` as it is in a version of Kubernetes."""
    later = row.get("later", {"since": "v1.999"})
    is_later = int(version.rpartition(".")[2]) >= int(later["since"].rpartition(".")[2])
    return {key: value for key, value in (row | (later if is_later else {})).items() if key not in ("later", "since")}


def _field(place: str, schema: Schema, held: Mapping[str, dict[str, Any]]) -> Schema:
    if place in facts()["any_word"]:
        return _without_enum(schema)
    if place in facts()["empty_is_unset"] and "enum" in schema:
        schema = {**schema, "enum": ["", *schema["enum"]]}
    if f"{place}[]" in held:
        schema = {**schema, "items": _field(f"{place}[]", schema["items"], held)}
    if row := held.get(place):
        schema = schema | {keyword: value for keyword, value in row.items() if keyword not in _NO_KEYWORDS}
        if row.get("required"):  # a default of the document's is only Go's zero value, which is refused as well
            schema = {keyword: value for keyword, value in schema.items() if keyword != "default"}
    return schema


def _without_enum(schema: Schema) -> Schema:
    inner: dict[str, Any] = {
        key: _without_enum(schema[key])
        for key in ("items", "additionalProperties")
        if isinstance(schema.get(key), dict)
    }
    return {key: value for key, value in schema.items() if key != "enum"} | inner
