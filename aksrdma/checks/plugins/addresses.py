"""IP addresses and CIDRs as Go's `net` package reads them: no zone, no leading zero, host bits allowed."""

from __future__ import annotations

import re
from typing import NamedTuple

_OCTET = re.compile(r"(?:0|[1-9][0-9]{0,2})\Z", re.ASCII)
_SLOPPY_OCTET = re.compile(r"[0-9]{1,16}\Z", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,4}\Z", re.ASCII)
_MAPPED = 0xFFFF


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
