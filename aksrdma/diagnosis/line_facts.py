"""What one line of a log says: the words in which the readers of each tool speak to `Evidence`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from aksrdma.diagnosis.lines import Line

Link: TypeAlias = Literal["IB", "RoCE"]


@dataclass(frozen=True, slots=True)
class Device:
    """An RDMA device as NCCL lists it."""

    index: int
    """Number by which NCCL's channel lines name it."""
    name: str
    link: str
    """`IB`, `RoCE` or what else was printed."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a line says."""

    line: Line


@dataclass(frozen=True, slots=True)
class Listed(Fact):
    """NCCL lists the RDMA devices that it may use; none is a list too."""

    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Selected(Fact):
    """NCCL chose a network."""

    network: str


@dataclass(frozen=True, slots=True)
class Provider(Fact):
    """The libfabric plugin chose a provider."""

    name: str


@dataclass(frozen=True, slots=True)
class Channel(Fact):
    """NCCL joins two ranks."""

    transport: Literal["NET", "P2P", "SHM"]
    name: str
    """The network of a NET channel (`IB`), or the way of another (`IPC`)."""
    nic: int | None = None
    """Number of the device, as in `Device.index`."""
    gpudirect: bool = False


@dataclass(frozen=True, slots=True)
class Joined(Fact):
    """A process says which rank it is."""

    rank: int
    ranks: int
    nodes: int | None


@dataclass(frozen=True, slots=True)
class Placed(Fact):
    """nccl-tests lists a rank with its host, process and GPU (the line's source)."""

    rank: int


@dataclass(frozen=True, slots=True)
class GpuDirect(Fact):
    """NCCL says whether a device may reach GPU memory; channels then show whether it does."""

    enabled: bool


@dataclass(frozen=True, slots=True)
class Topology(Fact):
    """What became of NCCL's topology file."""

    state: Literal["loaded", "missing", "broken"]


@dataclass(frozen=True, slots=True)
class Connected(Fact):
    """NCCL joined all ranks or ended in order: the way between them worked."""


@dataclass(frozen=True, slots=True)
class Completed(Fact):
    """NCCL's queue pair to another node completed a work request with an error."""

    status: int
    """`ibv_wc_status`."""


@dataclass(frozen=True, slots=True)
class Addressed(Fact):
    """A queue pair's address shows the link layer."""

    link: Link


@dataclass(frozen=True, slots=True)
class TableStarted(Fact):
    """nccl-tests prints the head of a table."""


@dataclass(frozen=True, slots=True)
class Row(Fact):
    """A row of nccl-tests."""

    size: int
    """Message size in bytes."""
    algbw: float
    busbw: float
    """GB/s, out of place where the log shows it."""
    all_reduce: bool


@dataclass(frozen=True, slots=True)
class Header(Fact):
    """perftest prints what it will do."""

    device: str | None = None
    link: Link | None = None
    gpu: bool = False


@dataclass(frozen=True, slots=True)
class Loopback(Fact):
    """perftest's two ends have one LID: data leaves the port and comes back."""


@dataclass(frozen=True, slots=True)
class Measured(Fact):
    """A row of perftest with a result: data went over verbs."""

    device: str | None
    size: int
    gbit_per_s: float | None
    """None for a latency test."""


@dataclass(frozen=True, slots=True)
class Lanes(Fact):
    """UCX set up an endpoint over these `transport/device` lanes."""

    lanes: tuple[str, ...]
    scope: Literal["inter-node", "intra-node", "self"] | None = None


@dataclass(frozen=True, slots=True)
class Posted(Fact):
    """UCX shows a work request of a queue pair that failed; `earlier` says that others went before it."""

    earlier: bool


@dataclass(frozen=True, slots=True)
class Named(Fact):
    """A line names an RDMA device in passing, and may add its link layer."""

    device: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Failed(Fact):
    """An error, with what to do."""

    message: str
    """As in the log, without addresses and process numbers."""
    advice: str
    stops_setup: bool = False
    """The network could not be set up, so a chosen transport proves nothing."""
