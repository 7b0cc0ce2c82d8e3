"""JSON text of a schema: stable bytes, and as few lines as stay readable."""

from __future__ import annotations

import json
from typing import Any

_WIDTH = 116


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
        return _block("[", [_text(item, inner, 0) for item in value], "]", indent)
    return _block("{", [_member(key, item, inner) for key, item in value.items()], "}", indent)


def _member(key: str, value: Any, indent: str) -> str:
    name = f"{json.dumps(key, ensure_ascii=False)}: "
    return name + _text(value, indent, len(name) + 1)


def _block(start: str, lines: list[str], end: str, indent: str) -> str:
    joined = f",\n{indent} ".join(lines)
    return f"{start}\n{indent} {joined}\n{indent}{end}"
