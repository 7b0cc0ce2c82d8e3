"""Finding the pod templates of any object, known or not, and how many pods each makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aksrdma.findings import FieldPath
from aksrdma.kube.kinds import EACH, Place, Whole, kind_of
from aksrdma.kube.values import mapping, step

_CARRIERS: Final = ("spec", "template")
"""Ends of the keys below which the kinds of others keep a bare pod spec: `podSpec`, `workerSpec`, `extraPodSpec`, ..."""


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """A pod template, or a Pod itself."""

    path: FieldPath
    """Where it stands in its object; empty for a Pod."""
    data: dict[str, Any]
    """The mapping with `metadata` and `spec`; of a bare pod spec one that holds it."""
    role: str = "pod"
    """What its pods are in their workload: `worker`, `launcher`, `head`, ...; `pod` where that is not known."""
    works: bool = True
    """Whether its pods do the work."""
    container: str | None = None
    """Name that the controller expects of the container that matters."""
    place: Place | None = None
    """Its place in the table of kinds; None where it was found by its looks alone."""
    bare: bool = False
    """Whether `path` is that of the spec, with no template around it."""

    @property
    def spec(self) -> dict[str, Any]:
        """The pod spec."""
        return mapping(self.data.get("spec"))

    @property
    def spec_path(self) -> FieldPath:
        """Where the pod spec stands."""
        return self.path if self.bare else (*self.path, "spec")

    @property
    def labels(self) -> dict[str, Any]:
        """Labels of its pods."""
        return mapping(mapping(self.data.get("metadata")).get("labels"))

    @property
    def annotations(self) -> dict[str, Any]:
        """Annotations of its pods."""
        return mapping(mapping(self.data.get("metadata")).get("annotations"))


def pod_templates(data: Any) -> Iterator[PodTemplate]:
    """Yield the pod templates of an object, none for one that makes no pods.

    Those of a kind in the table stand where the table says; in any other object a template is a mapping whose `spec`
    has `containers`, or a bare spec with `containers` below a key that ends as those do by which others name it.
    """
    if not isinstance(data, dict):
        return
    row = kind_of(data.get("apiVersion"), data.get("kind"))
    if row is None:
        yield from _by_looks(data)
        return
    for place in row.places:
        for path, template in _expand(data, place.path, ()):
            works = place.works if isinstance(place.works, bool) else place.works(data, path)
            role = str(path[-2]).lower() if place.role == EACH else place.role
            yield PodTemplate(path, template, role, works, place.container, place)


def pod_count(
    data: Mapping[str, Any], template: PodTemplate, nodes: int | None, whole: Whole | None = None
) -> int | None:
    """Return how many pods of a template run at once, over all groups, or None where that cannot be told.

    Args:
        data: The workload, or the Pod itself.
        template: One of its pod templates.
        nodes: Number of nodes, which is what a DaemonSet makes; None where it is not known.
        whole: Reads the numbers; one that is no number of pods counts as absent unless told.
    """
    place, row = template.place, kind_of(data.get("apiVersion"), data.get("kind"))
    if place is None or row is None:
        return None
    if place.count is None:
        return nodes
    read = whole or whole_numbers(data)
    return place.count(read, data, template.path) * (read(row.groups, 1) if row.groups else 1)


def whole_numbers(data: Mapping[str, Any]) -> Whole:
    """Return a reader of whole numbers for which a value that is none is not there."""

    def read(path: FieldPath, default: int) -> int:
        value = step(data, path)
        return value if type(value) is int and value >= 0 else default

    return read


def _expand(data: Any, steps: tuple[str, ...], path: FieldPath) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    if not steps:
        if isinstance(data, dict):
            yield path, data
    elif steps[0] == EACH:
        for key, item in data.items() if isinstance(data, dict) else enumerate(data if isinstance(data, list) else ()):
            yield from _expand(item, steps[1:], (*path, key))
    elif isinstance(data, dict) and steps[0] in data:
        yield from _expand(data[steps[0]], steps[1:], (*path, steps[0]))


def _by_looks(data: dict[str, Any]) -> Iterator[PodTemplate]:
    # A stack of its own: the object may be nested deeper than Python recurses.
    waiting: list[tuple[FieldPath, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in reversed(list(enumerate(value))))
            continue
        if not isinstance(value, dict):
            continue
        if path and _has_containers(value.get("spec")):
            yield PodTemplate(path, value)
            continue
        if path and str(path[-1]).lower().endswith(_CARRIERS) and _has_containers(value):
            yield PodTemplate(path, {"spec": value}, bare=True)
            continue
        # What a status tells of pods is no wish for any.
        waiting.extend(((*path, key), item) for key, item in reversed(value.items()) if path or key != "status")


def _has_containers(spec: Any) -> bool:
    containers = spec.get("containers") if isinstance(spec, dict) else None
    return isinstance(containers, list) and any(isinstance(one, dict) for one in containers)
