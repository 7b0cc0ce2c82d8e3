"""Small logs in the formats of NCCL, RCCL, nccl-tests, perftest and UCX, one a trap, and what each proves."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from aksrdma.diagnosis import check_log

CASES = Path(__file__).parent / "cases"
_USED, _NOT, _UNPROVEN = "used", "not-used", "unproven"

# name: verdict, link, GPUDirect, devices, topology file, bus bandwidth
LOGS = {
    "application-alone": (_UNPROVEN, None, None, "", None, None),
    "docker-json-lines": (_NOT, None, False, "", None, None),
    "empty": (_UNPROVEN, None, None, "", None, None),
    "kubectl-prefixes-timestamps-and-colors": (_USED, "IB", True, "mlx5_0", None, None),
    "nccl-channels-cut-out-but-rows-left": (_USED, "RoCE", None, "mlx5_2", None, 2.38),
    "nccl-empty-list-of-devices": (_UNPROVEN, None, None, "", None, None),
    "nccl-empty-list-but-devices-named-elsewhere": (_USED, "IB", False, "mlx5_3 mlx5_4", None, None),
    "nccl-end-before-traffic": (_UNPROVEN, "IB", None, "mlx5_0", None, None),
    "nccl-ethernet-function-carries-the-channels": (_NOT, None, False, "mlx5_0 mlx5_an0", None, None),
    "nccl-excerpt-of-the-choice": (_UNPROVEN, "IB", None, "mlx5_0 mlx5_an0", None, None),
    "nccl-excerpt-with-nothing-found": (_UNPROVEN, None, None, "", None, None),
    "nccl-gpudirect-announced-then-disabled": (_USED, "IB", False, "mlx5_0 mlx5_1", None, None),
    "nccl-libfabric-efa": (_NOT, None, True, "", None, None),
    "nccl-libfabric-psm2": (_NOT, None, False, "", None, None),
    "nccl-libfabric-verbs": (_USED, None, False, "", None, None),
    "nccl-loose-words-in-a-readme": (_UNPROVEN, None, None, "", None, None),
    "nccl-merged-nics": (_USED, "RoCE", True, "mlx5_0 mlx5_1", None, None),
    "nccl-nvlink-across-nodes": (_NOT, None, None, "mlx5_0", None, None),
    "nccl-old-rings-without-using-network": (_USED, "IB", False, "mlx4_0 mlx5_0", None, None),
    "nccl-one-socket-among-verbs": (_NOT, None, False, "mlx5_0", None, None),
    "nccl-oldest-info-without-nccl": (_USED, "IB", True, "mlx5_0", None, None),
    "nccl-omni-path-verbs": (_USED, None, False, "hfi1_0 hfi1_1", None, None),
    "nccl-one-node-infiniband-chosen-unused": (_UNPROVEN, "IB", None, "mlx5_0 mlx5_1", None, None),
    "nccl-one-node-through-sockets": (_NOT, None, False, "", None, None),
    "nccl-one-node-through-the-nic": (_UNPROVEN, "IB", False, "mlx5_0", None, None),
    "nccl-over-infiniband-with-mpi-over-tcp": (_USED, "IB", True, "mlx5_0", None, None),
    "nccl-registration-failed-before-traffic": (_UNPROVEN, "IB", False, "mlx5_0", None, None),
    "nccl-one-pod-of-several-with-a-table": (_USED, "IB", None, "mlx5_0", None, 2.38),
    "nccl-remote-access-error-alone": (_USED, "RoCE", None, "", None, None),
    "nccl-retry-exceeded-alone": (_UNPROVEN, None, None, "", None, None),
    "nccl-sharp-only": (_USED, "IB", True, "mlx5_0", None, None),
    "nccl-sockets-because-no-device": (_NOT, None, False, "", None, None),
    "nccl-sockets-chosen-end-before-traffic": (_NOT, None, None, "", None, None),
    "nccl-sockets-over-ipoib": (_NOT, None, False, "", None, None),
    "nccl-tests-old-table-and-two-collectives": (_UNPROVEN, None, None, "", None, None),
    "nccl-tests-table-alone": (_UNPROVEN, None, None, "", None, 338.82),
    "nccl-topology-file-broken": (_UNPROVEN, None, None, "", None, None),
    "nccl-topology-file-missing": (_USED, "IB", True, "mlx5_0", "missing", None),
    "nccl-two-nodes-infiniband": (_USED, "IB", True, "mlx5_0 mlx5_1", "loaded", 46.66),
    "nccl-ucx-plugin": (_USED, "IB", True, "mlx5_0", None, None),
    "nccl-unknown-plugin": (_UNPROVEN, None, False, "", None, None),
    "perftest-gpu-memory-over-roce": (_USED, "RoCE", True, "mlx5_0", None, None),
    "perftest-infiniband": (_USED, "IB", False, "mlx5_3", None, None),
    "perftest-loopback-on-one-port": (_UNPROVEN, "IB", False, "mlx5_ib0", None, None),
    "perftest-status-12-before-any-row": (_UNPROVEN, "IB", False, "mlx5_0", None, None),
    "perftest-waiting-for-client": (_UNPROVEN, "IB", False, "mlx5_0", None, None),
    "pingpong": (_USED, "IB", False, "mlx5_2", None, None),
    "rccl-two-nodes-roce": (_USED, "RoCE", True, "rdma0 rdma1", None, None),
    "torn-and-interleaved": (_USED, "IB", True, "mlx5_0", None, 91.47),
    "ucx-endpoint-over-rc": (_USED, None, None, "mlx5_0 mlx5_1", None, None),
    "ucx-endpoint-over-tcp": (_NOT, None, None, "", None, None),
    "ucx-first-message-never-answered": (_UNPROVEN, "IB", None, "mlx5_0", None, None),
    "ucx-locked-memory": (_UNPROVEN, None, None, "", None, None),
    "ucx-only-inside-the-node": (_UNPROVEN, None, None, "mlx5_0", None, None),
    "ucx-retry-exceeded-at-work": (_USED, "IB", None, "mlx5_ib0", None, None),
}

ERRORS = {
    "nccl-registration-failed-before-traffic": ["ibv_create_cq", "IPC_LOCK"],
    "nccl-remote-access-error-alone": ["Got completion from peer"],
    "nccl-retry-exceeded-alone": ["error 12", "placement group"],
    "nccl-sockets-because-no-device": ["No device found", "rdma/ib", "2 times"],
    "nccl-topology-file-broken": ["XML Parse : expected >"],
    "nccl-topology-file-missing": ["/etc/topology/ndv5-topo.xml", "mount the ConfigMap"],
    "perftest-status-12-before-any-row": ["Failed status 12: wr_id 0 syndrom 0x81", "did not answer"],
    "ucx-first-message-never-answered": ["Transport retry count exceeded on mlx5_0:1/IB"],
    "ucx-locked-memory": ["ibv_reg_mr failed: Cannot allocate memory", "IPC_LOCK"],
    "ucx-retry-exceeded-at-work": ["Transport retry count exceeded on mlx5_ib0:1/IB"],
}


def test_every_case_is_in_the_table() -> None:
    assert {file.stem for file in CASES.glob("*.log")} == LOGS.keys()


@pytest.mark.parametrize(("name", "expected"), [pytest.param(name, row, id=name) for name, row in LOGS.items()])
def test_what_a_log_proves(name: str, expected: tuple[object, ...]) -> None:
    with (CASES / f"{name}.log").open("rb") as stream:
        report = check_log(stream, name)

    assert (
        report.verdict,
        report.link,
        report.gpudirect,
        " ".join(report.devices),
        report.topology_file,
        report.bus_bandwidth_gbps,
    ) == expected


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in LOGS])
def test_errors_name_the_message_and_what_to_do(name: str) -> None:
    with (CASES / f"{name}.log").open("rb") as stream:
        errors = [str(error) for error in check_log(stream, name).errors]

    wanted = ERRORS.get(name, [])
    assert bool(errors) == bool(wanted), errors
    assert all(any(word in error for error in errors) for word in wanted), errors


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        pytest.param(1, _UNPROVEN, id="a length error of this side"),
        pytest.param(4, _UNPROVEN, id="a protection error of this side"),
        pytest.param(5, _UNPROVEN, id="a flushed request: another error emptied the queue pair"),
        pytest.param(7, _USED, id="a bad response is a response"),
        pytest.param(9, _USED, id="the peer refused the request"),
        pytest.param(10, _USED, id="the peer refused the access"),
        pytest.param(11, _USED, id="the peer could not carry it out"),
        pytest.param(12, _UNPROVEN, id="the peer never answered"),
        pytest.param(13, _USED, id="the peer answered that it was not ready"),
        pytest.param(16, _USED, id="the peer ended the request"),
        pytest.param(17, _UNPROVEN, id="an error of this side again"),
        pytest.param(21, _UNPROVEN, id="a fatal error says nothing of the peer"),
    ],
)
@pytest.mark.parametrize(
    "before", ["", "host-a:101:111 [0] NCCL INFO Using network IB\n"], ids=["alone", "after-a-choice"]
)
def test_a_lone_completion_error_proves_traffic_only_by_an_answer(status: int, verdict: str, before: str) -> None:
    line = (
        f"host-a:101:111 [0] net_ib.cc:2 NCCL WARN NET/IB: Got completion from peer 10.0.0.5<40> with status={status}"
    )
    log = f"{before}{line} opcode=0 len=0 vendor err 129 (Send)\n"

    assert check_log(io.BytesIO(log.encode()), "job.log").verdict == verdict


def test_more_evidence_of_the_same_choice_does_not_change_the_verdict() -> None:
    chosen = "host-a:1:2 [0] NCCL INFO NET/IB : Using [0]mlx5_0:1/IB [RO]; OOB eth0:10.0.0.4<0>\n"
    chosen += "host-a:1:2 [0] NCCL INFO Using network IB\n"
    head = "host-a:1:1 [0] NCCL INFO NCCL version 2.21.5+cuda12.4\n"

    assert {check_log(io.BytesIO(log.encode()), "x").verdict for log in (chosen, head + chosen)} == {_UNPROVEN}
