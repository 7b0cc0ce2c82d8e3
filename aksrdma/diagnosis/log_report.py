"""Reads a log once, from its first byte to its last, and reports what it proves, as JSON data and as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

from aksrdma.diagnosis import known_errors, nccl, perftest, ports, programs, ucx
from aksrdma.diagnosis.evidence import Evidence, Link
from aksrdma.diagnosis.fabrics import Fabric, is_omni_path
from aksrdma.diagnosis.floors import FloorCheck, check_floors
from aksrdma.diagnosis.lines import Line, read, visible
from aksrdma.diagnosis.nccl import NcclTests
from aksrdma.diagnosis.nics import findings
from aksrdma.diagnosis.perftest import Perftest
from aksrdma.diagnosis.ports import Ports
from aksrdma.diagnosis.reason import Reason
from aksrdma.diagnosis.ucx import Ucx
from aksrdma.diagnosis.verdict import Verdict, bus_bandwidth, gpudirect, judge, link, topology_file
from aksrdma.diagnosis.versions import lacking
from aksrdma.errors import ReadError

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize

_OFTEN: Final = 10_000
"""From here on a count is not exact: a flood of errors is not counted to its end."""
_NAMES: Final = 12
"""Ranks, or runs of them on one host, that a line of text names."""


@dataclass(frozen=True, slots=True)
class LogError:
    """An error that the log shows."""

    message: str
    """As in the log, without what differs from rank to rank."""
    advice: str
    line: int
    """First line that shows it."""
    count: int

    @property
    def told(self) -> str:
        """The message with its place, without what to do."""
        often = "very often" if self.count >= _OFTEN else f"{self.count} times"
        times = f", {often}" if self.count > 1 else ""
        return f"{self.message} (line {self.line}{times})"

    def __str__(self) -> str:
        return f"{self.told}: {self.advice}"


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

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"transports": list(self.transports), "devices": list(self.devices)}


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
    findings: tuple[Reason, ...]
    """What is wrong with the NICs although RDMA may be used; with a VM size the log is not ok then."""
    checked_size: bool
    """Whether a VM size was given."""

    @property
    def floor_missed(self) -> bool:
        """Whether a figure is below the floor of the VM size."""
        return any(check.state == "missed" for check in self.floors)

    @property
    def ok(self) -> bool:
        """Whether RDMA is proven and, with a VM size, every floor met and every NIC used; what is not shown is not ok."""
        if self.checked_size and self.findings:
            return False
        return self.verdict == "used" and all(check.state == "met" for check in self.floors)

    def to_dict(self) -> dict[str, Any]:
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
            "ranks": [rank.to_dict() for rank in self.ranks],
            "reasons": [reason.to_dict() for reason in self.reasons],
            "findings": [finding.to_dict() for finding in self.findings],
            "floor_missed": self.floor_missed,
            "floors": [check.to_dict() for check in self.floors],
        }


def render_json(reports: Iterable[LogReport]) -> str:
    """Return the reports as `aksrdma check-log -o json` prints them, with a final newline."""
    import json

    return json.dumps([report.to_dict() for report in reports], indent=2, ensure_ascii=False) + "\n"


_TITLES: Final[dict[Verdict, str]] = {
    "used": "RDMA used",
    "not-used": "RDMA NOT used",
    "unproven": "UNPROVEN, the log does not show whether RDMA was used",
}
_SHOWN: Final = {True: "yes", False: "no", None: "not shown"}
_FLOOR_STATES: Final = {"met": "met", "missed": "MISSED", "not-shown": "NOT SHOWN to be met"}


def render_text(report: LogReport) -> str:
    """Return a report as a paragraph of text with a final newline: the verdict, why, what was seen, what to do."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: LogReport) -> Iterator[str]:
    decisive, *notes = report.reasons
    bandwidth = report.bus_bandwidth_gbps
    yield f"{visible(report.file)}: {_TITLES[report.verdict]}: {decisive.text}{_where(decisive.line)}"
    yield (
        f"  seen: link {report.link or 'not shown'}"
        f", devices {' '.join(report.devices) or 'not shown'}"
        f", GPUDirect RDMA {_SHOWN[report.gpudirect]}"
        f", topology file {report.topology_file or 'not shown'}"
        f", bus bandwidth {'not shown' if bandwidth is None else f'{bandwidth:g} GB/s'}"
    )
    yield from (f"  {text}" for text in _rank_lines(report.ranks))
    for check in report.floors:
        value = "not shown" if check.value is None else f"{check.value:g} {check.unit}"
        floor = f"{check.what} {value}, floor {check.floor:g} {check.unit}{_where(check.line)}"
        floor += f"; the floor is that of {check.source}" if check.source else ""
        yield f"  floor {_FLOOR_STATES[check.state]}: {floor}"
    yield from (f"  finding: {finding.text}{_where(finding.line)}" for finding in report.findings)
    fixes = [reason.fix for reason in (*report.reasons, *report.findings)]
    # A figure is mended last: no advice on it beside another network, nor to measure what has not run.
    told = {"used": {"missed", "not-shown"}, "unproven": {"missed"}, "not-used": set()}[report.verdict]
    fixes += [check.fix for check in report.floors if check.state in told]
    # What is to be done is said once: of one error, or of the verdict that it decides.
    said = {fix for fix in fixes if fix}
    for error in report.errors:
        yield f"  error: {error.told if error.advice in said else error}"
        said.add(error.advice)
    yield from (f"  note: {reason.text}{_where(reason.line)}" for reason in notes)
    yield from (f"  next: {fix}" for fix in dict.fromkeys(fix for fix in fixes if fix))


def _rank_lines(ranks: tuple[RankReport, ...]) -> Iterator[str]:
    """Yield a line for all ranks that used the same: a large job has hundreds, and one that differs should stand out."""
    alike: dict[tuple[Any, ...], list[RankReport]] = {}
    for rank in ranks:
        key = rank.transports, rank.network, rank.gpudirect, rank.topology_file
        alike.setdefault(key, []).append(rank)
    for (transports, network, over_gpu, topology), same in alike.items():
        names = list(_named(same))
        count = "rank" if len(same) == 1 else f"{len(same)} ranks:"
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        way = " and ".join(transports) or (f"chose {network}, no channel shown" if network else "no transport shown")
        direct = f", GPUDirect RDMA {_SHOWN[over_gpu]}" if over_gpu is not None else ""
        file = f", topology file {topology}" if topology else ""
        yield f"{count} {', '.join(names[:_NAMES])}{more}: {way}{direct}{file}"


def _named(ranks: Sequence[RankReport]) -> Iterator[str]:
    """Yield the names of ranks in order: of those on one host that follow each other, the first and the last."""
    for first, run in _runs(ranks):
        if first.rank is None:
            yield _name(first)
            continue
        numbers = str(first.rank) if run == 1 else f"{first.rank}-{first.rank + run - 1}"
        yield f"{numbers} ({first.host})" if first.host else numbers


def _runs(ranks: Sequence[RankReport]) -> Iterator[tuple[RankReport, int]]:
    """Yield the first of each run of numbers on one host, and how many they are."""
    start = 0
    for index in range(1, len(ranks) + 1):
        first = ranks[start]
        if index < len(ranks) and first.rank is not None:
            one = ranks[index]
            if (one.host, one.rank) == (first.host, first.rank + index - start):
                continue
        yield first, index - start
        start = index


def _name(rank: RankReport) -> str:
    place = f"{rank.host}:{rank.pid}" if rank.host else "of an unknown process"
    return place if rank.gpu is None else f"{place}[{rank.gpu}]"


def _where(line: Line | None) -> str:
    return f" (line {line.number}: {line.quote})" if line else ""


def check_log(stream: BinaryIO, name: str, vm_size: VmSize | None = None) -> LogReport:
    """Say what a log of NCCL, RCCL, nccl-tests, perftest or UCX proves.

    The log is read once and in bounded memory, so it may be a pipe and of any length; gzip and UTF-16 are understood.

    Args:
        stream: The log's bytes.
        name: What the report calls it.
        vm_size: The VM size whose bandwidth floors the log should reach and whose NICs it should use.

    Raises:
        ReadError: The stream cannot be read, is broken gzip, or packed otherwise.
    """
    try:
        evidence = gather(stream, vm_size)
    except ReadError as error:
        raise ReadError(f"{visible(name)}: {error}") from error
    return _report(evidence, name, vm_size)


def gather(stream: BinaryIO, vm_size: VmSize | None = None) -> Evidence:
    """Return all that a log says about its network; the VM size, where it is known, decides on the advice.

    Raises:
        ReadError: The stream cannot be read, is broken gzip, or packed otherwise.
    """
    evidence = Evidence()
    tables, sections, endpoints, listed = NcclTests(evidence), Perftest(evidence), Ucx(evidence), Ports(evidence)
    ours = (*nccl.MARKERS, *perftest.MARKERS, *ucx.MARKERS, *ports.MARKERS)
    markers = (*ours, *known_errors.markers(), *programs.markers())
    for line in read(stream, markers, evidence.extent):
        nccl.read(evidence, line)
        tables.read(line)
        sections.read(line)
        endpoints.read(line)
        listed.read(line)
        programs.read(evidence, line)
        if failure := known_errors.failure(line, evidence.perftest_gpu, vm_size):
            evidence.fail(failure)
    endpoints.end()
    listed.end()
    return evidence


def _report(evidence: Evidence, name: str, vm_size: VmSize | None) -> LogReport:
    judgment, over_gpu = judge(evidence, vm_size), gpudirect(evidence)
    # Of another network neither GPUDirect RDMA nor NICs are to be mended first.
    foreign = judgment.verdict == "not-used"
    failures = evidence.failures.values()
    return LogReport(
        file=name,
        verdict=judgment.verdict,
        reasons=(
            judgment.reason,
            *(_notes(evidence) if not foreign else ()),
            *lacking(evidence, over_gpu if not foreign else None, vm_size),
        ),
        link=link(evidence) if not foreign else None,
        gpudirect=over_gpu,
        devices=tuple(evidence.devices),
        topology_file=topology_file(evidence),
        bus_bandwidth_gbps=bus_bandwidth(evidence),
        errors=tuple(
            LogError(one.message, one.advice, one.line.number, one.count)
            for one in failures
            if not one.chosen and not (one.heals and judgment.verdict != "unproven")
        ),
        ranks=_ranks(evidence),
        floors=check_floors(evidence, vm_size) if vm_size else (),
        findings=tuple(findings(evidence, vm_size)) if not foreign else (),
        checked_size=vm_size is not None,
    )


def _ranks(evidence: Evidence) -> tuple[RankReport, ...]:
    """Return what each process used, by its rank; those without one come last."""
    reports: list[RankReport] = []
    for rank in evidence.ranks.values():
        if rank.source.host is None and not rank.networks and not rank.lanes:
            continue  # lines that do not say who wrote them, and nothing of a network
        used = [device.name for index, device in rank.devices.items() if index in rank.nics]
        reports.append(
            RankReport(
                rank=rank.task if rank.rank is None else rank.rank,
                host=rank.source.host,
                pid=rank.source.pid,
                gpu=rank.source.device,
                transports=(*(f"NET/{name}" for name in rank.networks), *rank.local, *rank.lanes),
                network=next(iter(rank.selected), next(iter(rank.networks), None)),
                devices=tuple(used or (device.name for device in rank.devices.values())),
                gpudirect=True if rank.with_gpudirect else False if rank.without_gpudirect else None,
                topology_file=None if rank.topology == "broken" else rank.topology,
            )
        )
    return tuple(sorted(reports, key=lambda one: (one.rank is None, one.rank or 0, one.host or "")))


_GPUDIRECT_FIX: Final = (
    "for GPUDirect RDMA load nvidia-peermem or use DMA-BUF (open GPU driver, NCCL 2.13 or newer), and set"
    " NCCL_NET_GDR_LEVEL=SYS if the topology file does not pair GPUs with NICs"
)


def _notes(evidence: Evidence) -> Iterator[Reason]:
    omni_path = next(filter(is_omni_path, evidence.devices), None)
    if omni_path:
        text = f"{omni_path} is Omni-Path, which has verbs too and which NCCL prints as IB; it is not InfiniBand"
        yield Reason(text, evidence.devices[omni_path])
    ranks = evidence.ranks.values()
    for rank in ranks:
        over_verbs = any(evidence.fabric(network) is Fabric.VERBS for network in rank.networks)
        if not rank.without_gpudirect or not over_verbs:
            continue
        if any(other.with_gpudirect for other in ranks):
            text = "some channels reach GPU memory directly and some do not"
        elif any(other.gpudirect_announced for other in ranks):
            text = "GPUDirect RDMA was announced, but no channel uses it"
        else:
            text = "GPUDirect RDMA is off, so data takes a detour over host memory"
        yield Reason(text, next(iter(rank.networks.values())), _GPUDIRECT_FIX)
        return  # one rank stands for all
