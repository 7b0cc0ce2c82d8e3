"""Logs that would mislead: escape sequences, JSON around a message, one node that looks like two, general errors first."""

from __future__ import annotations

import io
import json
import time

import pytest

from aksrdma import catalog
from aksrdma.diagnosis import LogReport, check_log, render_json, render_text

H100 = catalog.vm_size("Standard_ND96isr_H100_v5")


def check(log: str | bytes, size: catalog.VmSize | None = None) -> LogReport:
    return check_log(io.BytesIO(log if isinstance(log, bytes) else log.encode()), "job.log", size)


@pytest.mark.parametrize(
    "character",
    ["\x1b", "\x1b ", "\x08", "\x7f", "\x9b", "\x90", "\x00", "\u202e", "\u2066", "\r"],
    ids=lambda one: f"U+{ord(one[0]):04X}",
)
@pytest.mark.parametrize("form", ["{}\n", '{{"log":"{}"}}\n', '{{"msg":"{}"}}\n'], ids=["plain", "docker", "json"])
def test_no_control_of_a_log_reaches_the_terminal(character: str, form: str) -> None:
    said = f"w0:1:2 [0] NCCL WARN a{character}b"
    quoted = said if form.startswith("{}") else json.dumps(said)[1:-1]
    channel = f"w0:1:2 [0] NCCL INFO Channel 00/0 : 8[0] -> 0[0] [receive] via NET/x{character}y/0\n"

    report = check(form.format(quoted) + channel)

    assert report.errors
    for line in render_text(report).split("\n"):
        assert line.isprintable()
    assert not set(json.loads(render_json([report]))[0]["errors"][0]) & set(character.strip())


@pytest.mark.parametrize(
    "form",
    [
        '{{"message": {}, "level": "info"}}', '{{"ts": "2025-09-02", "msg": {}}}', '{{"textPayload": {}}}',
        '[pod/w-0/main] {{"time": 1, "log": {}}}', '2025-09-02T03:10:11Z {{"level": "info", "body": {}}}',
    ],
)  # fmt: skip
def test_a_message_in_a_line_of_json_is_read_whatever_its_key(form: str) -> None:
    lines = ["w0:1:2 [0] NCCL INFO NET/IB : No device found.", "w0:1:2 [0] NCCL INFO Using network Socket"]

    report = check("".join(form.format(json.dumps(line)) + "\n" for line in lines))

    assert report.verdict == "not-used"
    assert "NET/IB : No device found (line 1)" in report.reasons[0].text


@pytest.mark.parametrize(
    "text", ['{"log":' + "[" * 9000 + "}", '{"log":1}', '{"log":}', '{"a": NCCL INFO Using }', '{"']
)
def test_broken_json_is_a_line_as_any_other(text: str) -> None:
    assert check(f"{text} via NET/IB\nNCCL WARN x {text}\n").verdict == "unproven"


OLD = """w0:1:2 [0] NCCL INFO NET/IB : Using [0]mlx5_0:1/IB ; OOB eth0:10.0.0.4<0>
w0:1:2 [0] NCCL INFO comm 0x5 rank 0 nranks {ranks} cudaDev 0 busId 100000 - Init COMPLETE
w0:3:4 [1] NCCL INFO comm 0x6 rank 1 nranks {ranks} cudaDev 1 busId 200000 - Init COMPLETE
w0:1:2 [0] NCCL INFO Channel 00/0 : 1[1] -> 0[0] [receive] via NET/IB/0/GDRDMA
w0:3:4 [1] NCCL INFO Channel 00/0 : {peer}[1] -> 1[1] [receive] via NET/IB/1/GDRDMA
"""


def test_channels_among_the_ranks_of_one_host_prove_nothing_between_nodes() -> None:
    report = check(OLD.format(ranks=2, peer=0))

    assert report.verdict == "unproven"
    assert "all ranks are on one node" in report.reasons[0].text


def test_channels_from_a_rank_that_writes_elsewhere_do() -> None:
    assert check(OLD.format(ranks=2, peer=8)).verdict == "used"


def test_a_part_of_the_ranks_of_a_job_says_nothing_of_the_rest() -> None:
    assert check(OLD.format(ranks=16, peer=0)).verdict == "used"


def test_an_excerpt_of_channels_alone_is_judged_by_their_ends() -> None:
    lines = OLD.splitlines()[3:]

    assert check("\n".join(lines).format(ranks=0, peer=0) + "\n").verdict == "unproven"
    assert check("\n".join(lines).format(ranks=0, peer=0).replace("w0:3", "w1:3") + "\n").verdict == "used"


def test_sends_count_as_receives_do() -> None:
    sends = OLD.format(ranks=2, peer=0).replace("receive", "send").replace("1[1] -> 0[0]", "0[0] -> 1[1]", 1)

    assert check(sends).verdict == "used"  # rank 1 writes of no channel of its own
    assert check(sends.replace("0[1] -> 1[1]", "1[1] -> 0[0]")).verdict == "unproven"


def test_the_error_that_says_what_failed_decides_and_not_the_first() -> None:
    report = check(
        "[rank0]: NCCL error in: x.cpp:2251, unhandled system error (run with NCCL_DEBUG=INFO for details)\n"
        "Error while creating shared memory segment /dev/shm/nccl-JFE (size 9637888), error: No space left (28)\n"
    )

    assert "medium: Memory" in str(report.reasons[0].fix)
    assert report.reasons[0].line is not None
    assert report.reasons[0].line.number == 2


def test_a_consequence_that_stands_first_does_not_decide() -> None:
    report = check("No IB devices found\nlibibverbs: Warning: RLIMIT_MEMLOCK is 65536 bytes.\n")

    assert "IPC_LOCK" in str(report.reasons[0].fix)


def test_libfabric_over_tcp_is_told_to_leave_its_plugin() -> None:
    report = check(
        "w0:1:2 [0] NCCL INFO NET/OFI Selected Provider is tcp (found 1 nics)\n"
        "w0:1:2 [0] NCCL INFO Channel 00/0 : 8[0] -> 0[0] [receive] via NET/AWS Libfabric/0\n"
    )

    assert report.verdict == "not-used"
    assert "(provider tcp), that is TCP sockets" in report.reasons[0].text
    assert "NCCL_NET_PLUGIN=none" in str(report.reasons[0].fix)


ETHERNET = """NCCL version 2.10.3+cuda11.3
w0:1:2 [0] NCCL INFO NET/IB : Using [0]mlx5_an0:1/RoCE [RO]; OOB eth0:10.0.0.5<0>
w0:1:2 [0] NCCL INFO Channel 00/0 : 8[0] -> 0[0] [receive] via NET/IB/0
#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong
                                                         (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)
  8589934592    2147483648     float     sum      -1  180000   4.00   7.50      0  180000   4.00   7.50      0
"""


def test_beside_another_network_only_its_cause_is_advised() -> None:
    report = check(ETHERNET, H100)
    text = render_text(report)

    assert report.verdict == "not-used"
    assert text.count("  next: ") == 1
    assert "peermem" not in text
    assert "2.13.4" not in text
    assert "floor MISSED" in text


def test_what_has_not_run_is_not_advised_to_be_measured_but_a_missed_floor_is() -> None:
    failed = check("w0:1:2 [0] NCCL WARN Bootstrap : no socket interface found\n", H100)
    table = check(ETHERNET.partition("\n#")[1] + ETHERNET.partition("\n#")[2], H100)

    assert "leave the VM size out" not in render_text(failed)
    assert "floor NOT SHOWN" in render_text(failed)
    assert "is the topology file loaded" in render_text(table)


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        ("W topology.cpp:73] No RDMA devices found, check your device installation\n", "not-used"),
        ("I transfer_engine_impl.cpp:218] MC_FORCE_TCP is set, using TCP transport only\n", "not-used"),
        (
            "W topology.cpp:73] No RDMA devices found, check your device installation\n"
            "E transfer_engine_impl.cpp:1] Failed to install RDMA transport\n"
            "E rdma_transport.cpp:1] RdmaTransport: No available RNIC\n"
            "E rdma_context.cpp:1] No matched device found: mlx5_9\n",
            "unproven",
        ),
    ],
    ids=["no device", "told so", "failed"],
)
def test_mooncake_without_rdma_has_only_tcp(log: str, verdict: str) -> None:
    report = check(log)

    assert report.verdict == verdict
    if verdict == "not-used":
        assert report.reasons[0].text.startswith("Mooncake has only TCP sockets: ")


@pytest.mark.parametrize(
    ("provider", "verdict"), [("tcp;ofi_rxm", "not-used"), ("mlx", "unproven"), ("tcpx", "unproven")]
)
def test_intel_mpi_names_its_provider(provider: str, verdict: str) -> None:
    report = check(
        f"[0] MPI startup(): Intel(R) MPI Library, Version 2021.9\n[0] MPI startup(): libfabric provider: {provider}\n"
    )

    assert report.verdict == verdict
    assert "NCCL_DEBUG" not in render_text(report)
    assert report.reasons[0].text.startswith("Intel MPI has only TCP sockets: ") == (verdict == "not-used")


@pytest.mark.parametrize("line", ["Using network {}", "Channel 00/0 : 8[0] -> 0[0] [receive] via NET/{}/0"])
def test_where_some_ranks_have_sockets_it_is_said_which(line: str) -> None:
    networks = ["IB", "Socket", "IB"]
    log = "".join(f"w{n}:1:2 [0] NCCL INFO {line.format(network)}\n" for n, network in enumerate(networks))

    assert "Socket on 1 of 3 ranks (w1:1 on w1), that is TCP" in check(log).reasons[0].text
    assert (
        "network between nodes is Socket, that is TCP"
        in check(log.replace("/IB", "/Socket").replace("k IB", "k Socket")).reasons[0].text
    )


def test_an_error_of_ucx_is_advised_by_its_status() -> None:
    advice = {
        name: check(f"[1.1] [h:1:0] ib_mlx5_log.c:1  UCX  ERROR {name} on mlx5_0:1/IB (synd 0x5)\n").errors[0].advice
        for name in (
            "Transport retry count exceeded", "Receive-no-ready retry count exceeded", "Local protection error",
            "WR flushed because QP in error state", "Remote access error",
        )
    }  # fmt: skip

    assert "placement group" in advice["Transport retry count exceeded"]
    assert "no receive buffer" in advice["Receive-no-ready retry count exceeded"]
    assert "GPU memory" in advice["Local protection error"]
    assert "earlier error" in advice["WR flushed because QP in error state"]
    assert len(set(advice.values())) == len(advice)


@pytest.mark.parametrize(
    "part",
    [
        "NET/IB : qpn 1 mtu 1 ", "NET/IB : HCA ", "-> 1[1] ", "Channel 00 : 1[1] -> 0[0] via x ", "Send BW ",
        "UCX  ERROR ", "INFO Assigned NET plugin IB ", "1  1  1 ", '{"a":', "[[", "Call to ibv_ failed with error ",
    ],
)  # fmt: skip
def test_a_line_that_repeats_itself_takes_no_longer_than_another(part: str) -> None:
    head = "#bytes #iterations    BW peak[MB/sec]    BW average[MB/sec]\n"
    line = part * (16000 // len(part)) + ' via x NCCL WARN ibv_ Test UCX  ERROR "}\n'
    check(head)

    begun = time.process_time()
    check(head + line * 5)
    assert time.process_time() - begun < 1.0


def test_all_text_of_an_application_is_searched_for_markers_however_late_they_come() -> None:
    # A marker is looked for only once each of its words was seen: in one line, in several, or at an edge of a word.
    report = check(
        "device No found\n" * 3
        + "w0:1:2 [0] NCCL INFO NET/IB : No\n"
        + "x" * 100
        + "\nw0:1:2 [0] NCCL INFO NET/IB : No device found.\n"
        + "\x00\x01\xffbinaryNCCL WARN\xfe\n"
        + "w0:1:2 [0] NCCL INFO Using network Socket\n"
    )

    assert report.verdict == "not-used"
    assert "(line 6)" in report.reasons[0].text


def test_the_name_of_a_file_is_printed_without_its_controls() -> None:
    report = check_log(io.BytesIO(b""), "a\x1b[31mb\x9bc.log")

    assert render_text(report).startswith("ab\ufffdc.log: UNPROVEN")
