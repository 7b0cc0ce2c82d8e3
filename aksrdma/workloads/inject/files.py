"""Whole files with RDMA: every document that needs nothing keeps its bytes, every other its comments and order."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aksrdma.documents import DEFAULT_LIMITS, Document, Limits, Stream, read
from aksrdma.documents.source_text import Chunk, decode, split
from aksrdma.documents.writer import dump
from aksrdma.errors import ReadError, UsageError
from aksrdma.findings import FieldPath, Problem, format_path
from aksrdma.kube.values import step
from aksrdma.workloads.inject.edits import Edit, apply, pointer
from aksrdma.workloads.inject.engine import Injected, injected_together, passes_unknown, runtimes_of
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
    injection: Injection | None = None
    """What was to be added; None for what is no object."""

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
    files: Sequence[tuple[str, bytes]],
    injection: Injection | Callable[[Sequence[Document]], Sequence[Injection]],
    limits: Limits = DEFAULT_LIMITS,
) -> list[InjectedFile]:
    """Return files with what RDMA needs; training runtimes and their TrainJobs may lie in different files.

    Args:
        files: name and content of each.
        injection: what to add, or what gives it for each of the objects, once they are read.
        limits: how large and how deep a file may be.

    Raises:
        ReadError: a file that Kubernetes' reader would not read either; with a line for each mistake.
    """
    streams = [read(content, name, limits) for name, content in files]
    wrong: list[str] = []
    for stream in streams:
        if stream.is_template:
            wrong.append(f"{stream.file}: looks like a Helm template; pipe in what `helm template` prints")
        else:
            wrong += stream.mistakes() or _no_objects(stream)
    if wrong:
        raise ReadError("\n".join(wrong))
    runtimes = runtimes_of(document.data for stream in streams for document in stream.documents)
    objects = [document for stream in streams for document in stream.documents if isinstance(document.data, dict)]
    given = [injection] * len(objects) if isinstance(injection, Injection) else injection(objects)
    done = injected_together([document.data for document in objects], given, runtimes=runtimes)
    results = dict(zip(map(id, objects), zip(done, given, strict=True), strict=True))
    return [_injected_file(stream, content, results) for stream, (_, content) in zip(streams, files, strict=True)]


def _no_objects(stream: Stream) -> Iterator[str]:
    """Yield what is wrong with items of Lists that are no objects."""
    for document in stream.documents:
        if document.inside and not isinstance(document.data, dict):
            at = document.position(())
            where = f"{document.file}:{at.line}:{at.column}: {format_path(document.inside)}"
            yield f"{where} is no object, which every item of a List is; take it out"


def _injected_file(stream: Stream, content: bytes, results: Mapping[int, tuple[Injected, Injection]]) -> InjectedFile:
    objects: list[InjectedObject] = []
    for document in stream.documents:
        result, injection = results.get(id(document)) or (Injected(document.data, (), (), ()), None)
        objects.append(InjectedObject(document, result, passes_unknown(document.data), injection))
    decoded = decode(content)
    assert not isinstance(decoded, Problem)  # `read` found none
    before, rewritten = decoded[0], list[str]()
    if not any(one.result.edits for one in objects):
        after = before
    else:
        parts: list[str] = []
        lines = [one.document.first_line for one in objects]
        for chunk in split(before):
            last_line = chunk.line + chunk.text.count("\n")
            mine = objects[bisect_left(lines, chunk.line) : bisect_right(lines, last_line)]
            changes = any(one.result.edits for one in mine)
            parts += [chunk.separator, _with_edits(chunk, mine, rewritten) if changes else chunk.text]
        after = "".join(parts)
    if _CRLF.encode() in content and content.count(b"\n") == content.count(b"\r\n"):  # reading made them \n
        before, after = before.replace("\n", _CRLF), after.replace("\n", _CRLF)
    return InjectedFile(stream.file, before, after, tuple(objects), tuple(rewritten))


def _with_edits(chunk: Chunk, objects: Sequence[InjectedObject], rewritten: list[str]) -> str:
    """Return the text of a document with the edits of its objects; the names of those written anew are added."""
    if all(one.document.is_json for one in objects):  # it has no comments to keep
        return "\n" * chunk.text.startswith("\n") + "---\n".join(dump(one.result.data) for one in objects)
    # The reader of positions and the splicer are not needed where nothing changes.
    from aksrdma.documents.full import parse
    from aksrdma.workloads.inject.splice import cut, spliced

    whole, _ = parse(chunk, DEFAULT_LIMITS.max_depth)
    edits = [
        Edit((*prefix, *edit.path), edit.value)
        for prefix, one in zip(_objects(whole, ()), objects, strict=True)
        for edit in one.result.edits
    ]
    after = apply(edits, whole)
    removals, additions = [one for one in edits if one.removes], [one for one in edits if not one.removes]
    text = cut(chunk.text, [one.path for one in removals]) if removals else chunk.text
    if text is not None:
        text = spliced(text, additions, after) if additions else text
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


def _operations(one: InjectedObject) -> Iterator[dict[str, Any]]:
    """Yield the operations of a JSON Patch; what is taken out by its number is asked for before, as the base may change."""
    for edit in one.result.edits:
        if edit.removes:
            yield {"op": "test", "path": pointer(edit.path), "value": step(one.document.data, edit.path)}
        yield edit.operation


_COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}


def component(files: Iterable[InjectedFile]) -> str:
    """Return the text of a component that adds to the objects what was added to them in the files.

    Put it into a folder as `kustomization.yaml` and name the folder under `components` of your kustomization.

    Raises:
        UsageError: an object without a name, which kustomize cannot find.
    """
    patches: list[dict[str, Any]] = []
    for one in (one for file in files for one in file.objects if one.result.edits):
        document = one.document
        if not document.name:
            raise UsageError(
                f"{document.file}:{document.first_line}: {document.kind} has no metadata.name, by which kustomize would "
                "find it; use -o yaml"
            )
        group, _, version = document.api_version.rpartition("/")
        target = {"group": group, "version": version, "kind": document.kind, "name": document.name}
        target["namespace"] = document.namespace
        # One operation a line, so that a diff of the component shows what was added.
        operations = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in _operations(one))
        patches.append(
            {"target": {key: value for key, value in target.items() if value}, "patch": f"[\n{operations}\n]\n"}
        )
    return dump({**_COMPONENT, "patches": patches})
