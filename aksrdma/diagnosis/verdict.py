"""What the evidence proves: RDMA between nodes, another network, or neither; and what else it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from aksrdma.diagnosis.evidence import Device, Evidence, Failure, Link
from aksrdma.diagnosis.fabrics import Fabric, is_omni_path
from aksrdma.diagnosis.lines import Line

Verdict: TypeAlias = Literal["used", "not-used", "unproven"]

_ANSWERED: Final = frozenset({7, 8, 9, 10, 11, 13, 16})
"""Statuses of a work request (`enum ibv_wc_status` of rdma-core) that only an answer of the peer, or data from it, brings.

The others prove nothing of the way between nodes: 12 says that the peer never answered, 5 that the queue pair was
emptied after another error, 1 to 4 and 6 are errors of this side.
"""
_SOCKET_FIX: Final = (
    "RDMA was not chosen: is rdma/ib in the pod's limits, does `ibv_devices` inside the pod list mlx5 devices, does the"
    " image have libibverbs, is NCCL_IB_DISABLE unset or 0, does NCCL_NET force another network?"
)
_FABRIC_FIX: Final = (
    "on AKS nodes with InfiniBand no libfabric plugin is needed: set NCCL_NET_PLUGIN=none, or take an image without it"
)
_INFO_FIX: Final = (
    "run again with NCCL_DEBUG=INFO on at least two nodes and keep the log from its first line on; no NET/IB line there"
    " means no RDMA: is rdma/ib in the pod's limits, does the image have libibverbs?"
)
_NODES_FIX: Final = "run it on at least two nodes (pod anti-affinity on kubernetes.io/hostname)"


_FOREIGN: Final = frozenset({Fabric.SOCKETS, Fabric.OTHER})
_WORST_FIRST: Final = (Fabric.SOCKETS, Fabric.OTHER, Fabric.VERBS, Fabric.UNKNOWN)
"""One channel over sockets slows down all ranks, so it decides."""
_Seen: TypeAlias = tuple[Fabric, str, Line]
"""What carries the data, NCCL's name of the network, and the line that shows it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is, with the line that shows it and what to do next."""

    text: str
    line: Line | None = None
    fix: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values; the line as its number and its text."""
        line = self.line
        number, quote = (line.number, line.quote) if line else (None, None)
        return {"text": self.text, "line": number, "quote": quote, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Judgment:
    """A verdict and what decided it."""

    verdict: Verdict
    reason: Reason


def judge(evidence: Evidence) -> Judgment:
    """Judge what a log shows.

    `used` needs a line that proves data between nodes over InfiniBand or RoCE verbs, `not-used` one that shows
    another network between them. All else is `unproven`: silence is no proof either way.
    """
    nccl, perftest, ucx = _nccl(evidence), _perftest(evidence), _ucx(evidence)
    if nccl and nccl.verdict != "unproven":
        return nccl
    for opinion in (perftest, ucx):
        if opinion and opinion.verdict == "used":
            return opinion
    # With NCCL in the log, UCX may well run MPI's control traffic over TCP on purpose.
    return nccl or perftest or ucx or _nothing(evidence)


def _nccl(evidence: Evidence) -> Judgment | None:
    local = next((line for rank in evidence.ranks.values() for line in rank.local.values()), None)
    if channels := _seen(evidence, evidence.channels()):
        return _channels(evidence, channels)
    for rank in evidence.ranks.values():
        for way, line in rank.local.items():
            if way.startswith("P2P/MNNVL"):
                text = "the ranks are joined across nodes by NVLink (MNNVL), and no channel uses the network"
                fix = "set NCCL_MNNVL_ENABLE=0 to see what InfiniBand does without NVLink"
                return _judged("not-used", text, line, fix)
    if selections := _seen(evidence, evidence.selections()):
        return _selected(evidence, selections, local)
    if local:
        return _judged("unproven", "only channels inside a node are shown", local, _NODES_FIX)
    return _completions(evidence)


def _seen(evidence: Evidence, networks: Iterable[tuple[str, Line]]) -> list[_Seen]:
    """Add what carries the data of each network; the first line of the log comes first."""
    return sorted(((evidence.fabric(name), name, line) for name, line in networks), key=lambda one: one[2].number)


def _channels(evidence: Evidence, channels: list[_Seen]) -> Judgment:
    by_fabric = {fabric: (network, line) for fabric, network, line in reversed(channels)}
    fabric = next(fabric for fabric in _WORST_FIRST if fabric in by_fabric)
    network, line = by_fabric[fabric]
    if several_nodes(evidence) is False:
        text = f"the channels go over NET/{network}, but all ranks are on one node, so nothing went between nodes"
        return _judged("unproven", text, line, _NODES_FIX)
    if fabric in _FOREIGN:
        return _not_used(evidence, network, line)
    if fabric is Fabric.UNKNOWN:
        text = f"NCCL's network between nodes is {network}, which aksrdma does not know"
        return _judged("unproven", text, line, "set NCCL_NET_PLUGIN=none to use NCCL's own NET/IB")
    stopped = _setup_failure(evidence)
    if stopped and not _moved(evidence):
        text = f"NCCL chose NET/{network}, but setting it up failed before any data moved"
        return _judged("unproven", text, stopped.line, stopped.advice)
    return _judged("used", f"NCCL's channels between nodes go over NET/{network}", line)


def _selected(evidence: Evidence, selections: list[_Seen], local: Line | None) -> Judgment:
    foreign = next(((network, line) for fabric, network, line in selections if fabric in _FOREIGN), None)
    _, network, line = selections[0]
    if several_nodes(evidence) is False:
        text = f"NCCL chose {network}, but all ranks shown are on one node, so nothing went between nodes"
        return _judged("unproven", text, local or line, _NODES_FIX)
    if foreign:
        return _not_used(evidence, *foreign)
    if any(fabric is not Fabric.VERBS for fabric, _, _ in selections):
        return _judged("unproven", f"NCCL chose {network}, which aksrdma does not know", line, _INFO_FIX)
    if stopped := _setup_failure(evidence):
        return _judged("unproven", f"NCCL chose {network}, but setting it up failed", stopped.line, stopped.advice)
    # Channels inside a node without any to other nodes mean that these lines were not cut out of the log.
    if several_nodes(evidence) and _moved(evidence) and local is None:
        return _judged("used", f"NCCL chose {network} on every rank shown, and data moved between nodes", line)
    text = f"NCCL chose {network}, but no line shows traffic between nodes"
    return _completions(evidence) or _judged("unproven", text, line, _INFO_FIX)


def _not_used(evidence: Evidence, network: str, line: Line) -> Judgment:
    if evidence.fabric(network) is Fabric.SOCKETS:
        return _judged("not-used", f"NCCL's network between nodes is {network}, that is TCP sockets", line, _SOCKET_FIX)
    provider = f" (provider {evidence.provider})" if evidence.provider else ""
    text = f"NCCL's network between nodes is {network}{provider}, not InfiniBand or RoCE verbs"
    return _judged("not-used", text, line, _FABRIC_FIX)


def _completions(evidence: Evidence) -> Judgment | None:
    answered = [line for status, line in evidence.completions.items() if status in _ANSWERED]
    if answered and several_nodes(evidence) is False:
        text = "NCCL's peer answered over NET/IB, but all ranks shown are on one node, so nothing went between nodes"
        return _judged("unproven", text, answered[0], _NODES_FIX)
    if answered:
        text = "NCCL's peer on another node answered over NET/IB before the queue pair failed"
        return _judged("used", text, answered[0])
    for line in evidence.completions.values():
        text = "NCCL tried NET/IB, but its peer never answered, and nothing shows that data moved before"
        return _judged("unproven", text, line, _INFO_FIX)
    return None


def _perftest(evidence: Evidence) -> Judgment | None:
    fix = "run server and client on different nodes"
    if evidence.loopback:
        key = evidence.loopback_by
        text = f"both ends of perftest are one port (one {key}): data left it and came back, nothing went between nodes"
        return _judged("unproven", text, evidence.loopback, fix)
    if evidence.localhost:
        text = "perftest's client was sent to its own host, so nothing went between nodes"
        return _judged("unproven", text, evidence.localhost, fix)
    for device, result in evidence.measured.items():
        on = f" on {device}" if device else ""
        return _judged("used", f"perftest measured traffic over verbs{on}", result.line)
    if evidence.perftest:
        fix = "keep the log up to the rows of results; does the client reach the server's port 18515?"
        return _judged("unproven", "perftest started, but shows no result", evidence.perftest, fix)
    return None


def _ucx(evidence: Evidence) -> Judgment | None:
    if evidence.answered:
        return _judged("used", "UCX had verbs queue pairs to other nodes at work when one failed", evidence.answered)
    if line := evidence.lanes.get(Fabric.VERBS):
        if stopped := _setup_failure(evidence):
            text = "UCX chose verbs for an endpoint to another process, but setting it up failed"
            return _judged("unproven", text, stopped.line, stopped.advice)
        return _judged("used", "UCX's endpoint to another process goes over verbs", line)
    for fabric, text in ((Fabric.SOCKETS, "TCP sockets"), (Fabric.OTHER, "another fabric")):
        if line := evidence.lanes.get(fabric):
            fix = "is rdma/ib in the pod's limits, and do UCX_TLS and UCX_NET_DEVICES leave rc and the mlx5 devices in?"
            return _judged("not-used", f"UCX's endpoint to another process goes over {text}", line, fix)
    return None


def _nothing(evidence: Evidence) -> Judgment:
    failures = sorted(evidence.failures.values(), key=lambda failure: not failure.stops_setup)
    for failure in failures[:1]:
        text = "the log shows an error, but no network that carried data between nodes"
        return _judged("unproven", text, failure.line, failure.advice)
    table = next((table.row.line for table in evidence.tables if table.row), None)
    if table:
        return _judged("unproven", "a table of results alone does not show which network carried it", table, _INFO_FIX)
    return _judged("unproven", "no line of the log shows a network between nodes", None, _INFO_FIX)


def _judged(verdict: Verdict, text: str, line: Line | None, fix: str | None = None) -> Judgment:
    return Judgment(verdict, Reason(text, line, fix))


def _setup_failure(evidence: Evidence) -> Failure | None:
    return next((failure for failure in evidence.failures.values() if failure.stops_setup), None)


def _moved(evidence: Evidence) -> bool:
    """Whether a line shows that data moved between nodes, over whichever network NCCL chose."""
    if not _ANSWERED.isdisjoint(evidence.completions):
        return True
    if evidence.inside_node:  # lines that name no communicator may be about the one inside a node
        return False
    return evidence.connected is not None or any(table.row and not table.one_node for table in evidence.tables)


def link(evidence: Evidence) -> Link | None:
    """Return the link layer of the devices in use, else of those listed; where both kinds are, InfiniBand."""
    ranks = evidence.ranks.values()
    listed = [device for rank in ranks for device in rank.devices.values()]
    # A rank whose own list is cut out has the numbers of the others' lists.
    by_index = {device.index: device for device in listed}
    in_use = (rank.devices.get(nic) or by_index.get(nic) for rank in ranks for nic in rank.nics)
    used_layers = {layer for device in in_use if device and (layer := _link_layer(device))}
    listed_layers = {layer for device in listed if (layer := _link_layer(device))}
    for layers in (used_layers, listed_layers, set(evidence.perftest_links)):
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


def _link_layer(device: Device) -> Link | None:
    if is_omni_path(device.name):
        return None
    return "IB" if device.link == "IB" else "RoCE" if device.link == "RoCE" else None
