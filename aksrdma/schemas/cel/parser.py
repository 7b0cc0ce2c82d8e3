"""Parses a CEL expression into a Python function of its variables."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from aksrdma.schemas.cel import values
from aksrdma.schemas.cel.lexer import Token, tokens
from aksrdma.schemas.cel.macros import MACROS, both_true, conditional, either_true, negated
from aksrdma.schemas.cel.values import FUNCTIONS, Expression, UnsupportedError

_RELATIONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": values.equal,
    "!=": lambda left, right: not values.equal(left, right),
    "<": lambda left, right: values.ordered(left, right) < 0,
    "<=": lambda left, right: values.ordered(left, right) <= 0,
    ">": lambda left, right: values.ordered(left, right) > 0,
    ">=": lambda left, right: values.ordered(left, right) >= 0,
    "in": values.contains,
}
_SUMS: Final[dict[str, Callable[[Any, Any], Any]]] = {"+": values.add, "-": values.subtract}
_WORDS: Final = {"true": True, "false": False, "null": None}


@cache
def compile_expression(source: str) -> Expression:
    """Return the function that takes the variables of an expression and returns its value.

    >>> compile_expression("self.end >= self.start")({"self": {"start": 1, "end": 5}})
    True

    Raises:
        UnsupportedError: the expression is outside the part of CEL that is known.
    """
    parser = _Parser(tokens(source))
    expression = parser.ternary()
    parser.expect("end", "")
    return expression


class _Parser:
    """Recursive descent, one method a level of precedence, lowest first."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0

    def ternary(self) -> Expression:
        condition = self._or()
        if not self._take("?"):
            return condition
        first = self._or()
        self.expect("op", ":")
        return conditional(condition, first, self.ternary())

    def expect(self, kind: str, text: str) -> Token:
        token = self._tokens[self._next]
        if token.kind != kind or (text and token.text != text):
            raise UnsupportedError(f"{token.text or 'the end'!r} where {text or kind!r} was expected")
        self._next += 1
        return token

    def _take(self, *texts: str) -> str:
        token = self._tokens[self._next]
        if token.kind not in ("op", "name") or token.text not in texts:
            return ""
        self._next += 1
        return token.text

    def _or(self) -> Expression:
        left = self._and()
        while self._take("||"):
            left = either_true(left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._relation()
        while self._take("&&"):
            left = both_true(left, self._relation())
        return left

    def _relation(self) -> Expression:
        left = self._sum()
        while operator := self._take(*_RELATIONS):
            left = _binary(_RELATIONS[operator], left, self._sum())
        return left

    def _sum(self) -> Expression:
        left = self._unary()
        while operator := self._take(*_SUMS):
            left = _binary(_SUMS[operator], left, self._unary())
        return left

    def _unary(self) -> Expression:
        if self._take("!"):
            return negated(self._unary())
        if self._take("-"):
            return _binary(values.subtract, _literal(0), self._unary())
        return self._member()

    def _member(self) -> Expression:
        value = self._primary()
        while operator := self._take(".", "["):
            value = self._index(value) if operator == "[" else self._dot(value)
        return value

    def _index(self, value: Expression) -> Expression:
        key = self.ternary()
        self.expect("op", "]")
        return _binary(values.index, value, key)

    def _dot(self, value: Expression) -> Expression:
        name = self.expect("name", "").text
        if not self._take("("):
            return _selection(value, name)
        if name in MACROS:
            return self._macro(value, name)
        return _call(name, [value, *self._list(")")])

    def _macro(self, value: Expression, name: str) -> Expression:
        variable = self.expect("name", "").text
        self.expect("op", ",")
        body = self.ternary()
        self.expect("op", ")")
        return MACROS[name](value, variable, body)

    def _primary(self) -> Expression:
        if self._take("("):
            inner = self.ternary()
            self.expect("op", ")")
            return inner
        if self._take("["):
            items = self._list("]")
            return lambda scope: [item(scope) for item in items]
        token = self._tokens[self._next]
        if token.kind in ("int", "float", "string", "raw"):
            self._next += 1
            return _literal(token.value)
        return self._name(self.expect("name", "").text)

    def _name(self, name: str) -> Expression:
        if name in _WORDS:
            return _literal(_WORDS[name])
        if not self._take("("):
            return lambda scope: values.select(scope, name)
        if name == "has":
            return self._has()
        return _call(name, self._list(")"))

    def _has(self) -> Expression:
        """`has(a.b)` asks for the field b of a, so its argument is not evaluated as a whole."""
        argument = self.ternary()
        self.expect("op", ")")
        if not isinstance(argument, _Selection):
            raise UnsupportedError("has() wants a field")
        holder, field = argument.holder, argument.field
        return lambda scope: values.has(holder(scope), field)

    def _list(self, end: str) -> list[Expression]:
        items: list[Expression] = []
        while not self._take(end):
            if items:
                self.expect("op", ",")
            items.append(self.ternary())
        return items


class _Selection:
    """A field of an object; kept apart from other expressions because `has` takes it to pieces."""

    def __init__(self, holder: Expression, field: str) -> None:
        self.holder = holder
        self.field = field

    def __call__(self, scope: values.Scope) -> Any:
        return values.select(self.holder(scope), self.field)


def _selection(holder: Expression, field: str) -> Expression:
    return _Selection(holder, field)


def _literal(value: object) -> Expression:
    return lambda scope: value


def _binary(operation: Callable[[Any, Any], Any], left: Expression, right: Expression) -> Expression:
    return lambda scope: operation(left(scope), right(scope))


def _call(name: str, arguments: list[Expression]) -> Expression:
    function = FUNCTIONS.get((name, len(arguments)))
    if function is None:
        raise UnsupportedError(f"unknown function {name}")
    return lambda scope: function(*(argument(scope) for argument in arguments))
