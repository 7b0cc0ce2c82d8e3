"""Real logs with verdicts read by hand, where they lie beside the project."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from aksrdma.diagnosis import check_log

_SHARED = os.environ.get("AKSRDMA_SHARED")
_LOGS = Path(_SHARED or "", "logs")
_INDEX = _LOGS / "INDEX.jsonl"
_ROWS = [json.loads(line) for line in _INDEX.read_text().splitlines()] if _SHARED and _INDEX.is_file() else []

# What the index says otherwise than it should, with the reason.
_CORRECTED = {
    "070-torch-watchdog-last-error-5.log": "unproven",  # a lone flush error (5) proves no traffic
}

pytestmark = pytest.mark.skipif(not _ROWS, reason="set AKSRDMA_SHARED to the folder that holds logs/INDEX.jsonl")


@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in _ROWS])
def test_a_real_log_is_judged_as_by_hand(row: dict[str, Any]) -> None:
    with (_LOGS / row["file"]).open("rb") as stream:
        report = check_log(stream, row["file"])

    assert {
        "rdma": report.verdict,
        "link": report.link,
        "gpudirect": report.gpudirect,
        "devices": list(report.devices),
        "topo_file": report.topology_file,
        "busbw_gbps": report.bus_bandwidth_gbps,
        "errors": _found(row["expected"]["errors"], [error.message for error in report.errors]),
    } == row["expected"] | {"rdma": _CORRECTED.get(row["file"], row["expected"]["rdma"])}


def _found(wanted: list[str], messages: list[str]) -> list[str]:
    """Return what was wanted and is there, and any message where none was wanted; `...` stands for anything."""
    there = [text for text in wanted if any(_fits(text, message) for message in messages)]
    return there if wanted else messages


def _fits(wanted: str, message: str) -> bool:
    parts = [part.strip(" .:,") for part in wanted.split("...")]
    return all(word in message for part in parts for word in part.split(", "))


_PROVEN = [row for row in _ROWS if row["expected"]["rdma"] == "used" and row["tool"] != "perftest"]


@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in _PROVEN])
def test_a_real_log_cut_before_its_proof_proves_nothing(row: dict[str, Any]) -> None:
    log = (_LOGS / row["file"]).read_bytes()
    proof = check_log(io.BytesIO(log), "a").reasons[0].line
    assert proof is not None

    lines = log.splitlines(keepends=True)
    cuts = {*(proof.number * part // 8 for part in range(8)), *range(max(0, proof.number - 5), proof.number)}

    assert "used" not in {check_log(io.BytesIO(b"".join(lines[:cut])), "a").verdict for cut in cuts}
