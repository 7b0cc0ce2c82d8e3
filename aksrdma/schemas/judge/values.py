"""The checks of strings and numbers: what their lengths, patterns, formats, ranges and listed values let through.

A check returns None where a value is fine, which costs nothing, or the problems that it found. A check that is None
itself says that every value is fine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from aksrdma.findings import Problem
from aksrdma.schemas.judge.wording import invalid, not_listed, out_of_range, taken_by, text, wrong_type
from aksrdma.schemas.store import WORDS, Schema

Found: TypeAlias = "list[Problem] | None"
Check: TypeAlias = "Callable[[Any], Found] | None"


def both(first: Check, second: Check) -> Check:
    """Return the check that asks `second` only where `first` finds nothing, so that one mistake is one problem."""
    if first is None or second is None:
        return first or second
    one, other = first, second
    return lambda value: one(value) or other(value)


# ---- strings


def string_check(schema: Schema) -> Check:
    """Return the check of a string: its length, its format, its pattern, its enum."""
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    takes, name = FORMATS.get(schema.get("format", ""), (None, ""))
    check = enum_check(schema)

    if pattern := schema.get("pattern"):
        search = go_pattern(pattern).search
        wanted = f"is not {name}" if name else f"does not match {pattern}"
        fix = f"write {name}" if name else "write a value that the pattern takes"

        def matching(value: str) -> Found:
            return None if search(value) else [invalid(f"{text(value)} {wanted}", fix)]

        check = both(matching, check)
    if takes:
        fits = takes

        def formatted(value: str) -> Found:
            return None if fits(value) else [invalid(f"{text(value)} is not {name}", f"write {name}")]

        check = both(formatted, check)
    if low or high is not None:

        def long_enough(value: str) -> Found:
            if len(value) < low == 1:
                return [invalid("must not be empty", "give it a value, or leave the field out")]
            if len(value) < low:
                return [invalid(f"{text(value)} is too short; it needs {low} characters or more", "lengthen it")]
            if high is not None and len(value) > high:
                return [invalid(f"has {len(value)} characters; at most {high} are taken", "shorten it")]
            return None

        check = both(long_enough, check)
    return check


def enum_check(schema: Schema) -> Check:
    """Return the check that a value is one of an `enum`, or is the `const`."""
    if "enum" not in schema and "const" not in schema:
        return None
    values = tuple(value for value in schema.get("enum", [schema.get("const")]) if value is not None)

    def check(value: Any) -> Found:
        return None if value in values else [not_listed(value, values)]

    return check


def words_check(schema: Schema) -> Check:
    """Return the check that tells which versions of Kubernetes take a word that not all of them take."""
    if WORDS not in schema:
        return None
    marks = {word: [taken_by(versions)] for word, versions in schema[WORDS].items()}
    return marks.get


_CLASS_NAMES: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_TOKEN: Final = r"(?s)\\.|\[:(?P<name>[a-z]+):\]|\[\^?\]?|[\]$]"


@cache
def go_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern of a schema so that it matches what Go's regexp package matches.

    `\d`, `\w` and `\s` are ASCII there, and `$` is the very end, not also the place before a last line break.

    >>> bool(go_pattern(r"^\d+$").search("12"))
    True
    >>> bool(go_pattern(r"^\d+$").search("12\n"))
    False
    """
    out, position, in_class = [], 0, False
    for found in re.finditer(_TOKEN, pattern):
        out.append(pattern[position : found.start()])
        token, position = found.group(), found.end()
        # `re` has no [:alpha:], reads a [ in a class as a warning, and its \Z is Go's \z.
        if found["name"] and in_class:
            token = _CLASS_NAMES.get(found["name"], token)
        elif token == r"\z" or (token == "$" and not in_class):
            token = r"\Z"
        elif token.startswith("["):
            in_class, token = True, token if not in_class else token.replace("[", r"\[")
        elif token == "]":
            in_class = False
        out.append(token)
    return re.compile("".join([*out, pattern[position:]]), re.ASCII)


# ---- formats, as far as the API server checks them in custom resources (kube-openapi, pkg/validation/strfmt)
# Patterns stay text, which `re` compiles and keeps at first use: few objects have any of this.
_DATE: Final = r"(?as)(\d{4})-(\d\d)-(\d\d)(?:[Tt].*)?"
_UUID: Final = r"(?ai)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
_MAC: Final = (
    r"(?ai)[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?:(?:\1[0-9a-f]{2}){2}|(?:\1[0-9a-f]{2}){14})?"
    r"|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?:\.[0-9a-f]{4}|(?:\.[0-9a-f]{4}){7})?"
)


def _is_date_time(value: str) -> bool:
    """Tell whether a time begins with a day that the calendar has; the rest of it is told by a pattern."""
    from datetime import date

    found = re.fullmatch(_DATE, value)
    try:
        return bool(found and date(int(found[1]) or 4, int(found[2]), int(found[3])))  # Go has a leap year 0
    except ValueError:
        return False


def _is_ip(value: str, mark: str) -> bool:
    """Tell whether a value is an IP address; `mark` is a dot for IPv4, a colon for IPv6."""
    import ipaddress  # few schemas have addresses

    try:
        return bool(mark in value and "%" not in value and ipaddress.ip_address(value))
    except ValueError:
        return False


def _is_cidr(value: str) -> bool:
    address, slash, bits = value.partition("/")
    wide = 128 if ":" in address else 32
    small = bits.isascii() and bits.isdigit() and str(int(bits)) == bits and int(bits) <= wide
    return bool(slash) and small and (_is_ip(address, ".") or _is_ip(address, ":"))


FORMATS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "byte": (lambda value: True, "base64"),  # its pattern says all
    "cidr": (_is_cidr, "an address and a prefix such as 10.0.0.0/8"),
    "date": (lambda value: len(value) == len("2026-04-01") and _is_date_time(value), "a date such as 2026-04-01"),
    "date-time": (_is_date_time, "a time such as 2026-04-01T12:00:00Z"),
    "ipv4": (lambda value: _is_ip(value, "."), "an IPv4 address"),
    "ipv6": (lambda value: _is_ip(value, ":"), "an IPv6 address"),
    "mac": (lambda value: bool(re.fullmatch(_MAC, value)), "a MAC address"),
    "uuid": (lambda value: bool(re.fullmatch(_UUID, value)), "a UUID"),
}
"""What a format checks beyond the pattern that comes with it, and how a message names it."""

PATTERNS: Final = {
    "date-time": r"^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(.\d+)?([Zz]|[+-]\d\d:\d\d)$",
    "byte": r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$",
}
"""The patterns that come with formats in custom resources; `(.\\d+)?` takes any sign before the fraction, as strfmt does."""


# ---- numbers

_INT64: Final = (-(2**63), 2**63 - 1)
_EXACT: Final = 2**53 - 1
"""Whole numbers up to which a float holds each exactly."""
_HAIR: Final = 1e-9
"""The epsilon of IsFloat64AJSONInteger."""


def is_number(value: Any) -> bool:
    """Tell whether a JSON value is a number; to Python a boolean is one, too."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def integer_check(schema: Schema) -> Check:
    """Return the check of an integer; those that do not fit into 64 bits are no integers to Go."""
    low, high = max(schema.get("minimum", _INT64[0]), _INT64[0]), min(schema.get("maximum", _INT64[1]), _INT64[1])
    outside = _bounds(schema)

    def check(value: int) -> Found:
        return (
            None
            if low <= value <= high
            else outside(value) or [invalid(f"{text(value)} does not fit into 64 bits", "write a smaller number")]
        )

    return both(both(check, _exclusive(schema)), enum_check(schema))


def whole_check(schema: Schema, types: tuple[str, ...]) -> Check:
    """Return the check of a float where an integer is wanted: JSON knows no difference between 1 and 1.0."""
    integer = integer_check(schema)

    def check(value: float) -> Found:
        if not is_whole(value):
            return [wrong_type(value, types)]
        return integer(int(value)) if integer else None

    return check


def is_whole(value: float) -> bool:
    """Tell whether a float counts as an integer in a custom resource: so does one that is above it by a hair.

    Source: IsFloat64AJSONInteger of go-openapi/swag, as kube-openapi uses it.
    """
    if not -_EXACT <= value <= _EXACT:
        return False
    whole = int(value)
    return value == whole or (whole > 0 and (value - whole) / (value + whole) < _HAIR)


def number_check(schema: Schema) -> Check:
    """Return the check of a number that need not be whole."""
    outside = _bounds(schema) if {"minimum", "maximum"} & schema.keys() else None
    return both(both(outside, _exclusive(schema)), enum_check(schema))


def _bounds(schema: Schema) -> Callable[[float], Found]:
    low, high = schema.get("minimum"), schema.get("maximum")

    def check(value: float) -> Found:
        if low is not None and value < low:
            return [out_of_range(value, f"must be {low} or more", "raise it")]
        if high is not None and value > high:
            return [out_of_range(value, f"must be {high} or less", "lower it")]
        return None

    return check


def _exclusive(schema: Schema) -> Check:
    low, high, step = (schema.get(key) for key in ("exclusiveMinimum", "exclusiveMaximum", "multipleOf"))
    if low is None and high is None and step is None:
        return None

    def check(value: float) -> Found:
        if low is not None and value <= low:
            return [out_of_range(value, f"must be more than {low}", "raise it")]
        if high is not None and value >= high:
            return [out_of_range(value, f"must be less than {high}", "lower it")]
        if step is not None and value % step:
            return [out_of_range(value, f"must be a multiple of {step}", f"write a multiple of {step}")]
        return None

    return check
