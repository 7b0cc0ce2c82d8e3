"""The comments of a document: what begins with `#` and stands in no value."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from aksrdma.documents.nodes import Node
from aksrdma.documents.split import Chunk

_START = re.compile(r"(?:^|(?<=[ \t]))#", re.MULTILINE)


def comment_spans(text: str, root: Node) -> Iterator[tuple[int, int]]:
    """Yield where each comment of a document begins and ends."""
    spans = sorted(_scalar_spans(text, root))
    starts = [start for start, _ in spans]
    done = 0
    for found in _START.finditer(text):
        at = found.start()
        inside = bisect_right(starts, at) - 1
        if at < done or (inside >= 0 and at < spans[inside][1]):
            continue
        done = _line_end(text, at)
        yield at, done


def preamble_comments(chunk: Chunk) -> dict[int, str]:
    """Return the comments that stand between the separator above a document and the one before."""
    lines = chunk.preamble.split("\n")
    first = chunk.line - len(lines) + 1
    return {first + number: line.strip() for number, line in enumerate(lines) if line.lstrip(" \t").startswith("#")}


def _scalar_spans(text: str, root: Node) -> Iterator[tuple[int, int]]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.kind == "scalar":
            yield _line_end(text, node.start.index) if node.style in ("|", ">") else node.start.index, node.end.index
        elif node.kind != "alias":
            waiting.extend(node.children)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
