"""The YAML that most manifests are, read line by line: several times faster than libyaml, and to the same values.

Block maps and lists of one-line scalars, `|` blocks, comments, and flow collections of plain words on one line. At the
first line that is anything else it gives up, and `full.parse` reads the document.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

from aksrdma.documents.scalars import PLAIN_KEYS, PLAIN_VALUES, ScalarError
from aksrdma.documents.source_text import EMPTY

UNUSUAL: Final = object()
"""Stands for the value of a document that is for the full reader."""

Line: TypeAlias = "tuple[int, int, str | None, int, Any]"
"""What a line says: column of the dash or key, column of the key (-1 without one), key or None, what the line ends
with, and its value."""

_BLANK, _VALUE, _NOTHING, _FLOW, _CLIPPED, _STRIPPED = range(6)
"""What a line ends with: no content, a scalar, nothing yet, a flow collection, a `|` or a `|-` block."""

_FLOW_DEPTH: Final = 8
"""How deep a flow collection may be here."""
_NO_LINE: Final[Line] = (0, 0, None, _BLANK, None)
_REMEMBERED_LENGTH: Final = 160
_REMEMBERED_LINES: Final = 1 << 15

_SHAPE: Final = re.compile(
    r"( *)(?:(-)(?: +|$))?"
    r"(?:([A-Za-z0-9_./][A-Za-z0-9_./-]{0,200}|\"[^\"\\\t]{0,200}\"|'[^'\t]{0,200}'):(?: +|$))?"
    r"([^\t]*)\Z"
)
_QUOTED: Final = re.compile(r"""(?:"([^"\\]*)"|'([^']*)')(?: +#.*| *)\Z""")
_PLAIN_START: Final = re.compile(r"[A-Za-z0-9_./+(=~$^;<\\]|-[A-Za-z0-9_./+-]")
_FLOW_TOKEN: Final = re.compile(r"""([A-Za-z0-9_./][A-Za-z0-9_./-]*|"[^"\\]*"|'[^']*')(: )? *|([\[\]{},]) *""")


class _Unusual(Exception):
    """A line that is for the full reader."""


def parse(text: str, max_depth: int) -> Any:
    """Return the value of a document, or EMPTY, or UNUSUAL where it needs the full reader.

    Args:
        text: The document without its separator: no character that YAML forbids or breaks lines at but the line feed.
        max_depth: Levels of maps and lists beyond which the full reader is to judge.
    """
    try:
        return _parse(text.split("\n"), max_depth)
    except (_Unusual, ScalarError):
        return UNUSUAL


def _parse(lines: list[str], max_depth: int) -> Any:
    # one long loop: a call for each line would cost as much as all that it does with it
    meanings = _LINES
    outer: list[tuple[Any, int]] = []  # the open collections around `top`, each with the column of its keys or dashes
    top: Any = [EMPTY]  # the innermost open collection; at first a list around the document
    document = top
    top_column = -1
    open_at: Any = 0  # the key or index of `top` that awaits its value
    number, count = 0, len(lines)
    while number < count:
        at, column, key, kind, value = meanings[lines[number]]
        number += 1
        if kind == _BLANK:
            continue
        while at < top_column:
            top, top_column = outer.pop()
            open_at = None
        is_list = type(top) is list
        if key is None or at != column:  # a dash
            if at != top_column or not is_list:
                if open_at is None or len(outer) >= max_depth:
                    return UNUSUAL
                outer.append((top, top_column))
                top[open_at] = top = []
                top_column = at
            open_at = len(top)
            top.append(None)
            at = column
        elif is_list and at == top_column:  # a key right below the dashes of the list of the key before
            top, top_column = outer.pop()
            open_at = None
        if key is not None:
            if at != top_column:
                if open_at is None or len(outer) >= max_depth:
                    return UNUSUAL
                outer.append((top, top_column))
                top[open_at] = top = {}
                top_column = at
            elif key in top:
                return UNUSUAL
            open_at = key
        if kind == _NOTHING:
            top[open_at] = None
            continue
        if kind > _NOTHING:
            if kind != _FLOW:
                value, number = _block(lines, number, top_column, kind == _STRIPPED)
            elif len(outer) + _FLOW_DEPTH > max_depth:
                return UNUSUAL
            else:
                value = _copy(value)
        top[open_at] = value
        open_at = None
    return document[0]


def _block(lines: list[str], number: int, parent_column: int, stripped: bool) -> tuple[str, int]:
    """Return the text of a `|` block whose first line is `number`, and the number of the line behind it."""
    leading = 0
    while number < len(lines) and not lines[number]:
        number += 1
        leading += 1
    first = lines[number] if number < len(lines) else ""
    indent = len(first) - len(first.lstrip(" "))
    if (indent == len(first) and first) or first[indent : indent + 1] == "\t":
        raise _Unusual
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
    """Return a flow collection anew, for the line that it is remembered by may stand again."""
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    if type(value) is list:
        return [_copy(item) for item in value]
    return value


class _Lines(dict[str, Line]):
    """What each line says, which does not depend on those around it: manifests repeat most of their lines."""

    def __missing__(self, line: str) -> Line:
        meaning = _meaning(line)
        if len(line) <= _REMEMBERED_LENGTH:
            if len(self) >= _REMEMBERED_LINES:
                self.clear()
            self[line] = meaning
        return meaning


_LINES: Final = _Lines()
"""Line to its meaning: `_LINES["- a: 1"]` is (0, 2, "a", _VALUE, 1). Raises _Unusual."""


def _meaning(line: str) -> Line:
    shape = _SHAPE.match(line)
    if shape is None:
        raise _Unusual
    spaces, dash, key, rest = shape.groups()
    column, first = len(spaces), rest[:1]
    if not dash and key is None:
        if first not in ("", "#") or (rest and shape.start(4) > column):
            raise _Unusual
        return _NO_LINE
    value: Any = None
    if first in ("", "#"):
        kind = _NOTHING
    elif first in "\"'":
        quoted = _QUOTED.match(rest)
        if quoted is None:
            raise _Unusual
        kind, value = _VALUE, quoted[1] if quoted[2] is None else quoted[2]
    elif _PLAIN_START.match(rest):
        text = rest.partition(" #")[0].rstrip(" ")
        if ": " in text or text[-1] == ":":  # two keys on one line, or a key that _SHAPE does not know
            raise _Unusual
        kind, value = _VALUE, PLAIN_VALUES[text]
    elif first in "[{":
        kind, value = _FLOW, _Flow(rest.rstrip(" ")).only_value()
    elif rest.rstrip(" ") in ("|", "|-"):
        kind = _CLIPPED if rest.rstrip(" ") == "|" else _STRIPPED
    else:
        raise _Unusual
    if key is None:
        return column, -1, None, kind, value
    name = key[1:-1] if key[0] in "\"'" else PLAIN_KEYS[key]
    return column, shape.start(3), name, kind, value


class _Flow:
    """Reads a flow collection on one line, of plain words and simple quotes; a comment alone may follow it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def only_value(self) -> Any:
        value = self._value(*self._next(), 0)
        rest = self._text[self._at :]
        if rest and not (rest[0] == "#" and self._text[self._at - 1] == " "):
            raise _Unusual
        return value

    def _next(self) -> tuple[str, bool]:
        """Return the next word or bracket, and whether it is a key."""
        token = _FLOW_TOKEN.match(self._text, self._at)
        if token is None:
            raise _Unusual
        self._at = token.end()
        return token[1] or token[3], token[2] is not None

    def _value(self, token: str, is_key: bool, depth: int) -> Any:
        if is_key or token in "]},":
            raise _Unusual
        if token in "[{":
            if depth == _FLOW_DEPTH:
                raise _Unusual
            return self._list(depth + 1) if token == "[" else self._map(depth + 1)
        return token[1:-1] if token[0] in "\"'" else PLAIN_VALUES[token]

    def _list(self, depth: int) -> list[Any]:
        items: list[Any] = []
        token = self._next()
        while token[0] != "]":
            items.append(self._value(*token, depth))
            token = self._separator("]")
        return items

    def _map(self, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        key, is_key = self._next()
        while key != "}":
            name = key[1:-1] if key[0] in "\"'" else PLAIN_KEYS[key]
            if not is_key or name in entries:
                raise _Unusual
            entries[name] = self._value(*self._next(), depth)
            key, is_key = self._separator("}")
        return entries

    def _separator(self, closing: str) -> tuple[str, bool]:
        """Return the token behind a comma, or the closing bracket."""
        token, is_key = self._next()
        if token == closing:
            return token, is_key
        following = self._next()
        if token != "," or following[0] in "]}":
            raise _Unusual
        return following
