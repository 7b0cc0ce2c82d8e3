"""Changes of one object: mappings that are written to, what contradicts them, and the additions that come of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from aksrdma.errors import AksrdmaError
from aksrdma.findings import FieldPath, Problem

CONFLICT: Final = "inject-conflict"
"""Stands for a rule: a workload contradicts what RDMA needs."""
APPEND: Final = "-"
"""Last step of a path: behind the last item of the list."""


class _Removed:
    """Stands for the value of what is taken out."""


REMOVED: Final = _Removed()


@dataclass(frozen=True, slots=True)
class Edit:
    """One addition or removal, with the meaning of `add` and `remove` in JSON Patch (RFC 6902)."""

    path: FieldPath
    """The parent exists; the last step is a new key, one whose value is replaced, or `APPEND`."""
    value: Any
    """`REMOVED` where the key or item is taken out."""

    @property
    def removes(self) -> bool:
        """Whether something is taken out."""
        return self.value is REMOVED

    @property
    def operation(self) -> dict[str, Any]:
        """The edit as an operation of a JSON Patch."""
        if self.removes:
            return {"op": "remove", "path": pointer(self.path)}
        return {"op": "add", "path": pointer(self.path), "value": self.value}


def pointer(path: FieldPath) -> str:
    """Write a path as a JSON Pointer (RFC 6901).

    >>> pointer(("metadata", "annotations", "k8s.v1.cni.cncf.io/networks"))
    '/metadata/annotations/k8s.v1.cni.cncf.io~1networks'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def between(before: Any, after: Any, path: FieldPath = ()) -> Iterator[Edit]:
    """Yield the edits that turn `before` into `after`, which has all of it: keys and items are only added.

    Args:
        before: plain data.
        after: the same with more keys, more items at the end of lists, or other scalars.
        path: where both stand.
    """
    if isinstance(before, dict) and isinstance(after, dict) and before:
        for key, value in after.items():
            if key in before:
                yield from between(before[key], value, (*path, key))
            else:
                yield Edit((*path, key), value)
    elif isinstance(before, list) and isinstance(after, list) and before:
        for index, item in enumerate(before):
            yield from between(item, after[index], (*path, index))
        for item in after[len(before) :]:
            yield Edit((*path, APPEND), item)
    elif before != after:
        yield Edit(path, after)


def apply(edits: Sequence[Edit], data: Any) -> Any:
    """Return a copy of plain data with the edits made."""
    result = unshared(data)
    for edit in edits:
        parent = result
        for step in edit.path[:-1]:
            parent = parent[step]
        if edit.removes:
            del parent[edit.path[-1]]
        elif edit.path[-1] == APPEND and isinstance(parent, list):
            parent.append(unshared(edit.value))
        else:
            parent[edit.path[-1]] = unshared(edit.value)
    return result


def unshared(data: Any) -> Any:
    """Return a deep copy in which no two places share a value, as they do where a file uses anchors."""
    if isinstance(data, dict):
        return {key: unshared(value) for key, value in data.items()}
    return [unshared(item) for item in data] if isinstance(data, list | tuple) else data


class Cursor:
    """A mapping inside an object.

    Args:
        data: the mapping itself, which writing changes.
        path: where it stands in the object.
    """

    __slots__ = ("data", "path")

    def __init__(self, data: dict[str, Any], path: FieldPath = ()) -> None:
        self.data = data
        self.path = path

    def at(self, *path: str) -> Any:
        """Return the value at a path below, or None where there is none."""
        value: Any = self.data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def mapping(self, *path: str) -> Cursor:
        """Return the mapping at a path below, which is made where it is missing or null.

        Raises:
            MalformedError: another value stands there.
        """
        here = self
        for key in path:
            value = here.data.get(key)
            if value is None:
                value = here.data[key] = {}
            if not isinstance(value, dict):
                raise MalformedError((*here.path, key), "a mapping")
            here = Cursor(value, (*here.path, key))
        return here

    @contextmanager
    def filling(self, key: str) -> Iterator[Cursor]:
        """Give the mapping under a key to whoever fills it; where it stays empty, what was there before is kept.

        Raises:
            MalformedError: another value stands there.
        """
        given = dict(self.data)
        inner = self.mapping(key)
        yield inner
        if not inner.data:
            del self.data[key]
            self.data.update({key: given[key]} if key in given else {})

    def items(self, key: str) -> list[Cursor]:
        """Return the items of the list under a key; empty where there is none.

        Raises:
            MalformedError: no list stands there, or an item is no mapping.
        """
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise MalformedError((*self.path, key), "a list")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise MalformedError((*self.path, key, index), "a mapping")
        return [Cursor(item, (*self.path, key, index)) for index, item in enumerate(value)]

    def append(self, key: str, item: Any) -> None:
        """Put an item behind the list under a key, which is made where it is missing or null.

        Raises:
            MalformedError: no list stands there.
        """
        if self.data.get(key) is None:
            self.data[key] = []
        if not isinstance(self.data[key], list):
            raise MalformedError((*self.path, key), "a list")
        self.data[key].append(item)


@dataclass(frozen=True, slots=True)
class Added:
    """One thing that a pod template got, and why."""

    what: str
    why: str
    container: str = ""
    """The container that got it; empty for what is the pod's."""


@dataclass(slots=True)
class Planned:
    """What became of one pod template."""

    path: FieldPath
    """Where it stands in its object."""
    role: str
    """What its pods are in their workload."""
    containers: tuple[str, ...] = ()
    """Names of those that work."""
    added: list[Added] = field(default_factory=list)
    left: str = ""
    """Why it got nothing; empty where it got something, or has all that it needs."""
    lacks: bool = False
    """Whether it asks for GPUs and yet stays without RDMA."""
    part: bool = False
    """Whether it has a part of its node's GPUs, and NICs of its own, of which it cannot be said which."""


class Note(NamedTuple):
    """What the user should know of one object."""

    path: FieldPath
    """Where it stands, as the object was."""
    text: str


@dataclass(slots=True)
class Report:
    """Collects what one object gets, and its conflicts and notes."""

    conflicts: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    plans: list[Planned] = field(default_factory=list)

    def begin(self, path: FieldPath, role: str, *, left: str = "", lacks: bool = False) -> Planned:
        """Begin the plan of a pod template, to which `added` adds."""
        self.plans.append(Planned(path, role, left=left, lacks=lacks))
        return self.plans[-1]

    def added(self, what: str, why: str, container: Any = "") -> None:
        """Add to the plan what the template at hand gets."""
        self.plans[-1].added.append(Added(what, why, str(container or "")))

    def conflict(self, path: FieldPath, message: str, fix: str) -> None:
        """Add a conflict."""
        self.conflicts.append(Problem(CONFLICT, path, message, fix))

    def note(self, path: FieldPath, text: str) -> None:
        """Add a note, once."""
        if not any(one.text == text for one in self.notes):
            self.notes.append(Note(path, text))


class InjectionError(AksrdmaError):
    """A workload that contradicts what RDMA needs; `conflicts` holds one a place."""

    exit_code = 1

    def __init__(self, conflicts: list[Problem]) -> None:
        super().__init__("\n".join(map(str, conflicts)))
        self.conflicts = conflicts


class MalformedError(Exception):
    """A value of a type that Kubernetes does not take there; it ends the work on one pod template."""

    def __init__(self, path: FieldPath, wanted: str) -> None:
        super().__init__(path, wanted)
        self.path = path
        self.wanted = wanted
