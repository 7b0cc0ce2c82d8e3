"""Sets to a report: reads, settles the release, judges, in one process or in several."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import DEFAULT_LIMITS, Document, Limits, read_file
from aksrdma.findings import Finding, Position, Problem
from aksrdma.kube.kinds import HELM_KINDS
from aksrdma.validation.cluster_file import nodes_of, read_cluster, vm_sizes_of
from aksrdma.validation.judge import Locate, finding_of, judge
from aksrdma.validation.release import kubernetes_of, release_of, versions_note
from aksrdma.validation.report import Options, Report, Summary, joined
from aksrdma.validation.sorting import sort_out
from aksrdma.validation.sources import KustomizeError, Origins, Source, build, kustomization_of

if TYPE_CHECKING:
    from aksrdma.documents import Stream

_POOL_FILES: Final = 400
"""Files from which on a process pool is worth its start."""


def run(sources: Sequence[Source], options: Options) -> Report:
    """Judge sets of files.

    Raises:
        ReadError: a file that cannot be read.
    """
    if options.together:
        return judge_set(sources, [], options)
    files = sum(len(source.files) for source in sources)
    workers = os.cpu_count() or 1
    if files < _POOL_FILES or workers < 2:
        return _judge_each(sources, options)
    return joined(_in_processes(sources, options, workers), options)


def _in_processes(sources: Sequence[Source], options: Options, workers: int) -> Iterable[Report]:
    from concurrent.futures import ProcessPoolExecutor

    from aksrdma.validation import load_own

    size = max(1, min(64, len(sources) // (workers * 4)))
    batches = [sources[start : start + size] for start in range(0, len(sources), size)]
    with ProcessPoolExecutor(workers, initializer=load_own, initargs=(options,)) as pool:
        yield from pool.map(_judge_each, batches, [options] * len(batches))


def _judge_each(sources: Sequence[Source], options: Options) -> Report:
    return joined((judge_set([source], [], options) for source in sources), options)


def judge_set(sources: Sequence[Source], more: Sequence[Stream], options: Options) -> Report:
    """Judge all sources, and what was read elsewhere, as one set."""
    limits = Limits(max_bytes=options.max_file_size) if options.max_file_size else DEFAULT_LIMITS
    streams, failures, origins = [*more], [], Origins()
    for source in sources:
        streams += [read_file(file, limits) for file in source.files]
        if source.kustomization is not None:
            built = _built(source.kustomization, options)
            if isinstance(built, Report):
                failures.append(built)
            else:
                origins.add(source.kustomization)
                streams.append(built)
    return joined([_judge_streams(streams, options, origins.locate), *failures], options)


def _built(folder: str, options: Options) -> Stream | Report:
    """Return what kustomize makes of a folder, or the report of why it makes nothing."""
    try:
        if (stream := build(folder)) is not None:
            return stream
    except KustomizeError as error:
        file = kustomization_of(folder)
        nothing = Document.from_data(None, file)
        problem = Problem("kustomize-build-failed", (), f"kustomize cannot build this: {error}", document=nothing)
        finding = finding_of(problem, file, Position(1, 1))
        wanted = options.reports(finding.rule, finding.layer)
        return Report((finding,) if wanted else (), Summary(files=1, sets=1), (), options)
    note = f"{folder} has a kustomization, and neither kustomize nor kubectl is on PATH to build it; pipe a build in"
    return Report((), Summary(files=1), (note,), options)


def _judge_streams(streams: Sequence[Stream], options: Options, locate: Locate) -> Report:
    """Judge what was read of the files of one set."""
    documents = [document for stream in streams for document in stream.documents]
    found = sort_out(documents, options.schema_locations, options.kubernetes_version)
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
    )
    webhook = _webhook_by_values(manifests)
    problems = [problem for _, wrong in clusters for problem in wrong]
    problems += found.problems(strict=options.strict)
    elsewhere = (*found.foreign, *found.by_pods, *found.values)
    findings, suppressed = judge(manifests, options, locate, problems, found.patches, elsewhere)
    judged = len(found.manifests) + len(elsewhere) + len(clusters)
    summary = Summary(
        files=len(streams),
        documents=judged,
        sets=1 if judged else 0,
        not_manifests=len(found.others) + sum(stream.is_template for stream in streams),
        by_pods_alone=found.kinds(by_pods=True),
        unknown_kinds=found.kinds(by_pods=False),
        suppressed=suppressed,
    )
    notes = [*((note,) if note and found.manifests else ()), *filter(None, (other, versions_note(manifests)))]
    notes += [*webhook, *found.notes()]
    return Report((*_yaml_findings(streams, options), *findings), summary, tuple(notes), options)


def _webhook_by_values(manifests: ManifestSet) -> Sequence[str]:
    """Judge as the operator's webhook does, too, where values of the set switch it on, and return a note of that."""
    if manifests.admission_controller or not (manifests.values or manifests.unknown_kinds & HELM_KINDS):
        return ()
    from aksrdma.checks.relation.helm_values import switches_webhook_on  # few sets have such values

    values = switches_webhook_on(manifests)
    if values is None:
        return ()
    manifests.admission_controller = True
    return (f"{values.document.file}: operator.admissionController.enabled is true: judged as the webhook does, too",)


def _yaml_findings(streams: Sequence[Stream], options: Options) -> Iterable[Finding]:
    """Yield what is wrong with the text itself; a template is no YAML before it is filled."""
    for stream in streams:
        for problem in stream.problems if options.strict or not stream.is_template else ():
            if problem.at is not None and options.reports(problem.rule, "yaml"):
                yield finding_of(problem, stream.file, problem.at)
