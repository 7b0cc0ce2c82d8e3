"""A set: the documents that go to one cluster, with what is known of that cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from aksrdma.kube.kinds import ANY_PODS, CHART_VALUES, POD_KINDS, kind_of
from aksrdma.kube.templates import PodTemplate, pod_templates

if TYPE_CHECKING:
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document
    from aksrdma.findings import Problem

_Fact = TypeVar("_Fact")


class ManifestSet:
    """The documents of one cluster.

    Args:
        documents: every document, in the order of the files.
        release: Network Operator release by whose schemas and rules the set is judged.
        admission_controller: whether the operator's webhook is on, so that what it refuses is an error.
        vm_sizes: VM sizes of the nodes, canonical names; empty where they are not known.
        nodes: number of nodes; None where it is not known.
        cluster: the cluster file of the set, if it has one.
        kubernetes: the version of Kubernetes that its own kinds are judged by, `v1.36`; None takes what any version does.
        unknown: objects of kinds without a schema; of them the pod templates are judged, and the rest may say what the
            others rely on.
        values: files of Helm values of a chart that is judged.
        release_given: whether the user named the release, so that it is certain without any object that tells it.
        partial: those of the objects that are patches: what one lacks, its base may have.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        *,
        release: str,
        admission_controller: bool = False,
        vm_sizes: tuple[str, ...] = (),
        nodes: int | None = None,
        cluster: Cluster | None = None,
        kubernetes: str | None = None,
        unknown: Sequence[Document] = (),
        values: Sequence[Document] = (),
        release_given: bool = False,
        partial: Collection[Document] = (),
    ) -> None:
        self.documents = tuple(documents)
        self.release = release
        self.admission_controller = admission_controller
        self.vm_sizes = vm_sizes
        self.nodes = nodes
        self.cluster = cluster
        self.kubernetes = kubernetes
        self.of_some_versions: list[tuple[Document, Problem]] = []
        """What not all versions of Kubernetes take, as the schemas found it; no mistake while no version is given."""
        self.unknown = tuple(unknown)
        self.values = tuple(values)
        self.release_given = release_given
        self.partial = frozenset(partial)
        self._derived: dict[Callable[[ManifestSet], Any], Any] = {}

    def derived(self, function: Callable[[ManifestSet], _Fact]) -> _Fact:
        """Return what a function says of this set; it is asked once, however many checks want to know.

        Args:
            function: Derives a fact from a set alone. A named function, which is its own key.
        """
        if function not in self._derived:
            self._derived[function] = function(self)
        fact: _Fact = self._derived[function]
        return fact

    def of(self, *kinds: str) -> list[Document]:
        """Return the documents of some kinds, in the order of the set."""
        if len(kinds) == 1:
            return list(self.by_kind.get(kinds[0], ()))
        return [document for document in self.documents if document.kind in kinds]

    @cached_property
    def by_kind(self) -> Mapping[str, list[Document]]:
        """Documents by kind."""
        return _by_kind(self.documents)

    @cached_property
    def unknown_by_kind(self) -> Mapping[str, list[Document]]:
        """Objects without a schema by kind."""
        return _by_kind(self.unknown)

    @cached_property
    def templates(self) -> Mapping[Document, tuple[PodTemplate, ...]]:
        """The pod templates of each object that has some, known or not, in the order of the set.

        What an object wraps is an object of the set by itself.
        """
        holders = [one for one in self.documents if one.kind in POD_KINDS]
        for one in self.unknown:
            row = kind_of(one.api_version, one.kind)
            if row is None or not row.wraps:
                holders.append(one)
        found = {one: tuple(pod_templates(one.data)) for one in holders}
        for one in self.partial & found.keys():
            found[one] = tuple(replace(template, complete=False) for template in found[one])
        return {document: templates for document, templates in found.items() if templates}

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of its objects, with `ANY_PODS` where one without a schema holds a pod template, and `CHART_VALUES`."""
        own = frozenset(self.by_kind) | self.unknown_kinds | ({CHART_VALUES} if self.values else set())
        return own | {ANY_PODS} if any(one in self.templates for one in self.unknown) else own

    @property
    def unknown_kinds(self) -> frozenset[str]:
        """Kinds of the objects without a schema."""
        return frozenset(self.unknown_by_kind)


def _by_kind(documents: Sequence[Document]) -> Mapping[str, list[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        found[document.kind].append(document)
    return found
