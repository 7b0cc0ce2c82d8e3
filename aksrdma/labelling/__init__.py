"""Which VM sizes, or which nodes, NodeFeatureRules label, with what, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aksrdma import catalog
from aksrdma.cluster import KIND
from aksrdma.errors import ReadError, UnknownNameError, UsageError
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.kube.node_feature_outputs import Version
from aksrdma.kube.node_feature_rules import FeatureRule, rules_of
from aksrdma.kube.node_features import by_node
from aksrdma.labelling.report import LabelledNode, LabelledSize, LabelReport, LabelRule, labelled, nodes_nic

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document, Stream
    from aksrdma.validation import Manifests

__all__ = ["LabelReport", "LabelRule", "LabelledNode", "LabelledSize", "label"]

_FEATURES = "NodeFeature"
WITHOUT_INFINIBAND = "any size without InfiniBand"
"""What the row is called that stands for all of them."""


def label(
    source: Manifests | Sequence[Manifests] | None = None,
    *,
    cluster: Cluster | None = None,
    release: str | None = None,
    chart: bool = False,
    vm_sizes: Sequence[str] = (),
) -> LabelReport:
    """Say which VM sizes NodeFeatureRules label, and with what; or which nodes, where `source` has NodeFeature objects.

    Rules are judged as nfd-master of the release does, one after the other. What a VM size does not tell, such as the
    kernel of its nodes, is not guessed: the answer is then that it depends.

    Args:
        source: NodeFeatureRules, and NodeFeatures of a running cluster, as `kubectl get nodefeatures -A -o json` prints them: a
            Path (file or folder), YAML text, a mapping, a typed object, or a list of those. Without a NodeFeatureRule, the
            rule of the cluster is taken.
        cluster: the cluster whose rule is taken, and whose VM sizes are looked at; None: one without node pools.
        release: a Network Operator release, which says what its Node Feature Discovery knows; None: that of the cluster, or
            the one that the source names.
        chart: whether the rule that the operator's chart brings is there, beside those of the source.
        vm_sizes: the VM sizes to look at; empty: those of the cluster, or else all.

    Raises:
        UnknownNameError: a release or VM size that does not exist.
        ReadError: a file that cannot be read, or a source with neither NodeFeatureRules nor NodeFeatures.
        UsageError: a source of another type.
        PlanError: a cluster that cannot be.
    """
    notes: list[str] = []
    documents = _all_documents(
        source if isinstance(source, list | tuple) else [] if source is None else [source], notes
    )
    objects = [(one.data, one.file) for one in documents if one.kind in RULE_KINDS]
    features = [one.data for one in documents if one.kind == _FEATURES]
    if release is not None:
        release = catalog.release_name(release)
    elif cluster is None and objects:
        from aksrdma.validation.release import release_of

        release, told = release_of(documents, None)
        notes += [told] if told and any(_differs(rule) for data, _ in objects for rule in rules_of(data)) else []
    if not objects and not chart:
        found, release = _of_cluster(cluster, release)
        objects = [(found, "")]
    if chart:
        objects.append((catalog.chart_node_feature_rule(), ""))
    release = release or (cluster.release if cluster is not None else catalog.defaults().release)
    version = Version(
        comparisons=catalog.capability("nfd-comparisons").holds_in(release),
        functions=catalog.template_functions(release),
    )
    rules = tuple(_rules(objects))
    rows = [data for data, _ in objects]
    if features:
        nodes = tuple(
            LabelledNode(name=name, nic=nodes_nic(known), **labelled(rows, known, version))
            for name, known in by_node(features)
        )
        return LabelReport(release, rules, (), nodes, tuple(notes))
    sizes = tuple(_size(name, rows, version) for name in _asked(vm_sizes, cluster))
    return LabelReport(release, rules, sizes, (), tuple(notes))


def _all_documents(items: Sequence[Any], notes: list[str]) -> list[Document]:
    """Return the documents of all sources.

    Raises:
        ReadError: one that cannot be read, or neither rules nor features in any.
        UsageError: one of another type.
    """
    documents = [one for number, item in enumerate(items, 1) for one in _documents(item, number, notes)]
    kinds = {one.kind for one in documents}
    if items and kinds.isdisjoint({*RULE_KINDS, _FEATURES}):
        named = ", ".join(dict.fromkeys(str(item) for item in items if isinstance(item, Path))) or "the source"
        if KIND in kinds:
            raise UsageError(f"{named}: a cluster file is no NodeFeatureRule; give it as --cluster")
        raise ReadError(
            f"{named}: there is no NodeFeatureRule and no NodeFeature in it, so nothing to label with or to label"
        )
    return documents


def _documents(item: Any, number: int, notes: list[str]) -> Iterator[Document]:
    """Yield the documents of a source.

    Raises:
        ReadError: it cannot be read.
        UsageError: it is of another type.
    """
    from aksrdma.validation import stream_of
    from aksrdma.validation.sources import sources_of

    if not isinstance(item, Path):
        yield from _read(stream_of(item, number, "label"))
        return
    from aksrdma.documents import read_file

    for source in sources_of([str(item)]):
        for file in source.files:
            yield from _read(read_file(file))
        for folder in source.kustomizations:
            yield from _built(folder, notes)


def _built(folder: str, notes: list[str]) -> Iterator[Document]:
    from aksrdma.documents import read_file
    from aksrdma.validation.kustomizations import NAMES, KustomizeError, build
    from aksrdma.validation.sources import SUFFIXES

    try:
        stream = build(folder)
    except KustomizeError as error:
        raise ReadError(f"{folder}: kustomize cannot build this: {error}") from error
    if stream is not None:
        yield from _read(stream)
        return
    notes.append(f"neither kustomize nor kubectl is on PATH, so the files of {folder} are read as they are")
    for file in sorted(Path(folder).iterdir()):
        if file.suffix in SUFFIXES and file.name not in NAMES:
            yield from _read(read_file(str(file)))


def _read(stream: Stream) -> Iterator[Document]:
    # A template of Helm is no YAML before it is rendered; a folder with a chart in it can be read all the same.
    if stream.problems and not stream.is_template:
        raise ReadError("\n".join(stream.mistakes()))
    yield from stream.documents


def _of_cluster(cluster: Cluster | None, release: str | None) -> tuple[Mapping[str, Any], str]:
    """Return the rule of a cluster, the one that render makes or the chart's, and its release."""
    from dataclasses import replace

    from aksrdma.cluster import Cluster
    from aksrdma.plan import make_plan

    asked = cluster or Cluster()
    plan = make_plan(replace(asked, release=release) if release else asked)
    planned, name = plan.node_feature_rule, plan.decisions.release.name
    return (catalog.chart_node_feature_rule() if planned is None else planned.object.wire()), name


def _differs(rule: FeatureRule) -> bool:
    """Say whether a rule has what not every NFD knows alike."""
    newer = ("Ge", "GeLe", "Le")
    every = (one for term in rule.every_term for one in term.every_expression)
    return bool(rule.data.get("labelsTemplate") or rule.data.get("varsTemplate")) or any(
        one.type or one.operator in newer for one in every
    )


def _rules(objects: Sequence[tuple[Mapping[str, Any], str]]) -> Iterator[LabelRule]:
    named = [(str((data.get("metadata") or {}).get("name", "")), data, file) for data, file in objects]
    for name, data, file in sorted(named, key=lambda one: one[0]):
        for rule in rules_of(data):
            yield LabelRule.of(rule, name, file)


def _asked(vm_sizes: Sequence[str], cluster: Cluster | None) -> Iterator[str]:
    pools = cluster.node_pools if cluster is not None else ()
    names = list(vm_sizes) or [pool.vm_size for pool in pools]
    yield from dict.fromkeys(map(_size_name, names))
    if not names:
        yield from catalog.vm_sizes()
    if not vm_sizes:
        yield WITHOUT_INFINIBAND


def _size_name(name: str) -> str:
    """Return the canonical name of a VM size, with or without InfiniBand.

    Raises:
        UnknownNameError: nobody knows such a size.
    """
    try:
        return catalog.vm_size(name).name
    except UnknownNameError:
        without = catalog.not_infiniband(name)
        if without is None:
            raise
        return without.name if without.name.casefold().startswith("standard_") else f"Standard_{without.name}"


def _size(name: str, rules: Sequence[Any], version: Version) -> LabelledSize:
    row: VmSize | None = None
    if name != WITHOUT_INFINIBAND and catalog.not_infiniband(name) is None:
        row = catalog.vm_size(name)
    features = catalog.size_features(row) if row is not None else catalog.features_without_infiniband()
    nic = row.infiniband if row is not None else None
    return LabelledSize(
        name=name,
        state=row.state if row is not None else None,
        usable=row is not None and row.usable,
        nic=f"{nic.vendor_id}:{nic.device_id}" if nic is not None and nic.sriov and nic.device_id else None,
        nic_confidence=nic.confidence if nic is not None else None,
        **labelled(rules, features, version),
    )
