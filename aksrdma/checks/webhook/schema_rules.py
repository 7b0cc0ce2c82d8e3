"""The few words of JSON Schema that the webhook's schemas use, judged and worded as gojsonschema 1.2 does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from aksrdma.checks.webhook.go_json import Number
from aksrdma.findings import FieldPath

Schema: TypeAlias = "dict[str, Any]"


class Violation(NamedTuple):
    """One place where a value breaks its schema."""

    path: FieldPath
    """From the value that was judged."""
    reason: str


def violations(schema: Schema, value: Any, path: FieldPath = ()) -> Iterator[Violation]:
    """Yield every place where `value`, as `go_json.read_object` gives it, breaks `schema`."""
    given = _type_of(value)
    if (expected := schema.get("type")) and expected != given:
        yield Violation(path, f"Invalid type. Expected: {expected}, given: {given}")
        return
    yield from _one_of(schema, value, path)
    yield from _any_of(schema, value, path)
    if judge := _JUDGES.get(given):
        yield from judge(schema, value, path)


def _type_of(value: Any) -> str:
    if isinstance(value, Number):
        return "integer" if value.is_integer else "number"
    return _TYPE_NAMES[type(value)]


def _one_of(schema: Schema, value: Any, path: FieldPath) -> Iterator[Violation]:
    if "oneOf" not in schema:
        return
    failures = [list(violations(option, value, path)) for option in schema["oneOf"]]
    if sum(not failed for failed in failures) != 1:
        yield Violation(path, f"Must validate one and only one schema (oneOf); {_either(failures)}")


def _any_of(schema: Schema, value: Any, path: FieldPath) -> Iterator[Violation]:
    if "anyOf" not in schema:
        return
    failures = [list(violations(option, value, path)) for option in schema["anyOf"]]
    if all(failures):
        yield Violation(path, f"Must validate at least one schema (anyOf); {_either(failures)}")


def _either(failures: list[list[Violation]]) -> str:
    return ", or ".join(failed[0].reason for failed in failures if failed)


def _object(schema: Schema, value: dict[str, Any], path: FieldPath) -> Iterator[Violation]:
    for key in schema.get("required", ()):
        if key not in value:
            yield Violation(path, f"{key} is required")
    if len(value) < schema.get("minProperties", 0):
        yield Violation(path, f"one of {', '.join(schema['properties'])} is required")
    known = schema.get("properties", {})
    for key, item in value.items():
        if key in known:
            yield from violations(known[key], item, (*path, key))
        elif schema.get("additionalProperties") is False:
            yield Violation((*path, key), f"Additional property {key} is not allowed")


def _array(schema: Schema, value: list[Any], path: FieldPath) -> Iterator[Violation]:
    least = schema.get("minItems", 0)
    if len(value) < least:
        yield Violation(path, f"Array must have at least {least} items")
    for index, item in enumerate(value):
        yield from violations(schema.get("items", {}), item, (*path, index))


def _string(schema: Schema, value: str, path: FieldPath) -> Iterator[Violation]:
    least = schema.get("minLength", 0)
    if len(value) < least:
        yield Violation(path, f"String length must be greater than or equal to {least}")
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(f'"{word}"' for word in schema["enum"])
        yield Violation(path, f"{path[-1]} must be one of the following: {allowed}; it is {value!r}")


_TYPE_NAMES: Final = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
_JUDGES: Final[dict[str, Callable[[Schema, Any, FieldPath], Iterator[Violation]]]] = {
    "object": _object,
    "array": _array,
    "string": _string,
}
