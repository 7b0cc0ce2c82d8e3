"""Files of the user, read with a bound on what they can cost."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from aksrdma.documents.limits import DEFAULT_LIMITS, Limits
from aksrdma.documents.reader import Stream, read
from aksrdma.errors import ReadError

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 1 << 20
STDIN_NAME = "<stdin>"


def read_file(path: str | Path, limits: Limits = DEFAULT_LIMITS, *, name: str | None = None) -> Stream:
    """Return the documents of a file, or of stdin where `path` is `-`.

    Args:
        path: A regular file, a pipe, or `-`.
        limits: How large and how deep it may be.
        name: What to call the file in findings; its path unless told.

    Raises:
        ReadError: where there is no such file, or it is a folder, a device or a socket, or cannot be read.
    """
    default = STDIN_NAME if str(path) == "-" else str(path)
    return read(read_bytes(path, limits), name if name is not None else default, limits)


def read_bytes(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the content of a file; at most one byte more than the limit, by which `read` sees that it is too large.

    Args:
        path: A regular file, a pipe, or `-` for stdin.
        limits: How large it may be.

    Raises:
        ReadError: where there is no such file, or it is a folder, a device or a socket, or cannot be read.
    """
    try:
        if str(path) == "-":
            return _bounded(sys.stdin.fileno(), limits.max_bytes)
        return _read_path(str(path), limits.max_bytes)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ReadError(f"{path}: cannot be read: {reason}; give a file that exists and that you may read") from None


def _read_path(path: str, limit: int) -> bytes:
    # without O_NONBLOCK the open of a pipe that nobody writes to would wait for ever
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            return _bounded(descriptor, limit)
        if stat.S_ISFIFO(mode):
            os.set_blocking(descriptor, True)
            return _bounded(descriptor, limit)
        raise ReadError(f"{path}: {_kind(mode)}, not a file; give a YAML or JSON file")
    finally:
        os.close(descriptor)


def _bounded(descriptor: int, limit: int) -> bytes:
    block = os.read(descriptor, _BLOCK)
    if len(block) < _BLOCK:
        following = os.read(descriptor, _BLOCK) if block else b""
        if not following:
            return block
        block += following
    blocks, size = [block], len(block)
    while size <= limit and (block := os.read(descriptor, _BLOCK)):
        blocks.append(block)
        size += len(block)
    return b"".join(blocks)[: limit + 1]


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"
