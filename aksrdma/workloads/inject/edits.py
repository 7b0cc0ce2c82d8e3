"""What an injection changes, as a list of additions: the one form that plain data, YAML text and a patch are made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aksrdma.findings import FieldPath

APPEND: Final = "-"
"""Last step of a path: behind the last item of the list."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One addition, with the meaning of `add` in JSON Patch (RFC 6902)."""

    path: FieldPath
    """The parent exists; the last step is a new key, one whose value is replaced, or `APPEND`."""
    value: Any

    @property
    def operation(self) -> dict[str, Any]:
        """The edit as an operation of a JSON Patch."""
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
        if edit.path[-1] == APPEND and isinstance(parent, list):
            parent.append(unshared(edit.value))
        else:
            parent[edit.path[-1]] = unshared(edit.value)
    return result


def unshared(data: Any) -> Any:
    """Return a deep copy in which no two places share a value, as they do where a file uses anchors."""
    if isinstance(data, dict):
        return {key: unshared(value) for key, value in data.items()}
    return [unshared(item) for item in data] if isinstance(data, list | tuple) else data
