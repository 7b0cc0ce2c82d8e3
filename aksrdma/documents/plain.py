"""The common subset of YAML, read line by line: several times faster than libyaml, and to the same values.

Block maps and lists of one-line scalars, `|` blocks, comments, and flow collections of plain words on one line. At the
first line that is anything else it gives up, and `nodes.compose` reads the document.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.documents.plain_flow import DEPTH as FLOW_DEPTH
from aksrdma.documents.plain_flow import Unusual
from aksrdma.documents.plain_lines import BLANK, FLOW, LINES, NOTHING, STRIPPED, VALUE
from aksrdma.documents.scalars import ScalarError

EMPTY: Final = object()
"""Stands for a document that holds nothing but comments."""
UNUSUAL: Final = object()
"""Stands for a document that is for the full parser to read."""


def parse(text: str, max_depth: int) -> Any:
    """Return the value of a document, or EMPTY, or UNUSUAL where it needs the full parser.

    Args:
        text: The document without its separator: no character that YAML forbids or breaks lines at but the line feed.
        max_depth: Levels of maps and lists beyond which the full parser is to judge.
    """
    try:
        return _parse(text.split("\n"), max_depth)
    except (Unusual, ScalarError):
        return UNUSUAL


def _parse(lines: list[str], max_depth: int) -> Any:
    # one long loop: a call for each line would cost as much as all that it does with it
    meanings = LINES
    outer: list[tuple[Any, int]] = []
    top: Any = None  # the innermost open collection, and the column of its keys or dashes
    top_column = -1
    open_at: Any = None  # the key or index of `top` that awaits its value
    root: Any = EMPTY
    number, count = 0, len(lines)
    while number < count:
        at, column, key, kind, value = meanings[lines[number]]
        number += 1
        if kind == BLANK:
            continue
        while at < top_column:
            if not outer:
                return UNUSUAL
            top, top_column = outer.pop()
            open_at = None
        is_list = type(top) is list
        if key is None or at != column:  # a dash
            if at != top_column or not is_list:
                if top is None:
                    top = root = []
                elif open_at is None or len(outer) + 2 > max_depth:
                    return UNUSUAL
                else:
                    outer.append((top, top_column))
                    top[open_at] = top = []
                top_column = at
            open_at = len(top)
            top.append(None)
            at = column
        elif is_list and at == top_column:
            if not outer:
                return UNUSUAL
            top, top_column = outer.pop()
            open_at = None
        if key is not None:
            if at != top_column:
                if top is None:
                    top = root = {}
                elif open_at is None or len(outer) + 2 > max_depth:
                    return UNUSUAL
                else:
                    outer.append((top, top_column))
                    top[open_at] = top = {}
                top_column = at
            elif key in top:
                return UNUSUAL
            open_at = key
        if kind == VALUE:
            top[open_at] = value
            open_at = None
        elif kind == NOTHING:
            top[open_at] = None
        else:
            if kind == FLOW:
                if len(outer) + 1 + FLOW_DEPTH > max_depth:
                    return UNUSUAL
                top[open_at] = _copy(value)
            else:
                top[open_at], number = _block(lines, number, top_column, kind == STRIPPED)
            open_at = None
    return root


def _block(lines: list[str], number: int, parent_column: int, stripped: bool) -> tuple[str, int]:
    leading = 0
    while number < len(lines) and not lines[number]:
        number += 1
        leading += 1
    first = lines[number] if number < len(lines) else ""
    indent = len(first) - len(first.lstrip(" "))
    if (indent == len(first) and first) or first[indent : indent + 1] == "\t":
        raise Unusual
    if indent <= parent_column or not first:
        return "", number
    prefix = " " * indent
    content = [""] * leading
    for line in lines[number:]:
        if line.startswith(prefix):
            content.append(line[indent:])
        elif line.strip(" "):
            break
        else:
            content.append("")
        number += 1
    text = "\n".join(content).rstrip("\n")
    return text if stripped else text + "\n", number


def _copy(value: Any) -> Any:
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    if type(value) is list:
        return [_copy(item) for item in value]
    return value
