"""Writes schema files: as few lines as stay readable, big parts once, and what they were made from beside them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from aksrdma.schemas.store import Schema

_HEAD: Final = "# Made by `aksrdma schemas import`: the files that these schemas were derived from.\n"


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
    path.write_text(sources_text(by_file.values()), encoding="utf-8", newline="\n")


def sources_text(rows: Iterable[dict[str, Any]]) -> str:
    """Return SOURCES.yaml with the rows of source files, sorted."""
    files = {"files": sorted(rows, key=lambda row: str(row["file"]))}
    return _HEAD + yaml.safe_dump(files, sort_keys=False, width=120)


_WIDTH: Final = 116
"""Characters of a line."""


def schema_text(schema: dict[str, Any]) -> str:
    """Return `schema` as JSON: one space of indent, whatever fits on one line on one line, a final newline.

    Keys keep the order in which they were put in, so that the same schema is the same bytes.
    """
    return _text(schema, "", 0) + "\n"


def _text(value: Any, indent: str, used: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or len(indent) + used + len(flat) <= _WIDTH:
        return flat
    inner = indent + " "
    if isinstance(value, list):
        lines = [_text(item, inner, 0) for item in value]
    else:
        named = [(f"{json.dumps(key, ensure_ascii=False)}: ", item) for key, item in value.items()]
        lines = [name + _text(item, inner, len(name) + 1) for name, item in named]
    start, end = "[]" if isinstance(value, list) else "{}"
    joined = f",\n{inner}".join(lines)
    return f"{start}\n{inner}{joined}\n{indent}{end}"


_BIG: Final = 60_000
"""Characters from which a schema is worth sharing: smaller ones read better whole."""
_WORTH_IT: Final = 160
"""Characters from which a part that is repeated becomes a definition."""


def with_definitions(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Return `schema` with its definitions, sorted, in `$defs` at its end."""
    return {**schema, "$defs": dict(sorted(definitions.items()))} if definitions else schema


def ordered(schema: Schema) -> Schema:
    """Return a schema with its keywords in the order in which one reads them: what is needed before what there is."""
    first = ("type", "required", "properties", "additionalProperties")
    return {key: schema[key] for key in first if key in schema} | schema


def without_zero_defaults(value: Any) -> Any:
    """Return a schema without the defaults that are Go's zero values: they only say that a field may be left out."""
    if isinstance(value, list):
        return [without_zero_defaults(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without_zero_defaults(item) for key, item in value.items() if key != "default" or item}


def shared(schema: Schema) -> Schema:
    """Return a schema that says the same; where it is big, what it repeats is moved to `$defs`."""
    if len(json.dumps(schema)) < _BIG:
        return schema
    sharing = _Sharing()
    root = sharing.intern(schema, "")
    body = sharing.build(root)
    return with_definitions(body, schema.get("$defs", {}) | sharing.definitions)


class _Sharing:
    """Equal schemas become one node; nodes that more than one place holds become definitions."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._ids: dict[str, int] = {}
        self._nodes: list[tuple[Schema, dict[tuple[str, str], int], str, int]] = []
        self._uses: Counter[int] = Counter()
        self._names: dict[int, str] = {}

    def intern(self, schema: Schema, name: str) -> int:
        """Return the number of the node of a schema; `name` is that of the field that holds it."""
        children = {place: self.intern(child, child_name) for place, child_name, child in _children(schema, name)}
        own = {key: None if any(key == keyword for keyword, _ in children) else value for key, value in schema.items()}
        text = json.dumps([own, [[*place, child] for place, child in children.items()]])
        if text not in self._ids:
            self._ids[text] = len(self._nodes)
            size = len(text) + sum(self._nodes[child][3] for child in children.values())
            self._nodes.append((own, children, name, size))
            self._uses.update(children.values())
        return self._ids[text]

    def build(self, number: int) -> Schema:
        """Return the schema of a node, with references in the place of definitions."""
        own, children, _, _ = self._nodes[number]
        out = {key: {} if key == "properties" and value is None else value for key, value in own.items()}
        for (keyword, name), child in children.items():
            if keyword == "properties":
                out["properties"][name] = self._place(child)
            else:
                out[keyword] = self._place(child)
        return out

    def _place(self, number: int) -> Schema:
        own, _, name, size = self._nodes[number]
        fixed = {"default", "nullable", "$ref"} & own.keys()  # what a place says itself
        if self._uses[number] < 2 or size < _WORTH_IT or fixed:
            return self.build(number)
        if number not in self._names:
            self._names[number] = self._free_name(name)
            self.definitions[self._names[number]] = self.build(number)
        return {"$ref": f"#/$defs/{self._names[number]}"}

    def _free_name(self, name: str) -> str:
        taken, count = set(self._names.values()), 2
        free = name
        while free in taken:
            free, count = f"{name}{count}", count + 1
        return free


def _children(schema: Schema, name: str) -> Iterator[tuple[tuple[str, str], str, Schema]]:
    """Yield where each schema inside `schema` is, a name for it, and the schema."""
    for field, child in schema.get("properties", {}).items():
        yield ("properties", field), field, child
    for keyword, ending in (("items", "Item"), ("additionalProperties", "Value")):
        if isinstance(schema.get(keyword), dict):
            yield (keyword, ""), name + ending, schema[keyword]
