"""IP addresses and CIDRs: as values, read as Go's `net` package reads them, and as fields of Kubernetes take them.

`net` knows no zone and no leading zero; the older fields of Kubernetes allow leading zeros.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_OCTET: Final = re.compile(r"(?:0|[1-9][0-9]{0,2})\Z", re.ASCII)
_SLOPPY_OCTET: Final = re.compile(r"[0-9]{1,16}\Z", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{1,4}\Z", re.ASCII)
_MAPPED: Final = 0xFFFF


class Address(NamedTuple):
    """One IP address."""

    bits: int
    """32 or 128: the family, and the length of the address."""
    value: int

    def __str__(self) -> str:
        """Write the address as Kubernetes does."""
        if self.bits == 32:
            return ".".join(str(self.value >> shift & 255) for shift in (24, 16, 8, 0))
        import ipaddress

        return str(ipaddress.IPv6Address(self.value))

    def plus(self, count: int) -> Address:
        """Return the address that lies `count` further."""
        return Address(self.bits, self.value + count)


class Network(NamedTuple):
    """A CIDR block without its host bits."""

    first: Address
    """The network address."""
    length: int
    """Prefix length."""

    @property
    def bits(self) -> int:
        """32 or 128, as the family has it."""
        return self.first.bits

    @property
    def size(self) -> int:
        """Addresses in the block, network and broadcast address included."""
        return 1 << (self.bits - self.length)

    @property
    def last(self) -> Address:
        """The highest address, which IPv4 keeps for broadcast."""
        return self.first.plus(self.size - 1)

    def __contains__(self, address: object) -> bool:
        """Say whether an address lies in the block; one of the other family does not."""
        if not isinstance(address, Address) or address.bits != self.bits:
            return False
        return self.first.value <= address.value < self.first.value + self.size

    def overlaps(self, other: Network) -> bool:
        """Say whether two blocks share an address."""
        return other.first in self or self.first in other

    def __str__(self) -> str:
        """Write the block as a CIDR."""
        return f"{self.first}/{self.length}"


def parse_address(text: str, *, sloppy: bool = False) -> Address | None:
    """Read an IP address as net.ParseIP does, or with `sloppy`, which allows leading zeros, as ParseIPSloppy does."""
    if ":" in text:
        return _parse_v6(text)
    octet = _SLOPPY_OCTET if sloppy else _OCTET
    parts = text.split(".")
    if len(parts) != 4 or not all(octet.match(part) and int(part) < 256 for part in parts):
        return None
    value = 0
    for part in parts:
        value = value << 8 | int(part)
    return Address(32, value)


def parse_cidr(text: str, *, sloppy: bool = False) -> tuple[Address, Network] | None:
    """Read `address/length` as net.ParseCIDR does: the address as written, and the block that it lies in."""
    written, slash, digits = text.partition("/")
    address = parse_address(written, sloppy=sloppy)
    if not slash or address is None or not _DIGITS.match(digits):
        return None
    # An IPv4 address that is written as IPv6 counts its length from the 96 bits that make it one.
    length = int(digits) - (96 if ":" in written and address.bits == 32 else 0)
    if not 0 <= length <= address.bits:
        return None
    shift = address.bits - length
    return address, Network(Address(address.bits, address.value >> shift << shift), length)


def _parse_v6(text: str) -> Address | None:
    import ipaddress

    try:
        value = int(ipaddress.IPv6Address(text)) if "%" not in text else None
    except ValueError:
        return None
    if value is None:
        return None
    # Go keeps an IPv4 address that is written as IPv6 (::ffff:10.0.0.1) as IPv4.
    return Address(32, value & 0xFFFFFFFF) if value >> 32 == _MAPPED else Address(128, value)


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
