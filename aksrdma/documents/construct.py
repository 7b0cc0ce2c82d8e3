"""The values of a document's tree, as go-yaml decodes it and sigs.k8s.io/yaml writes it as JSON.

Source: decode.go of go.yaml.in/yaml/v2 v2.4.2 and yaml.go of sigs.k8s.io/yaml v1.6.0.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.documents.keys import key_text
from aksrdma.documents.limits import excessive_aliasing
from aksrdma.documents.nodes import Mark, Node
from aksrdma.documents.scalars import Scalar, ScalarError, resolve, to_json
from aksrdma.documents.tags import TAG_PREFIX, resolve_tagged

_MERGE_TAG: Final = TAG_PREFIX + "merge"
_OPEN: Final = object()
_NEEDS_QUOTES: Final = "write a value that JSON has, or put it in quotes"


class Refused(Exception):
    """A document that Kubernetes' reader gives up on."""

    def __init__(self, rule: str, message: str, fix: str, mark: Mark) -> None:
        super().__init__(message)
        self.rule, self.message, self.fix, self.mark = rule, message, fix, mark


class Constructor:
    """Builds the value of one tree and notes what is wrong with it.

    Attributes:
        refusals: What JSON or go-yaml has no value for; where there is one, the value is not to be used.
        duplicates: The keys that a map holds more than once.
    """

    def __init__(self) -> None:
        self.refusals: list[Refused] = []
        self.duplicates: list[Duplicate] = []
        self._decoded = 1
        self._by_alias = 0

    def value(self, node: Node) -> Any:
        """Return the value of a tree.

        Raises:
            Refused: where nothing more can be decoded (an alias bomb, an alias inside its own value).
        """
        before = self._decoded
        self._decoded += 1
        if node.kind == "scalar":
            built = self._scalar(node)
        elif node.kind == "alias":
            return self._alias(node)
        else:
            node.built = _OPEN
            built = self._mapping(node) if node.kind == "map" else [self.value(child) for child in node.children]
        node.built = built
        node.size = self._decoded - before
        return built

    def _scalar(self, node: Node) -> Any:
        try:
            return to_json(scalar(node))
        except ScalarError as error:
            self.refusals.append(Refused("yaml-not-json", str(error), _NEEDS_QUOTES, node.start))
            return None

    def _alias(self, node: Node) -> Any:
        target = node.target
        if target.built is _OPEN:
            raise Refused("yaml-syntax", f"the alias *{node.text} stands inside its own value", _WRITE_OUT, node.start)
        self._decoded += target.size
        self._by_alias += target.size
        if excessive_aliasing(self._decoded, self._by_alias):
            message = f"aliases that stand for {self._by_alias} values: more than Kubernetes' reader follows"
            raise Refused("yaml-alias-bomb", message, _WRITE_OUT, node.start)
        return self._scalar(target) if target.kind == "scalar" else target.built

    def _mapping(self, node: Node) -> dict[str, Any]:
        built: dict[str, Any] = {}
        first: dict[str, Node] = {}
        for key_node, value_node in node.pairs():
            if is_merge(key_node):
                self._merge(value_node, built)
                continue
            key = self._key(key_node)
            value = self.value(value_node)
            if key is None:
                continue
            if key in first:
                self.duplicates.append(Duplicate(key, first[key], key_node))
            else:
                first[key] = key_node
            built[key] = value
        return built

    def _key(self, node: Node) -> str | None:
        self._decoded += 1
        if node.kind == "alias":
            self._alias(node)
        target = node.target
        if target.kind != "scalar":
            message = f"a {target.kind} as a key"
            self.refusals.append(Refused("yaml-not-json", message, "write a plain word as the key", node.start))
            return None
        target.size = 1
        try:
            return key_text(scalar(target))
        except ScalarError as error:
            self.refusals.append(Refused("yaml-not-json", str(error), "put the key in quotes", node.start))
            return None

    def _merge(self, node: Node, built: dict[str, Any]) -> None:
        for source in merge_sources(node):
            if source.target.kind != "map":
                message = f"`<<` merges maps, not a {source.target.kind}"
                self.refusals.append(Refused("yaml-syntax", message, "give it a map or a list of maps", source.start))
                return
            built.update(self.value(source))


_WRITE_OUT: Final = "write the values out"


class Duplicate:
    """A key that one map holds twice."""

    __slots__ = ("again", "first", "key")

    def __init__(self, key: str, first: Node, again: Node) -> None:
        self.key, self.first, self.again = key, first, again


def scalar(node: Node) -> Scalar:
    """Return what a scalar node resolves to, before JSON.

    Raises:
        ScalarError: where its text is not what its tag says.
    """
    if node.tag == "!" or (node.tag is None and node.style is not None):
        return node.text
    return resolve(node.text) if node.tag is None else resolve_tagged(node.text, node.tag)


def is_merge(node: Node) -> bool:
    """Return whether a key node is `<<`, which merges maps into its own."""
    if node.kind != "scalar" or node.text != "<<":
        return False
    return node.tag in (_MERGE_TAG, "!") or (node.tag is None and node.style is None)


def merge_sources(node: Node) -> list[Node]:
    """Return the nodes that `<<: node` merges, in the order in which later ones override earlier ones."""
    return node.children[::-1] if node.kind == "list" else [node]
