"""Finding the pod templates of any object, known or not, and how many pods each makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aksrdma.findings import FieldPath
from aksrdma.kube.kinds import EACH, Kind, Place, Whole, kind_of
from aksrdma.kube.shapes import Moves, moved_path, store
from aksrdma.kube.values import mapping, step

_CARRIERS: Final = ("spec", "template")
"""Ends of the keys below which the kinds of others keep a bare pod spec: `podSpec`, `workerSpec`, `extraPodSpec`, ..."""


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """A pod template, or a Pod itself."""

    path: FieldPath
    """Where it stands in its object; empty for a Pod."""
    data: dict[str, Any]
    """The mapping with `metadata` and `spec`, as the kind's controller makes it where the kind has no such mapping."""
    role: str = "pod"
    """What its pods are in their workload: `worker`, `launcher`, `head`, ...; `pod` where that is not known."""
    works: bool = True
    """Whether its pods do the work."""
    container: str | None = None
    """Name that the controller expects of the container that matters."""
    place: Place | None = None
    """Its place in the table of kinds; None where it was found by its looks alone."""
    moved: Moves = field(default_factory=dict)
    """By steps inside `data`: where that part stands in the object, unless it is below `path`."""
    complete: bool = True
    """Whether it is all of the pod: nothing is merged into it that is not in the object, and no patch changes it."""
    devices_known: bool = True
    """Whether it has all devices that the pod asks for, whatever else is merged into it."""
    owner: FieldPath = ()
    """Where the object stands that makes the pods, which another one may wrap."""
    holder: FieldPath = ()
    """Where the mapping stands that it was read of."""

    @property
    def spec(self) -> dict[str, Any]:
        """The pod spec."""
        return mapping(self.data.get("spec"))

    @property
    def spec_path(self) -> FieldPath:
        """Where the pod spec stands."""
        return self.real((*self.path, "spec"))

    @property
    def labels(self) -> dict[str, Any]:
        """Labels of its pods."""
        return mapping(mapping(self.data.get("metadata")).get("labels"))

    @property
    def annotations(self) -> dict[str, Any]:
        """Annotations of its pods."""
        return mapping(mapping(self.data.get("metadata")).get("annotations"))

    def real(self, path: FieldPath) -> FieldPath:
        """Return where something stands in the object that `data` has at a path below `path`."""
        depth = len(self.path)
        inside = path[:depth] == self.path
        return (moved_path(self.moved, path[depth:]) if inside and self.moved else None) or path

    def store(self, data: dict[str, Any]) -> frozenset[str]:
        """Write what was added to `data` of the template into its object; most templates are a part of theirs.

        Returns:
            The fields of the pod spec for which the kind has no place.
        """
        shape = self.place.shape if self.place is not None else None
        if shape is None:
            return frozenset()
        store(shape, data, self.holder, self.data)
        return shape.refuses


def pod_templates(data: Any) -> Iterator[PodTemplate]:
    """Yield the pod templates of an object, none for one that makes no pods.

    Those of a kind in the table stand where the table says; in any other object, and elsewhere in one of which there is
    no schema, a template is a mapping whose `spec` has `containers`, or a bare spec with `containers` below a key that
    ends as those do by which others name it.
    """
    if not isinstance(data, dict):
        return
    row = kind_of(data.get("apiVersion"), data.get("kind"))
    if row is None:
        yield from _by_looks(data, ())
        return
    found = list(_in_places(data, row, ()))
    yield from found
    if not (row.has_schema or row.builtin or row.wraps):
        # What of its kind the table does not know, such as a part that a later release has.
        yield from _by_looks(data, (), frozenset(one.path for one in found))
    for owner, wrapped in wrapped_objects(data):
        inner = kind_of(wrapped.get("apiVersion"), wrapped.get("kind"))
        yield from _by_looks(wrapped, owner) if inner is None else _in_places(wrapped, inner, owner)


def wrapped_objects(data: Any) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield the whole objects that an object wraps, as an AppWrapper does, with their paths."""
    row = kind_of(data.get("apiVersion"), data.get("kind")) if isinstance(data, dict) else None
    if row is not None and row.wraps:
        yield from _expand(data, row.wraps, ())


def _in_places(data: dict[str, Any], row: Kind, owner: FieldPath) -> Iterator[PodTemplate]:
    """Yield the templates of an object of a known kind, which stands at `owner` of another."""
    for place in row.places:
        for path, found in _expand(data, place.path, ()):
            made = place.shape.read(data, path, found) if place.shape else None
            if place.shape is not None and made is None:
                continue
            base, template = (path, found) if made is None else (made.path, made.data)
            patched = _patched(data, place, path)
            complete = (made is None or made.complete) and not patched
            own_devices = place.own_devices is not None and place.own_devices(data, base)
            yield PodTemplate(
                (*owner, *base),
                template,
                _role(data, place, path),
                place.works if isinstance(place.works, bool) else place.works(data, base),
                place.container,
                place,
                {inside: (*owner, *real) for inside, real in made.moved.items()} if made else {},
                complete,
                complete or (own_devices and not patched),
                owner,
                (*owner, *path),
            )


def _role(data: Mapping[str, Any], place: Place, path: FieldPath) -> str:
    if place.role != EACH:
        return place.role
    depth = len(place.path) - place.path[::-1].index(EACH)  # the path has a step for each of the place's
    key = path[depth - 1]
    name = step(data, (*path[:depth], "name")) if isinstance(key, int) else key
    return name.lower() if isinstance(name, str) and name else "pod"


def _patched(data: Mapping[str, Any], place: Place, path: FieldPath) -> bool:
    """Whether the item of the template, or a mapping in it, has a patch for it."""
    above = [mapping(step(data, path[:length])) for length in range(len(path))] if place.patches else []
    below = [mapping(value) for one in above[-2:] for value in one.values()]
    return any(one.get(key) for one in (*above, *below) for key in place.patches)


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
    maker = step(data, template.owner)
    row = kind_of(step(maker, ("apiVersion",)), step(maker, ("kind",)))
    count = pods_of_group(data, template, whole)
    if count is None or row is None or not row.groups:
        return nodes if count is None and template.place is not None else count
    return count * (whole or whole_numbers(data))((*template.owner, *row.groups), 1)


def pods_of_group(data: Mapping[str, Any], template: PodTemplate, whole: Whole | None = None) -> int | None:
    """Return how many pods of a template one group has; None for one a node, or where that cannot be told."""
    if template.place is None or template.place.count is None:
        return None
    depth, read = len(template.owner), whole or whole_numbers(data)

    def below(path: FieldPath, default: int) -> int:
        return read((*template.owner, *path), default)

    return template.place.count(below, mapping(step(data, template.owner)), template.path[depth:])


def is_one_a_node(data: Mapping[str, Any]) -> bool:
    """Say whether an object makes one pod on each node that takes it, as a DaemonSet does."""
    places = [one for one in pod_templates(data) if one.place is not None]
    return bool(places) and all(pods_of_group(data, one) is None for one in places)


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


def _by_looks(
    data: dict[str, Any], owner: FieldPath, known: frozenset[FieldPath] = frozenset()
) -> Iterator[PodTemplate]:
    # A stack of its own: the object may be nested deeper than Python recurses.
    waiting: list[tuple[FieldPath, Any]] = [(owner, data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in reversed(list(enumerate(value))))
            continue
        if not isinstance(value, dict) or path in known:
            continue
        inside = len(path) > len(owner)
        if inside and _has_containers(value.get("spec")):
            yield PodTemplate(path, value, owner=owner, holder=path)
            continue
        if inside and str(path[-1]).lower().endswith(_CARRIERS) and _has_containers(value):
            yield PodTemplate(path, {"spec": value}, moved={("spec",): path}, owner=owner, holder=path)
            continue
        # What a status tells of pods is no wish for any.
        waiting.extend(((*path, key), item) for key, item in reversed(value.items()) if inside or key != "status")


def _has_containers(spec: Any) -> bool:
    containers = spec.get("containers") if isinstance(spec, dict) else None
    return isinstance(containers, list) and any(isinstance(one, dict) for one in containers)
