"""What a scalar of YAML is to the API server: the types of go-yaml v2, then the numbers of JSON.

Source of every rule here: `resolve` of go.yaml.in/yaml/v2 v2.4.2 (resolve.go), through `YAMLToJSON` of
sigs.k8s.io/yaml v1.6.0, and the integers of `k8s.io/apimachinery/pkg/util/json`.
"""

from __future__ import annotations

import math
import re
from typing import Final, TypeAlias

Scalar: TypeAlias = "str | int | float | bool | None"

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_MAY_BE_NUMBER = frozenset("+-.0123456789")
_DOTTED = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INTEGER = re.compile(r"([-+]?)(?:0([xX][0-9a-fA-F]+|[oO]?[0-7]+|[bB][01]+)|(0|[1-9][0-9]*))\Z")
INT64: Final = 1 << 63
"""One more than the largest integer of 64 bits with a sign."""
_UINT64: Final = 1 << 64
_LONGEST_INTEGER = 40
_EXPONENT_FROM = 1e21
_EXACT_BELOW = 1 << 53


class ScalarError(ValueError):
    """A scalar that JSON cannot hold, or that is not what its tag says."""


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar without a tag, as go-yaml reads it.

    Integers beyond 64 bits are floats, as in Go; infinities and NaN are returned as they are.

    >>> [resolve(text) for text in ("on", "0755", "0o17", "1_000", "12:30", "1e3", "08", "2024-01-01", "~")]
    [True, 493, 15, 1000, '12:30', 1000.0, 8.0, '2024-01-01', None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_NUMBER:
        return text
    number = _number(text)
    return text if number is None else number


def to_json(value: Scalar) -> Scalar:
    """Return a resolved scalar as the API server gets it: a whole float within 64 bits is an integer there.

    Raises:
        ScalarError: for infinities and NaN.
    """
    if type(value) is float:
        if not math.isfinite(value):
            raise ScalarError(f"JSON has no {'NaN' if math.isnan(value) else 'infinity'}")
        if value.is_integer() and abs(value) < _EXPONENT_FROM and -INT64 <= (whole := _whole(value)) < INT64:
            return whole
    elif type(value) is int and not -INT64 <= value < INT64:
        return float(value)
    return value


def _whole(value: float) -> int:
    """Return a whole float as Go prints it and reads it back: the digits that it needs, then zeros."""
    if abs(value) < _EXACT_BELOW:
        return int(value)
    from decimal import Decimal

    return int(Decimal(repr(value)))


def _number(text: str) -> int | float | None:
    if text[0] == ".":
        return _finite(text) if _DOTTED.match(text) else None
    plain = text.replace("_", "")
    if integer := _INTEGER.match(plain):
        return _integer(plain, *integer.groups())
    if _FLOAT.match(plain):
        return _finite(plain)
    if plain[:2] == "0b" and re.match(r"[-+][01]+\Z", plain[2:]):
        value = int(plain[2:], 2)
        return value if -INT64 <= value < INT64 else None
    return None


def _integer(plain: str, sign: str, prefixed: str | None, decimal: str | None) -> int | float | None:
    if decimal is None:
        value = _prefixed_integer(prefixed or "")
    elif len(decimal) <= _LONGEST_INTEGER:
        value = int(decimal)
    else:
        return _finite(plain)
    if sign == "-":
        value = -value
    if -INT64 <= value < INT64 or (not sign and value < _UINT64):
        return value
    return _finite(plain) if _FLOAT.match(plain) else None


def _prefixed_integer(digits: str) -> int:
    base = {"x": 16, "b": 2}.get(digits[0].lower(), 8)
    return int(digits if digits[0].isdigit() else digits[1:], base)


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
