"""Formats of strings, as far as the API server checks them in custom resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

# Patterns stay text, which `re` compiles and keeps at first use: few objects have any of this.
_DATE: Final = r"(?as)(\d{4})-(\d\d)-(\d\d)(?:[Tt].*)?"
_UUID: Final = r"(?ai)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
_MAC: Final = (
    r"(?ai)[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?:(?:\1[0-9a-f]{2}){2}|(?:\1[0-9a-f]{2}){14})?"
    r"|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?:\.[0-9a-f]{4}|(?:\.[0-9a-f]{4}){7})?"
)


def is_date_time(value: str) -> bool:
    """Tell whether `value` begins with a day that the calendar has; the rest of a time is told by a pattern."""
    from datetime import date

    found = re.fullmatch(_DATE, value)
    try:
        return bool(found and date(int(found[1]) or 4, int(found[2]), int(found[3])))
    except ValueError:
        return False


def is_date(value: str) -> bool:
    """Tell whether `value` is a day that the calendar has: `2026-04-01`."""
    return len(value) == len("2026-04-01") and is_date_time(value)


def is_ip(value: str, mark: str) -> bool:
    """Tell whether `value` is an IP address; `mark` is a dot for IPv4, a colon for IPv6."""
    import ipaddress  # few schemas have addresses

    try:
        return bool(mark in value and "%" not in value and ipaddress.ip_address(value))
    except ValueError:
        return False


def is_cidr(value: str) -> bool:
    """Tell whether `value` is an address with the length of its prefix in bits: `10.0.0.0/8`."""
    address, slash, bits = value.partition("/")
    wide = 128 if ":" in address else 32
    small = bits.isascii() and bits.isdigit() and str(int(bits)) == bits and int(bits) <= wide
    return bool(slash) and small and (is_ip(address, ".") or is_ip(address, ":"))


FORMATS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "byte": (lambda value: True, "base64"),
    "cidr": (is_cidr, "an address and a prefix such as 10.0.0.0/8"),
    "date": (is_date, "a date such as 2026-04-01"),
    "date-time": (is_date_time, "a time such as 2026-04-01T12:00:00Z"),
    "ipv4": (lambda value: is_ip(value, "."), "an IPv4 address"),
    "ipv6": (lambda value: is_ip(value, ":"), "an IPv6 address"),
    "mac": (lambda value: bool(re.fullmatch(_MAC, value)), "a MAC address"),
    "uuid": (lambda value: bool(re.fullmatch(_UUID, value)), "a UUID"),
}
"""What a format checks beyond the pattern that comes with it, and how a message names it."""
