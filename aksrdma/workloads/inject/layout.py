"""How a user lays out YAML, and new lines laid out likewise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aksrdma.documents.nodes import Node
from aksrdma.documents.writer import scalar

_WIDTH = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Indentation of a document."""

    width: int = _WIDTH
    """Spaces by which a mapping lies inside another."""
    dash: int = 0
    """Spaces by which the dashes of a list lie inside its key."""

    @classmethod
    def of(cls, root: Node) -> Layout:
        """Return the layout that most of a document's collections have."""
        widths: list[int] = []
        dashes: list[int] = []
        for key, value in _block_entries(root):
            found = value.start.column - key.start.column
            if value.anchor is None and value.start.line > key.start.line:
                (dashes if value.kind == "list" else widths).append(found)
        return cls(_most(widths, _WIDTH), _most(dashes, 0))

    def mapping(self, data: Mapping[str, Any], column: int) -> list[str]:
        """Return the lines of a mapping whose keys begin at a column."""
        lines: list[str] = []
        for key, value in data.items():
            head = f"{' ' * column}{scalar(key)}:"
            if isinstance(value, dict | list) and value:
                lines += [head, *self.value(value, column)]
            else:
                lines.append(f"{head} {flow(value)}")
        return lines

    def value(self, value: Mapping[str, Any] | Sequence[Any], column: int) -> list[str]:
        """Return the lines of a collection below a key at a column."""
        if isinstance(value, Mapping):
            return self.mapping(value, column + self.width)
        return self.items(value, column + self.dash)

    def items(self, items: Sequence[Any], column: int) -> list[str]:
        """Return the lines of list items whose dashes are at a column."""
        lines: list[str] = []
        for item in items:
            if isinstance(item, Mapping) and item:
                inner = self.mapping(item, column + _WIDTH)
                lines += [f"{' ' * column}- {inner[0].lstrip(' ')}", *inner[1:]]
            else:
                lines.append(f"{' ' * column}- {flow(item)}")
        return lines


def flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def _block_entries(node: Node) -> Iterator[tuple[Node, Node]]:
    if node.in_flow:
        return
    if node.kind == "map":
        for key, value in node.pairs():
            if value.kind in ("map", "list") and not value.in_flow:
                yield key, value
                yield from _block_entries(value)
    elif node.kind == "list":
        for item in node.children:
            yield from _block_entries(item)


def _most(counts: list[int], default: int) -> int:
    return max(counts, key=counts.count) if counts else default
