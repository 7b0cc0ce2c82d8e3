"""The same verdicts by plain `jsonschema`: the reference that the engine is held to.

It shows what a validator of JSON Schema has to know beyond it to judge by the schemas that ship with aksrdma.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from aksrdma.schemas.judge.compiler import replicas_check
from aksrdma.schemas.judge.kept import duplicates, field_count, settled
from aksrdma.schemas.judge.rules import holds, judged, scope_of
from aksrdma.schemas.judge.values import FORMATS, go_pattern, is_whole
from aksrdma.schemas.store import DECODED, REPLICAS, Schema, definition


def reference_validator(root: Schema) -> Validator:
    """Return a `jsonschema` validator that knows what our schemas say beyond JSON Schema.

    That is: patterns are Go's, formats are checked, lists of type set and map have no item twice, rules hold, and a
    null field or a default counts as the API server counts it.
    """

    def list_type(_: Validator, keys: Any, items: Any, schema: Schema) -> Iterator[ValidationError]:
        if isinstance(items, list):
            names = tuple(schema.get("x-kubernetes-list-map-keys", ()))
            item = definition(schema.get("items", {}), root.get("$defs", {}))
            for index, first in duplicates(items, names, item):
                yield ValidationError(f"item {index} is a duplicate of item {first}")

    def rules(_: Validator, listed: list[Schema], value: Any, schema: Schema) -> Iterator[ValidationError]:
        if value is None:
            return
        scope = scope_of(value, schema, root.get("$defs", {}))
        for rule in listed:
            if judged(rule["rule"]) and not holds(rule["rule"], scope):
                yield ValidationError(str(rule.get("message", rule["rule"])))

    own: dict[str, Any] = {
        "format": _format,
        "maxProperties": _max_properties,
        "minProperties": _min_properties,
        "pattern": _pattern,
        REPLICAS: _replicas,
        "x-kubernetes-list-type": list_type,
        "x-kubernetes-validations": rules,
    }

    def combined(keyword: str) -> Callable[..., Iterator[ValidationError] | None]:
        plain = known.VALIDATORS[keyword]

        def check(validator: Validator, parts: Any, value: Any, schema: Schema) -> Iterator[ValidationError] | None:
            whole = settled(value, schema, root.get("$defs", {}))
            return None if value is None else plain(validator, parts, whole, schema)

        return check

    known: Any = Draft202012Validator
    own |= {keyword: combined(keyword) for keyword in ("allOf", "anyOf", "oneOf", "not")}
    types = known.TYPE_CHECKER.redefine("integer", _is_int64 if root.get(DECODED) else _is_integer)
    validator: Validator = extend(known, own, type_checker=types)(root)  # type: ignore[no-untyped-call]
    return validator


def _replicas(_: Validator, path: list[str], value: Any, schema: Schema) -> Iterator[ValidationError]:
    check = replicas_check(path)
    if isinstance(value, dict) and check and check(value):
        yield ValidationError(f"{'.'.join(path)} is no number of replicas")


def _is_int64(_: Any, value: Any) -> bool:
    """Tell whether a value is an integer where Go decodes it: written as one, and within 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_integer(checker: Any, value: Any) -> bool:
    """Tell whether a value is an integer in a custom resource, where 1.0 is one."""
    return is_whole(value) if isinstance(value, float) else _is_int64(checker, value)


def _pattern(_: Validator, pattern: str, value: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(value, str) and not go_pattern(pattern).search(value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _format(_: Validator, name: str, value: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(value, str) and name in FORMATS and not FORMATS[name][0](value):
        yield ValidationError(f"{value!r} is not {FORMATS[name][1]}")


def _min_properties(_: Validator, low: int, value: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(value, dict) and field_count(schema, value) < low:
        yield ValidationError("too few fields")


def _max_properties(_: Validator, high: int, value: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(value, dict) and field_count(schema, value) > high:
        yield ValidationError("too many fields")
