"""Judges objects by schemas, with the API server's verdict."""

from __future__ import annotations

from aksrdma.schemas.judge.compiler import compile_schema
from aksrdma.schemas.judge.releases import Schemas, releases_taking, releases_with, schemas_of

__all__ = ["Schemas", "compile_schema", "releases_taking", "releases_with", "schemas_of"]
