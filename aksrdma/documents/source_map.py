"""Which character of the file each character of a scalar comes from, through indentation, folding and escapes."""

from __future__ import annotations

import re
from typing import Final

from aksrdma.documents.nodes import Node

_BREAK: Final = re.compile(r"[ \t]*\n[ \t\n]*")
_ESCAPE: Final = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n[ \t]*|.)")


def source_offsets(text: str, node: Node) -> list[int]:
    """Return for every character of a scalar, and for its end, the offset in `text` that it comes from.

    Args:
        text: The document's text.
        node: A scalar of it.
    """
    if node.style == "|":
        offsets = _literal(text, node)
    elif node.style == ">":
        offsets = _folded(text, node)
    else:
        offsets = _flow(text, node)
    offsets = offsets[: len(node.text)]
    last = offsets[-1] + 1 if offsets else node.start.index
    return offsets + [last] * (len(node.text) + 1 - len(offsets))


def _literal(text: str, node: Node) -> list[int]:
    start = _behind_header(text, node)
    indent = _indent(text, start, node.text)
    offsets: list[int] = []
    for line in node.text.split("\n"):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        first = min(start + indent, end)
        offsets.extend(range(first, first + len(line)))
        offsets.append(end)
        start = end + 1
    return offsets


def _behind_header(text: str, node: Node) -> int:
    end = text.find("\n", node.start.index)
    return len(text) if end < 0 else end + 1


def _indent(text: str, start: int, value: str) -> int:
    for line in value.split("\n"):
        end = text.find("\n", start)
        source = text[start : len(text) if end < 0 else end]
        if line.strip(" "):
            return len(source) - len(line) if source.endswith(line) else 0
        start = end + 1
    return 0


def _folded(text: str, node: Node) -> list[int]:
    source, value = _behind_header(text, node), node.text
    offsets: list[int] = []
    source = _skip(text, source, " \n") - _leading_blanks(value)
    while len(offsets) < len(value) and source < len(text):
        character = value[len(offsets)]
        if text[source] == "\n":
            blanks = _skip(value, len(offsets), " \n") - len(offsets)
            behind = _skip(text, source, " \n")
            offsets.extend(max(source, behind - blanks + count) for count in range(blanks))
            source = behind
        else:
            offsets.append(source)
            source += text[source] == character
    return offsets


def _leading_blanks(value: str) -> int:
    return len(value) - len(value.lstrip(" \n"))


def _skip(text: str, start: int, characters: str) -> int:
    while start < len(text) and text[start] in characters:
        start += 1
    return start


def _flow(text: str, node: Node) -> list[int]:
    source, end = node.start.index + bool(node.style), node.end.index - bool(node.style)
    offsets: list[int] = []
    while source < end:
        folded = _BREAK.match(text, source, end)
        escape = _ESCAPE.match(text, source, end) if node.style == '"' else None
        if folded:
            breaks = folded[0].count("\n")
            offsets.extend([source] * max(1, breaks - 1))
            source = folded.end()
        elif escape:
            offsets.extend([source] * (not escape[0].startswith("\\\n")))
            source = escape.end()
        else:
            offsets.append(source)
            source += 2 if node.style == "'" and text[source] == "'" else 1
    return offsets
