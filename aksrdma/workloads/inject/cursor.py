"""A mapping of the object that is being changed, with its path; what is missing comes into being when it is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aksrdma.findings import FieldPath
from aksrdma.workloads.inject.report import MalformedError


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
