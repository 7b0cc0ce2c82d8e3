"""Compiles a JSON Schema of ours into checks; `jsonschema` on the same schema comes to the same verdicts.

Most of a schema is never needed, so a field is compiled when it first occurs, and a value costs one look-up of its
name and one of its type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from aksrdma.findings import Problem
from aksrdma.schemas.judge.kept import duplicates, field_count, settled
from aksrdma.schemas.judge.values import (
    Check,
    Found,
    both,
    enum_check,
    integer_check,
    number_check,
    string_check,
    whole_check,
    words_check,
)
from aksrdma.schemas.judge.wording import (
    NULL,
    duplicate,
    invalid,
    missing,
    null_item,
    taken_by,
    text,
    unknown_field,
    wrong_count,
    wrong_type,
)
from aksrdma.schemas.store import DECODED, REPLICAS, VERSIONS, Schema, as_list, definition

_ALL: Final = ("object", "array", "string", "boolean", "integer", "number", "null")
_FORMS: Final = frozenset({"allOf", "anyOf", "oneOf", "not"})
_MOST_REPLICAS: Final = 2**31 - 1


def compile_schema(root: Schema, *, tell_versions: bool = False) -> Callable[[Any], list[Problem]]:
    """Return the function that judges an object by a schema; no problems means that the API server takes it.

    Args:
        root: the schema of a kind.
        tell_versions: also tell, under the rule `SOME_VERSIONS`, what not all versions of Kubernetes take.
    """
    checks = Compiler(root, tell_versions=tell_versions).compile(root)
    return lambda value: _judge(checks, value) or []


class Compiler:
    """Compiles the schemas of one file, each definition once."""

    def __init__(self, root: Schema, *, tell_versions: bool = False) -> None:
        self._tell_versions = tell_versions
        self._definitions: dict[str, Schema] = root.get("$defs", {})
        self._decoded = bool(root.get(DECODED))
        self._compiled: dict[str, Checks] = {}

    def compile(self, schema: Schema) -> Checks:
        """Return the checks of a schema."""
        if VERSIONS in schema and self._tell_versions:
            rest = {key: value for key, value in schema.items() if key != VERSIONS}
            return Marked(self.compile(rest), taken_by(schema[VERSIONS]))
        if "$ref" in schema:
            return self._reference(schema)
        if not schema:
            return Anything()
        types = tuple(as_list(schema.get("type", "string" if "const" in schema else list(_ALL))))
        # A message does not name the list that the format of a string lets pass.
        checks = Checks({}, tuple(name for name in types if name != "array" or "format" not in schema))
        for name in types:
            checks |= self._of_type(name, schema, types)
        whole: list[Check] = []
        if _FORMS & schema.keys():
            whole.append(self._forms(schema))
        if rules := schema.get("x-kubernetes-validations"):
            from aksrdma.schemas.judge.rules import rules_check  # with it comes CEL, which few schemas need

            whole.append(rules_check(schema, rules, self._definitions))
        for check in whole:
            for found in checks:
                if found is not type(None):
                    checks[found] = both(checks[found], check)
        if REPLICAS in schema:
            checks[dict] = both(checks[dict], replicas_check(schema[REPLICAS]))
        return checks

    def _reference(self, schema: Schema) -> Checks:
        name = schema["$ref"]  # one name, whichever file it is in
        if name not in self._compiled:
            self._compiled[name] = self.compile(definition(schema, self._definitions))
        checks = self._compiled[name]
        if "type" not in schema:
            return checks
        # A definition takes null; a place that does not says so with a type of its own.
        without_null = {found: check for found, check in checks.items() if found is not type(None)}
        return Checks(without_null, tuple(as_list(schema["type"])))

    def _of_type(self, name: str, schema: Schema, types: tuple[str, ...]) -> dict[type, Check]:
        match name:
            case "object":
                return {dict: both(_fields_check(schema, self.compile), _size_check(schema))}
            case "array":
                items = definition(schema.get("items", {}), self._definitions)
                return {list: both(_items_check(schema, self.compile), _unique_check(schema, items))}
            case "string":
                words = words_check(schema) if self._tell_versions else None
                return {str: both(string_check(schema), words)}
            case "boolean":
                return {bool: enum_check(schema)}
            case "integer" if self._decoded:  # Go refuses 1.0 where it decodes an integer
                return {int: integer_check(schema)}
            case "integer":
                return {int: integer_check(schema), float: whole_check(schema, types)}
            case "number":
                return {int: number_check(schema), float: number_check(schema)}
        return {type(None): None if None in schema.get("enum", (None,)) else enum_check(schema)}

    def _forms(self, schema: Schema) -> Check:
        """Return the check of `allOf`, `anyOf`, `oneOf` and `not`, with one problem whatever they hold.

        They see an object as the API server keeps it, without nulls and with defaults.
        """
        every = [self.compile(part) for part in schema.get("allOf", ())]
        some = [self.compile(part) for part in schema.get("anyOf", ())]
        one = [self.compile(part) for part in schema.get("oneOf", ())]
        no = self.compile(schema["not"]) if "not" in schema else None

        def check(given: Any) -> Found:
            value = settled(given, schema, self._definitions)
            for checks in every:
                if found := _judge(checks, value):
                    return found
            fits = not some or any(not _judge(checks, value) for checks in some)
            fits = fits and (not one or sum(not _judge(checks, value) for checks in one) == 1)
            if fits and (no is None or _judge(no, value)):
                return None
            return [invalid("fits none of the forms that the schema allows")]

        return check


_Compile: TypeAlias = "Callable[[Schema], Checks]"
_BASES: Final[tuple[type, ...]] = (dict, list, str, bool, int, float)
"""bool before int, which it is a subclass of."""


class Checks(dict[type, Check]):
    """The compiled form of a schema: for each Python type, the check of a value of that type; others are refused."""

    def __init__(self, checks: dict[type, Check], types: tuple[str, ...]) -> None:
        super().__init__(checks)
        self._types = types

    def __missing__(self, found: type) -> Check:
        """Answer for a type that is new: a subclass of a known one, or a wrong one."""
        check = next((self.get(base, self._wrong) for base in _BASES if issubclass(found, base)), self._wrong)
        self[found] = check
        return check

    def _wrong(self, value: Any) -> Found:
        return [NULL if value is None else wrong_type(value, self._types)]


class Unknown(Checks):
    """The checks of a field that the schema does not have."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__({}, ())
        self._problem = unknown_field(name, known)

    def __missing__(self, found: type) -> Check:
        """Refuse whatever its type."""
        return self._refuse

    def _refuse(self, value: Any) -> Found:
        return [self._problem]


class Marked(Checks):
    """The checks of a field, or a kind, that not all versions of Kubernetes have: whoever sets it is told which do."""

    def __init__(self, checks: Checks, mark: Problem) -> None:
        super().__init__({}, ())
        self._checks = checks
        self._mark = mark

    def __missing__(self, found: type) -> Check:
        """Add the mark to what the checks find; a null is a field left out."""
        check = self._checks[found]
        if found is type(None):
            return check
        return lambda value: [self._mark, *((check(value) if check else None) or ())]


class Anything(Checks):
    """The checks of a place where every value is taken."""

    def __init__(self) -> None:
        super().__init__({}, ())

    def __missing__(self, found: type) -> Check:
        """Take whatever its type."""
        return None


def _judge(checks: Checks, value: Any) -> Found:
    check = checks[value.__class__]
    return check(value) if check else None


def under(step: str | int, problem: Problem) -> Problem:
    """Return a problem as seen from the object or the list that holds the value at `step`."""
    if problem is NULL:  # what a null means depends on what it is in
        return null_item(step) if isinstance(step, int) else missing(step, null=True)
    return Problem(problem.rule, (step, *problem.path), problem.message, problem.fix, problem.meant)


# ---- objects


class _Fields(dict[str, Checks]):
    """The checks of an object's fields, each compiled when it first occurs."""

    def __init__(self, schema: Schema, compile_schema: _Compile) -> None:
        super().__init__()
        self._properties: dict[str, Schema] = schema.get("properties", {})
        self._compile = compile_schema
        others = schema.get("additionalProperties", True)
        self._others = compile_schema(others) if isinstance(others, dict) else Anything() if others else None

    def __missing__(self, name: str) -> Checks:
        """Compile a field of the schema; any other name is judged as what it is."""
        if name in self._properties:
            self[name] = self._compile(self._properties[name])
            return self[name]
        # Not kept: such names are a stranger's, and there is no end of them.
        return Unknown(name, tuple(self._properties)) if self._others is None else self._others


def _fields_check(schema: Schema, compile_schema: _Compile) -> Check:
    fields = _Fields(schema, compile_schema)
    required = frozenset(schema.get("required", ()))

    def check(value: dict[str, Any]) -> Found:
        found: list[Problem] = []
        for key, item in value.items():
            check_item = fields[key][item.__class__]
            # Nearly every item ends here: a check that is not there, or one that finds nothing.
            if check_item is not None and (problems := check_item(item)) is not None:
                found += [under(key, problem) for problem in problems]
        if not required <= value.keys():
            found += [missing(name) for name in schema["required"] if name not in value]
        return found or None

    return check


def _size_check(schema: Schema) -> Check:
    low, high = schema.get("minProperties", 0), schema.get("maxProperties")
    if not low and high is None:
        return None

    def check(value: dict[str, Any]) -> Found:
        wrong = wrong_count(field_count(schema, value), low, high, "field")
        return [wrong] if wrong else None

    return check


def replicas_check(path: list[str]) -> Check:
    """Return the check of an object whose number of replicas is at `path`, which the API server reads itself.

    Source: ValidateScaleSpec of k8s.io/apiextensions-apiserver, pkg/registry/customresource/validator.go@v0.34.2.
    """

    def check(value: dict[str, Any]) -> Found:
        found: Any = value
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if found is None or (type(found) is int and 0 <= found <= _MOST_REPLICAS):
            return None
        message = f"must be an integer from 0 to {_MOST_REPLICAS}, is {text(found)}"
        return [invalid(message, "write a number within that")._replace(path=tuple(path))]

    return check


# ---- lists


class _Items(dict[type, Check]):
    """The checks of a list's items, compiled when the first one occurs: their schema may be that of the list."""

    def __init__(self, schema: Schema, compile_schema: _Compile) -> None:
        super().__init__()
        self._schema = schema.get("items", {})
        self._compile = compile_schema
        self._checks: Checks | None = None

    def __missing__(self, found: type) -> Check:
        """Compile the schema of the items."""
        if self._checks is None:
            self._checks = self._compile(self._schema)
        self[found] = self._checks[found]
        return self[found]


def _items_check(schema: Schema, compile_schema: _Compile) -> Check:
    items = _Items(schema, compile_schema)
    low, high = schema.get("minItems", 0), schema.get("maxItems")

    def check(value: list[Any]) -> Found:
        found: list[Problem] = []
        for index, item in enumerate(value):
            check_item = items[item.__class__]
            if check_item is not None and (problems := check_item(item)) is not None:
                found += [under(index, problem) for problem in problems]
        if (low or high is not None) and (wrong := wrong_count(len(value), low, high, "item")):
            found.append(wrong)
        return found or None

    return check


def _unique_check(schema: Schema, items: Schema) -> Check:
    """Return the check that no item of a list occurs twice, where its list type or `uniqueItems` asks for it."""
    keys = tuple(schema.get("x-kubernetes-list-map-keys", ()))
    if not (schema.get("x-kubernetes-list-type") or schema.get("uniqueItems")):
        return None

    def check(value: list[Any]) -> Found:
        if len(value) < 2:
            return None
        return [duplicate(index, first, keys) for index, first in duplicates(value, keys, items)] or None

    return check
