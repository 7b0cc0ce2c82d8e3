"""What a single value of the cluster file must be, beyond its type."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

Rule = Callable[[Any], str | None]

# DNS grammars: Kubernetes apimachinery pkg/util/validation.
_DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_SUBDOMAIN = rf"{_DNS_LABEL}(\.{_DNS_LABEL})*"
_QUALIFIED_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"


class Matches:
    """The whole text matches a regular expression."""

    def __init__(self, pattern: str, wanted: str) -> None:
        self.pattern: Final = pattern
        self.wanted: Final = wanted
        self._match = re.compile(pattern).fullmatch

    def __call__(self, value: str) -> str | None:
        """Say what is wrong with a text."""
        return None if self._match(value) else f"must be {self.wanted}, not {value!r}"


class Between:
    """A whole number within bounds, both included."""

    def __init__(self, low: int, high: int | None = None) -> None:
        self.low: Final = low
        self.high: Final = high

    def __call__(self, value: int) -> str | None:
        """Say what is wrong with a number."""
        if value < self.low or (self.high is not None and value > self.high):
            limit = f"between {self.low} and {self.high}" if self.high is not None else f"{self.low} or more"
            return f"must be {limit}, not {value}"
        return None


DNS_LABEL: Final = Matches(
    _DNS_LABEL, "a DNS label (lower-case letters, digits and inner hyphens, at most 63 characters)"
)
SUBDOMAIN: Final = Matches(
    rf"(?=.{{1,253}}\Z){_SUBDOMAIN}", "a DNS subdomain (lower-case letters, digits, hyphens and dots)"
)
POOL_NAME: Final = Matches(
    r"[a-z][a-z0-9]{0,11}", "an AKS node pool name (lower-case letters and digits, a letter first, at most 12)"
)
# Both device plugins take this; dots and hyphens pass one and kill the other (embedded in their name checks).
RESOURCE_NAME: Final = Matches(
    r"[A-Za-z0-9]([A-Za-z0-9_]{0,61}[A-Za-z0-9])?", "a resource name (letters, digits and inner underscores)"
)
TAINT: Final = Matches(
    rf"({_SUBDOMAIN}/)?{_QUALIFIED_NAME}(={_QUALIFIED_NAME}|=)?:(NoSchedule|PreferNoSchedule|NoExecute)",
    "a taint written KEY=VALUE:EFFECT or KEY:EFFECT, with the effect NoSchedule, PreferNoSchedule or NoExecute",
)
INTERFACE: Final = Matches(r"[^\s/']{1,127}", "an interface name or altname (no blanks, slashes or apostrophes)")


def network(value: str) -> str | None:
    """Say what is wrong with an address range such as `192.168.0.0/16`."""
    from ipaddress import ip_network  # a few milliseconds that only IPoIB and explicit ranges need

    try:
        ip_network(value)
    except ValueError as error:
        return f"must be an address range such as 192.168.0.0/16: {error}"
    return None if "/" in value else f"must be an address range with a prefix length, such as {value}/16"


def address(value: str) -> str | None:
    """Say what is wrong with an IP address."""
    from ipaddress import ip_address

    try:
        ip_address(value)
    except ValueError as error:
        return f"must be an IP address: {error}"
    return None
