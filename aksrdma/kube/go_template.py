"""What Go's text/template parses, and the tree of it; `go_template_run` executes it.

Source: text/template/parse of Go 1.26, lex.go, parse.go and node.go. What nests deeper than `_DEEPEST` is not judged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

BUILTIN: Final = frozenset(
    ("and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf")
) | {"println", "slice", "urlquery"}
"""Functions of the package itself."""
_DEEPEST: Final = 100
_KEYWORDS: Final = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"}
)
_SPACES: Final = " \t\r\n"
_ENDS: Final = frozenset(" \t\r\n.,|:)(")

Operand: TypeAlias = "Term | Pipe"


class TemplateError(ValueError):
    """Go does not parse the template."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        """1-based line of the template."""


class TooDeep(Exception):
    """The template nests deeper than is read here."""


class Term(NamedTuple):
    """A word of a command with the fields behind it."""

    kind: Literal["constant", "dot", "field", "function", "nil", "variable"]
    text: str
    """The name of a function, or of a variable with its `$`."""
    fields: tuple[str, ...]
    """Names behind dots, without these."""


@dataclass(slots=True)
class Pipe:
    """Commands, of which each but the first gets the result of the one before."""

    line: int
    declared: list[str] = field(default_factory=list)
    """Variables that it sets, with their `$`."""
    assigns: bool = False
    """Whether these are there already, as `=` has it."""
    commands: list[list[Operand]] = field(default_factory=list)
    fields: tuple[str, ...] = ()
    """Names behind dots after a pipe in parentheses."""


@dataclass(slots=True)
class Node:
    """A part of a template."""

    kind: Literal["action", "break", "continue", "else", "end", "if", "range", "template", "text", "with"]
    line: int
    text: str = ""
    """Of a text, or the name of a template."""
    pipe: Pipe | None = None
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)
    """Behind its `else`."""


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def parse(text: str, functions: Collection[str] = ()) -> tuple[list[Node], frozenset[str]]:
    """Return the nodes of a template, and the names of the templates that it defines.

    Args:
        text: The template.
        functions: Names of functions beside those of the package.

    Raises:
        TemplateError: Go does not parse it.
        TooDeep: it nests too deep to be read here.
    """
    parser = _Parser(text, functions)
    return parser.parse(), frozenset(parser.defined)


def is_empty(nodes: list[Node]) -> bool:
    """Say whether nodes are nothing but space."""
    return all(node.kind == "text" and not node.text.strip() for node in nodes)


# ----- The lexer: one token at a time, of text or inside an action.


def _tokens(text: str) -> Iterator[_Token]:
    at, line, trimmed = 0, 1, False
    while True:
        left = text.find("{{", at)
        end = len(text) if left < 0 else left
        piece = text[at:end]
        if trimmed:
            piece = piece.lstrip(_SPACES)
        marked = left >= 0 and text[left + 2 : left + 3] == "-" and text[left + 3 : left + 4] in tuple(_SPACES)
        shown = piece.rstrip(_SPACES) if marked else piece
        if shown:
            yield _Token("text", shown, line + text.count("\n", at, at + len(text[at:end]) - len(piece)))
        line += text.count("\n", at, end)
        if left < 0:
            yield _Token("eof", "EOF", line)
            return
        at = left + 2 + (2 if marked else 0)
        line += text.count("\n", left, at)
        if text.startswith("/*", at):
            close = text.find("*/", at + 2)
            if close < 0:
                raise TemplateError("unclosed comment", line)
            right = _RIGHT.match(text, close + 2)
            if right is None:
                raise TemplateError("comment ends before closing delimiter", line)
            line += text.count("\n", at, right.end())
            at, trimmed = right.end(), right[0] != "}}"
            continue
        yield _Token("left", "{{", line)
        parens = 0
        while True:
            right = _RIGHT.match(text, at)
            if right is not None:
                if parens:
                    raise TemplateError("unclosed left paren", line)
                line += text.count("\n", at, right.end())
                yield _Token("right", "}}", line)
                at, trimmed = right.end(), right[0] != "}}"
                break
            token, at = _inside(text, at, line)
            if token.kind == "char" and token.text in "()":
                parens += 1 if token.text == "(" else -1
                if parens < 0:
                    raise TemplateError("unexpected right paren", line)
                token = _Token(token.text, token.text, line)
            line += token.text.count("\n")
            yield token


_RIGHT: Final = re.compile(r"[ \t\r\n]-\}\}|\}\}")
_SPACE: Final = re.compile(r"[ \t\r\n]+?(?=[ \t\r\n]-\}\}|[^ \t\r\n]|\Z)")
_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|\'(?:[^\'\\\n]|\\[^\n])*\'|`[^`]*`')
_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_UNCLOSED: Final = {'"': "unterminated quoted string", "'": "unterminated character constant"}


def _inside(text: str, at: int, line: int) -> tuple[_Token, int]:
    """Return the token of an action that begins at a place, and where it ends."""
    if at >= len(text):
        raise TemplateError("unclosed action", line)
    char, following = text[at], text[at + 1 : at + 2]
    if char in _SPACES:
        found = _SPACE.match(text, at)
        assert found is not None, "a space is there"
        return _Token("space", found[0], line), found.end()
    if char == ":":
        if following != "=":
            raise TemplateError("expected :=", line)
        return _Token("declare", ":=", line), at + 2
    if char in "=|":
        return _Token("assign" if char == "=" else "pipe", char, line), at + 1
    if char in "\"'`":
        quoted = _QUOTED.match(text, at)
        if quoted is None:
            raise TemplateError(_UNCLOSED.get(char, "unterminated raw quoted string"), line)
        return _Token("character" if char == "'" else "string", quoted[0], line), quoted.end()
    if char == "$" or (char == "." and following and not "0" <= following <= "9"):
        end = _word_end(text, at + 1, line)
        kind = "variable" if char == "$" else "dot" if end == at + 1 else "field"
        return _Token(kind, text[at:end], line), end
    if char in "+-." or "0" <= char <= "9":
        return _number(text, at, line)
    if _is_alphanumeric(char):
        end = _word_end(text, at, line)
        word = text[at:end]
        kind = word if word in _KEYWORDS else "boolean" if word in ("true", "false") else "identifier"
        return _Token(kind, word, line), end
    if "!" <= char <= "~":
        return _Token("char", char, line), at + 1
    raise TemplateError(f"unrecognized character in action: U+{ord(char):04X}", line)


def _is_alphanumeric(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()


def _word_end(text: str, at: int, line: int) -> int:
    while at < len(text) and _is_alphanumeric(text[at]):
        at += 1
    if at < len(text) and text[at] not in _ENDS and not text.startswith("}}", at):
        raise TemplateError(f"bad character U+{ord(text[at]):04X} {text[at]!r}", line)
    return at


def _number(text: str, at: int, line: int) -> tuple[_Token, int]:
    found = _NUMBER.match(text, at)
    assert found is not None, "it matches nothing as well"
    end = found.end()
    kind = "number"
    if end < len(text) and text[end] in "+-":
        second = _NUMBER.match(text, end)
        assert second is not None, "it matches nothing as well"
        end, kind = second.end(), "complex"
        if not second[0].endswith("i"):
            raise TemplateError(f"bad number syntax: {text[at:end]!r}", line)
    if end < len(text) and _is_alphanumeric(text[end]):
        raise TemplateError(f"bad number syntax: {text[at : end + 1]!r}", line)
    return _Token(kind, text[at:end], line), end


# ----- The parser.


class _Parser:
    """Reads the tokens of one template."""

    def __init__(self, text: str, functions: Collection[str]) -> None:
        self._tokens = _tokens(text)
        self._functions = functions
        self._ahead: list[_Token] = []
        self._variables = ["$"]
        self._visible = Counter(self._variables)
        self._ranges = 0
        self._depth = 0
        self.defined: dict[str, bool] = {}
        """Whether there is more than space in a template that is defined, by its name."""

    def parse(self) -> list[Node]:
        nodes: list[Node] = []
        while self._peek().kind != "eof":
            if self._peek().kind == "left":
                left = self._next()
                token = self._next_word()
                if token.kind == "define":
                    self._define()
                    continue
                self._ahead += [token, left]
            node = self._text_or_action()
            if node.kind in ("end", "else"):
                raise TemplateError(f"unexpected {{{{{node.kind}}}}}", node.line)
            nodes.append(node)
        self._add("", nodes, self._peek().line)
        return nodes

    def _next(self) -> _Token:
        return self._ahead.pop() if self._ahead else next(self._tokens)

    def _peek(self) -> _Token:
        if not self._ahead:
            self._ahead.append(next(self._tokens))
        return self._ahead[-1]

    def _next_word(self) -> _Token:
        while True:
            token = self._next()
            if token.kind != "space":
                return token

    def _peek_word(self) -> _Token:
        token = self._next_word()
        self._ahead.append(token)
        return token

    def _expect(self, kind: str, context: str) -> _Token:
        token = self._next_word()
        if token.kind != kind:
            raise _unexpected(token, context)
        return token

    def _add(self, name: str, nodes: list[Node], line: int) -> None:
        empty = is_empty(nodes)
        if self.defined.get(name) and not empty:
            raise TemplateError(f"multiple definition of template {name!r}", line)
        self.defined[name] = self.defined.get(name, False) or not empty

    def _define(self) -> None:
        name = self._name(self._next_word(), "define clause")
        self._expect("right", "define clause")
        self._own_template(name, "define clause")

    def _own_template(self, name: str, context: str) -> None:
        outer = (self._variables, self._visible, self._ranges)
        self._variables, self._visible, self._ranges = ["$"], Counter("$"), 0
        nodes, end = self._list()
        if end.kind != "end":
            raise TemplateError(f"unexpected {{{{else}}}} in {context}", end.line)
        self._add(name, nodes, end.line)
        self._variables, self._visible, self._ranges = outer

    def _name(self, token: _Token, context: str) -> str:
        if token.kind != "string":
            raise _unexpected(token, context)
        return _unquoted(token)

    def _list(self) -> tuple[list[Node], Node]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooDeep
        nodes: list[Node] = []
        while self._peek_word().kind != "eof":
            node = self._text_or_action()
            if node.kind in ("end", "else"):
                self._depth -= 1
                return nodes, node
            nodes.append(node)
        raise TemplateError("unexpected EOF", self._peek().line)

    def _text_or_action(self) -> Node:
        token = self._next_word()
        if token.kind == "text":
            return Node("text", token.line, token.text)
        if token.kind != "left":
            raise _unexpected(token, "input")
        token = self._next_word()
        match token.kind:
            case "if" | "range" | "with":
                return self._control(token)
            case "break" | "continue":
                self._expect("right", f"{{{{{token.kind}}}}}")
                if not self._ranges:
                    raise TemplateError(f"{{{{{token.kind}}}}} outside {{{{range}}}}", token.line)
                return Node("break" if token.kind == "break" else "continue", token.line)
            case "else":
                if self._peek_word().kind not in ("if", "with"):
                    self._expect("right", "else")
                return Node("else", token.line)
            case "end":
                self._expect("right", "end")
                return Node("end", token.line)
            case "block":
                name = self._name(self._next_word(), "block clause")
                pipe = self._pipe("block clause", "right")
                self._own_template(name, "block clause")
                return Node("template", token.line, name, pipe)
            case "template":
                name = self._name(self._next_word(), "template clause")
                following = self._next_word()
                if following.kind == "right":
                    return Node("template", token.line, name)
                self._ahead.append(following)
                return Node("template", token.line, name, self._pipe("template clause", "right"))
        self._ahead.append(token)
        return Node("action", token.line, pipe=self._pipe("command", "right"))

    def _control(self, token: _Token) -> Node:
        kind: Literal["if", "range", "with"] = (
            "if" if token.kind == "if" else "range" if token.kind == "range" else "with"
        )
        known = len(self._variables)
        node = Node(kind, token.line, pipe=self._pipe(kind, "right"))
        self._ranges += kind == "range"
        node.body, end = self._list()
        self._ranges -= kind == "range"
        if end.kind == "else":
            following = self._peek()
            if following.kind == kind and kind != "range":
                self._depth += 1
                if self._depth > _DEEPEST:
                    raise TooDeep
                node.otherwise = [self._control(self._next())]
                self._depth -= 1
            else:
                node.otherwise, end = self._list()
                if end.kind != "end":
                    raise TemplateError("expected end; found {{else}}", end.line)
        self._visible.subtract(self._variables[known:])
        del self._variables[known:]
        return node

    def _pipe(self, context: str, end: str) -> Pipe:
        pipe = Pipe(self._peek_word().line)
        while self._peek_word().kind == "variable":
            variable = self._next()
            beside = self._peek()
            following = self._peek_word()
            if following.kind in ("assign", "declare"):
                pipe.assigns = following.kind == "assign"
                self._next_word()
                self._set(pipe, variable)
                break
            if following.kind != "char" or following.text != ",":
                if beside.kind == "space":
                    self._ahead.append(beside)
                self._ahead.append(variable)
                break
            self._next_word()
            self._set(pipe, variable)
            if context != "range" or len(pipe.declared) > 1:
                raise TemplateError(f"too many declarations in {context}", variable.line)
            if self._peek_word().kind not in ("variable", "right", ")"):
                raise TemplateError("range can only initialize variables", variable.line)
        while True:
            token = self._next_word()
            if token.kind == end:
                break
            if token.kind not in _OPERANDS:
                raise _unexpected(token, context)
            self._ahead.append(token)
            pipe.commands.append(self._command())
        if not pipe.commands:
            raise TemplateError(f"missing value for {context}", token.line)
        for stage, command in enumerate(pipe.commands[1:], 2):
            first = command[0]
            if isinstance(first, Term) and first.kind in ("constant", "dot", "nil"):
                raise TemplateError(f"non executable command in pipeline stage {stage}", token.line)
        return pipe

    def _set(self, pipe: Pipe, variable: _Token) -> None:
        pipe.declared.append(variable.text)
        self._variables.append(variable.text)
        self._visible[variable.text] += 1

    def _command(self) -> list[Operand]:
        operands: list[Operand] = []
        while True:
            self._peek_word()
            operand = self._operand()
            if operand is not None:
                operands.append(operand)
            token = self._next()
            if token.kind == "space":
                continue
            if token.kind in ("right", ")"):
                self._ahead.append(token)
            elif token.kind != "pipe":
                raise _unexpected(token, "operand")
            break
        if not operands:
            raise TemplateError("empty command", token.line)
        return operands

    def _operand(self) -> Operand | None:
        token = self._next_word()
        fields: list[str] = []
        found: Operand
        match token.kind:
            case "(":
                self._depth += 1
                if self._depth > _DEEPEST:
                    raise TooDeep
                found = self._pipe("parenthesized pipeline", ")")
                self._depth -= 1
            case "field":
                found = Term("field", "", ())
                fields.append(token.text[1:])
            case _ if token.kind in _OPERANDS:
                found = self._term(token)
            case _:
                self._ahead.append(token)
                return None
        first = self._peek()
        while self._peek().kind == "field":
            fields.append(self._next().text[1:])
        if not fields:
            return found
        if isinstance(found, Pipe):
            found.fields = tuple(fields)
            return found
        if found.kind in ("constant", "dot", "nil"):
            raise TemplateError(f"unexpected . after term {token.text!r}", first.line)
        return found._replace(fields=tuple(fields))

    def _term(self, token: _Token) -> Term:
        match token.kind:
            case "identifier":
                if token.text not in BUILTIN and token.text not in self._functions:
                    raise TemplateError(f"function {token.text!r} not defined", token.line)
                return Term("function", token.text, ())
            case "variable":
                if not self._visible[token.text]:
                    raise TemplateError(f"undefined variable {token.text!r}", token.line)
                return Term("variable", token.text, ())
            case "dot":
                return Term("dot", "", ())
            case "nil":
                return Term("nil", "", ())
            case "number" | "complex":
                if error := _number_error(token.text, complex_number=token.kind == "complex"):
                    raise TemplateError(f"{error}: {token.text!r}", token.line)
            case "string" | "character":
                _unquoted(token)
        return Term("constant", token.text, ())


_OPERANDS: Final = frozenset(
    {"(", "boolean", "character", "complex", "dot", "field", "identifier", "nil", "number", "string", "variable"}
)


def _unexpected(token: _Token, context: str) -> TemplateError:
    shown = f"<{token.text}>" if token.kind in _KEYWORDS else token.text if token.kind == "eof" else repr(token.text)
    return TemplateError(f"unexpected {shown} in {context}", token.line)


# ----- Constants, as strconv reads them.

_ESCAPED: Final = re.compile(
    r"\\(?:[abfnrtv\\]|x[0-9a-fA-F]{2}|(?P<octal>[0-7]{3})|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<quote>[\"']))"
)
_INTEGER: Final = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hex>(?:_?[0-9a-fA-F])+)|0[oO]?(?P<octal>(?:_?[0-7])+)|0[bB](?P<binary>(?:_?[01])+)"
    r"|(?P<decimal>0|[1-9](?:_?[0-9])*))"
)
_DIGITS: Final = r"[0-9](?:_?[0-9])*"
_HEX: Final = r"[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_FLOAT: Final = re.compile(
    rf"[+-]?(?:(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
    rf"|0[xX](?:_?{_HEX}(?:\.(?:{_HEX})?)?|\.{_HEX})[pP][+-]?{_DIGITS})"
)


def _unquoted(token: _Token) -> str:
    """Return what a quoted string holds, escapes as they are.

    Raises:
        TemplateError: strconv.Unquote refuses it.
    """
    quote, inner = token.text[0], token.text[1:-1]
    if quote == "`":
        return inner
    count, at = 0, 0
    while at < len(inner):
        count += 1
        if inner[at] != "\\":
            at += 1
            continue
        found = _ESCAPED.match(inner, at)
        code = int(found["octal"], 8) if found and found["octal"] else 0
        rune = int(found["short"] or found["long"] or "0", 16) if found else 0
        bad_rune = 0xD800 <= rune < 0xE000 or rune > 0x10FFFF
        if found is None or code > 255 or bad_rune or (found["quote"] and found["quote"] != quote):
            raise TemplateError(f"invalid syntax of the constant {token.text}", token.line)
        at = found.end()
    if quote == "'" and count != 1:
        raise TemplateError(f"malformed character constant: {token.text}", token.line)
    return inner


_BASES: Final = {"binary": 2, "decimal": 10, "hex": 16, "octal": 8}
_MANY_DIGITS: Final = 64


def _number_error(text: str, *, complex_number: bool) -> str | None:
    """Return why a number is none to Go, or None where it is one."""
    if complex_number:
        first = _NUMBER.match(text)
        assert first is not None, "it begins with a number"
        parts = (first[0], text[first.end() : -1])
        return None if all(map(_is_float, parts)) else "illegal number syntax"
    if text.endswith("i") and _is_float(text[:-1]):
        return None
    found = _INTEGER.fullmatch(text)
    if found is not None:
        base, digits = next((_BASES[name], found[name]) for name in _BASES if found[name])
        digits = digits.replace("_", "").lstrip("0")
        if len(digits) <= _MANY_DIGITS:
            value = int(digits or "0", base)
            if value < 2**63 or (value < 2**64 and not found["sign"]) or (value == 2**63 and found["sign"] == "-"):
                return None
    if not _is_float(text):
        return "illegal number syntax"
    return None if any(mark in text for mark in ".eEpP") else "integer overflow"


def _is_float(text: str) -> bool:
    if not _FLOAT.fullmatch(text):
        return False
    plain = text.replace("_", "")
    try:
        value = float.fromhex(plain) if "x" in plain.lower() else float(plain)
    except OverflowError:
        return False
    return abs(value) != float("inf")
