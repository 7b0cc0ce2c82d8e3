"""JSON data decoded as Go's encoding/json decodes it into a struct, with what goes wrong on the way.

Keys match without regard to case, unknown keys are ignored in silence, of a repeated key the last one wins, null leaves
the zero value, and 63.0 is no int. The device plugins, Multus and the IPAM plugins load their configuration so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.addresses import parse_address, parse_cidr
from aksrdma.kube.go_json import fold
from aksrdma.nearest import nearest

Scalar: TypeAlias = Literal["any", "bool", "cidr", "int", "ip", "string"]
Type: TypeAlias = "Scalar | Struct | ListOf | MapOf"

WRONG_TYPE: Final = "wrong-type"
"""Rule of a value that json.Unmarshal does not take."""
UNKNOWN_KEY: Final = "unknown-field"
"""Rule of a key that no field has: the program ignores it."""


class ListOf(NamedTuple):
    """A Go slice."""

    item: Type


class MapOf(NamedTuple):
    """A Go map with string keys."""

    value: Type


class Struct:
    """A Go struct, by the JSON names of its fields."""

    __slots__ = ("fields", "folded")

    def __init__(self, fields: Mapping[str, Type]) -> None:
        self.fields = fields
        # How encoding/json looks a field up.
        self.folded = {fold(key): key for key in fields}


class Object:
    """A decoded struct: values by the field's name, and where they were written."""

    __slots__ = ("_paths", "_values", "path")

    def __init__(self, path: FieldPath) -> None:
        self.path = path
        self._values: dict[str, Any] = {}
        self._paths: dict[str, FieldPath] = {}

    def __contains__(self, key: str) -> bool:
        """Say whether the key is there with a value other than null."""
        return key in self._values

    def set(self, key: str, value: Any, path: FieldPath) -> None:
        """Keep the value of a field and where it was written."""
        self._values[key] = value
        self._paths[key] = path

    def at(self, key: str) -> FieldPath:
        """Return the path of the field as written, or as it would be written where it is absent."""
        return self._paths.get(key, (*self.path, key))

    def get(self, key: str) -> Any:
        """Return the value of a field, or None where it has Go's zero value by absence."""
        return self._values.get(key)

    def text(self, key: str) -> str:
        """Return a string field, empty where it is absent."""
        return self._values.get(key) or ""

    def number(self, key: str) -> int:
        """Return an int field, 0 where it is absent."""
        return self._values.get(key) or 0

    def flag(self, key: str) -> bool:
        """Return a bool field, false where it is absent."""
        return bool(self._values.get(key))

    def list(self, key: str) -> list[Any]:
        """Return a slice field, empty where it is absent."""
        return self._values.get(key) or []

    def struct(self, key: str) -> Object:
        """Return a struct field, empty where it is absent."""
        return self._values.get(key) or Object(self.at(key))


def decode(data: Any, into: Type, path: FieldPath) -> tuple[Any, list[Problem]]:
    """Decode `data`, written at `path`.

    Returns:
        The decoded value, and its problems in the order of the text: `WRONG_TYPE`, for which json.Unmarshal fails, with
        a message that follows the name of the field, and `UNKNOWN_KEY`, with the known key that was meant.
    """
    problems: list[Problem] = []
    return _decode(data, into, path, problems), problems


def wrong_types(problems: list[Problem]) -> list[Problem]:
    """Return the problems that make json.Unmarshal fail."""
    return [problem for problem in problems if problem.rule == WRONG_TYPE]


def _decode(data: Any, into: Type, path: FieldPath, problems: list[Problem]) -> Any:
    if isinstance(into, Struct):
        result = Object(path)
        if not isinstance(data, dict):
            _expect(data, "an object", path, problems)
            return result
        for written, value in data.items():
            key = into.folded.get(fold(written))
            where = (*path, written)
            if key is None:
                near = nearest(written, into.fields)
                message = f"{written!r} is no key that is read here"
                problems.append(Problem(UNKNOWN_KEY, where, message, meant=near[0] if near else None))
            elif value is not None or into.fields[key] == "cidr":  # whose UnmarshalJSON is called for null, too
                result.set(key, _decode(value, into.fields[key], where, problems), where)
        return result
    if isinstance(into, ListOf):
        if isinstance(data, list):
            return [_decode(item, into.item, (*path, index), problems) for index, item in enumerate(data)]
        _expect(data, "a list" if into.item != "string" else "a list of strings", path, problems)
        return []
    if isinstance(into, MapOf):
        if isinstance(data, dict):
            return {key: _decode(value, into.value, (*path, key), problems) for key, value in data.items()}
        _expect(data, "an object", path, problems)
        return {}
    return data if into == "any" else _scalar(data, into, path, problems)


_ZERO: Final[Mapping[Scalar, Any]] = {"bool": False, "cidr": None, "int": 0, "ip": None, "string": ""}
_WORDS: Final[Mapping[Scalar, str]] = {
    "bool": "true or false",
    "cidr": "a CIDR in a string",
    "int": "a whole number",
    "ip": "an IP address in a string",
    "string": "a string",
}


def _scalar(data: Any, into: Scalar, path: FieldPath, problems: list[Problem]) -> Any:
    value: Any = None
    if into == "bool":
        value = data if isinstance(data, bool) else None
    elif into == "int":
        value = data if type(data) is int and -(2**63) <= data < 2**63 else None
    elif isinstance(data, str):
        value = data if into == "string" else parse_cidr(data) if into == "cidr" else parse_address(data)
    if value is not None:
        return value
    if data is None and into == "cidr":
        problems.append(Problem(WRONG_TYPE, path, "wants a CIDR in a string, not null"))
    elif not (into == "ip" and data == ""):
        _expect(data, _WORDS[into], path, problems)
    return _ZERO[into]


def _expect(data: Any, words: str, path: FieldPath, problems: list[Problem]) -> None:
    if data is None:
        return
    if isinstance(data, bool):
        shown = "true" if data else "false"
    elif isinstance(data, str):
        shown = f"the string {data!r}"
    elif isinstance(data, int | float):
        shown = f"the number {data}"
    else:
        shown = "a list" if isinstance(data, list) else "an object"
    problems.append(Problem(WRONG_TYPE, path, f"wants {words}, not {shown}"))
