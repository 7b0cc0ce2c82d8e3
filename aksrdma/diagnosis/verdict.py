"""What the evidence proves: RDMA between nodes, another network, or neither; and what else it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aksrdma.diagnosis.evidence import Device, Evidence, Failure, Link
from aksrdma.diagnosis.fabrics import Fabric, is_ethernet_function, is_omni_path, of_nccl, of_ucx
from aksrdma.diagnosis.known_errors import completions
from aksrdma.diagnosis.lines import Line
from aksrdma.diagnosis.nics import carrying, only_ethernet, place
from aksrdma.diagnosis.programs import program
from aksrdma.diagnosis.reason import Reason

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize

Verdict: TypeAlias = Literal["used", "not-used", "unproven"]

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
_WHOLE_FIX: Final = "run it on at least two nodes and keep the whole log of every rank: a channel between nodes `via NET/IB` is the proof"
_ALONE_FIX: Final = (
    "start the processes as one job: torchrun with --nnodes and one --rdzv-endpoint, mpirun with all hosts (and an MPI"
    " build of nccl-tests), so that WORLD_SIZE, RANK and MASTER_ADDR reach each of them"
)
_ETHERNET_FIX: Final = (
    "name the InfiniBand devices in NCCL_IB_HCA (UCX_NET_DEVICES, -d of perftest), and ask for rdma/ib so that the pod"
    " has them; ibv_devinfo shows the link layer of each"
)
_DOCTOR_FIX: Final = "`aksrdma doctor FILE` says what such a file shows"
_EMPTY_FIX: Final = (
    "give what the job printed: `kubectl logs` of a pod that has started, or the file of NCCL_DEBUG_FILE"
)
_TEXT_FIX: Final = "give what the job printed (`kubectl logs`), as text or as gzip of it"
_NODES_FIX: Final = "run it on at least two nodes (pod anti-affinity on kubernetes.io/hostname)"


_NCCL: Final = frozenset({"nccl"})
_UCX: Final = frozenset({"ucx", "nixl"})
_ONLY_TCP: Final = {"mooncake": "Mooncake", "mpi": "Intel MPI"}
"""Families, beside NCCL's, of which an error alone may show that there are only sockets."""
"""Families of errors, as `errors/*.yaml` has them."""
_FOREIGN: Final = frozenset({Fabric.SOCKETS, Fabric.OTHER})
_WORST_FIRST: Final = (Fabric.SOCKETS, Fabric.OTHER, Fabric.VERBS, Fabric.UNKNOWN)
"""One channel over sockets slows down all ranks, so it decides."""
_Seen: TypeAlias = tuple[Fabric, str, Line]
"""What carries the data, NCCL's name of the network, and the line that shows it."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """A verdict and what decided it."""

    verdict: Verdict
    reason: Reason


def judge(evidence: Evidence, vm_size: VmSize | None = None) -> Judgment:
    """Judge what a log shows; on a VM size with InfiniBand, RoCE is its Ethernet function.

    `used` needs a line that proves data between nodes over InfiniBand or RoCE verbs, `not-used` one that shows
    another network between them. All else is `unproven`: silence is no proof either way.
    """
    nccl, perftest, ucx = _nccl(evidence, vm_size), _perftest(evidence, vm_size), _ucx(evidence)
    if nccl and nccl.verdict != "unproven":
        return nccl
    for opinion in (perftest, ucx):
        if opinion and opinion.verdict == "used":
            return opinion
    # With NCCL in the log, UCX may well run MPI's control traffic over TCP on purpose.
    return nccl or perftest or ucx or _only_tcp(evidence) or _nothing(evidence)


def _nccl(evidence: Evidence, vm_size: VmSize | None) -> Judgment | None:
    local = next((line for rank in evidence.ranks.values() for line in rank.local.values()), None)
    if channels := _seen(evidence, evidence.channels()):
        return _channels(evidence, channels, vm_size)
    for rank in evidence.ranks.values():
        for way, line in rank.local.items():
            if way.startswith("P2P/MNNVL"):
                text = "the ranks are joined across nodes by NVLink (MNNVL), and no channel uses the network"
                fix = "set NCCL_MNNVL_ENABLE=0 to see what InfiniBand does without NVLink"
                return _judged("not-used", text, line, fix)
    if selections := _seen(evidence, evidence.selections()):
        return _selected(evidence, selections, local, vm_size)
    listed = any(rank.devices for rank in evidence.ranks.values())
    if (cause := _cause(evidence, _NCCL)) and cause.decides and not listed:
        return _judged("not-used", f"NCCL has only TCP sockets: {cause.message}", cause.line, cause.advice)
    if alone := _alone(evidence):
        return alone
    if local:
        return _judged("unproven", "only channels inside a node are shown", local, _NODES_FIX)
    return _completions(evidence)


def _seen(evidence: Evidence, networks: Iterable[tuple[str, Line]]) -> list[_Seen]:
    """Add what carries the data of each network; the first line of the log comes first."""
    return sorted(((evidence.fabric(name), name, line) for name, line in networks), key=lambda one: one[2].number)


def _channels(evidence: Evidence, channels: list[_Seen], vm_size: VmSize | None) -> Judgment:
    by_fabric = {fabric: (network, line) for fabric, network, line in reversed(channels)}
    fabric = next(fabric for fabric in _WORST_FIRST if fabric in by_fabric)
    network, line = by_fabric[fabric]
    if fabric is Fabric.SOCKETS:  # what one node chooses, many choose too
        return _not_used(evidence, network, line)
    if several_nodes(evidence) is False:
        text = f"the channels go over NET/{network}, but all ranks are on one node, so nothing went between nodes"
        return _judged("unproven", text, line, _NODES_FIX)
    if fabric in _FOREIGN:
        return _not_used(evidence, network, line)
    if fabric is Fabric.UNKNOWN:
        text = f"NCCL's network between nodes is {network}, which aksrdma does not know"
        return _judged("unproven", text, line, "set NCCL_NET_PLUGIN=none to use NCCL's own NET/IB")
    if ethernet := only_ethernet(carrying(evidence), vm_size):
        return _ethernet(f"NCCL's channels between nodes go over {ethernet.name}", line)
    stopped = _setup_failure(evidence, _NCCL)
    if stopped and not _moved(evidence):
        text = f"NCCL chose NET/{network}, but setting it up failed before any data moved"
        return _judged("unproven", text, stopped.line, stopped.advice)
    return _judged("used", f"NCCL's channels between nodes go over NET/{network}", line)


def _selected(evidence: Evidence, selections: list[_Seen], local: Line | None, vm_size: VmSize | None) -> Judgment:
    foreign = next(((network, line) for fabric, network, line in selections if fabric in _FOREIGN), None)
    _, network, line = selections[0]
    if foreign and evidence.fabric(foreign[0]) is Fabric.SOCKETS:  # what one node chooses, many choose too
        return _not_used(evidence, *foreign)
    if alone := _alone(evidence):
        return alone
    if several_nodes(evidence) is False:
        text = f"NCCL chose {network}, but all ranks shown are on one node, so nothing went between nodes"
        return _judged("unproven", text, local or line, _NODES_FIX)
    if foreign:
        return _not_used(evidence, *foreign)
    if any(fabric is not Fabric.VERBS for fabric, _, _ in selections):
        return _judged("unproven", f"NCCL chose {network}, which aksrdma does not know", line, _INFO_FIX)
    if stopped := _setup_failure(evidence, _NCCL):
        return _judged("unproven", f"NCCL chose {network}, but setting it up failed", stopped.line, stopped.advice)
    # Channels inside a node without any to other nodes mean that these lines were not cut out of the log.
    if several_nodes(evidence) and _moved(evidence) and local is None:
        if ethernet := only_ethernet(carrying(evidence), vm_size):
            return _ethernet(f"NCCL has only {ethernet.name} between nodes", line)
        return _judged("used", f"NCCL chose {network} on every rank shown, and data moved between nodes", line)
    text = f"NCCL chose {network}, but no line shows traffic between nodes"
    return _completions(evidence) or _judged("unproven", text, line, _next(evidence))


def _not_used(evidence: Evidence, network: str, line: Line) -> Judgment:
    if evidence.fabric(network) is Fabric.SOCKETS:
        provider = f" (provider {evidence.provider})" if of_nccl(network) is Fabric.OTHER else ""
        text = f"NCCL's network between nodes is {network}{provider}{_which(evidence, network)}, that is TCP sockets"
        if provider:
            return _judged("not-used", text, line, _FABRIC_FIX)
        if cause := _cause(evidence, _NCCL):
            setting = evidence.settings.get("NCCL_IB_HCA") if not cause.chosen else None
            why = f"{cause.message}{f' (NCCL_IB_HCA is set to {setting})' if setting else ''}"
            return _judged("not-used", f"{text}: {why} (line {cause.line.number})", line, cause.advice)
        return _judged("not-used", text, line, _SOCKET_FIX)
    provider = f" (provider {evidence.provider})" if evidence.provider else ""
    text = f"NCCL's network between nodes is {network}{provider}, not InfiniBand or RoCE verbs"
    return _judged("not-used", text, line, _FABRIC_FIX)


def _which(evidence: Evidence, network: str) -> str:
    """Say which ranks have a network, where others have another."""
    shown = [rank for rank in evidence.ranks.values() if rank.networks or rank.selected]
    having = [rank for rank in shown if network in rank.networks or network in rank.selected]
    if not having or len(having) == len(shown):
        return ""
    host = having[0].source.host
    return f" on {len(having)} of {len(shown)} ranks ({place(having[0])}{f' on {host}' if host else ''})"


def _cause(evidence: Evidence, families: frozenset[str]) -> Failure | None:
    """Return the weightiest reason that the log names for a network that is not RDMA; libibverbs speaks for all."""
    families |= {"verbs"}
    failures = evidence.failures.values()
    causes = [failure for failure in failures if failure.cause is not None and failure.family in families]
    return min(causes, key=lambda failure: failure.cause or 0, default=None)


def _alone(evidence: Evidence) -> Judgment | None:
    """Judge processes that are each a job of one rank: none had another to talk to."""
    ranks = [rank for rank in evidence.ranks.values() if rank.rank is not None]
    if evidence.largest == 1 and ranks:
        text = f"each of the {len(ranks)} processes" if len(ranks) > 1 else "the process"
        text = f"{text} is a job of its own of one rank (nranks 1), so nothing went between nodes"
        return _judged("unproven", text, None, _ALONE_FIX)
    if evidence.largest is None and len(ranks) > 1 and all(rank.rank == 0 for rank in ranks):
        text = f"each of the {len(ranks)} processes is rank 0 of a job of its own, so nothing went between nodes"
        return _judged("unproven", text, None, _ALONE_FIX)
    return None


def _ethernet(where: str, line: Line) -> Judgment:
    text = f"{where}, the Ethernet function of Azure's accelerated networking, and not over InfiniBand"
    return _judged("not-used", text, line, _ETHERNET_FIX)


def _completions(evidence: Evidence) -> Judgment | None:
    answered = [line for status, line in evidence.completions.items() if status in _answered()]
    if answered and several_nodes(evidence) is False:
        text = "NCCL's peer answered over NET/IB, but all ranks shown are on one node, so nothing went between nodes"
        return _judged("unproven", text, answered[0], _NODES_FIX)
    if answered:
        text = "NCCL's peer on another node answered over NET/IB before the queue pair failed"
        return _judged("used", text, answered[0])
    for line in evidence.completions.values():
        text = "NCCL tried NET/IB, but its peer never answered, and nothing shows that data moved before"
        advice = (failure.advice for failure in evidence.failures.values() if failure.line.number == line.number)
        return _judged("unproven", text, line, next(advice, _INFO_FIX))
    return None


def _perftest(evidence: Evidence, vm_size: VmSize | None) -> Judgment | None:
    fix = "run server and client on different nodes"
    if evidence.loopback:
        key = evidence.loopback_by
        text = f"both ends of perftest are one port (one {key}): data left it and came back, nothing went between nodes"
        return _judged("unproven", text, evidence.loopback, fix)
    if evidence.localhost:
        text = "perftest's client was sent to its own host, so nothing went between nodes"
        return _judged("unproven", text, evidence.localhost, fix)
    ethernet = vm_size is not None and set(evidence.perftest_links) == {"RoCE"}
    measured = sorted(evidence.measured.items(), key=lambda one: is_ethernet_function(one[0] or ""))
    for device, result in measured:  # of several devices InfiniBand's are the first
        on = f" on {device}" if device else ""
        if ethernet or is_ethernet_function(device or ""):
            return _ethernet(f"perftest measured traffic{on}", result.line)
        return _judged("used", f"perftest measured traffic over verbs{on}", result.line)
    if evidence.perftest and (failed := _first_failure(evidence)):
        text = f"perftest failed before a result: {failed.message}"
        return _judged("unproven", text, failed.line, failed.advice)
    if evidence.perftest:
        fix = "keep the log up to the rows of results; does the client reach the server's port 18515?"
        return _judged("unproven", "perftest started, but shows no result", evidence.perftest, fix)
    return None


def _ucx(evidence: Evidence) -> Judgment | None:
    if evidence.answered:
        return _judged("used", "UCX had verbs queue pairs to other nodes at work when one failed", evidence.answered)
    having = [rank for rank in evidence.ranks.values() if rank.lanes]
    without = [rank for rank in having if all(_lane_fabric(lane) in _FOREIGN for lane in rank.lanes)]
    if (line := evidence.lanes.get(Fabric.VERBS)) and not without:
        if stopped := _setup_failure(evidence, _UCX):
            text = "UCX chose verbs for an endpoint to another process, but setting it up failed"
            return _judged("unproven", text, stopped.line, stopped.advice)
        lanes = [lane.rpartition("/")[2] for rank in having for lane in rank.lanes]
        if lanes and all(map(is_ethernet_function, lanes)):
            return _ethernet(f"UCX's endpoint to another process goes over {lanes[0]}", line)
        return _judged("used", "UCX's endpoint to another process goes over verbs", line)
    for fabric, text in ((Fabric.SOCKETS, "TCP sockets"), (Fabric.OTHER, "another fabric")):
        foreign = [one for rank in without for lane, one in rank.lanes.items() if _lane_fabric(lane) is fabric]
        if line := next(iter(foreign), None):
            some = f" on {len(without)} of {len(having)} processes ({place(without[0])})"
            text = f"UCX's endpoint to another process goes over {text}{some if len(without) < len(having) else ''}"
            if cause := _cause(evidence, _UCX):
                why = f"{cause.message} (line {cause.line.number})"
                return _judged("not-used", f"{text}: {why}", line, cause.advice)
            fix = "is rdma/ib in the pod's limits, and do UCX_TLS and UCX_NET_DEVICES leave rc and the mlx5 devices in?"
            return _judged("not-used", text, line, fix)
    return None


def _lane_fabric(lane: str) -> Fabric:
    return of_ucx(lane.partition("/")[0])


def _only_tcp(evidence: Evidence) -> Judgment | None:
    for family, name in _ONLY_TCP.items():
        cause = _cause(evidence, frozenset({family}))
        if cause and cause.decides and not _setup_failure(evidence, frozenset({family})):
            return _judged("not-used", f"{name} has only TCP sockets: {cause.message}", cause.line, cause.advice)
    return None


def _nothing(evidence: Evidence) -> Judgment:
    if (wrote := program(evidence)) and not wrote.job:
        failed = _first_failure(evidence) if wrote.next else None
        fix = failed.advice if failed else wrote.next or _DOCTOR_FIX
        text = f"this is {wrote.name}, not of a job: it proves no traffic"
        if failed:
            return _judged("unproven", f"{failed.message}; {text}", failed.line, fix)
        return _judged("unproven", text, evidence.named[wrote.id], fix)
    if failed := _first_failure(evidence):
        text = "the log shows an error, but no network that carried data between nodes"
        return _judged("unproven", text, failed.line, failed.advice)
    table = next((table.row.line for table in evidence.tables if table.row), None)
    if table:
        text = "a table of results alone does not show which network carried it"
        return _judged("unproven", text, table, _next(evidence))
    if evidence.extent.blank:
        return _judged("unproven", "the log is empty", None, _EMPTY_FIX)
    if evidence.extent.binary and not wrote:
        return _judged("unproven", "the file is no text", None, _TEXT_FIX)
    return _judged("unproven", "no line of the log shows a network between nodes", None, _next(evidence))


def _first_failure(evidence: Evidence) -> Failure | None:
    failures = (failure for failure in evidence.failures.values() if not failure.chosen)
    return min(failures, key=lambda one: (one.general or one.consequence, not one.stops_setup), default=None)


def _next(evidence: Evidence) -> str:
    """Return how a log of this program shows its network."""
    ranks = evidence.ranks.values()
    if evidence.settings or any(rank.selected or rank.devices or rank.local for rank in ranks):
        return _WHOLE_FIX  # NCCL says these at INFO alone
    if evidence.tables or evidence.versioned:
        return _INFO_FIX
    wrote = program(evidence)
    return (wrote.next if wrote else None) or _INFO_FIX


def _judged(verdict: Verdict, text: str, line: Line | None, fix: str | None = None) -> Judgment:
    return Judgment(verdict, Reason(text, line, fix))


def _setup_failure(evidence: Evidence, families: frozenset[str]) -> Failure | None:
    """Return an error that kept a program from its network; another program's says nothing of it."""
    failures = evidence.failures.values()
    return next((failure for failure in failures if failure.stops_setup and failure.family in families), None)


def _answered() -> frozenset[int]:
    """Return the statuses of a work request that only an answer of the peer, or data from it, brings."""
    return frozenset(row.status for row in completions() if row.answered)


def _moved(evidence: Evidence) -> bool:
    """Whether a line shows that data moved between nodes, over whichever network NCCL chose."""
    if not _answered().isdisjoint(evidence.completions):
        return True
    if evidence.inside_node:  # lines that name no communicator may be about the one inside a node
        return False
    return evidence.connected is not None or any(table.row and not table.one_node for table in evidence.tables)


def link(evidence: Evidence) -> Link | None:
    """Return the link layer of the devices in use, else of those listed; where both kinds are, InfiniBand."""
    ranks = evidence.ranks.values()
    listed_layers = {layer for rank in ranks for one in rank.devices.values() if (layer := _link_layer(one))}
    used_layers = {layer for device in carrying(evidence) if (layer := _link_layer(device))}
    for layers in (used_layers, listed_layers, set(evidence.perftest_links)):
        if layers:
            return "IB" if "IB" in layers else "RoCE"
    shown = {*evidence.links, *evidence.addressed} if not any(map(is_omni_path, evidence.devices)) else set()
    return ("IB" if "IB" in shown else "RoCE") if shown else None


def gpudirect(evidence: Evidence) -> bool | None:
    """Return whether the NIC reached GPU memory directly; channels count for more than what was announced."""
    ranks = evidence.ranks.values()
    if any(rank.with_gpudirect for rank in ranks) or (evidence.perftest_gpu and evidence.measured):
        return True
    if any(rank.without_gpudirect for rank in ranks) or any(rank.gpudirect_announced is False for rank in ranks):
        return False
    return False if evidence.perftest and not evidence.perftest_gpu else None


def several_nodes(evidence: Evidence) -> bool | None:
    """Return whether the ranks ran on more than one node; None where the log does not say."""
    if evidence.nodes is not None:
        return evidence.nodes > 1
    if len(evidence.hosts) > 1:
        return True
    # Up to 2.18 NCCL does not say nNodes; but where each rank that a channel goes to writes here too, none is elsewhere.
    whole = evidence.largest in {None, len(evidence.own)}
    if evidence.hosts and evidence.peers and whole and evidence.peers <= evidence.own:
        return False
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
