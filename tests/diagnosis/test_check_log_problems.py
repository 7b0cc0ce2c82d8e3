"""Errors that a log may show: every row of errors/*.yaml, by lines of the tool that prints it."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from aksrdma import catalog
from aksrdma.diagnosis import LogError, check_log, render_text
from aksrdma.diagnosis.known_errors import KnownError, completions, failure, known_errors, markers
from aksrdma.diagnosis.lines import LONGEST_LINE, Line, messages

LINES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("error_lines.yaml").read_text(encoding="utf-8")
)
GPU_MEMORY = {"perftest-gpu-memory": "Couldn't allocate MR", "perftest-mr": "Failed to create MR"}
ROWS = {row.id: row for row in known_errors()}


def errors(log: str) -> tuple[LogError, ...]:
    return check_log(io.BytesIO(log.encode()), "job.log").errors


def test_every_row_has_a_line_of_its_program() -> None:
    assert LINES.keys() | GPU_MEMORY.keys() == ROWS.keys()
    assert len(known_errors()) == len(ROWS)


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        pytest.param(name, one["line"], one["message"], id=f"{name}-{number}")
        for name, lines in LINES.items()
        for number, one in enumerate(lines)
    ],
)
def test_a_line_of_the_tool_is_reported_with_its_message(name: str, line: str, message: str | None) -> None:
    # With a timestamp, a launcher's and a pod's prefix, and with the sieve between, as in a real log.
    for log in (line, f"2026-01-05T10:00:00Z {line}", f"[pod/w-0/main] {line}"):
        found = failure(list(messages(1, log))[-1])
        (row,) = [row for row in known_errors() if row.id == name]

        assert (found.message if found else None) == message
        assert found is None or found.advice == row.advice or row.by_status
        reported = [one.message for one in errors(f"a\n{log}\nb\n")]
        assert reported == ([message] if message and not row.chosen else [])


@pytest.mark.parametrize(
    ("line", "on_gb", "elsewhere"),
    [
        ("NCCL WARN Cuda failure 801 'operation not supported'", "ComputeDomain", "NCCL_NVLS_ENABLE=0"),
        ("NCCL WARN Cuda failure 101 'invalid device ordinal'", "ComputeDomain", "CUDA_VISIBLE_DEVICES"),
        ("NCCL WARN Failed to bind NVLink SHARP (NVLS) Multicast memory", "ComputeDomain", "Fabric Manager"),
    ],
)
def test_advice_that_depends_on_the_size_names_one_way_where_it_is_known(line: str, on_gb: str, elsewhere: str) -> None:
    gb, hopper = (
        check_log(io.BytesIO(f"w:1:2 [0] {line}\n".encode()), "a.log", catalog.vm_size(size)).errors[0].advice
        for size in ("Standard_ND128isr_NDR_GB200_v6", "Standard_ND96isr_H100_v5")
    )
    hbv4 = failure(Line(1, line), vm_size=catalog.vm_size("Standard_HB176rs_v4"))
    (unknown,) = errors(f"w:1:2 [0] {line}\n")

    assert (on_gb in gb, elsewhere in gb) == (True, False)
    assert (on_gb in hopper, elsewhere in hopper) == (False, True)
    assert "GB200" not in gb + hopper
    assert hbv4 is not None
    assert hbv4.advice == hopper
    assert "GB200" in unknown.advice


def test_what_to_do_is_said_once() -> None:
    log = "w:1:2 [0] misc/ibvwrap.cc:1 NCCL WARN Call to ibv_reg_mr failed with error Cannot allocate memory\n"
    report = check_log(io.BytesIO(log.encode()), "a.log")
    text = render_text(report)

    assert report.reasons[0].fix == report.errors[0].advice
    assert text.count(report.errors[0].advice) == 1
    assert "  error: " in text
    assert f"  next: {report.errors[0].advice}\n" in text
    assert str(report.errors[0]).endswith(f": {report.errors[0].advice}")


def test_a_name_that_was_found_at_last_is_no_error() -> None:
    name = (
        "[W socket.cpp:601] [c10d] The network addresses of (m-0.m, 29500) cannot be retrieved (gai error: -2 - no).\n"
    )
    proof = "w:1:2 [0] NCCL INFO comm 0x1 rank 0 nRanks 2 nNodes 2\nw:1:2 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0\n"

    assert check_log(io.BytesIO((name + proof).encode()), "a.log").errors == ()
    assert [one.message for one in errors(name)] == ["torch: the addresses of m-0.m cannot be retrieved"]


def test_a_test_of_gpudirect_that_failed_keeps_nobody_from_the_network() -> None:
    """NCCL prints as INFO what fails while it only tries, and goes on."""
    tried = "w:1:2 [0] NCCL INFO Call to ibv_reg_mr_iova2 failed with error Bad address\n"
    channel = "w:1:2 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0\n"
    report = check_log(io.BytesIO((tried + channel).encode()), "a.log")

    assert report.verdict == "used"
    assert report.errors == ()
    assert report.gpudirect is False
    assert [one.message for one in errors(tried)] == ["Call to ibv_reg_mr_iova2 failed with error Bad address"]
    assert check_log(io.BytesIO((tried.replace("INFO", "WARN") + channel).encode()), "a.log").verdict == "unproven"


def test_errors_with_the_same_advice_say_it_once() -> None:
    lines = [
        "NCCL WARN Error: failed to extend /dev/shm/nccl-Aa0 to 9637892 bytes, error: No space left on device (28)",
        "NCCL WARN Error: failed to create shared memory file /dev/shm/nccl-XXXXXX, error No space left on device (28)",
    ]
    proof = "w:1:2 [0] NCCL INFO comm 0x1 rank 0 nRanks 2 nNodes 2\nw:1:2 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0\n"
    report = check_log(io.BytesIO((proof + "".join(f"w:1:2 [0] {line}\n" for line in lines)).encode()), "a.log")
    text = render_text(report)

    assert [one.advice for one in report.errors] == [report.errors[0].advice] * 2
    assert text.count("  error: ") == 2
    assert text.count(report.errors[0].advice) == 1


@pytest.mark.parametrize(("name", "line"), [pytest.param(*one, id=one[0]) for one in GPU_MEMORY.items()])
def test_memory_of_a_gpu_is_not_a_matter_of_locked_memory(name: str, line: str) -> None:
    gpu = failure(Line(1, line), gpu_memory=True)
    host = failure(Line(1, line))

    assert gpu is not None
    assert host is not None
    assert gpu.advice == ROWS[name].advice
    assert "IPC_LOCK" in host.advice
    assert "IPC_LOCK" not in gpu.advice


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in known_errors()])
def test_a_row_says_one_sentence_without_a_full_stop_and_where_its_line_is_from(row: KnownError) -> None:
    assert row.source
    assert row.marker.strip() or row.marker == " transport to "
    if row.advice is not None:
        assert row.advice == row.advice.strip()
        assert not row.advice.endswith(".")
        assert "run with NCCL_DEBUG" not in row.advice


def test_a_marker_is_looked_for_once() -> None:
    assert len(markers()) == len(set(markers())) < len(ROWS)


@pytest.mark.parametrize(
    ("flag", "names"),
    [
        pytest.param(
            "cause",
            {
                "ibverbs-abi", "ibverbs-kernel-abi",  "ibverbs-driver", "ibverbs-no-driver",
                "ibverbs-config", "nvshmem-ibverbs", "memlock-ucx-disabled", "ucx-device", "ucx-transports",
                "mooncake-no-devices", "mooncake-force-tcp", "nccl-ib-disable", "nccl-net-socket", "libibverbs-missing",
                "nccl-open-device", "nccl-no-interface", "no-device", "mooncake-tcp", "openmpi-support-none", "intel-mpi-tcp",
            },
            id="why a network is not RDMA",
        ),
        pytest.param(
            "decides",
            {
                "nccl-ib-disable", "nccl-net-socket", "no-device", "mooncake-no-devices", "mooncake-force-tcp",
                "mooncake-tcp", "intel-mpi-tcp",
            },
            id="sockets, whatever else",
        ),
        pytest.param(
            "general",
            {
                "torch-remote", "torch-system", "torch-cuda", "torch-watchdog", "time-limit", "died", "exited",
                "socket-closed", "nccl-warning", "ucx-error", "ucp-worker", "openmpi-no-device", "nixl-error",
                "nixl-send", "nvshmem-init", "deepep-assert", "perftest-run", "mlx5-completion", "shm-torch-exited",
                "mooncake-transfer", "mpi-daemons", "torch-name", "registration-tried", "verbs-post", "fatal-detected",
                "socket-reset", "perftest-peer", "nvshmem-error",
            },
            id="something failed, and not what",
        ),
        pytest.param("chosen", {"nccl-ib-disable", "nccl-net-socket"}, id="a setting and no error"),
        pytest.param(
            "by_status",
            {"completion", "perftest-status", "pingpong-status", "perftest-poll", "nvshmem-poll", "mooncake-slice", "ucx-completion", "ucx-retry",
             "ucx-completion-verbs", "ucx-completion-listed"},
            id="the status of a work request",
        ),
        pytest.param(
            "consequence",
            {
                "no-ib-devices", "nixl-backend", "nixl-error", "nvshmem-transport", "nvshmem-no-transport",
                "nvshmem-init", "mooncake-register-region", "mooncake-context", "mooncake-resources", "mooncake-install", "perftest-none",
                "perftest-mr", "perftest-mr-host", "perftest-queue-pair", "perftest-resources",
                "perftest-rdma-cm-resources", "perftest-setup", "perftest-connect", "torch-name", "fatal-detected",
                "perftest-rdma-cm-setup", "perftest-peer", "nvshmem-error",
            },
            id="follows from another",
        ),
    ],
)  # fmt: skip
def test_rows_that_weigh_more_or_less_than_an_error(flag: str, names: set[str]) -> None:
    assert {row.id for row in known_errors() if getattr(row, flag)} == names


def test_causes_are_weighed_from_the_image_to_the_missing_device() -> None:
    places = {row.id: place for place, row in enumerate(known_errors()) if row.cause}

    assert places["ibverbs-abi"] < places["nccl-ib-disable"] < places["libibverbs-missing"] < places["no-device"]


@pytest.mark.parametrize("status", range(1, 24))
def test_each_status_of_a_work_request_has_its_own_advice(status: int) -> None:
    (row,) = [row for row in completions() if row.status == status]
    by_number = failure(Line(1, f" Failed status {status}: wr_id 0 syndrom 0x81"))
    slice_ = f"Process failed for slice (opcode: 1): {row.name}"
    by_name = failure(Line(1, slice_))

    assert by_number is not None
    assert by_name is not None
    assert by_number.advice == by_name.advice == row.advice
    assert row.advice != ROWS["perftest-status"].advice


def test_a_status_that_nobody_knows_gets_the_advice_of_its_program() -> None:
    found = failure(Line(1, " Failed status 99: wr_id 0 syndrom 0x81"))

    assert found is not None
    assert found.advice == ROWS["perftest-status"].advice


@pytest.mark.parametrize(
    ("log", "messages"),
    [
        pytest.param(
            "rdma_resolve_route failed\n Unable to perform rdma_client function\n Unable to init the socket connection\n",
            ["rdma_resolve_route failed", "Unable to perform rdma_client function"],
            id="told before it",
        ),
        pytest.param(" Unable to init the socket connection\n", ["Unable to init the socket connection"], id="alone"),
        pytest.param(
            "Watchdog caught collective operation timeout\n Unable to init the socket connection\n",
            ["Watchdog caught collective operation timeout", "Unable to init the socket connection"],
            id="an error of another program",
        ),
        pytest.param(
            "E nixl_agent.cpp:404] createBackend: backend creation failed for 'UCX'\nNIXL_ERR_BACKEND\n",
            ["NIXL could not create the backend UCX"],
            id="two that follow",
        ),
    ],
)
def test_what_only_follows_is_told_where_nothing_else_is(log: str, messages: list[str]) -> None:
    assert [error.message for error in errors(log)] == messages


def test_a_message_is_kept_up_to_its_two_hundred_and_twentieth_character() -> None:
    (error,) = errors(f"a:1:2 [0] x.cc:1 NCCL WARN {'y' * 300}\n")

    assert error.message == "y" * 220


@pytest.mark.parametrize(
    ("log", "found"),
    [
        pytest.param("NCCL INFO NCCL_IB_DISABLE set by environment to 0.", False, id="NCCL_IB_DISABLE is 0"),
        pytest.param("NCCL INFO NCCL_NET set by environment to IB", False, id="NCCL_NET is IB"),
        pytest.param("pip: could not create a temporary file: No such device", False, id="no program that is known"),
        pytest.param("NCCL INFO deregistration failed for the specified or all potential backends", False, id="dereg"),
        pytest.param("UCX  ERROR x", True, id="an error of UCX that no row knows"),
    ],
)
def test_what_looks_like_a_row_and_is_none(log: str, found: bool) -> None:
    assert bool(failure(Line(1, log))) is found


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in known_errors()])
def test_a_row_is_no_slower_on_a_line_that_nearly_fits_again_and_again(row: KnownError) -> None:
    seeds = [row.marker, *(line["line"] for line in LINES.get(row.id, ()))]
    nearly = [seed[:end] for seed in seeds for end in (len(seed) // 2, len(seed) - 1, len(seed)) if seed[:end]]
    lines = [row.marker + (piece * (LONGEST_LINE // len(piece) + 1))[:LONGEST_LINE] for piece in nearly]
    pattern = re.compile(row.pattern)

    begin = time.process_time()
    for line in lines:
        pattern.search(line)

    assert (time.process_time() - begin) / len(lines) < 0.05


STOPS = {
    "nccl": {
        "nccl-no-network", "ifname-none", "ifname-listening", "ifname-family", "ifname-subnet", "mixed-links",
        "mixed-merged", "nics-differ", "memlock-nccl", "registration-dmabuf", "registration", "queue-pair",
        "queue-pair-mlx5", "verbs-call",
    },
    "ucx": {
        "memlock-ucx", "memlock-ucx-queue-pair", "memlock-ucx-other", "memlock-ucx-old", "ucx-foreign-device", "ucx-foreign-device-call",
        "ucx-gid", "ucx-umem", "ucx-devx", "ucx-no-transports", "ucx-unreachable", "ucx-no-kind", "ucx-gpudirect",
        "ucx-pkey", "ucx-modify", "ucp-worker", "openmpi-no-device", "ucx-unanswered",
        "openmpi-without-ucx",
    },
    "nixl": {"nixl-memory-host", "nixl-worker", "nixl-backend", "nixl-registration", "nixl-memory-type"},
}  # fmt: skip
CHANNEL = "w9:1:1 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0\n"
ENDPOINT = "[1.1] [h9:42:0] ucp_worker.c:1855 UCX  INFO  inter-node cfg#1 tag(rc_mlx5/mlx5_0:1)\n"


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in LINES if ROWS[name].family != "perftest"])
def test_an_error_of_a_program_keeps_that_program_from_its_network(name: str) -> None:
    line = LINES[name][0]["line"]
    family = ROWS[name].family

    nccl = check_log(io.BytesIO(f"{CHANNEL}{line}\n".encode()), "a").verdict
    ucx = check_log(io.BytesIO(f"{ENDPOINT}{line}\n".encode()), "a").verdict

    assert nccl == ("unproven" if name in STOPS["nccl"] else "used")
    of_nccl = name in {"nccl-ib-disable", "nccl-net-socket", "no-device"} or "Got completion" in line
    if not of_nccl:
        assert ucx == ("unproven" if name in STOPS.get(family, ()) and family != "nccl" else "used")


def test_rows_of_perftest_that_stop_the_setup_go_before_those_that_do_not() -> None:
    rest = {
        "perftest-status", "pingpong-status", "perftest-poll", "perftest-run", "perftest-none", "perftest-no-devices",
        "perftest-device", "perftest-dmabuf-build", "perftest-setup", "perftest-connect", "mlx5-completion",
        "perftest-listen", "perftest-peer",
    }  # fmt: skip

    assert {row.id for row in known_errors() if row.family == "perftest" and not row.stops_setup} == rest
