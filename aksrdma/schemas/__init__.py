"""JSON Schemas of the kinds that aksrdma judges, and the engine that judges by them."""

from __future__ import annotations

from aksrdma.schemas.store import Kind, builtin_folder, find, folders, kinds, load, schema_folder

__all__ = ["Kind", "builtin_folder", "find", "folders", "kinds", "load", "schema_folder"]
