"""Whole files with RDMA: every document that needs nothing keeps its bytes, every other its comments and order."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aksrdma.documents import DEFAULT_LIMITS, Document, Limits, Stream, read
from aksrdma.documents.source_text import Chunk, decode, split
from aksrdma.documents.writer import dump
from aksrdma.errors import ReadError, UsageError
from aksrdma.findings import FieldPath, Problem
from aksrdma.workloads.inject.edits import Edit, apply
from aksrdma.workloads.inject.engine import Injected, Runtime, injected, passes_unknown, runtimes_of
from aksrdma.workloads.inject.intent import Injection

_CRLF = "\r\n"


@dataclass(frozen=True, slots=True)
class InjectedObject:
    """One object of a file."""

    document: Document
    """As it was."""
    result: Injected
    unknown: bool
    """Whether its kind is one of which nothing is known, so that it passes through."""

    def place(self, path: FieldPath) -> str:
        """Return `file:line` of a field, or of the nearest that is there."""
        return f"{self.document.file}:{self.document.position(path).line}"


@dataclass(frozen=True, slots=True)
class InjectedFile:
    """One file."""

    name: str
    before: str
    after: str
    """The file with RDMA; of no use where an object has conflicts."""
    objects: tuple[InjectedObject, ...]
    rewritten: tuple[str, ...]
    """Objects that had to be written anew, without their comments."""

    def diff(self) -> str:
        """Return the unified diff of the file; empty where nothing is added."""
        import difflib

        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), self.name, self.name
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def inject_files(
    files: Sequence[tuple[str, bytes]], injection: Injection, limits: Limits = DEFAULT_LIMITS
) -> list[InjectedFile]:
    """Return files with what RDMA needs; training runtimes and their TrainJobs may lie in different files.

    Args:
        files: name and content of each.
        injection: what to add.
        limits: how large and how deep a file may be.

    Raises:
        ReadError: a file that Kubernetes' reader would not read either; with a line for each mistake.
    """
    streams = [read(content, name, limits) for name, content in files]
    _refuse_unreadable(streams)
    runtimes = runtimes_of(document.data for stream in streams for document in stream.documents)
    return [
        _injected_file(stream, content, injection, runtimes)
        for stream, (_, content) in zip(streams, files, strict=True)
    ]


def _refuse_unreadable(streams: Sequence[Stream]) -> None:
    wrong: list[str] = []
    for stream in streams:
        if stream.is_template:
            wrong.append(f"{stream.file}: looks like a Helm template; pipe in what `helm template` prints")
        else:
            wrong += stream.mistakes()
    if wrong:
        raise ReadError("\n".join(wrong))


def _injected_file(stream: Stream, content: bytes, injection: Injection, runtimes: Collection[Runtime]) -> InjectedFile:
    objects = tuple(_injected_object(document, injection, runtimes) for document in stream.documents)
    decoded = decode(content)
    assert not isinstance(decoded, Problem)  # `read` found none
    before, rewritten = decoded[0], list[str]()
    if not any(one.result.edits for one in objects):
        after = before
    elif before.lstrip().startswith("{"):
        after = "---\n".join(dump(one.result.data) for one in objects)  # JSON has no comments to keep
    else:
        after = "".join(_chunks(before, objects, rewritten))
    if _CRLF.encode() in content and content.count(b"\n") == content.count(b"\r\n"):
        before, after = before.replace("\n", _CRLF), after.replace("\n", _CRLF)
    return InjectedFile(stream.file, before, after, objects, tuple(rewritten))


def _injected_object(document: Document, injection: Injection, runtimes: Collection[Runtime]) -> InjectedObject:
    if not isinstance(document.data, dict):
        return InjectedObject(document, Injected(document.data, (), (), ()), False)
    result = injected(document.data, injection, runtimes=runtimes)
    return InjectedObject(document, result, passes_unknown(document.data))


def _chunks(text: str, objects: Sequence[InjectedObject], rewritten: list[str]) -> Iterator[str]:
    """Yield the text of a stream piece by piece, each document with its edits."""
    for chunk in split(text):
        yield chunk.separator
        last_line = chunk.line + chunk.text.count("\n")
        mine = [one for one in objects if chunk.line <= one.document.first_line <= last_line]
        changes = any(one.result.edits for one in mine)
        yield _chunk(chunk, mine, rewritten) if changes else chunk.text


def _chunk(chunk: Chunk, objects: Sequence[InjectedObject], rewritten: list[str]) -> str:
    from aksrdma.documents.full import parse
    from aksrdma.workloads.inject.splice import spliced

    whole, _ = parse(chunk, DEFAULT_LIMITS.max_depth)
    prefixes = list(_objects(whole, ()))
    edits = [
        Edit((*prefix, *edit.path), edit.value)
        for prefix, one in zip(prefixes, objects, strict=True)
        for edit in one.result.edits
    ]
    after = apply(edits, whole)
    text = spliced(chunk.text, edits, after)
    if text is not None and parse(Chunk(text, chunk.line), DEFAULT_LIMITS.max_depth) == (after, []):
        return text
    rewritten += [one.document.label for one in objects]
    return "\n" * chunk.text.startswith("\n") + dump(after)


def _objects(data: Any, path: FieldPath) -> Iterator[FieldPath]:
    """Yield the paths of the objects of a document: more than one where it is a List, as the reader unpacks it."""
    items = data.get("items") if isinstance(data, dict) and str(data.get("kind")).endswith("List") else None
    if not isinstance(items, list):
        yield path
        return
    for index, item in enumerate(items):
        yield from _objects(item, (*path, "items", index))


_COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}


def component(files: Iterable[InjectedFile]) -> str:
    """Return the text of a component that adds to the objects what was added to them in the files.

    Put it into a folder as `kustomization.yaml` and name the folder under `components` of your kustomization.

    Raises:
        UsageError: an object without a name, which kustomize cannot find.
    """
    patches = [_patch(one.document, one.result.edits) for file in files for one in file.objects if one.result.edits]
    return dump({**_COMPONENT, "patches": patches})


def _patch(document: Document, edits: Iterable[Edit]) -> dict[str, Any]:
    operations = ",\n".join(f"  {json.dumps(edit.operation, ensure_ascii=False)}" for edit in edits)
    return {"target": _target(document), "patch": f"[\n{operations}\n]\n"}


def _target(document: Document) -> dict[str, str]:
    if not document.name:
        raise UsageError(
            f"{document.file}:{document.first_line}: {document.kind} has no metadata.name, by which kustomize would find "
            "it; use -o yaml"
        )
    group, _, version = document.api_version.rpartition("/")
    fields = {"group": group, "version": version, "kind": document.kind, "name": document.name}
    return {key: value for key, value in (fields | {"namespace": document.namespace}).items() if value}
