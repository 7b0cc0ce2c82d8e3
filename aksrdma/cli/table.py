"""A table for the terminal, and rows as JSON or YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return aligned columns, two blanks apart; None is shown as `-`."""
    cells = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines) + "\n"


def details(data: dict[str, Any]) -> str:
    """Return one row, a field a line, nested fields by their dotted path."""
    pairs = list(_flat(data, ""))
    width = max((len(path) for path, _ in pairs), default=0)
    return "".join(f"{path.ljust(width)}  {value}\n" for path, value in pairs)


def text_of(data: Any, output: str) -> str:
    """Return plain data as `json` or `yaml`."""
    if output == "json":
        return json.dumps(data, indent=2) + "\n"
    from aksrdma.documents.writer import dump

    if isinstance(data, dict):
        return dump(data)
    return "".join(f"---\n{dump(row)}" for row in data)


def printable(text: str) -> str:
    """Return a text with its control characters as escapes: names in a file are a stranger's, and a terminal obeys them."""
    return text if text.isprintable() else "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return printable(", ".join(map(str, value))) or "none"
    return ("yes" if value else "no") if isinstance(value, bool) else printable(str(value))


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}[{index}]")
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value))
    else:
        yield path, _cell(value)
