"""NCCL releases that lack a fix which the job needs."""

from __future__ import annotations

import io

import pytest

from aksrdma import catalog
from aksrdma.diagnosis import check_log
from aksrdma.diagnosis.versions import lacks

SIZES = {name: catalog.vm_size(name) for name in ("Standard_ND96isr_H100_v5", "Standard_ND128isr_GB300_v6", "Standard_HB176rs_v4")}  # fmt: skip
H100, GB300, HB = SIZES


def notes(version: str, more: str = "", size: str | None = None) -> list[str]:
    log = f"a:1:1 [0] NCCL INFO NCCL version {version}\n{more}"
    report = check_log(io.BytesIO(log.encode()), "a", SIZES[size] if size else None)
    return [reason.text for reason in report.reasons if "lacks a needed fix" in reason.text]


OFF = "a:1:1 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0\n"
ON = "a:1:1 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0/GDRDMA\n"
QPS = "a:1:1 [0] NCCL INFO NCCL_IB_QPS_PER_CONNECTION set by environment to {}.\n"
RANKS = "a:1:1 [0] NCCL INFO comm 0x5 rank 0 nRanks {} nNodes 20 localRanks 4 localRank 0 MNNVL 1\n"


@pytest.mark.parametrize(
    ("version", "more", "size", "words"),
    [
        pytest.param("2.12.12+cuda11.6", OFF, None, ["DMA-BUF"], id="no DMA-BUF, GPUDirect off"),
        pytest.param("2.13.4+cuda11.7", OFF, None, [], id="the release that has it"),
        pytest.param("2.12.12+cuda11.6", ON, None, [], id="no DMA-BUF, GPUDirect on"),
        pytest.param("2.12.12+cuda11.6", "", None, [], id="no DMA-BUF, nothing shown"),
        pytest.param("2.12.12+hip6.2", OFF, None, [], id="RCCL numbers itself otherwise"),
        pytest.param("2.12.7+cuda11.6", QPS.format(4), None, ["QPS"], id="queue pairs"),
        pytest.param("2.12.7+cuda11.6", QPS.format(1), None, [], id="one queue pair"),
        pytest.param("2.12.7+cuda11.6", QPS.format("x"), None, [], id="no number"),
        pytest.param("2.12.10+cuda11.6", QPS.format(4), None, [], id="queue pairs, mended"),
        pytest.param("2.18.1+cuda12.1", ON, H100, ["LL128"], id="a NIC for each GPU"),
        pytest.param("2.18.3+cuda12.1", ON, H100, [], id="a NIC for each GPU, mended"),
        pytest.param("2.17.1+cuda12.1", ON, H100, [], id="a NIC for each GPU, before the fault"),
        pytest.param("2.18.1+cuda12.1", ON, None, [], id="no size is given"),
        pytest.param("2.18.1+cuda12.1", ON, HB, [], id="a size without GPUs"),
        pytest.param("2.26.2+cuda12.8", ON, GB300, ["C2C", "ConnectX-8"], id="GB300"),
        pytest.param("2.26.2+cuda12.8", ON, H100, [], id="not GB300"),
        pytest.param("2.26.2+cuda12.8", RANKS.format(81), GB300, ["80 ranks", "C2C", "ConnectX-8"], id="81 ranks"),
        pytest.param("2.26.2+cuda12.8", RANKS.format(80), GB300, ["C2C", "ConnectX-8"], id="80 ranks"),
        pytest.param("2.26.5+cuda12.8", RANKS.format(81), GB300, ["C2C", "ConnectX-8"], id="81 ranks, mended"),
        pytest.param("2.28.9+cuda13.0", OFF, GB300, ["hang with ConnectX-8"], id="GB300, GPUDirect off"),
        pytest.param("2.28.9+cuda13.0", ON, GB300, [], id="GB300, GPUDirect on"),
        pytest.param("2.29.2+cuda13.0", OFF, GB300, [], id="GB300, mended"),
    ],
)
def test_what_the_release_lacks_is_told_where_the_job_needs_it(
    version: str, more: str, size: str | None, words: list[str]
) -> None:
    found = notes(version, more, size)

    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))
    assert all(text.startswith(f"NCCL {version.partition('+')[0]} lacks a needed fix: ") for text in found)


def test_the_lowest_release_of_the_ranks_counts() -> None:
    newer = "b:2:2 [0] NCCL INFO NCCL version 2.21.5+cuda12.4\n"

    assert notes("2.12.12+cuda11.6", newer + OFF) == notes("2.12.12+cuda11.6", OFF) != []
    assert notes("2.21.5+cuda12.4", "b:2:2 [0] NCCL INFO NCCL version 2.12.12+cuda11.6\n" + OFF) != []


def test_a_note_has_its_line_and_what_to_do_and_does_not_change_the_verdict() -> None:
    log = f"x\na:1:1 [0] NCCL INFO NCCL version 2.18.1+cuda12.1\n{ON}"
    report = check_log(io.BytesIO(log.encode()), "a", SIZES[H100])
    (note,) = [reason for reason in report.reasons if "lacks" in reason.text]

    assert report.verdict == "used"
    assert note.line is not None
    assert note.line.number == 2
    assert "2.18.3" in (note.fix or "")


def test_every_row_has_a_source_and_ends_after_it_begins() -> None:
    assert all(row.source and row.since < row.fixed for row in lacks())
