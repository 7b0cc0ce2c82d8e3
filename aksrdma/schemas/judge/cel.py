"""The part of the Common Expression Language that validation rules of CRDs use: text to a Python function."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

from aksrdma.schemas.judge.values import go_pattern, is_number

Scope: TypeAlias = Mapping[str, Any]
"""The variables of an expression."""
Expression: TypeAlias = Callable[[Scope], Any]


class CelError(Exception):
    """An expression has no value for these variables: a field that is not there, operands that do not fit."""


class UnsupportedError(Exception):
    """An expression uses a part of CEL that this module does not know."""


@cache
def compile_expression(source: str) -> Expression:
    """Return the function that takes the variables of an expression and returns its value.

    >>> compile_expression("self.end >= self.start")({"self": {"start": 1, "end": 5}})
    True

    Raises:
        UnsupportedError: the expression is outside the part of CEL that is known.
    """
    parser = _Parser(_tokens(source))
    expression = parser.ternary()
    parser.expect("end", "")
    return expression


# ---- tokens

_TOKENS: Final = re.compile(
    r"""\s+
    | (?P<float>\d+\.\d+)
    | (?P<int>0[xX][0-9a-fA-F]+|\d+)
    | (?P<raw>[rR](?:'[^'\n]*'|"[^"\n]*"))
    | (?P<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<op>&&|\|\||==|!=|<=|>=|[-+!<>()\[\].,?:])
    """,
    re.VERBOSE,
)
_LITERALS: Final[dict[str, Callable[[str], object]]] = {
    "int": lambda text: int(text, 0),
    "float": float,
    "raw": lambda text: text[2:-1],
    "string": ast.literal_eval,
}


class _Token(NamedTuple):
    kind: str
    text: str
    value: object = None
    """What a literal stands for."""


def _tokens(source: str) -> list[_Token]:
    """Return the tokens of an expression, ended by one of kind `end`."""
    found, position = [], 0
    while position < len(source):
        match = _TOKENS.match(source, position)
        if not match:
            raise UnsupportedError(f"unknown token at {source[position : position + 10]!r}")
        position = match.end()
        if kind := match.lastgroup:
            literal = _LITERALS.get(kind)
            found.append(_Token(kind, match.group(), literal(match.group()) if literal else None))
    return [*found, _Token("end", "")]


# ---- grammar


class _Parser:
    """Recursive descent, one method a level of precedence, lowest first."""

    def __init__(self, found: list[_Token]) -> None:
        self._tokens = found
        self._next = 0

    def expect(self, kind: str, text: str) -> _Token:
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

    def ternary(self) -> Expression:
        condition = self._or()
        if not self._take("?"):
            return condition
        first = self._or()
        self.expect("op", ":")
        second = self.ternary()
        return lambda scope: first(scope) if _truth(condition(scope)) else second(scope)

    def _or(self) -> Expression:
        left = self._and()
        while self._take("||"):
            left = _either(left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._relation()
        while self._take("&&"):
            # De Morgan: `a && b` settles on false where either is false, whatever error the other one has.
            left = _not(_either(_not(left), _not(self._relation())))
        return left

    def _relation(self) -> Expression:
        left = self._sum()
        while operator := self._take(*_RELATIONS):
            left = _binary(_RELATIONS[operator], left, self._sum())
        return left

    def _sum(self) -> Expression:
        left = self._unary()
        while operator := self._take("+", "-"):
            left = _binary(_add if operator == "+" else _subtract, left, self._unary())
        return left

    def _unary(self) -> Expression:
        if self._take("!"):
            return _not(self._unary())
        if self._take("-"):
            return _binary(_subtract, _literal(0), self._unary())
        return self._member()

    def _member(self) -> Expression:
        value = self._primary()
        while operator := self._take(".", "["):
            if operator == "[":
                value = _binary(_index, value, self.ternary())
                self.expect("op", "]")
                continue
            name = self.expect("name", "").text
            if not self._take("("):
                value = _Selection(value, name)
            elif name not in _MACROS:
                value = _call(name, [value, *self._list(")")])
            else:
                variable = self.expect("name", "").text
                self.expect("op", ",")
                body = self.ternary()
                self.expect("op", ")")
                value = _MACROS[name](value, variable, body)
        return value

    def _primary(self) -> Expression:
        if self._take("("):
            inner = self.ternary()
            self.expect("op", ")")
            return inner
        if self._take("["):
            items = self._list("]")
            return lambda scope: [item(scope) for item in items]
        token = self._tokens[self._next]
        if token.kind in _LITERALS:
            self._next += 1
            return _literal(token.value)
        name = self.expect("name", "").text
        if name in _WORDS:
            return _literal(_WORDS[name])
        if not self._take("("):
            return lambda scope: _select(scope, name)
        if name != "has":
            return _call(name, self._list(")"))
        # has(a.b) asks for the field b of a, so its argument is not evaluated as a whole.
        argument = self.ternary()
        self.expect("op", ")")
        if not isinstance(argument, _Selection):
            raise UnsupportedError("has() wants a field")
        holder, field = argument.holder, argument.field
        return lambda scope: _has(holder(scope), field)

    def _list(self, end: str) -> list[Expression]:
        items: list[Expression] = []
        while not self._take(end):
            if items:
                self.expect("op", ",")
            items.append(self.ternary())
        return items


_WORDS: Final = {"true": True, "false": False, "null": None}


class _Selection:
    """A field of an object; kept apart from other expressions because `has` takes it to pieces."""

    def __init__(self, holder: Expression, field: str) -> None:
        self.holder = holder
        self.field = field

    def __call__(self, scope: Scope) -> Any:
        return _select(self.holder(scope), self.field)


def _literal(value: object) -> Expression:
    return lambda scope: value


def _binary(operation: Callable[[Any, Any], Any], left: Expression, right: Expression) -> Expression:
    return lambda scope: operation(left(scope), right(scope))


def _call(name: str, arguments: list[Expression]) -> Expression:
    function = _FUNCTIONS.get((name, len(arguments)))
    if function is None:
        raise UnsupportedError(f"unknown function {name}")
    return lambda scope: function(*(argument(scope) for argument in arguments))


# ---- logic and macros, which decide themselves what is evaluated


def _not(inner: Expression) -> Expression:
    return lambda scope: not _truth(inner(scope))


def _either(left: Expression, right: Expression) -> Expression:
    return lambda scope: _any([left, right], scope)


def _any(expressions: list[Expression], scope: Scope) -> bool:
    """Tell whether one expression is true; an error does not count where another one settles the matter."""
    failure: CelError | None = None
    for expression in expressions:
        try:
            if _truth(expression(scope)):
                return True
        except CelError as error:
            failure = failure or error
    if failure:
        raise failure
    return False


def _truth(value: Any) -> bool:
    """Return a bool as it is; nothing else is true or false in CEL."""
    if isinstance(value, bool):
        return value
    raise CelError("no such overload: a bool is wanted")


def _exists(value: Expression, variable: str, body: Expression) -> Expression:
    def one(item: Any) -> Expression:
        return lambda scope: body({**scope, variable: item})

    return lambda scope: _any([one(item) for item in _items(value(scope))], scope)


def _all(value: Expression, variable: str, body: Expression) -> Expression:
    return _not(_exists(value, variable, _not(body)))


def _filter(value: Expression, variable: str, body: Expression) -> Callable[[Scope], list[Any]]:
    return lambda scope: [item for item in _items(value(scope)) if _truth(body({**scope, variable: item}))]


def _exists_one(value: Expression, variable: str, body: Expression) -> Expression:
    kept = _filter(value, variable, body)
    return lambda scope: len(kept(scope)) == 1


def _map(value: Expression, variable: str, body: Expression) -> Expression:
    return lambda scope: [body({**scope, variable: item}) for item in _items(value(scope))]


_MACROS: Final[Mapping[str, Callable[[Expression, str, Expression], Expression]]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
"""Macros by name: what they run over, the variable, the body."""


# ---- what operators and functions do with JSON values


class Mismatch:
    """Stands for a value that is not of the type that its schema declares, as 1.0 for an integer: it cannot be used."""


def usable(value: Any) -> Any:
    """Return a value that is of its declared type."""
    if isinstance(value, Mismatch):
        raise CelError("invalid data, expected int, got float64")
    return value


def _items(value: Any) -> list[Any]:
    """Return what a macro runs over: the items of a list, the keys of a map."""
    if isinstance(value, list | dict):
        return [usable(item) for item in value]
    raise CelError("no such overload: a macro wants a list or a map")


def _select(value: Any, field: Any) -> Any:
    """Return a field of an object or the value of a key of a map."""
    if isinstance(value, dict) and isinstance(field, str) and field in value:
        return usable(value[field])
    raise CelError(f"no such key: {field}")


def _has(value: Any, field: str) -> bool:
    if not isinstance(value, dict):
        raise CelError(f"no object to have {field}")
    return field in value


def _index(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return _select(value, key)
    if isinstance(value, list) and type(key) is int and 0 <= key < len(value):
        return usable(value[key])
    raise CelError(f"no such index: {key}")


def _equal(left: Any, right: Any) -> bool:
    """Compare as CEL does: numbers by value, anything else only with its own type."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _order(left: Any, right: Any) -> int:
    """Return -1, 0 or 1 as `left` is less than, equal to or more than `right`."""
    if not (is_number(left) and is_number(right)) and (
        type(left) is not type(right) or not isinstance(left, bool | str)
    ):
        raise CelError("no such overload: values of these types have no order")
    return int(left > right) - int(left < right)


def _in(item: Any, holder: Any) -> bool:
    if isinstance(holder, list):
        return any(_equal(item, other) for other in holder)
    if isinstance(holder, dict):
        return isinstance(item, str) and item in holder
    raise CelError("no such overload: `in` wants a list or a map")


def _add(left: Any, right: Any) -> Any:
    if (is_number(left) and is_number(right)) or (type(left) is type(right) and isinstance(left, str | list)):
        return left + right
    raise CelError("no such overload: + wants two numbers, strings or lists")


def _subtract(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return left - right
    raise CelError("no such overload: - wants two numbers")


_RELATIONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": lambda left, right: _order(left, right) < 0,
    "<=": lambda left, right: _order(left, right) <= 0,
    ">": lambda left, right: _order(left, right) > 0,
    ">=": lambda left, right: _order(left, right) >= 0,
    "in": _in,
}


def _size(value: Any) -> int:
    if isinstance(value, str | list | dict):
        return len(value)
    raise CelError("no such overload: size of a value that has none")


def _on_strings(function: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def check(value: Any, other: Any) -> bool:
        if isinstance(value, str) and isinstance(other, str):
            return function(value, other)
        raise CelError("no such overload: two strings are wanted")

    return check


_FUNCTIONS: Final[Mapping[tuple[str, int], Callable[..., Any]]] = {
    ("size", 1): _size,
    ("matches", 2): _on_strings(lambda value, pattern: bool(go_pattern(pattern).search(value))),
    ("startsWith", 2): _on_strings(str.startswith),
    ("endsWith", 2): _on_strings(str.endswith),
    ("contains", 2): _on_strings(str.__contains__),
}
"""Functions by name and number of arguments; as a method, the value before the dot is the first argument."""
