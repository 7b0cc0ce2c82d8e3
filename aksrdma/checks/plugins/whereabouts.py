"""The whereabouts IPAM plugin's configuration: what it refuses, and what it ignores without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.addresses import Network, parse_address, parse_cidr
from aksrdma.checks.plugins.decode import type_flaws
from aksrdma.checks.plugins.ipam import Ipam
from aksrdma.checks.plugins.ranges import AddressRange, BadRange, Exclusion, whereabouts_ranges
from aksrdma.checks.plugins.releases import before
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_FAILS: Final = "whereabouts fails at every pod start"
_LOG_LEVELS: Final = ("debug", "error", "panic", "verbose")


def whereabouts(document: Document, manifests: ManifestSet, ipam: Ipam) -> Iterator[Problem]:
    """Judge a decoded whereabouts configuration."""
    ranges = list(whereabouts_ranges(ipam.top))
    yield from _ranges(document, ipam, ranges)
    yield from _addresses(document, ipam)
    yield from _gateway(document, ipam, [found for found in ranges if isinstance(found, AddressRange)])
    yield from _settings(document, manifests, ipam)
    yield from _release(document, manifests, ipam)


def _ranges(document: Document, ipam: Ipam, ranges: list[AddressRange | BadRange]) -> Iterator[Problem]:
    top = ipam.top
    if not (ranges or top.list("addresses") or top.text("configuration_path") or type_flaws(ipam.flaws)):
        message = f"{_FAILS}: there is no range to draw an address from"
        yield Problem("whereabouts-range-invalid", top.at("range"), message, document=document)
    for found in ranges:
        if isinstance(found, BadRange):
            rule = "ipam-prefix-too-small" if found.too_small else "whereabouts-range-invalid"
            yield Problem(rule, found.path, f"{_FAILS}: {found.reason}", document=document)
        else:
            yield from _good_range(document, found)
        for entry in found.exclusions:
            if entry.network is None:
                message = f"{_FAILS}: exclude holds {entry.text!r}, which is neither a CIDR nor an IP address"
                yield Problem("whereabouts-exclude-invalid", entry.path, message, document=document)


def _good_range(document: Document, found: AddressRange) -> Iterator[Problem]:
    for path, reason in found.ignored:
        message = f"whereabouts ignores this bound of the range: {reason}"
        yield Problem("whereabouts-bounds-ignored", path, message, document=document)
    for entry in found.exclusions:
        if entry.network is not None and (useless := _redundant(entry, entry.network, found)):
            yield Problem("whereabouts-exclude-redundant", entry.path, useless, document=document)
    if found.capacity < 1:
        message = f"{_FAILS}: exclude leaves no address between {found.first} and {found.last}"
        yield Problem("ipam-no-address-left", found.path, message, document=document)


def _redundant(entry: Exclusion, network: Network, found: AddressRange) -> str | None:
    if not network.overlaps(found.network):
        return f"{entry.text} lies outside {found.network}, from which alone whereabouts draws"
    if network.size == 1 and network.first in (found.network.first, found.network.last):
        which = "network" if network.first == found.network.first else "last"
        return f"{entry.text} is the {which} address of {found.network}, which whereabouts never hands out"
    return None


def _addresses(document: Document, ipam: Ipam) -> Iterator[Problem]:
    for entry in ipam.top.list("addresses"):
        if parse_cidr(entry.text("address"), sloppy=True) is None:
            message = f"{_FAILS}: {entry.text('address')!r} is no address with a prefix length"
            yield Problem("static-address-invalid", entry.at("address"), message, document=document)


def _gateway(document: Document, ipam: Ipam, ranges: list[AddressRange]) -> Iterator[Problem]:
    text, path = ipam.top.text("gateway"), ipam.top.at("gateway")
    if not text:
        return
    gateway = parse_address(text, sloppy=True)
    if gateway is None:
        yield Problem(
            "ipam-gateway-not-an-ip", path, f"{_FAILS}: the gateway {text!r} is no IP address", document=document
        )
    elif ranges and not any(gateway in found.network for found in ranges):
        networks = " and ".join(str(found.network) for found in ranges)
        message = f"the gateway {gateway} does not lie in {networks}, so pods cannot reach it"
        yield Problem("ipam-gateway-outside-range", path, message, document=document)
    elif any(found.offers(gateway) for found in ranges):
        message = f"whereabouts hands out the gateway {gateway} to a pod: exclude does not hold it"
        fix = f'add "{gateway}/{gateway.bits}" to exclude'
        yield Problem("whereabouts-gateway-allocatable", path, message, fix=fix, document=document)


def _settings(document: Document, manifests: ManifestSet, ipam: Ipam) -> Iterator[Problem]:
    top = ipam.top
    level = top.text("log_level")
    if level and level.lower() not in _LOG_LEVELS:
        message = f"whereabouts does not know the log level {level!r}: it complains at each call and stays at debug"
        yield Problem("whereabouts-log-level-unknown", top.at("log_level"), message, document=document)
    kubernetes = top.struct("kubernetes")
    # Where the operator installs no whereabouts, whoever does has written that file.
    if before(manifests, "v25.10.0") and not kubernetes.text("kubeconfig") and not top.text("configuration_path"):
        message = "kubernetes.kubeconfig is not set, so whereabouts works only where its flat file on the node has it"
        yield Problem("whereabouts-kubeconfig-missing", kubernetes.at("kubeconfig"), message, document=document)
    if "datastore" in top:
        message = "whereabouts ignores datastore since it keeps its state in Kubernetes alone"
        yield Problem("whereabouts-datastore-key", top.at("datastore"), message, document=document)
    yield from _node_slice(document, ipam)


def _node_slice(document: Document, ipam: Ipam) -> Iterator[Problem]:
    text, path = ipam.top.text("node_slice_size"), ipam.top.at("node_slice_size")
    digits = text.removeprefix("/")
    if text and not (digits.isascii() and digits.isdigit()):
        message = f"whereabouts cuts no slices: node_slice_size {text!r} is no prefix length"
        yield Problem("whereabouts-node-slice-invalid", path, message, document=document)
    for found in ipam.ranges if text and digits.isdigit() else ():
        if int(digits) < found.network.length:
            message = f"whereabouts cuts no slices: /{digits} is larger than the range {found.network}"
            yield Problem("whereabouts-node-slice-invalid", path, message, document=document)


def _release(document: Document, manifests: ManifestSet, ipam: Ipam) -> Iterator[Problem]:
    if before(manifests, "v25.10.0") and not before(manifests, "v25.4.0"):
        message = f"whereabouts is deprecated in {manifests.release} and gone from v25.10.0 on"
        yield Problem("whereabouts-deprecated", ipam.top.at("type"), message, document=document)
