"""Makes strict JSON Schemas from CustomResourceDefinitions."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any, Final

import yaml

from aksrdma import paths
from aksrdma.errors import ReadError
from aksrdma.kube.names import dns_label, dns_subdomain
from aksrdma.schemas.make.files import ordered, shared, source_row, with_definitions, write_schema, write_sources
from aksrdma.schemas.make.structural import NO_FIELDS, NO_FIELDS_DEFINITION, Converter, emptied, or_null
from aksrdma.schemas.store import REPLICAS, Kind, Schema, as_list, builtin_folder, load

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
    files = [file for path in map(Path, crds) for file in (sorted(path.glob("*.y*ml")) if path.is_dir() else [path])]
    contents = []
    for path in files:
        try:
            contents.append((path, path.read_bytes()))
        except OSError as error:
            raise ReadError(f"{path}: {error.strerror}") from error
    schemas, rows = made_of(contents)
    if not rows:
        raise ReadError(f"no CustomResourceDefinition in {', '.join(map(str, crds)) or 'what was given'}")
    for file, schema in schemas.items():
        write_schema(out_dir / release / file, schema)
    write_sources(out_dir / release, rows)
    return [out_dir / release / file for file in schemas]


def made_of(files: Iterable[tuple[PurePath, bytes]]) -> tuple[dict[str, Schema], list[dict[str, Any]]]:
    """Return the schemas of CRDs by their files below a release's folder, and the rows of `SOURCES.yaml`.

    Raises:
        ReadError: a file is no YAML, or holds a CRD without what every one has.
    """
    schemas: dict[str, Schema] = {}
    rows = []
    for path, content in files:
        kinds = []
        for crd in _crds(path, content):
            spec = crd["spec"]
            for version, schema in _made(path, crd):
                kind = Kind(str(spec["group"]), version, str(spec["names"]["kind"]))
                kinds.append({"crd": crd["metadata"]["name"], **kind._asdict(), "scope": spec["scope"]})
                schemas[kind.file] = schema
        if kinds:
            rows.append(source_row(path.name, content, kinds))
    return schemas, rows


def _made(path: PurePath, crd: dict[str, Any]) -> list[tuple[str, Schema]]:
    try:
        return list(schemas_of(crd))
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:  # a stranger's file
        raise ReadError(f"{path}: {crd['metadata']['name']} has no schema that can be read ({error!r})") from error


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
    path = version.get("subresources", {}).get("scale", {}).get("specReplicasPath", "")
    replicas = {REPLICAS: path.removeprefix(".").split(".")} if path else {}
    return shared(with_definitions({"$schema": DRAFT, **replicas, **ordered(out)}, definitions))


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


def _crds(path: PurePath, content: bytes) -> list[dict[str, Any]]:
    """Return the CRDs of a file whose names may become part of a path."""
    try:
        documents = list(yaml.load_all(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError as error:
        raise ReadError(f"{path}: {error}") from error
    found = [data for data in documents if isinstance(data, dict) and data.get("kind") == "CustomResourceDefinition"]
    for crd in found:
        try:
            spec = crd["spec"]
            wrong = [dns_subdomain(str(crd["metadata"]["name"]))]
            labels = [
                str(spec["scope"]).lower(),
                str(spec["names"]["kind"]).lower(),
                *(str(version["name"]) for version in spec["versions"]),
            ]
            wrong += [dns_subdomain(str(spec["group"])), *map(dns_label, labels)]
        except (LookupError, TypeError) as error:
            raise ReadError(
                f"{path}: a CustomResourceDefinition without a name, a scope, a group, a kind or versions"
            ) from error
        if any(wrong):
            raise ReadError(f"{path}: a CustomResourceDefinition with a group, a kind or a version that is no name")
    return found
