"""Judges objects by schemas, with the API server's verdict."""

from __future__ import annotations

from aksrdma.schemas.judge.compiler import compile_schema
from aksrdma.schemas.judge.releases import (
    Schemas,
    releases_with,
    schemas_of,
    versions_with,
    with_history,
    with_versions,
)

__all__ = ["Schemas", "compile_schema", "releases_with", "schemas_of", "versions_with", "with_history", "with_versions"]
