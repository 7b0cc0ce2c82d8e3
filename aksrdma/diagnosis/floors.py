"""Whether the bandwidth that a log shows reaches the floor of a VM size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aksrdma.diagnosis.evidence import Evidence
from aksrdma.diagnosis.lines import Line
from aksrdma.diagnosis.verdict import several_nodes

if TYPE_CHECKING:
    from aksrdma.catalog.rows.vm_sizes import Floors, VmSize

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


def check_floors(evidence: Evidence, vm_size: VmSize) -> tuple[FloorCheck, ...]:
    """Compare what the log measured with the size's floors; nothing where the size has none."""
    floors = vm_size.floors
    if floors is None:
        return ()
    checks = (*_all_reduces(evidence, floors), *_perftests(evidence, floors))
    return checks or _not_measured(floors)


def _all_reduces(evidence: Evidence, floors: Floors) -> Iterator[FloorCheck]:
    floor = floors.all_reduce(several_nodes(evidence) is not False)
    rows = [table.row for table in evidence.tables if table.row and table.row.all_reduce]
    if floor is None:
        return
    for row in rows:
        state = _state(row.busbw, floor, enough=row.size >= _LEAST_COLLECTIVE)
        fix = _ALL_REDUCE_FIX if state == "missed" else _SIZE_FIX if state == "not-shown" else None
        yield FloorCheck("all-reduce bus bandwidth", state, row.busbw, floor, "GB/s", row.line, fix)


_ALL_REDUCE_FIX: Final = (
    "is the topology file loaded, GPUDirect RDMA on, and every NIC used? do all nodes share one placement group?"
)
_SIZE_FIX: Final = "measure larger messages: all_reduce_perf -b 8 -e 16G -f 2 -g 1, or ib_write_bw -s 65536 and more"
_PERFTEST_FIX: Final = (
    "pin the test to the NIC's NUMA node (numactl), use --report_gbits -q 4, and check the port's rate"
)


def _perftests(evidence: Evidence, floors: Floors) -> Iterator[FloorCheck]:
    floor = floors.perftest_gbit_per_s
    for device, result in evidence.measured.items():
        if floor is not None and result.gbit_per_s is not None:
            state = _state(result.gbit_per_s, floor, enough=result.size >= _LEAST_PERFTEST)
            fix = _PERFTEST_FIX if state == "missed" else _SIZE_FIX if state == "not-shown" else None
            name = f"perftest {device}" if device else "perftest"
            yield FloorCheck(name, state, round(result.gbit_per_s, 2), floor, "Gb/s", result.line, fix)


def _state(value: float, floor: float, *, enough: bool) -> FloorState:
    if value >= floor:
        return "met"
    return "missed" if enough else "not-shown"


def _not_measured(floors: Floors) -> tuple[FloorCheck, ...]:
    fix = "run all_reduce_perf or ib_write_bw, or leave the VM size out to check the transport alone"
    busbw = floors.all_reduce(several=True)
    if busbw is not None:
        return (FloorCheck("all-reduce bus bandwidth", "not-shown", None, busbw, "GB/s", None, fix),)
    if floors.perftest_gbit_per_s is not None:
        return (FloorCheck("perftest", "not-shown", None, floors.perftest_gbit_per_s, "Gb/s", None, fix),)
    return ()
