"""Bytes to text, or the reason why Kubernetes' reader takes them for none."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from aksrdma.documents.problems import YamlProblem

_USUAL_BYTES: Final = bytes([9, 10, *range(0x20, 0x7F), *range(0x80, 0x100)])
_RARE_LETTERS: Final = (b"\xc2", b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xef")
"""What the UTF-8 of every unusual character beyond ASCII has in it, and few others have."""
BYTE_ORDER_MARK: Final = "\ufeff"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def decode(source: bytes | str) -> tuple[str, bool] | YamlProblem:
    """Return the text of a file with line feeds as line ends, and whether it holds usual characters alone.

    Usual is what is neither forbidden nor a line break other than the line feed.
    """
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogatepass")
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        return _binary(source) if _is_binary(source) else _not_utf8(source, error.start)
    if source.translate(None, _USUAL_BYTES):
        if _is_binary(source):
            return _binary(source)
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


def _is_binary(source: bytes) -> bool:
    return b"\0" in source or source[:2] in _UTF16_MARKS


def too_large(limit: int) -> YamlProblem:
    """Return the problem of a file of more than `limit` bytes."""
    return YamlProblem(
        rule="yaml-too-large",
        message=f"more than the {limit:,} bytes that are read of one file",
        fix="split the file, or raise the limit (--max-file-size)",
        line=1,
        column=1,
    )


def _binary(source: bytes) -> YamlProblem:
    utf16 = source[:2] in _UTF16_MARKS
    at = 0 if utf16 else source.index(b"\0")
    return _problem(
        source,
        at,
        "UTF-16, which kubectl does not read" if utf16 else "a NUL byte: the file is binary, or UTF-16",
        "save the file as UTF-8" if utf16 else "give the manifest itself, as UTF-8 text",
    )


def _not_utf8(source: bytes, at: int) -> YamlProblem:
    return _problem(source, at, f"byte 0x{source[at]:02x} is no UTF-8", "save the file as UTF-8")


def _problem(source: bytes, at: int, message: str, fix: str) -> YamlProblem:
    line_start = source.rfind(b"\n", 0, at) + 1
    column = len(source[line_start:at].decode("utf-8", "replace")) + 1
    line = source.count(b"\n", 0, at) + 1
    return YamlProblem(rule="yaml-encoding", message=message, fix=fix, line=line, column=column)
