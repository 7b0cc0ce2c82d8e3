"""The JSON of a config string as the operator's webhook reads it: Go's `encoding/json`, into a map."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn

_INT64: Final = 2**63
_LONGEST_EXPONENT: Final = 20
"""Digits; more do not fit 64 bits, and Python refuses to read thousands of them."""


class GoJsonError(ValueError):
    """A text that Go does not decode into a map."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number, kept by its digits, because `63.0` and `1e2` are integers to the webhook and `63.5` is none."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def is_integer(self) -> bool:
        """Whether its exact value is whole, however it is written."""
        mantissa, _, exponent = self.text.lower().partition("e")
        whole, _, fraction = mantissa.partition(".")
        digits = (whole.lstrip("-") + fraction).lstrip("0")
        power = _exponent(exponent)
        if power is None:
            return False
        return not digits or len(digits) - len(digits.rstrip("0")) >= len(fraction) - power


def _exponent(text: str) -> int | None:
    """Return the exponent, or None where it leaves 64 bits, which Go's exact numbers refuse."""
    if len(text.lstrip("+-").lstrip("0")) > _LONGEST_EXPONENT:
        return None
    power = int(text or "0")
    return power if -_INT64 <= power < _INT64 else None


def _number(text: str) -> Number:
    if math.isinf(float(text)):
        raise GoJsonError(f"the number {text} is too large for a 64-bit float")
    return Number(text)


def _constant(text: str) -> NoReturn:
    raise GoJsonError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(parse_float=_number, parse_int=_number, parse_constant=_constant)


@lru_cache(maxsize=256)
def read_object(text: str) -> dict[str, Any] | None:
    """Decode a JSON object, or None for `null`, which Go takes for a map too; of a repeated key the last one counts.

    The result is shared between calls: do not change it.

    Raises:
        GoJsonError: No JSON, something after the JSON, a number beyond a 64-bit float, or no object.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise GoJsonError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise GoJsonError("it is nested too deeply") from error
    if value is not None and not isinstance(value, dict):
        raise GoJsonError("it must be a JSON object")
    return value
