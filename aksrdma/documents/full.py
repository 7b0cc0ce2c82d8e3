"""One document with the whole of YAML: the reference for `plain`, and what explains a document that cannot be read."""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.documents.construct import Constructor, Refused
from aksrdma.documents.encoding import BYTE_ORDER_MARK, forbidden
from aksrdma.documents.nodes import Mark, SyntaxProblem, TooDeep, compose
from aksrdma.documents.plain import EMPTY
from aksrdma.documents.problems import (
    BROKEN,
    YamlProblem,
    duplicate_key,
    missing_separator,
    syntax_words,
    too_deep,
)
from aksrdma.documents.split import Chunk

_BEGINNING: Final = frozenset({"apiVersion", "kind"})
"""Keys that stand again where a second object begins and the `---` above it is missing."""


def parse(chunk: Chunk, max_depth: int) -> tuple[Any, list[YamlProblem]]:
    """Return the value of a document, or EMPTY or BROKEN, and what is wrong with it."""
    found = _Problems(chunk)
    if BYTE_ORDER_MARK in chunk.text:  # libyaml skips it where go-yaml takes it for part of a key
        found.forbidden_character()
        return BROKEN, found.problems
    try:
        composed = compose(chunk.text, max_depth)
    except SyntaxProblem as error:
        found.syntax(error)
        return BROKEN, found.problems
    except TooDeep as error:
        found.too_deep(error.mark, max_depth)
        return BROKEN, found.problems
    if composed.ignored is not None:
        found.ignored(composed.ignored)
    if composed.root is None:
        return EMPTY, found.problems
    constructor = Constructor()
    try:
        value = constructor.value(composed.root)
    except Refused as error:
        constructor.refusals.append(error)
    found.constructed(constructor)
    return BROKEN if constructor.refusals else value, found.problems


class _Problems:
    """Words the problems of one document."""

    def __init__(self, chunk: Chunk) -> None:
        self.problems: list[YamlProblem] = []
        self._chunk = chunk

    def syntax(self, error: SyntaxProblem) -> None:
        if error.mark is None:
            self.forbidden_character()
            return
        mark = _telling(error)
        line, column = self._place(mark)
        source_line = self._chunk.lines[line - self._chunk.line]
        opened, _ = self._place(error.opened or mark)
        message, fix = syntax_words(error.words, source_line, column, opened)
        self._add("yaml-syntax", message, fix, line, column)

    def too_deep(self, mark: Mark, max_depth: int) -> None:
        self.problems.append(too_deep(max_depth, *self._place(mark)))

    def ignored(self, mark: Mark) -> None:
        message = "text after the end of the document, which kubectl ignores without a word"
        fix = "put `---` on a line of its own before it, or remove it"
        self._add("yaml-ignored-text", message, fix, *self._place(mark))

    def constructed(self, constructor: Constructor) -> None:
        for refusal in constructor.refusals:
            self._add(refusal.rule, refusal.message, refusal.fix, *self._place(refusal.mark))
        repeated = [
            (one.key, self._place(one.first.start), self._place(one.again.start)) for one in constructor.duplicates
        ]
        at_top = {key for key, _, (_, column) in repeated if column == 1}
        begins = next((key for key, _, _ in repeated if key in _BEGINNING), "") if at_top >= _BEGINNING else ""
        for key, (first, _), (line, column) in repeated:
            if not begins or column > 1:
                self.problems.append(duplicate_key(key, first, line, column))
            elif key == begins:
                self.problems.append(missing_separator(line, column))

    def forbidden_character(self) -> None:
        found = forbidden().search(self._chunk.text) or re.search(BYTE_ORDER_MARK, self._chunk.text)
        assert found is not None
        message = f"the character U+{ord(found[0]):04X}, which may not stand there"
        fix = 'remove it, or write it as an escape in double quotes ("\\u0007")'
        self._add("yaml-encoding", message, fix, *self._chunk.place(found.start()))

    def _place(self, mark: Mark) -> tuple[int, int]:
        return self._chunk.place(mark.index)

    def _add(self, rule: str, message: str, fix: str, line: int, column: int) -> None:
        self.problems.append(YamlProblem(rule=rule, message=message, fix=fix, line=line, column=column))


def _telling(error: SyntaxProblem) -> Mark:
    """Return the mark that tells more: where a quote opens rather than where the text ends without it."""
    assert error.mark is not None
    is_unclosed = "end of stream" in error.words or "document indicator" in error.words
    return error.opened if is_unclosed and error.opened is not None else error.mark
