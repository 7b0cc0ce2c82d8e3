"""What a whole log says, gathered line by line in memory that does not grow with its length.

The readers (`nccl`, `perftest`, `ucx`, `ports`, `programs`, `known_errors`) enter here what each line says; `verdict` judges it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, TypeVar

from aksrdma.diagnosis.fabrics import Fabric, of_nccl
from aksrdma.diagnosis.lines import Extent, Line, Source

Link: TypeAlias = Literal["IB", "RoCE"]
TopologyState: TypeAlias = Literal["loaded", "missing", "broken"]

_MOST_RANKS: Final = 1 << 14
"""Processes that are told apart; what further ones say still counts for the log as a whole."""
_MOST_FAILURES: Final = 50
"""Different errors that are kept."""
_MOST_TABLES: Final = 1000
_MOST_NAMES: Final = 4096
"""Names of one kind that are kept; a real log has a few dozen."""
_GLUE: Final = re.compile(r"\d*(?:none|sum|prod|min|max|avg)?|G(?:D(?:R(?:D(?:M(?:A)?)?)?)?)?")
"""What the end of a torn table row, or of a channel's line, may glue to the front of a host name."""
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Device:
    """An RDMA device as NCCL lists it."""

    index: int
    """Number by which NCCL's channel lines name it."""
    name: str
    link: str
    """`IB`, `RoCE` or what else was printed."""


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
    devices: dict[int, Device] = field(default_factory=dict)
    listed: Line | None = None
    """The line that lists them all."""
    lanes: dict[str, Line] = field(default_factory=dict)
    """UCX's `transport/device` to other nodes."""
    with_gpudirect: int = 0
    """Kinds of channels to other nodes that reach GPU memory directly."""
    without_gpudirect: int = 0
    gpudirect_announced: bool | None = None
    """Whether every device that NCCL speaks of may reach GPU memory; channels then show whether it does."""
    topology: TopologyState | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of nccl-tests."""

    line: Line
    size: int
    """Message size in bytes."""
    busbw: float
    """GB/s, out of place where the log shows it."""
    all_reduce: bool


@dataclass(slots=True)
class Table:
    """One table of nccl-tests."""

    one_node: bool
    """Whether all ranks of the list above it are on one host."""
    row: Row | None = None
    """The row with the largest message."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A row of perftest with a result: data went over verbs."""

    line: Line
    size: int
    gbit_per_s: float | None
    """None for a latency test."""


@dataclass(slots=True)
class Failure:
    """An error, what to do, how often it was seen, and where first."""

    line: Line
    message: str
    """As in the log, without addresses and process numbers."""
    advice: str
    stops_setup: bool = False
    """The network could not be set up, so a chosen transport proves nothing."""
    family: str = ""
    """The program that says so."""
    cause: int | None = None
    """Place among the reasons why a network is not RDMA, the weightiest first; None: it is none."""
    decides: bool = False
    """It alone shows that NCCL has only sockets."""
    chosen: bool = False
    """It is a setting, and no error."""
    consequence: bool = False
    """It follows from an error of the same family before it."""
    general: bool = False
    """It says that something failed and not what, so any other error says more."""
    heals: bool = False
    """Whether it is tried again, so that it may be over."""
    count: int = 1


@dataclass(slots=True)
class Evidence:
    """What a whole log says."""

    extent: Extent = field(default_factory=Extent)
    ranks: dict[Source, RankEvidence] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    nodes: int | None = None
    """Nodes of the largest communicator, as NCCL says it."""
    largest: int | None = None
    """Ranks of the largest communicator."""
    version: tuple[int, int, int] | None = None
    """Of NCCL, the lowest that a rank names; not RCCL's."""
    versioned: Line | None = None
    settings: dict[str, str] = field(default_factory=dict)
    """Variables of NCCL that a rank says were set, with the value that it names first."""
    own: set[int] = field(default_factory=set)
    """Ranks that write of their channels over the network."""
    peers: set[int] = field(default_factory=set)
    """Ranks at the other ends of these channels."""
    inside_node: bool = False
    """Whether some communicator is inside one node, which may be the one that a line without its name is about."""
    placed: dict[int, set[str]] = field(default_factory=dict)
    """Hosts of the ranks that nccl-tests lists, by the number of tables before the list: one list a run."""
    providers: dict[str, Line] = field(default_factory=dict)
    """Providers that the libfabric plugin chose."""
    connected: Line | None = None
    """NCCL joined all ranks of a communicator."""
    completions: dict[int, Line] = field(default_factory=dict)
    """Statuses (`ibv_wc_status`) of work requests of NCCL that failed on the way to another node."""
    addressed: dict[Link, Line] = field(default_factory=dict)
    """Link layers that the address of a queue pair shows."""
    tables: list[Table] = field(default_factory=list)
    perftest: Line | None = None
    perftest_links: dict[Link, Line] = field(default_factory=dict)
    perftest_gpu: bool = False
    loopback: Line | None = None
    """perftest's two ends are one port: data leaves it and comes back."""
    loopback_by: Literal["LID", "GID"] = "LID"
    """By what one sees that."""
    localhost: Line | None = None
    """perftest's client was sent to its own host."""
    measured: dict[str | None, Measured] = field(default_factory=dict)
    """perftest's result for the largest message, by device; bandwidth before latency."""
    lanes: dict[Fabric, Line] = field(default_factory=dict)
    """What carries UCX's endpoints to other nodes."""
    answered: Line | None = None
    """A work request of UCX that failed after others of the same queue pair had been answered."""
    links: dict[Link, Line] = field(default_factory=dict)
    """Link layers that UCX names."""
    devices: dict[str, Line] = field(default_factory=dict)
    """RDMA devices, in the order in which the log names them."""
    topology: dict[TopologyState, Line] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    """By message."""
    programs: Counter[str] = field(default_factory=Counter)
    """Lines by the program that prints such ones (`programs.yaml`)."""
    named: dict[str, Line] = field(default_factory=dict)
    """The first line of each."""
    _by_pid: dict[int | None, list[Source]] = field(default_factory=dict)

    def rank(self, line: Line) -> RankEvidence:
        """Return the evidence of the process that wrote a line."""
        found = self.ranks.get(line.source)
        return found if found is not None else self._new_rank(line)

    def _new_rank(self, line: Line) -> RankEvidence:
        source = line.source
        alias = next((known for known in self._by_pid.get(source.pid, ()) if _is_glued(known, source)), None)
        if alias is None and len(self.ranks) >= _MOST_RANKS:
            alias = Source()
        if alias is not None:
            return self.ranks.setdefault(alias, RankEvidence(alias))
        if source.host is not None:
            self.hosts.add(source.host)
            self._by_pid.setdefault(source.pid, []).append(source)
        self.ranks[source] = RankEvidence(source, task=line.task)
        return self.ranks[source]

    def start_table(self) -> Table:
        """Begin a table of nccl-tests and return it; the last one where there are too many."""
        if len(self.tables) < _MOST_TABLES:
            # Each run lists its ranks once, above its first table.
            listed = self.placed[max(self.placed)] if self.placed else set()
            self.tables.append(Table(one_node=len(listed) == 1))
        return self.tables[-1]

    def measure(self, device: str | None, result: Measured) -> None:
        """Keep a result of perftest, unless there is a better one of the same device."""
        if device:
            note(self.devices, device, result.line)
        before = self.measured.get(device)
        if before is None and len(self.measured) >= _MOST_NAMES:
            return
        weight = (result.gbit_per_s is not None, result.size)
        if before is None or weight >= (before.gbit_per_s is not None, before.size):
            self.measured[device] = result

    def fail(self, failure: Failure) -> None:
        """Count an error, unless it only follows from one that is there."""
        if failure.message in self.failures:
            self.failures[failure.message].count += 1
        elif failure.consequence and any(known.family == failure.family for known in self.failures.values()):
            return
        elif len(self.failures) < _MOST_FAILURES:
            self.failures[failure.message] = failure

    @property
    def provider(self) -> str | None:
        """The libfabric provider that NCCL chose last."""
        return next(reversed(self.providers), None)

    def fabric(self, network: str) -> Fabric:
        """Return what carries the data of a network that this log names."""
        fabric = of_nccl(network, self.provider)
        listed = fabric is Fabric.UNKNOWN and any(rank.devices for rank in self.ranks.values())
        return Fabric.VERBS if listed else fabric

    def channels(self) -> Iterator[tuple[str, Line]]:
        """Yield network and first line of each rank's channels to other nodes."""
        for rank in self.ranks.values():
            yield from rank.networks.items()

    def selections(self) -> Iterator[tuple[str, Line]]:
        """Yield network and first line of each rank's choices."""
        for rank in self.ranks.values():
            yield from rank.selected.items()


def note(notes: dict[_Key, Line], key: _Key, line: Line) -> None:
    """Keep the first line that says something."""
    if key not in notes and len(notes) < _MOST_NAMES:
        notes[key] = line


def _is_glued(known: Source, other: Source) -> bool:
    """Whether one name is the other with the end of a torn table row before it."""
    short, long = sorted((known.host or "", other.host or ""), key=len)
    glue = long.removesuffix(short)
    return known.device == other.device and glue != "" and glue != long and _GLUE.fullmatch(glue) is not None
