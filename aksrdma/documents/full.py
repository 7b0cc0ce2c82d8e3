"""One document with the whole of YAML: its value, built from the events of libyaml, or why it cannot be read.

Values are what go-yaml decodes and sigs.k8s.io/yaml writes as JSON.
Source: decode.go of go.yaml.in/yaml/v2 v2.4.2 and yaml.go of sigs.k8s.io/yaml v1.6.0.
"""

from __future__ import annotations

import re
from typing import Any, Final, Protocol

from yaml import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from aksrdma.documents import wording
from aksrdma.documents.scalars import ScalarError, is_merge, key_of, value_of
from aksrdma.documents.source_text import BROKEN, BYTE_ORDER_MARK, EMPTY, Chunk, forbidden
from aksrdma.findings import Problem

_BEGINNING: Final = frozenset({"apiVersion", "kind"})
"""Keys that stand again where a second object begins and the `---` above it is missing."""
_FEW_ALIASED, _FEW_DECODED = 100, 1000
_RATIO_RANGE_LOW: Final = 400_000
_RATIO_RANGE_HIGH: Final = 4_000_000
_ESCAPED_SLASH: Final = r"(?<!\\)(?:\\\\)*\\/"
_WRITE_OUT: Final = "write the values out"


class Mark(Protocol):
    """A place in the text as PyYAML tells it: 0-based, in characters."""

    index: int
    line: int
    column: int


class _TooDeep(Exception):
    """More levels than the limit allows; `mark` is where the first one too many begins."""

    def __init__(self, mark: Mark) -> None:
        super().__init__("too deep")
        self.mark = mark


class _GivenUp(Exception):
    """Go-yaml would decode nothing more of this document."""


def parse(chunk: Chunk, max_depth: int) -> tuple[Any, list[Problem]]:
    """Return the value of a document, or EMPTY or BROKEN, and what is wrong with it."""
    if BYTE_ORDER_MARK in chunk.text:  # libyaml skips it where go-yaml takes it for part of a key
        return BROKEN, [_forbidden_character(chunk)]
    try:
        reader = _Reader(chunk, max_depth)
        value = reader.document()
    except MarkedYAMLError as error:
        return BROKEN, [_syntax(chunk, error)]
    except ReaderError:
        return BROKEN, [_forbidden_character(chunk)]
    except _TooDeep as error:
        return BROKEN, [wording.too_deep(max_depth, chunk.place(error.mark.index))]
    return value, reader.problems


def events_of(text: str) -> Any:
    """Return PyYAML's parser of a text, whose `get_event` is called for one event after the other."""
    try:
        from yaml._yaml import CParser
    except ImportError:  # PyYAML built without libyaml: slower, and different in odd texts alone
        from yaml import SafeLoader

        return SafeLoader(text)
    return CParser(text)


def _forbidden_character(chunk: Chunk) -> Problem:
    found = forbidden().search(chunk.text) or re.search(BYTE_ORDER_MARK, chunk.text)
    assert found is not None
    return wording.forbidden_character(found[0], chunk.place(found.start()))


def _syntax(chunk: Chunk, error: MarkedYAMLError) -> Problem:
    if chunk.text.startswith("---#"):
        return wording.dashes_without_space(chunk.place(0))
    words, mark, opened = error.problem or "", error.problem_mark, error.context_mark
    if opened is not None and ("end of stream" in words or "document indicator" in words):
        mark = opened  # where a quote opens tells more than where the text ends without it
    assert mark is not None
    at = chunk.place(mark.index)
    opened_line = chunk.place((opened or mark).index).line
    message, fix = wording.syntax_words(words, chunk.source_lines(at.line), at.column, opened_line)
    return Problem("yaml-syntax", (), message, fix, at=at)


class _Anchored:
    """What an anchor names.

    Attributes:
        event: Its first event; of a scalar the only one.
        value: The value of a map or list.
        size: How many nodes go-yaml decodes for it.
        is_open: Whether its end is still to come.
    """

    __slots__ = ("event", "is_open", "size", "value")

    def __init__(self, event: Event, *, is_open: bool) -> None:
        self.event = event
        self.value: Any = None
        self.size = 1
        self.is_open = is_open


class _Reader:
    """Builds the value of one document and notes what is wrong with it."""

    def __init__(self, chunk: Chunk, max_depth: int) -> None:
        self.problems: list[Problem] = []
        self._chunk = chunk
        self._next: Any = events_of(chunk.text).get_event
        self._max_depth = max_depth
        self._depth = 0
        self._anchors: dict[str, _Anchored] = {}
        self._repeated: list[tuple[str, Mark, Mark]] = []
        self._decoded = 1
        self._by_alias = 0

    def document(self) -> Any:
        """Return the value, or EMPTY or BROKEN."""
        self._next()  # the start of the stream
        if type(self._next()) is StreamEndEvent:
            return EMPTY
        try:
            value = self._value(self._next(), False)
            end = self._next()
        except _GivenUp:
            value = BROKEN
            while type(end := self._next()) is not DocumentEndEvent:
                pass  # what is no YAML at all counts more
        if self.problems:
            value = BROKEN
        self.problems = list(dict.fromkeys(self.problems))  # an alias of a refused scalar is refused at the same place
        self._add_duplicates()
        try:
            following = self._next()
            mark = None if type(following) is StreamEndEvent else following.start_mark
        except MarkedYAMLError as error:
            mark = error.problem_mark
        except ReaderError:
            mark = end.end_mark
        if mark is not None:
            self.problems.append(wording.ignored_text(self._chunk.place(mark.index)))
        return value

    def _value(self, event: Any, in_flow: bool, marks: list[Mark] | None = None) -> Any:
        """Return the value of the node that begins with an event; `marks` takes the places of the items of a list."""
        kind = type(event)
        if kind is ScalarEvent:
            self._decoded += 1
            self._note(event, in_flow)
            return self._scalar(event)
        if kind is AliasEvent:
            return self._aliased(event)
        before = self._decoded
        self._decoded += 1
        anchored = _Anchored(event, is_open=True)
        if event.anchor is not None:
            self._anchors[event.anchor] = anchored
        self._depth += 1
        if self._depth > self._max_depth:
            raise _TooDeep(event.start_mark)
        built: Any
        if kind is MappingStartEvent:
            built = self._mapping(event.flow_style)
        else:
            built = []
            while type(item := self._next()) is not SequenceEndEvent:
                built.append(self._value(item, event.flow_style))
                if marks is not None:
                    marks.append(item.start_mark)
        self._depth -= 1
        anchored.value, anchored.size, anchored.is_open = built, self._decoded - before, False
        return built

    def _note(self, scalar: Any, in_flow: bool) -> None:
        """Remember a scalar by its anchor, and refuse what libyaml allows and go-yaml does not."""
        if scalar.anchor is not None:
            self._anchors[scalar.anchor] = _Anchored(scalar, is_open=False)
        if in_flow and not scalar.style and "?" in scalar.value:  # to go-yaml it ends a plain scalar there
            raise MarkedYAMLError(problem="question mark in a flow collection", problem_mark=scalar.start_mark)
        if scalar.style == '"' and "/" in scalar.value:
            text = self._chunk.text[scalar.start_mark.index : scalar.end_mark.index]
            if re.search(_ESCAPED_SLASH, text):
                raise MarkedYAMLError(problem="found unknown escape character", problem_mark=scalar.start_mark)

    def _scalar(self, event: Any) -> Any:
        try:
            return value_of(event.value, event.style, event.tag)
        except ScalarError as error:
            fix = "write a value that JSON has, or put it in quotes"
            self._refuse("yaml-not-json", str(error), fix, event.start_mark)
            return None

    def _aliased(self, event: Any) -> Any:
        anchored = self._anchor(event)
        if anchored.is_open:
            message = f"the alias *{event.anchor} stands inside its own value"
            self._refuse("yaml-syntax", message, _WRITE_OUT, event.start_mark)
            raise _GivenUp
        self._decoded += 1 + anchored.size
        self._by_alias += anchored.size
        if _excessive_aliasing(self._decoded, self._by_alias):
            message = f"aliases that stand for {self._by_alias} values: more than Kubernetes' reader follows"
            self._refuse("yaml-alias-bomb", message, _WRITE_OUT, event.start_mark)
            raise _GivenUp
        return self._scalar(anchored.event) if type(anchored.event) is ScalarEvent else anchored.value

    def _anchor(self, alias: Any) -> _Anchored:
        anchored = self._anchors.get(alias.anchor)
        if anchored is None:
            words = f"the alias *{alias.anchor} has no anchor above it"
            raise MarkedYAMLError(problem=words, problem_mark=alias.start_mark)
        return anchored

    def _mapping(self, in_flow: bool) -> dict[str, Any]:
        built: dict[str, Any] = {}
        first: dict[str, Mark] = {}
        while type(event := self._next()) is not MappingEndEvent:
            is_scalar = type(event) is ScalarEvent
            if is_scalar:
                self._note(event, in_flow)
            if is_scalar and is_merge(event.value, event.style, event.tag):
                self._merge(self._next(), in_flow, built)
                continue
            key = self._key(event, in_flow)
            value = self._value(self._next(), in_flow)
            if key is None:
                continue
            if key in first:
                self._repeated.append((key, first[key], event.start_mark))
            else:
                first[key] = event.start_mark
            built[key] = value
        return built

    def _key(self, event: Any, in_flow: bool) -> str | None:
        """Return the text of a key; None where it is refused."""
        scalar = event
        if type(event) is AliasEvent:
            self._aliased(event)
            scalar = self._anchor(event).event
        if type(scalar) is not ScalarEvent:
            if scalar is event:  # it is refused as a whole, so what is wrong inside of it does not matter
                problems, repeated = len(self.problems), len(self._repeated)
                self._value(event, in_flow)
                del self.problems[problems:], self._repeated[repeated:]
            kind = "map" if type(scalar) is MappingStartEvent else "list"
            self._refuse("yaml-not-json", f"a {kind} as a key", "write a plain word as the key", event.start_mark)
            return None
        if scalar is event:
            self._decoded += 1
        try:
            return key_of(scalar.value, scalar.style, scalar.tag)
        except ScalarError as error:
            self._refuse("yaml-not-json", str(error), "put the key in quotes", event.start_mark)
            return None

    def _merge(self, event: Any, in_flow: bool, built: dict[str, Any]) -> None:
        """Put the entries of a map, or of each map of a list, into the map that has `<<: ...` in it."""
        start: Mark = event.start_mark
        if type(event) is ScalarEvent:
            self._note(event, in_flow)
            self._refuse_merge("scalar", start)
            return
        marks: list[Mark] = []
        value = self._value(event, in_flow, marks)
        sources = [(start, value)]
        if type(event) is SequenceStartEvent:
            self._decoded -= 1  # go-yaml decodes the maps in it alone
            sources = list(zip(marks, value, strict=True))[::-1]  # the first one counts, so it comes last
        for mark, source in sources:
            if type(source) is not dict:
                self._refuse_merge("list" if type(source) is list else "scalar", mark)
                return
            built.update(source)

    def _refuse_merge(self, kind: str, mark: Mark) -> None:
        self._refuse("yaml-syntax", f"`<<` merges maps, not a {kind}", "give it a map or a list of maps", mark)

    def _refuse(self, rule: str, message: str, fix: str, mark: Mark) -> None:
        self.problems.append(Problem(rule, (), message, fix, at=self._chunk.place(mark.index)))

    def _add_duplicates(self) -> None:
        place = self._chunk.place
        found = [(key, place(first.index).line, place(again.index)) for key, first, again in self._repeated]
        at_top = {key for key, _, at in found if at.column == 1}
        # an object that begins again at the top of a document lacks the `---` above it: that is said once, at its head
        begins = next((key for key, _, _ in found if key in _BEGINNING), "") if at_top >= _BEGINNING else ""
        for key, first_line, at in found:
            if not begins or at.column > 1:
                self.problems.append(wording.duplicate_key(key, first_line, at))
            elif key == begins:
                self.problems.append(wording.missing_separator(at))


def _excessive_aliasing(decoded: int, by_alias: int) -> bool:
    """Return whether go-yaml would refuse a document as an alias bomb.

    Args:
        decoded: Nodes read so far, with every alias counted as the nodes it stands for.
        by_alias: Those of them that an alias brought in.

    Source: `allowedAliasRatio` and `decoder.unmarshal` of go.yaml.in/yaml/v2 v2.4.2, decode.go.
    """
    if by_alias <= _FEW_ALIASED or decoded <= _FEW_DECODED:
        return False
    beyond = (decoded - _RATIO_RANGE_LOW) / (_RATIO_RANGE_HIGH - _RATIO_RANGE_LOW)
    return by_alias / decoded > 0.99 - 0.89 * min(1.0, max(0.0, beyond))
