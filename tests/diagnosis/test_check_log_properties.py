"""What holds for every log: nothing crashes it, prefixes do not matter, and no traffic is no proof."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aksrdma.diagnosis import LogReport, check_log, render_json, render_text
from aksrdma.errors import ReadError

CASES = {file.stem: file.read_bytes() for file in sorted((Path(__file__).parent / "cases").glob("*.log"))}
LINES = sorted({line for log in CASES.values() for line in log.split(b"\n")})
PREFIXES = {
    "mpirun": b"[1,0]<stdout>:",
    "srun": b" 3: ",
    "kubectl logs --prefix": b"[pod/nccl-worker-0/main] ",
    "kubectl logs --timestamps": b"2026-02-01T10:00:00.123456789Z ",
    "containerd": b"2026-02-01T10:00:00.123456789Z stdout F ",
    "stern": b"nccl-worker-0 main ",
    "Ray": b"(RayWorkerWrapper pid=927, ip=10.0.0.2) ",
    "a color": b"\x1b[36m",
}


def check(log: bytes) -> LogReport:
    return check_log(io.BytesIO(log), "a.log")


def summary(log: bytes) -> tuple[object, ...]:
    report = check(log)
    return (
        report.verdict,
        report.link,
        report.gpudirect,
        report.devices,
        report.topology_file,
        report.bus_bandwidth_gbps,
    )


def has_its_head(log: bytes) -> bool:
    return b"Bootstrap :" in log or b" NCCL INFO " not in log


@pytest.mark.parametrize("prefix", [pytest.param(prefix, id=name) for name, prefix in PREFIXES.items()])
@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in CASES if name != "docker-json-lines"])
def test_a_prefix_does_not_change_what_a_log_proves(name: str, prefix: bytes) -> None:
    log = CASES[name]

    assert summary(b"".join(prefix + line for line in log.splitlines(keepends=True))) == summary(log)


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in CASES])
def test_windows_line_ends_do_not_change_what_a_log_proves(name: str) -> None:
    log = CASES[name].replace(b"\r\n", b"\n")

    assert summary(log.replace(b"\n", b"\r\n")) == summary(log)


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name, log in CASES.items() if has_its_head(log)])
def test_a_log_cut_before_the_line_that_proves_traffic_proves_none(name: str) -> None:
    report = check(CASES[name])
    lines = CASES[name].splitlines(keepends=True)
    proof = report.reasons[0].line.number if report.verdict == "used" and report.reasons[0].line else 0

    assert "used" not in {check(b"".join(lines[:cut])).verdict for cut in range(proof)}


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_bytes_of_any_kind_are_a_log_that_proves_nothing_or_is_packed(log: bytes) -> None:
    try:
        assert check(log).verdict == "unproven"
    except ReadError:
        assert log.startswith(
            (b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"BZh", b"\x04\x22\x4d\x18", b"PK\x03\x04")
        )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=30), st.randoms(use_true_random=False))
def test_torn_and_mixed_lines_never_crash(lines: list[bytes], chance: random.Random) -> None:
    torn = [line[: chance.randint(0, len(line))] + chance.choice([b"\n", b"", b"\r", b"\x00"]) for line in lines]

    report = check(b"".join(torn))

    assert json.loads(render_json([report]))[0]["verdict"] == report.verdict
    assert render_text(report).startswith("a.log: ")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(LINES), st.text("0123456789.", min_size=1, max_size=6000), st.randoms(use_true_random=False))
def test_numbers_without_end_never_crash(line: bytes, digits: str, chance: random.Random) -> None:
    at = [index for index, byte in enumerate(line) if chr(byte).isdigit()] or [0]
    place = chance.choice(at)
    mangled = line[:place] + digits.encode() + line[place:]

    assert "Infinity" not in render_json([check(b" #bytes     #iterations    BW average[MB/sec]\n" + mangled)])


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_two_ranks_that_share_a_terminal_prove_what_one_does(chance: random.Random) -> None:
    log = CASES["nccl-two-nodes-infiniband"].splitlines(keepends=True)
    other = [line.replace(b"worker-", b"other-") for line in log if b"NCCL" in line]
    mixed: list[bytes] = []
    while log or other:
        mixed.append((chance.choice([side for side in (log, other) if side])).pop(0))

    assert summary(b"".join(mixed)) == summary(CASES["nccl-two-nodes-infiniband"])
