"""A log as a stream: any length in bounded memory, any way of packing it, line numbers as an editor has them."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from aksrdma.diagnosis import check_log
from aksrdma.diagnosis.lines import READ_SIZE, Source, blocks, messages
from aksrdma.errors import ReadError

_CHANNEL = "w0:7:8 [0] NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/IB/0/GDRDMA"
_MEMORY = 32 << 20


class Endless(io.RawIOBase):
    """A stream that is made while it is read."""

    def __init__(self, lines: Iterator[bytes], size: int) -> None:
        self._lines, self._left = lines, size

    def read(self, size: int = -1) -> bytes:
        data = b"".join(itertools.islice(self._lines, 4000)) if self._left > 0 else b""
        self._left -= len(data)
        return data


def unique() -> Iterator[bytes]:
    return (f"step {n:x} {n * 7919:x} {n * 104729:x} loss is going down\n".encode() for n in itertools.count())


def channels() -> Iterator[bytes]:
    return (
        f"node-{n % 4000}:{n % 4000}:9 [{n % 8}] NCCL INFO Channel {n % 32:02d}/0 : {n}[0] -> {n + 1}[0] [send]"
        f" via NET/IB/{n % 8}/GDRDMA\n".encode()
        for n in itertools.count()
    )


def errors() -> Iterator[bytes]:
    return (f"[h{n}:{n}:0:1] UCX  ERROR send to peer{n * 7919:x} failed: {n}\n".encode() for n in itertools.count())


def endless_lines() -> Iterator[bytes]:
    return itertools.repeat(b"NCCL INFO Using network " * 40)


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        pytest.param(unique, 6 << 20, id="text of which no line is like another"),
        pytest.param(channels, 6 << 20, id="channels of thousands of ranks"),
        pytest.param(errors, 2 << 20, id="a flood of errors"),
        pytest.param(endless_lines, 24 << 20, id="one line without end"),
    ],
)
def test_memory_does_not_grow_with_the_log(lines: Callable[[], Iterator[bytes]], size: int) -> None:
    check_log(io.BytesIO(), "loads what is loaded once")
    tracemalloc.start()
    try:
        check_log(Endless(lines(), size), "a")  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < _MEMORY


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(str.encode, id="plain"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="UTF-8 with a byte order mark"),
        pytest.param(lambda text: text.encode("utf-16"), id="UTF-16, as PowerShell redirects it"),
        pytest.param(lambda text: gzip.compress(text.encode()), id="gzip"),
        pytest.param(
            lambda text: gzip.compress(text[:40].encode()) + gzip.compress(text[40:].encode()),
            id="two gzip files in one",
        ),
        pytest.param(lambda text: text.rstrip("\n").encode(), id="no newline at the end"),
    ],
)
def test_a_log_reads_however_it_is_packed(pack: Callable[[str], bytes]) -> None:
    report = check_log(io.BytesIO(pack("first\nsecond\n" + _CHANNEL + "\n")), "a")

    assert (report.verdict, report.reasons[0].line and report.reasons[0].line.number) == ("used", 3)


def test_broken_gzip_is_an_error_of_reading() -> None:
    broken = bytearray(gzip.compress(b"NCCL" * 1000))
    broken[20:30] = b"\xff" * 10

    with pytest.raises(ReadError, match="a: cannot read the log: it is broken gzip"):
        check_log(io.BytesIO(bytes(broken)), "a")


def test_a_stream_that_fails_is_an_error_of_reading() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("Input/output error")

    with pytest.raises(ReadError, match="Input/output error"):
        check_log(Failing(), "a")


def test_the_line_number_is_right_past_the_first_block() -> None:
    before = b"filler\n" * (READ_SIZE // 3)

    report = check_log(io.BytesIO(before + _CHANNEL.encode()), "a")

    assert report.reasons[0].line
    assert report.reasons[0].line.number == before.count(b"\n") + 1


def test_a_line_across_two_reads_is_one_line() -> None:
    pad = b"x" * (READ_SIZE - 30) + b"\n"

    assert check_log(io.BytesIO(pad + _CHANNEL.encode() + b"\n"), "a").verdict == "used"


def test_blocks_are_whole_lines() -> None:
    text = b"".join(b"%d\n" % n for n in range(300_000))

    parts = list(blocks(io.BytesIO(text)))

    assert b"".join(parts) == text
    assert all(part.endswith(b"\n") for part in parts)


def test_a_channel_that_repeats_is_still_seen_for_every_rank() -> None:
    text = b"".join(itertools.islice(channels(), 8000))

    assert len(check_log(io.BytesIO(text), "a").ranks) == 4000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("h:1:2 [3] NCCL INFO x", [(Source("h", 1, 3), "NCCL INFO x")], id="one message"),
        pytest.param(
            "h:1:2 [3] NCCL INFO x g:4:5 [0] NCCL INFO y",
            [(Source("h", 1, 3), "NCCL INFO x "), (Source("g", 4, 0), "NCCL INFO y")],
            id="two messages on one line",
        ),
        pytest.param("  12  7 h:1:2 [3] NCCL", [(Source(), "  12  7 "), (Source("h", 1, 3), "NCCL")], id="a torn row"),
        pytest.param("[h:7 :0] ucp.c:1 UCX", [(Source("h", 7), "[h:7 :0] ucp.c:1 UCX")], id="UCX"),
        pytest.param("plain", [(Source(), "plain")], id="anything else"),
    ],
)
def test_a_line_is_split_into_the_messages_of_its_writers(text: str, expected: list[tuple[Source, str]]) -> None:
    assert [(line.source, line.text) for line in messages(1, text)] == expected


@pytest.mark.parametrize(
    ("begin", "command"),
    [
        pytest.param(lzma.compress(b"x"), "xz -dc FILE", id="xz"),
        pytest.param(bz2.compress(b"x"), "bzip2 -dc FILE", id="bzip2"),
        pytest.param(b"\x28\xb5\x2f\xfd\x24\x01", "zstd -dc FILE", id="zstd"),
        pytest.param(b"\x04\x22\x4d\x18\x64\x40", "lz4 -dc FILE", id="lz4"),
        pytest.param(b"PK\x03\x04\x14\x00", "unzip -p FILE", id="zip"),
    ],
)
def test_a_file_that_is_packed_otherwise_is_refused_with_what_unpacks_it(begin: bytes, command: str) -> None:
    with pytest.raises(ReadError, match=f"a.log: cannot read the log: it is packed with .*{command}"):
        check_log(io.BytesIO(begin), "a.log")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "the log is empty", id="no byte"),
        pytest.param(b" \n\n\t\n", "the log is empty", id="blanks"),
        pytest.param(b"\n" * (3 << 20), "the log is empty", id="blanks over several blocks"),
        pytest.param(b"\n" * (3 << 20) + b"x", "no line of the log", id="one word behind many blanks"),
        pytest.param(b"\x7fELF\x02\x00\x00", "the file is no text", id="a program"),
        pytest.param(b"x\n" * (1 << 20) + b"\x00\n", "the file is no text", id="a zero far behind"),
        pytest.param(b"loss is 0.4\n", "no line of the log", id="text"),
        pytest.param("loss is 0.4\n".encode("utf-16"), "no line of the log", id="text of two bytes a letter"),
        pytest.param(b"\x00UCX  INFO x\n", "no line of the log", id="a zero in the log of a job"),
    ],
)
def test_a_file_without_lines_to_judge_is_told_what_it_is(data: bytes, words: str) -> None:
    (reason,) = check_log(io.BytesIO(data), "a.log").reasons

    assert words in reason.text
    assert "kubectl logs" in (reason.fix or "") or words == "no line of the log"
