"""What the documents of a set are: manifests that can be judged, cluster files, kinds that nobody knows, and the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aksrdma.findings import Problem
from aksrdma.kube.kinds import JUDGED, kind_of
from aksrdma.validation.cluster_file import is_cluster_file
from aksrdma.validation.fragments import is_fragment
from aksrdma.validation.misspelt_kinds import misspelt
from aksrdma.validation.placeholders import is_template

if TYPE_CHECKING:
    from aksrdma.documents import Document

_NOT_DEPLOYED: Final = "kustomize.config.k8s.io/"
"""Kustomizations are read by kustomize alone."""


@dataclass(slots=True)
class Sorted:
    """The documents of a set by what can be done with them."""

    manifests: list[Document] = field(default_factory=list)
    clusters: list[Document] = field(default_factory=list)
    unknown: list[Document] = field(default_factory=list)
    """Objects of kinds without a schema."""
    foreign: dict[Document, Callable[[Any], list[Problem]]] = field(default_factory=dict)
    """Objects of kinds that only a schema of the user's knows, with what judges them by it."""
    kindless: list[Document] = field(default_factory=list)
    """Objects with apiVersion and metadata whose kind is missing."""
    unversioned: list[Document] = field(default_factory=list)
    """Those of the manifests whose apiVersion is missing; the others judge them as if it were there."""
    fragments: frozenset[Document] = frozenset()
    """Those of the objects to judge that are patches for kustomize."""
    others: list[Document] = field(default_factory=list)
    """Documents without apiVersion and kind, templates, and files of Helm and kustomize."""

    def unknown_kinds(self) -> tuple[tuple[str, int], ...]:
        """Return the kinds without a schema, with the number of their objects."""
        return tuple(sorted(Counter(f"{one.api_version} {one.kind}".strip() for one in self.unknown).items()))

    def problems(self) -> Iterator[Problem]:
        """Yield a problem for each object without a kind or without an apiVersion."""
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

    def notes(self) -> Iterator[str]:
        """Yield a note for each patch."""
        for document in sorted(self.fragments, key=lambda one: (one.file, one.index)):
            yield f"{document.file}: {document.label} is a patch: what it leaves out was not judged (validate its build)"

    def strict_problems(self) -> Iterator[Problem]:
        """Yield a problem for each document that cannot be judged."""
        for document in self.others:
            yield Problem("not-a-manifest", (), "the document has neither apiVersion nor kind", document=document)
        for document in self.unknown:
            kind = f"{document.api_version} {document.kind}".strip()
            yield Problem(
                "unknown-kind", ("kind",), f"there is no schema of {kind}, so it was not judged", document=document
            )


def sort_out(documents: Sequence[Document], schema_locations: tuple[str, ...] = ()) -> Sorted:
    """Sort the documents of a set.

    Raises:
        ReadError: a schema of the user's cannot be used.
    """
    found = Sorted()
    for document in documents:
        _sort(document, found)
    if schema_locations and found.unknown:
        from aksrdma.schemas.judge.foreign import locations_of  # with it comes jsonschema

        locations = locations_of(schema_locations)
        for document in found.unknown:
            if judge := locations.judge_of(document.api_version, document.kind):
                found.foreign[document] = judge
        found.unknown = [one for one in found.unknown if one not in found.foreign]
    whole = (*found.manifests, *found.foreign)
    found.fragments = frozenset(one for one in whole if one not in found.unversioned and is_fragment(one))
    return found


def _sort(document: Document, found: Sorted) -> None:
    place = _place(document, found)
    if place is found.manifests and (assumed := _assumed_version(document)):
        document = document.part((), {"apiVersion": assumed, **document.data})
        found.unversioned.append(document)
    place.append(document)


def _assumed_version(document: Document) -> str | None:
    """Return the one apiVersion that an object without any can mean."""
    if document.data.get("apiVersion") not in (None, ""):
        return None
    from aksrdma.schemas.store import folders, kinds

    versions = {row.api_version for name in folders() for row in kinds(name) if row.kind == document.kind}
    return versions.pop() if len(versions) == 1 else None


def _place(document: Document, found: Sorted) -> list[Document]:
    if is_cluster_file(document):
        return found.clusters
    if not document.kind:
        return found.kindless if _is_object(document) else found.others
    if document.api_version.startswith(_NOT_DEPLOYED) or is_template(document):
        return found.others
    return found.manifests if is_known(document.api_version, document.kind) else found.unknown


def _is_object(document: Document) -> bool:
    return bool(document.api_version) and isinstance(document.data.get("metadata"), dict)


def is_known(api_version: str, kind: str) -> bool:
    """Return whether a kind is one of ours to judge, in whatever version: not another project's of the same name."""
    if kind not in JUDGED or "." not in api_version.rpartition("/")[0]:
        return kind in JUDGED
    row = kind_of(api_version, kind)
    return row is not None and row.has_schema
