"""Templates of NodeFeatureRules: whether NFD parses them, and what fails as soon as their rule matches a node.

NFD executes a template for the terms that must all hold, and again for each alternative that does, and each time knows the
features of these terms alone; each line of the output is `key=value`. Where anything fails, the rule has no effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from aksrdma import catalog
from aksrdma.checks.plugins.features import feature_rules
from aksrdma.checks.register import rule
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube import go_template
from aksrdma.kube.kinds import RULE_KINDS
from aksrdma.kube.node_feature_rules import FeatureRule, Term
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_KEYS: Final = ("labelsTemplate", "varsTemplate")
_ELEMENT: Final = ("Name", "Value")
"""What an element has that is no device: MatchedKeyName and MatchedKeyValue of NFD's API."""
_RULE: Final = "nfr-template-fails"
_WAYS: Final[Mapping[str, str]] = {
    "bad character": 'put blanks between words, and read a key with other characters by index: {{ index . "a/b" }}',
    "undefined variable": "set it before with :=",
    "unclosed action": "close it with }}",
    "unclosed left paren": "close the parenthesis",
    "unexpected EOF": "close each if, range and with by {{ end }}",
    "unexpected {{end}}": "take one {{ end }} out: nothing is open there",
    "unterminated": "close the quotes",
}
"""What to do, by words of Go's message."""


@rule("nfr-template-fails", "nfr-template-invalid", kinds=RULE_KINDS)
def feature_templates(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Find templates that Go does not parse, or that fail on every node that their rule matches."""
    for feature in feature_rules(document):
        for key in _KEYS:
            text = feature.data.get(key)
            if isinstance(text, str) and text:
                for line, problem in _template(feature, (*feature.path, key), text, manifests.release):
                    start = sum(map(len, text.splitlines(keepends=True)[: line - 1]))
                    yield problem._replace(at=document.position_inside(problem.path, start))


def _template(feature: FeatureRule, path: FieldPath, text: str, release: str) -> Iterator[tuple[int, Problem]]:
    """Yield what is wrong with a template, each with its line: Go stops at the first failure."""
    functions = catalog.template_functions(release)
    try:
        nodes, defined = go_template.parse(text, functions)
    except go_template.TooDeep:
        return
    except go_template.TemplateError as error:
        message, fix = f"NFD does not parse the template: {error.message}", None
        name = error.message.partition("function '")[2].partition("'")[0]
        row = catalog.template_functions_of(name) if name else None
        if row is not None and row.until and catalog.holds_in(release, row.until, None):
            message = f"{message} in {release}: it went with {row.until}"
            fix = f"do without {name}: NFD no longer lets a template read what is about its own host"
        elif row is not None and row.since:
            message = f"{message} in {release}: it came with {row.since}"
            fix = f"use {row.since} or later, or do without {name}"
        elif name and (near := nearest(name, {*functions, *go_template.BUILTIN})):
            fix = f"write {near[0]}"
        elif not name:
            fix = next((way for words, way in _WAYS.items() if words in error.message), None)
        yield error.line, Problem("nfr-template-invalid", path, message, fix)
        return
    for number, terms in enumerate(feature.parts):
        failure = next(_Execution(terms, defined).failures(nodes), None) if terms else None
        if failure is not None:
            line, why = failure
            where = "on each node that the rule matches" if not number else f"where matchAny[{number - 1}] matches"
            yield line, Problem(_RULE, path, f"the template fails {where}: {why}")
            return


class _Element(NamedTuple):
    """What a range goes over: the elements of one feature."""

    feature: str
    attributes: tuple[str, ...]
    """Keys that an element has; empty where that is not known."""
    certain: bool = True
    """Whether there is one on each node that the rule matches."""


class _Features(NamedTuple):
    """The features of one domain."""

    domain: str


class _Elements(NamedTuple):
    """The list of the elements of a feature."""

    element: _Element


Value: TypeAlias = "_Element | _Elements | _Features | None"
"""What a word stands for: `_ROOT`, or None where that is not known."""
_ROOT: Final = _Features("")


class _Execution:
    """What a template does with the features of some terms, as far as each node shows the same."""

    def __init__(self, terms: tuple[Term, ...], defined: frozenset[str]) -> None:
        self._defined = defined
        self._features: dict[str, dict[str, _Element]] = {}
        for term in terms:
            domain, _, name = term.written.partition(".")
            known = self._features.setdefault(domain, {})
            element = _element(term)
            # The elements of several terms are one list, and each may be of another form.
            known[name] = element if known.get(name, element) == element else _Element(term.written, (), certain=False)

    def failures(self, nodes: list[go_template.Node]) -> Iterator[tuple[int, str]]:
        """Yield what fails for certain: the line of the template, and why."""
        yield from self._list(nodes, _ROOT, {"$": _ROOT})
        yield from _lines(nodes)

    def _list(
        self, nodes: list[go_template.Node], dot: Value, variables: Mapping[str, Value]
    ) -> Iterator[tuple[int, str]]:
        known = dict(variables)
        for node in nodes:
            if node.kind in ("break", "continue"):
                return
            if node.kind == "template" and node.text not in self._defined:
                yield node.line, f"template {node.text!r} is not defined"
            if node.pipe is None:
                continue
            yield from self._pipe(node.pipe, dot, known)
            value = self._value(node.pipe, dot, known)
            inner = dict(known)
            if node.kind == "range":
                element = value.element if isinstance(value, _Elements) else None
                inner.update(dict.fromkeys(node.pipe.declared))
                if node.pipe.declared:
                    inner[node.pipe.declared[-1]] = element
                # A feature that matched has an element at least; what else is gone over may be empty.
                if element is not None and element.certain:
                    yield from self._list(node.body, element, inner)
            elif node.kind == "with":
                inner.update(dict.fromkeys(node.pipe.declared, value))
                if isinstance(value, _Features) or (isinstance(value, _Elements) and value.element.certain):
                    yield from self._list(node.body, value, inner)
            if node.kind in ("if", "with") and _leaves(node):
                return
            if node.kind == "action":
                known.update(dict.fromkeys(node.pipe.declared, value))

    def _pipe(self, pipe: go_template.Pipe, dot: Value, known: Mapping[str, Value]) -> Iterator[tuple[int, str]]:
        for command in pipe.commands:
            # `and` and `or` stop at the first argument that decides.
            lazy = isinstance(command[0], go_template.Term) and command[0].text in ("and", "or")
            for operand in command[:2] if lazy else command:
                if isinstance(operand, go_template.Pipe):
                    yield from self._pipe(operand, dot, known)
                    continue
                _, why = self._term(operand, dot, known)
                if why:
                    yield pipe.line, why

    def _value(self, pipe: go_template.Pipe, dot: Value, known: Mapping[str, Value]) -> Value:
        """Return what a pipe of a single word stands for."""
        if len(pipe.commands) != 1 or len(pipe.commands[0]) != 1 or pipe.fields:
            return None
        operand = pipe.commands[0][0]
        if isinstance(operand, go_template.Pipe):
            return self._value(operand, dot, known)
        return self._term(operand, dot, known)[0]

    def _term(self, term: go_template.Term, dot: Value, known: Mapping[str, Value]) -> tuple[Value, str | None]:
        """Return what a word stands for, and why it fails, or None."""
        value = known.get(term.text) if term.kind == "variable" else dot if term.kind in ("dot", "field") else None
        for name in term.fields:
            if value is None:
                return None, None
            if isinstance(value, _Elements):
                feature = value.element.feature
                return None, f".{name} of {feature}, which is a list: go over it with range"
            if isinstance(value, _Element):
                if value.attributes and name not in value.attributes:
                    return None, f"{value.feature} has no {name!r}; it has {', '.join(value.attributes)}"
                return None, None
            if value is _ROOT:
                if name not in self._features:
                    return None, f"no term there is about {name}, so that it is missing"
                value = _Features(name)
            elif name in self._features[value.domain]:
                value = _Elements(self._features[value.domain][name])
            else:
                return None, f"no term there is about {value.domain}.{name}, so that it is missing"
        return value, None


def _leaves(node: go_template.Node) -> bool:
    """Say whether a part of a range may end it, or go on with its next element."""
    inner = (*node.body, *node.otherwise)
    return any(one.kind in ("break", "continue") or (one.kind in ("if", "with") and _leaves(one)) for one in inner)


def _element(term: Term) -> _Element:
    row = catalog.node_features().get(term.feature)
    # Elements that are found by matchName are of another form, and so may be those of a feature that nobody knows.
    if row is None or term.name is not None:
        return _Element(term.written, (), certain=False)
    attributes = _ELEMENT if not row.instances else () if row.pattern else tuple(row.attributes.split())
    return _Element(term.written, attributes, certain=bool(term.expressions))


def _lines(nodes: list[go_template.Node]) -> Iterator[tuple[int, str]]:
    """Yield lines of the output that are text alone, and no `key=value`."""
    for index, node in enumerate(nodes):
        if node.kind == "text":
            lines = node.text.split("\n")
            for number, line in enumerate(lines):
                begins = number > 0 or index == 0
                ends = number < len(lines) - 1 or index == len(nodes) - 1
                if begins and ends and line.strip() and "=" not in line:
                    yield node.line + number, f"the line {line.strip()[:60]!r} is no key=value"
