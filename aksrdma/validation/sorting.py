"""What the documents of a set are: manifests, cluster files, patches, kinds that no schema knows, templates, and the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aksrdma.cluster import KIND as CLUSTER_FILE
from aksrdma.documents.templating import MARKS, language_of
from aksrdma.findings import Problem
from aksrdma.kube.kinds import GPU_KINDS, HELM_KINDS, JUDGED, POLICY_KINDS, WORKLOADS, kind_of
from aksrdma.kube.templates import pod_templates, wrapped_objects
from aksrdma.validation.patches import is_patch, on_least_base
from aksrdma.validation.report import Note

if TYPE_CHECKING:
    from aksrdma.documents import Document
    from aksrdma.schemas.store import Kind

_NOT_DEPLOYED: Final = "kustomize.config.k8s.io/"
"""Kustomizations are read by kustomize alone."""


@dataclass(slots=True)
class Sorted:
    """The documents of a set by what can be done with them."""

    manifests: list[Document] = field(default_factory=list)
    clusters: list[Document] = field(default_factory=list)
    unknown: list[Document] = field(default_factory=list)
    """Objects of kinds without a schema."""
    by_pods: frozenset[Document] = frozenset()
    """Those of them that hold a pod template, and so are judged by their pods alone, or by the one thing that a rule knows."""
    foreign: dict[Document, Callable[[Any], list[Problem]]] = field(default_factory=dict)
    """Objects of kinds that only a schema of the user's knows, with what judges them by it."""
    kindless: list[Document] = field(default_factory=list)
    """Objects with apiVersion and metadata whose kind is missing."""
    unversioned: list[Document] = field(default_factory=list)
    """Those of the manifests whose apiVersion is missing; the others judge them as if it were there."""
    patches: dict[Document, Document] = field(default_factory=dict)
    """Those of the objects to judge that are patches for kustomize, on the least base of each; with what was written."""
    values: list[Document] = field(default_factory=list)
    """Files of Helm values of a chart that is judged."""
    templates: list[Document] = field(default_factory=list)
    """Documents that a template's program has still to fill."""
    kustomizations: list[Document] = field(default_factory=list)
    """What kustomize alone reads."""
    others: list[Document] = field(default_factory=list)
    """Any other document without apiVersion and kind."""

    @property
    def skipped(self) -> int:
        """How many documents are no manifest, and so were not judged."""
        return len(self.templates) + len(self.kustomizations) + len(self.others)

    def kinds(self, *, by_pods: bool) -> tuple[tuple[str, int], ...]:
        """Return the kinds without a schema with the number of their objects.

        Args:
            by_pods: whether of the objects that are judged by their pods alone, or of those that are not judged at all.
        """
        found = (one for one in self.unknown if (one in self.by_pods) is by_pods)
        return tuple(sorted(Counter(map(_kind_of, found)).items()))

    def problems(self, *, strict: bool) -> Iterator[Problem]:
        """Yield what can be told of a document without a schema, and what the user's own schemas tell.

        Args:
            strict: whether a document that cannot be judged is a problem.
        """
        for document in self.kindless:
            fix = "add kind: the API server cannot tell what this is"
            yield Problem("missing-field", ("kind",), "kind is missing", fix, document=document)
        for document in self.unversioned:
            fix = f"add apiVersion: {document.api_version}"
            yield Problem("missing-field", ("apiVersion",), "apiVersion is missing", fix, document=document)
        for document in self.unknown:
            yield from misspelt(document)
        for document, judge in self.foreign.items():
            yield from (problem._replace(document=document) for problem in judge(document.data))
        if strict:
            for document in self.others:
                message = "the document has neither apiVersion nor kind"
                yield Problem("not-a-manifest", (), message, document=document)
            for document in self.templates:
                yield not_filled(document, template_of(document))
            for document in self.unknown:
                if document in self.by_pods:
                    continue
                message = f"there is no schema of {_kind_of(document)}, so it was not judged"
                yield Problem("unknown-kind", ("kind",), message, document=document)

    def notes(self) -> Iterator[Note]:
        """Yield a note for each kind that is judged in part, one for each patch, and one for each template."""
        without_pods = {_kind_of(one): _judged_by(one) for one in self.by_pods if not _has_pods(one)}
        for kind, count in self.kinds(by_pods=True):
            objects = f"{count} objects are each" if count > 1 else "1 object is"
            alone = f"there is no schema of {kind}: {objects} judged by {without_pods.get(kind, 'its pods')} alone"
            yield Note("", alone)
        for document in sorted(self.patches, key=lambda one: (one.file, one.index)):
            what = f"{document.label} is a patch: what it leaves out was not judged (validate its build)"
            yield Note(document.file, what)
        for document in self.templates:
            yield skipped_template(document.file, template_of(document))


def not_filled(document: Document, language: str) -> Problem:
    """Return the problem of a document that is a template, for who wants manifests alone."""
    message = f"a template ({language}), which is no manifest before it is filled"
    return Problem("not-a-manifest", (), message, "validate what it makes", document=document)


def skipped_template(file: str, language: str) -> Note:
    """Return the note on a file that is a template."""
    return Note(file, f"skipped as a template ({language}): validate what it makes")


def _has_pods(document: Document) -> bool:
    return any(True for _ in pod_templates(document.data))


def _judged_by(document: Document) -> str:
    if document.kind in HELM_KINDS and not _values_in(document):
        return ""
    row = kind_of(document.api_version, document.kind)
    return row.judged_by if row is not None else ""


def _values_in(document: Document) -> bool:
    """Say whether a document holds Helm values of a chart that is judged."""
    if not isinstance(document.data, dict):
        return False
    from aksrdma.checks.relation.helm_values import values_in  # few sets have such values

    return bool(values_in(document))


def _kind_of(document: Document) -> str:
    return f"{document.api_version} {document.kind}".strip()


def sort_out(
    documents: Sequence[Document],
    schema_locations: tuple[str, ...] = (),
    kubernetes: str | None = None,
    patches: Collection[Document] = (),
) -> Sorted:
    """Sort the documents of a set.

    Args:
        documents: what the files hold.
        schema_locations: where schemas of the user's are.
        kubernetes: the version of Kubernetes that these may name.
        patches: those of the documents that somebody has said are patches.

    Raises:
        ReadError: a schema of the user's cannot be used.
    """
    found = Sorted()
    for document in _with_wrapped(documents):
        place = _place(document, found)
        if place is found.manifests and document.data.get("apiVersion") in (None, ""):
            versions = {known.api_version for known in _kinds() if known.kind == document.kind}
            if len(versions) == 1:
                document = document.part((), {**document.data, "apiVersion": versions.pop()})
                found.unversioned.append(document)
        place.append(document)
    if schema_locations and found.unknown:
        from aksrdma.schemas.judge.foreign import locations_of  # with it comes jsonschema

        locations = locations_of(schema_locations, kubernetes)
        for document in found.unknown:
            if judge := locations.judge_of(document.api_version, document.kind):
                found.foreign[document] = judge
        found.unknown = [one for one in found.unknown if one not in found.foreign]
    found.by_pods = frozenset(one for one in found.unknown if _judged_by(one) or _has_pods(one))
    judged = (*found.manifests, *found.foreign, *found.by_pods)
    partial = {one for one in judged if one in patches or (one not in found.unversioned and is_patch(one))}
    if partial:
        based = {one: on_least_base(one) for one in (*found.manifests, *found.by_pods) if one in partial}
        found.manifests = [based.get(one, one) for one in found.manifests]
        found.unknown = [based.get(one, one) for one in found.unknown]
        found.by_pods = frozenset(based.get(one, one) for one in found.by_pods)
        found.patches = {based.get(one, one): one for one in partial}
    return found


def _with_wrapped(documents: Sequence[Document]) -> Iterator[Document]:
    """Yield the documents, and behind one that wraps whole objects each of these, which is judged by its own kind."""
    for document in documents:
        yield document
        for path, data in wrapped_objects(document.data):
            yield document.part(path, data)


def _place(document: Document, found: Sorted) -> list[Document]:
    if document.kind == CLUSTER_FILE:
        return found.clusters
    if document.api_version.startswith(_NOT_DEPLOYED):
        return found.kustomizations
    if not document.kind:
        is_object = document.api_version and isinstance(document.data.get("metadata"), dict)
        if is_object:
            return found.kindless
        return found.values if not document.api_version and _values_in(document) else found.others
    if template_of(document):
        return found.templates
    return found.manifests if is_known(document.api_version, document.kind) else found.unknown


def depends_on_release(document: Document) -> bool:
    """Return whether the release decides how an object is judged: it is of the operator or of what that brings."""
    row = kind_of(document.api_version, document.kind)
    return row is not None and not row.builtin and row.kind not in WORKLOADS | GPU_KINDS


def is_known(api_version: str, kind: str) -> bool:
    """Return whether a kind is one of ours to judge, in whatever version: not another project's of the same name."""
    if kind not in JUDGED or "." not in api_version.rpartition("/")[0]:
        return kind in JUDGED
    row = kind_of(api_version, kind)
    return row is not None and row.has_schema


_FREE_TEXT: Final = frozenset(
    {
        *("command", "args", "env", "annotations", "data", "stringData", "binaryData"),
        *("labelsTemplate", "varsTemplate", "featureTemplate"),
    }
)
"""Fields whose text is a shell's, a program's or Node Feature Discovery's own, where such signs are no placeholders."""


def template_of(document: Document) -> str:
    """Return whose template a document is: a value outside of free text is one that envsubst, Helm or the like has to fill.

    Empty where it is none. The kinds of Argo have parameters that look the same.
    """
    if not any(document.mentions(mark) for mark in MARKS):
        return ""
    row = kind_of(document.api_version, document.kind)
    if row is not None and row.own_tags:
        return ""
    return next(filter(None, map(language_of, _texts(document.data))), "")


def _texts(value: Any) -> Iterator[str]:
    """Yield every key and string below a value, less those of free text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in _FREE_TEXT:
                yield key
                yield from _texts(part)


_ALIKE: Final = 0.9
_LISTED: Final = 6
"""Kinds of a group that a message lists at most."""
_OURS_ALONE: Final = frozenset({*POLICY_KINDS, "IPoIBNetwork"})
"""Kinds that no other project has."""


def misspelt(document: Document) -> Iterator[Problem]:
    """Yield why the API server has no kind of this name in this group, where the one that is meant is plain."""
    from aksrdma.kube.api_groups import kinds_of, may_be_of, never_served  # only kinds without a schema need it

    rule, group, kind = "unknown-api-version", document.api_version.rpartition("/")[0], document.kind
    if (problem := never_served(document.api_version, kind)) is not None:
        yield problem._replace(document=document)
        return
    whole = kinds_of(group) if document.api_version else ()
    for known in _kinds():
        if group == known.group and kind != known.kind and _alike(kind, known.kind):
            message = f"no kind {kind} in {document.api_version}; did you mean {known.kind}?"
            yield Problem(rule, ("kind",), message, f"write {known.kind}", document=document)
            return
        if kind == known.kind and group != known.group and (kind in _OURS_ALONE or whole or _alike(group, known.group)):
            message = f"no kind {kind} in {document.api_version}; did you mean {known.api_version}?"
            yield Problem(rule, ("apiVersion",), message, f"write {known.api_version}", document=document)
            return
    if whole and not may_be_of(group, kind):
        has = f", which has {', '.join(whole)}" if len(whole) <= _LISTED else ""
        message = f"no kind {kind} in {document.api_version}{has}"
        fix = "write a kind of this group, or the apiVersion that the kind belongs to"
        yield Problem(rule, ("kind",), message, fix, document=document)


def _alike(written: str, known: str) -> bool:
    from difflib import SequenceMatcher  # only kinds that nobody knows need it

    if _singular(written.casefold()) == _singular(known.casefold()):
        return True
    # Between short names one letter may make another kind of the same group.
    return abs(len(written) - len(known)) < 3 and SequenceMatcher(None, written, known).ratio() >= _ALIKE


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def _kinds() -> tuple[Kind, ...]:
    """Return every kind that some folder of schemas has, and those of other projects without a schema."""
    from aksrdma.kube.api_groups import known_kinds
    from aksrdma.schemas import store

    served = (known for name in store.folders() for known in store.kinds(name))
    return tuple(dict.fromkeys((*served, *(store.Kind(*one) for one in known_kinds()))))
