"""Reads a log once, from its first byte to its last, and reports what it proves, as JSON data and as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

from aksrdma.diagnosis import known_errors, nccl, perftest, ucx
from aksrdma.diagnosis.evidence import Evidence, Failure, RankEvidence, add
from aksrdma.diagnosis.fabrics import Fabric, is_omni_path
from aksrdma.diagnosis.floors import FloorCheck, check_floors
from aksrdma.diagnosis.line_facts import Link
from aksrdma.diagnosis.lines import Line, read
from aksrdma.diagnosis.nccl import NcclTests
from aksrdma.diagnosis.perftest import Perftest
from aksrdma.diagnosis.ucx import Ucx
from aksrdma.diagnosis.verdict import Reason, Verdict, bus_bandwidth, gpudirect, judge, link, topology_file

if TYPE_CHECKING:
    from aksrdma.catalog.rows.vm_sizes import VmSize

_QUOTE: Final = 160
"""Characters of a log line that are quoted."""
_OFTEN: Final = 10_000
"""From here on a count is not exact: a flood of errors is not counted to its end."""
_NAMES: Final = 12
"""Ranks that a line of text names one by one."""


@dataclass(frozen=True, slots=True)
class LogError:
    """An error that the log shows."""

    message: str
    """As in the log, without what differs from rank to rank."""
    advice: str
    line: int
    """First line that shows it."""
    count: int

    def __str__(self) -> str:
        often = "very often" if self.count >= _OFTEN else f"{self.count} times"
        times = f", {often}" if self.count > 1 else ""
        return f"{self.message} (line {self.line}{times}): {self.advice}"


@dataclass(frozen=True, slots=True)
class RankReport:
    """What one process of the job used."""

    rank: int | None
    host: str | None
    pid: int | None
    gpu: int | None
    """CUDA or HIP device of the process."""
    transports: tuple[str, ...]
    """Of its channels: `NET/IB` to other nodes, `P2P/IPC` and `SHM/direct` inside the node."""
    network: str | None
    """The network that it chose for other nodes."""
    devices: tuple[str, ...]
    """RDMA devices that its channels use, or that it listed where the log shows no channel."""
    gpudirect: bool | None
    topology_file: Literal["loaded", "missing"] | None

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class LogReport:
    """What one log proves."""

    file: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    """Why, the decisive reason first."""
    link: Link | None
    gpudirect: bool | None
    devices: tuple[str, ...]
    topology_file: Literal["loaded", "missing"] | None
    bus_bandwidth_gbps: float | None
    """GB/s of the largest message; None where there is none, or several tables differ."""
    errors: tuple[LogError, ...]
    ranks: tuple[RankReport, ...]
    floors: tuple[FloorCheck, ...]
    """Figures beside the floors of the VM size; empty without one."""

    @property
    def floor_missed(self) -> bool:
        """Whether a figure is below the floor of the VM size."""
        return any(check.state == "missed" for check in self.floors)

    @property
    def ok(self) -> bool:
        """Whether RDMA is proven and, with a VM size, every floor is met; what a log does not show is not ok."""
        return self.verdict == "used" and all(check.state == "met" for check in self.floors)

    def to_data(self) -> dict[str, Any]:
        """Return the object of `aksrdma check-log -o json` as JSON values."""
        return {
            "file": self.file,
            "verdict": self.verdict,
            "link": self.link,
            "gpudirect": self.gpudirect,
            "devices": list(self.devices),
            "topology_file": self.topology_file,
            "bus_bandwidth_gbps": self.bus_bandwidth_gbps,
            "errors": [str(error) for error in self.errors],
            "ranks": [rank.to_data() for rank in self.ranks],
            "reasons": [_reason_data(reason) for reason in self.reasons],
            "floor_missed": self.floor_missed,
            "floors": [_floor_data(check) for check in self.floors],
        }


def render_json(reports: Iterable[LogReport]) -> str:
    """Return the reports as `aksrdma check-log -o json` prints them, with a final newline."""
    import json

    return json.dumps([report.to_data() for report in reports], indent=2, ensure_ascii=False) + "\n"


def render_text(report: LogReport) -> str:
    """Return a report as a paragraph of text with a final newline: the verdict, why, what was seen, what to do."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: LogReport) -> Iterator[str]:
    decisive = report.reasons[0]
    yield f"{report.file}: {_TITLES[report.verdict]}: {decisive.text}{_where(decisive.line)}"
    yield f"  seen: {', '.join(_seen(report))}"
    yield from (f"  {text}" for text in _rank_lines(report.ranks))
    yield from (f"  {_floor_line(check)}" for check in report.floors)
    yield from (f"  error: {error}" for error in report.errors)
    yield from (f"  note: {reason.text}{_where(reason.line)}" for reason in report.reasons[1:])
    fixes = [reason.fix for reason in report.reasons] + [check.fix for check in report.floors]
    yield from (f"  next: {fix}" for fix in dict.fromkeys(fix for fix in fixes if fix))


_TITLES: Final[dict[Verdict, str]] = {
    "used": "RDMA used",
    "not-used": "RDMA NOT used",
    "unproven": "UNPROVEN, the log does not show whether RDMA was used",
}


def _seen(report: LogReport) -> Iterator[str]:
    yield f"link {report.link or 'not shown'}"
    yield f"devices {' '.join(report.devices) or 'not shown'}"
    yield f"GPUDirect RDMA {_SHOWN[report.gpudirect]}"
    yield f"topology file {report.topology_file or 'not shown'}"
    bandwidth = report.bus_bandwidth_gbps
    yield f"bus bandwidth {'not shown' if bandwidth is None else f'{bandwidth:g} GB/s'}"


_SHOWN: Final = {True: "yes", False: "no", None: "not shown"}


def _rank_lines(ranks: tuple[RankReport, ...]) -> Iterator[str]:
    alike: dict[tuple[Any, ...], list[str]] = {}
    for rank in ranks:
        key = rank.transports, rank.network, rank.gpudirect, rank.topology_file
        alike.setdefault(key, []).append(_name(rank))
    for (transports, network, over_gpu, topology), names in alike.items():
        way = " and ".join(transports) or (f"chose {network}, no channel shown" if network else "no transport shown")
        file = f", topology file {topology}" if topology else ""
        direct = f", GPUDirect RDMA {_SHOWN[over_gpu]}" if over_gpu is not None else ""
        yield f"{_count(names)}: {way}{direct}{file}"


def _count(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{'rank' if len(names) == 1 else f'{len(names)} ranks'} {', '.join(names[:_NAMES])}{more}"


def _name(rank: RankReport) -> str:
    place = f"{rank.host}:{rank.pid}" if rank.host else "of an unknown process"
    if rank.rank is not None:
        return f"{rank.rank} ({rank.host})" if rank.host else str(rank.rank)
    return place if rank.gpu is None else f"{place}[{rank.gpu}]"


def _floor_line(check: FloorCheck) -> str:
    value = "not shown" if check.value is None else f"{check.value:g} {check.unit}"
    state = {"met": "met", "missed": "MISSED", "not-shown": "NOT SHOWN to be met"}[check.state]
    return f"floor {state}: {check.what} {value}, floor {check.floor:g} {check.unit}{_where(check.line)}"


def _where(line: Line | None) -> str:
    return f" (line {line.number}: {_quoted(line)})" if line else ""


def _quoted(line: Line) -> str:
    text = " ".join(line.text.split())
    return text if len(text) <= _QUOTE else f"{text[:_QUOTE]}..."


def _reason_data(reason: Reason) -> dict[str, Any]:
    line = reason.line
    return {
        "text": reason.text,
        "line": line.number if line else None,
        "quote": _quoted(line) if line else None,
        "fix": reason.fix,
    }


def _floor_data(check: FloorCheck) -> dict[str, Any]:
    return {
        "what": check.what,
        "state": check.state,
        "value": check.value,
        "floor": check.floor,
        "unit": check.unit,
        "line": check.line.number if check.line else None,
        "fix": check.fix,
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def check_log(stream: BinaryIO, name: str, vm_size: VmSize | None = None) -> LogReport:
    """Say what a log of NCCL, RCCL, nccl-tests, perftest or UCX proves.

    The log is read once and in bounded memory, so it may be a pipe and of any length; gzip and UTF-16 are understood.

    Args:
        stream: The log's bytes.
        name: What the report calls it.
        vm_size: The VM size whose bandwidth floors the log should reach.

    Raises:
        ReadError: The stream cannot be read, or is broken gzip.
    """
    return _report(gather(stream), name, vm_size)


def gather(stream: BinaryIO) -> Evidence:
    """Return all that a log says about its network.

    Raises:
        ReadError: The stream cannot be read, or is broken gzip.
    """
    evidence, tables, perf, endpoints = Evidence(), NcclTests(), Perftest(), Ucx()
    readers = (nccl.facts, tables.facts, perf.facts, endpoints.facts, known_errors.facts)
    markers = (*nccl.MARKERS, *perftest.MARKERS, *ucx.MARKERS, *known_errors.markers())
    for line in read(stream, markers):
        for facts in readers:
            for fact in facts(line):
                add(evidence, fact)
    for fact in endpoints.finish():
        add(evidence, fact)
    return evidence


def _report(evidence: Evidence, name: str, vm_size: VmSize | None) -> LogReport:
    judgment = judge(evidence)
    return LogReport(
        file=name,
        verdict=judgment.verdict,
        reasons=(*judgment.reasons, *_notes(evidence)),
        link=link(evidence) if judgment.verdict != "not-used" else None,
        gpudirect=gpudirect(evidence),
        devices=tuple(evidence.devices),
        topology_file=topology_file(evidence),
        bus_bandwidth_gbps=bus_bandwidth(evidence),
        errors=tuple(_error(failure) for failure in evidence.failures.values()),
        ranks=_ranks(evidence),
        floors=check_floors(evidence, vm_size) if vm_size else (),
    )


def _error(failure: Failure) -> LogError:
    first = failure.first
    return LogError(first.message, first.advice, first.line.number, failure.count)


def _ranks(evidence: Evidence) -> tuple[RankReport, ...]:
    told = (rank for rank in evidence.ranks.values() if rank.source.host or rank.networks or rank.lanes)
    reports = [_rank(rank) for rank in told]
    last = len(reports)
    return tuple(sorted(reports, key=lambda rank: (last if rank.rank is None else rank.rank, rank.host or "")))


def _rank(rank: RankEvidence) -> RankReport:
    used = [device.name for index, device in rank.devices.items() if index in rank.nics]
    state = rank.topology
    return RankReport(
        rank=rank.task if rank.rank is None else rank.rank,
        host=rank.source.host,
        pid=rank.source.pid,
        gpu=rank.source.device,
        transports=(*(f"NET/{name}" for name in rank.networks), *rank.local, *rank.lanes),
        network=next(iter(rank.selected), next(iter(rank.networks), None)),
        devices=tuple(used or (device.name for device in rank.devices.values())),
        gpudirect=True if rank.with_gpudirect else False if rank.without_gpudirect else None,
        topology_file=None if state == "broken" else state,
    )


def _notes(evidence: Evidence) -> Iterator[Reason]:
    for name in evidence.devices:
        if is_omni_path(name):
            text = f"{name} is Omni-Path, which has verbs too and which NCCL prints as IB; it is not InfiniBand"
            yield Reason(text, evidence.devices[name])
            break
    yield from _gpudirect_notes(evidence)


def _gpudirect_notes(evidence: Evidence) -> Iterator[Reason]:
    ranks = evidence.ranks.values()
    without = [rank for rank in ranks if rank.without_gpudirect and _over_verbs(evidence, rank)]
    if not without:
        return
    line = next(iter(without[0].networks.values()))
    if any(rank.with_gpudirect for rank in ranks):
        text = "some channels reach GPU memory directly and some do not"
    elif any(rank.gpudirect_announced for rank in ranks):
        text = "GPUDirect RDMA was announced, but no channel uses it"
    else:
        text = "GPUDirect RDMA is off, so data takes a detour over host memory"
    yield Reason(text, line, _GPUDIRECT_FIX)


def _over_verbs(evidence: Evidence, rank: RankEvidence) -> bool:
    return any(evidence.fabric(network) is Fabric.VERBS for network in rank.networks)


_GPUDIRECT_FIX = (
    "for GPUDirect RDMA load nvidia-peermem or use DMA-BUF (open GPU driver, NCCL 2.13 or newer), and set"
    " NCCL_NET_GDR_LEVEL=SYS if the topology file does not pair GPUs with NICs"
)
