"""What a user gives to documents, as kubectl reads it: text, files, pipes, stdin; each within bounds."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aksrdma.documents import STDIN, fast
from aksrdma.documents.document import NOWHERE, Document
from aksrdma.documents.source_text import BROKEN, DASHES, EMPTY, Chunk, decode, split
from aksrdma.errors import ReadError
from aksrdma.findings import Position, Problem

if TYPE_CHECKING:
    from pathlib import Path

STDIN_NAME: Final = "<stdin>"
_DEEPEST: Final = 300
_SNIFFED: Final = 4096
_JSON_OBJECT: Final = r'\s*\{\s*["}]'
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a file is read before aksrdma refuses it; every bound has a rule that reports what goes beyond it."""

    max_bytes: int = 64 * 1024 * 1024
    """Size of one file or of stdin, in bytes (`yaml-too-large`)."""
    max_depth: int = 200
    """Levels of nested maps and lists in one document (`yaml-too-deep`), 1 to 300; Kubernetes' own schemas need 40."""

    def __post_init__(self) -> None:
        if not 1 <= self.max_depth <= _DEEPEST:
            raise ValueError(f"max_depth is {self.max_depth}; give 1 to {_DEEPEST}, which Python's own stack holds")


DEFAULT_LIMITS: Final = Limits()


@dataclass(slots=True)
class Stream:
    """What one file holds."""

    file: str
    """Name of the file, as the user gave it."""
    documents: list[Document] = field(default_factory=list)
    """The documents that can be read, empty ones left out, Lists unpacked."""
    problems: list[Problem] = field(default_factory=list)
    """What Kubernetes' reader would stumble on, or read otherwise than it looks, by line; each has `at`, `fix`, and a
    `document` that says in which document of the file it is, and has no data."""
    template: str = ""
    """Whose template the file looks like, such as Helm: it is no YAML, and has signs of one; empty where it does not."""

    is_page: bool = False
    """Whether it is a page for people, of which nothing was read."""

    @property
    def is_template(self) -> bool:
        """Whether the file looks like a template, which is no YAML before it is filled."""
        return bool(self.template)

    def mistakes(self) -> list[str]:
        """Return the problems as lines of text: `file:line:column: message; fix`."""
        places = ((one.at or NOWHERE, one) for one in self.problems)
        return [f"{self.file}:{at.line}:{at.column}: {one.message}; {one.fix}" for at, one in places]


def read_file(path: str | Path, limits: Limits = DEFAULT_LIMITS, *, name: str | None = None) -> Stream:
    """Return the documents of a file, or of stdin where `path` is `-`.

    Args:
        path: A regular file, a pipe, or `-`.
        limits: How large and how deep it may be.
        name: What to call the file in findings; its path unless told.

    Raises:
        ReadError: where there is no such file, or it is a folder, a device or a socket, or cannot be read.
    """
    default = STDIN_NAME if str(path) == STDIN else str(path)
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
        if str(path) == STDIN:
            return _bounded(sys.stdin.fileno(), limits.max_bytes)
        # without O_NONBLOCK the open of a pipe that nobody writes to would wait for ever
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISFIFO(mode):
                os.set_blocking(descriptor, True)
            elif not stat.S_ISREG(mode):
                kind = "a folder" if stat.S_ISDIR(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
                raise ReadError(f"{path}: {kind}, not a file; give a YAML or JSON file")
            return _bounded(descriptor, limits.max_bytes)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ReadError(f"{path}: cannot be read: {reason}; give a file that exists and that you may read") from None


def _bounded(descriptor: int, limit: int) -> bytes:
    block = os.read(descriptor, _BLOCK)
    if len(block) < _BLOCK:  # most files; a pipe may give less than it has
        following = os.read(descriptor, _BLOCK) if block else b""
        if not following:
            return block
        block += following
    blocks, size = [block], len(block)
    while size <= limit and (block := os.read(descriptor, _BLOCK)):
        blocks.append(block)
        size += len(block)
    return b"".join(blocks)[: limit + 1]


def read(source: bytes | str, file: str = "", limits: Limits = DEFAULT_LIMITS) -> Stream:
    """Return the documents of a YAML or JSON stream, and what is wrong with it.

    Args:
        source: The content of the file.
        file: Its name, for findings.
        limits: How large and how deep it may be.
    """
    reader = _Reader(file, limits)
    stream = reader.stream
    if len(source) > limits.max_bytes:
        message = f"more than the {limits.max_bytes:,} bytes that are read of one file"
        fix = "split the file, or raise the limit (--max-file-size)"
        reader.report([Problem("yaml-too-large", (), message, fix, at=Position(1, 1))])
        return stream
    decoded = decode(source)
    if isinstance(decoded, Problem):
        reader.report([decoded])
        return stream
    text, usual = decoded
    if text and text[-1] != "\n":
        text += "\n"  # as kubectl's line reader does
    if text[:_SNIFFED].lstrip()[:1] == "{":
        reader.json_stream(text, usual)
    else:
        reader.yaml(split(text), usual)
    if stream.problems:
        from aksrdma.documents.templating import language_of  # most files are YAML

        stream.problems.sort(key=lambda problem: problem.at or NOWHERE)
        language = language_of(text)
        # A shell has variables that look like those of envsubst: one of these counts where the YAML breaks.
        broken = (
            text.split("\n")[max(0, (stream.problems[0].at or NOWHERE).line - 1) :][:1]
            if language == "envsubst"
            else []
        )
        stream.template = language if language != "envsubst" or any(map(language_of, broken)) else ""
    return stream


class _Reader:
    """Fills one Stream."""

    def __init__(self, file: str, limits: Limits) -> None:
        self.stream = Stream(file)
        self._max_depth = limits.max_depth
        self._index = 0

    def yaml(self, chunks: Iterable[Chunk], usual: bool) -> None:
        """Take the documents of YAML; `usual` says that the fast reader can be tried."""
        preamble = ""
        for chunk in chunks:
            behind = chunk.separator[len(DASHES) :].strip()
            if behind and not behind.startswith("#"):
                message = f"{behind!r} on the line of the `---`, where kubectl allows a comment alone"
                at = Position(chunk.line, 4)
                self.report([Problem("yaml-syntax", (), message, "put it on the next line", at=at)])
            value = fast.parse(chunk.text, self._max_depth) if usual else fast.UNUSUAL
            if value is fast.UNUSUAL:
                from aksrdma.documents import full  # few files need it, and it loads PyYAML

                value, problems = full.parse(chunk, self._max_depth)
                self.report(problems)
            if value is EMPTY:
                preamble = chunk.text
                continue
            chunk.preamble = preamble
            preamble = ""
            self._add(value, chunk)

    def json_stream(self, text: str, usual: bool) -> None:
        """Take the JSON values at the head of a text and the YAML behind them, or YAML that begins with `{`."""
        from aksrdma.documents.json_text import JsonStream  # few files are JSON

        found = JsonStream(text, self._max_depth)
        for value, chunk, problems in found.values:
            self.report(problems)
            self._add(value, chunk)
        before = len(self.stream.problems)
        self.yaml(found.rest, usual)
        if found.problem is None:
            return
        if found.values:
            self.report([found.problem])
            return
        first = next(iter(self.stream.problems[before:]), None)
        if first and first.rule == "yaml-syntax" and first.subject.index == 1 and re.match(_JSON_OBJECT, text):
            # it was meant as JSON, so what is wrong with it as JSON tells more
            self.stream.problems[before] = found.problem._replace(document=first.document)

    def report(self, problems: Iterable[Problem]) -> None:
        """Note what is wrong with the document that follows those added before."""
        for problem in problems:
            document = Document(self.stream.file, self._index + 1, None)
            self.stream.problems.append(problem._replace(document=document))

    def _add(self, value: Any, chunk: Chunk) -> None:
        if value is None:
            return  # kubectl skips a null
        self._index += 1
        if value is BROKEN:
            return
        document = Document(self.stream.file, self._index, value, chunk)
        if type(value) is dict and "items" in value:
            self.stream.documents.extend(_unpacked(document))
        else:
            self.stream.documents.append(document)


def _unpacked(document: Document) -> Iterator[Document]:
    """Yield the items of a List as documents of their own, items of Lists in it included; else the document itself.

    Source: `unstructuredJSONScheme.decodeToList` of k8s.io/apimachinery v0.34.2; kubectl takes any object with `items`
    for a list, here its kind must say so too.
    """
    items = document.data.get("items") if isinstance(document.data, dict) else None
    if not document.kind.endswith("List") or not isinstance(items, list):
        yield document
        return
    for number, item in enumerate(items):
        if isinstance(item, dict) and not item.get("kind") and not item.get("apiVersion"):
            item = {**item, "kind": document.kind.removesuffix("List"), "apiVersion": document.api_version}
        yield from _unpacked(document.part(("items", number), item))
