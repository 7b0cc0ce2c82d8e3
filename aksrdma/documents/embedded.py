"""The JSON inside a string of a document, as the component that reads the string sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from aksrdma.documents.document import Document
from aksrdma.documents.json_places import JsonPlaces
from aksrdma.findings import Position
from aksrdma.kube.go_json import JsonError, Reader

if TYPE_CHECKING:
    from aksrdma.findings import FieldPath


class DuplicateKey(NamedTuple):
    """A key that an object has twice; Go takes the last one without a word."""

    path: FieldPath
    """Path of the key from the top of the JSON."""
    first: Position
    """Where the key stands before."""
    again: Position
    """Where it stands again."""


class Embedded:
    """One string of a document, read as JSON.

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
        if isinstance(self._text, str):
            self._read(self._text)
        else:
            self.error = "no string, so no JSON in it"

    @property
    def error_position(self) -> Position:
        """Where in the user's file the JSON goes wrong; where the string stands if nothing does."""
        return self._place(self._offset)

    @property
    def duplicates(self) -> list[DuplicateKey]:
        """The keys that an object has twice, in the order of the text."""
        if not self._repeats:
            return []
        found = JsonPlaces(self._text).duplicates
        return [DuplicateKey(path, self._place(first), self._place(again)) for path, first, again in found]

    def _read(self, text: str) -> None:
        reader = Reader(text)
        try:
            self.data = reader.only_value()
        except JsonError as error:
            self.error = error.message
            self._offset = error.offset
        self._repeats = reader.repeats and self.error is None

    def _place(self, offset: int) -> Position:
        if not isinstance(self._text, str):
            return self._document.position(self._path)
        return self._document.position_inside(self._path, offset)
