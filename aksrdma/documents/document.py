"""One document of a user's file: its JSON value, the JSON inside its strings, and where each part of it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from aksrdma.findings import Position

if TYPE_CHECKING:
    from collections.abc import Callable

    from aksrdma.documents.positions import Positions
    from aksrdma.documents.source_text import Chunk
    from aksrdma.findings import FieldPath

NOWHERE: Final = Position(0, 0)
_Fact = TypeVar("_Fact")


class Document:
    """One YAML or JSON document, as the API server gets it.

    Attributes:
        file: Name of the file, as the user gave it; empty for an object built in Python.
        index: 1-based place of the document in its file; the items of a List share that of their List.
        data: Its JSON value. Integers beyond 64 bits are floats, whole floats are integers. Parts of it may be shared
            where the file uses anchors: do not change it.
        api_version: `apiVersion`, or an empty string where there is none.
        kind: `kind`, or an empty string where there is none.
        name: `metadata.name`, or an empty string where there is none.
        namespace: `metadata.namespace`, or an empty string where there is none.
    """

    __slots__ = (
        *("_chunk", "_derived", "_embedded", "_root"),
        *("api_version", "data", "file", "index", "kind", "name", "namespace"),
    )

    def __init__(self, file: str, index: int, data: Any, chunk: Chunk | None = None, root: FieldPath = ()) -> None:
        self.file = file
        self.index = index
        self.data = data
        self._chunk = chunk
        self._root = root
        self._embedded: dict[FieldPath, Embedded] = {}
        self._derived: dict[Callable[[Document], Any], Any] = {}
        # Every check asks for these, some more than once.
        self.api_version, self.kind = _string(data, "apiVersion"), _string(data, "kind")
        metadata = data.get("metadata") if isinstance(data, dict) else None
        self.name, self.namespace = _string(metadata, "name"), _string(metadata, "namespace")

    @classmethod
    def from_data(cls, data: Any, file: str = "", index: int = 1) -> Document:
        """Return a document without text, as of an object built in Python; its positions are (0, 0)."""
        return cls(file, index, data)

    def part(self, path: FieldPath, data: Any) -> Document:
        """Return the object at `path` as a document of its own, with the places that it has in this one."""
        return Document(self.file, self.index, data, self._chunk, self._root + path)

    def __reduce__(self) -> tuple[type[Document], tuple[Any, ...]]:
        return Document, (self.file, self.index, self.data, self._chunk, self._root)

    def __repr__(self) -> str:
        return f"Document({self.file!r}, {self.index}, {self.label!r})"

    @property
    def inside(self) -> FieldPath:
        """Where it stands in the document of its file: `items` and a number of a List; empty for a whole document."""
        return self._root

    @property
    def is_json(self) -> bool:
        """Whether its text is a JSON value of a stream of them, rather than YAML."""
        return self._chunk is not None and self._chunk.is_json

    @property
    def label(self) -> str:
        """`Kind/namespace/name`, without the parts that are not there."""
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)

    @property
    def first_line(self) -> int:
        """1-based line of the file on which the object begins; 0 without text."""
        return self.position(()).line

    @property
    def last_line(self) -> int:
        """1-based line of the file on which the document's text ends; 0 without text."""
        if self._chunk is None:
            return 0
        return self._chunk.line + self._chunk.text.rstrip().count("\n")

    def position(self, path: FieldPath) -> Position:
        """Return where a field stands: its key, or the item of a list; else the nearest ancestor that exists.

        Args:
            path: Keys and indexes from the object down; None steps into the JSON of a string.
        """
        if self._chunk is None:
            return NOWHERE
        return self._located().position(self._root + path)

    def position_inside(self, path: FieldPath, offset: int) -> Position:
        """Return where a character of the string at `path` stands in the file.

        Args:
            path: Path of the string.
            offset: 0-based character of its value.
        """
        if self._chunk is None:
            return NOWHERE
        return self._located().inside(self._root + path, offset)

    def embedded(self, path: FieldPath) -> Embedded:
        """Return the JSON of the string at `path`, as Go's encoding/json reads it; the same object at every call.

        Args:
            path: Path of the string; a None at its end may be left out.
        """
        path = path[:-1] if path and path[-1] is None else path
        if path not in self._embedded:
            self._embedded[path] = Embedded(self, path)
        return self._embedded[path]

    def value(self, path: FieldPath) -> Any:
        """Return the value at `path`, or None where there is none; None steps into the JSON of a string."""
        value = self.data
        for depth, step in enumerate(path):
            if step is None:
                value = self.embedded(path[:depth]).data
            elif isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and -1 < step < len(value):
                value = value[step]
            else:
                return None
        return value

    def derived(self, function: Callable[[Document], _Fact]) -> _Fact:
        """Return what a function says of this document; it is asked once, however many checks want to know.

        Args:
            function: Derives a fact from a document alone. A named function, which is its own key.
        """
        if function not in self._derived:
            self._derived[function] = function(self)
        fact: _Fact = self._derived[function]
        return fact

    def mentions(self, word: str) -> bool:
        """Return whether a word stands anywhere in the document's text, comments included; cheap."""
        return self._chunk is not None and self._chunk.mentions(word)

    @property
    def text(self) -> str:
        """Its text, with the comments above its `---`; empty for an object of data."""
        chunk = self._chunk
        return "" if chunk is None else chunk.preamble + chunk.text

    def mentions_any(self, words: tuple[str, ...]) -> bool:
        """Return whether one of some words stands in the document's text; cheap, and asked once of a List's items."""
        return self._chunk is not None and self._chunk.mentions_any(words)

    def comments(self) -> dict[int, str]:
        """Return the comments by line, each from its `#` on; those above the document's `---` are among them."""
        return self._located().comments() if self._chunk is not None else {}

    def _located(self) -> Positions:
        assert self._chunk is not None
        if self._chunk.positions is None:
            from aksrdma.documents.positions import Positions  # it loads PyYAML, and most documents have no finding

            self._chunk.positions = Positions(self._chunk)
        return self._chunk.positions


def _string(data: Any, key: str) -> str:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


class DuplicateKey(NamedTuple):
    """A key that an object has twice; Go takes the last one without a word."""

    path: FieldPath
    """Path of the key from the top of the JSON."""
    first: Position
    """Where the key stands before."""
    again: Position
    """Where it stands again."""


class Embedded:
    """One string of a document, read as JSON by the component that the string is for.

    Attributes:
        data: Its value; None where it is no JSON (see `error`) or is null. Integers keep every digit.
        error: What is wrong with the JSON in plain words, or None.
    """

    __slots__ = ("_document", "_offset", "_path", "_repeats", "_text", "data", "error")

    def __init__(self, document: Document, path: FieldPath) -> None:
        self._document = document
        self._path = path
        self._offset = 0
        self._text = document.value(path)
        self._repeats = False
        self.data: Any = None
        self.error: str | None = None
        if not isinstance(self._text, str):
            self.error = "no string, so no JSON in it"
            return
        from aksrdma.kube.go_json import JsonError, read_value  # many files have no JSON in them

        try:
            self.data, self._repeats = read_value(self._text)
        except JsonError as error:
            self.error = error.message
            self._offset = error.offset

    @property
    def error_position(self) -> Position:
        """Where in the user's file the JSON goes wrong; where the string stands if nothing does."""
        return self._place(self._offset)

    @property
    def duplicates(self) -> list[DuplicateKey]:
        """The keys that an object has twice, in the order of the text."""
        if not self._repeats:
            return []
        from aksrdma.documents.json_text import JsonPlaces  # hardly any JSON repeats a key

        found = JsonPlaces(self._text).duplicates
        return [DuplicateKey(path, self._place(first), self._place(again)) for path, first, again in found]

    def _place(self, offset: int) -> Position:
        if not isinstance(self._text, str):
            return self._document.position(self._path)
        return self._document.position_inside(self._path, offset)
