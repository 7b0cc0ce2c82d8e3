"""The lines of a log that may hold evidence, and who wrote them.

Most lines of a long log say nothing about the network, and those that do repeat themselves. So whole blocks are reduced
to the *shape* of their lines (digits and addresses taken out), a shape is looked at once, and only lines of a notable
shape are handed on.
"""

from __future__ import annotations

import codecs
import itertools
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final, NamedTuple

from aksrdma.errors import ReadError

_DIGITS: Final = b"0123456789"
_HEX_LETTERS: Final = b"abcdef"
_MEMORY: Final = 8 << 20
"""Bytes of shapes that are remembered before the memory starts anew."""
_MOST_REPEATS: Final = 1 << 16
_ENOUGH: Final = 1 << 14
"""Lines of one shape that are looked at, one for each rank of a large job; after that a flood says no more."""
_QUOTE: Final = 160
"""Characters of a line that are quoted."""
_COLUMN: Final = b"   ."
"""A column of decimal numbers, once the digits are out."""

_WARNING: Final = "NCCL WARN"
_MOST_WRAPS: Final = 3
"""Lines after a warning that may be its rest."""
_NO_MARKS: Final[frozenset[str]] = frozenset()
_LONGEST_WORD: Final = 40

_UNFINISHED = re.compile(r"(?:,|\b(?:with|from|(?<!by )peer|to|of|on))\s*\Z")
_REST = re.compile(
    r"\s*(?:Got completion|from peer|with (?:status|error)|status=|opcode|len[ =]|vendor|\((?:Send|Recv)\)|localGid|remoteGids|hca )"
)
_ADDRESS = re.compile(rb"0x[0-9a-fA-F]+")
_NCCL_PREFIX = re.compile(r":(?P<pid>\d{1,10}):\d+ \[(?P<device>-?\d{1,6})\] ?")
_NCCL_HOST = re.compile(r"[A-Za-z0-9][\w.-]*\Z")
_LONGEST_HOST: Final = 64
_UCX_PREFIX = re.compile(r"\[(?P<host>[A-Za-z][\w.-]*):(?P<pid>\d{1,10}) *:\w+ *(?::\d+)?\]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Controls that a terminal would obey, and marks that turn the direction of text round."""
_LIBRARIES: Final = ("NCCL ", "UCX  ", "NVSHMEM")
"""One of them is in the message that a line of JSON carries; other JSON is left as it is."""
_TASK = re.compile(r"\s*(?:\[\d+,(\d{1,6})\]<std(?:out|err)>:|(\d{1,6}): |\[(?:rank|default|)(\d{1,6})\]:)")


class Source(NamedTuple):
    """The process, and its GPU, that a line comes from; parts that the line does not show are None."""

    host: str | None = None
    pid: int | None = None
    device: int | None = None


class Line(NamedTuple):
    """One message of the log; a torn line may hold several."""

    number: int
    """1-based, as an editor counts."""
    text: str
    source: Source = Source()
    task: int | None = None
    """Rank that the launcher put before the line (mpirun, srun, torchrun)."""
    marks: frozenset[str] | None = None
    """The markers that its line holds, digits apart; None where nobody looked."""

    @property
    def quote(self) -> str:
        """The message as a report quotes it: in single spaces, and cut where it is long."""
        text = " ".join(self.text.split())
        return text if len(text) <= _QUOTE else f"{text[:_QUOTE]}..."


@dataclass(slots=True)
class Extent:
    """What a file is, whatever its lines say."""

    blank: bool = True
    """Nothing but white space."""
    binary: bool = False


class Sieve:
    """Keeps the lines whose shape holds a marker, without those that only repeat what others said."""

    def __init__(self, markers: Iterable[str]) -> None:
        shapes: dict[bytes, list[str]] = {}
        for marker in markers:
            shapes.setdefault(_shape(marker.encode()), []).append(marker)
        self._markers = [(marker, marker.split(), names) for marker, names in sorted(shapes.items())]
        self._rare = {piece for _, pieces, _ in self._markers for piece in pieces}
        """Pieces of markers that no line has held yet; without all its pieces a marker need not be looked for."""
        self._foreign = bytes(set(range(256)) - {byte for piece in self._rare for byte in piece} - {ord("\n")})
        """Bytes of no marker; a binary file is full of them."""
        self._words: set[bytes] = set()
        self._plain: set[bytes] = set()
        self._notable: dict[bytes, frozenset[str]] = {}
        self._seen: Counter[bytes] = Counter()
        self._repeats: set[bytes] = set()
        self._remembered = 0

    def notable(self, block: bytes, first: int) -> Iterator[tuple[int, bytes, frozenset[str]]]:
        """Yield number, bytes and markers of the notable lines of a block whose first line has the number `first`.

        The lines after a warning of NCCL are yielded too, without markers: a terminal or a log driver may have wrapped it.
        """
        shapes = _shape(block).split(b"\n")
        if self._plain.issuperset(shapes):
            return
        self._learn(set(shapes))
        notable, repeats = self._notable, self._repeats
        following = 0
        for number, (raw, shape) in enumerate(zip(block.split(b"\n"), shapes, strict=True), first):
            if shape not in notable:  # asked anew for each line: `_is_fresh` may just have dropped it
                if following:
                    following -= 1
                    yield number, raw, _NO_MARKS
                continue
            head, via, tail = raw.partition(b" via ")
            if via:  # NCCL prints a line a channel; a second channel of a thread by the same way says nothing new
                key = head[: head.find(b" INFO")] + tail
                if key not in repeats:
                    if len(repeats) >= _MOST_REPEATS:
                        repeats.clear()
                    repeats.add(key[:LONGEST_LINE])
                    yield number, raw, notable[shape]
                continue
            marks = notable[shape]
            if _WARNING in marks:
                following = _MOST_WRAPS
            if self._is_fresh(shape):
                yield number, raw, marks

    def _learn(self, shapes: set[bytes]) -> None:
        if self._remembered > _MEMORY:
            self._plain, self._notable, self._words, self._remembered = set(), {}, set(), 0
            self._seen.clear()
        unseen = [shape for shape in shapes if shape not in self._plain and shape not in self._notable]
        self._remembered += sum(map(len, unseen))
        text = b"\n".join(unseen)
        words = set(text.split()) - self._words
        self._words |= words
        self._remembered += sum(map(len, words))
        new = b"\n".join(words).translate(None, self._foreign)
        self._rare -= {piece for piece in self._rare if piece in new}
        possible = ((marker, names) for marker, pieces, names in self._markers if self._rare.isdisjoint(pieces))
        present = [(marker, names) for marker, names in possible if marker in text]
        for shape in unseen:
            if names := [name for marker, names in present if marker in shape for name in names]:
                self._notable[shape] = frozenset(names)
            else:
                self._plain.add(shape)

    def _is_fresh(self, shape: bytes) -> bool:
        """Count a line of a shape; rows of tables always count, anything else is known after so many."""
        if _COLUMN in shape:
            return True
        key = shape.translate(None, _HEX_LETTERS)
        self._seen[key] += 1
        if self._seen[key] <= _ENOUGH:
            return True
        del self._notable[shape]
        self._plain.add(shape)
        return False


def read(stream: BinaryIO, markers: Iterable[str], extent: Extent) -> Iterator[Line]:
    """Yield the messages of a log that hold one of `markers`, in order, without ANSI colors; wrapped warnings are whole.

    Args:
        stream: The log's bytes.
        markers: Texts of which a line that is wanted holds one.
        extent: Is told, while the log is read, what the file is.

    Raises:
        ReadError: The stream cannot be read, is broken gzip, or packed otherwise.
    """
    held: Line | None = None
    """A warning of NCCL whose rest may follow."""
    last = 0
    for line in _messages(stream, markers, extent):
        if held and line.number == last + 1 and line.source.host is None and _continues(held.text, line.text):
            text, marks = f"{held.text} {line.text.lstrip()}", held.marks or _NO_MARKS
            held, last = held._replace(text=text[:LONGEST_LINE], marks=marks | (line.marks or _NO_MARKS)), line.number
            continue
        if held:
            yield held
            held = None
        if line.marks and _WARNING in line.marks:
            held, last = line, line.number
        elif line.marks:
            yield line
    if held:
        yield held


def _messages(stream: BinaryIO, markers: Iterable[str], extent: Extent) -> Iterator[Line]:
    sieve = Sieve(markers)
    number = 1
    for block in blocks(stream):
        extent.blank = extent.blank and block.isspace()
        extent.binary = extent.binary or b"\0" in block
        for at, raw, marks in sieve.notable(block, number):
            yield from messages(at, raw[:LONGEST_LINE].decode(errors="replace"), marks)
        number += block.count(b"\n")


def _continues(head: str, tail: str) -> bool:
    """Whether a line is the rest of a warning: that one is not ended, or this one is a part of a completion error."""
    return _UNFINISHED.search(head[-_LONGEST_WORD:]) is not None or _REST.match(tail) is not None


def messages(number: int, text: str, marks: frozenset[str] | None = None) -> Iterator[Line]:
    """Split a line into its messages: writers that share a terminal tear each other's lines."""
    text = text.rstrip()
    if text.endswith("}"):
        text = _unwrapped(text)
    if not text.isprintable():
        text = visible(text)
    launcher = _TASK.match(text)
    task = int(launcher[launcher.lastindex]) if launcher and launcher.lastindex else None
    ucx = _UCX_PREFIX.search(text) if "[" in text else None
    begin, source = 0, Source(ucx["host"], int(ucx["pid"])) if ucx else Source()
    for prefix in _NCCL_PREFIX.finditer(text):
        # Searched backwards from its colon and not far, so that a line without end costs no more than its length.
        host = _NCCL_HOST.search(text, max(begin, prefix.start() - _LONGEST_HOST), prefix.start())
        if host:
            if text[begin : host.start()].strip():
                yield Line(number, text[begin : host.start()], source, task, marks)
            begin, source = prefix.end(), Source(host[0], int(prefix["pid"]), int(prefix["device"]))
    yield Line(number, text[begin:], source, task, marks)


def _unwrapped(text: str) -> str:
    """Return the message in a line of JSON, under whatever key a log driver or a collector puts it."""
    begin = text.find('{"')
    if begin < 0:
        return text
    with suppress(ValueError, RecursionError):
        found = json.loads(text[begin:])
        values = [value for value in found.values() if isinstance(value, str)]
        message = next((value for value in values if any(name in value for name in _LIBRARIES)), None)
        if message is None and text.startswith('{"log":'):  # Docker's json-file driver
            message = str(found["log"])
        if message is not None:
            return text[:begin] + message
    return text


def visible(text: str) -> str:
    """Return a line that a report may quote: no escape sequence of a log reaches the terminal."""
    if "\x1b" in text:  # in JSON it is written as \u001b, so it comes only now
        text = _ANSI.sub(b"", text.encode(errors="replace")).decode(errors="replace")
    return _UNSEEN.sub("\ufffd", text.replace("\r", " ")).rstrip()


def _shape(text: bytes) -> bytes:
    return _ADDRESS.sub(b"", text).translate(None, _DIGITS) if b"0x" in text else text.translate(None, _DIGITS)


READ_SIZE: Final = 1 << 20
"""Bytes in one read, and about the size of one block."""
LONGEST_LINE: Final = 1 << 14
"""Bytes of a line that are looked at; no tool prints evidence past that, and a binary file has lines without end."""

_GZIP: Final = b"\x1f\x8b"
_PACKED: Final = {
    b"\xfd7zXZ\x00": ("xz", "xz -dc"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd -dc"),
    b"BZh": ("bzip2", "bzip2 -dc"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 -dc"),
    b"PK\x03\x04": ("zip", "unzip -p"),
}
"""How other packed files begin, which are not unpacked here, and what prints their content."""
_GZIP_BITS: Final = zlib.MAX_WBITS | 16
_ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the stream in blocks of whole lines, each about `READ_SIZE`, without ANSI colors.

    A line that is longer than a block keeps its first `LONGEST_LINE` bytes and its last ones. The last block may lack
    its final newline.

    Raises:
        ReadError: The stream cannot be read, is broken gzip, or packed otherwise.
    """
    rest = b""
    try:
        for data in _utf8(_plain(iter(partial(stream.read, READ_SIZE), b""))):
            whole, newline, rest = (rest + data).rpartition(b"\n")
            if newline:
                yield _uncolored(whole + newline)
            rest = rest if len(rest) <= READ_SIZE else rest[:LONGEST_LINE]
    except zlib.error as error:
        raise ReadError(f"cannot read the log: it is broken gzip ({error})") from error
    except OSError as error:
        raise ReadError(f"cannot read the log: {error}") from error
    if rest:
        yield _uncolored(rest)


def _plain(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip, a chunk at a time, so that a small file that holds gigabytes does not fill the memory."""
    first = next(chunks, b"")
    if packed := next((how for magic, how in _PACKED.items() if first.startswith(magic)), None):
        name, command = packed
        raise ReadError(
            f"cannot read the log: it is packed with {name}; pipe it in: {command} FILE | aksrdma check-log"
        )
    if not first.startswith(_GZIP):
        yield first
        yield from chunks
        return
    unzip = zlib.decompressobj(wbits=_GZIP_BITS)
    for chunk in itertools.chain([first], chunks):
        data = chunk
        while data:
            if unzip.eof:  # `cat a.gz b.gz` is one valid gzip file
                unzip = zlib.decompressobj(wbits=_GZIP_BITS)
            yield unzip.decompress(data, READ_SIZE)
            data = unzip.unconsumed_tail or unzip.unused_data
    yield unzip.flush()


def _utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Recode UTF-16, in which PowerShell redirects what a command prints."""
    first = next(chunks, b"")
    if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decode = codecs.getincrementaldecoder("utf-16")(errors="replace").decode
    yield decode(first).encode(errors="replace")
    for chunk in chunks:
        yield decode(chunk).encode(errors="replace")


def _uncolored(block: bytes) -> bytes:
    return _ANSI.sub(b"", block) if b"\x1b" in block else block
