"""What a report counts, keeps and names: limits, boundaries and the words beside the verdict."""

from __future__ import annotations

import io

import pytest

from aksrdma.diagnosis import LogError, LogReport, RankReport, check_log, render_text

_INFO = "{host}:{pid}:9 [{gpu}] NCCL INFO {text}\n"
_ROW = "     {size}        524288     {kind}     sum      -1    880.2    {algbw}    {busbw}      0    877.1    2.39    2.39      0\n"
_HEAD = (
    "#        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)\n"
)


def check(log: str) -> LogReport:
    return check_log(io.BytesIO(log.encode()), "job.log")


def info(text: str, host: str = "a", pid: int = 1, gpu: int = 0) -> str:
    return _INFO.format(host=host, pid=pid, gpu=gpu, text=text)


def channel(way: str, host: str = "a", pid: int = 1) -> str:
    return info(f"Channel 00/0 : 1[0] -> 0[0] [receive] via {way}", host, pid)


_IB = channel("NET/IB/0/GDRDMA")
_LISTED = info("NET/IB : Using [0]mlx5_0:1/IB [1]mlx5_1:1/RoCE [RO]; OOB eth0:10.0.0.4<0>")
_MEASURED = """ Dual-port       : OFF          Device         : mlx5_0
 #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]
 65536      5000             391.50             391.41               0.746554
"""
_STARTED = "                    RDMA_Write BW Test\n"
_UCX = "[1700000000.3] [h1:42:0]      ucp_worker.c:1855 UCX  INFO  inter-node cfg#1 tag({0}/x:1)\n"


@pytest.mark.parametrize(
    ("log", "verdict", "words"),
    [
        pytest.param(info("Using network IB") + _MEASURED, "used", "perftest", id="NCCL's choice, and perftest's rows"),
        pytest.param(info("Using network IB") + _UCX.format("rc_mlx5"), "used", "UCX", id="NCCL's choice, and UCX"),
        pytest.param(_STARTED + _UCX.format("rc_mlx5"), "used", "UCX", id="perftest without a row, and UCX"),
        pytest.param(
            _STARTED + _UCX.format("tcp"), "unproven", "perftest", id="perftest without a row goes before TCP"
        ),
        pytest.param(
            info("Using network IB") + _UCX.format("tcp"), "unproven", "NCCL", id="NCCL goes before UCX's TCP"
        ),
        pytest.param(channel("NET/Socket/0") + _MEASURED, "not-used", "Socket", id="NCCL over sockets decides"),
    ],
)
def test_of_several_tools_the_one_that_proves_most_decides(log: str, verdict: str, words: str) -> None:
    report = check(log)

    assert report.verdict == verdict
    assert words in report.reasons[0].text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        pytest.param(1, "boom (line 7): mend it", id="once"),
        pytest.param(2, "boom (line 7, 2 times): mend it", id="twice"),
        pytest.param(9_999, "boom (line 7, 9999 times): mend it", id="as often as is counted"),
        pytest.param(10_000, "boom (line 7, very often): mend it", id="more often"),
    ],
)
def test_an_error_says_how_often_it_was_seen(count: int, text: str) -> None:
    assert str(LogError("boom", "mend it", 7, count)) == text


def test_errors_are_counted_by_message_and_kept_up_to_fifty() -> None:
    warnings = [
        info(f"x\na:1:9 [0] NCCL WARN Error: network n{chr(97 + n // 26)}{chr(97 + n % 26)} not found")
        for n in range(51)
    ]

    report = check("".join(warnings) + warnings[0] + warnings[50])

    assert [error.count for error in report.errors] == [2] + [1] * 49


@pytest.mark.parametrize(
    ("size", "quoted"),
    [pytest.param(160, "x" * 160, id="whole"), pytest.param(161, "x" * 160 + "...", id="cut")],
)
def test_a_line_is_quoted_up_to_160_characters(size: int, quoted: str) -> None:
    head = "NET/IB : No device found "
    report = check(head + "x" * (size - len(head)) + "\n")

    assert report.reasons[0].to_dict()["quote"] == head + quoted[len(head) :]


def test_ranks_beyond_those_that_are_told_apart_are_one() -> None:
    most = 1 << 14
    log = "".join(channel("NET/IB/0", "h", pid) for pid in range(most + 3))

    ranks = check(log).ranks

    assert len(ranks) == most + 1
    assert [rank.host for rank in ranks].count(None) == 1


@pytest.mark.parametrize(
    ("count", "named"),
    [
        pytest.param(1, "rank 0 (h0): NET/IB", id="one"),
        pytest.param(2, "2 ranks: 0 (h0), 1 (h1): NET/IB", id="two"),
        pytest.param(12, "11 (h11): NET/IB", id="as many as a line names"),
        pytest.param(13, "11 (h11) and 1 more: NET/IB", id="one more"),
    ],
)
def test_ranks_that_are_alike_share_a_line(count: int, named: str) -> None:
    lines = (
        info(f"comm 0x1 rank {n} nRanks {count} nNodes 2", f"h{n}") + channel("NET/IB/0", f"h{n}") for n in range(count)
    )

    assert named in render_text(check("".join(lines)))


@pytest.mark.parametrize(
    ("ranks", "line"),
    [
        pytest.param([(n, f"h{n // 8}") for n in range(16)], "  16 ranks: 0-7 (h0), 8-15 (h1): NET/IB", id="in a row"),
        pytest.param(
            [(n, f"h{n % 2}") for n in range(4)], "  4 ranks: 0 (h0), 1 (h1), 2 (h0), 3 (h1): NET/IB", id="in turn"
        ),
        pytest.param([(0, "h0"), (1, "h0"), (4, "h0")], "  3 ranks: 0-1 (h0), 4 (h0): NET/IB", id="a gap"),
        pytest.param([(0, "h0"), (1, "h0")], "  2 ranks: 0-1 (h0): NET/IB", id="one host"),
        pytest.param([(8 * n, f"h{n}") for n in range(13)], "88 (h11) and 1 more: NET/IB", id="more than a line names"),
    ],
)
def test_ranks_on_one_host_that_follow_each_other_are_a_range(ranks: list[tuple[int, str]], line: str) -> None:
    text = "".join(
        f"{host}:{n + 1}:9 [0] NCCL INFO comm 0x1 rank {n} nRanks 128 nNodes 16\n"
        f"{host}:{n + 1}:9 [0] NCCL INFO Channel 00/0 : {n}[0] -> 99[0] [receive] via NET/IB/0\n"
        for n, host in ranks
    )

    assert line in render_text(check(text))


@pytest.mark.parametrize(
    ("log", "line"),
    [
        pytest.param(info("Using network IB", gpu=3), "  rank a:1[3]: chose IB, no channel shown", id="a choice alone"),
        pytest.param(info("GPU Direct RDMA Enabled"), "  rank a:1[0]: no transport shown", id="neither"),
        pytest.param(_UCX.format("rc_mlx5"), "  rank h1:42: rc_mlx5/x:1", id="UCX"),
        pytest.param("INFO Ring 00 : 1 -> 0 via NET/IB/0\n", "  rank of an unknown process: NET/IB, GPUDirect RDMA no", id="unknown"),
        pytest.param("1: INFO Ring 00 : 1 -> 0 via NET/IB/0\n", "  rank 1: NET/IB, GPUDirect RDMA no", id="by launcher"),
        pytest.param(_IB, "  rank a:1[0]: NET/IB, GPUDirect RDMA yes", id="GPUDirect"),
        pytest.param(
            channel("NET/IB/0") + channel("P2P/IPC") + channel("direct shared memory"),
            "  rank a:1[0]: NET/IB and P2P/IPC and SHM/direct, GPUDirect RDMA no",
            id="several ways",
        ),
        pytest.param(
            _IB + info("Loading topology file /opt/t.xml"),
            "  rank a:1[0]: NET/IB, GPUDirect RDMA yes, topology file loaded",
            id="topology",
        ),
    ],
)  # fmt: skip
def test_a_rank_says_what_it_used(log: str, line: str) -> None:
    assert line in render_text(check(log)).splitlines()


@pytest.mark.parametrize(
    ("log", "note"),
    [
        pytest.param(_IB, None, id="all channels reach GPU memory"),
        pytest.param(channel("NET/IB/0"), "GPUDirect RDMA is off", id="none does"),
        pytest.param(
            info("GPU Direct RDMA Enabled") + channel("NET/IB/0"), "announced, but no channel", id="announced"
        ),
        pytest.param(
            info("GPU Direct RDMA Disabled") + info("GPU Direct RDMA Enabled") + channel("NET/IB/0"),
            "GPUDirect RDMA is off",
            id="one device without it is none",
        ),
        pytest.param(_IB + channel("NET/IB/1", "b"), "some channels reach GPU memory", id="some do"),
        pytest.param(channel("NET/Socket/0"), None, id="sockets cannot"),
    ],
)
def test_a_note_tells_of_gpudirect(log: str, note: str | None) -> None:
    notes = [reason.text for reason in check(log).reasons[1:]]

    assert len(notes) == (note is not None)
    assert (note or "") in "".join(notes)


@pytest.mark.parametrize(
    ("log", "link"),
    [
        pytest.param(_LISTED + channel("NET/IB/0"), "IB", id="the device in use is InfiniBand"),
        pytest.param(_LISTED + channel("NET/IB/1"), "RoCE", id="the device in use is RoCE"),
        pytest.param(_LISTED + channel("NET/IB/1", "b"), "RoCE", id="the numbers of another rank's list"),
        pytest.param(_LISTED + channel("NET/IB/0") + channel("NET/IB/1", "b"), "IB", id="both are in use"),
        pytest.param(_LISTED, "IB", id="both are listed"),
        pytest.param(info("NET/IB : Using [0]mlx5_1:1/RoCE [RO]; OOB e:1<0>"), "RoCE", id="RoCE is listed"),
        pytest.param(info("NET/IB : Using [0]hfi1_0:1/IB [RO]; OOB e:1<0>") + _IB, None, id="Omni-Path is neither"),
        pytest.param(info("NET/IB : Using [0]mlx5_0:1/UNSPECIFIED [RO]; OOB e:1<0>") + _IB, None, id="unknown to NCCL"),
        pytest.param(" Link type       : Ethernet\n", "RoCE", id="perftest over Ethernet"),
        pytest.param(" Link type       : IB\n", "IB", id="perftest over InfiniBand"),
        pytest.param(" remote address: LID 0x12 QPN 0x1\n", "IB", id="a LID of the other end"),
        pytest.param(" remote address: LID 0000 QPN 0x1\n", "RoCE", id="no LID of the other end"),
        pytest.param(" local address: LID 0x12 QPN 0x1\n", None, id="the address of this end alone"),
    ],
)
def test_the_link_is_that_of_the_devices_in_use(log: str, link: str | None) -> None:
    assert check(log).link == link


@pytest.mark.parametrize(
    ("rows", "bandwidth"),
    [
        pytest.param([(8, 1.0), (16, 2.0)], 2.0, id="the largest message"),
        pytest.param([(16, 2.0), (8, 1.0)], 2.0, id="in whichever order"),
        pytest.param([(16, 2.0), (16, 3.0)], 3.0, id="the last of one size"),
        pytest.param([], None, id="no row"),
    ],
)
def test_bus_bandwidth_is_that_of_the_largest_message(rows: list[tuple[int, float]], bandwidth: float | None) -> None:
    text = "".join(_ROW.format(size=size, kind="float", algbw="1.00", busbw=f"{busbw:.2f}") for size, busbw in rows)

    assert check(_HEAD + text).bus_bandwidth_gbps == bandwidth
    assert check(text).bus_bandwidth_gbps == bandwidth


def test_tables_that_differ_have_no_bus_bandwidth_of_the_log() -> None:
    first, second = (_HEAD + _ROW.format(size=8, kind="float", algbw="1.00", busbw=busbw) for busbw in ("1.00", "2.00"))

    assert check(first + second).bus_bandwidth_gbps is None
    assert check(first + first).bus_bandwidth_gbps == 1.0


_PINGPONG_RESULT = "8192000 bytes in 0.01 seconds = 7684.33 Mbit/sec\n"


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        pytest.param(_PINGPONG_RESULT, "unproven", id="what takes seconds may be anything"),
        pytest.param(" local address: LID 0x12 QPN 0x1\n" + _PINGPONG_RESULT, "unproven", id="the ends did not meet"),
        pytest.param(" remote address: LID 0x12 QPN 0x1\n" + _PINGPONG_RESULT, "used", id="the ends know each other"),
        pytest.param("ibv_rc_pingpong\n" + _PINGPONG_RESULT, "used", id="pingpong was started"),
        pytest.param("ib_write_bw\n" + _PINGPONG_RESULT, "unproven", id="a command may have been refused"),
        pytest.param(" 65536      5000             391.50             391.41\n", "unproven", id="a row without a head"),
        pytest.param(_MEASURED.replace("391.50", "0.00").replace("391.41", "0.00").replace("0.746554", "0.00"), "unproven", id="zeros"),
        pytest.param(_MEASURED.replace("             391.41               0.746554", ""), "unproven", id="one column of a bandwidth"),
        pytest.param(info("x") + "a:1:9 [0] " + _MEASURED.splitlines()[2], "unproven", id="a line of NCCL"),
    ],
)  # fmt: skip
def test_a_result_of_perftest_is(log: str, verdict: str) -> None:
    assert check(log).verdict == verdict


def test_ranks_as_json_are_plain_lists() -> None:
    rank = RankReport(0, "a", 1, 0, ("NET/IB",), "IB", ("mlx5_0",), True, None)

    assert rank.to_dict() == {
        "rank": 0, "host": "a", "pid": 1, "gpu": 0, "transports": ["NET/IB"], "network": "IB", "devices": ["mlx5_0"],
        "gpudirect": True, "topology_file": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("other", "ranks"),
    [
        pytest.param("-1gcn1", 1, id="the redop's root"),
        pytest.param("sumgcn1", 1, id="an operation"),
        pytest.param("xgcn1", 2, id="another name"),
        pytest.param("gcn12", 2, id="a longer name"),
    ],
)
def test_a_name_with_the_end_of_a_row_before_it_is_the_same_process(other: str, ranks: int) -> None:
    log = info("Using network IB", "gcn1") + info("Using network IB", other.lstrip("-"))

    assert len(check(log).ranks) == ranks
    assert len(check(info("Using network IB", "gcn1") + info("Using network IB", other.lstrip("-"), pid=2)).ranks) == 2


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        pytest.param(
            ["host-a:1:2 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[0] [send] via NET/IB/0"],
            "GPUDirect RDMA is off, so data takes a detour over host memory",
            id="off",
        ),
        pytest.param(
            [
                "host-a:1:2 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[0] [send] via NET/IB/0",
                "host-b:1:2 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [send] via NET/IB/0/GDRDMA",
            ],
            "some channels reach GPU memory directly and some do not",
            id="in-part",
        ),
    ],
)
def test_a_detour_over_host_memory_is_noted(lines, note):
    report = check_log(io.BytesIO("\n".join([*lines, ""]).encode()), "x")

    assert note in [reason.text for reason in report.reasons]


def test_a_topology_file_with_more_attributes_than_nccl_reads_is_loaded() -> None:
    loaded = _IB + info("Loading topology file /opt/t.xml")
    report = check(loaded + info("XML Parse : Ignoring extra attributes (max 16)"))

    assert (report.topology_file, report.errors) == ("loaded", ())
    assert check(loaded + info("XML Parse : Unexpected EOF")).topology_file is None
