"""A stream that begins with `{`: JSON values one after the other, and YAML from where they end.

Source: `YAMLOrJSONDecoder.Decode` of k8s.io/apimachinery v0.34.2, pkg/util/yaml/decoder.go.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aksrdma.documents.json_places import JsonPlaces
from aksrdma.documents.problems import BROKEN, YamlProblem, duplicate_key, too_deep
from aksrdma.documents.scalars import to_json
from aksrdma.documents.split import Chunk, split
from aksrdma.kube.go_json import JsonError, Reader, skip_space

if TYPE_CHECKING:
    from aksrdma.findings import FieldPath


class JsonStream:
    """The JSON values at the head of a stream.

    Attributes:
        values: Each value with its text and what is wrong with it.
        rest: The YAML behind them, cut into documents.
        problem: Why the text behind them is no JSON; where there are none before it, it may still be YAML.
    """

    def __init__(self, text: str, max_depth: int) -> None:
        self.values: list[tuple[Any, Chunk, list[YamlProblem]]] = []
        self._max_depth = max_depth
        self.rest: Iterator[Chunk] = iter(())
        self.problem: YamlProblem | None = None
        self._text = text
        self._line, self._counted = 1, 0
        end = self._read_values()
        if not self.values:
            self.rest = split(text)
        elif end < len(text):
            self._split_rest(end)

    def _read_values(self) -> int:
        at = 0
        while (start := skip_space(self._text, at)) < len(self._text):
            reader = Reader(self._text)
            try:
                value, end = reader.value(start)
            except JsonError as error:
                self.problem = self._problem(error)
                return start
            self.values.append(self._judged(value, self._chunk(start, end), reader.repeats))
            at = end
        return len(self._text)

    def _split_rest(self, start: int) -> None:
        chunks = split(self._text[start:], self._line_of(start))
        if self._text[start] == "#" or self._text.startswith("---", start):
            self.problem = None
            self.rest = chunks
        else:
            self.rest = itertools.islice(chunks, 1, None)

    def _chunk(self, start: int, end: int) -> Chunk:
        column = start - self._text.rfind("\n", 0, start)
        return Chunk(self._text[start:end], self._line_of(start), column, is_json=True)

    def _line_of(self, offset: int) -> int:
        """Return the line of an offset that lies behind the one asked for before."""
        self._line += self._text.count("\n", self._counted, offset)
        self._counted = offset
        return self._line

    def _problem(self, error: JsonError) -> YamlProblem:
        line, column = Chunk(self._text, 1).place(error.offset)
        return YamlProblem(rule="yaml-syntax", message=error.message, fix="correct the JSON", line=line, column=column)

    def _judged(self, value: Any, chunk: Chunk, repeats: bool) -> tuple[Any, Chunk, list[YamlProblem]]:
        problems = [_duplicate(chunk, *found) for found in JsonPlaces(chunk.text).duplicates] if repeats else []
        if chunk.text.count("{") + chunk.text.count("[") > self._max_depth and _depth(value) > self._max_depth:
            problems.append(too_deep(self._max_depth, chunk.line, chunk.column))
            return BROKEN, chunk, problems
        return _whole_numbers(value), chunk, problems


def _duplicate(chunk: Chunk, path: FieldPath, first: int, again: int) -> YamlProblem:
    return duplicate_key(str(path[-1]), chunk.place(first)[0], *chunk.place(again))


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level := [inner for outer in level for inner in _inner(outer)]:
        depth += 1
    return depth


def _inner(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.values(), None]
    return [*value, None] if isinstance(value, list) else []


def _whole_numbers(value: Any) -> Any:
    """Return a value with its numbers as the API server gets them: whole ones within 64 bits are integers."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return to_json(value)
