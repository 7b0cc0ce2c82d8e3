"""Sets to a report: reads, settles the release, judges, in one process or in several."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from aksrdma.checks.sets import ManifestSet
from aksrdma.findings import Finding, Position, Problem
from aksrdma.validation import cluster_file, kustomization
from aksrdma.validation.judge import Locate, finding_of, judge
from aksrdma.validation.options import Options
from aksrdma.validation.release import release_of
from aksrdma.validation.report import Report, Summary, joined
from aksrdma.validation.sorting import Sorted, sort_out
from aksrdma.validation.sources import Source

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document, Stream

_POOL_FILES: Final = 400
"""Files from which on a process pool is worth its start."""


def run(sources: Sequence[Source], options: Options) -> Report:
    """Judge sets of files.

    Raises:
        ReadError: a file that cannot be read.
    """
    if options.together:
        return joined([judge_together(sources, options)], options)
    files = sum(len(source.files) for source in sources)
    workers = os.cpu_count() or 1
    if files < _POOL_FILES or workers < 2:
        return joined((judge_source(source, options) for source in sources), options)
    return joined(_in_processes(sources, options, workers), options)


def _in_processes(sources: Sequence[Source], options: Options, workers: int) -> Iterable[Report]:
    from concurrent.futures import ProcessPoolExecutor

    from aksrdma.validation import load_own

    size = max(1, min(64, len(sources) // (workers * 4)))
    batches = [sources[start : start + size] for start in range(0, len(sources), size)]
    with ProcessPoolExecutor(workers, initializer=load_own, initargs=(options,)) as pool:
        yield from pool.map(_judge_batch, batches, [options] * len(batches))


def _judge_batch(sources: Sequence[Source], options: Options) -> Report:
    return joined((judge_source(source, options) for source in sources), options)


def judge_source(source: Source, options: Options) -> Report:
    """Judge one set."""
    return judge_with([source], [], options)


def judge_together(sources: Sequence[Source], options: Options) -> Report:
    """Judge all sources as one set."""
    return judge_with(sources, [], options)


def judge_with(sources: Sequence[Source], more: Sequence[Stream], options: Options) -> Report:
    """Judge all sources, and what was read elsewhere, as one set."""
    streams, failures, origins = [*more], [], kustomization.Origins()
    for source in sources:
        streams += [_read(file, options) for file in source.files]
        if source.kustomization is not None:
            built = _built(source.kustomization, options)
            if isinstance(built, Report):
                failures.append(built)
            else:
                origins.add(source.kustomization)
                streams.append(built)
    return joined([judge_streams(streams, options, origins.locate), *failures], options)


def _read(file: str, options: Options) -> Stream:
    from aksrdma.documents import DEFAULT_LIMITS, Limits, read_file

    limits = Limits(max_bytes=options.max_file_size) if options.max_file_size else DEFAULT_LIMITS
    return read_file(file, limits)


def _built(folder: str, options: Options) -> Stream | Report:
    from aksrdma.documents import Document, read

    command = kustomization.builder()
    file = kustomization.file_of(folder)
    if command is None:
        note = (
            f"{folder} has a kustomization, and neither kustomize nor kubectl is on PATH to build it; pipe a build in"
        )
        return Report((), Summary(files=1), (note,), options)
    try:
        return read(kustomization.build(folder, command), file)
    except kustomization.KustomizeError as error:
        nothing = Document.from_data(None, file)
        problem = Problem("kustomize-build-failed", (), f"kustomize cannot build this: {error}", document=nothing)
        finding = finding_of(problem, (file, Position(1, 1)))
        wanted = options.reports(finding.rule, finding.layer)
        return Report((finding,) if wanted else (), Summary(files=1, sets=1), (), options)


def judge_streams(streams: Sequence[Stream], options: Options, locate: Locate | None = None) -> Report:
    """Judge what was read of the files of one set."""
    findings = [finding for stream in streams for finding in _yaml_findings(stream, options)]
    documents = [document for stream in streams for document in stream.documents]
    part = judge_documents(documents, options, locate)
    templates = sum(stream.is_template for stream in streams)
    summary = part.summary + Summary(files=len(streams), not_manifests=templates)
    return Report((*findings, *part.findings), summary, part.notes, options)


def _yaml_findings(stream: Stream, options: Options) -> Iterable[Finding]:
    if stream.is_template and not options.strict:
        return
    for problem in stream.problems:
        if problem.at is not None and options.reports(problem.rule, "yaml"):
            yield finding_of(problem, (stream.file, problem.at))


def judge_documents(documents: Sequence[Document], options: Options, locate: Locate | None = None) -> Report:
    """Judge the documents of one set."""
    found = sort_out(documents, options.schema_locations)
    clusters = [cluster_file.read_cluster(document) for document in found.clusters]
    cluster = clusters[0][0] if len(clusters) == 1 else None
    release, note = (options.release, None) if options.release else release_of(found.manifests, cluster)
    manifests = _manifest_set(found, release, cluster, options)
    problems = [problem for _, wrong in clusters for problem in wrong]
    problems += [*found.problems(), *(found.strict_problems() if options.strict else ())]
    findings, suppressed = judge(manifests, options, locate, problems, found.fragments, found.foreign)
    summary = Summary(
        documents=len(found.manifests) + len(found.foreign) + len(clusters),
        sets=1 if found.manifests or found.foreign or clusters else 0,
        not_manifests=len(found.others),
        unknown_kinds=found.unknown_kinds(),
        suppressed=suppressed,
    )
    notes = (*((note,) if note and found.manifests else ()), *found.notes())
    return Report(tuple(findings), summary, notes, options)


def _manifest_set(found: Sorted, release: str, cluster: Cluster | None, options: Options) -> ManifestSet:
    return ManifestSet(
        found.manifests,
        release=release,
        admission_controller=options.admission_controller,
        vm_sizes=options.vm_sizes or (cluster_file.vm_sizes_of(cluster) if cluster else ()),
        nodes=options.nodes if options.nodes is not None or cluster is None else cluster_file.nodes_of(cluster),
        cluster=cluster,
        unknown=(*found.unknown, *found.foreign),
    )
