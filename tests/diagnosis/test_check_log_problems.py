"""Errors that a log may show: every row of known_errors.yaml, by a line of the tool that prints it."""

from __future__ import annotations

import pytest

from aksrdma.diagnosis.known_errors import failure, known_errors
from aksrdma.diagnosis.lines import Line

# id of the row: a line, and the message that is reported; None: it looks like an error and is none
LINES = {
    "libibverbs-missing": ("NCCL INFO Failed to open libibverbs.so[.1]", "Failed to open libibverbs.so[.1]"),
    "no-device": ("NCCL INFO NET/IB : No device found.", "NET/IB : No device found"),
    "network-not-found": ("NCCL WARN Error: network Zebra not found.", "Error: network Zebra not found"),
    "memlock-nccl": (
        "NCCL WARN Call to ibv_reg_mr_iova2 failed with error Cannot allocate memory",
        "Call to ibv_reg_mr_iova2 failed with error Cannot allocate memory",
    ),
    "memlock-ucx": (
        "UCX  ERROR ibv_create_qp(dev=mlx5_0) failed: Cannot allocate memory : Please set max locked memory (ulimit -l)",
        "ibv_create_qp failed: Cannot allocate memory: max locked memory",
    ),
    "registration": (
        "NCCL WARN Call to ibv_reg_mr failed with error Bad address",
        "Call to ibv_reg_mr failed with error Bad address",
    ),
    "queue-pair": (
        "NCCL WARN Call to ibv_modify_qp failed with 110 Connection timed out, on dev mlx5_0:1, curr state INIT",
        "Call to ibv_modify_qp failed with 110 Connection timed out, on dev mlx5_0:1, curr state INIT",
    ),
    "verbs-call": (
        "NCCL WARN Call to ibv_query_port failed with error Invalid argument",
        "Call to ibv_query_port failed with error Invalid argument",
    ),
    "completion-12": (
        "NCCL WARN NET/IB : Got completion with error 12, opcode 1, len 0, vendor err 129",
        "NET/IB : Got completion with error 12, opcode 1, len 0, vendor err 129",
    ),
    "completion-5": (
        "NET/IB : Got completion from peer 10.0.0.2<4> with status=IBV_WC_WR_FLUSH_ERR(5) opcode=1",
        "NET/IB : Got completion from peer 10.0.0.2<4> with status=IBV_WC_WR_FLUSH_ERR(5) opcode=1",
    ),
    "completion": ("NET/IB : Got completion with error 4, opcode 0", "NET/IB : Got completion with error 4, opcode 0"),
    "topology-missing": (
        "NCCL WARN Could not open XML topology file /etc/topo.xml : No such file or directory",
        "Could not open XML topology file /etc/topo.xml",
    ),
    "topology-broken": ("NCCL WARN XML Parse : expected >, got 'x'", "XML Parse : expected >"),
    "ofi-registration": (
        "NCCL WARN NET/OFI Unable to register memory (type = 2) for device 5. RC: -22, Error: Invalid argument",
        "NET/OFI Unable to register memory: RC: -22, Error: Invalid argument",
    ),
    "tuning-advice": ('NCCL WARN Missing "iommu=pt" from kernel command line', None),
    "nccl-warning": ("NCCL WARN Cuda failure 'out of memory'", "Cuda failure 'out of memory'"),
    "torch-remote": ("ncclRemoteError: A call failed possibly due to a network error", "ncclRemoteError"),
    "torch-system": ("DistBackendError: NCCL error: unhandled system error", "unhandled system error"),
    "torch-cuda": ("DistBackendError: NCCL error: unhandled cuda error", "unhandled cuda error"),
    "torch-watchdog": (
        "[Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=9)",
        "Watchdog caught collective operation timeout",
    ),
    "perftest-status-12": (
        " Failed status 12: wr_id 0 syndrom 0x81",
        "Failed status 12: wr_id 0 syndrom 0x81",
    ),
    "perftest-status": (" Failed status 10: wr_id 0 syndrom 0x88", "Failed status 10: wr_id 0 syndrom 0x88"),
    "perftest-run": (
        " Failed to complete run_iter_bw function successfully",
        "Failed to complete run_iter_bw function successfully",
    ),
    "perftest-device": (" IB device mlx5_9 not found", "IB device mlx5_9 not found"),
    "perftest-memory": (" Couldn't allocate MR", "Couldn't allocate MR"),
    "perftest-setup": (" Unable to create QP.", "Unable to create QP"),
    "perftest-connect": (" Couldn't connect to 10.0.0.2:18515", "Couldn't connect to 10.0.0.2:18515"),
    "perftest-mtu": (" Failed to modify QP 0x1 to RTR", "Failed to modify QP 0x1 to RTR"),
    "mlx5-completion": ("mlx5: worker-0: got completion with error:", "mlx5: worker-0: got completion with error"),
    "ucx-retry": (
        "ib_mlx5_log.c:179  Transport retry count exceeded on mlx5_ib0:1/IB (synd 0x15 vend 0x81)",
        "Transport retry count exceeded on mlx5_ib0:1/IB",
    ),
    "ucx-remote": (
        "ib_mlx5_log.c:179  Remote access error on mlx5_0:1/RoCE (synd 0x13)",
        "Remote access error on mlx5_0:1/RoCE",
    ),
    "ucx-umem": (
        "UCX  ERROR mlx5_0: mlx5dv_devx_umem_reg(size=524288 access=0x1) failed: Operation canceled",
        "mlx5dv_devx_umem_reg failed: Operation canceled",
    ),
    "ucx-devx": (
        "UCX  ERROR mlx5dv_devx_obj_create(DCT) failed on mlx5_0, syndrome 0x0: Connection timed out",
        "mlx5dv_devx_obj_create(DCT) failed on mlx5_0: Connection timed out",
    ),
    "ucx-device": (
        "UCX  WARN  network device 'mlx5_ib0:1' is not available, please use one or more of: 'eth0'(tcp)",
        "network device 'mlx5_ib0:1' is not available",
    ),
    "ucx-transports": (
        "UCX  WARN  transports 'rc','ud' are not available, please use one or more of: cma, tcp",
        "transports 'rc','ud' are not available",
    ),
    "ucx-error": ("UCX  ERROR no active messages transport to <no debug data>", "no active messages transport to <no debug data>"),
    "ucp-worker": ("pml_ucx.c:309  Error: Failed to create UCP worker", "Failed to create UCP worker"),
    "time-limit": (
        "slurmstepd: error: *** JOB 4 ON n1 CANCELLED AT 2026-01-27T14:51:17 DUE TO TIME LIMIT ***",
        "CANCELLED DUE TO TIME LIMIT",
    ),
    "died": ("n1: rank 1 died from signal 6 and dumped core", "died from signal 6"),
    "exited": ("process rank 3 on node n1 exited on signal 9 (Killed).", "exited on signal 9 (Killed)"),
    "shared-memory": (
        "Error: failed to extend /dev/shm/nccl-abc to 33030532 bytes, error: No space left on device (28)",
        "/dev/shm/nccl-abc to 33030532 bytes, error: No space left on device",
    ),
}  # fmt: skip


def test_every_problem_has_a_line() -> None:
    assert [row.id for row in known_errors()] == list(LINES)


@pytest.mark.parametrize(("line", "message"), [pytest.param(*row, id=name) for name, row in LINES.items()])
def test_a_line_of_the_tool_is_reported_with_its_message(line: str, message: str | None) -> None:
    found = failure(Line(1, line))

    assert (found.message if found else None) == message


@pytest.mark.parametrize(
    "problem", [pytest.param(problem, id=problem.id) for problem in known_errors() if problem.advice]
)
def test_advice_is_one_sentence_without_a_full_stop(problem: object) -> None:
    advice = getattr(problem, "advice")  # noqa: B009

    assert advice == advice.strip()
    assert not advice.endswith(".")
