"""JSON data decoded as Go's encoding/json decodes it into a struct, with what goes wrong on the way.

Keys match without regard to case, unknown keys are ignored in silence, of a repeated key the last one wins, null leaves
the zero value, and 63.0 is no int. The plugins judged here are Go programs that load their configuration so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from aksrdma.checks.plugins.addresses import parse_address, parse_cidr
from aksrdma.findings import FieldPath
from aksrdma.kube.go_json import fold
from aksrdma.nearest import nearest

Scalar: TypeAlias = Literal["any", "bool", "cidr", "int", "ip", "string"]
Type: TypeAlias = "Scalar | Struct | ListOf | MapOf"


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


class Flaw(NamedTuple):
    """A value of the wrong type, or a key that the program ignores."""

    path: FieldPath
    kind: Literal["key", "type"]
    text: str
    near: str | None = None
    """The known key that is spelt most like the ignored one."""


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


def decode(data: Any, into: Type, path: FieldPath) -> tuple[Any, list[Flaw]]:
    """Decode `data`, written at `path`, and return it with its flaws in the order of the text."""
    flaws: list[Flaw] = []
    return _decode(data, into, path, flaws), flaws


def type_flaws(flaws: list[Flaw]) -> list[Flaw]:
    """Return the flaws that make json.Unmarshal fail."""
    return [flaw for flaw in flaws if flaw.kind == "type"]


def _decode(data: Any, into: Type, path: FieldPath, flaws: list[Flaw]) -> Any:
    if isinstance(into, Struct):
        return _struct(data, into, path, flaws)
    if isinstance(into, ListOf):
        return _list(data, into, path, flaws)
    if isinstance(into, MapOf):
        return _map(data, into, path, flaws)
    return _scalar(data, into, path, flaws)


def _struct(data: Any, into: Struct, path: FieldPath, flaws: list[Flaw]) -> Object:
    result = Object(path)
    if not isinstance(data, dict):
        _expect(data, "an object", path, flaws)
        return result
    for written, value in data.items():
        _field(result, into, written, value, flaws)
    return result


def _field(result: Object, into: Struct, written: str, value: Any, flaws: list[Flaw]) -> None:
    key = into.folded.get(fold(written))
    path = (*result.path, written)
    if key is None:
        near = nearest(written, into.fields)
        flaws.append(Flaw(path, "key", f"{written!r} is no key that is read here", near[0] if near else None))
    elif value is not None or into.fields[key] == "cidr":
        result.set(key, _decode(value, into.fields[key], path, flaws), path)


def _list(data: Any, into: ListOf, path: FieldPath, flaws: list[Flaw]) -> list[Any]:
    if not isinstance(data, list):
        _expect(data, "a list" if into.item != "string" else "a list of strings", path, flaws)
        return []
    return [_decode(item, into.item, (*path, index), flaws) for index, item in enumerate(data)]


def _map(data: Any, into: MapOf, path: FieldPath, flaws: list[Flaw]) -> dict[str, Any]:
    if not isinstance(data, dict):
        _expect(data, "an object", path, flaws)
        return {}
    return {key: _decode(value, into.value, (*path, key), flaws) for key, value in data.items()}


_ZERO: Mapping[str, Any] = {"any": None, "bool": False, "cidr": None, "int": 0, "ip": None, "string": ""}
_WORDS: Mapping[str, str] = {
    "bool": "true or false",
    "cidr": "a CIDR in a string",
    "int": "a whole number",
    "ip": "an IP address in a string",
    "string": "a string",
}


def _scalar(data: Any, into: Scalar, path: FieldPath, flaws: list[Flaw]) -> Any:
    if into == "any":
        return data
    value = _SCALARS[into](data)
    if value is None and data is not None and not (into == "ip" and data == ""):
        _expect(data, _WORDS[into], path, flaws)
    elif value is None and into == "cidr":
        flaws.append(Flaw(path, "type", "wants a CIDR in a string, not null"))
    return _ZERO[into] if value is None else value


def _int(data: Any) -> int | None:
    whole = isinstance(data, int) and not isinstance(data, bool) and -(2**63) <= data < 2**63
    return data if whole else None


_SCALARS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "bool": lambda data: data if isinstance(data, bool) else None,
    "cidr": lambda data: parse_cidr(data) if isinstance(data, str) else None,
    "int": _int,
    "ip": lambda data: parse_address(data) if isinstance(data, str) else None,
    "string": lambda data: data if isinstance(data, str) else None,
}


def _expect(data: Any, words: str, path: FieldPath, flaws: list[Flaw]) -> None:
    if data is not None:
        flaws.append(Flaw(path, "type", f"wants {words}, not {_shown(data)}"))


def _shown(data: Any) -> str:
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, str):
        return f"the string {data!r}"
    if isinstance(data, int | float):
        return f"the number {data}"
    return "a list" if isinstance(data, list) else "an object"
