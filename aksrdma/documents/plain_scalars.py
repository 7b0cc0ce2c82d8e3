"""Plain scalars without a tag, remembered: manifests repeat a few hundred words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aksrdma.documents.keys import key_text
from aksrdma.documents.scalars import Scalar, resolve, to_json

_CACHED_LENGTH = 64
_CACHED_ENTRIES = 1 << 16


class _Cache(dict[str, Any]):
    """Remembers what short texts mean."""

    __slots__ = ("_resolve",)

    def __init__(self, function: Callable[[str], Scalar]) -> None:
        self._resolve = function

    def __missing__(self, text: str) -> Scalar:
        value = self._resolve(text)
        if len(text) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_ENTRIES:
                self.clear()
            self[text] = value
        return value


PLAIN_VALUES: Final = _Cache(lambda text: to_json(resolve(text)))
"""Plain scalar to JSON value: `PLAIN_VALUES["0755"]` is 493. Raises ScalarError where JSON has no such value."""

PLAIN_KEYS: Final = _Cache(lambda text: key_text(resolve(text)))
"""Plain scalar to key of a JSON object: `PLAIN_KEYS["on"]` is "true". Raises ScalarError where it cannot be a key."""
