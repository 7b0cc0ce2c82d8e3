"""The documents of a YAML stream, apart as kubectl takes them apart: at every line that begins with `---`.

Source: `YAMLReader.Read` of k8s.io/apimachinery v0.34.2, pkg/util/yaml/decoder.go. It is cruder than YAML: it cuts
inside quotes and blocks too, and refuses content on the line of the dashes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_FILE_IN_FILE = "\n\ufeff"
_SEPARATOR = re.compile(r"^---([^\n]*)", re.MULTILINE)


@dataclass(slots=True)
class Chunk:
    """The text of one document, with where it lies in its file."""

    text: str
    line: int
    """1-based line of the file on which the text begins."""
    column: int = 1
    """1-based column at which its first line begins."""
    is_json: bool = False
    bad_separator: str = ""
    """What stands after the dashes above the text where nothing may."""
    preamble: str = ""
    """Comments above, cut off by a separator of their own; they end on the line before the dashes."""
    _starts: list[int] | None = None

    @property
    def lines(self) -> list[str]:
        """The text's lines, as an editor counts them."""
        return self.text.split("\n")

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of the file for a character of the text."""
        if self._starts is None:
            self._starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        row = bisect_right(self._starts, offset) - 1
        column = offset - self._starts[row]
        return self.line + row, column + (1 if row else self.column)


def split(text: str, first_line: int = 1) -> Iterator[Chunk]:
    """Cut a stream into its documents; empty ones are included.

    Args:
        text: The stream, with line feeds as its line ends.
        first_line: 1-based line of the file on which `text` begins.
    """
    start, line, bad, before = 0, first_line, "", ""
    has_separator = text.startswith("---") or "\n---" in text
    for found in _SEPARATOR.finditer(text) if has_separator else ():
        part = text[start : found.start()]
        yield Chunk(_without_mark(part, before), line, bad_separator=bad)
        line += part.count("\n")
        start, before = found.end(), part
        bad = found[1] and _content(found[1])
    yield Chunk(_without_mark(text[start:], before), line, bad_separator=bad)


def _without_mark(text: str, before: str) -> str:
    """Return a document without the byte order mark that files have when they are put together.

    kubectl skips it only behind a document, for then it has taken the dashes away; elsewhere it is part of the text.
    """
    if text.startswith(_FILE_IN_FILE) and before.strip():
        return text.replace(_FILE_IN_FILE, "\n", 1)
    return text


def _content(after_dashes: str) -> str:
    stripped = after_dashes.strip()
    return "" if stripped.startswith("#") else stripped
