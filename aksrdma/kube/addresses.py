"""IP addresses and CIDRs: as values, read as Go's `net` package reads them, and as fields of Kubernetes take them.

`net` reads no zone and no leading zero. The older fields of Kubernetes, and whereabouts, take leading zeros: they use
ParseIPSloppy of k8s.io/utils/net, which is `net` as it was before Go 1.17.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_OCTET: Final = re.compile(r"(?:0|[1-9][0-9]{0,2})\Z", re.ASCII)
_SLOPPY_OCTET: Final = re.compile(r"0*[0-9]{1,3}\Z", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{1,4}\Z", re.ASCII)
_ZEROS: Final = re.compile(r"(?<![0-9a-fA-F])0+(?=[0-9]+(?:\.|\Z))", re.ASCII)
"""Leading zeros in the IPv4 address at the end of an IPv6 one."""
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
        import ipaddress  # few manifests have IPv6 addresses

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
        if "%" in text:
            return None
        import ipaddress  # as above

        head, colon, last = text.rpartition(":")
        try:
            whole = int(ipaddress.IPv6Address(head + colon + _ZEROS.sub("", last) if sloppy and "." in last else text))
        except ValueError:
            return None
        # Go keeps an IPv4 address that is written as IPv6 (::ffff:10.0.0.1) as IPv4.
        return Address(32, whole & 0xFFFFFFFF) if whole >> 32 == _MAPPED else Address(128, whole)
    octet = _SLOPPY_OCTET if sloppy else _OCTET
    parts = text.split(".")
    if len(parts) != 4 or not all(map(octet.match, parts)):
        return None
    numbers = [int(part[-3:]) for part in parts]  # Python refuses to read thousands of leading zeros
    return Address(32, int.from_bytes(bytes(numbers), "big")) if max(numbers) < 256 else None


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


def overlapping(
    intervals: Sequence[tuple[int, int]], groups: Sequence[object] | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the places in a list of intervals of two that share a number: a later one, and one that reaches into it.

    It is one sweep: of those before an interval it is enough to know the one that reaches furthest, and the furthest of
    another group.

    Args:
        intervals: First and last number of each.
        groups: What each belongs to, where those of one group may overlap.
    """
    reach: list[tuple[object, int]] = []
    for place in sorted(range(len(intervals)), key=lambda place: intervals[place]):
        own = place if groups is None else groups[place]
        other = next((far for group, far in reach if group != own and intervals[far][1] >= intervals[place][0]), None)
        if other is not None:
            yield place, other
        ordered = sorted([(own, place), *reach], key=lambda entry: -intervals[entry[1]][1])
        reach = [ordered[0], *(entry for entry in ordered[1:] if entry[0] != ordered[0][0])][:2]


def is_ipv6(value: str) -> bool:
    """Say whether a string is an IPv6 address, without a zone."""
    return ":" in value and parse_address(value, sloppy=True) is not None


def ip_problem(value: str) -> str | None:
    """Say why a string is no IP address, or None."""
    return "is no IP address" if parse_address(value, sloppy=True) is None else None


def cidr_problem(value: str) -> str | None:
    """Say why a string is no CIDR, such as 10.0.0.0/8, or None."""
    written, slash, bits = value.partition("/")
    # Other than for `parse_cidr`, an IPv4 address that is written as IPv6 may have any length up to 128.
    most = 128 if ":" in written else 32
    if slash and bits.isascii() and bits.isdigit() and len(bits) <= 3 and int(bits) <= most and not ip_problem(written):
        return None
    return "is no CIDR, such as 10.0.0.0/8"


def reserved_problem(value: str) -> str | None:
    """Say why an IP address, which it is, cannot be reached from elsewhere, or None."""
    import ipaddress  # only a Service with external addresses pays for it

    address = ipaddress.ip_address(str(parse_address(value, sloppy=True)))
    if address.is_unspecified or address.is_loopback or address.is_link_local:
        return "is unspecified, loopback or link-local"
    # Go's IsLinkLocalMulticast: 224.0.0.0/24, and ff02::/16 whatever its flags are.
    local = address.packed[:3] == b"\xe0\0\0" if address.version == 4 else address.packed[:2] == b"\xff\x02"
    return "is a link-local multicast address" if local else None
