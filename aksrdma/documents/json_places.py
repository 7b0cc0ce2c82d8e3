"""Where the members of a JSON text stand, and which keys an object has twice."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from aksrdma.kube.go_json import without_lone_surrogates

if TYPE_CHECKING:
    from aksrdma.findings import FieldPath

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


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
    """The places of a text that is one valid JSON value.

    Attributes:
        duplicates: Path of each repeated key, with the offsets of the key before and of the repeated one.
    """

    def __init__(self, text: str) -> None:
        self.text = text  # also keeps the text alive, whose id names these places in a cache
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
            self._stack.pop()
        elif token == "," and level is not None:
            self._next(level)
        elif level is not None and level.wants_key:
            self._key(level, token, at)
        elif token != ":":
            self._value(level, token, at)

    def _next(self, level: _Level) -> None:
        if level.is_object:
            level.wants_key = True
        elif isinstance(level.step, int):
            level.step += 1

    def _key(self, level: _Level, token: str, at: int) -> None:
        key = without_lone_surrogates(json.loads(token))
        if key in level.keys:
            self.duplicates.append(((*level.path, key), level.keys[key], at))
        level.keys[key] = level.at = at
        level.step = key
        level.wants_key = False

    def _value(self, level: _Level | None, token: str, at: int) -> None:
        path: FieldPath = () if level is None else (*level.path, level.step)
        self._offsets[path] = level.at if level is not None and level.is_object else at
        if token in "[{":
            self._stack.append(_Level(path, token == "{"))
