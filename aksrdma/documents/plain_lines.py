"""What one line of the common subset of YAML says.

It does not depend on the lines around it, so lines are remembered: manifests repeat most of theirs.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

from aksrdma.documents.plain_flow import Unusual, read_flow
from aksrdma.documents.plain_scalars import PLAIN_KEYS, PLAIN_VALUES

BLANK, VALUE, NOTHING, FLOW, CLIPPED, STRIPPED = range(6)
"""What a line ends with: no content, a scalar, nothing yet, a flow collection, a `|` or a `|-` block."""

Line: TypeAlias = "tuple[int, int, str | None, int, Any]"
"""Column of the dash or key, column of the key (-1 without one), key or None, one of the numbers above, the value."""

_NO_LINE: Final[Line] = (0, 0, None, BLANK, None)
_CACHED_LENGTH = 160
_CACHED_LINES = 1 << 15

_SHAPE: Final = re.compile(
    r"( *)(?:(-)(?: +|$))?"
    r"(?:([A-Za-z0-9_./][A-Za-z0-9_./-]{0,200}|\"[^\"\\\t]{0,200}\"|'[^'\t]{0,200}'):(?: +|$))?"
    r"([^\t]*)\Z"
)
_QUOTED: Final = re.compile(r"""(?:"([^"\\]*)"|'([^']*)')(?: +#.*| *)\Z""")
_PLAIN_START: Final = re.compile(r"[A-Za-z0-9_./+(=~$^;<\\]|-[A-Za-z0-9_./+-]")


class _Lines(dict[str, Line]):
    """What each line says, worked out once."""

    def __missing__(self, line: str) -> Line:
        meaning = _meaning(line)
        if len(line) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_LINES:
                self.clear()
            self[line] = meaning
        return meaning


LINES: Final = _Lines()
"""Line to its meaning: `LINES["- a: 1"]` is (0, 2, "a", VALUE, 1). Raises Unusual for what is not of the subset."""


def _meaning(line: str) -> Line:
    shape = _SHAPE.match(line)
    if shape is None:
        raise Unusual
    spaces, dash, key, rest = shape.groups()
    column = len(spaces)
    if key is None and rest[:1] in ("", "#") and not dash:
        if rest and shape.start(4) > column:
            raise Unusual
        return _NO_LINE
    kind, value = _rest(rest)
    if not dash and key is None:
        raise Unusual
    if key is None:
        return column, -1, None, kind, value
    name = key[1:-1] if key[0] in "\"'" else PLAIN_KEYS[key]
    return column, shape.start(3), name, kind, value


def _rest(rest: str) -> tuple[int, Any]:
    first = rest[:1]
    if first in ("", "#"):
        return NOTHING, None
    if first in "\"'":
        return VALUE, _quoted(rest)
    if _PLAIN_START.match(rest):
        return VALUE, _plain(rest)
    return _collection_or_block(rest)


def _quoted(rest: str) -> str:
    found = _QUOTED.match(rest)
    if not found:
        raise Unusual
    double, single = found.groups()
    return double if single is None else single


def _plain(rest: str) -> Any:
    text = rest.partition(" #")[0].rstrip(" ")
    if ": " in text or text[-1] == ":":
        raise Unusual
    return PLAIN_VALUES[text]


def _collection_or_block(rest: str) -> tuple[int, Any]:
    bare = rest.rstrip(" ")
    if bare == "|":
        return CLIPPED, None
    if bare == "|-":
        return STRIPPED, None
    if bare[0] in "[{":
        return FLOW, read_flow(bare)
    raise Unusual
