"""Edits made in the text of a YAML document: everything that is there keeps its bytes, additions are put between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aksrdma.documents.positions import Node, compose
from aksrdma.documents.writer import scalar
from aksrdma.findings import FieldPath
from aksrdma.workloads.inject.edits import APPEND, Edit

_MERGE = "<<"
_FIRST = "metadata"
"""The key that everybody writes above its siblings."""


def spliced(text: str, edits: Sequence[Edit], after: Any) -> str | None:
    """Return the text of a document with edits made in it; None where only writing it anew can do that.

    Args:
        text: one document, comments and all.
        edits: what to add.
        after: the value of the whole document with the edits made.
    """
    try:
        root = compose(text)
        if root is None or root.kind == "alias":
            return None
        splicer = _Splicer(text, root, after)
        for edit in edits:
            splicer.add(edit)
        return splicer.result()
    except (LookupError, TypeError):  # a path that only merge keys make: writing it anew is right
        return None


def cut(text: str, paths: Sequence[FieldPath]) -> str | None:
    """Return the text of a document without some list items or map entries; None where only writing it anew can do that.

    Comments on lines of their own stay, as they may be about more than what is taken out.

    Args:
        text: one document, comments and all.
        paths: of the items and keys; not all of one collection.
    """
    try:
        root = compose(text)
        if root is None:
            return None
        taken: dict[int, tuple[Node, list[int]]] = {}
        for path in paths:
            owner: Node | None = root
            for step in path[:-1]:
                owner = _own(owner, step) if owner is not None else None
            if owner is None or owner.kind not in ("map", "list"):
                return None
            number = int(path[-1] or 0) if owner.kind == "list" else _number_of(owner, path[-1])
            taken.setdefault(id(owner), (owner, []))[1].append(number)
        splicer = _Splicer(text, root, None)
        spans = [span for owner, numbers in taken.values() for span in splicer.spans(owner, sorted(set(numbers)))]
    except (LookupError, TypeError, ValueError):
        return None
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text


def _number_of(owner: Node, key: Any) -> int:
    return [given.target.text for given, _ in owner.pairs()].index(key)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of neighbors among sorted numbers."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last


class _Splicer:
    def __init__(self, text: str, root: Node, after: Any) -> None:
        self._text = text
        self._root = root
        self._after = after
        self._layout = Layout.of(root)
        self._splices: list[tuple[int, int, str]] = []
        self._rewritten: set[FieldPath] = set()
        self._changed: set[int] = set()
        self._paths = {id(node): path for node, path, _ in _walk(root, ())}

    def add(self, edit: Edit) -> None:
        """Note what has to be put where for an edit."""
        node = self._root
        for depth, step in enumerate(edit.path[:-1]):
            self._changed.add(id(node))
            here = edit.path[: depth + 1]
            if here in self._rewritten:
                return
            value = _own(node, step)
            if value is None:  # it comes from a merge key: an own key takes its place
                self._rewritten.add(here)
                self._insert(node, step, _at(self._after, here))
                return
            if value.kind == "alias":
                self._rewritten.add(here)
                if self._differs(value, here):
                    self._replace(value, node, _at(self._after, here))
                return
            node = value
        self._changed.add(id(node))
        last = edit.path[-1]
        given = None if last == APPEND else _own(node, last)
        if given is not None:
            self._replace(given, node, edit.value)
        else:
            self._insert(node, last, edit.value)

    def spans(self, owner: Node, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield what has to go of the text for some entries of a collection to go.

        Raises:
            ValueError: an entry shares its line with something else.
        """
        entries = list(owner.pairs()) if owner.kind == "map" else [(item, item) for item in owner.children]
        if not owner.in_flow:
            for key, value in (entries[number] for number in numbers):
                start = key.start.index if owner.kind == "map" else self._text.rfind("-", 0, key.start.index)
                begin = self._text.rfind("\n", 0, start) + 1
                if self._text[begin:start].strip() or self._text[start : key.start.index].strip() not in ("", "-"):
                    raise ValueError("something else stands on its line")
                yield begin, self._end_of(value)
            return
        for first, last in _runs(numbers):
            if last + 1 < len(entries):
                yield entries[first][0].start.index, entries[last + 1][0].start.index
            elif first:
                yield entries[first - 1][1].end.index, entries[last][1].end.index
            else:
                raise ValueError("nothing would be left")

    def result(self) -> str:
        """Return the text with everything put in; an alias that is not to follow its anchor is written out."""
        for alias, path, owner in _walk(self._root, ()):
            if alias.kind == "alias" and owner is not None and self._follows_wrongly(alias, path):
                self._replace(alias, owner, _at(self._after, path))
        text = self._text
        ordered = sorted(enumerate(self._splices), key=lambda one: (one[1][0], one[1][1], one[0]), reverse=True)
        for _, (start, end, new) in ordered:
            text = text[:start] + new + text[end:]
        return text

    def _follows_wrongly(self, alias: Node, path: FieldPath) -> bool:
        done = any(path[: len(part)] == part for part in self._rewritten)
        return not done and _MERGE not in path and _holds(alias.target, self._changed) and self._differs(alias, path)

    def _differs(self, alias: Node, path: FieldPath) -> bool:
        """Whether an alias is to have another value than its anchor."""
        return bool(_at(self._after, path) != _at(self._after, self._paths[id(alias.target)]))

    def _insert(self, owner: Node, key: Any, value: Any) -> None:
        """Put a key or an item behind the last one of a collection that is not empty."""
        if owner.in_flow:
            self._splices.append((owner.children[-1].end.index,) * 2 + (f", {_flow_entry(owner, key, value)}",))
            return
        column = self._column(owner)
        if owner.kind == "list":
            lines = self._layout.items([value], column)
        else:
            lines = self._layout.mapping({key: value}, column)
        above = self._line_of(owner.children[0]) if key == _FIRST else None
        if above is None:
            self._below(owner, lines)
        else:
            self._splices.append((above, above, "".join(f"{line}\n" for line in lines)))

    def _line_of(self, key: Node) -> int | None:
        """Return where the line of a key begins; None where something else stands on it before the key."""
        begin = self._text.rfind("\n", 0, key.start.index) + 1
        return begin if self._text[begin : key.start.index].isspace() else None

    def _replace(self, given: Node, owner: Node, value: Any) -> None:
        """Put a value in the place of an empty or scalar one, or of an alias."""
        start, end = given.start.index, given.end.index
        if owner.in_flow:
            self._splices.append((start, end, flow(value)))
        elif not isinstance(value, dict | list) or not value:
            self._splices.append((start, end, flow(value) + "\n" * (given.style in ("|", ">"))))
        elif owner.kind == "list":
            lines = self._layout.items([value], self._column(owner))
            self._splices.append((start, end, "\n".join(lines).strip()[2:]))
        else:
            self._splices.append((len(self._text[:start].rstrip(" ")), end, ""))
            self._below(given, self._layout.value(value, self._column(owner)))

    def _below(self, node: Node, lines: Sequence[str]) -> None:
        """Put lines below the last line of a node."""
        position = self._end_of(node)
        block = "".join(f"{line}\n" for line in lines)
        if position and self._text[position - 1] != "\n":
            block = f"\n{block.removesuffix(chr(10))}"
        self._splices.append((position, position, block))

    def _end_of(self, node: Node) -> int:
        while node.kind in ("map", "list") and not node.in_flow:
            node = node.children[-1]
        if node.style not in ("|", ">"):
            line_end = self._text.find("\n", node.end.index)
            return len(self._text) if line_end < 0 else line_end + 1
        end = node.end.index
        header = self._text[node.start.index : self._text.find("\n", node.start.index)]
        if "+" not in header.partition("#")[0]:  # the blank lines below belong to nobody
            end = len(self._text[:end].rstrip()) + 1
        return min(end, len(self._text))

    def _column(self, owner: Node) -> int:
        """Return the column of the keys or dashes of a block collection."""
        first = owner.children[0]
        if owner.kind == "map":
            return first.start.column
        dash = self._text.rfind("-", 0, first.start.index)
        return dash - (self._text.rfind("\n", 0, dash) + 1)


def _flow_entry(owner: Node, key: Any, value: Any) -> str:
    return flow(value) if owner.kind == "list" else f"{scalar(key)}: {flow(value)}"


def _own(node: Node, step: Any) -> Node | None:
    """Return the value of a key of the map itself, without what merge keys bring, or an item of a list."""
    if node.kind == "list":
        item: Node = node.children[step]
        return item
    return next((value for key, value in node.pairs() if key.target.text == step), None) if node.kind == "map" else None


def _at(data: Any, path: FieldPath) -> Any:
    for step in path:
        data = data[step]
    return data


def _walk(node: Node, path: FieldPath, owner: Node | None = None) -> Iterator[tuple[Node, FieldPath, Node | None]]:
    """Yield each node with its path and the collection that it is in."""
    yield node, path, owner
    if node.kind == "list":
        for index, item in enumerate(node.children):
            yield from _walk(item, (*path, index), node)
    elif node.kind == "map":
        for key, value in node.pairs():
            yield from _walk(value, (*path, key.target.text), node)


def _holds(node: Node, changed: set[int]) -> bool:
    """Whether a change was made at or below a node."""
    return id(node) in changed or any(_holds(child, changed) for child in node.children if child.kind != "alias")


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
