"""Makes strict JSON Schemas of Kubernetes' own kinds from its OpenAPI documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from aksrdma import paths
from aksrdma.errors import ReadError, UnknownNameError
from aksrdma.nearest import hint
from aksrdma.schemas.absence import DECODED, Schema
from aksrdma.schemas.crds import DRAFT
from aksrdma.schemas.share import with_definitions, without_zero_defaults
from aksrdma.schemas.sources import source_row, write_schema, write_sources
from aksrdma.schemas.store import BUILTIN_PREFIX, Kind
from aksrdma.schemas.structural import Converter
from aksrdma.schemas.unjudged import as_judged

KINDS: Final = (
    *("Namespace", "Pod", "ConfigMap", "Secret", "Service", "ServiceAccount", "PersistentVolumeClaim"),
    *("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
    *("Job", "CronJob"),
)
"""The kinds of Kubernetes that aksrdma judges."""


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
        found = [(kind, name) for kind, name in _served(components) if kind.kind in wanted]
        for kind, name in found:
            written.append(folder / (kind.group or kind.version) / f"{kind.kind.lower()}_{kind.version}.json")
            write_schema(written[-1], _kind_schema(components, name, kind))
        if found:
            rows.append(source_row(file.relative_to(path).as_posix(), content, [kind._asdict() for kind, _ in found]))
    _refuse_missing(wanted, rows)
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


def _served(components: dict[str, Schema]) -> Iterator[tuple[Kind, str]]:
    for name, schema in components.items():
        kinds = schema.get("x-kubernetes-group-version-kind", ())
        if len(kinds) == 1 and "metadata" in schema.get("properties", {}):
            yield Kind(kinds[0]["group"], kinds[0]["version"], kinds[0]["kind"]), name


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


def _refuse_missing(wanted: set[str], rows: list[dict[str, Any]]) -> None:
    found = {kind["kind"] for row in rows for kind in row["kinds"]}
    for name in sorted(wanted - found):
        raise UnknownNameError(f"no OpenAPI document has the kind {name}{hint(name, found)}")
