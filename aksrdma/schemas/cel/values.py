"""What the operators and functions of CEL do with JSON values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from aksrdma.schemas.patterns import go_pattern

Scope: TypeAlias = Mapping[str, Any]
Expression: TypeAlias = Callable[[Scope], Any]


class CelError(Exception):
    """An expression has no value for these variables: a field that is not there, operands that do not fit."""


class UnsupportedError(Exception):
    """An expression uses a part of CEL that this module does not know."""


class Mismatch:
    """Stands for a value that is not of the type that its schema declares, as 1.0 for an integer: it cannot be used."""


def usable(value: Any) -> Any:
    """Return a value that is of its declared type."""
    if isinstance(value, Mismatch):
        raise CelError("invalid data, expected int, got float64")
    return value


def select(value: Any, field: str) -> Any:
    """Return a field of an object or the value of a key of a map."""
    if isinstance(value, dict) and field in value:
        return usable(value[field])
    raise CelError(f"no such key: {field}")


def has(value: Any, field: str) -> bool:
    """Tell whether an object has a field; asking anything but an object is an error."""
    if not isinstance(value, dict):
        raise CelError(f"no object to have {field}")
    return field in value


def index(value: Any, key: Any) -> Any:
    """Return an item of a list or the value of a key of a map."""
    if isinstance(value, dict):
        return select(value, key)
    if isinstance(value, list) and type(key) is int and 0 <= key < len(value):
        return usable(value[key])
    raise CelError(f"no such index: {key}")


def equal(left: Any, right: Any) -> bool:
    """Compare as CEL does: numbers by value, anything else only with its own type."""
    if _number(left) and _number(right):
        return bool(left == right)
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def ordered(left: Any, right: Any) -> int:
    """Return -1, 0 or 1 as `left` is less than, equal to or more than `right`."""
    if not (_number(left) and _number(right)) and (type(left) is not type(right) or not isinstance(left, bool | str)):
        raise CelError("no such overload: values of these types have no order")
    return int(left > right) - int(left < right)


def contains(item: Any, holder: Any) -> bool:
    """Do what `in` does: an item of a list, a key of a map."""
    if isinstance(holder, list):
        return any(equal(item, other) for other in holder)
    if isinstance(holder, dict):
        return item in holder
    raise CelError("no such overload: `in` wants a list or a map")


def add(left: Any, right: Any) -> Any:
    """Add numbers, join strings or lists."""
    if (_number(left) and _number(right)) or (type(left) is type(right) and isinstance(left, str | list)):
        return left + right
    raise CelError("no such overload: + wants two numbers, strings or lists")


def subtract(left: Any, right: Any) -> Any:
    """Subtract numbers."""
    if _number(left) and _number(right):
        return left - right
    raise CelError("no such overload: - wants two numbers")


def truth(value: Any) -> bool:
    """Return a bool as it is; nothing else is true or false in CEL."""
    if isinstance(value, bool):
        return value
    raise CelError("no such overload: a bool is wanted")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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


FUNCTIONS: Final[Mapping[tuple[str, int], Callable[..., Any]]] = {
    ("size", 1): _size,
    ("matches", 2): _on_strings(lambda value, pattern: bool(go_pattern(pattern).search(value))),
    ("startsWith", 2): _on_strings(str.startswith),
    ("endsWith", 2): _on_strings(str.endswith),
    ("contains", 2): _on_strings(str.__contains__),
}
"""Functions by name and number of arguments; as a method, the value before the dot is the first argument."""


def as_list(value: Any) -> list[Any]:
    """Return what a macro runs over: the items of a list, the keys of a map."""
    if isinstance(value, list | dict):
        return [usable(item) for item in value]
    raise CelError("no such overload: a macro wants a list or a map")
