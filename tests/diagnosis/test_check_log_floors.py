"""Bandwidth beside the floors of a VM size: met, missed, or not shown, and never met by silence."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any, cast

import pytest

from aksrdma import catalog
from aksrdma.catalog import Floors, MultiNodeFloor, VmSize
from aksrdma.diagnosis import LogReport, check_log, render_text

_CHANNEL = "w{0}:7:8 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0/GDRDMA\n"
_TWO_NODES = _CHANNEL.format(0) + _CHANNEL.format(1)
_ROW = "  {size}     536870912     {kind}     sum      -1    21845   {algbw}  {busbw}      0    21781   98.59  184.86      0\n"
_PERFTEST = """ Dual-port       : OFF          Device         : mlx5_0
 Link type       : IB
 #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]
 {size}      5000             {value}            {value}                   {rate}
"""


def floor(fail: float | None, scope: str = "infiniband", confidence: str = "published") -> MultiNodeFloor:
    return MultiNodeFloor(
        scope=cast(Any, scope),
        expected=None,
        warn=None,
        fail=fail,
        measured=None,
        confidence=cast(Any, confidence),
        note=None,
        sources=(),
    )


def vm_size(*multi_node: MultiNodeFloor, perftest: int | None = 380, one_node: int | None = 460) -> VmSize:
    floors = Floors(
        perftest_gbit_per_s=perftest,
        perftest_gpudirect=True,
        nccl_busbw_gbyte_per_s=one_node,
        nccl_message_size="16G",
        multi_node=multi_node,
    )
    return cast(VmSize, SimpleNamespace(name="Standard_Test", floors=floors, sources={"floors": ("nhc-repo",)}))


def row(busbw: float, size: int = 1 << 33, algbw: float | None = None, kind: str = "float") -> str:
    return _ROW.format(size=size, kind=kind, algbw=f"{algbw or busbw / 1.875:.2f}", busbw=f"{busbw:.2f}")


def perftest(gbit: float, size: int = 65536) -> str:
    return _PERFTEST.format(size=size, value=f"{gbit:.2f}", rate=f"{gbit * 1000 / 8 / size:.6f}")


def check(text: str, size: VmSize | None) -> LogReport:
    return check_log(io.BytesIO(text.encode()), "a.log", size)


@pytest.mark.parametrize(
    ("text", "size", "states", "ok"),
    [
        pytest.param(_TWO_NODES, None, [], True, id="without a size no floor is asked for"),
        pytest.param(_TWO_NODES + row(310), vm_size(floor(300)), ["met"], True, id="an all-reduce above the floor"),
        pytest.param(_TWO_NODES + row(290), vm_size(floor(300)), ["missed"], False, id="an all-reduce below the floor"),
        pytest.param(
            _TWO_NODES + row(290, size=1 << 20), vm_size(floor(300)), ["not-shown"], False, id="messages too small to say"
        ),
        pytest.param(
            _TWO_NODES + row(310, size=1 << 20), vm_size(floor(300)), ["met"], True, id="small messages fast enough"
        ),
        pytest.param(_TWO_NODES, vm_size(floor(300)), ["not-shown"], False, id="a log that measures nothing"),
        pytest.param(
            _TWO_NODES + row(40, algbw=42), vm_size(floor(300)), ["not-shown"], False, id="an all-gather is no all-reduce"
        ),
        pytest.param(
            _TWO_NODES + row(310) + "#   (us)  (GB/s)\n" + row(200), vm_size(floor(300)), ["met", "missed"], False,
            id="the second of two tables is slow",
        ),
        pytest.param(
            _TWO_NODES + row(160), vm_size(floor(300), floor(150, confidence="single report")), ["missed"], False,
            id="a published floor counts for more than a single report",
        ),
        pytest.param(
            _TWO_NODES + row(160), vm_size(floor(150, confidence="single report"), floor(800, scope="nvlink")), ["met"],
            True, id="NVLink's floor is not InfiniBand's",
        ),
        pytest.param(_TWO_NODES + row(10), vm_size(perftest=None), [], True, id="a size without a floor for nodes"),
        pytest.param(perftest(391), vm_size(), ["met"], True, id="a NIC above its floor"),
        pytest.param(perftest(190), vm_size(), ["missed"], False, id="a NIC below its floor"),
        pytest.param(perftest(90, size=4096), vm_size(), ["not-shown"], False, id="a NIC with messages too small to say"),
    ],
)  # fmt: skip
def test_a_figure_beside_its_floor(text: str, size: VmSize | None, states: list[str], ok: bool) -> None:
    report = check(text, size)

    assert ([check.state for check in report.floors], report.ok) == (states, ok)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        pytest.param(_TWO_NODES + row(300), "met", id="at the floor"),
        pytest.param(_TWO_NODES + row(299.99), "missed", id="just below"),
        pytest.param(
            _TWO_NODES + row(299.99, size=1 << 30), "missed", id="just below, with the least message that tells"
        ),
        pytest.param(_TWO_NODES + row(299.99, size=(1 << 30) - 1), "not-shown", id="a byte less tells nothing"),
        pytest.param(perftest(380), "met", id="a NIC at its floor"),
        pytest.param(perftest(379.99), "missed", id="a NIC just below, with the least message that tells"),
        pytest.param(perftest(379.99, size=65535), "not-shown", id="a NIC with a byte less"),
    ],
)
def test_a_floor_is_met_from_its_own_value_on(text: str, state: str) -> None:
    assert [check.state for check in check(text, vm_size(floor(300))).floors] == [state]


@pytest.mark.parametrize(
    ("text", "size", "what"),
    [
        pytest.param(perftest(391), vm_size(), "perftest mlx5_0", id="perftest on a device"),
        pytest.param(perftest(391).split("\n", 1)[1], vm_size(), "perftest", id="perftest on a device that is cut out"),
        pytest.param(_TWO_NODES, vm_size(floor(300)), "all-reduce bus bandwidth", id="nothing measured"),
        pytest.param(_TWO_NODES, vm_size(), "perftest", id="nothing measured, and no floor of all-reduce"),
    ],
)
def test_a_floor_names_what_is_measured(text: str, size: VmSize, what: str) -> None:
    assert [check.what for check in check(text, size).floors] == [what]


def test_a_size_without_floors_has_none() -> None:
    size = cast(VmSize, SimpleNamespace(name="Standard_Test", floors=None))

    assert check(_TWO_NODES + row(10), size).floors == ()


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        pytest.param((100, 4096), (391, 65536), 391, id="a larger message"),
        pytest.param((391, 65536), (100, 4096), 391, id="a smaller message"),
        pytest.param((391, 65536), (380, 65536), 380, id="the last of one size"),
    ],
)
def test_the_largest_message_of_a_device_counts(first: tuple[int, int], second: tuple[int, int], value: float) -> None:
    assert check(perftest(*first) + perftest(*second), vm_size()).floors[0].value == value


def test_a_latency_is_no_bandwidth_and_does_not_take_its_place() -> None:
    latency = " #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]\n 8388608       1000          5.35           11.78        5.49\n"

    assert [check.state for check in check(latency, vm_size()).floors] == ["not-shown"]
    assert [check.value for check in check(perftest(391) + latency, vm_size()).floors] == [391]


def test_a_floor_as_json_has_the_number_of_its_line() -> None:
    missed = check(_TWO_NODES + row(290), vm_size(floor(300))).floors[0].to_dict()
    not_shown = check(_TWO_NODES, vm_size(floor(300))).floors[0].to_dict()

    assert (missed["line"], missed["value"], missed["unit"], missed["state"]) == (3, 290, "GB/s", "missed")
    assert "topology file" in missed["fix"]
    assert (not_shown["line"], not_shown["value"]) == (None, None)
    assert "all_reduce_perf" in not_shown["fix"]


def test_what_meets_its_floor_needs_no_advice_and_small_messages_need_larger_ones() -> None:
    assert check(_TWO_NODES + row(310), vm_size(floor(300))).floors[0].fix is None
    assert "larger messages" in str(check(_TWO_NODES + row(290, size=8), vm_size(floor(300))).floors[0].fix)
    assert "numactl" in str(check(perftest(190), vm_size()).floors[0].fix)


def test_a_log_with_thousands_of_devices_or_tables_keeps_a_bounded_number_of_them() -> None:
    devices = "".join(perftest(391).replace("mlx5_0", f"mlx5_{number}") for number in range(4097))
    tables = "".join("#   (us)  (GB/s)\n" + row(300 + number) for number in range(1001))

    assert [check.value for check in check(devices, vm_size()).floors] == [391] * 4096
    values = [check.value for check in check(_TWO_NODES + tables, vm_size(floor(300))).floors]
    assert (len(values), values[-1]) == (1000, 1300)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(row(310), "floor met: all-reduce bus bandwidth 310 GB/s, floor 300 GB/s (line 3:", id="met"),
        pytest.param(row(290), "floor MISSED: all-reduce bus bandwidth 290 GB/s", id="missed"),
        pytest.param(
            "", "floor NOT SHOWN to be met: all-reduce bus bandwidth not shown, floor 300 GB/s", id="not shown"
        ),
        pytest.param("", "bus bandwidth not shown", id="no table"),
        pytest.param(row(310), "bus bandwidth 310 GB/s", id="a table"),
    ],
)
def test_text_tells_a_floor(text: str, words: str) -> None:
    assert words in render_text(check(_TWO_NODES + text, vm_size(floor(300))))


def test_a_floor_names_who_says_so() -> None:
    size = catalog.vm_size("Standard_ND96isr_H100_v5")
    one_node = "w:7:8 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM\n"
    of = [
        check(text, size).floors[0] for text in (_TWO_NODES + row(310), _TWO_NODES, one_node + row(470), perftest(391))
    ]

    assert [str(one.source).partition("/tree/")[0] for one in of] == [
        "https://github.com/Azure/ai-infrastructure-on-azure",
        "https://github.com/Azure/ai-infrastructure-on-azure",
        "https://github.com/Azure/azurehpc-health-checks",
        "https://github.com/Azure/azurehpc-health-checks",
    ]
    text = render_text(check(_TWO_NODES + row(290), size))
    assert "); the floor is that of https://github.com/Azure/ai-infrastructure-on-azure/tree/" in text
    assert ", with SHARP (NCCL_COLLNET_ENABLE=1)\n" in text
    assert of[0].to_dict()["source"] == of[0].source


def test_one_node_is_measured_against_the_floor_of_one_node_and_still_proves_nothing() -> None:
    one_node = "w:7:8 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM\n" + row(470)

    report = check(one_node, vm_size(floor(300)))

    assert [(floor.state, floor.floor) for floor in report.floors] == [("met", 460)]
    assert not report.ok


def test_the_message_rate_corrects_a_wrong_unit_in_the_head() -> None:
    text = perftest(96.25).replace("Gb/sec", "MB/sec")

    assert check(text, vm_size()).floors[0].value == 96.25


def test_mebibytes_become_gigabits() -> None:
    text = _PERFTEST.replace("Gb/sec", "MB/sec").format(size=8388608, value="23240.68", rate="0.002905")

    assert check(text, vm_size()).floors[0].value == pytest.approx(194.96, abs=0.01)


def test_text_says_what_was_missed_and_what_to_do() -> None:
    text = render_text(check(_TWO_NODES + row(290), vm_size(floor(300))))

    assert "floor MISSED: all-reduce bus bandwidth 290 GB/s, floor 300 GB/s (line 3:" in text
    assert "next: is the topology file loaded" in text


@pytest.mark.parametrize(
    ("text", "size", "what", "unit", "fix"),
    [
        pytest.param("", vm_size(floor(300)), "all-reduce bus bandwidth", "GB/s", "run all_reduce_perf or ib_write_bw", id="no table"),
        pytest.param("", vm_size(), "perftest", "Gb/s", "run all_reduce_perf or ib_write_bw", id="no row of perftest"),
        pytest.param(row(310), vm_size(floor(300)), "all-reduce bus bandwidth", "GB/s", None, id="a table"),
        pytest.param(perftest(190), vm_size(), "perftest mlx5_0", "Gb/s", "pin the test", id="perftest"),
        pytest.param(row(290, size=1 << 20), vm_size(floor(300)), "all-reduce bus bandwidth", "GB/s", "measure larger messages", id="small messages"),
    ],
)  # fmt: skip
def test_a_floor_says_what_it_is_of_in_its_unit(text: str, size: VmSize, what: str, unit: str, fix: str | None) -> None:
    (told,) = check(_TWO_NODES + text, size).floors

    assert (told.what, told.unit) == (what, unit)
    assert (fix in (told.fix or "")) if fix else told.fix is None
    assert told.to_dict()["unit"] == unit


@pytest.mark.parametrize(("busbw", "missed"), [(310, False), (290, True)])
def test_json_says_whether_a_floor_was_missed(busbw: int, missed: bool) -> None:
    assert check(_TWO_NODES + row(busbw), vm_size(floor(300))).to_dict()["floor_missed"] is missed


def test_pingpong_s_megabits_are_thousandths_of_gigabits() -> None:
    text = (
        "ibv_rc_pingpong -d mlx5_0 server\n  local address:  LID 0x0005, QPN 0x1, PSN 0x2, GID ::\n"
        "  remote address: LID 0x0006, QPN 0x1, PSN 0x2, GID ::\n8192000 bytes in 0.01 seconds = 7654.32 Mbit/sec\n"
    )
    (told,) = check(text, vm_size()).floors

    assert told.value == 7.65
    assert check(text.replace("7654.32", "99950.00"), vm_size()).floors[0].value == 99.95
