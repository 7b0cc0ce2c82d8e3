"""Bytes of a user's file to documents, as kubectl reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aksrdma.documents import plain
from aksrdma.documents.document import Document
from aksrdma.documents.encoding import decode, too_large
from aksrdma.documents.limits import DEFAULT_LIMITS, Limits
from aksrdma.documents.lists import unpack
from aksrdma.documents.problems import BROKEN, YamlProblem
from aksrdma.documents.split import Chunk, split

_SNIFFED: Final = 4096
_JSON_OBJECT: Final = r'\s*\{\s*["}]'
_TEMPLATE: Final = r"\{\{-?\s*[\w.$\"(/]"


@dataclass(slots=True)
class Stream:
    """What one file holds."""

    file: str
    """Name of the file, as the user gave it."""
    documents: list[Document] = field(default_factory=list)
    """The documents that can be read, empty ones left out, Lists unpacked."""
    problems: list[YamlProblem] = field(default_factory=list)
    """What Kubernetes' reader would stumble on, by line."""
    is_template: bool = False
    """Whether the file looks like a Helm template: it is no YAML, and it has `{{ ... }}`."""


def read(source: bytes | str, file: str = "", limits: Limits = DEFAULT_LIMITS) -> Stream:
    """Return the documents of a YAML or JSON stream, and what is wrong with it.

    Args:
        source: The content of the file.
        file: Its name, for findings.
        limits: How large and how deep it may be.
    """
    stream = Stream(file)
    if len(source) > limits.max_bytes:
        stream.problems.append(too_large(limits.max_bytes))
        return stream
    decoded = decode(source)
    if isinstance(decoded, YamlProblem):
        stream.problems.append(decoded)
        return stream
    text, usual = decoded
    _Reader(stream, limits, usual).read(text)
    if stream.problems:
        stream.is_template = re.search(_TEMPLATE, text) is not None
        stream.problems.sort(key=lambda problem: (problem.line, problem.column))
    return stream


def _is_broken_json(text: str, problems: list[YamlProblem]) -> bool:
    """Return whether YAML that cannot be read was meant as JSON."""
    return bool(problems) and problems[0].rule == "yaml-syntax" and re.match(_JSON_OBJECT, text) is not None


class _Reader:
    """Fills one Stream."""

    def __init__(self, stream: Stream, limits: Limits, usual: bool) -> None:
        self._stream = stream
        self._limits = limits
        self._usual = usual
        self._index = 0

    def read(self, text: str) -> None:
        if text and text[-1] != "\n":
            text += "\n"  # as kubectl's line reader does
        if text[:_SNIFFED].lstrip()[:1] == "{":
            self._json_stream(text)
        else:
            self._yaml(split(text))

    def _yaml(self, chunks: Iterable[Chunk]) -> None:
        preamble = ""
        for chunk in chunks:
            if chunk.bad_separator:
                self._bad_separator(chunk)
            value = plain.parse(chunk.text, self._limits.max_depth) if self._usual else plain.UNUSUAL
            if value is plain.UNUSUAL:
                value = self._full(chunk)
            if value is plain.EMPTY:
                preamble = chunk.text
                continue
            chunk.preamble = preamble
            preamble = ""
            self._add(value, chunk)

    def _full(self, chunk: Chunk) -> Any:
        from aksrdma.documents.full import parse

        value, problems = parse(chunk, self._limits.max_depth)
        self._report(problems)
        return value

    def _json_stream(self, text: str) -> None:
        from aksrdma.documents.json_stream import JsonStream

        found = JsonStream(text, self._limits.max_depth)
        for value, chunk, problems in found.values:
            self._report(problems)
            self._add(value, chunk)
        before = len(self._stream.problems)
        self._yaml(found.rest)
        if found.problem is None:
            return
        if found.values:
            self._report([found.problem])
        elif _is_broken_json(text, self._stream.problems[before:]):
            self._stream.problems[before] = found.problem

    def _add(self, value: Any, chunk: Chunk) -> None:
        if value is None:
            return  # kubectl skips a null
        self._index += 1
        if value is BROKEN:
            return
        document = Document(self._stream.file, self._index, value, chunk)
        if type(value) is dict and "items" in value:
            self._stream.documents.extend(unpack(document))
        else:
            self._stream.documents.append(document)

    def _bad_separator(self, chunk: Chunk) -> None:
        message = f"{chunk.bad_separator!r} on the line of the `---`, where kubectl allows a comment alone"
        problem = YamlProblem(
            rule="yaml-syntax", message=message, fix="put it on the next line", line=chunk.line, column=4
        )
        self._report([problem])

    def _report(self, problems: list[YamlProblem]) -> None:
        self._stream.problems.extend(replace(problem, document=self._index + 1) for problem in problems)
