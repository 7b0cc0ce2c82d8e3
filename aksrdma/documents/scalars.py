"""What a scalar of YAML is to the API server: the types of go-yaml v2, then the values and keys of JSON.

Source of every rule here: `resolve` of go.yaml.in/yaml/v2 v2.4.2 (resolve.go), through `YAMLToJSON` and
`convertToJSONableObject` of sigs.k8s.io/yaml v1.6.0, and the integers of `k8s.io/apimachinery/pkg/util/json`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

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
_TIMESTAMP: Final = (
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?)?\Z"
)
_TAG_PREFIX: Final = "tag:yaml.org,2002:"
_RESOLVED_TAGS: Final = frozenset({"bool", "int", "float", "null"})
_INT64: Final = 1 << 63  # one more than the largest integer of 64 bits with a sign
_UINT64: Final = 1 << 64
_LONGEST_INTEGER = 40
_EXACT_BELOW = 1 << 53
_KEY_EXPONENT_FROM = 6
_REMEMBERED_LENGTH = 64
_REMEMBERED_TEXTS = 1 << 16


class ScalarError(ValueError):
    """A scalar that JSON cannot hold, or that is not what its tag says."""


def value_of(text: str, style: str | None, tag: str | None) -> Scalar:
    """Return a scalar of a document as a value of JSON.

    Args:
        text: What it says, without quotes and escapes.
        style: How it is written: `'`, `"`, `|`, `>`, or nothing where it is plain.
        tag: Its whole tag (`tag:yaml.org,2002:int`), or one of the user's own, which leaves a string.

    Raises:
        ScalarError: where JSON has no such value, or the text is not what the tag says.
    """
    if tag is None or tag == "!":
        return text if style or tag else PLAIN_VALUES[text]
    return to_json(_tagged(text, tag))


def key_of(text: str, style: str | None, tag: str | None) -> str:
    """Return a scalar of a document as a key of a JSON object; the arguments are those of `value_of`.

    Raises:
        ScalarError: where it cannot be a key, or the text is not what the tag says.
    """
    if tag is None or tag == "!":
        return text if style or tag else PLAIN_KEYS[text]
    return key_text(_tagged(text, tag))


def is_merge(text: str, style: str | None, tag: str | None) -> bool:
    """Return whether a scalar that stands as a key is `<<`, which merges maps into its own."""
    return text == "<<" and (tag in (_TAG_PREFIX + "merge", "!") or (tag is None and not style))


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


def _number(text: str) -> int | float | None:
    if text[0] == ".":
        return _finite(text) if _DOTTED.match(text) else None
    plain = text.replace("_", "")
    if integer := _INTEGER.match(plain):
        return _integer(plain, *integer.groups())
    if _FLOAT.match(plain):
        return _finite(plain)
    if plain[:2] == "0b" and re.match(r"[-+][01]+\Z", plain[2:]):
        value = int(plain[2:], 2)  # Go's ParseInt takes a sign behind the prefix that go-yaml cuts off
        return value if -_INT64 <= value < _INT64 else None
    return None


def _integer(plain: str, sign: str, prefixed: str | None, decimal: str | None) -> int | float | None:
    if prefixed:
        digits = prefixed if prefixed[0].isdigit() else prefixed[1:]
        value = int(digits, {"x": 16, "b": 2}.get(prefixed[0].lower(), 8))
    elif decimal and len(decimal) <= _LONGEST_INTEGER:
        value = int(decimal)
    else:
        return _finite(plain)
    if sign == "-":
        value = -value
    if -_INT64 <= value < _INT64 or (not sign and value < _UINT64):
        return value
    return _finite(plain) if _FLOAT.match(plain) else None


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _tagged(text: str, tag: str) -> Scalar:
    """Return the value of a scalar with an explicit tag, quoted or not: `!!int "12"`."""
    name = tag.removeprefix(_TAG_PREFIX) if tag.startswith(_TAG_PREFIX) else ""
    if name == "binary":
        return _decoded_base64(text)
    if name == "timestamp":
        if not _is_timestamp(text):
            raise ScalarError(f"{text!r} is no !!timestamp")
        return text
    if name not in _RESOLVED_TAGS:
        return text
    value = resolve(text)
    if name == "float" and type(value) is int and -_INT64 <= value < _INT64:
        return float(value)
    if {bool: "bool", int: "int", float: "float", str: "str"}.get(type(value), "null") != name:
        raise ScalarError(f"{text!r} is no !!{name}")
    return value


def _decoded_base64(text: str) -> str:
    import base64  # few documents have such a tag
    import binascii

    try:
        data = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ScalarError("the text of !!binary is no base64") from None
    return data.decode("utf-8", "replace")


def _is_timestamp(text: str) -> bool:
    import datetime  # few documents have such a tag

    found = re.match(_TIMESTAMP, text, re.ASCII)
    if not found:
        return False
    parts = [int(part) for part in found.groups() if part is not None]
    if parts[0] == 0:
        parts[0] = 2000  # Go knows the year 0, a leap year as 2000 is; Python's dates begin at 1
    try:
        datetime.datetime(*parts)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def to_json(value: Scalar) -> Scalar:
    """Return a resolved scalar as the API server gets it: a whole float within 64 bits is an integer there.

    Raises:
        ScalarError: for infinities and NaN.
    """
    if type(value) is float:
        if not math.isfinite(value):
            raise ScalarError(f"JSON has no {'NaN' if math.isnan(value) else 'infinity'}")
        if value.is_integer() and -_INT64 <= (whole := _whole(value)) < _INT64:
            return whole
    elif type(value) is int and not -_INT64 <= value < _INT64:
        return float(value)
    return value


def _whole(value: float) -> int:
    """Return a whole float as Go prints it and reads it back: the digits that it needs, then zeros."""
    if abs(value) < _EXACT_BELOW:
        return int(value)
    from decimal import Decimal  # slow to load, and few documents have such a number

    return int(Decimal(repr(value)))


def key_text(value: Scalar) -> str:
    """Return a resolved scalar as a key of a JSON object: JSON has only texts, so numbers and booleans are written out.

    Raises:
        ScalarError: for null and for integers beyond 64 signed bits, which Kubernetes' reader refuses.
    """
    if type(value) is str:
        return value
    if value is None:
        raise ScalarError("null cannot be a key")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise ScalarError(f"{value} is too big for a key")
        return str(value)
    number = float(value)
    if math.isnan(number):
        return ".nan"
    single = _single(number)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    return _shortest(single)


def _single(value: float) -> float:
    """Return the float of 32 bits that is nearest, which is what a key is written from."""
    import struct

    try:
        nearest: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return nearest


def _shortest(single: float) -> str:
    """Return the fewest digits that read back as the same float of 32 bits, as Go's FormatFloat 'g' writes them."""
    for digits in range(9):
        text = f"{single:.{digits}e}"
        if _single(float(text)) == single:
            break
    mantissa, _, exponent = text.partition("e")
    if -4 <= int(exponent) < _KEY_EXPONENT_FROM:
        return f"{single:.{max(0, digits - int(exponent))}f}"
    return f"{mantissa}e{int(exponent):+03d}"


class _Remembered(dict[str, Any]):
    """What short texts mean: manifests repeat a few hundred words."""

    __slots__ = ("_meaning",)

    def __init__(self, meaning: Callable[[str], Scalar]) -> None:
        self._meaning = meaning

    def __missing__(self, text: str) -> Scalar:
        value = self._meaning(text)
        if len(text) <= _REMEMBERED_LENGTH:
            if len(self) >= _REMEMBERED_TEXTS:
                self.clear()
            self[text] = value
        return value


PLAIN_VALUES: Final = _Remembered(lambda text: to_json(resolve(text)))
"""Plain scalar to JSON value: `PLAIN_VALUES["0755"]` is 493. Raises ScalarError where JSON has no such value."""

PLAIN_KEYS: Final = _Remembered(lambda text: key_text(resolve(text)))
"""Plain scalar to key of a JSON object: `PLAIN_KEYS["on"]` is "true". Raises ScalarError where it cannot be a key."""
