"""The IPAM configuration of a secondary network, judged as the operator, the CNI plugin and the IPAM plugin do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.cni_ipam import host_local, nv_ipam, static
from aksrdma.checks.plugins.decode import Flaw
from aksrdma.checks.plugins.ipam import (
    IPAM_TYPES,
    OLD_IPAM_TYPES,
    Ipam,
    IpamText,
    decode_ipam,
    ipam_texts,
    strings_with_blanks,
)
from aksrdma.checks.plugins.plugin_config import LONE_APOSTROPHE
from aksrdma.checks.plugins.releases import before
from aksrdma.checks.plugins.whereabouts import whereabouts
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.kinds import NETWORK_KINDS
from aksrdma.nearest import hint

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_Judge = Callable[["Document", "ManifestSet", Ipam], Iterator[Problem]]
_JUDGES: Final[Mapping[str, _Judge]] = {
    "host-local": host_local,
    "nv-ipam": nv_ipam,
    "static": static,
    "whereabouts": whereabouts,
}
# From these releases on, the plugin reads every key of IPAM_TYPES.
_NEW_KEYS: Final = {"nv-ipam": "v25.4.0", "whereabouts": "v25.7.0"}
# A wrong value of these keys is what the rule is about; any other is ipam-value-type.
_VALUE_RULES: Final = {
    "gateway": "ipam-gateway-not-an-ip",
    "rangeEnd": "host-local-range-invalid",
    "rangeStart": "host-local-range-invalid",
    "range_end": "whereabouts-range-invalid",
    "range_start": "whereabouts-range-invalid",
    "subnet": "host-local-range-invalid",
}


@rule("ipam-apostrophe", "ipam-blank-inside-string", kinds={"HostDeviceNetwork", "IPoIBNetwork"})
def ipam_text(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find what the operator spoils while it pastes `ipam` and `master` into the NetworkAttachmentDefinition."""
    spec = document.data.get("spec")
    if not isinstance(spec, dict):
        return
    for key in ("ipam", "master"):
        value = spec.get(key)
        if isinstance(value, str) and LONE_APOSTROPHE.search(value):
            message = f"an apostrophe in {key} ends the quotes that the operator's template puts around the CNI config"
            yield Problem("ipam-apostrophe", ("spec", key), message, document=document)
    if document.kind == "IPoIBNetwork" and isinstance(spec.get("ipam"), str) and spec["ipam"].strip():
        for path, text in strings_with_blanks(document.embedded(("spec", "ipam")).data, ("spec", "ipam", None)):
            stripped = "".join(text.split())
            message = f"the operator takes the white space out of {text!r}; the IPAM plugin reads {stripped!r}"
            yield Problem("ipam-blank-inside-string", path, message, document=document)


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
        if text.error is not None:
            message = f"no pod of the network starts: ipam is not JSON: {text.error}"
            yield Problem("ipam-not-json", text.path[:-1], message, document=document)
        elif text.data is not None and not isinstance(text.data, dict):
            message = f"no pod of the network starts: ipam is not a JSON object but {text.data!r}"
            yield Problem("ipam-not-json", _shown_path(text), message, document=document)
        elif text.data:
            yield from _typed(document, manifests, text)


def _typed(document: Document, manifests: ManifestSet, text: IpamText) -> Iterator[Problem]:
    new = {kind: IPAM_TYPES[kind] for kind, release in _NEW_KEYS.items() if not before(manifests, release)}
    ipam = decode_ipam(text, {**OLD_IPAM_TYPES, **new})
    if ipam is None:
        message = "ipam has no type, so no IPAM plugin is called and pods get no address"
        yield Problem("ipam-type-missing", (*text.path, "type"), message, document=document)
        return
    yield from _type(document, ipam)
    for flaw in ipam.flaws:
        yield _flaw(document, manifests, ipam, flaw)
    if ipam.type in _JUDGES:
        yield from _JUDGES[ipam.type](document, manifests, ipam)


def _type(document: Document, ipam: Ipam) -> Iterator[Problem]:
    path = ipam.top.at("type") if ipam.type in IPAM_TYPES else (*ipam.path, "type")
    if ipam.type == "dhcp" and ipam.plugin == "ipoib":
        message = "ipoib-cni refuses the ipam type dhcp, so no pod of the network starts"
        yield Problem("ipam-dhcp-unsupported", path, message, document=document)
    elif ipam.type not in IPAM_TYPES:
        known = hint(ipam.type, IPAM_TYPES)
        message = f"nothing that the operator deploys brings an IPAM plugin named {ipam.type!r}{known}"
        yield Problem("ipam-type-unknown", path, message, document=document)


def _flaw(document: Document, manifests: ManifestSet, ipam: Ipam, flaw: Flaw) -> Problem:
    last = next(step for step in reversed(flaw.path) if isinstance(step, str))
    if flaw.kind == "type":
        rule = _VALUE_RULES.get(last, "ipam-value-type")
        message = f"{ipam.type} refuses the config, so no pod of the network starts: {last} {flaw.text}"
        return Problem(rule, flaw.path, message, document=document)
    if ipam.type == "whereabouts" and last.lower() == "node_slice_size":
        message = f"whereabouts v0.7.0 of {manifests.release} ignores node_slice_size, which it does not know"
        return Problem("whereabouts-node-slice-unsupported", flaw.path, message, document=document)
    late = f" before {_NEW_KEYS[ipam.type]}" if flaw.path[len(ipam.path) :] == ("forcePoolName",) else ""
    fix = f"write {flaw.near!r}" if flaw.near and not late else None
    message = f"{ipam.type} ignores {flaw.path[-1]!r}, which it does not know{late}"
    return Problem("ipam-unknown-key", flaw.path, message, fix=fix, document=document)


def _shown_path(text: IpamText) -> tuple[str | int | None, ...]:
    return text.path[:-1] if text.path[-1] is None else text.path
