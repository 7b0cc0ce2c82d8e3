"""JSON Schemas: the files that ship with aksrdma, `judge` that judges objects by them, `make` that makes them."""

from __future__ import annotations

from aksrdma.schemas.store import Kind, builtin_folder, find, folders, kinds, kubernetes_versions, load, schema_folder

__all__ = ["Kind", "builtin_folder", "find", "folders", "kinds", "kubernetes_versions", "load", "schema_folder"]
