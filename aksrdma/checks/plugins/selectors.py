"""Which devices the selectors of a device plugin can match on an Azure node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.configs import Selector
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.documents import Document

MELLANOX: Final = "15b3"
_HEX_ID = re.compile(r"[0-9a-f]{4}\Z")
_ID_KEYS: Final = ("vendors", "deviceIDs")
_SRIOV_ID_KEYS: Final = ("vendors", "devices")
# What keeps the Ethernet function of accelerated networking out of a pool; a driver does not, both use mlx5_core.
_NARROWING: Final = frozenset(
    {"acpiIndexes", "auxTypes", "ddpProfiles", "deviceIDs", "ifNames", "linkTypes", "pKeys", "pciAddresses", "pfNames"}
    | {"rootDevices"}
)


def selector_problems(document: Document, selector: Selector, *, sriov: bool) -> Iterator[Problem]:
    """Find selectors that match nothing, or more than the InfiniBand functions."""
    yield from _hex_form(document, selector, _SRIOV_ID_KEYS if sriov else _ID_KEYS)
    yield from _link_types(document, selector)
    narrowing = _NARROWING | {"devices"} if sriov else _NARROWING
    if MELLANOX in selector.get("vendors") and not any(selector.get(key) for key in narrowing):
        message = f"vendor {MELLANOX} alone also selects the Ethernet function of Azure's accelerated networking"
        yield Problem("rdma-selector-no-link-type", selector.at("vendors"), message, document=document)


def _hex_form(document: Document, selector: Selector, keys: tuple[str, ...]) -> Iterator[Problem]:
    for key in keys:
        for index, value in enumerate(selector.get(key)):
            if not _HEX_ID.match(value):
                fix = _hex_fix(value)
                message = f"{value!r} matches no device: PCI ids are compared as text of 4 lowercase hex digits"
                yield Problem("rdma-selector-hex-form", (*selector.at(key), index), message, fix=fix, document=document)


def _hex_fix(value: str) -> str | None:
    digits = value.strip().lower().removeprefix("0x")
    return f"write {digits!r}" if _HEX_ID.match(digits) else None


def _link_types(document: Document, selector: Selector) -> Iterator[Problem]:
    for index, value in enumerate(selector.get("linkTypes")):
        if value == "infiniband":
            continue
        if value == "ether":
            message = "link type 'ether' selects Ethernet devices; an InfiniBand device has the link type 'infiniband'"
        else:
            message = f"link type {value!r} matches no device; an InfiniBand device has the link type 'infiniband'"
        yield Problem(
            "rdma-selector-ether-on-infiniband", (*selector.at("linkTypes"), index), message, document=document
        )
