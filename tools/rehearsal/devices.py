"""What a device plugin finds on a node: its configuration's selectors against the functions of the VM size."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tools.rehearsal.api import Object

# k8s-rdma-shared-dev-plugin, pkg/resources; sriov-network-device-plugin, pkg/types and pkg/netdevice.
SHARED_SELECTORS = {
    "vendors": "vendor",
    "deviceIDs": "device",
    "drivers": "driver",
    "ifNames": "ifName",
    "linkTypes": "linkType",
}
SRIOV_SELECTORS = {
    "vendors": "vendor",
    "devices": "device",
    "drivers": "driver",
    "pciAddresses": "address",
    "linkTypes": "linkType",
    "pfNames": "ifName",
}
SHARED_PREFIX, SRIOV_PREFIX = "rdma", "intel.com"
WHOLE = {"ib_umad", "rdma_ucm"}
"""Modules without which the shared plugin takes no device: it wants all of a device's character devices."""


class PluginError(Exception):
    """The plugin ends, or finds nothing because of its configuration; the text says why."""


def shared(config: str, devices: list[Object], modules: set[str]) -> Counter[str]:
    """Resources of the RDMA shared device plugin."""
    found: Counter[str] = Counter()
    for row in _json(config).get("configList") or []:
        names = _selected(row.get("selectors") or {}, devices, SHARED_SELECTORS)
        names = [device for device in names if device["rdma"] and modules >= WHOLE]
        resource = f"{row.get('resourcePrefix') or SHARED_PREFIX}/{row['resourceName']}"
        found[resource] = int(row["rdmaHcaMax"]) if names else 0
    return found


def sriov(config: str, devices: list[Object]) -> Counter[str]:
    """Resources of the SR-IOV network device plugin; a device belongs to the first resource that selects it."""
    found: Counter[str] = Counter()
    taken: set[str] = set()
    for row in _json(config).get("resourceList") or []:
        sets = row.get("selectors") or {}
        for selectors in sets if isinstance(sets, list) else [sets]:
            selectors = dict(selectors)
            rdma = selectors.pop("isRdma", False)
            resource = f"{row.get('resourcePrefix') or SRIOV_PREFIX}/{row['resourceName']}"
            found[resource] += 0
            for device in _selected(selectors, devices, SRIOV_SELECTORS):
                if device["address"] not in taken and (device["rdma"] or not rdma):
                    taken.add(device["address"])
                    found[resource] += 1
    return found


def _selected(selectors: Object, devices: list[Object], known: dict[str, str]) -> list[Object]:
    for key in selectors:
        if key not in known:
            raise PluginError(f"selector {key!r} is none that the plugin has: {', '.join(known)}")
    wanted = {known[key]: values for key, values in selectors.items() if values}
    return [device for device in devices if all(device[key] in values for key, values in wanted.items())]


def _json(config: str) -> Any:
    try:
        return json.loads(config)
    except ValueError as error:
        raise PluginError(f"the configuration is no JSON: {error}") from error
