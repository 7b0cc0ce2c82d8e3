"""What a whole log says, gathered fact by fact in memory that does not grow with its length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from aksrdma.workloads.log import facts
from aksrdma.workloads.log.lines import Line, Source
from aksrdma.workloads.log.networks import Fabric, of_nccl

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
    started: Line | None = None
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
