"""Text of JSON: a stream of values, and where the members of a value stand."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma.documents.scalars import to_json
from aksrdma.documents.source_text import BROKEN, Chunk, split
from aksrdma.documents.wording import duplicate_key, too_deep
from aksrdma.findings import Problem
from aksrdma.kube.go_json import JsonError, Reader, skip_space, without_lone_surrogates

if TYPE_CHECKING:
    from aksrdma.findings import FieldPath

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


class JsonStream:
    """A stream that begins with `{`: JSON values one after the other, and YAML from where they end.

    Source: `YAMLOrJSONDecoder.Decode` of k8s.io/apimachinery v0.34.2, pkg/util/yaml/decoder.go.

    Attributes:
        values: Each value with its text and what is wrong with it.
        rest: The YAML behind them, cut into documents.
        problem: Why the text behind them is no JSON; where there are none before it, it may still be YAML.
    """

    def __init__(self, text: str, max_depth: int) -> None:
        self.values: list[tuple[Any, Chunk, list[Problem]]] = []
        self.rest: Iterator[Chunk] = iter(())
        self.problem: Problem | None = None
        self._text = text
        self._max_depth = max_depth
        self._line, self._line_start, self._counted = 1, 0, 0
        end = self._read_values()
        if not self.values:
            self.rest = split(text)
        elif end < len(text):
            chunks = split(text[end:], self._place(end)[0])
            if text[end] == "#" or text.startswith("---", end):
                self.problem = None
                self.rest = chunks
            else:
                self.rest = itertools.islice(chunks, 1, None)

    def _read_values(self) -> int:
        """Read values as long as there are any, and return the offset at which they end."""
        at = 0
        while (start := skip_space(self._text, at)) < len(self._text):
            reader = Reader(self._text)
            try:
                value, at = reader.value(start)
            except JsonError as error:
                place = Chunk(self._text).place(error.offset)
                self.problem = Problem("yaml-syntax", (), error.message, "correct the JSON", at=place)
                return start
            chunk = Chunk(self._text[start:at], *self._place(start), is_json=True)
            problems = [
                duplicate_key(str(path[-1]), chunk.place(first).line, chunk.place(again))
                for path, first, again in (JsonPlaces(chunk.text).duplicates if reader.repeats else ())
            ]
            brackets = chunk.text.count("{") + chunk.text.count("[")
            if brackets > self._max_depth and _depth(value) > self._max_depth:
                problems.append(too_deep(self._max_depth, chunk.place(0)))
                value = BROKEN
            self.values.append((value if value is BROKEN else _whole_numbers(value), chunk, problems))
        return len(self._text)

    def _place(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset that lies behind the one asked for before."""
        newlines = self._text.count("\n", self._counted, offset)
        if newlines:
            self._line += newlines
            self._line_start = self._text.rfind("\n", self._counted, offset) + 1
        self._counted = offset
        return self._line, offset - self._line_start + 1


def _depth(value: Any) -> int:
    """Return how many maps and lists lie in each other at most, level by level."""
    depth, level = 0, [value]
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
    return depth


def _whole_numbers(value: Any) -> Any:
    """Return a value with its numbers as the API server gets them: whole ones within 64 bits are integers."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return to_json(value)


class _Level:
    """An object or list that is still open."""

    __slots__ = ("at", "is_object", "keys", "path", "step", "wants_key")

    def __init__(self, path: FieldPath, is_object: bool) -> None:
        self.path = path
        self.is_object = is_object
        self.wants_key = is_object
        self.step: str | int = 0
        self.at = 0
        self.keys: dict[str, int] = {}


class JsonPlaces:
    """The places of the members of a JSON value.

    Of a text that is no JSON (a component may read more than Go does) they are those that its signs tell.

    Attributes:
        duplicates: Path of each repeated key, with the offsets of the key before and of the repeated one.
    """

    def __init__(self, text: str) -> None:
        self.duplicates: list[tuple[FieldPath, int, int]] = []
        self._offsets: dict[FieldPath, int] = {}
        self._stack: list[_Level] = []
        for token in _TOKEN.finditer(text):
            self._take(token[0], token.start())

    def offset(self, path: FieldPath) -> int:
        """Return the offset of a path's key or item, or of its nearest ancestor's."""
        while path not in self._offsets and path:
            path = path[:-1]
        return self._offsets.get(path, 0)

    def _take(self, token: str, at: int) -> None:
        level = self._stack[-1] if self._stack else None
        if token in "]}":
            del self._stack[-1:]
        elif token == ",":
            if level is not None and level.is_object:
                level.wants_key = True
            elif level is not None and isinstance(level.step, int):
                level.step += 1
        elif level is not None and level.wants_key:
            key = _key(token)
            if key in level.keys:
                self.duplicates.append(((*level.path, key), level.keys[key], at))
            level.keys[key] = level.at = at
            level.step = key
            level.wants_key = False
        elif token != ":":
            path: FieldPath = () if level is None else (*level.path, level.step)
            self._offsets[path] = level.at if level is not None and level.is_object else at
            if token in "[{":
                self._stack.append(_Level(path, token == "{"))


def _key(token: str) -> str:
    try:
        return str(without_lone_surrogates(json.loads(token, strict=False)))
    except ValueError:
        return token
