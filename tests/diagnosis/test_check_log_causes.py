"""Why the network is not RDMA: the cause that the log names, on one node as on many; jobs of one rank; the Ethernet
function; and lines that were torn or wrapped."""

from __future__ import annotations

import io

import pytest

from aksrdma import catalog
from aksrdma.diagnosis import LogReport, check_log, render_text

H100 = catalog.vm_size("Standard_ND96isr_H100_v5")


def check(log: str, size: bool = False) -> LogReport:
    return check_log(io.BytesIO(log.encode()), "job.log", H100 if size else None)


def info(text: str, host: str = "w0", pid: int = 1, gpu: int = 0) -> str:
    return f"{host}:{pid}:{pid} [{gpu}] NCCL INFO {text}\n"


_SOCKET = info("Using network Socket")
_CHANNEL = info("Channel 00/0 : 8[0] -> 0[0] [receive] via NET/Socket/0")
_ONE_NODE = info("comm 0x55 rank 0 nRanks 2 nNodes 1 localRanks 2 localRank 0 MNNVL 0")
_DISABLED = info("NCCL_IB_DISABLE set by environment to 1.")
_NO_DEVICE = info("NET/IB : No device found.")
_NO_LIBRARY = info("Failed to open libibverbs.so[.1]")
_ABI = "libibverbs: Warning: Driver mlx5 does not support the kernel ABI of 6 (supports 1 to 1) for device mlx5_2\n"


@pytest.mark.parametrize("where", [pytest.param(_ONE_NODE, id="one node"), pytest.param("", id="many")])
@pytest.mark.parametrize("network", [pytest.param(_SOCKET, id="chosen"), pytest.param(_CHANNEL, id="in use")])
@pytest.mark.parametrize(
    ("cause", "words", "fix"),
    [
        pytest.param(_DISABLED, "NCCL_IB_DISABLE is set to 1 (line 1)", "remove NCCL_IB_DISABLE", id="NCCL_IB_DISABLE"),
        pytest.param(info("NCCL_NET set by environment to Socket"), "NCCL_NET is set to Socket", "remove NCCL_NET", id="NCCL_NET"),
        pytest.param(_NO_DEVICE, "NET/IB : No device found", "rdma/ib", id="no device"),
        pytest.param(_NO_LIBRARY, "libibverbs.so", "libibverbs1", id="no libibverbs"),
        pytest.param(_ABI, "kernel ABI of 6", "newer rdma-core", id="an old provider"),
        pytest.param(_NO_DEVICE + _ABI, "kernel ABI of 6", "newer rdma-core", id="the provider and no device"),
        pytest.param(_DISABLED + _NO_LIBRARY, "NCCL_IB_DISABLE is set to 1", "remove NCCL_IB_DISABLE", id="two causes"),
        pytest.param(info("x"), "that is TCP sockets", "is NCCL_IB_DISABLE unset", id="none"),
    ],
)  # fmt: skip
def test_sockets_are_not_rdma_and_the_cause_comes_first(
    where: str, network: str, cause: str, words: str, fix: str
) -> None:
    report = check(cause + where + network)

    assert report.verdict == "not-used"
    assert words in report.reasons[0].text
    assert fix in (report.reasons[0].fix or "")
    assert "two nodes" not in render_text(report)
    quoted = report.reasons[0].line
    assert quoted is not None
    assert "Socket" in quoted.text


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        pytest.param(_NO_DEVICE, "not-used", id="no device"),
        pytest.param(_DISABLED, "not-used", id="turned off"),
        pytest.param(_NO_LIBRARY, "unproven", id="no libibverbs, and perhaps a plugin"),
        pytest.param(
            _NO_DEVICE + info("NET/IB : Using [0]mlx5_0:1/IB ; OOB eth0:10.0.0.1<0>"),
            "unproven",
            id="a plugin found none and NCCL itself one",
        ),
        pytest.param(info("NCCL_IB_DISABLE set by environment to 0."), "unproven", id="turned on"),
    ],
)
def test_the_cause_alone_shows_sockets_where_it_leaves_nothing_else(log: str, verdict: str) -> None:
    assert check(log).verdict == verdict


@pytest.mark.parametrize(
    "line", ["see NET/IB : No device found in the FAQ\n", "grep 'NET/IB : No device found' a.log\n"]
)
def test_words_about_a_missing_device_are_no_log_of_one(line: str) -> None:
    assert check(line).verdict == "unproven"
    assert check("NET/IB : No device found.\n").verdict == "not-used"  # the end of a torn line


def test_a_filter_that_leaves_no_device_is_named() -> None:
    report = check(info("NCCL_IB_HCA set to mlx5_ib") + _NO_DEVICE + _SOCKET)

    assert "(NCCL_IB_HCA is set to mlx5_ib)" in report.reasons[0].text
    assert "NCCL_IB_HCA is" not in check(info("NCCL_IB_HCA set to x") + _DISABLED + _SOCKET).reasons[0].text


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('"2026-11-30T10:00:00Z","w-0","{}"', id="quotes of a table"),
        pytest.param("'{}'", id="single quotes"),
        pytest.param("{}.", id="a full stop"),
        pytest.param("{}  ", id="blanks"),
    ],
)
def test_what_stands_behind_the_name_of_a_network_is_no_part_of_it(line: str) -> None:
    assert check(line.format(_SOCKET.strip()) + "\n").verdict == "not-used"
    assert check(_SOCKET.strip() + " instead\n").verdict == "unproven"


def test_a_setting_is_told_with_the_verdict_and_is_no_error() -> None:
    assert check(_DISABLED + _SOCKET).errors == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param(
            "UCX  WARN  RDMA transports are disabled because max locked memory limit (64 kbytes) is too low. Please set",
            "RDMA transports are disabled",
            id="locked memory",
        ),
        pytest.param("UCX  WARN  transports 'rc' are not available, please use one or more of: tcp", "'rc'", id="TLS"),
        pytest.param("x", "goes over TCP sockets", id="none"),
    ],
)
def test_the_cause_of_tcp_in_ucx_comes_first(line: str, words: str) -> None:
    tcp = "[1700000000.3] [h1:42:0] ucp_worker.c:1855 UCX  INFO  inter-node cfg#1 tag(tcp/eth0)\n"
    report = check(f"[1700000000.1] [h1:42:0] ib_md.c:1 {line}\n{tcp}")

    assert report.verdict == "not-used"
    assert words in report.reasons[0].text
    assert "goes over TCP sockets" in report.reasons[0].text


_ALONE = info("comm 0x55 rank 0 nRanks 1 nNodes 1 localRanks 1 localRank 0 MNNVL 0")
_IB = info("Using network IB")


@pytest.mark.parametrize(
    ("log", "words"),
    [
        pytest.param(_IB + _ALONE, "the process is a job of its own of one rank", id="one process"),
        pytest.param(
            _IB + _ALONE + _ALONE.replace("w0:1:1", "w1:2:2"), "each of the 2 processes is a job of its own", id="two"
        ),
        pytest.param(
            "#  Rank  0 Group  0 Pid  11 on w0 device  0 [0x00] NVIDIA\n# size (GB/s)\n"
            "#  Rank  0 Group  0 Pid  12 on w1 device  0 [0x00] NVIDIA\n",
            "each of the 2 processes is rank 0 of a job of its own",
            id="two tables",
        ),
        pytest.param(_ALONE, "a job of its own of one rank", id="no choice is shown"),
    ],
)
def test_jobs_of_one_rank_are_told_so(log: str, words: str) -> None:
    report = check(log)

    assert report.verdict == "unproven"
    assert words in report.reasons[0].text
    assert "as one job" in (report.reasons[0].fix or "")
    assert "one node" not in report.reasons[0].text


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(_IB + _ALONE + _ALONE.replace("nRanks 1", "nRanks 2"), id="a communicator of two beside it"),
        pytest.param(
            "#  Rank  0 Group  0 Pid  11 on w0 device  0 [0x00] NVIDIA\n"
            "#  Rank  1 Group  0 Pid  12 on w1 device  0 [0x00] NVIDIA\n",
            id="ranks 0 and 1",
        ),
        pytest.param("#  Rank  0 Group  0 Pid  11 on w0 device  0 [0x00] NVIDIA\n", id="one rank is shown"),
    ],
)
def test_ranks_of_one_job_are_not_called_alone(log: str) -> None:
    assert "job of its own" not in check(log).reasons[0].text


def _job(devices: str, nic: int = 0) -> str:
    return (
        info(f"NET/IB : Using {devices} [RO]; OOB eth0:10.0.0.6<0>")
        + _IB
        + info(f"Channel 00/0 : 8[0] -> 0[0] [receive] via NET/IB/{nic}")
    )


@pytest.mark.parametrize(
    ("log", "size", "verdict"),
    [
        pytest.param(_job("[0]mlx5_an0:1/RoCE"), False, "not-used", id="by its name"),
        pytest.param(_job("[0]mlx5_0:1/RoCE"), True, "not-used", id="RoCE on a size with InfiniBand"),
        pytest.param(_job("[0]mlx5_0:1/RoCE"), False, "used", id="RoCE elsewhere"),
        pytest.param(_job("[0]mlx5_0:1/IB"), True, "used", id="InfiniBand"),
        pytest.param(_job("[0]mlx5_0:1/IB [1]mlx5_an0:1/RoCE"), True, "used", id="beside it, unused"),
        pytest.param(_job("[0]mlx5_0:1/IB [1]mlx5_an0:1/RoCE", 1), True, "not-used", id="beside InfiniBand, in use"),
        pytest.param(
            info("NET/IB : Using [0]mlx5_an0:1/RoCE ; OOB eth0:10.0.0.6<0>")
            + _IB
            + info("comm 0x5 rank 0 nRanks 2 nNodes 2 localRanks 1 localRank 0 MNNVL 0")
            + info("Connected all rings"),
            False,
            "not-used",
            id="without a channel, all rings joined",
        ),
        pytest.param(
            "[1.3] [h1:42:0] ucp_worker.c:1855 UCX  INFO  inter-node cfg#1 tag(rc_mlx5/mlx5_an0:1)\n",
            False,
            "not-used",
            id="UCX",
        ),
        pytest.param(
            "[1.3] [h1:42:0] x.c:1 UCX  INFO  inter-node cfg#1 tag(rc_mlx5/mlx5_0:1 rc_mlx5/mlx5_an0:1)\n",
            False,
            "used",
            id="UCX with InfiniBand beside it",
        ),
    ],
)
def test_the_ethernet_function_alone_is_not_infiniband(log: str, size: bool, verdict: str) -> None:
    report = check(log, size)

    assert report.verdict == verdict
    if verdict == "not-used":
        assert "Ethernet function" in report.reasons[0].text
        assert "NCCL_IB_HCA" in (report.reasons[0].fix or "")
        assert report.findings == ()


_PERFTEST = """                    RDMA_Write BW Test
 Dual-port       : OFF          Device         : {device}
 Link type       : {link}
 #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]
 65536      5000             91.50             91.41               0.746554
"""


@pytest.mark.parametrize(
    ("device", "link", "size", "verdict"),
    [
        pytest.param("mlx5_an0", "Ethernet", False, "not-used", id="by its name"),
        pytest.param("mlx5_8", "Ethernet", True, "not-used", id="Ethernet on a size with InfiniBand"),
        pytest.param("mlx5_8", "Ethernet", False, "used", id="Ethernet elsewhere"),
        pytest.param("mlx5_8", "IB", True, "used", id="InfiniBand"),
    ],
)
def test_perftest_over_the_ethernet_function_proves_no_infiniband(
    device: str, link: str, size: bool, verdict: str
) -> None:
    assert check(_PERFTEST.format(device=device, link=link), size).verdict == verdict


@pytest.mark.parametrize(
    ("end", "gpudirect"),
    [
        pytest.param("/GDRDMA", True, id="whole"),
        pytest.param("/GDRDMA(PCI)", True, id="whole, over PCI"),
        pytest.param("/GDRDMA/Shared", True, id="whole and shared"),
        pytest.param("", False, id="without"),
        pytest.param("/Shared", False, id="shared, without"),
        pytest.param(" comm 0x5 nRanks 2", False, id="without, and words after it"),
        pytest.param("/GDSetting up the model", None, id="torn in the word"),
        pytest.param("/", None, id="torn before the word"),
        pytest.param("/GDR", None, id="cut"),
        pytest.param("Setting up the model", None, id="torn behind the number"),
        pytest.param("/GDw1:7:7 [0] NCCL INFO x", None, id="torn by another process"),
    ],
)
def test_the_end_of_a_channel_counts_where_it_is_whole(end: str, gpudirect: bool | None) -> None:
    report = check(info(f"Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0{end}"))

    assert report.verdict == "used"
    assert report.gpudirect is gpudirect


@pytest.mark.parametrize("glued", ["G", "GDR", "GDRDMA"])
def test_the_end_of_a_channel_is_no_part_of_the_next_process_s_name(glued: str) -> None:
    log = info("Using network IB", "w1", 7) + info(f"Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0/{glued}")
    log = log.replace(f"/{glued}\n", f"/{glued}w1:7:7 [0] NCCL INFO Connected all rings\n")

    assert {rank.host for rank in check(log).ranks} == {"w0", "w1"}


_WRAPPED = """[2026-01-01 00:00:00] w0:101:111 [0] transport/net_ib.cc:2470 NCCL WARN NET/IB:
Got completion from peer 10.0.0.5<40000> with status=12 opcode=129 len=65536 vendor err 129 (Recv)
localGid ::ffff:10.0.0.4 remoteGids::ffff:10.0.0.5 hca mlx5_3
"""


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(_WRAPPED, id="three lines"),
        pytest.param(_WRAPPED.replace("NET/IB:\n", "NET/IB: "), id="two lines"),
        pytest.param(_WRAPPED.replace("with status", "with\nstatus"), id="four lines"),
        pytest.param(_WRAPPED.replace("(Recv)\n", "(Recv) "), id="wrapped behind its head"),
        pytest.param(_WRAPPED + "\nloss is 0.4\n", id="with text after it"),
        pytest.param("x\n" * 9 + _WRAPPED + _WRAPPED.replace("w0:101", "w1:102"), id="twice"),
    ],
)
def test_a_wrapped_warning_is_one(log: str) -> None:
    report = check(log)

    assert len(report.errors) == 1
    (error,) = report.errors
    assert error.message.endswith("hca mlx5_3")
    assert "status=12" in error.message
    assert "did not answer" in error.advice
    assert error.line == log[: log.index("NCCL WARN")].count("\n") + 1
    assert report.link == "RoCE"


@pytest.mark.parametrize(
    "between",
    [
        pytest.param("w1:5:5 [0] NCCL INFO x\n", id="another process"),
        pytest.param("a\nb\nc\nd\n", id="four other lines"),
        pytest.param("saving a checkpoint\n", id="another line"),
    ],
)
def test_what_follows_a_warning_is_no_part_of_it(between: str) -> None:
    warning = "w0:1:1 [0] x.cc:2 NCCL WARN something odd\n"
    report = check(f"{warning}{between}hca is no word of it\n")

    assert [error.message for error in report.errors] == ["something odd"]


def test_a_reset_by_peer_is_a_whole_warning() -> None:
    reset = "w0:1:1 [0] misc/socket.cc:49 NCCL WARN socketProgressOpt: Call to recv from 10.0.0.5<4> failed : Connection reset by peer\n"

    assert [one.message for one in check(f"{reset}saving a checkpoint\n").errors] == [
        "the connection to another rank broke: Connection reset by peer"
    ]


def test_a_warning_at_the_end_of_the_log_is_told() -> None:
    assert [error.message for error in check("w0:1:1 [0] x.cc:2 NCCL WARN odd").errors] == ["odd"]


def test_two_warnings_in_turn_are_two() -> None:
    log = "w0:1:1 [0] x.cc:2 NCCL WARN one of\nw0:1:1 [0] x.cc:2 NCCL WARN two of\n"

    assert [error.message for error in check(log).errors] == ["one of", "two of"]


def test_the_cause_is_the_program_s_own() -> None:
    tls = "[1.1] [h1:42:0] x.c:1 UCX  WARN  transports 'rc' are not available, please use one or more of: tcp\n"
    tcp = "[1.3] [h1:42:0] ucp_worker.c:1855 UCX  INFO  inter-node cfg#1 tag(tcp/eth0)\n"

    assert "transports" not in check(tls + _SOCKET).reasons[0].text
    assert "kernel ABI" in check(_ABI + tcp).reasons[0].text


def test_of_several_devices_that_perftest_measured_infiniband_counts() -> None:
    both = _PERFTEST.format(device="mlx5_an0", link="Ethernet") + _PERFTEST.format(device="mlx5_ib0", link="IB")

    assert check(both).verdict == "used"
    assert "mlx5_ib0" in check(both).reasons[0].text
    assert check(both, True).verdict == "used"
