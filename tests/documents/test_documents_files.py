"""Files: read with a bound, and nothing but files and pipes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from aksrdma.documents import Limits, read_bytes, read_file
from aksrdma.errors import ReadError


def test_a_file_is_read_under_its_path(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_bytes(b"kind: Pod\n")

    stream = read_file(file)

    assert stream.file == str(file)
    assert [document.kind for document in stream.documents] == ["Pod"]
    assert read_file(str(file), name="a.yaml").documents[0].file == "a.yaml"


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_content_is_whole(tmp_path, size):
    file = tmp_path / "a.yaml"
    file.write_bytes(content := b"#" * size)

    assert read_bytes(file) == content


def test_a_file_beyond_the_limit_is_a_problem(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: 1\n" * 1_000_000)

    stream = read_file(file, Limits(max_bytes=4_000_000))

    assert [problem.rule for problem in stream.problems] == ["yaml-too-large"]


def test_no_file(tmp_path):
    with pytest.raises(ReadError, match=r"nope\.yaml: cannot be read: No such file"):
        read_file(tmp_path / "nope.yaml")


def test_a_name_with_a_nul_is_no_file():
    with pytest.raises(ReadError, match="cannot be read"):
        read_file("a\0b")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ReadError, match=r"folder|Is a directory|Permission"):
        read_file(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")  # noqa: PTH110
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_file(device):
    with pytest.raises(ReadError, match="a device, not a file"):
        read_file(device)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
class TestPipes:
    def test_a_pipe_that_is_written_to_is_read(self, tmp_path):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        reading, writing = os.pipe()
        os.write(writing, b"kind: Pod\n")
        os.close(writing)

        stream = read_file(f"/dev/fd/{reading}")
        os.close(reading)

        assert [document.kind for document in stream.documents] == ["Pod"]

    def test_a_pipe_that_nobody_writes_to_does_not_hang(self, tmp_path):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        found: list[object] = []

        thread = threading.Thread(target=lambda: found.append(read_file(pipe)), daemon=True)
        thread.start()
        thread.join(10)

        assert not thread.is_alive()
        assert found[0].documents == []


def run_on_stdin(code: str, source: object) -> str:
    command = [sys.executable, "-c", f"from aksrdma.documents import *; {code}"]
    return subprocess.run(command, stdin=source, capture_output=True, text=True, timeout=60, check=True).stdout


def test_stdin_is_read():
    reading, writing = os.pipe()
    os.write(writing, b"kind: Pod\n")
    os.close(writing)

    printed = run_on_stdin("s = read_file('-'); print(s.file, s.documents[0].kind)", reading)
    os.close(reading)

    assert printed == "<stdin> Pod\n"


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")  # noqa: PTH110
def test_an_endless_stdin_ends_at_the_limit():
    with open("/dev/zero", "rb") as endless:  # noqa: PTH123
        printed = run_on_stdin("s = read_file('-', Limits(max_bytes=3 << 20)); print(s.problems[0].rule)", endless)

    assert printed == "yaml-too-large\n"
