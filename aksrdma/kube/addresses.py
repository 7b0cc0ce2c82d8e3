"""IP addresses as the older fields of Kubernetes take them: IPv4 with leading zeros too."""

from __future__ import annotations

import re
from typing import Final

_IPV4: Final = re.compile(
    r"(?:0*(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\.){3}0*(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\Z", re.ASCII
)
_ZEROS: Final = re.compile(r"(?<![0-9a-fA-F])0+(?=[0-9]+(?:\.|\Z))", re.ASCII)


def is_ipv4(value: str) -> bool:
    """Say whether a string is an IPv4 address."""
    return _IPV4.match(value) is not None


def is_ipv6(value: str) -> bool:
    """Say whether a string is an IPv6 address, without a zone."""
    if ":" not in value or "%" in value:
        return False
    import ipaddress  # only a pod with addresses pays for it

    head, colon, last = value.rpartition(":")
    try:
        ipaddress.IPv6Address(head + colon + (_ZEROS.sub("", last) if "." in last else last))
    except ValueError:
        return False
    return True


def ip_problem(value: str) -> str | None:
    """Say why a string is no IP address, or None."""
    return None if is_ipv4(value) or is_ipv6(value) else "is no IP address"


def cidr_problem(value: str) -> str | None:
    """Say why a string is no CIDR, such as 10.0.0.0/8, or None."""
    address, slash, bits = value.partition("/")
    most = 32 if is_ipv4(address) else 128 if is_ipv6(address) else 0
    if slash and most and bits.isascii() and bits.isdigit() and len(bits) <= 3 and int(bits) <= most:
        return None
    return "is no CIDR, such as 10.0.0.0/8"


def reserved_problem(value: str) -> str | None:
    """Say why an IP address, which it is, cannot be reached from elsewhere, or None."""
    import ipaddress  # only a Service with external addresses pays for it

    plain = ".".join(str(int(part)) for part in value.split(".")) if is_ipv4(value) else value
    address = ipaddress.ip_address(plain)
    if address.is_unspecified or address.is_loopback or address.is_link_local:
        return "is unspecified, loopback or link-local"
    local = plain.startswith("224.0.0.") if address.version == 4 else address.packed[:2] == b"\xff\x02"
    return "is a link-local multicast address" if local else None
