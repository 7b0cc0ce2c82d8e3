"""JSON as Go's encoding/json reads it.

The values come from Python's own scanner; where the two languages differ, Go rules: no NaN or infinity, no number
beyond a float64, no half of a surrogate pair, at most 10,000 levels. `go_struct` reads the values into structs.
Source: encoding/json/decode.go and fold.go of Go 1.26.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_LONGEST_INTEGER: Final = 309
"""Characters; the greatest float64 has as many digits."""
_TOO_BIG: Final = "is beyond what a 64-bit float holds"
_INT64: Final = 2**63
_LONGEST_EXPONENT: Final = 20
"""Digits; more do not fit 64 bits, and Python refuses to read thousands of them."""
_SMALL: Final = 4096
"""Characters of a text that is remembered."""


class JsonError(ValueError):
    """Text that Go does not read as JSON: what is wrong, and at which character."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class _NoNumber(ValueError):
    """What Python's scanner takes for a number and Go does not: its text, and why."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as Go's json.Number keeps it: by its digits, so that 1e2 and 63.0 are whole and 63.5 is not."""

    text: str

    @property
    def is_whole(self) -> bool:
        """Whether its exact value is whole, however it is written; none with an exponent beyond 64 bits is."""
        mantissa, _, exponent = self.text.lower().partition("e")
        whole, _, fraction = mantissa.partition(".")
        digits = (whole.lstrip("-") + fraction).lstrip("0")
        if len(exponent.lstrip("+-").lstrip("0")) > _LONGEST_EXPONENT:
            return False
        power = int(exponent or "0")
        if not -_INT64 <= power < _INT64:
            return False
        return not digits or len(digits) - len(digits.rstrip("0")) >= len(fraction) - power


class Reader:
    """Reads one JSON value after the other from a text.

    Args:
        text: The text.
        exact: Whether each number becomes a `Number` instead of an int or a float.

    Attributes:
        repeats: Whether an object has had a key twice (the last one counts, as in Go).
    """

    def __init__(self, text: str, *, exact: bool = False) -> None:
        self.text = text
        self.repeats = False
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=_number if exact else _float,
            parse_int=_number if exact else _integer,
            parse_constant=_refuse_constant,
        )

    def value(self, start: int = 0) -> tuple[Any, int]:
        """Return the value that begins at `start`, after white space, and the offset behind it.

        Raises:
            JsonError: where there is none.
        """
        start = skip_space(self.text, start)
        try:
            value, end = self._decoder.raw_decode(self.text, start)
        except json.JSONDecodeError as error:
            raise JsonError(_in_words(error, self.text), error.pos) from None
        except RecursionError:
            raise JsonError("nested too deeply", start) from None
        except _NoNumber as error:
            text, reason = error.args
            raise JsonError(f"{text[:40]} {reason}", max(start, self.text.find(text, start))) from None
        if _SURROGATE_ESCAPE.search(self.text, start, end):
            value = without_lone_surrogates(value)
        return value, end

    def only_value(self) -> Any:
        """Return the one value of the text.

        Raises:
            JsonError: where there is none, or something follows it.
        """
        value, end = self.value()
        rest = skip_space(self.text, end)
        if rest < len(self.text):
            raise JsonError(f"{self.text[rest]!r} after the end of the JSON", rest)
        return value

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            self.repeats = True
            value = {}
            for key, item in pairs:
                value.pop(key, None)  # so that the order stays that of the entries that count
                value[key] = item
        return value


def read_value(text: str) -> tuple[Any, bool]:
    """Return the one value of a text, not to be changed, and whether an object in it has a key twice.

    Clusters share their small configurations, so equal ones are read once.

    Raises:
        JsonError: where there is none, or something follows it.
    """
    return _remembered(text) if len(text) <= _SMALL else _read(text)


def _read(text: str) -> tuple[Any, bool]:
    reader = Reader(text)
    return reader.only_value(), reader.repeats


_remembered = lru_cache(maxsize=256)(_read)


def skip_space(text: str, start: int) -> int:
    """Return the offset of the first character from `start` on that is no white space of JSON."""
    while start < len(text) and text[start] in " \t\n\r":
        start += 1
    return start


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise _NoNumber(text, _TOO_BIG)
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _NoNumber(text, _TOO_BIG)
    return value


def _number(text: str) -> Number:
    _float(text)
    return Number(text)


def _refuse_constant(text: str) -> NoReturn:
    raise _NoNumber(text, "is no number of JSON")


def _in_words(error: json.JSONDecodeError, text: str) -> str:
    if error.pos >= len(text.rstrip(" \t\n\r")):
        return "the JSON ends too early" if text.strip() else "no JSON at all"
    if error.msg.startswith("Invalid control character"):
        return "a line break or control character inside a string; write \\n"
    if error.msg.startswith("Unterminated string"):
        return "a string that is never closed"
    what = next((words for start, words in _EXPECTED.items() if error.msg.startswith(start)), error.msg)
    return f"{text[error.pos]!r} where {what}"


_EXPECTED: Final = {
    "Expecting value": "a value must stand",
    "Expecting property name enclosed in double quotes": 'a key in double quotes or "}" must stand',
    "Illegal trailing comma before end of object": 'no comma may stand before "}"',
    "Illegal trailing comma before end of array": 'no comma may stand before "]"',
    "Expecting ',' delimiter": "a comma or the closing bracket must stand",
    "Expecting ':' delimiter": "a colon must stand after the key",
    "Invalid \\escape": "the backslash starts no escape of JSON",
    "Invalid \\uXXXX escape": "four hexadecimal digits must stand",
    "Unexpected UTF-8 BOM (decode using utf-8-sig)": "no byte order mark may stand",
}


def without_lone_surrogates(value: Any) -> Any:
    """Return a JSON value with every half of a surrogate pair replaced, as Go replaces it."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {without_lone_surrogates(key): without_lone_surrogates(item) for key, item in value.items()}
    return value


_FOLDS: Final = {"\u017f": "s", "\u212a": "k"}


def go_get(mapping: Mapping[str, Any], name: str) -> Any:
    """Return what Go reads into the struct field of that JSON name: the last entry that fits, whatever its case.

    An exact match has no precedence over one in another case. A later null leaves what an earlier entry set, which is
    what Go does for strings, numbers, booleans and structs.

    Returns:
        The value, or None where no key fits.

    >>> go_get({"resourceName": "a", "ResourceNAME": "b"}, "resourceName")
    'b'
    """
    found, folded = None, fold(name)
    for key, value in mapping.items():
        if value is not None and (key == name or fold(key) == folded):
            found = value
    return found


def fold(name: str) -> str:
    """Return a name as Go folds it to compare: ASCII letters, and the two signs that fold to one of them."""
    if name.isascii():
        return name.lower()
    return "".join(_FOLDS.get(character, character.lower()) for character in name)
