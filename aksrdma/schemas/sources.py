"""SOURCES.yaml: which file each folder of schemas was made from, so that anyone can make it again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml

from aksrdma.schemas.text import schema_text

_HEAD = "# Made by `aksrdma schemas import`: the files that these schemas were derived from.\n"


def source_row(file: str, content: bytes, kinds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of one source file: its name, its sha256 and the kinds that it defines."""
    return {"file": file, "sha256": hashlib.sha256(content).hexdigest(), "kinds": kinds}


def write_schema(path: Path, schema: dict[str, Any]) -> None:
    """Write one schema, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema_text(schema), encoding="utf-8", newline="\n")


def write_sources(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Write or update SOURCES.yaml of a folder: a row replaces the one of the same file, other rows stay."""
    path = folder / "SOURCES.yaml"
    known = yaml.safe_load(path.read_text(encoding="utf-8"))["files"] if path.is_file() else []
    by_file = {row["file"]: row for row in [*known, *rows]}
    merged = {"files": [by_file[name] for name in sorted(by_file)]}
    text = _HEAD + yaml.safe_dump(merged, sort_keys=False, width=120)
    path.write_text(text, encoding="utf-8", newline="\n")
