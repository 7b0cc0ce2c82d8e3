"""Kubernetes quantities (`500m`, `1.5Gi`, `1e3`), read and compared exactly as the API server does.

Source: k8s.io/apimachinery/pkg/api/resource/quantity.go@v0.34.2. What Kubernetes does by accident is kept: `1.` and
`.` are numbers, what is smaller than a billionth is rounded up to one, binary amounts stop at 2^63-1, and an amount
past int64 wraps around or reads as 0 when it is asked for as an integer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

# Possessive, so that no digit is tried in two places: thousands of them would take minutes.
_NUMBER: Final = re.compile(r"([+-]?)0*+([0-9]*+)(?:\.([0-9]*+))?+([eEinumkKMGTP]*+[-+]?[0-9]*+)\Z", re.ASCII).match
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_EXPONENT: Final = re.compile(r"[eE]([-+]?[0-9]+)\Z", re.ASCII).match
_INT64_MAX: Final = 2**63 - 1
_NANO: Final = 10**9
_MILLION: Final = 10**6
_EXPONENT_MAX: Final = 1000  # far above what any limit can mean; keeps the arithmetic small
_LONGEST: Final = 1000  # of longer ones nothing is said but whether they are numbers
_BLANK: Final = " \x85\xa0"  # other white space is escaped in JSON, where it is no part of a number


class Quantity(NamedTuple):
    """An amount, exact to a billionth."""

    nano: int
    """The amount times 10^9."""
    wraps: bool
    """Whether the server keeps it as a big decimal, whose integer forms wrap at 64 bits instead of reading 0."""

    def __str__(self) -> str:
        """The amount as a message shows it: a whole number, or one with a fraction."""
        whole, rest = divmod(self.nano, _NANO)
        return str(whole) if not rest else f"{self.nano / _NANO:g}"

    @property
    def milli(self) -> int:
        """The amount times 1000, rounded away from zero, as amounts of resources are."""
        return _away(self.nano, _MILLION)

    @property
    def milli_int64(self) -> int:
        """The amount times 1000 as the server's own 64-bit arithmetic has it."""
        return self._int64(self.milli)

    @property
    def int64(self) -> int:
        """The amount rounded away from zero as the server's own 64-bit arithmetic has it."""
        return self._int64(_away(self.nano, _NANO))

    def _int64(self, value: int) -> int:
        if -_INT64_MAX <= value <= _INT64_MAX:
            return value
        return (value + 2**63) % 2**64 - 2**63 if self.wraps else 0


def _away(value: int, unit: int) -> int:
    return -(-value // unit) if value >= 0 else value // unit


def quantity(value: Any) -> Quantity | None:
    """Return the quantity that a JSON value is, or None where the server reads none.

    Null is 0, and a number is what its text is; a boolean, a list and a mapping are no quantities.
    """
    if isinstance(value, str):
        return parse(value)
    if value is None:
        return Quantity(0, False)
    return parse(str(value)) if type(value) in (int, float) else None


@lru_cache(maxsize=4096)
def parse(text: str) -> Quantity | None:
    """Return the quantity that a string is, or None."""
    text = text.strip(_BLANK)
    match = _NUMBER(text) if text else None
    if match is None:
        return None
    sign, whole, fraction, suffix = match[1], match[2] or "0", match[3] or "", match[4]
    if len(text) > _LONGEST:
        return None if suffix not in _BINARY and _exponent(suffix) is None else Quantity(0, False)
    amount = _amount(int((whole + fraction) or "0"), len(fraction), suffix)
    if amount is None:
        return None
    nano, binary = amount
    wraps = _wraps(whole, fraction, suffix)
    if wraps and not match[2] and not fraction and "0" not in text[: len(text) - len(suffix)]:
        return None  # a suffix without a digit is 0 only on the server's fast path
    if binary:
        nano = min(nano, _INT64_MAX * _NANO)
    return Quantity(-nano if sign == "-" else nano, wraps)


def _amount(digits: int, places: int, suffix: str) -> tuple[int, bool] | None:
    """Return the amount times 10^9, rounded up, and whether the suffix is a binary one."""
    if suffix in _BINARY:
        return -(-(digits * _NANO << _BINARY[suffix]) // 10**places), True
    exponent = _exponent(suffix)
    if exponent is None:
        return None
    scale = 9 + exponent - places
    return (digits * 10**scale if scale >= 0 else -(-digits // 10**-scale)), False


def _exponent(suffix: str) -> int | None:
    if suffix in _DECIMAL:
        return _DECIMAL[suffix]
    match = _EXPONENT(suffix)
    if match is None or not -_INT64_MAX <= int(match[1]) <= _INT64_MAX:
        return None
    exponent = (int(match[1]) + 2**31) % 2**32 - 2**31  # read as an int64, kept as an int32
    return max(-_EXPONENT_MAX, min(_EXPONENT_MAX, exponent))


def _wraps(whole: str, fraction: str, suffix: str) -> bool:
    """Say whether the server leaves its fast path, an int64 with a scale, and keeps the amount as a big decimal."""
    digits = len(whole) + len(fraction)
    if suffix not in _BINARY:
        exponent = _exponent(suffix) or 0
        return digits > 18 or exponent - len(fraction) < -9
    exponent = _BINARY[suffix]
    if fraction or 15 - len(whole) - exponent * 3 // 10 - 1 < 0:
        return True
    return int(whole) << exponent > _INT64_MAX


def canonical(value: Any) -> str:
    """Return a quantity below 2^63 as the server writes it; a text that it keeps as it came stays as it is."""
    amount = quantity(value)
    text = str(value).strip(_BLANK)
    match = _NUMBER(text)
    if amount is None or match is None or amount.nano == 0:
        return "0"
    whole, fraction, suffix = match[2] or "0", match[3] or "", match[4]
    if not amount.wraps:
        # ParseQuantity reuses the text of what it holds for canonical: it looks at three bits and three digits alone.
        digits, exponent = whole + fraction, _exponent(suffix) or 0
        if suffix in _BINARY:
            kept = int(digits) & 7 != 0
        else:
            kept = (exponent - len(fraction)) % 3 == 0 and not digits.endswith("000") and digits[0] != "0"
        if kept:
            return text
    return _binary(amount) if suffix in _BINARY else _decimal(amount, suffix)


def _binary(amount: Quantity) -> str:
    if amount.nano % _NANO or abs(amount.nano) < 1024 * _NANO:
        return _decimal(amount, "")
    value, times = amount.nano // _NANO, 0
    while value % 1024 == 0 and times < 6:
        value, times = value // 1024, times + 1
    return f"{value}{['', *_BINARY][times]}"


def _decimal(amount: Quantity, suffix: str) -> str:
    value, exponent = amount.nano, -9
    while value % 1000 == 0:
        value, exponent = value // 1000, exponent + 3
    if suffix not in _DECIMAL and suffix not in _BINARY:
        return f"{value}e{exponent}" if exponent else str(value)
    names = {power: name for name, power in _DECIMAL.items()}
    return f"{value}{names.get(exponent, '')}"
