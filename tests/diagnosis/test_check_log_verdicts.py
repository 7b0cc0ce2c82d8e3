"""Every way to a verdict: its words, the line that decides, and what to do next."""

from __future__ import annotations

import io

import pytest

from aksrdma.diagnosis import check_log, render_json, render_text


def info(text: str, host: str = "a") -> str:
    return f"{host}:1:2 [0] NCCL INFO {text}\n"


_IB = info("Using network IB")
_LOCAL = info("Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM")
_ONE_NODE = info("comm 0x5 rank 0 nRanks 2 nNodes 1 localRanks 2 localRank 0 MNNVL 0")
_NO_MEMLOCK = "a:1:2 [0] NCCL WARN Call to ibv_reg_mr failed with error Cannot allocate memory\n"
_REFUSED = "a:1:2 [0] NCCL WARN NET/IB: Got completion from peer 10.0.0.5<40> with status=10 opcode=1 len=0\n"
_SILENT = _REFUSED.replace("=10", "=12")
_TITLE = "                    RDMA_Write BW Test\n"
_ROWS = """ #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]
 65536      5000             391.50             391.41               0.746554
"""
_SAME_LID = " local address: LID 0x05 QPN 0x1\n remote address: LID 0x05 QPN 0x2\n"
_UCX = "[1700000000.3] [h1:42:0] ucp_worker.c:1855 UCX  INFO  inter-node cfg#1 tag({0})\n"
_BROKEN = "[h1:42:0:42] RC QP 0x1a2 wqe[{0}]: SEND --e [inl len 26]\n"
_ROW = "     2097152        524288     float     sum      -1    880.2    2.38    2.38      0    877.1    2.39    2.39      0\n"
_NODES, _WHOLE, _INFO = "at least two nodes", "keep the whole log", "NCCL_DEBUG=INFO"

WAYS = {
    "channels over verbs": (info("Channel 00/0 : 1[0] -> 0[0] [send] via NET/IB/0"), "used", "NCCL's channels between nodes go over NET/IB", 1, None),
    "channels over sockets": (info("Channel 00/0 : 1[0] -> 0[0] [send] via NET/Socket/0"), "not-used", "NCCL's network between nodes is Socket, that is TCP sockets", 1, "RDMA was not chosen"),
    "channels over another fabric": (info("Channel 00/0 : 1[0] -> 0[0] [send] via NET/PSM2/0"), "not-used", "NCCL's network between nodes is PSM2, not InfiniBand or RoCE verbs", 1, "NCCL_NET_PLUGIN=none"),
    "channels over a network nobody knows": (info("Channel 00/0 : 1[0] -> 0[0] [send] via NET/Zebra/0"), "unproven", "NCCL's network between nodes is Zebra, which aksrdma does not know", 1, "NCCL_NET_PLUGIN=none"),
    "channels on one node": (_ONE_NODE + info("Channel 00/0 : 1[0] -> 0[0] [send] via NET/IB/0"), "unproven", "the channels go over NET/IB, but all ranks are on one node, so nothing went between nodes", 2, _NODES),
    "channels that failed": (info("Channel 00/0 : 1[0] -> 0[0] [send] via NET/IB/0") + _NO_MEMLOCK, "unproven", "NCCL chose NET/IB, but setting it up failed before any data moved", 2, "IPC_LOCK"),
    "NVLink between nodes": (info("Channel 00/0 : 0[0] -> 1[1] via P2P/MNNVL"), "not-used", "the ranks are joined across nodes by NVLink (MNNVL), and no channel uses the network", 1, "NCCL_MNNVL_ENABLE=0"),
    "a choice of sockets": (info("Using network Socket"), "not-used", "NCCL's network between nodes is Socket, that is TCP sockets", 1, "RDMA was not chosen"),
    "a choice of another fabric": (info("Using network PSM2"), "not-used", "NCCL's network between nodes is PSM2, not InfiniBand or RoCE verbs", 1, "NCCL_NET_PLUGIN=none"),
    "a choice of another fabric on one node": (_ONE_NODE + info("Using network PSM2"), "unproven", "NCCL chose PSM2, but all ranks shown are on one node, so nothing went between nodes", 2, _NODES),
    "a choice on one node": (_ONE_NODE + _IB, "unproven", "NCCL chose IB, but all ranks shown are on one node, so nothing went between nodes", 2, _NODES),
    "a choice that nobody knows": (info("Using network Zebra"), "unproven", "NCCL chose Zebra, which aksrdma does not know", 1, _INFO),
    "a choice that failed": (_IB + _NO_MEMLOCK, "unproven", "NCCL chose IB, but setting it up failed", 2, "IPC_LOCK"),
    "a choice, and all rings joined": (_IB + info("Using network IB", "b") + info("Connected all rings"), "used", "NCCL chose IB on every rank shown, and data moved between nodes", 1, None),
    "a choice alone": (_IB, "unproven", "NCCL chose IB, but no line shows traffic between nodes", 1, _WHOLE),
    "channels inside a node": (_LOCAL, "unproven", "only channels inside a node are shown", 1, _NODES),
    "an answer of the peer": (_REFUSED, "used", "NCCL's peer on another node answered over NET/IB before the queue pair failed", 1, None),
    "an answer on one node": (_ONE_NODE + _REFUSED, "unproven", "NCCL's peer answered over NET/IB, but all ranks shown are on one node, so nothing went between nodes", 2, _NODES),
    "no answer of the peer": (_SILENT, "unproven", "NCCL tried NET/IB, but its peer never answered, and nothing shows that data moved before", 1, "did not answer"),
    "perftest": (_TITLE + _ROWS, "used", "perftest measured traffic over verbs", 3, None),
    "perftest on one port": (_TITLE + _SAME_LID + _ROWS, "unproven", "both ends of perftest are one port (one LID): data left it and came back, nothing went between nodes", 3, "different nodes"),
    "perftest to its own host": ("ib_write_bw -d mlx5_0 localhost\n" + _TITLE + _ROWS, "unproven", "perftest's client was sent to its own host, so nothing went between nodes", 1, "different nodes"),
    "perftest without a row": (_TITLE, "unproven", "perftest started, but shows no result", 1, "18515"),
    "perftest that failed": (_TITLE + " Couldn't allocate MR\n", "unproven", "perftest failed before a result: Couldn't allocate MR", 2, "IPC_LOCK"),
    "UCX at work": (_BROKEN.format(7), "used", "UCX had verbs queue pairs to other nodes at work when one failed", 1, None),
    "UCX over verbs": (_UCX.format("rc_mlx5/mlx5_0:1"), "used", "UCX's endpoint to another process goes over verbs", 1, None),
    "UCX that failed": (_UCX.format("rc_mlx5/mlx5_0:1") + "UCX  ERROR no usable transports/devices (asked rc)\n", "unproven", "UCX chose verbs for an endpoint to another process, but setting it up failed", 2, "leave UCX nothing"),
    "UCX over TCP": (_UCX.format("tcp/eth0"), "not-used", "UCX's endpoint to another process goes over TCP sockets", 1, "UCX_NET_DEVICES"),
    "UCX over another fabric": (_UCX.format("srd/rdmap0:1"), "not-used", "UCX's endpoint to another process goes over another fabric", 1, "UCX_NET_DEVICES"),
    "an error alone": ("ncclRemoteError\n", "unproven", "the log shows an error, but no network that carried data between nodes", 1, "first error among all ranks"),
    "a table alone": ("# (us)  (GB/s)  (GB/s)\n" + _ROW, "unproven", "a table of results alone does not show which network carried it", 2, _INFO),
    "nothing": ("loss is 0.4\n", "unproven", "no line of the log shows a network between nodes", None, _INFO),
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in WAYS])
def test_a_verdict_has_its_words_its_line_and_what_to_do(name: str) -> None:
    log, verdict, text, line, fix = WAYS[name]
    report = check_log(io.BytesIO(log.encode()), "job.log")
    reason = report.reasons[0]

    assert (report.verdict, reason.text) == (verdict, text)
    assert (reason.line.number if reason.line else None) == line
    assert (fix in (reason.fix or "")) if fix else reason.fix is None
    told = render_text(report)
    assert told.startswith("job.log: ")
    assert f": {text}{' (line ' if line else chr(10)}" in told
    assert f'"verdict": "{verdict}"' in render_json([report])


def test_a_setup_that_failed_after_data_moved_changes_nothing() -> None:
    channel = info("Channel 00/0 : 1[0] -> 0[0] [send] via NET/IB/0")

    report = check_log(io.BytesIO((channel + info("Connected all rings") + _NO_MEMLOCK).encode()), "a")
    assert report.verdict == "used"


def test_an_error_that_stops_the_setup_decides_before_one_that_does_not() -> None:
    report = check_log(io.BytesIO(f"ncclRemoteError\n{_NO_MEMLOCK}".encode()), "a")

    assert report.reasons[0].line is not None
    assert report.reasons[0].line.number == 2
    assert "IPC_LOCK" in (report.reasons[0].fix or "")


def test_a_protocol_table_of_ucx_is_quoted_where_its_lanes_begin() -> None:
    log = (
        "[1.1] [h1:42:0] | ucp_context_0 inter-node cfg#1 | tagged message |\n"
        "[1.1] [h1:42:0] | 0..2038 | short | rc_mlx5/mlx5_0:1 |\n"
        "[1.1] [h1:42:0] | 2039..inf | zero-copy | rc_mlx5/mlx5_1:1 |\n"
    )
    report = check_log(io.BytesIO(log.encode()), "a")

    assert report.verdict == "used"
    assert report.reasons[0].line is not None
    assert report.reasons[0].line.number == 2


@pytest.mark.parametrize(
    "sign",
    [
        "cuMemAlloc() of a 131072 bytes GPU buffer",
        "initializing CUDA",
        "creating CUDA Ctx",
        "Using ROCm Device with ID: 0",
    ],
)
def test_perftest_s_buffers_in_gpu_memory_are_gpudirect_where_a_row_follows(sign: str) -> None:
    measured = check_log(io.BytesIO((_TITLE + sign + "\n" + _ROWS).encode()), "a")
    failed = check_log(io.BytesIO((_TITLE + sign + "\n Couldn't allocate MR\n").encode()), "a")
    host = check_log(io.BytesIO((_TITLE + _ROWS).encode()), "a")

    assert (measured.gpudirect, failed.gpudirect, host.gpudirect) == (True, None, False)
    assert "peermem" in failed.errors[0].advice


def test_a_message_is_told_in_single_spaces() -> None:
    report = check_log(io.BytesIO(b"a:1:2 [0] x.cc:1 NCCL WARN something   very  odd\n"), "a")

    assert report.errors[0].message == "something very odd"


def test_a_topology_file_that_is_broken_is_neither_loaded_nor_missing() -> None:
    log = _IB + "a:1:2 [0] graph/xml.cc:1 NCCL WARN XML Parse : expected >, got 'x'\n"
    report = check_log(io.BytesIO(log.encode()), "a")

    assert report.topology_file is None
    assert [rank.topology_file for rank in report.ranks] == [None]
    missing = log.replace("XML Parse : expected >", "Could not open XML topology file /x")
    assert [rank.topology_file for rank in check_log(io.BytesIO(missing.encode()), "a").ranks] == ["missing"]


@pytest.mark.parametrize(
    ("line", "devices", "link"),
    [
        pytest.param("Transport retry count exceeded on mlx5_3:1/IB (synd 0x15)", ("mlx5_3",), "IB", id="InfiniBand"),
        pytest.param("Transport retry count exceeded on mlx5_3:1/RoCE (synd 0x15)", ("mlx5_3",), "RoCE", id="RoCE"),
        pytest.param("UCX  ERROR mlx5dv_devx_obj_create(QP) failed on mlx5_4, syndrome 0x1: x", ("mlx5_4",), None, id="an error"),
        pytest.param("UCX  INFO mlx5dv_devx_obj_create(QP) failed on mlx5_4, syndrome 0x1: x", (), None, id="no error"),
    ],
)  # fmt: skip
def test_ucx_names_devices_and_links(line: str, devices: tuple[str, ...], link: str | None) -> None:
    report = check_log(io.BytesIO(f"[1.1] [h1:42:0] x.c:1 {line}\n".encode()), "a")

    assert report.devices == devices
    assert report.link == link


def test_ranks_without_a_number_stand_last_and_by_their_host() -> None:
    log = "".join(
        info("Using network IB", host) + (info(f"comm 0x5 rank {rank} nRanks 4 nNodes 4", host) if rank else "")
        for host, rank in (("c", ""), ("b", ""), ("d", "2"), ("e", "1"))
    )

    assert [rank.host for rank in check_log(io.BytesIO(log.encode()), "a").ranks] == ["e", "d", "b", "c"]


@pytest.mark.parametrize(
    ("provider", "verdict"),
    [
        pytest.param("tcp;ofi_rxm", "not-used", id="tcp"),
        pytest.param("udp", "not-used", id="udp"),
        pytest.param("sockets", "not-used", id="sockets"),
        pytest.param("net", "not-used", id="net"),
        pytest.param("verbs;ofi_rxm", "used", id="verbs"),
    ],
)
def test_a_provider_of_libfabric_over_tcp_is_sockets(provider: str, verdict: str) -> None:
    log = info(f"NET/OFI Selected Provider is {provider}") + info("Channel 00/0 : 1[0] -> 0[0] [send] via NET/OFI/0")
    report = check_log(io.BytesIO(log.encode()), "a")

    assert report.verdict == verdict
    assert ("TCP sockets" in report.reasons[0].text) is (verdict == "not-used")
