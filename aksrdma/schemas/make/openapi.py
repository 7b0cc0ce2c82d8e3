"""Makes strict JSON Schemas of Kubernetes' own kinds from its OpenAPI documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from aksrdma import paths
from aksrdma.errors import ReadError, UnknownNameError
from aksrdma.kube.kinds import KINDS as TABLE
from aksrdma.nearest import hint
from aksrdma.schemas.make.crds import DRAFT
from aksrdma.schemas.make.files import source_row, with_definitions, without_zero_defaults, write_schema, write_sources
from aksrdma.schemas.make.structural import Converter
from aksrdma.schemas.store import BUILTIN_PREFIX, DECODED, Kind, Schema

KINDS: Final = tuple(row.kind for row in TABLE if row.builtin and row.has_schema)
"""The kinds of Kubernetes that aksrdma judges."""
_FACTS: Final = Path(__file__).with_name("kubernetes.yaml")
_NO_KEYWORDS: Final = frozenset({"fields", "source", "required"})
"""What a row of `held` in the facts has beside keywords of JSON Schema."""
_EMPTIED: Final = ("Condition", "Status")
"""Ends of the names of structs that the API server empties before it judges them."""


def import_openapi(path: Path, version: str, kinds: Iterable[str] = KINDS, out_dir: Path = paths.SCHEMAS) -> list[Path]:
    """Write the schemas of Kubernetes' own kinds to `<out_dir>/kubernetes-<version>/<group>/<kind>_<version>.json`.

    Args:
        path: folder of OpenAPI v3 documents as an API server serves them: `api/v1.json`, `apis/<group>/<version>.json`.
        version: Kubernetes' minor version, `v1.34`.
        kinds: the kinds to import.
        out_dir: folder of all schemas.

    Returns:
        The schema files written, in order. The same input gives the same bytes.

    Raises:
        ReadError: a document cannot be read.
        UnknownNameError: no document has a kind that was asked for.
    """
    wanted = set(kinds)
    folder = out_dir / f"{BUILTIN_PREFIX}{version}"
    rows, written = [], []
    for file in [path / "api" / "v1.json", *sorted(path.glob("apis/*/*.json"))]:
        content, components = _components(file)
        found = []
        for name, schema in components.items():
            named = schema.get("x-kubernetes-group-version-kind", ())
            # Structs that are parts of an object name no kind, DeleteOptions and the like name one in each group.
            if len(named) != 1 or "metadata" not in schema.get("properties", {}) or named[0]["kind"] not in wanted:
                continue
            kind = Kind(named[0]["group"], named[0]["version"], named[0]["kind"])
            found.append(kind._asdict())
            written.append(folder / kind.file)
            write_schema(written[-1], _kind_schema(components, name, kind))
        if found:
            rows.append(source_row(file.relative_to(path).as_posix(), content, found))
    known = {kind["kind"] for row in rows for kind in row["kinds"]}
    for name in sorted(wanted - known):
        raise UnknownNameError(f"no OpenAPI document has the kind {name}{hint(name, known)}")
    write_sources(folder, rows)
    return written


def _components(file: Path) -> tuple[bytes, dict[str, Schema]]:
    try:
        content = file.read_bytes()
        return content, as_judged(json.loads(content)["components"]["schemas"])
    except OSError as error:
        raise ReadError(f"{file}: {error.strerror}") from error
    except (ValueError, LookupError) as error:
        raise ReadError(f"{file}: no OpenAPI v3 document of Kubernetes") from error


def _kind_schema(components: dict[str, Schema], name: str, kind: Kind) -> Schema:
    converter = Converter(components, typed=True)
    root = converter.convert(components[name])
    first = {"apiVersion": {"const": kind.api_version}, "kind": {"const": kind.kind}}
    rest = {field: child for field, child in root["properties"].items() if field not in first}
    schema: Schema = {
        "$schema": DRAFT,
        DECODED: True,
        "type": "object",
        "required": [*first, *root.get("required", ())],
        "properties": first | rest,
        "additionalProperties": False,
    }
    small: Schema = without_zero_defaults(with_definitions(schema, converter.definitions))
    return small


# ---- what the API server judges otherwise than the document says


@cache
def facts() -> dict[str, Any]:
    """Return what `kubernetes.yaml` says, with the rows of `held` by the field that they hold."""
    data: dict[str, Any] = yaml.safe_load(_FACTS.read_bytes())
    data["held"] = {field: row for row in data["held"] for field in row["fields"]}
    return data


def as_judged(components: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schemas of an OpenAPI document with what the API server does, and does not, hold an object to."""
    out = {}
    for full_name, schema in components.items():
        out[full_name] = judged = dict(schema)
        if "properties" not in schema:
            continue
        name = full_name.rpartition(".")[2]
        emptied = name.endswith(_EMPTIED)
        judged["properties"] = {
            field: _without_enum(child) if emptied else _field(f"{name}.{field}", child)
            for field, child in schema["properties"].items()
        }
        held = [field for field in schema["properties"] if facts()["held"].get(f"{name}.{field}", {}).get("required")]
        required = [field for field in schema.get("required", ()) if f"{name}.{field}" not in facts()["not_required"]]
        if "required" in schema or held:
            judged["required"] = [] if emptied else sorted({*required, *held})
    return out


def _field(place: str, schema: Schema) -> Schema:
    if place in facts()["any_word"]:
        return _without_enum(schema)
    if place in facts()["empty_is_unset"] and "enum" in schema:
        schema = {**schema, "enum": ["", *schema["enum"]]}
    if f"{place}[]" in facts()["held"]:
        schema = {**schema, "items": _field(f"{place}[]", schema["items"])}
    if row := facts()["held"].get(place):
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
