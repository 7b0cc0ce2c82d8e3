"""The tree of one YAML document, with the marks of every node, from the events of libyaml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["scalar", "map", "list", "alias"]


class Mark(Protocol):
    """A place in the text: 0-based, in characters."""

    index: int
    line: int
    column: int


class SyntaxProblem(Exception):
    """Text that is no YAML, in the parser's words.

    Attributes:
        mark: Where the parser gave up; None where the trouble is a character, then `index` says which.
        opened: Where the thing began that is not closed or not finished, where the parser says so.
    """

    def __init__(self, words: str, mark: Mark | None, opened: Mark | None = None, index: int = 0) -> None:
        super().__init__(words)
        self.words = words
        self.mark = mark
        self.opened = opened
        self.index = index


class TooDeep(Exception):
    """More levels than the limit allows; `mark` is where the first one too many begins."""

    def __init__(self, mark: Mark) -> None:
        super().__init__("too deep")
        self.mark = mark


class Node:
    """One node of the document.

    Attributes:
        text: A scalar's text, or an alias's name.
        style: How a scalar is written: `'`, `"`, `|`, `>`, or None where it is plain.
        children: The items of a list; the keys and values of a map in turn; the target of an alias.
        in_flow: Whether it is a `[...]` or `{...}` collection.
        built: What `construct` made of it, kept for the aliases that stand for it.
    """

    __slots__ = ("anchor", "built", "children", "end", "in_flow", "kind", "size", "start", "style", "tag", "text")

    def __init__(self, kind: Kind, event: Any, text: str = "") -> None:
        self.kind: Kind = kind
        self.text = text
        self.tag: str | None = getattr(event, "tag", None)
        self.anchor: str | None = event.anchor
        self.style: str | None = (event.style or None) if kind == "scalar" else None
        self.children: list[Node] = []
        self.start: Mark = event.start_mark
        self.end: Mark = event.end_mark
        self.in_flow: bool = getattr(event, "flow_style", False)
        self.built: Any = None
        self.size = 0

    @property
    def target(self) -> Node:
        """The node that an alias stands for; any other node itself."""
        return self.children[0] if self.kind == "alias" else self

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Yield the entries of a map."""
        steps = iter(self.children)
        return zip(steps, steps, strict=True)


class Composed:
    """The first document of a text.

    Attributes:
        root: Its tree; None where the text holds no document.
        ignored: Where the text goes on after the document's end, which Kubernetes' reader never looks at.
    """

    __slots__ = ("ignored", "root")

    def __init__(self, root: Node | None, ignored: Mark | None) -> None:
        self.root = root
        self.ignored = ignored


_LIST_START: Final = "SequenceStartEvent"
_MAP_START: Final = "MappingStartEvent"
_ENDS: Final = frozenset({"SequenceEndEvent", "MappingEndEvent"})


def compose(text: str, max_depth: int) -> Composed:
    """Return the tree of the first document of `text`.

    Raises:
        SyntaxProblem: where the text is no YAML.
        TooDeep: where it has more than `max_depth` levels.
    """
    from yaml import MarkedYAMLError
    from yaml.reader import ReaderError

    try:
        parser = _parser(text)
        parser.get_event()
        if type(parser.get_event()).__name__ == "StreamEndEvent":
            return Composed(None, None)
        return Composed(_compose_root(parser, max_depth), _ignored(parser))
    except MarkedYAMLError as error:
        raise SyntaxProblem(error.problem or "", error.problem_mark, error.context_mark) from None
    except ReaderError as error:
        raise SyntaxProblem(str(error.reason), None, index=error.position) from None


def _parser(text: str) -> Any:
    try:
        from yaml._yaml import CParser
    except ImportError:  # PyYAML built without libyaml: slower, and different in odd texts alone
        from yaml import SafeLoader

        return SafeLoader(text)
    return CParser(text)


def _compose_root(parser: Any, max_depth: int) -> Node:
    anchors: dict[str, Node] = {}
    stack: list[Node] = []
    while True:
        event = parser.get_event()
        name = type(event).__name__
        if name in _ENDS:
            node = stack.pop()
            node.end = event.end_mark
            if not stack:
                return node
            continue
        node = _node(name, event, anchors)
        if stack:
            stack[-1].children.append(node)
            if stack[-1].in_flow and node.kind == "scalar":
                _refuse_question_mark(node)
        if name in (_MAP_START, _LIST_START):
            stack.append(node)
            if len(stack) > max_depth:
                raise TooDeep(event.start_mark)
        elif not stack:
            return node


def _refuse_question_mark(node: Node) -> None:
    """Refuse what libyaml allows and go-yaml does not: to it a `?` ends a plain scalar in a flow collection."""
    if node.style is None and "?" in node.text:
        raise SyntaxProblem("question mark in a flow collection", node.start)


def _node(name: str, event: Any, anchors: dict[str, Node]) -> Node:
    if name == "AliasEvent":
        node = Node("alias", event, event.anchor)
        if event.anchor not in anchors:
            raise SyntaxProblem(f"the alias *{event.anchor} has no anchor above it", event.start_mark)
        node.children = [anchors[event.anchor]]
        return node
    node = Node("scalar", event, event.value) if name == "ScalarEvent" else _collection(name, event)
    if event.anchor is not None:
        anchors[event.anchor] = node
    return node


def _collection(name: str, event: Any) -> Node:
    return Node("map" if name == _MAP_START else "list", event)


def _ignored(parser: Any) -> Mark | None:
    from yaml import MarkedYAMLError
    from yaml.reader import ReaderError

    end = parser.get_event()
    try:
        following = parser.get_event()
    except MarkedYAMLError as error:
        mark: Mark | None = error.problem_mark
        return mark
    except ReaderError:
        return end.end_mark  # type: ignore[no-any-return]
    return None if type(following).__name__ == "StreamEndEvent" else following.start_mark
