"""Where the parts of a document stand, worked out only for documents that somebody asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aksrdma.documents.comments import comment_spans, preamble_comments
from aksrdma.documents.construct import is_merge, merge_sources, scalar
from aksrdma.documents.json_places import JsonPlaces
from aksrdma.documents.keys import key_text
from aksrdma.documents.nodes import Mark, Node, compose
from aksrdma.documents.scalars import ScalarError
from aksrdma.documents.source_map import source_offsets
from aksrdma.documents.split import Chunk

if TYPE_CHECKING:
    from aksrdma.findings import FieldPath

_NO_LIMIT = 1 << 30


class Positions:
    """Finds places in one document; parses its text a second time, now with marks.

    Args:
        chunk: The document's text.
    """

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._root = None if chunk.is_json else compose(chunk.text, _NO_LIMIT).root
        self._json: dict[int, JsonPlaces] = {}
        self._sources: dict[int, list[int]] = {}

    def position(self, path: FieldPath) -> tuple[int, int]:
        """Return line and column of a path's key or item, or of its nearest ancestor."""
        return self._chunk.place(self._offset(path))

    def inside(self, path: FieldPath, offset: int) -> tuple[int, int]:
        """Return line and column of a character of the string at `path`."""
        _, node, rest = self._walk(path)
        if node is None or rest or node.kind != "scalar":
            return self.position(path)
        return self._chunk.place(self._source(node, offset))

    def comments(self) -> dict[int, str]:
        """Return the comments by line, each from its `#` on."""
        found = preamble_comments(self._chunk)
        if self._root is not None:
            text = self._chunk.text
            for start, end in comment_spans(text, self._root):
                found[self._chunk.place(start)[0]] = text[start:end]
        return found

    def _offset(self, path: FieldPath) -> int:
        mark, node, rest = self._walk(path)
        if node is None:
            return self._places(self._chunk.text).offset(path)
        if len(rest) < 2 or rest[0] is not None or node.kind != "scalar":
            return mark
        return self._source(node, self._places(node.text).offset(rest[1:]))

    def _walk(self, path: FieldPath) -> tuple[int, Node | None, FieldPath]:
        if self._root is None:
            return 0, None, path
        mark, node = self._root.start, self._root
        for depth, step in enumerate(path):
            found = None if step is None else entry(node.target, step)
            if found is None:
                return mark.index, node.target, path[depth:]
            mark, node = found
        return mark.index, node.target, ()

    def _places(self, text: str) -> JsonPlaces:
        places = self._json.get(id(text))
        if places is None:
            places = self._json[id(text)] = JsonPlaces(text)
        return places

    def _source(self, node: Node, offset: int) -> int:
        offsets = self._sources.get(id(node))
        if offsets is None:
            offsets = self._sources[id(node)] = source_offsets(self._chunk.text, node)
        return offsets[min(offset, len(offsets) - 1)]


def entry(node: Node, step: Any) -> tuple[Mark, Node] | None:
    """Return the mark and the value of an entry of a collection, or None where it has none of that key or index."""
    if node.kind == "list":
        if isinstance(step, int) and -1 < step < len(node.children):
            return node.children[step].start, node.children[step]
        return None
    found: tuple[Mark, Node] | None = None
    if node.kind == "map":
        for key, value in node.pairs():
            if is_merge(key):
                for source in merge_sources(value):
                    found = entry(source.target, step) or found
            elif _key(key) == step:
                found = key.start, value
    return found


def _key(node: Node) -> str | None:
    try:
        return key_text(scalar(node.target)) if node.target.kind == "scalar" else None
    except ScalarError:
        return None
