"""Flow collections of the common subset of YAML: on one line, of plain words and simple quotes."""

from __future__ import annotations

import re
from typing import Any, Final

from aksrdma.documents.plain_scalars import PLAIN_KEYS, PLAIN_VALUES

DEPTH: Final = 8
"""How deep a flow collection of the subset may be."""

_TOKEN: Final = re.compile(r"""([A-Za-z0-9_./][A-Za-z0-9_./-]*|"[^"\\]*"|'[^']*')(: )? *|([\[\]{},]) *""")


class Unusual(Exception):
    """A line that is not of the subset."""


def read_flow(text: str) -> Any:
    """Return the flow collection that a text begins with; a comment alone may follow it.

    Raises:
        Unusual: where it is not of the subset.
    """
    return _Flow(text).only_value()


class _Flow:
    """Reads one flow collection, token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def only_value(self) -> Any:
        value = self._value(*self._next(), 0)
        rest = self._text[self._at :]
        if rest and not (rest[0] == "#" and self._text[self._at - 1] == " "):
            raise Unusual
        return value

    def _next(self) -> tuple[str, bool]:
        """Return the next word or bracket, and whether it is a key."""
        token = _TOKEN.match(self._text, self._at)
        if token is None:
            raise Unusual
        self._at = token.end()
        return token[1] or token[3], token[2] is not None

    def _value(self, token: str, is_key: bool, depth: int) -> Any:
        if is_key or token in "]},":
            raise Unusual
        if token in "[{":
            if depth == DEPTH:
                raise Unusual
            return self._list(depth + 1) if token == "[" else self._map(depth + 1)
        return token[1:-1] if token[0] in "\"'" else PLAIN_VALUES[token]

    def _list(self, depth: int) -> list[Any]:
        items: list[Any] = []
        token = self._next()
        while token[0] != "]":
            items.append(self._value(*token, depth))
            token = self._separator("]")
        return items

    def _map(self, depth: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        key, is_key = self._next()
        while key != "}":
            name = key[1:-1] if key[0] in "\"'" else PLAIN_KEYS[key]
            if not is_key or name in entries:
                raise Unusual
            entries[name] = self._value(*self._next(), depth)
            key, is_key = self._separator("}")
        return entries

    def _separator(self, closing: str) -> tuple[str, bool]:
        """Return the token behind a comma, or the closing bracket."""
        token, is_key = self._next()
        if token == closing:
            return token, is_key
        following = self._next()
        if token != "," or following[0] in "]}":
            raise Unusual
        return following
