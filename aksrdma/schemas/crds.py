"""Makes strict JSON Schemas from CustomResourceDefinitions."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from aksrdma import paths
from aksrdma.errors import ReadError
from aksrdma.schemas.absence import Schema, as_list, or_null
from aksrdma.schemas.emptied import NO_FIELDS, NO_FIELDS_DEFINITION, emptied
from aksrdma.schemas.scale import replicas_path
from aksrdma.schemas.share import ordered, shared, with_definitions
from aksrdma.schemas.sources import source_row, write_schema, write_sources
from aksrdma.schemas.store import builtin_folder, load
from aksrdma.schemas.structural import Converter

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_META: Final = ("apiVersion", "kind", "metadata")


def import_crds(crds: Iterable[Path], release: str, out_dir: Path = paths.SCHEMAS) -> list[Path]:
    """Write the schemas of CRDs to `<out_dir>/<release>/<group>/<kind>_<version>.json` and list their sources.

    Args:
        crds: YAML files that hold CRDs, or folders of such files; other documents in them are passed over.
        release: name of the folder, as users will write it with `--release`.
        out_dir: folder of all schemas.

    Returns:
        The schema files written, in order. The same input gives the same bytes.

    Raises:
        ReadError: a file cannot be read, is no YAML, or no file holds a CRD.
    """
    rows, written = [], []
    for path in _yaml_files(crds):
        content = _read(path)
        kinds = []
        for crd in _crds(path, content):
            for version, schema in schemas_of(crd):
                kinds.append(_kind_row(crd, version))
                written.append(_schema_file(out_dir / release, crd, version))
                write_schema(written[-1], schema)
        if kinds:
            rows.append(source_row(path.name, content, kinds))
    if not rows:
        raise ReadError(f"no CustomResourceDefinition in {', '.join(map(str, crds)) or 'what was given'}")
    write_sources(out_dir / release, rows)
    return written


def schemas_of(crd: dict[str, Any]) -> Iterator[tuple[str, Schema]]:
    """Yield the name and the strict schema of each version that a CRD serves."""
    spec = crd["spec"]
    for version in spec["versions"]:
        if version.get("served", True):
            api_version = f"{spec['group']}/{version['name']}"
            yield version["name"], _kind_schema(version, api_version, spec["names"]["kind"])


def _kind_schema(version: dict[str, Any], api_version: str, kind: str) -> Schema:
    """Return the schema of one kind; the API server itself says what its first three fields hold."""
    root: Schema = version["schema"]["openAPIV3Schema"]
    own = {name: child for name, child in root.get("properties", {}).items() if name not in _META}
    required = [name for name in root.get("required", ()) if name not in _META]
    out = Converter().convert({**root, "type": "object", "properties": own, "required": required})
    metadata, definitions = object_meta()
    first = {"apiVersion": {"const": api_version}, "kind": {"const": kind}, "metadata": or_null(metadata)}
    out["required"] = ["apiVersion", "kind", *out.get("required", ())]
    out["properties"] = first | out.get("properties", {})
    if "status" in own and "status" in version.get("subresources", {}):
        out["properties"]["status"] = emptied(own["status"])
    if NO_FIELDS in str(out):
        definitions[NO_FIELDS] = NO_FIELDS_DEFINITION
    return shared(with_definitions({"$schema": DRAFT, **replicas_path(version), **ordered(out)}, definitions))


def object_meta() -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of `metadata` and the definitions that it needs, those of the newest Kubernetes we have.

    That of a custom resource is read twice, and what comes of 1.0 or 1e18 in between is an integer.
    """
    known = load(builtin_folder(), "", "Namespace", "v1")["$defs"]
    found = {name: copy.deepcopy(known[name]) for name in ("ObjectMeta", "ManagedFieldsEntry", "OwnerReference")}
    for field in found["ObjectMeta"]["properties"].values():
        if "integer" in as_list(field.get("type")):
            field |= {"type": ["number", "null"], "multipleOf": 1}
    return {"$ref": "#/$defs/ObjectMeta"}, found


def _yaml_files(given: Iterable[Path]) -> Iterator[Path]:
    for path in map(Path, given):
        yield from sorted(path.glob("*.y*ml")) if path.is_dir() else [path]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReadError(f"{path}: {error.strerror}") from error


def _crds(path: Path, content: bytes) -> list[dict[str, Any]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.load_all(content, Loader=loader))
    except yaml.YAMLError as error:
        raise ReadError(f"{path}: {error}") from error
    return [data for data in documents if isinstance(data, dict) and data.get("kind") == "CustomResourceDefinition"]


def _kind_row(crd: dict[str, Any], version: str) -> dict[str, Any]:
    spec = crd["spec"]
    return {
        "crd": crd["metadata"]["name"],
        "group": spec["group"],
        "version": version,
        "kind": spec["names"]["kind"],
        "scope": spec["scope"],
    }


def _schema_file(folder: Path, crd: dict[str, Any], version: str) -> Path:
    group, kind = str(crd["spec"]["group"]), str(crd["spec"]["names"]["kind"])
    return folder / group / f"{kind.lower()}_{version}.json"
