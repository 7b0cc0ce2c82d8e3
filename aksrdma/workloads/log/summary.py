"""What a log shows of link layer, GPUDirect RDMA, nodes, topology file and bandwidth, whatever the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from aksrdma.workloads.log.evidence import Evidence
from aksrdma.workloads.log.facts import Link
from aksrdma.workloads.log.networks import is_omni_path


def link(evidence: Evidence) -> Link | None:
    """Return the link layer of the devices in use, else of those listed; where both kinds are, InfiniBand."""
    for layers in (set(_links_in_use(evidence)), set(_links_listed(evidence)), {*evidence.perftest_links}):
        if layers:
            return "IB" if "IB" in layers else "RoCE"
    shown = {*evidence.links, *evidence.addressed} if not any(map(is_omni_path, evidence.devices)) else set()
    return ("IB" if "IB" in shown else "RoCE") if shown else None


def gpudirect(evidence: Evidence) -> bool | None:
    """Return whether the NIC reached GPU memory directly; channels count for more than what was announced."""
    ranks = evidence.ranks.values()
    if any(rank.with_gpudirect for rank in ranks) or evidence.perftest_gpu:
        return True
    if any(rank.without_gpudirect for rank in ranks) or any(rank.gpudirect_announced is False for rank in ranks):
        return False
    return False if evidence.perftest else None


def several_nodes(evidence: Evidence) -> bool | None:
    """Return whether the ranks ran on more than one node; None where the log does not say."""
    if evidence.nodes is not None:
        return evidence.nodes > 1
    if len(evidence.hosts) > 1:
        return True
    ranks = evidence.ranks.values()
    joined_locally = any(rank.local for rank in ranks) and not any(rank.networks for rank in ranks)
    return False if evidence.placed or joined_locally else None


def topology_file(evidence: Evidence) -> Literal["loaded", "missing"] | None:
    """Return whether NCCL loaded its topology file on all ranks that say so; None where it could not be parsed."""
    if "broken" in evidence.topology:
        return None
    return "missing" if "missing" in evidence.topology else "loaded" if "loaded" in evidence.topology else None


def bus_bandwidth(evidence: Evidence) -> float | None:
    """Return GB/s of the largest message; None where there is no table, or several that differ."""
    values = {table.row.busbw for table in evidence.tables if table.row}
    return values.pop() if len(values) == 1 else None


def _links_in_use(evidence: Evidence) -> Iterator[Link]:
    known = {device.index: device for rank in evidence.ranks.values() for device in rank.devices.values()}
    for rank in evidence.ranks.values():
        for nic in rank.nics:
            device = rank.devices.get(nic) or known.get(nic)
            if device and (layer := _link_layer(device.name, device.link)):
                yield layer


def _links_listed(evidence: Evidence) -> Iterator[Link]:
    for rank in evidence.ranks.values():
        for device in rank.devices.values():
            if layer := _link_layer(device.name, device.link):
                yield layer


def _link_layer(name: str, printed: str) -> Link | None:
    if is_omni_path(name):
        return None
    return "IB" if printed == "IB" else "RoCE" if printed == "RoCE" else None
