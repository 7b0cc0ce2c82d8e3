"""Sets to a report: reads, settles the release, judges, in one process or in several."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import DEFAULT_LIMITS, Document, Limits, Stream, read, read_bytes, read_file
from aksrdma.documents.reading import STDIN_NAME
from aksrdma.findings import Position, Problem
from aksrdma.kube.kinds import HELM_KINDS
from aksrdma.validation.cluster_file import nodes_of, read_cluster, vm_sizes_of
from aksrdma.validation.judge import finding_of, judge
from aksrdma.validation.kustomizations import (
    NAMES,
    KustomizeError,
    Origins,
    all_of,
    build,
    files_in_order,
    kustomization_of,
    unbuilt,
)
from aksrdma.validation.release import kubernetes_of, release_of, versions_note
from aksrdma.validation.report import Note, Options, Part, Report, Summary, joined
from aksrdma.validation.sorting import depends_on_release, not_filled, skipped_template, sort_out
from aksrdma.validation.sources import Source
from aksrdma.validation.suppressions import Suppressions

if TYPE_CHECKING:
    from aksrdma.findings import FieldPath

_POOL_FILES: Final = 400
"""Files from which on a process pool is worth its start."""
_PAGE: Final = b"<!-- Rendered by aksrdma"
"""How INSTALL.md begins, which `aksrdma validate out/*` names, too."""


def run(sources: Sequence[Source], options: Options) -> Report:
    """Judge sets of files.

    Raises:
        ReadError: a file that cannot be read.
    """
    files = sum(len(source.files) for source in sources)
    workers = os.cpu_count() or 1
    if files < _POOL_FILES or len(sources) < 2 or workers < 2:
        return joined(_judge_each(sources, options), options)
    return joined(_in_processes(sources, options, workers), options)


def _in_processes(sources: Sequence[Source], options: Options, workers: int) -> Iterator[Part]:
    import gc
    from concurrent.futures import ProcessPoolExecutor

    from aksrdma.validation import load_own

    # What the first set needs, its checks and its schemas, is there before the processes are forked, which so share it.
    yield from _judge_each(sources[:1], options)
    gc.freeze()
    size = max(1, min(64, len(sources) // (workers * 4)))
    batches = [sources[start : start + size] for start in range(1, len(sources), size)]
    try:
        with ProcessPoolExecutor(workers, initializer=load_own, initargs=(options,)) as pool:
            for parts in pool.map(_judge_each, batches, [options] * len(batches)):
                yield from parts
    finally:
        gc.unfreeze()


def _judge_each(sources: Sequence[Source], options: Options) -> list[Part]:
    return [part for source in sources for part in judge_set([source], [], options)]


def judge_set(sources: Sequence[Source], more: Sequence[Stream], options: Options) -> list[Part]:
    """Judge all sources, and what was read elsewhere, as one set.

    Raises:
        ReadError: a file that cannot be read.
    """
    limits = Limits(max_bytes=options.max_file_size) if options.max_file_size else DEFAULT_LIMITS
    only = sources[0] if len(sources) == 1 else Source()
    one = _Set(options, [*more], only.name, only.shown)
    for source in sources:
        one.streams += [_read(file, limits) for file in source.files]
        for folder in source.kustomizations:
            one.add_kustomization(folder)
    return [one.judge(), *one.failures]


def _read(file: str, limits: Limits) -> Stream:
    """Return what a file holds: of the page that a rendered tree comes with, that it is no manifest."""
    if not file.endswith(".md"):
        return read_file(file, limits)
    content = read_bytes(file, limits)
    return Stream(file, is_page=True) if content.startswith(_PAGE) else read(content, file, limits)


@dataclass(slots=True)
class _Set:
    """What was read of the files of one set, and how it came about."""

    options: Options
    streams: list[Stream]
    name: str = ""
    shown: Mapping[str, str] | None = None
    origins: Origins = field(init=False)
    partial: list[Document] = field(default_factory=list)
    """Patches that a kustomization lists, and what they change, where nobody built it."""
    failures: list[Part] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    made: dict[tuple[str, ...], Document] = field(default_factory=dict)
    """What kustomizations made, by what tells the objects of a cluster apart."""

    def __post_init__(self) -> None:
        self.origins = Origins(self.shown or {})

    def add_kustomization(self, folder: str) -> None:
        """Add what kustomize makes of a folder; where it makes nothing, and a file was named, what its files hold."""
        try:
            built = build(folder)
        except KustomizeError as error:
            if self._is_about_kustomization(folder):
                self.failures.append(_not_built(folder, error, self.options))
                return
            built, why = None, f"kustomize cannot build it: {error}"
        else:
            why = "neither kustomize nor kubectl is on PATH to build it"
        if built is not None:
            self.origins.add(folder)
            built.documents = [one for one in built.documents if self._is_new(one)]
            self.streams.append(built)
        elif self.shown is None:
            note = Note("", f"{folder} has a kustomization, and {why}; pipe a build in")
            self.failures.append(Part((), Summary(files=1), (note,)))
        else:
            self.notes.append(Note(folder, f"the files of this kustomization were judged as they are: {why}"))
            streams, partial = unbuilt(folder, self.shown)
            self.streams += streams
            self.partial += partial

    def _is_about_kustomization(self, folder: str) -> bool:
        """Whether more than some files of a kustomization was named: all of it, or what it says itself."""
        if self.shown is None:
            return True
        return any(os.path.basename(path) in NAMES for path in all_of(folder) & self.shown.keys())  # noqa: PTH119

    def _is_new(self, document: Document) -> bool:
        """Whether no kustomization of the set made the same object before: several may build on a common one."""
        identity = document.api_version, document.kind, document.namespace, document.name
        return self.made.setdefault(identity, document) is document or self.made[identity].data != document.data

    def judge(self) -> Part:
        """Judge what was read."""
        options, documents = self.options, [one for stream in self.streams for one in stream.documents]
        found = sort_out(documents, options.schema_locations, options.kubernetes_version, frozenset(self.partial))
        clusters = [read_cluster(document) for document in found.clusters]
        cluster = clusters[0][0] if len(clusters) == 1 else None
        release, note = (options.release, None) if options.release else release_of(found.manifests, cluster)
        kubernetes, other = (options.kubernetes_version, None) if options.kubernetes_version else kubernetes_of(cluster)
        manifests = ManifestSet(
            found.manifests,
            release=release,
            admission_controller=options.admission_controller,
            vm_sizes=options.vm_sizes or (vm_sizes_of(cluster) if cluster else ()),
            nodes=options.nodes if options.nodes is not None or cluster is None else nodes_of(cluster),
            cluster=cluster,
            kubernetes=kubernetes,
            unknown=(*found.unknown, *found.foreign),
            values=found.values,
            release_given=options.release is not None,
            partial=found.patches,
        )
        self.notes += _webhook_by_values(manifests)
        problems = [problem for _, wrong in clusters for problem in wrong]
        problems += found.problems(strict=options.strict)
        problems += self._of_the_text()
        suppressions = Suppressions(self._with_comments(documents))
        findings, suppressed = judge(manifests, options, self._locate, suppressions, problems, found.patches)
        for problem in suppressions.problems(_told(manifests), self._shared()):
            place = self._locate(problem.subject, ())
            finding = finding_of(problem, problem.subject, problem.at or Position(1, 1))
            if place is not None and options.reports(finding.rule, finding.layer):
                findings.append(finding)
        judged = len(found.manifests) + len(found.foreign) + len(found.by_pods) + len(found.values) + len(clusters)
        summary = Summary(
            files=len(self.streams),
            documents=judged,
            sets=1 if judged else 0,
            not_manifests=found.skipped + sum(stream.is_template or stream.is_page for stream in self.streams),
            by_pods_alone=found.kinds(by_pods=True),
            unknown_kinds=found.kinds(by_pods=False),
            suppressed=suppressed,
        )
        if note and any(depends_on_release(one) for one in found.manifests):
            self.notes.append(Note(self.name, note))
        self.notes += (Note(self.name, told) for told in (other, versions_note(manifests)) if told)
        self.notes += (one for one in found.notes() if not one.where or self._is_shown(one.where))
        self.notes += (skipped_template(one.file, one.template) for one in self.streams if one.is_template)
        is_empty = not (documents or self.failures or any(one.problems or one.is_page for one in self.streams))
        return Part(tuple(findings), summary, tuple(self.notes), is_empty)

    def _of_the_text(self) -> Iterator[Problem]:
        """Yield what is wrong with the text itself; a template is no YAML before it is filled."""
        for stream in self.streams:
            if not stream.is_template:
                yield from stream.problems
            elif self.options.strict:
                nothing = Document(stream.file, 1, None)
                yield not_filled(nothing, stream.template)._replace(at=Position(1, 1))

    def _locate(self, document: Document, path: FieldPath) -> tuple[Document, Position] | None:
        place = self.origins.locate(document, path)
        return place if self._is_shown(place[0].file) else None

    def _is_shown(self, file: str) -> bool:
        return self.shown is None or file == STDIN_NAME or os.path.realpath(file) in self.shown

    def _with_comments(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents in which comments can stand: kustomize leaves them out of what it builds."""
        yield from documents
        for folder in self.origins.folders:
            yield from self.origins.documents(folder)

    def _shared(self) -> frozenset[str]:
        """Return the files of kustomizations that others may build on as well."""
        own = {os.path.normpath(folder) for folder in self.origins.folders}
        files = (one.path for folder in self.origins.folders for one in files_in_order(folder))
        return frozenset(file for file in files if os.path.dirname(file) not in own)  # noqa: PTH120


def _webhook_by_values(manifests: ManifestSet) -> Iterator[Note]:
    """Judge as the operator's webhook does, too, where values of the set switch it on, and yield a note of that."""
    if manifests.admission_controller or not (manifests.values or manifests.unknown_kinds & HELM_KINDS):
        return
    from aksrdma.checks.relation.helm_values import switches_webhook_on  # few sets have such values

    values = switches_webhook_on(manifests)
    if values is not None:
        manifests.admission_controller = True
        what = "operator.admissionController.enabled is true: judged as the webhook does, too"
        yield Note(values.document.file, what)


def _told(manifests: ManifestSet) -> Iterator[str]:
    """Yield what of `needs` of the rules' rows is known of a set."""
    known = {
        "cluster": manifests.cluster is not None,
        "nodes": manifests.nodes is not None,
        "vm_size": bool(manifests.vm_sizes),
        "webhook": manifests.admission_controller,
    }
    return (need for need, given in known.items() if given)


def _not_built(folder: str, error: KustomizeError, options: Options) -> Part:
    file = kustomization_of(folder)
    nothing = Document.from_data(None, file)
    problem = Problem("kustomize-build-failed", (), f"kustomize cannot build this: {error}", document=nothing)
    finding = finding_of(problem, nothing, Position(1, 1))
    wanted = options.reports(finding.rule, finding.layer)
    return Part((finding,) if wanted else (), Summary(files=1, sets=1))
