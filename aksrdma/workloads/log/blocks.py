"""Bytes of a log as blocks of whole lines, whatever wrote them: plain, gzip, or UTF-16 as PowerShell redirects it."""

from __future__ import annotations

import codecs
import itertools
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from aksrdma.errors import ReadError

READ_SIZE: Final = 1 << 20
"""Bytes in one read, and about the size of one block."""
LONGEST_LINE: Final = 1 << 14
"""Bytes of a line that are looked at; no tool prints evidence past that, and a binary file has lines without end."""

_GZIP: Final = b"\x1f\x8b"
_GZIP_BITS: Final = zlib.MAX_WBITS | 16
_ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the stream in blocks of whole lines, each about `READ_SIZE`, without ANSI colors.

    A line that is longer than a block keeps its first `LONGEST_LINE` bytes and its last ones. The last block may lack
    its final newline.

    Raises:
        ReadError: The stream cannot be read, or is broken gzip.
    """
    rest = b""
    try:
        for data in _utf8(_plain(_reads(stream))):
            whole, newline, rest = (rest + data).rpartition(b"\n")
            if newline:
                yield _uncolored(whole + newline)
            rest = rest if len(rest) <= READ_SIZE else rest[:LONGEST_LINE]
    except (OSError, zlib.error) as error:
        raise ReadError(f"cannot read the log: {error}") from error
    if rest:
        yield _uncolored(rest)


def _reads(stream: BinaryIO) -> Iterator[bytes]:
    while data := stream.read(READ_SIZE):
        yield data


def _plain(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
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
