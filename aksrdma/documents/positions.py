"""Where the parts of a document stand: the tree of its text with its marks, its comments, the JSON of its strings.

Only documents that somebody asks about are parsed for it, a second time, and once.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, StreamEndEvent

from aksrdma.documents.full import Mark, events_of
from aksrdma.documents.json_text import JsonPlaces
from aksrdma.documents.scalars import ScalarError, is_merge, key_of

if TYPE_CHECKING:
    from aksrdma.documents.source_text import Chunk
    from aksrdma.findings import FieldPath, Position

_SMALL: Final = 4096
"""Characters of the JSON whose places are remembered: clusters share their small configurations."""
_remembered_places: Final = lru_cache(maxsize=128)(JsonPlaces)

Kind: TypeAlias = Literal["scalar", "map", "list", "alias"]

_COMMENT_START: Final = re.compile(r"(?:^|(?<=[ \t]))#", re.MULTILINE)
_BLANKS: Final = re.compile(r"[ \t\n]+")
_ESCAPE: Final = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n[ \t]*|.)")


class Node:
    """One node of a document.

    Attributes:
        text: A scalar's text.
        style: How a scalar is written: `'`, `"`, `|`, `>`, or None where it is plain.
        children: The items of a list; the keys and values of a map in turn; the target of an alias.
        in_flow: Whether it is a `[...]` or `{...}` collection.
    """

    __slots__ = ("anchor", "children", "end", "in_flow", "kind", "start", "style", "tag", "text")

    def __init__(self, kind: Kind, event: Any) -> None:
        self.kind: Kind = kind
        self.text: str = event.value if kind == "scalar" else ""
        self.tag: str | None = getattr(event, "tag", None)
        self.anchor: str | None = event.anchor
        self.style: str | None = (event.style or None) if kind == "scalar" else None
        self.children: list[Node] = []
        self.start: Mark = event.start_mark
        self.end: Mark = event.end_mark
        self.in_flow: bool = getattr(event, "flow_style", False)

    @property
    def target(self) -> Node:
        """The node that an alias stands for; any other node itself."""
        return self.children[0] if self.kind == "alias" else self

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Yield the entries of a map."""
        steps = iter(self.children)
        return zip(steps, steps, strict=True)


def compose(text: str) -> Node | None:
    """Return the tree of a document that can be read (see `full.parse`); None where it holds nothing."""
    next_event = events_of(text).get_event
    next_event()  # the start of the stream
    if type(next_event()) is StreamEndEvent:
        return None
    anchors: dict[str, Node] = {}
    open_: list[Node] = []
    while True:
        event = next_event()
        kind = type(event)
        if kind is MappingEndEvent or kind is SequenceEndEvent:
            node = open_.pop()
            node.end = event.end_mark
        elif kind is AliasEvent:
            node = Node("alias", event)
            node.children = [anchors[event.anchor]]
            open_[-1].children.append(node)
        else:
            node = Node("scalar" if kind is ScalarEvent else "map" if kind is MappingStartEvent else "list", event)
            if event.anchor is not None:
                anchors[event.anchor] = node
            if open_:
                open_[-1].children.append(node)
            if kind is not ScalarEvent:
                open_.append(node)
        if not open_:
            return node


class Positions:
    """Finds places in one document.

    Args:
        chunk: The document's text.
    """

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._root = None if chunk.is_json else compose(chunk.text)
        self._entries: dict[Node, dict[str, tuple[int, Node]]] = {}
        self._json: dict[str, JsonPlaces] = {}
        self._sources: dict[Node, list[int]] = {}

    def position(self, path: FieldPath) -> Position:
        """Return the place of a path's key or item, or of its nearest ancestor."""
        offset, node, rest = self._walk(path)
        if node is None:
            offset = self._places(self._chunk.text).offset(path)
        elif len(rest) > 1 and rest[0] is None and node.kind == "scalar":
            offset = self._source(node, self._places(node.text).offset(rest[1:]))
        return self._chunk.place(offset)

    def inside(self, path: FieldPath, offset: int) -> Position:
        """Return the place of a character of the string at `path`."""
        _, node, rest = self._walk(path)
        if node is None or rest or node.kind != "scalar":
            return self.position(path)
        return self._chunk.place(self._source(node, offset))

    def comments(self) -> dict[int, str]:
        """Return the comments by line, each from its `#` on: what begins with `#` and stands in no value."""
        chunk = self._chunk
        lines = chunk.preamble.split("\n")
        first = chunk.line - len(lines) + 1
        found = {first + number: line.strip() for number, line in enumerate(lines) if line.lstrip(" \t")[:1] == "#"}
        if self._root is None:
            return found
        spans = sorted(_scalar_spans(chunk.text, self._root))
        starts = [start for start, _ in spans]
        end = 0
        for sign in _COMMENT_START.finditer(chunk.text):
            at = sign.start()
            inside = bisect_right(starts, at) - 1
            if at >= end and (inside < 0 or at >= spans[inside][1]):
                end = _line_end(chunk.text, at)
                found[chunk.place(at).line] = chunk.text[at:end]
        return found

    def _walk(self, path: FieldPath) -> tuple[int, Node | None, FieldPath]:
        """Return the offset and the node of the nearest that there is, and the steps that lead on from it."""
        if self._root is None:
            return 0, None, path
        offset, node = self._root.start.index, self._root
        for depth, step in enumerate(path):
            found: tuple[int, Node] | None = None
            if node.kind == "map":
                found = self._entries_of(node).get(step)  # type: ignore[arg-type]
            elif node.kind == "list" and isinstance(step, int) and -1 < step < len(node.children):
                found = node.children[step].start.index, node.children[step].target
            if found is None:
                return offset, node, path[depth:]
            offset, node = found
        return offset, node, ()

    def _entries_of(self, node: Node) -> dict[str, tuple[int, Node]]:
        """Return the offset of each key of a map, and the node of its value, merged ones included."""
        entries = self._entries.get(node)
        if entries is not None:
            return entries
        entries = self._entries[node] = {}
        for key, value in node.pairs():
            scalar = key.target
            if key.kind == "scalar" and is_merge(key.text, key.style, key.tag):
                for source in value.children[::-1] if value.kind == "list" else [value]:
                    entries.update(self._entries_of(source.target))
            elif scalar.kind == "scalar":
                try:
                    entries[key_of(scalar.text, scalar.style, scalar.tag)] = key.start.index, value.target
                except ScalarError:
                    continue
        return entries

    def _places(self, text: str) -> JsonPlaces:
        if len(text) <= _SMALL:
            return _remembered_places(text)
        places = self._json.get(text)
        if places is None:
            places = self._json[text] = JsonPlaces(text)
        return places

    def _source(self, node: Node, offset: int) -> int:
        offsets = self._sources.get(node)
        if offsets is None:
            offsets = self._sources[node] = _source_offsets(self._chunk.text, node)
        return offsets[min(offset, len(offsets) - 1)]


def _scalar_spans(text: str, root: Node) -> Iterator[tuple[int, int]]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.kind == "scalar":
            is_block = node.style in ("|", ">")  # whose first line may end with a comment
            yield _line_end(text, node.start.index) if is_block else node.start.index, node.end.index
        elif node.kind != "alias":
            waiting.extend(node.children)


def _source_offsets(text: str, node: Node) -> list[int]:
    """Return for every character of a scalar, and for its end, the offset in `text` that it comes from."""
    if node.style == "|":
        offsets = _literal(text, node)
    elif node.style == ">":
        offsets = _folded(text, node)
    else:
        offsets = _quoted_or_plain(text, node)
    offsets = offsets[: len(node.text)]
    last = offsets[-1] + 1 if offsets else node.start.index
    return offsets + [last] * (len(node.text) + 1 - len(offsets))


def _literal(text: str, node: Node) -> list[int]:
    start = _line_end(text, node.start.index) + 1
    indent = _indent(text, start, node.text)
    offsets: list[int] = []
    for line in node.text.split("\n"):
        end = _line_end(text, start)
        first = min(start + indent, end)
        offsets.extend(range(first, first + len(line)))
        offsets.append(end)
        start = end + 1
    return offsets


def _indent(text: str, start: int, value: str) -> int:
    for line in value.split("\n"):
        end = _line_end(text, start)
        source = text[start:end]
        if line.strip(" "):
            return len(source) - len(line) if source.endswith(line) else 0
        start = end + 1
    return 0


def _folded(text: str, node: Node) -> list[int]:
    value = node.text
    source = _skip(text, _line_end(text, node.start.index) + 1, " \n")
    leading = _skip(value, 0, " \n")
    offsets = list(range(source - leading, source))
    while len(offsets) < len(value) and source < len(text):
        character = value[len(offsets)]
        if text[source] == "\n":
            blanks = _skip(value, len(offsets), " \n") - len(offsets)
            behind = _skip(text, source, " \n")
            offsets.extend(max(source, behind - blanks + count) for count in range(blanks))
            source = behind
        else:
            offsets.append(source)
            source += text[source] == character
    return offsets


def _quoted_or_plain(text: str, node: Node) -> list[int]:
    source, end = node.start.index + bool(node.style), node.end.index - bool(node.style)
    offsets: list[int] = []
    while source < end:
        blanks = _BLANKS.match(text, source, end)
        escape = _ESCAPE.match(text, source, end) if node.style == '"' else None
        if blanks:
            breaks = blanks[0].count("\n")  # one is folded into a space; of several, each but the first stays
            offsets.extend([source] * max(1, breaks - 1) if breaks else range(source, blanks.end()))
            source = blanks.end()
        elif escape:
            offsets.extend([source] * (not escape[0].startswith("\\\n")))
            source = escape.end()
        else:
            offsets.append(source)
            source += 2 if node.style == "'" and text[source] == "'" else 1
    return offsets


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _skip(text: str, start: int, characters: str) -> int:
    while start < len(text) and text[start] in characters:
        start += 1
    return start
