"""How what is wrong with a text is said to the one who wrote it."""

from __future__ import annotations

import re
from typing import Final

from aksrdma.findings import Position, Problem


def duplicate_key(key: str, first_line: int, at: Position) -> Problem:
    """Return the problem of a key that stands in `first_line` and again at a place."""
    line = at.line
    message = f"the key {key!r} stands in line {first_line} and again in line {line}; only the last one counts"
    fix = "remove one of them" if first_line == line else f"remove the one in line {first_line} or in line {line}"
    return Problem("yaml-duplicate-key", (), message, fix, at=at)


def missing_separator(at: Position) -> Problem:
    """Return the problem of a second object that begins at a place inside of a document."""
    message = f"a second object begins in line {at.line} of the same document, and hides the one above it"
    return Problem("yaml-duplicate-key", (), message, "put `---` on a line of its own above it", at=at)


def too_deep(limit: int, at: Position) -> Problem:
    """Return the problem of a document with more than `limit` levels."""
    message = f"more than {limit} levels of maps and lists"
    return Problem("yaml-too-deep", (), message, "flatten the document: no Kubernetes object is that deep", at=at)


def forbidden_character(character: str, at: Position) -> Problem:
    """Return the problem of a character that YAML refuses."""
    message = f"the character U+{ord(character):04X}, which may not stand there"
    fix = 'remove it, or write it as an escape in double quotes ("\\u0007")'
    return Problem("yaml-encoding", (), message, fix, at=at)


def dashes_without_space(at: Position) -> Problem:
    """Return the problem of a document that begins with `---#`, which is no separator there but a word."""
    message = "`---#` is a word to kubectl where nothing stands above it, not a `---` with a comment"
    return Problem("yaml-syntax", (), message, "put a space before the `#`", at=at)


def ignored_text(at: Position) -> Problem:
    """Return the problem of text that stands behind the end of a document."""
    message = "text after the end of the document, which kubectl ignores without a word"
    fix = "put `---` on a line of its own before it, or remove it"
    return Problem("yaml-ignored-text", (), message, fix, at=at)


_SYNTAX: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "mapping values are not allowed",
        "a second `: ` in one value, or a key that is indented more than the keys beside it",
        'quote the value ("...") if it holds `: `, else align the key with its neighbors',
    ),
    (
        "did not find expected key",
        "neither a key nor the end of the map: indentation that fits no line above, or text after a quoted value",
        "align the line with the keys beside it, and close or escape quotes",
    ),
    (
        "did not find expected '-' indicator",
        "neither a `- ` item nor the end of the list: indentation that fits no line above",
        "align the line with the `-` of the list or with the key that holds it",
    ),
    (
        "did not find expected ',' or ']'",
        "the `[` list of line {opened} is not closed, or an item has no comma before it",
        "close the list with `]` and put commas between its items",
    ),
    (
        "did not find expected ',' or '}'",
        "the `{{` map of line {opened} is not closed, or an entry has no comma before it",
        "close the map with `}` and put commas between its entries",
    ),
    (
        "could not find expected ':'",
        "a key without `:` after it",
        "write `key: value`, with a space after the colon",
    ),
    (
        "found unexpected end of stream",
        "a quoted value that is never closed",
        "close the quote that is opened here",
    ),
    (
        "found unexpected document indicator",
        "a quoted value that is not closed before the document ends",
        "close the quote that is opened here",
    ),
    (
        "block sequence entries are not allowed",
        "a `- ` item where none can stand",
        "put the list on the lines below its key, or quote a value that begins with `- `",
    ),
    (
        "question mark in a flow collection",
        "a `?` in an unquoted value of a `[` or `{{`, which Kubernetes' reader does not take",
        "put the value in quotes",
    ),
    (
        "found unexpected ':'",
        "a `:` that ends a word in a `[` or `{{`",
        "put a space after the colon, or the word in quotes",
    ),
    (
        "did not find expected whitespace or line break",
        "a tag with a sign that cannot be part of it",
        "put a space after the tag, or the value in quotes",
    ),
    ("has no anchor above it", "{problem}", "write the value out, or quote it if it is no alias"),
    ("found undefined tag handle", "a tag with a `!prefix!` that is not declared", "remove the tag or quote the value"),
    (
        "found unknown escape character",
        "a backslash in double quotes that starts no escape of YAML",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    (
        "did not find expected hexdecimal number",
        "an escape in double quotes without its hexadecimal digits",
        "write \\xNN, \\uNNNN or \\UNNNNNNNN, or use single quotes",
    ),
    (
        "found invalid Unicode character escape code",
        "an escape that stands for no character",
        "write the character itself",
    ),
    (
        "did not find expected alphabetic or numeric character",
        "`&` or `*` that begins the name of no anchor",
        "quote a value that begins with `&` or `*`",
    ),
    ("did not find expected node content", "nothing where a value must stand", "remove the comma or write the value"),
    (
        "did not find expected <document start>",
        "text before or after the one value of the document",
        "put `---` on a line of its own between documents, and nothing before it",
    ),
    (
        "did not find expected comment or line break",
        "text after `|` or `>`, which only opens a block",
        "put the text on the next lines, indented",
    ),
    (
        "did not find expected digit",
        "a `%` line that is no directive",
        "quote a value that begins with `%`",
    ),
    ("found incompatible YAML document", "a `%YAML` line with a version other than 1.1", "remove the `%YAML` line"),
)
_START: Final = "found character that cannot start any token"
_LEADING_TAB: Final = r"[ ]*\t"


def syntax_words(problem: str, source_lines: tuple[str, str], column: int, opened: int) -> tuple[str, str]:
    """Return message and fix for what the parser says.

    Args:
        problem: The parser's own words.
        source_lines: The line of the file on which it gave up, and the one above it.
        column: 1-based place in that line.
        opened: 1-based line of the file on which what it was reading begins.
    """
    source_line = source_lines[0]
    if any(line.lstrip().startswith("//") for line in source_lines) or " // " in source_line:
        return "`//`, which begins no comment in YAML", "begin comments with `#`"
    if re.match(_LEADING_TAB, source_line):
        return "a tab used for indentation", "indent with spaces: YAML allows no tabs there"
    if _START in problem:
        character = source_line[column - 1 : column]
        if character == "\t":
            return "a tab where only spaces may stand", "use spaces"
        return f"a value cannot begin with `{character}`", "put the value in quotes"
    for part, message, fix in _SYNTAX:
        if part in problem:
            return message.format(problem=problem, opened=opened), fix
    return problem, "correct the YAML; a quoted value reads the same everywhere"
