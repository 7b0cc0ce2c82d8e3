"""YAML text of plain data that every reader, YAML 1.1 or 1.2, reads back the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from aksrdma.findings import FieldPath

Comments = Mapping[FieldPath, str]
"""Comment text to put above the key or list item at a path."""

# Bare text that no YAML 1.1 or 1.2 reader takes for a number, a date, a bool or null: a letter (or a slash) first, then
# only characters without meaning, and none of the words below.
_BARE: Final = re.compile(r"(?:\.\./)*[A-Za-z_/][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*\Z")
_WORDS: Final = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])
# Compiled when a text needs them: sets of so many characters take longer to compile than a manifest to write.
_BLOCK_LINE: Final = r"[\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*[^\s]\Z|\Z"
_NOT_IN_QUOTES: Final = r"[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]"
_COMMENT_WIDTH: Final = 110
_LONGEST_KEY: Final = 1000
"""Characters with which a line may begin up to the end of its key; readers take 1,024, and more only behind a `?`."""


def dump(data: Mapping[str, Any], comments: Comments | None = None) -> str:
    """Return the YAML text of a mapping: keys in order, block style, LF, a final newline."""
    if not data:
        return "{}\n"
    lines: list[str] = []
    _Emitter(lines, comments or {}).mapping(data, "", (), first="")
    return "\n".join(lines) + "\n"


def scalar(value: str | int | float | bool | None) -> str:
    """Return one value on one line, quoted where a reader could take it for something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    if _BARE.match(value) and value.casefold() not in _WORDS and len(value) < _COMMENT_WIDTH:
        return value
    # JSON is YAML, apart from these characters, which some reader takes for a line break, or drops.
    text = json.dumps(value, ensure_ascii=False)
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_NOT_IN_QUOTES, lambda m: f"\\u{ord(m[0]):04x}", text)


@lru_cache(1024)
def comment_lines(text: str, indent: str) -> tuple[str, ...]:
    """Return a comment wrapped at word ends, each line with `indent` and `# ` in front."""
    import textwrap

    width = max(40, _COMMENT_WIDTH - len(indent) - 2)
    return tuple(
        f"{indent}# {line}".rstrip() for part in text.split("\n") for line in textwrap.wrap(part, width) or [""]
    )


def _is_block_line(line: str) -> bool:
    if line.isascii():
        return line.isprintable() and not line.endswith(" ")
    return re.match(_BLOCK_LINE, line) is not None


def _fits_block(text: str) -> bool:
    lines = text.split("\n")
    return (
        len(lines) > 2
        and lines[-1] == ""
        and lines[-2] != ""
        and lines[0] != ""
        and lines[0][0] != " "
        and all(_is_block_line(line) for line in lines)
    )


class _Emitter:
    def __init__(self, lines: list[str], comments: Comments) -> None:
        self.lines = lines
        self.comments = comments

    def mapping(self, data: Mapping[str, Any], indent: str, path: FieldPath, first: str) -> None:
        """Write a mapping; `first` stands before its first key in place of `indent` (`- ` of a list)."""
        for key, value in data.items():
            here = (*path, key)
            self.comment(here, indent)
            head = f"{first or indent}{scalar(key)}:"
            if len(head) > _LONGEST_KEY:
                self.lines.append(f"{first or indent}? {scalar(key)}")
                head = f"{indent}:"
            self.value(value, head, indent, here)
            first = ""

    def comment(self, path: FieldPath, indent: str) -> None:
        if text := self.comments.get(path):
            self.lines += comment_lines(text, indent)

    def value(self, value: Any, head: str, indent: str, path: FieldPath) -> None:
        if isinstance(value, Mapping) and value:
            self.lines.append(head)
            self.mapping(value, indent + "  ", path, first="")
        elif isinstance(value, list | tuple) and value:
            self.lines.append(head)
            self.items(value, indent, path)
        else:
            self.leaf(value, head, indent)

    def items(self, values: list[Any] | tuple[Any, ...], indent: str, path: FieldPath) -> None:
        for index, value in enumerate(values):
            here = (*path, index)
            self.comment(here, indent)
            if isinstance(value, Mapping) and value:
                self.mapping(value, indent + "  ", here, first=f"{indent}- ")
            elif isinstance(value, list | tuple) and value:
                self.lines.append(f"{indent}-")
                self.items(value, indent + "  ", here)
            else:
                self.leaf(value, f"{indent}-", indent)

    def leaf(self, value: Any, head: str, indent: str) -> None:
        """Write a scalar or an empty collection behind `head`; lines of text as a block below it."""
        if isinstance(value, str) and "\n" in value and _fits_block(value):
            self.lines.append(f"{head} |")
            self.lines += [f"{indent}  {line}" if line else "" for line in value[:-1].split("\n")]
        else:
            text = "{}" if isinstance(value, Mapping) else "[]" if isinstance(value, list | tuple) else scalar(value)
            self.lines.append(f"{head} {text}")
