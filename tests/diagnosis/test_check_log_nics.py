"""The NICs that NCCL took: some of the size's, others on other ranks, or Ethernet among InfiniBand."""

from __future__ import annotations

import io

import pytest

from aksrdma import catalog
from aksrdma.diagnosis import LogReport, check_log, render_json, render_text

H100 = catalog.vm_size("Standard_ND96isr_H100_v5")
GB300 = catalog.vm_size("Standard_ND128isr_GB300_v6")


def check(log: str, size: catalog.VmSize | None = None) -> LogReport:
    return check_log(io.BytesIO(log.encode()), "job.log", size)


def listed(host: str, names: str, pid: int = 1, link: str = "IB") -> str:
    devices = " ".join(
        f"[{index}]{name.removesuffix('!')}:1/{'RoCE' if name.endswith('!') else link}"
        for index, name in enumerate(names.split())
    )
    return f"{host}:{pid}:{pid} [0] NCCL INFO NET/IB : Using {devices} [RO]; OOB eth0:10.0.0.6<0>\n"


def channel(host: str, nic: int = 0, pid: int = 1) -> str:
    return f"{host}:{pid}:{pid} [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/{nic}/GDRDMA\n"


EIGHT = " ".join(f"mlx5_{number}" for number in range(8))
TABLE = (
    "#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw (GB/s)\n"
    "  17179869184    4294967296     float     sum      -1  66000   260.00   487.50      0  66000   260.00   487.50      0\n"
)


def texts(report: LogReport) -> list[str]:
    return [finding.text for finding in report.findings]


@pytest.mark.parametrize(
    ("names", "size", "text"),
    [
        pytest.param("mlx5_0 mlx5_1", H100, "NCCL uses 2 of 8 NICs of Standard_ND96isr_H100_v5 on w0: mlx5_0 mlx5_1", id="two"),
        pytest.param("mlx5_0+mlx5_1 mlx5_2", H100, "NCCL uses 3 of 8 NICs of Standard_ND96isr_H100_v5 on w0: mlx5_0 mlx5_1 mlx5_2", id="merged"),
        pytest.param("mlx5_0 mlx5_1!", H100, "NCCL uses 1 of 8 NICs of Standard_ND96isr_H100_v5 on w0: mlx5_0", id="one is Ethernet"),
        pytest.param("mlx5_0 mlx5_1", GB300, "NCCL uses 2 of 4 NICs of Standard_ND128isr_GB300_v6 on w0: mlx5_0 mlx5_1", id="another size"),
        pytest.param(EIGHT, H100, None, id="all"),
        pytest.param(EIGHT + " mlx5_8", H100, None, id="more than the catalog says"),
        pytest.param("mlx5_0 mlx5_1", None, None, id="no size is given"),
    ],
)  # fmt: skip
def test_some_of_the_size_s_nics_are_counted(names: str, size: catalog.VmSize | None, text: str | None) -> None:
    report = check(listed("w0", names) + channel("w0"), size)

    assert report.verdict == "used"
    assert texts(report) == ([text] if text else [])
    if text:
        assert report.findings[0].line is not None
        assert report.findings[0].line.number == 1
        assert f"rdma/ib: {size.infiniband.nic_count if size else 0}" in (report.findings[0].fix or "")


def test_the_nics_of_a_node_are_those_of_all_its_ranks() -> None:
    log = "".join(listed("w0", f"mlx5_{number}", pid=number + 1) for number in range(8)) + channel("w0")

    assert texts(check(log, H100)) == []
    assert "7 of 8" in texts(check(log.replace("mlx5_7", "mlx5_6"), H100))[0]


def test_of_several_nodes_the_poorest_is_told() -> None:
    log = listed("w0", EIGHT) + listed("w1", "mlx5_0 mlx5_1 mlx5_2") + channel("w0")

    assert "3 of 8 NICs of Standard_ND96isr_H100_v5 on w1" in texts(check(log, H100))[0]


def test_all_nodes_with_as_few_nics_are_named() -> None:
    log = (
        listed("w0", "mlx5_0 mlx5_1")
        + listed("w1", "mlx5_0 mlx5_1", pid=2)
        + listed("w2", EIGHT, pid=3)
        + channel("w0")
    )

    assert "2 of 8 NICs of Standard_ND96isr_H100_v5 on w0 w1: mlx5_0 mlx5_1" in texts(check(log, H100))[0]


def test_the_filter_is_named_beside_the_count() -> None:
    log = "w0:1:1 [0] NCCL INFO NCCL_IB_HCA set to mlx5_0\n" + listed("w0", "mlx5_0") + channel("w0")

    assert texts(check(log, H100))[0].endswith("mlx5_0 (NCCL_IB_HCA is set to mlx5_0)")


@pytest.mark.parametrize(
    ("log", "text"),
    [
        pytest.param(
            listed("task-a", "mlx5_0 mlx5_1") + listed("task-b", "mlx5_0 mlx5_1 mlx5_2"),
            "the nodes do not use the same NICs, they differ: task-a 2 (mlx5_0 mlx5_1), task-b 3 (mlx5_0 mlx5_1 mlx5_2)",
            id="two and three",
        ),
        pytest.param(
            listed("a", "mlx5_0 mlx5_1") + listed("b", "mlx5_1 mlx5_2"), None, id="as many under other numbers"
        ),
        pytest.param(
            listed("w0", "mlx5_0") + listed("w0", "mlx5_0 mlx5_1", pid=2),
            "the ranks do not use the same NICs, they differ: w0:1 1 (mlx5_0), w0:2 2 (mlx5_0 mlx5_1)",
            id="two ranks of a node",
        ),
        pytest.param(
            listed("w0", "mlx5_0") + listed("w0", "mlx5_0 mlx5_1", pid=2)
            + "w0:2:2 [0] NCCL INFO comm 0x5 rank 3 nRanks 4 nNodes 2\n",
            "the ranks do not use the same NICs, they differ: w0:1 1 (mlx5_0), rank 3 2 (mlx5_0 mlx5_1)",
            id="a rank with its number",
        ),
        pytest.param(listed("a", "mlx5_0 mlx5_1") + listed("b", "mlx5_1 mlx5_0"), None, id="another order"),
        pytest.param(listed("w0", "mlx5_0") + listed("w0", "mlx5_1", pid=2), None, id="a NIC for each rank"),
        pytest.param(listed("a", "mlx5_0") + listed("b", ""), None, id="an empty list"),
        pytest.param(
            listed("a", "mlx5_0 mlx5_1") + listed("b", "mlx5_0 mlx5_1").partition(" [1]")[0] + "\n", None, id="a list that is cut"
        ),
        pytest.param(
            listed("a", "mlx5_0") + listed("a", "mlx5_0 mlx5_1", pid=2).partition(" [RO]")[0] + "\n", None, id="a cut list of a rank"
        ),
        pytest.param(listed("a", "mlx5_0") + listed("b", "hfi1_0"), None, id="Omni-Path is not counted"),
    ],
)  # fmt: skip
def test_ranks_with_other_nics_are_told(log: str, text: str | None) -> None:
    report = check(log + channel("x"))

    assert texts(report) == ([text] if text else [])
    if text:
        assert report.findings[0].line is not None
        assert report.findings[0].line.number == 2
        assert "NCCL_IB_HCA" in (report.findings[0].fix or "")
        assert report.ok


def test_a_long_list_of_nics_is_cut() -> None:
    many = " ".join(f"mlx5_{number}" for number in range(10))

    assert (
        "10 (mlx5_0 mlx5_1 mlx5_2 mlx5_3 mlx5_4 mlx5_5 mlx5_6 mlx5_7 and 2 more)"
        in (texts(check(listed("a", "mlx5_0") + listed("b", many) + channel("a")))[0])
    )


_FAILED = "w0:1:1 [0] misc/ibvwrap.cc:284 NCCL WARN Call to ibv_modify_qp failed with error Invalid argument\n"


@pytest.mark.parametrize(
    ("names", "nic", "more", "told"),
    [
        pytest.param("mlx5_0 mlx5_2!", 1, "", True, id="a channel uses it"),
        pytest.param("mlx5_0 mlx5_2!", 0, "", False, id="no channel uses it"),
        pytest.param("mlx5_0 mlx5_2!", 0, _FAILED, True, id="the setup failed"),
        pytest.param("mlx5_0 mlx5_an0!", 0, _FAILED, False, id="the Ethernet function beside, unused"),
        pytest.param("mlx5_0!", 0, _FAILED, False, id="no InfiniBand"),
        pytest.param("mlx5_0", 0, _FAILED, False, id="InfiniBand alone"),
    ],
)
def test_an_ethernet_nic_among_infiniband_ones_is_named(names: str, nic: int, more: str, told: bool) -> None:
    found = texts(check(listed("w0", names) + channel("w0", 0) + channel("w0", nic) + more))

    assert found == (["mlx5_2 is Ethernet (RoCE) among the InfiniBand NICs that NCCL took"] if told else [])


def test_the_fix_names_the_infiniband_nics() -> None:
    (finding,) = check(listed("w0", "mlx5_3 mlx5_2! mlx5_4") + channel("w0", 1)).findings

    assert finding.fix == "set NCCL_IB_HCA to the InfiniBand ones alone (=mlx5_3,mlx5_4)"


@pytest.mark.parametrize(
    ("names", "ok"), [pytest.param(EIGHT, True, id="all"), pytest.param("mlx5_0 mlx5_1", False, id="some")]
)
def test_with_a_vm_size_a_finding_is_not_ok_and_without_one_it_is(names: str, ok: bool) -> None:
    log = listed("w0", names) + channel("w0") + listed("w1", names) + TABLE

    report = check(log, H100)
    assert report.floors[0].state == "met"
    assert report.ok is ok
    assert check(log).ok


def test_a_finding_stands_in_text_and_json_with_its_line_and_its_fix() -> None:
    report = check(listed("w0", "mlx5_0") + channel("w0"), H100)

    assert "  finding: NCCL uses 1 of 8 NICs" in render_text(report)
    assert "(line 1: NCCL INFO NET/IB : Using [0]mlx5_0:1/IB" in render_text(report)
    assert "  next: ask for all of them (rdma/ib: 8 with a whole node)" in render_text(report)
    assert '"findings": [\n      {\n        "text": "NCCL uses 1 of 8' in render_json([report])


def test_a_list_of_eight_nics_is_whole() -> None:
    (text,) = texts(check(listed("a", "mlx5_0") + listed("b", EIGHT) + channel("a")))

    assert text.endswith("b 8 (mlx5_0 mlx5_1 mlx5_2 mlx5_3 mlx5_4 mlx5_5 mlx5_6 mlx5_7)")
