"""Steps through the JSON Schema of a kind, as `aksrdma.schemas` has them."""

from __future__ import annotations

from typing import Any, TypeAlias

from aksrdma import catalog, schemas
from aksrdma.findings import FieldPath

Schema: TypeAlias = dict[str, Any]


def release_schema(release: str, api_version: str, kind: str) -> Schema | None:
    """Return the schema that a release's own CRDs have for a kind, or None."""
    group, _, version = api_version.rpartition("/")
    if schemas.Kind(group, version, kind) not in schemas.kinds(release):
        return None
    return schemas.load(release, group, kind, version)


def schemas_by_release(api_version: str, kind: str) -> dict[str, Schema | None]:
    """Return the schema of a kind in every release, oldest first; all None for kinds that no release brings along."""
    return {release: release_schema(release, api_version, kind) for release in catalog.releases()}


def resolved(root: Schema, schema: Schema) -> Schema:
    """Return a schema with its reference, if it has one, replaced by what it stands for."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    return {**root["$defs"][name], **schema} if name else schema


def child(root: Schema, schema: Schema, step: str | int) -> Schema | None:
    """Return the schema of a field, list item or map value, or None where there is no such thing."""
    if isinstance(step, int):
        found = schema.get("items")
    else:
        found = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
    if found is True:
        return {}
    return resolved(root, found) if isinstance(found, dict) else None


def at(root: Schema, path: FieldPath) -> Schema | None:
    """Return the schema at a path, or None; the JSON of a string has the schema of its string."""
    schema: Schema | None = resolved(root, root)
    for step in path:
        if step is None or schema is None:
            return schema
        schema = child(root, schema, step)
    return schema
