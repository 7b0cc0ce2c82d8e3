"""The report on a log as text and as JSON: three verdicts that read apart, and ranks one by one."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from aksrdma.diagnosis import LogReport, check_log, render_json, render_text
from tests.conftest import ROOT

CASES = Path(__file__).parent / "cases"


def report(name: str) -> LogReport:
    with (CASES / f"{name}.log").open("rb") as stream:
        return check_log(stream, f"{name}.log")


def data(name: str) -> dict[str, Any]:
    loaded: list[dict[str, Any]] = json.loads(render_json([report(name)]))
    return loaded[0]


@pytest.mark.parametrize(
    ("name", "title", "ok"),
    [
        pytest.param("nccl-two-nodes-infiniband", "RDMA used: NCCL's channels between nodes go over NET/IB", True, id="used"),
        pytest.param("nccl-sockets-over-ipoib", "RDMA NOT used: NCCL's network between nodes is Socket", False, id="not used"),
        pytest.param("nccl-tests-table-alone", "UNPROVEN, the log does not show whether RDMA was used", False, id="unproven"),
    ],
)  # fmt: skip
def test_text_tells_the_verdicts_apart(name: str, title: str, ok: bool) -> None:
    text = render_text(report(name))

    assert text.startswith(f"{name}.log: {title}")
    assert report(name).ok is ok


@pytest.mark.parametrize(
    ("name", "part"),
    [
        pytest.param("nccl-two-nodes-infiniband", "(line 13: ", id="the line that proves it"),
        pytest.param("nccl-two-nodes-infiniband", "via NET/IB/0/GDRDMA)", id="its words"),
        pytest.param("nccl-two-nodes-infiniband", "2 ranks: 0 (worker-0), 1 (worker-1): NET/IB", id="ranks that are alike"),
        pytest.param("nccl-one-node-infiniband-chosen-unused", "rank 0 (gpu-1): P2P/CUMEM\n", id="a rank inside a node"),
        pytest.param("nccl-one-node-infiniband-chosen-unused", "next: run it on at least two nodes", id="one node"),
        pytest.param("nccl-tests-table-alone", "is rdma/ib in the pod's limits", id="a table alone"),
        pytest.param("nccl-sockets-because-no-device", "`ibv_devices` inside the pod", id="sockets"),
        pytest.param("nccl-libfabric-efa", "provider efa", id="libfabric's provider"),
        pytest.param("nccl-gpudirect-announced-then-disabled", "announced, but no channel uses it", id="GPUDirect"),
        pytest.param("nccl-omni-path-verbs", "hfi1_0 is Omni-Path", id="Omni-Path is named"),
        pytest.param("perftest-loopback-on-one-port", "both ends of perftest are one port", id="a loopback is named"),
        pytest.param("nccl-registration-failed-before-traffic", "failed before any data moved", id="set up in vain"),
        pytest.param("nccl-topology-file-missing", "error: Could not open XML topology file", id="a missing file"),
    ],
)  # fmt: skip
def test_text_says(name: str, part: str) -> None:
    assert part in render_text(report(name))


def test_json_has_the_promised_keys() -> None:
    promised = {
        "file", "verdict", "link", "gpudirect", "devices", "topology_file", "bus_bandwidth_gbps", "errors", "ranks",
    }  # fmt: skip

    assert promised <= data("nccl-two-nodes-infiniband").keys()


def test_json_has_a_rank_for_each_process() -> None:
    assert data("nccl-two-nodes-infiniband")["ranks"] == [
        {
            "rank": rank,
            "host": f"worker-{rank}",
            "pid": 101 + rank,
            "gpu": 0,
            "transports": ["NET/IB"],
            "network": "IB",
            "devices": [f"mlx5_{rank}"],
            "gpudirect": True,
            "topology_file": "loaded",
        }
        for rank in (0, 1)
    ]


def test_json_gives_the_reason_with_its_line() -> None:
    assert data("nccl-sockets-over-ipoib")["reasons"][0]["line"] == 6


def test_json_of_several_logs_is_one_list_with_a_final_newline() -> None:
    text = render_json([report("empty"), report("pingpong")])

    assert [log["file"] for log in json.loads(text)] == ["empty.log", "pingpong.log"]
    assert text.endswith("]\n")


@pytest.mark.parametrize(
    ("line", "rank"),
    [
        pytest.param("[1,3]<stdout>:h:1:2 [0] NCCL INFO Using network IB", 3, id="mpirun"),
        pytest.param(" 5: h:1:2 [0] NCCL INFO Using network IB", 5, id="srun"),
        pytest.param("[rank7]:h:1:2 [0] NCCL INFO Using network IB", 7, id="torchrun"),
        pytest.param("h:1:2 [0] NCCL INFO Using network IB", None, id="no launcher"),
    ],
)
def test_a_rank_takes_its_number_from_the_launcher(line: str, rank: int | None) -> None:
    assert check_log(io.BytesIO(line.encode()), "a").ranks[0].rank == rank


def test_a_torn_row_makes_no_new_rank_of_the_name_that_it_sticks_to() -> None:
    text = "gcn1:9:10 [0] NCCL INFO Using network IB\n   2097152   524288   float   sum   -1gcn1:9:11 [0] NCCL INFO Connected all rings\n"

    assert [rank.host for rank in check_log(io.BytesIO(text.encode()), "a").ranks] == ["gcn1"]


def test_the_documentation_shows_what_is_printed() -> None:
    said = [
        "Bootstrap : Using eth0:10.0.0.5<0>",
        "NET/IB : No device found.",
        "NET/Socket : Using [0]eth0:10.0.0.5<0>",
        "Using network Socket",
        "comm 0x5 rank 8 nRanks 16 nNodes 2 localRanks 8 localRank 0 MNNVL 0",
        "Channel 00/0 : 8[0] -> 0[0] [receive] via NET/Socket/0",
    ]
    log = "".join(f"w-1:201:201 [0] NCCL INFO {one}\n" for one in said)

    printed = render_text(check_log(io.BytesIO(log.encode()), "train.log"))

    assert printed in (ROOT / "docs/slow-job.md").read_text(encoding="utf-8")
