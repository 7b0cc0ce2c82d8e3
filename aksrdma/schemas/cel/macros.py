"""The parts of CEL that decide themselves what is evaluated: logic and macros.

An error on one side of `&&` or `||` does not count where the other side settles the matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from aksrdma.schemas.cel.values import CelError, Expression, Scope, as_list, truth


def both_true(left: Expression, right: Expression) -> Expression:
    """Return `left && right`."""
    return lambda scope: not _any([_not(left), _not(right)], scope)


def either_true(left: Expression, right: Expression) -> Expression:
    """Return `left || right`."""
    return lambda scope: _any([left, right], scope)


def negated(inner: Expression) -> Expression:
    """Return `!inner`."""
    return _not(inner)


def conditional(condition: Expression, first: Expression, second: Expression) -> Expression:
    """Return `condition ? first : second`."""
    return lambda scope: first(scope) if truth(condition(scope)) else second(scope)


def _not(inner: Expression) -> Expression:
    return lambda scope: not truth(inner(scope))


def _any(expressions: list[Expression], scope: Scope) -> bool:
    """Tell whether one expression is true; an error comes through only where none is."""
    failure: CelError | None = None
    for expression in expressions:
        try:
            if truth(expression(scope)):
                return True
        except CelError as error:
            failure = failure or error
    if failure:
        raise failure
    return False


def _bound(variable: str, body: Expression, item: Any) -> Expression:
    return lambda scope: body({**scope, variable: item})


def _exists(value: Expression, variable: str, body: Expression) -> Expression:
    return lambda scope: _any([_bound(variable, body, item) for item in as_list(value(scope))], scope)


def _all(value: Expression, variable: str, body: Expression) -> Expression:
    no = _exists(value, variable, _not(body))
    return lambda scope: not no(scope)


def _exists_one(value: Expression, variable: str, body: Expression) -> Expression:
    kept = _filter(value, variable, body)
    return lambda scope: len(kept(scope)) == 1


def _filter(value: Expression, variable: str, body: Expression) -> Callable[[Scope], list[Any]]:
    return lambda scope: [item for item in as_list(value(scope)) if truth(body({**scope, variable: item}))]


def _map(value: Expression, variable: str, body: Expression) -> Expression:
    return lambda scope: [body({**scope, variable: item}) for item in as_list(value(scope))]


MACROS: Final[Mapping[str, Callable[[Expression, str, Expression], Expression]]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
"""Macros by name: what they run over, the variable, the body."""
