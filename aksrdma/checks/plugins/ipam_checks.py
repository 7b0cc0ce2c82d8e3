"""The IPAM configuration of a secondary network, judged as the operator, the CNI plugin and the IPAM plugin do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from aksrdma import catalog
from aksrdma.checks.plugins.device_plugins import LONE_APOSTROPHE
from aksrdma.checks.plugins.ipam import (
    IPAM_TYPES,
    OLD_IPAM_TYPES,
    AddressRange,
    BadRange,
    Ipam,
    IpamText,
    decode_ipam,
    host_local_range,
    host_local_sets,
    ipam_texts,
    strings_with_blanks,
    whereabouts_ranges,
)
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.addresses import overlapping, parse_address, parse_cidr
from aksrdma.kube.go_struct import WRONG_TYPE, wrong_types
from aksrdma.kube.kinds import NETWORK_KINDS
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_NEW_KEYS: Final = {"nv-ipam": "nv-ipam-force-pool-name", "whereabouts": "whereabouts-node-slices"}
"""By type, the capability with which the plugin reads every key of IPAM_TYPES."""
_VALUE_RULES: Final = {
    "gateway": "ipam-gateway-not-an-ip",
    "rangeEnd": "host-local-range-invalid",
    "rangeStart": "host-local-range-invalid",
    "range_end": "whereabouts-range-invalid",
    "range_start": "whereabouts-range-invalid",
    "subnet": "host-local-range-invalid",
}
"""Keys whose wrong value is what a rule of their own is about; any other is `ipam-value-type`."""
_POOL_TYPES: Final = ("ippool", "cidrpool")
_LOG_LEVELS: Final = ("debug", "error", "panic", "verbose")
_HOST_FAILS: Final = "host-local fails at every pod start"
_WHEREABOUTS_FAILS: Final = "whereabouts fails at every pod start"


@rule("ipam-apostrophe", "ipam-blank-inside-string", kinds={"HostDeviceNetwork", "IPoIBNetwork"})
def ipam_text(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find what the operator spoils while it pastes `ipam` and `master` into the NetworkAttachmentDefinition."""
    for key in ("ipam", "master"):
        value = document.value(("spec", key))
        if isinstance(value, str) and LONE_APOSTROPHE.search(value):
            message = f"an apostrophe in {key} ends the quotes that the operator's template puts around the CNI config"
            yield Problem("ipam-apostrophe", ("spec", key), message)
    ipam = document.value(("spec", "ipam"))
    if document.kind == "IPoIBNetwork" and isinstance(ipam, str) and ipam.strip():
        for path, text in strings_with_blanks(document.embedded(("spec", "ipam")).data, ("spec", "ipam", None)):
            stripped = "".join(text.split())
            message = f"the operator takes the white space out of {text!r}; the IPAM plugin reads {stripped!r}"
            yield Problem("ipam-blank-inside-string", path, message)


@rule(
    "host-local-range-invalid",
    "ipam-dhcp-unsupported",
    "ipam-gateway-not-an-ip",
    "ipam-gateway-outside-range",
    "ipam-no-address-left",
    "ipam-not-json",
    "ipam-prefix-too-small",
    "ipam-type-missing",
    "ipam-type-unknown",
    "ipam-unknown-key",
    "ipam-value-type",
    "nvipam-cni-keys-invalid",
    "static-address-invalid",
    "static-without-address",
    "whereabouts-bounds-ignored",
    "whereabouts-datastore-key",
    "whereabouts-deprecated",
    "whereabouts-exclude-invalid",
    "whereabouts-exclude-redundant",
    "whereabouts-gateway-allocatable",
    "whereabouts-kubeconfig-missing",
    "whereabouts-log-level-unknown",
    "whereabouts-node-slice-invalid",
    "whereabouts-node-slice-unsupported",
    "whereabouts-range-invalid",
    kinds=NETWORK_KINDS,
)
def ipam_config(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find IPAM configurations that give pods no address, or other ones than were meant."""
    for text in ipam_texts(document):
        # Of an operator's network the string is shown, not the JSON in it.
        path = text.path[:-1] if text.path[-1] is None else text.path
        if text.error is not None:
            message = f"no pod of the network starts: ipam is not JSON: {text.error}"
            yield Problem("ipam-not-json", path, message, at=text.error_at)
        elif text.data is not None and not isinstance(text.data, dict):
            message = f"no pod of the network starts: ipam is not a JSON object but {text.data!r}"
            yield Problem("ipam-not-json", path, message)
        elif text.data:
            yield from _typed(text, manifests.release)


def _typed(text: IpamText, release: str) -> Iterator[Problem]:
    new = {kind: IPAM_TYPES[kind] for kind, name in _NEW_KEYS.items() if catalog.capability(name).holds_in(release)}
    ipam = decode_ipam(text, {**OLD_IPAM_TYPES, **new})
    if ipam is None:
        message = "ipam has no type, so no IPAM plugin is called and pods get no address"
        yield Problem("ipam-type-missing", (*text.path, "type"), message)
        return
    path = ipam.top.at("type") if ipam.type in IPAM_TYPES else (*ipam.path, "type")
    if ipam.type == "dhcp" and ipam.plugin == "ipoib":
        message = "ipoib-cni refuses the ipam type dhcp, so no pod of the network starts"
        yield Problem("ipam-dhcp-unsupported", path, message)
    elif ipam.type not in IPAM_TYPES:
        known = hint(ipam.type, IPAM_TYPES)
        message = f"nothing that the operator deploys brings an IPAM plugin named {ipam.type!r}{known}"
        yield Problem("ipam-type-unknown", path, message)
    for problem in ipam.problems:
        yield _form(ipam, problem, release)
    if ipam.type in _JUDGES:
        yield from _JUDGES[ipam.type](ipam, release)


def _form(ipam: Ipam, problem: Problem, release: str) -> Problem:
    """Return what a wrong type or an unknown key means to the IPAM plugin."""
    last = next(step for step in reversed(problem.path) if isinstance(step, str))
    if problem.rule == WRONG_TYPE:
        message = f"{ipam.type} refuses the config, so no pod of the network starts: {last} {problem.message}"
        return Problem(_VALUE_RULES.get(last, "ipam-value-type"), problem.path, message)
    if ipam.type == "whereabouts" and last.lower() == "node_slice_size":
        older = catalog.capability(_NEW_KEYS["whereabouts"]).older
        message = f"{older} of {release} ignores node_slice_size, which it does not know"
        return Problem("whereabouts-node-slice-unsupported", problem.path, message)
    late = problem.path[len(ipam.path) :] == ("forcePoolName",)
    fix = f"write {problem.meant!r}" if problem.meant and not late else None
    message = f"{ipam.type} ignores {problem.path[-1]!r}, which it does not know"
    if late:
        message += f" before {catalog.capability(_NEW_KEYS[ipam.type]).boundary}"
    return Problem("ipam-unknown-key", problem.path, message, fix, None if late else problem.meant)


def _nv_ipam(ipam: Ipam, release: str) -> Iterator[Problem]:
    rule, top = "nvipam-cni-keys-invalid", ipam.top
    pools = top.text("poolName").split(",") if top.text("poolName") else []
    if len(pools) > 2:
        message = f"nv-ipam refuses poolName {top.text('poolName')!r}: it takes one pool, or two for two families"
        yield Problem(rule, top.at("poolName"), message)
    elif pools and not all(pool.strip() for pool in pools):
        message = f"nv-ipam refuses poolName {top.text('poolName')!r}: one of the names is empty"
        yield Problem(rule, top.at("poolName"), message)
    pool_type = top.text("poolType")
    if pool_type and pool_type.lower() not in _POOL_TYPES:
        message = f"nv-ipam refuses poolType {pool_type!r}: it knows {' and '.join(_POOL_TYPES)}"
        yield Problem(rule, top.at("poolType"), message)
    if top.flag("forcePoolName") and not pools:
        message = "nv-ipam refuses forcePoolName without a poolName"
        yield Problem(rule, top.at("forcePoolName"), message)


def _static(ipam: Ipam, release: str) -> Iterator[Problem]:
    if not ipam.top.list("addresses") and not ipam.asks_pods and not wrong_types(ipam.problems):
        message = (
            f'static has no addresses, so no pod of the network starts: {ipam.plugin or "the CNI plugin"} says "IPAM plugin '
            'returned missing IP config"'
        )
        yield Problem("static-without-address", ipam.top.at("addresses"), message)
    for entry in ipam.top.list("addresses"):
        if parse_cidr(entry.text("address")) is None:
            message = f"static fails at every pod start: {entry.text('address')!r} is no address with a prefix length"
            yield Problem("static-address-invalid", entry.at("address"), message)


def _host_local(ipam: Ipam, release: str) -> Iterator[Problem]:
    rule = "host-local-range-invalid"
    if wrong_types(ipam.problems):
        return
    sets = list(host_local_sets(ipam.top))
    if not sets:
        yield Problem(rule, ipam.top.at("ranges"), f"{_HOST_FAILS}: there is no IP range")
    good: list[list[AddressRange]] = []
    for path, entries in sets:
        if not entries:
            yield Problem(rule, path, f"{_HOST_FAILS}: the range set is empty")
        ranges = [host_local_range(entry) for entry in entries]
        for found in ranges:
            if isinstance(found, BadRange):
                yield _bad(found, _HOST_FAILS, rule)
        for entry in entries:
            gateway, subnet = entry.get("gateway"), entry.get("subnet")
            if gateway is not None and subnet is not None and gateway not in subnet[1]:
                message = f"the gateway {gateway} does not lie in {subnet[1]}, so pods cannot reach it"
                yield Problem("ipam-gateway-outside-range", entry.at("gateway"), message)
        accepted = [found for found in ranges if isinstance(found, AddressRange)]
        if len({found.network.bits for found in accepted}) > 1:
            yield Problem(rule, path, f"{_HOST_FAILS}: the range set mixes IPv4 and IPv6")
        for pair in overlapping(_numbers(accepted)):
            first, second = (accepted[place] for place in sorted(pair))
            message = f"{_HOST_FAILS}: {second.network} overlaps {first.network} of the same set"
            yield Problem(rule, second.path, message)
        good.append(accepted)
    every = [(index, found) for index, accepted in enumerate(good) for found in accepted]
    for pair in overlapping(_numbers([found for _, found in every]), [index for index, _ in every]):
        clash = every[max(pair)][1]
        yield Problem(rule, clash.path, f"{_HOST_FAILS}: {clash.network} overlaps a range of another set")


def _numbers(ranges: Sequence[AddressRange]) -> list[tuple[int, int]]:
    """Return first and last address of each range as numbers, those of IPv6 above all of IPv4."""
    above = [0 if one.first.bits == 32 else 1 << 32 for one in ranges]
    return [(one.first.value + more, one.last.value + more) for one, more in zip(ranges, above, strict=True)]


def _bad(found: BadRange, fails: str, rule: str) -> Problem:
    return Problem("ipam-prefix-too-small" if found.too_small else rule, found.path, f"{fails}: {found.reason}")


def _whereabouts(ipam: Ipam, release: str) -> Iterator[Problem]:
    top, ranges = ipam.top, list(whereabouts_ranges(ipam.top))
    if not (ranges or top.list("addresses") or top.text("configuration_path") or wrong_types(ipam.problems)):
        message = f"{_WHEREABOUTS_FAILS}: there is no range to draw an address from"
        yield Problem("whereabouts-range-invalid", top.at("range"), message)
    for found in ranges:
        if isinstance(found, BadRange):
            yield _bad(found, _WHEREABOUTS_FAILS, "whereabouts-range-invalid")
        else:
            yield from _whereabouts_range(found)
        for entry in found.exclusions:
            if entry.network is None:
                message = (
                    f"{_WHEREABOUTS_FAILS}: exclude holds {entry.text!r}, which is neither a CIDR nor an IP address"
                )
                yield Problem("whereabouts-exclude-invalid", entry.path, message)
    for entry in top.list("addresses"):
        if parse_cidr(entry.text("address"), sloppy=True) is None:
            message = f"{_WHEREABOUTS_FAILS}: {entry.text('address')!r} is no address with a prefix length"
            yield Problem("static-address-invalid", entry.at("address"), message)
    accepted = [found for found in ranges if isinstance(found, AddressRange)]
    yield from _whereabouts_gateway(ipam, accepted)
    yield from _whereabouts_settings(ipam, release)
    yield from _node_slices(ipam, accepted)
    deployed = catalog.capability("whereabouts")
    if deployed.holds_in(release) and not catalog.capability("whereabouts-not-deprecated").holds_in(release):
        message = f"whereabouts is deprecated in {release} and gone from {deployed.boundary} on"
        yield Problem("whereabouts-deprecated", top.at("type"), message)


def _whereabouts_range(found: AddressRange) -> Iterator[Problem]:
    for path, reason in found.ignored:
        message = f"whereabouts ignores this bound of the range: {reason}"
        yield Problem("whereabouts-bounds-ignored", path, message)
    first, last = found.network.first, found.network.last
    for entry in found.exclusions:
        if entry.network is None:
            continue
        if not entry.network.overlaps(found.network):
            message = f"{entry.text} lies outside {found.network}, from which alone whereabouts draws"
            yield Problem("whereabouts-exclude-redundant", entry.path, message)
        elif entry.network.size == 1 and entry.network.first in (first, last):
            which = "network" if entry.network.first == first else "last"
            message = f"{entry.text} is the {which} address of {found.network}, which whereabouts never hands out"
            yield Problem("whereabouts-exclude-redundant", entry.path, message)
    if found.capacity < 1:
        message = f"{_WHEREABOUTS_FAILS}: exclude leaves no address between {found.first} and {found.last}"
        yield Problem("ipam-no-address-left", found.path, message)


def _whereabouts_gateway(ipam: Ipam, ranges: list[AddressRange]) -> Iterator[Problem]:
    text, path = ipam.top.text("gateway"), ipam.top.at("gateway")
    if not text:
        return
    gateway = parse_address(text, sloppy=True)
    if gateway is None:
        message = f"{_WHEREABOUTS_FAILS}: the gateway {text!r} is no IP address"
        yield Problem("ipam-gateway-not-an-ip", path, message)
    elif ranges and not any(gateway in found.network for found in ranges):
        networks = " and ".join(str(found.network) for found in ranges)
        message = f"the gateway {gateway} does not lie in {networks}, so pods cannot reach it"
        yield Problem("ipam-gateway-outside-range", path, message)
    elif any(found.offers(gateway) for found in ranges):
        message = f"whereabouts hands out the gateway {gateway} to a pod: exclude does not hold it"
        fix = f'add "{gateway}/{gateway.bits}" to exclude'
        yield Problem("whereabouts-gateway-allocatable", path, message, fix)


def _whereabouts_settings(ipam: Ipam, release: str) -> Iterator[Problem]:
    top = ipam.top
    level = top.text("log_level")
    if level and level.lower() not in _LOG_LEVELS:
        message = f"whereabouts does not know the log level {level!r}: it complains at each call and stays at debug"
        yield Problem("whereabouts-log-level-unknown", top.at("log_level"), message)
    kubernetes = top.struct("kubernetes")
    named = kubernetes.text("kubeconfig") or top.text("configuration_path")
    # Where the operator installs no whereabouts, whoever does has written that file.
    if not named and catalog.capability("whereabouts").holds_in(release):
        message = "kubernetes.kubeconfig is not set, so whereabouts works only where its flat file on the node has it"
        yield Problem("whereabouts-kubeconfig-missing", kubernetes.at("kubeconfig"), message)
    if "datastore" in top:
        message = "whereabouts ignores datastore since it keeps its state in Kubernetes alone"
        yield Problem("whereabouts-datastore-key", top.at("datastore"), message)


def _node_slices(ipam: Ipam, ranges: list[AddressRange]) -> Iterator[Problem]:
    text, path = ipam.top.text("node_slice_size"), ipam.top.at("node_slice_size")
    digits = text.removeprefix("/")
    if text and not (digits.isascii() and digits.isdigit()):
        message = f"whereabouts cuts no slices: node_slice_size {text!r} is no prefix length"
        yield Problem("whereabouts-node-slice-invalid", path, message)
    elif text and len(digits) <= 4:  # Python reads no number of thousands of digits, and such a prefix is long enough
        for found in ranges:
            if int(digits) < found.network.length:
                message = f"whereabouts cuts no slices: /{digits} is larger than the range {found.network}"
                yield Problem("whereabouts-node-slice-invalid", path, message)


_Judge: TypeAlias = Callable[[Ipam, str], Iterator[Problem]]
_JUDGES: Final[Mapping[str, _Judge]] = {
    "host-local": _host_local,
    "nv-ipam": _nv_ipam,
    "static": _static,
    "whereabouts": _whereabouts,
}
"""By type, the judge of a decoded configuration for a release."""
