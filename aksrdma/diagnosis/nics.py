"""What a log shows of the NICs that NCCL took: too few for the VM size, not the same on all ranks, or not InfiniBand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar

from aksrdma.diagnosis.evidence import Device, Evidence, RankEvidence
from aksrdma.diagnosis.fabrics import is_ethernet_function, is_omni_path
from aksrdma.diagnosis.lines import Line
from aksrdma.diagnosis.reason import Reason

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize

_T = TypeVar("_T")
_NAMES: Final = 8
"""NICs, or places, that a message names."""


def findings(evidence: Evidence, vm_size: VmSize | None) -> Iterator[Reason]:
    """Yield what is wrong with the NICs although RDMA may be used."""
    hosts = {host: names for host, names in _by_host(evidence).items() if names}
    if vm_size is not None and hosts:
        whole = vm_size.infiniband.nic_count
        names = min(hosts.values(), key=len)
        if len(names) < whole:
            setting = evidence.settings.get("NCCL_IB_HCA")
            short = _some(host for host, found in hosts.items() if len(found) == len(names))
            text = (
                f"NCCL uses {len(names)} of {whole} NICs of {vm_size.name} on {short}: {_some(names)}"
                f"{f' (NCCL_IB_HCA is set to {setting})' if setting else ''}"
            )
            fix = f"ask for all of them (rdma/ib: {whole} with a whole node), and leave NCCL_IB_HCA out"
            yield Reason(text, names[next(iter(names))], fix)
    yield from _differing(evidence, hosts)
    yield from _foreign(evidence)


def _by_host(evidence: Evidence) -> dict[str, dict[str, Line]]:
    """Return the InfiniBand devices that the ranks of each host list; a merged device (`mlx5_0+mlx5_1`) is its parts."""
    found: dict[str, dict[str, Line]] = {}
    for rank in evidence.ranks.values():
        if rank.source.host is not None and rank.listed is not None:
            names = found.setdefault(rank.source.host, {})
            for device in rank.devices.values():
                if device.link == "IB" and not is_omni_path(device.name):
                    names.update(dict.fromkeys(device.name.split("+"), rank.listed))
    return found


def _differing(evidence: Evidence, hosts: dict[str, dict[str, Line]]) -> Iterator[Reason]:
    fix = "give every pod of the job the same number of NICs (rdma/ib), and every rank the same NCCL_IB_HCA"
    by_nics: dict[frozenset[str], list[str]] = {}
    for host, names in hosts.items():
        by_nics.setdefault(frozenset(names), []).append(host)
    # As many under other names are the same NICs: numbers shift where the Ethernet function comes first.
    if len({len(names) for names in by_nics}) > 1:
        (few, one), (many, other) = _ends({names: where[0] for names, where in by_nics.items()})
        text = f"the nodes do not use the same NICs, they differ: {one} {_count(few)}, {other} {_count(many)}"
        yield Reason(text, hosts[other][min(many)], fix)
        return
    by_rank: dict[frozenset[str], RankEvidence] = {}
    for rank in evidence.ranks.values():
        if rank.listed and rank.source.host in hosts:
            by_rank.setdefault(frozenset(device.name for device in rank.devices.values()), rank)
    # Ranks with as many NICs each, but others, are told so by a list for each GPU.
    if len({len(names) for names in by_rank}) > 1:
        (few, first), (many, second) = _ends(by_rank)
        text = f"the ranks do not use the same NICs, they differ: {place(first)} {_count(few)}, {place(second)} {_count(many)}"
        yield Reason(text, second.listed, fix)


def _ends(groups: dict[frozenset[str], _T]) -> tuple[tuple[frozenset[str], _T], tuple[frozenset[str], _T]]:
    ordered = sorted(groups.items(), key=lambda one: (len(one[0]), sorted(one[0])))
    return ordered[0], ordered[-1]


def _foreign(evidence: Evidence) -> Iterator[Reason]:
    """Yield a NIC of another link layer among InfiniBand ones, where a channel uses it or the setup failed."""
    failed = any(failure.stops_setup for failure in evidence.failures.values())
    for rank in evidence.ranks.values():
        layers = {device.link for device in rank.devices.values()}
        if "IB" not in layers:
            continue
        for index, device in rank.devices.items():
            ethernet = device.link == "RoCE" and (not is_ethernet_function(device.name) or index in rank.nics)
            if ethernet and (failed or index in rank.nics):
                keep = ",".join(one.name for one in rank.devices.values() if one.link == "IB")
                text = f"{device.name} is Ethernet (RoCE) among the InfiniBand NICs that NCCL took"
                yield Reason(text, rank.listed, f"set NCCL_IB_HCA to the InfiniBand ones alone (={keep})")
                return


def carrying(evidence: Evidence) -> list[Device]:
    """Return the devices that the channels between nodes use, else those that the ranks list; without duplicates."""
    ranks = evidence.ranks.values()
    # A rank whose own list is cut out has the numbers of the others' lists.
    by_index = {device.index: device for rank in ranks for device in rank.devices.values()}
    used = [rank.devices.get(nic) or by_index.get(nic) for rank in ranks for nic in rank.nics]
    if used:
        return [device for device in dict.fromkeys(used) if device]
    return list(dict.fromkeys(by_index.values()))


def only_ethernet(devices: list[Device], vm_size: VmSize | None) -> Device | None:
    """Return a device where all are the Ethernet function of accelerated networking; with a VM size RoCE is it too."""

    def is_it(device: Device) -> bool:
        return is_ethernet_function(device.name) or (vm_size is not None and device.link == "RoCE")

    return devices[0] if devices and all(map(is_it, devices)) else None


def _count(names: frozenset[str]) -> str:
    return f"{len(names)} ({_some(sorted(names))})"


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return " ".join(listed[:_NAMES]) + (f" and {len(listed) - _NAMES} more" if len(listed) > _NAMES else "")


def place(rank: RankEvidence) -> str:
    """Return the rank as a message names it, else its process."""
    number = rank.task if rank.rank is None else rank.rank
    return f"rank {number}" if number is not None else f"{rank.source.host}:{rank.source.pid}"
