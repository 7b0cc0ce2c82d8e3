"""What a whole log says, gathered line by line in memory that does not grow with its length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, TypeVar

from aksrdma.diagnosis import line_facts as facts
from aksrdma.diagnosis.fabrics import Fabric, of_nccl, of_ucx
from aksrdma.diagnosis.lines import Line, Source

TopologyState: TypeAlias = Literal["loaded", "missing", "broken"]

_MOST_RANKS: Final = 1 << 14
"""Processes that are told apart; what further ones say still counts for the log as a whole."""
_GLUE: Final = re.compile(r"\d*(?:none|sum|prod|min|max|avg)?")
"""What the end of a torn table row may glue to the front of a host name."""


@dataclass(slots=True)
class RankEvidence:
    """What one process says of its network."""

    source: Source
    rank: int | None = None
    task: int | None = None
    """Rank by the launcher, where NCCL does not say it."""
    selected: dict[str, Line] = field(default_factory=dict)
    """Networks that NCCL chose, with the first line of each."""
    networks: dict[str, Line] = field(default_factory=dict)
    """Networks of its channels to other nodes, with the first line of each."""
    local: dict[str, Line] = field(default_factory=dict)
    """Ways of its channels inside the node (`P2P/IPC`), with the first line of each."""
    nics: set[int] = field(default_factory=set)
    """Numbers of the devices that its channels use."""
    devices: dict[int, facts.Device] = field(default_factory=dict)
    lanes: dict[str, Line] = field(default_factory=dict)
    """UCX's `transport/device` to other nodes."""
    with_gpudirect: int = 0
    """Kinds of channels to other nodes that reach GPU memory directly."""
    without_gpudirect: int = 0
    gpudirect_announced: bool | None = None
    topology: TopologyState | None = None


@dataclass(slots=True)
class Table:
    """The row with the largest message of one table of nccl-tests."""

    row: facts.Row | None = None


@dataclass(slots=True)
class Failure:
    """An error, how often it was seen, and where first."""

    first: facts.Failed
    count: int = 1


@dataclass(slots=True)
class Evidence:
    """What a whole log says."""

    ranks: dict[Source, RankEvidence] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    nodes: int | None = None
    """Nodes of the largest communicator, as NCCL says it."""
    placed: bool = False
    """Whether nccl-tests lists the ranks with their hosts."""
    providers: dict[str, Line] = field(default_factory=dict)
    connected: Line | None = None
    completions: dict[int, Line] = field(default_factory=dict)
    """Statuses of work requests of NCCL that failed on the way to another node."""
    addressed: dict[facts.Link, Line] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    perftest: Line | None = None
    perftest_links: dict[facts.Link, Line] = field(default_factory=dict)
    perftest_gpu: bool = False
    loopback: Line | None = None
    """perftest's two ends are one port."""
    measured: dict[str | None, facts.Measured] = field(default_factory=dict)
    """perftest's result for the largest message, by device; bandwidth before latency."""
    lanes: dict[Fabric, Line] = field(default_factory=dict)
    """What carries UCX's endpoints to other nodes."""
    posted: Line | None = None
    """A work request of UCX that followed others on the same queue pair."""
    links: dict[facts.Link, Line] = field(default_factory=dict)
    """Link layers that UCX names."""
    devices: dict[str, Line] = field(default_factory=dict)
    """RDMA devices, in the order in which the log names them."""
    topology: dict[TopologyState, Line] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    _by_pid: dict[int | None, list[Source]] = field(default_factory=dict)

    def rank(self, line: Line) -> RankEvidence:
        """Return the evidence of the process that wrote a line."""
        found = self.ranks.get(line.source)
        return found if found is not None else self._new_rank(line)

    @property
    def provider(self) -> str | None:
        """The libfabric provider that NCCL chose last."""
        return next(reversed(self.providers), None)

    def fabric(self, network: str) -> Fabric:
        """Return what carries the data of a network that this log names."""
        fabric = of_nccl(network, self.provider)
        listed = fabric is Fabric.UNKNOWN and any(rank.devices for rank in self.ranks.values())
        return Fabric.VERBS if listed else fabric

    def channels(self) -> Iterator[tuple[RankEvidence, str, Line]]:
        """Yield rank, network and first line of NCCL's channels to other nodes."""
        for rank in self.ranks.values():
            for network, line in rank.networks.items():
                yield rank, network, line

    def selections(self) -> Iterator[tuple[RankEvidence, str, Line]]:
        """Yield rank, network and first line of NCCL's choices."""
        for rank in self.ranks.values():
            for network, line in rank.selected.items():
                yield rank, network, line

    def _new_rank(self, line: Line) -> RankEvidence:
        source = line.source
        alias = self._glued(source)
        if alias is None and len(self.ranks) >= _MOST_RANKS:
            alias = Source()
        if alias is not None:
            return self.ranks.setdefault(alias, RankEvidence(alias))
        if source.host is not None:
            self.hosts.add(source.host)
            self._by_pid.setdefault(source.pid, []).append(source)
        self.ranks[source] = RankEvidence(source, task=line.task)
        return self.ranks[source]

    def _glued(self, source: Source) -> Source | None:
        """Return the process whose name a torn row has grown or that has grown by one, if it is known."""
        return next((known for known in self._by_pid.get(source.pid, ()) if _is_glued(known, source)), None)


def _is_glued(known: Source, other: Source) -> bool:
    short, long = sorted((known.host or "", other.host or ""), key=len)
    glue = long.removesuffix(short)
    return known.device == other.device and glue != "" and glue != long and _GLUE.fullmatch(glue) is not None


_MOST_FAILURES: Final = 50
"""Different errors that are kept."""
_MOST_TABLES: Final = 1000
_MOST_NAMES: Final = 4096
"""Names of one kind that are kept; a real log has a few dozen."""
_Key = TypeVar("_Key")


def add(evidence: Evidence, fact: facts.Fact) -> None:
    """Take in what a line says."""
    _ADD[type(fact)](evidence, fact)


def _note(notes: dict[_Key, Line], key: _Key, line: Line) -> None:
    """Keep the first line that says something."""
    if key not in notes and len(notes) < _MOST_NAMES:
        notes[key] = line


def _add_listed(evidence: Evidence, fact: facts.Listed) -> None:
    rank = evidence.rank(fact.line)
    for device in fact.devices:
        rank.devices[device.index] = device
        _note(evidence.devices, device.name, fact.line)


def _add_selected(evidence: Evidence, fact: facts.Selected) -> None:
    _note(evidence.rank(fact.line).selected, fact.network, fact.line)


def _add_provider(evidence: Evidence, fact: facts.Provider) -> None:
    _note(evidence.providers, fact.name, fact.line)


def _add_channel(evidence: Evidence, fact: facts.Channel) -> None:
    rank = evidence.rank(fact.line)
    if fact.transport != "NET":
        _note(rank.local, f"{fact.transport}/{fact.name}", fact.line)
        return
    _note(rank.networks, fact.name, fact.line)
    if fact.nic is not None:
        rank.nics.add(fact.nic)
    if fact.gpudirect:
        rank.with_gpudirect += 1
    else:
        rank.without_gpudirect += 1


def _add_joined(evidence: Evidence, fact: facts.Joined) -> None:
    rank = evidence.rank(fact.line)
    rank.rank = fact.rank if rank.rank is None else rank.rank
    if fact.nodes is not None:
        evidence.nodes = max(evidence.nodes or 0, fact.nodes)


def _add_placed(evidence: Evidence, fact: facts.Placed) -> None:
    evidence.placed = True
    evidence.rank(fact.line).rank = fact.rank


def _add_gpudirect(evidence: Evidence, fact: facts.GpuDirect) -> None:
    rank = evidence.rank(fact.line)
    rank.gpudirect_announced = fact.enabled and rank.gpudirect_announced is not False


def _add_topology(evidence: Evidence, fact: facts.Topology) -> None:
    _note(evidence.topology, fact.state, fact.line)
    evidence.rank(fact.line).topology = fact.state


def _add_connected(evidence: Evidence, fact: facts.Connected) -> None:
    evidence.connected = evidence.connected or fact.line


def _add_completed(evidence: Evidence, fact: facts.Completed) -> None:
    _note(evidence.completions, fact.status, fact.line)


def _add_addressed(evidence: Evidence, fact: facts.Addressed) -> None:
    _note(evidence.addressed, fact.link, fact.line)


def _add_table(evidence: Evidence, fact: facts.TableStarted) -> None:
    if len(evidence.tables) < _MOST_TABLES:
        evidence.tables.append(Table())


def _add_row(evidence: Evidence, fact: facts.Row) -> None:
    if not evidence.tables:
        evidence.tables.append(Table())
    table = evidence.tables[-1]
    if table.row is None or fact.size >= table.row.size:
        table.row = fact


def _add_header(evidence: Evidence, fact: facts.Header) -> None:
    evidence.perftest = evidence.perftest or fact.line
    evidence.perftest_gpu = evidence.perftest_gpu or fact.gpu
    if fact.device:
        _note(evidence.devices, fact.device, fact.line)
    if fact.link:
        _note(evidence.perftest_links, fact.link, fact.line)


def _add_loopback(evidence: Evidence, fact: facts.Loopback) -> None:
    evidence.loopback = evidence.loopback or fact.line


def _add_measured(evidence: Evidence, fact: facts.Measured) -> None:
    if fact.device:
        _note(evidence.devices, fact.device, fact.line)
    before = evidence.measured.get(fact.device)
    if _weight(fact) >= _weight(before) and len(evidence.measured) < _MOST_NAMES:
        evidence.measured[fact.device] = fact


def _weight(fact: facts.Measured | None) -> tuple[bool, int]:
    return (fact.gbit_per_s is not None, fact.size) if fact else (False, -1)


def _add_lanes(evidence: Evidence, fact: facts.Lanes) -> None:
    fabrics = {of_ucx(lane.partition("/")[0]) for lane in fact.lanes}
    _name_lanes(evidence, fact)
    if (Fabric.MEMORY in fabrics and fact.scope != "inter-node") or fact.scope in {"intra-node", "self"}:
        return
    fabric = next(
        kind for kind in (Fabric.VERBS, Fabric.OTHER, Fabric.SOCKETS, Fabric.UNKNOWN, Fabric.MEMORY) if kind in fabrics
    )
    _note(evidence.lanes, fabric, fact.line)
    for lane in fact.lanes:
        if of_ucx(lane.partition("/")[0]) is fabric:
            _note(evidence.rank(fact.line).lanes, lane, fact.line)


def _name_lanes(evidence: Evidence, fact: facts.Lanes) -> None:
    for lane in fact.lanes:
        transport, _, device = lane.partition("/")
        if of_ucx(transport) is Fabric.VERBS:
            _note(evidence.devices, device.partition(":")[0], fact.line)


def _add_posted(evidence: Evidence, fact: facts.Posted) -> None:
    evidence.rank(fact.line)
    if fact.earlier:
        evidence.posted = evidence.posted or fact.line


def _add_named(evidence: Evidence, fact: facts.Named) -> None:
    _note(evidence.devices, fact.device, fact.line)
    if fact.link:
        _note(evidence.links, fact.link, fact.line)


def _add_failed(evidence: Evidence, fact: facts.Failed) -> None:
    if fact.message in evidence.failures:
        evidence.failures[fact.message].count += 1
    elif len(evidence.failures) < _MOST_FAILURES:
        evidence.failures[fact.message] = Failure(fact)


_ADD: Final[dict[type[facts.Fact], Callable[[Evidence, Any], None]]] = {
    facts.Listed: _add_listed,
    facts.Selected: _add_selected,
    facts.Provider: _add_provider,
    facts.Channel: _add_channel,
    facts.Joined: _add_joined,
    facts.Placed: _add_placed,
    facts.GpuDirect: _add_gpudirect,
    facts.Topology: _add_topology,
    facts.Connected: _add_connected,
    facts.Completed: _add_completed,
    facts.Addressed: _add_addressed,
    facts.TableStarted: _add_table,
    facts.Row: _add_row,
    facts.Header: _add_header,
    facts.Loopback: _add_loopback,
    facts.Measured: _add_measured,
    facts.Lanes: _add_lanes,
    facts.Posted: _add_posted,
    facts.Named: _add_named,
    facts.Failed: _add_failed,
}
