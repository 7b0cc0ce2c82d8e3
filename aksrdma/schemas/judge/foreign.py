"""Kinds that aksrdma has no schema of, judged by the JSON Schemas of a user: what kubeconform calls `-schema-location`.

The `jsonschema` library walks such a schema, of whatever draft and with references to other files; what a keyword
refuses is judged and said here, as our own engine says it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from jsonschema import Draft4Validator, SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT4

from aksrdma.errors import ReadError, UsageError
from aksrdma.findings import Problem
from aksrdma.kube.names import dns_label, dns_subdomain
from aksrdma.nearest import hint
from aksrdma.schemas.judge.compiler import under
from aksrdma.schemas.judge.kept import canonical, duplicates
from aksrdma.schemas.judge.values import PATTERNS, Check, go_pattern, is_number, number_check, string_check
from aksrdma.schemas.judge.wording import (
    NULL,
    duplicate,
    invalid,
    missing,
    not_listed,
    out_of_range,
    unknown_field,
    wrong_count,
    wrong_type,
)
from aksrdma.schemas.store import Schema, as_list, kubernetes_versions

# ---- which file has the schema of a kind

_OURS: Final = "default"
"""The location that stands for the schemas of aksrdma, which are asked first in any case."""
_LAYOUT: Final = "/{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json"
"""What kubeconform adds to a location that is no template of a JSON file."""
_FIELD: Final = re.compile(r"\{\{\s*\.(\w+)\s*\}\}")


class Location:
    """A template of the paths of schema files.

    Source: pkg/registry/registry.go of yannh/kubeconform@v0.7.0.
    """

    def __init__(self, location: str, kubernetes: str | None = None) -> None:
        """Read a template; `kubernetes` is the version that it may name, or the newest.

        Raises:
            UsageError: it is not of a local folder, or not one that kubeconform would take.
        """
        where = f"schema location {location}"
        if "://" in location:
            raise UsageError(f"{where}: only local files are read; download the schemas and name their folder")
        self._template = location if location.endswith("json") else location + _LAYOUT
        self._kubernetes = kubernetes or kubernetes_versions()[-1]
        known = _fields("example.com", "v1", "Example")
        for name in _FIELD.findall(self._template):
            if name not in known:
                near = hint(name, known) or f"; there are {', '.join(known)}"
                raise UsageError(f"{where}: there is no field {name}{near}")
        if re.search(r"\{\{|\}\}", _FIELD.sub("", self._template)):
            raise UsageError(f"{where}: only fields stand in double braces, as in {{{{.Group}}}}")
        self.folder = Path(self._template.partition("{{")[0] + "_").parent
        """The folder above all that a kind can change in the path."""
        if not self.folder.is_dir():
            raise UsageError(f"{where}: there is no folder {self.folder}")

    def find(self, api_version: str, kind: str) -> Path | None:
        """Return the schema file of a kind, or None where there is none.

        Only names that Kubernetes takes become part of a path, so no `..`, slash or wild card does.
        """
        group, slash, version = api_version.rpartition("/")
        if (slash and dns_subdomain(group)) or dns_label(version) or dns_label(kind.lower()):
            return None
        fields = _fields(group, version, kind) | {"NormalizedKubernetesVersion": f"{self._kubernetes}.0"}
        file = Path(_FIELD.sub(lambda found: fields[found[1]], self._template))
        try:
            return file if file.is_file() else None
        except OSError:  # the name is too long for the file system
            return None


def _fields(group: str, version: str, kind: str) -> dict[str, str]:
    """Return what the fields of a template stand for; the core group goes by its version there."""
    suffix = [(group or version).partition(".")[0], *([version] if group else [])]
    return {
        "Group": group or version,
        "KindSuffix": "".join(f"-{part}" for part in suffix),
        "NormalizedKubernetesVersion": "",
        "ResourceAPIVersion": version,
        "ResourceKind": kind.lower(),
        "StrictSuffix": "-strict",
    }


class Locations:
    """Templates, in the order in which they are asked."""

    def __init__(self, locations: Sequence[str], kubernetes: str | None = None) -> None:
        """Read the templates.

        Raises:
            UsageError: one is not of a local folder, or not one that kubeconform would take.
        """
        self._locations = [Location(one, kubernetes) for one in locations if one != _OURS]
        self._judges: dict[tuple[str, str], Callable[[Any], list[Problem]] | None] = {}

    def judge_of(self, api_version: str, kind: str) -> Callable[[Any], list[Problem]] | None:
        """Return the function that judges objects of a kind, or None where there is no schema of it.

        Raises:
            ReadError: the schema cannot be used.
        """
        key = api_version, kind
        if key not in self._judges:
            found = ((file, one.folder) for one in self._locations if (file := one.find(*key)))
            place = next(found, None)
            self._judges[key] = judge_by(*place) if place else None
        return self._judges[key]


@cache
def locations_of(locations: tuple[str, ...], kubernetes: str | None = None) -> Locations:
    """Return the templates of the options of a validation, the same for every set of a version of Kubernetes.

    Raises:
        UsageError: one is not of a local folder, or not one that kubeconform would take.
    """
    return Locations(locations, kubernetes)


# ---- an object against such a schema


def judge_by(file: Path, folder: Path) -> Callable[[Any], list[Problem]]:
    """Return the function that judges an object by a schema file.

    Args:
        file: the schema, of draft 4 unless its `$schema` says otherwise, as kubeconform takes it.
        folder: where the files lie that it may refer to.

    Raises:
        ReadError: the file is no JSON Schema; the function raises it where a reference leads nowhere.
    """
    schema = _read(file)
    if not isinstance(schema, dict) or not isinstance(schema.get("$schema", ""), str):
        raise ReadError(f"{file}: is no JSON Schema")
    known: Any = validator_for(schema, default=Draft4Validator)
    try:
        known.check_schema(schema)
    except SchemaError as error:
        raise ReadError(f"{file}: is no JSON Schema: {error.message}") from error

    def retrieve(uri: str) -> Resource[Any]:
        target = (file.parent / uri).resolve()
        if not target.is_relative_to(folder.resolve()) or not target.is_file():
            raise NoSuchResource(uri)
        return Resource.from_contents(_read(target), default_specification=DRAFT4)

    types = known.TYPE_CHECKER.redefine("integer", _is_integer)
    judge: Any = extend(known, _KEYWORDS, type_checker=types)  # type: ignore[no-untyped-call]
    validator: Validator = judge(schema, registry=Registry(retrieve=retrieve))  # type: ignore[call-arg]

    def problems(value: Any) -> list[Problem]:
        try:
            return [_problem(error) for error in validator.iter_errors(value)]
        except Unresolvable as error:
            raise ReadError(
                f"{file}: refers to {error.ref}, which is not there; only files in {folder} are read"
            ) from None
        except re.error as error:
            raise ReadError(f"{file}: has a pattern that cannot be read: {error}") from error
        except RecursionError:
            return [invalid("is nested too deeply to be judged by its schema")]

    return problems


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ReadError(f"{file}: is no JSON Schema: {error}") from error


def _is_integer(_: Any, value: Any) -> bool:
    """Tell whether a value is an integer, which 1.0 is for the API server, and not yet in draft 4."""
    return is_number(value) and (isinstance(value, int) or value.is_integer())


class _Refused(ValidationError):
    """An error that knows its problem, as seen from where it is."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _problem(error: ValidationError) -> Problem:
    """Return the problem of an error, with its path from the object on."""
    value: Any = error.instance
    parts = error.context or []
    if isinstance(error, _Refused):
        problem = error.problem
    elif error.validator == "multipleOf":
        problem = out_of_range(value, f"must be a multiple of {error.validator_value}", "write one")
    elif error.validator not in ("anyOf", "oneOf", "not"):
        problem = invalid(f"does not fit {error.validator or 'false'} of its schema")
    elif parts and all(part.validator == "type" and not part.relative_path for part in parts):
        listed: list[Any] = [part.validator_value for part in parts]  # integer and string, usually
        problem = wrong_type(value, tuple(name for one in listed for name in as_list(one)))
    else:
        problem = invalid("fits none of the forms that the schema allows")
    for step in reversed(error.absolute_path):
        problem = under(step, problem)
    return problem


_Errors: TypeAlias = Iterator[ValidationError]
_Keyword: TypeAlias = "Callable[[Validator, Any, Any, Schema], _Errors]"


def _properties(validator: Validator, fields: Schema, value: Any, schema: Schema) -> _Errors:
    """Judge the fields of an object; a null that nothing asks for is dropped before the API server judges."""
    if isinstance(value, dict):
        for name, child in fields.items():
            if name in value and (value[name] is not None or name in schema.get("required", ())):
                yield from validator.descend(value[name], child, path=name, schema_path=name)  # type: ignore[attr-defined]


def _additional(validator: Validator, others: Any, value: Any, schema: Schema) -> _Errors:
    if not isinstance(value, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name in value:
        if name in known or any(go_pattern(pattern).search(name) for pattern in patterns):
            continue
        if others is False:
            yield _Refused(unknown_field(name, tuple(known))._replace(path=(name,)))
        elif isinstance(others, dict):
            yield from validator.descend(value[name], others, path=name)  # type: ignore[attr-defined]


def _required(_: Validator, names: Any, value: Any, schema: Schema) -> _Errors:
    if isinstance(value, dict) and isinstance(names, list):
        yield from (_Refused(missing(name)) for name in names if name not in value)


def _type(validator: Validator, types: Any, value: Any, schema: Schema) -> _Errors:
    names = tuple(as_list(types))
    if not any(validator.is_type(value, name) for name in names):
        yield _Refused(NULL if value is None else wrong_type(value, names))


def _enum(_: Validator, listed: Any, value: Any, schema: Schema) -> _Errors:
    if canonical(value) not in map(canonical, listed):
        yield _Refused(not_listed(value, tuple(listed)))


def _unique(_: Validator, asked: bool, value: Any, schema: Schema) -> _Errors:
    if asked and isinstance(value, list):
        yield from (_Refused(duplicate(index, first)) for index, first in duplicates(value, (), {}))


def _counted(name: str, of: type, *, most: bool) -> _Keyword:
    """Return the keyword that limits how many fields or items there are."""

    def keyword(_: Validator, limit: int, value: Any, schema: Schema) -> _Errors:
        if isinstance(value, of):
            low, high = (0, limit) if most else (limit, None)
            if wrong := wrong_count(len(value), low, high, name):  # type: ignore[arg-type]
                yield _Refused(wrong)

    return keyword


def _by(make: Callable[[Schema], Check], keyword: str, is_judged: Callable[[Any], bool]) -> _Keyword:
    """Return a keyword that is judged as our own engine judges it."""

    def judged(_: Validator, asked: Any, value: Any, schema: Schema) -> _Errors:
        if not is_judged(value) or isinstance(asked, bool):  # draft 4 has flags for exclusive bounds
            return
        rule: Mapping[str, Any] = {keyword: asked}
        if keyword == "format":
            rule = {"format": asked, "pattern": PATTERNS.get(asked)}
        if schema.get(exclusive := f"exclusive{keyword.capitalize()}") is True:
            rule = {exclusive: asked}
        check = make(dict(rule))
        yield from (_Refused(problem) for problem in (check and check(value)) or ())

    return judged


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_KEYWORDS: Final[dict[str, _Keyword]] = {
    "additionalProperties": _additional,
    "const": lambda validator, only, value, schema: _enum(validator, [only], value, schema),
    "enum": _enum,
    "maxItems": _counted("item", list, most=True),
    "maxProperties": _counted("field", dict, most=True),
    "minItems": _counted("item", list, most=False),
    "minProperties": _counted("field", dict, most=False),
    "properties": _properties,
    "required": _required,
    "type": _type,
    "uniqueItems": _unique,
    **{keyword: _by(string_check, keyword, _is_text) for keyword in ("format", "maxLength", "minLength", "pattern")},
    **{
        keyword: _by(number_check, keyword, is_number)
        for keyword in ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum")
    },
}
