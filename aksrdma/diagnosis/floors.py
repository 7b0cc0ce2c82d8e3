"""Whether the bandwidth that a log shows reaches the floor of a VM size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from aksrdma.diagnosis.evidence import Evidence
from aksrdma.diagnosis.lines import Line
from aksrdma.diagnosis.verdict import several_nodes

if TYPE_CHECKING:
    from aksrdma.catalog import Floors, VmSize

FloorState: TypeAlias = Literal["met", "missed", "not-shown"]

_LEAST_COLLECTIVE: Final = 1 << 30
"""Bytes; below, all-reduce is not yet at full bandwidth, so a low figure says nothing."""
_LEAST_PERFTEST: Final = 1 << 16
"""Bytes; perftest's default size, at which one NIC reaches its rate."""


@dataclass(frozen=True, slots=True)
class FloorCheck:
    """One figure of a log beside the floor of its VM size."""

    what: str
    """`all-reduce bus bandwidth` or `perftest mlx5_0`."""
    state: FloorState
    value: float | None
    floor: float
    unit: Literal["GB/s", "Gb/s"]
    line: Line | None
    fix: str | None = None
    source: str | None = None
    """Who says so."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values; the line as its number."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "line": self.line.number if self.line else None
        }


_ALL_REDUCE_FIX: Final = (
    "is the topology file loaded, GPUDirect RDMA on, and every NIC used? do all nodes share one placement group?"
)
_SIZE_FIX: Final = "measure larger messages: all_reduce_perf -b 8 -e 16G -f 2 -g 1, or ib_write_bw -s 65536 and more"
_PERFTEST_FIX: Final = (
    "pin the test to the NIC's NUMA node (numactl), use --report_gbits -q 4, and check the port's rate"
)
_NOT_MEASURED_FIX: Final = "run all_reduce_perf or ib_write_bw, or leave the VM size out to check the transport alone"


def check_floors(evidence: Evidence, vm_size: VmSize) -> tuple[FloorCheck, ...]:
    """Compare what the log measured with the size's floors; nothing where the size has none."""
    floors = vm_size.floors
    if floors is None:
        return ()
    checks: list[FloorCheck] = []
    several = several_nodes(evidence) is not False
    busbw, gbit = floors.all_reduce(several), floors.perftest_gbit_per_s
    for table in evidence.tables:
        if busbw is not None and (row := table.row) and row.all_reduce:
            state, fix = _state(row.busbw, busbw, row.size >= _LEAST_COLLECTIVE, _ALL_REDUCE_FIX)
            checks.append(
                FloorCheck(
                    "all-reduce bus bandwidth",
                    state,
                    row.busbw,
                    busbw,
                    "GB/s",
                    row.line,
                    fix,
                    _source(vm_size, several),
                )
            )
    for device, result in evidence.measured.items():
        if gbit is not None and result.gbit_per_s is not None:
            state, fix = _state(result.gbit_per_s, gbit, result.size >= _LEAST_PERFTEST, _PERFTEST_FIX)
            name, value = f"perftest {device}" if device else "perftest", round(result.gbit_per_s, 2)
            checks.append(FloorCheck(name, state, value, gbit, "Gb/s", result.line, fix, _source(vm_size)))
    return tuple(checks) or _not_measured(floors, vm_size)


def _source(vm_size: VmSize, several: bool = False) -> str | None:
    """Return who says that a floor is one."""
    from aksrdma import catalog  # only where there is a size

    row = vm_size.floors.between_nodes if several and vm_size.floors else None
    if row is None:
        return next(iter(catalog.sources_of(vm_size, "floors")), None)
    told = next((catalog.source(key) for key in row.sources), None)
    return f"{told}, {row.note}" if told and row.note else told


def _state(value: float, floor: float, enough: bool, missed_fix: str) -> tuple[FloorState, str | None]:
    """Compare a figure with its floor; one of messages that are too small (`enough`) may meet it, but not miss it."""
    if value >= floor:
        return "met", None
    return ("missed", missed_fix) if enough else ("not-shown", _SIZE_FIX)


def _not_measured(floors: Floors, vm_size: VmSize) -> tuple[FloorCheck, ...]:
    busbw = floors.all_reduce(several=True)
    if busbw is not None:
        what, source = "all-reduce bus bandwidth", _source(vm_size, several=True)
        return (FloorCheck(what, "not-shown", None, busbw, "GB/s", None, _NOT_MEASURED_FIX, source),)
    gbit = floors.perftest_gbit_per_s
    if gbit is not None:
        return (FloorCheck("perftest", "not-shown", None, gbit, "Gb/s", None, _NOT_MEASURED_FIX, _source(vm_size)),)
    return ()
