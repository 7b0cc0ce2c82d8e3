"""The text of a file: from bytes, or the reason why Kubernetes' reader takes them for none, and cut into its documents."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from aksrdma.findings import Position, Problem

if TYPE_CHECKING:
    from aksrdma.documents.positions import Positions

EMPTY: Final = object()
"""Stands for the value of a document that holds nothing but comments."""
BROKEN: Final = object()
"""Stands for the value of a document that cannot be read."""
BYTE_ORDER_MARK: Final = "\ufeff"

_USUAL_BYTES: Final = bytes([9, 10, *range(0x20, 0x7F), *range(0x80, 0x100)])
_RARE_LETTERS: Final = (b"\xc2", b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xef")
"""What the UTF-8 of every unusual character beyond ASCII has in it, and few others have."""
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_FILE_IN_FILE: Final = "\n" + BYTE_ORDER_MARK
DASHES: Final = "---"
_SEPARATOR: Final = re.compile(r"^---([^\n]*)", re.MULTILINE)


def decode(source: bytes | str) -> tuple[str, bool] | Problem:
    """Return the text of a file with line feeds as line ends, and whether it holds usual characters alone.

    Usual is what is neither forbidden nor a line break other than the line feed.
    """
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogatepass")
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
        return _binary(source) or _no_text(source, at, f"byte 0x{source[at]:02x} is no UTF-8", "save the file as UTF-8")
    if source.translate(None, _USUAL_BYTES):
        if binary := _binary(source):
            return binary
        text = text.replace("\r\n", "\n")
    elif not any(letter in source for letter in _RARE_LETTERS):
        return text, True
    text = text.removeprefix(BYTE_ORDER_MARK)
    return text, _unusual().search(text) is None


@cache
def forbidden() -> re.Pattern[str]:
    """Return the pattern of a character that YAML refuses anywhere."""
    return re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@cache
def _unusual() -> re.Pattern[str]:
    return re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def _binary(source: bytes) -> Problem | None:
    if source[:2] in _UTF16_MARKS:
        return _no_text(source, 0, "UTF-16, which kubectl does not read", "save the file as UTF-8")
    if b"\0" not in source:
        return None
    fix = "give the manifest itself, as UTF-8 text"
    return _no_text(source, source.index(b"\0"), "a NUL byte: the file is binary, or UTF-16", fix)


def _no_text(source: bytes, at: int, message: str, fix: str) -> Problem:
    line_start = source.rfind(b"\n", 0, at) + 1
    column = len(source[line_start:at].decode("utf-8", "replace")) + 1
    return Problem("yaml-encoding", (), message, fix, at=Position(source.count(b"\n", 0, at) + 1, column))


class Chunk:
    """The text of one document, with where it lies in its file.

    Attributes:
        text: The text, without the separators around it.
        line: 1-based line of the file on which the text begins.
        column: 1-based column at which its first line begins.
        is_json: Whether it is one JSON value of a stream of them, rather than YAML.
        separator: The line of dashes above the text, without its line end; empty where there is none.
        preamble: Comments above, cut off by a separator of their own; they end on the line before the dashes.
    """

    __slots__ = ("_mentions", "_starts", "column", "is_json", "line", "positions", "preamble", "separator", "text")

    def __init__(
        self, text: str, line: int = 1, column: int = 1, *, is_json: bool = False, separator: str = ""
    ) -> None:
        self.text = text
        self.line = line
        self.column = column
        self.is_json = is_json
        self.separator = separator
        self.preamble = ""
        self._starts: list[int] | None = None
        self._mentions: dict[str, bool] = {}
        self.positions: Positions | None = None
        """Where its parts stand, once somebody asked: the items of a List have one text."""

    def mentions(self, word: str) -> bool:
        """Return whether a word stands in the text or above it; it is looked for once."""
        found = self._mentions.get(word)
        if found is None:
            found = self._mentions[word] = word in self.text or word in self.preamble
        return found

    def mentions_any(self, words: tuple[str, ...]) -> bool:
        """Return whether one of some words stands there."""
        return any(map(self.mentions, words))

    def place(self, offset: int) -> Position:
        """Return where in the file a character of the text stands."""
        if self._starts is None:
            self._starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        row = bisect_right(self._starts, offset) - 1
        column = offset - self._starts[row]
        return Position(self.line + row, column + (1 if row else self.column))

    def source_lines(self, line: int) -> tuple[str, str]:
        """Return the texts of a line of the file and of the one above it, without their line ends."""
        lines, index = self.text.split("\n"), line - self.line
        return lines[index], lines[index - 1] if index else ""


def split(text: str, first_line: int = 1) -> Iterator[Chunk]:
    """Cut a YAML stream into its documents as kubectl does, at every line that begins with `---`; empty ones included.

    That is cruder than YAML: it cuts inside quotes and blocks too, and refuses content on the line of the dashes.
    Source: `YAMLReader.Read` of k8s.io/apimachinery v0.34.2, pkg/util/yaml/decoder.go.

    Args:
        text: The stream, with line feeds as its line ends.
        first_line: 1-based line of the file on which `text` begins.
    """
    start, line, separator, before = 0, first_line, "", ""
    is_fresh = True
    has_separator = text.startswith("---") or "\n---" in text
    for found in _SEPARATOR.finditer(text) if has_separator else ():
        part = text[start : found.start()]
        yield Chunk(_without_mark(part, before), line, separator=separator)
        line += part.count("\n")
        # with nothing above them kubectl leaves dashes in the text, where `---#` is a word
        is_kept = is_fresh and part == ("\n" if start else "")
        is_fresh = not is_kept
        is_word = is_kept and found[1].startswith("#")
        start, separator, before = (found.start(), "", part) if is_word else (found.end(), found[0], part)
    yield Chunk(_without_mark(text[start:], before), line, separator=separator)


def _without_mark(text: str, before: str) -> str:
    """Return a document without the byte order mark that files have when they are put together.

    kubectl skips it only behind a document, for then it has taken the dashes away; elsewhere it is part of the text.
    """
    if text.startswith(_FILE_IN_FILE) and before.strip():
        return text.replace(_FILE_IN_FILE, "\n", 1)
    return text
