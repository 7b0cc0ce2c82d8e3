"""`aksrdma check-log` as a user types it."""

import gzip
import json
import sys
from pathlib import Path

import pytest

from aksrdma.cli import run

H100 = "Standard_ND96isr_H100_v5"
USED = "nccl-two-nodes-infiniband.log"
NOT_USED = "nccl-sockets-over-ipoib.log"
UNPROVEN = "nccl-tests-table-alone.log"


@pytest.fixture(autouse=True)
def _logs(root, monkeypatch):
    monkeypatch.chdir(root / "tests" / "diagnosis" / "cases")


@pytest.mark.parametrize(
    ("file", "code", "title"),
    [
        pytest.param(USED, 0, "RDMA used: NCCL's channels between nodes go over NET/IB (line 13: ", id="used"),
        pytest.param(NOT_USED, 1, "RDMA NOT used: NCCL's network between nodes is Socket", id="not-used"),
        pytest.param(UNPROVEN, 1, "UNPROVEN, the log does not show whether RDMA was used", id="unproven"),
        pytest.param("empty.log", 1, "UNPROVEN, the log does not show whether RDMA was used", id="empty"),
    ],
)
def test_the_exit_code_says_whether_rdma_is_proven(file, code, title, capsys):
    assert run(["check-log", file]) == code

    out, err = capsys.readouterr()
    assert out.startswith(f"{file}: {title}")
    assert err == ""


@pytest.mark.parametrize("files", [[], ["-"]], ids=["no-file", "a-dash"])
def test_stdin_is_read_without_a_file_and_with_a_dash(files, capsys, monkeypatch):
    with Path(USED).open(encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code = run(["check-log", *files])

    assert code == 0
    assert capsys.readouterr().out.startswith("<stdin>: RDMA used: ")


def test_several_logs_are_told_apart_by_an_empty_line_and_all_have_to_prove_it(capsys):
    assert run(["check-log", USED, UNPROVEN, NOT_USED]) == 1

    used, unproven, not_used = capsys.readouterr().out.split("\n\n")
    assert used.startswith(f"{USED}: RDMA used")
    assert unproven.startswith(f"{UNPROVEN}: UNPROVEN")
    assert not_used.startswith(f"{NOT_USED}: RDMA NOT used")
    assert run(["check-log", USED, USED]) == 0


def test_json_is_one_list_of_all_logs(capsys):
    assert run(["check-log", USED, NOT_USED, "-o", "json"]) == 1

    reports = json.loads(capsys.readouterr().out)
    assert [(one["file"], one["verdict"]) for one in reports] == [(USED, "used"), (NOT_USED, "not-used")]
    assert reports[0]["bus_bandwidth_gbps"] == 46.66


def test_a_gzip_log_is_read_as_its_text(tmp_path, capsys, root):
    packed = tmp_path / "log.gz"
    packed.write_bytes(gzip.compress((root / "tests/diagnosis/cases" / USED).read_bytes()))

    assert run(["check-log", str(packed)]) == 0
    assert "RDMA used" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "gbps", "code", "words"),
    [
        pytest.param(
            "perftest-infiniband.log", "391.41", 0, "floor met: perftest mlx5_3 391.41 Gb/s, floor 380", id="met"
        ),
        pytest.param("perftest-infiniband.log", "379.99", 1, "floor MISSED: perftest mlx5_3 379.99 Gb/s", id="missed"),
        pytest.param(USED, "", 1, "floor NOT SHOWN to be met: all-reduce bus bandwidth not shown", id="not-shown"),
    ],
)
def test_with_a_vm_size_its_floors_have_to_be_met_too(file, gbps, code, words, capsys, tmp_path):
    text = Path(file).read_text(encoding="utf-8").replace("391.41", gbps or "391.41")
    (tmp_path / "run.log").write_text(text, encoding="utf-8")

    assert run(["check-log", str(tmp_path / "run.log")]) == 0
    assert "floor " not in capsys.readouterr().out
    assert run(["check-log", str(tmp_path / "run.log"), "--vm-size", H100]) == code
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(
            ["nowhere.log"],
            3,
            "error: nowhere.log: cannot be read: No such file or directory; give a file that exists and that you may read\n",
            id="no-such-file",
        ),
        pytest.param(["."], 3, "error: .: cannot be read: Is a directory; give a file that exists", id="a-folder"),
        pytest.param([USED, "--vm-size", "Standard_ND96is_H100_v5"], 2, "no InfiniBand", id="no-infiniband"),
        pytest.param([USED, "--vm-size", "ND96isr_H100"], 2, f"did you mean {H100}?", id="a-wrong-size"),
        pytest.param([USED, "-o", "yaml"], 2, "'yaml' is not one of 'text', 'json'", id="no-such-format"),
    ],
)
def test_what_cannot_be_right_is_told_on_stderr(arguments, code, message, capsys):
    assert run(["check-log", *arguments]) == code

    out, err = capsys.readouterr()
    assert message in err
    assert out == ""


def test_a_log_before_the_missing_one_is_still_told(capsys):
    assert run(["check-log", USED, "nowhere.log"]) == 3

    out, err = capsys.readouterr()
    assert out.startswith(f"{USED}: RDMA used")
    assert "nowhere.log: cannot be read" in err
