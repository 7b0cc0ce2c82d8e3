"""What a field is, for `aksrdma explain nicclusterpolicy.spec.ofedDriver.forcePrecompiled`."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from aksrdma import catalog, schemas
from aksrdma.errors import UnknownNameError
from aksrdma.findings import FieldPath, format_path
from aksrdma.models.index import KINDS, model_of
from aksrdma.models.shape import Shape, child_shape
from aksrdma.nearest import hint

SHORT_NAMES: Final = {"ncp": "NicClusterPolicy", "nnp": "NicNodePolicy", "nfr": "NodeFeatureRule", "po": "Pod"}
"""What kubectl takes for a kind too."""
UNTYPED_DOC: Final = "Not typed, for RDMA has no use for it: kept as it is, and judged by the schema of the release."

_Schema: TypeAlias = dict[str, Any]
_STEPS: Final = re.compile(r"\[([^\]]*)\]|([^.:\[\]]+)")
"""What stands in brackets, an index or a key; or a name."""
_NO_LIMIT: Final = (None, -(2**63), 2**63 - 1)
"""The bounds of int64 stand in a schema where the CRD says nothing."""
_LIMITS: Final = ("minimum", "maximum", "minLength", "maxLength", "pattern")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDescription:
    """What is known about a kind or a field of it."""

    api_version: str
    kind: str
    path: str
    """Path below the kind; a colon steps into the JSON of a string. Empty for the kind itself."""
    doc: str
    """What it is."""
    type: str
    """What it holds, in words: boolean, list of Toleration, map of string."""
    allowed: tuple[str, ...]
    """The only allowed values, where there are few."""
    limits: dict[str, Any]
    """minimum, pattern and the like, in the words of JSON Schema."""
    required: bool
    """Whether every release requires it."""
    default: Any
    """What the API server fills in; None for nothing."""
    releases: tuple[str, ...]
    """The releases that have it, oldest first; empty for kinds that no release brings along."""
    fields: tuple[str, ...]
    """The fields of the object that it holds."""


def describe(kind_path: str) -> FieldDescription:
    """Return what is known about a kind or a field.

    Args:
        kind_path: A kind in any case or its short name, then the field's path with the names of the wire, such as
            `nicclusterpolicy.spec.ofedDriver`. Indexes may be left out, and the JSON of a string is stepped into with a
            colon or a dot.

    Raises:
        UnknownNameError: There is no such kind or field; the message names the nearest.
    """
    word, *_ = re.split(r"[.:\[]", kind_path, maxsplit=1)
    by_name = {kind.casefold(): (version, kind) for version, kind in KINDS}
    name = SHORT_NAMES.get(word.casefold(), word)
    if name.casefold() not in by_name:
        kinds = [kind for _, kind in KINDS]
        raise UnknownNameError(f"no kind named {word!r}{hint(word, kinds) or '; there are ' + ', '.join(kinds)}")
    api_version, kind = by_name[name.casefold()]
    path, shape, doc, required = _follow(kind_path[len(word) :], api_version, kind)
    known = _schemas(api_version, kind, path)
    newest = next(reversed(known.values()), {})
    return FieldDescription(
        api_version=api_version,
        kind=kind,
        path=format_path(path),
        doc=doc,
        type=type_text(shape),
        allowed=shape.allowed,
        limits={} if None in path else {key: newest[key] for key in _LIMITS if newest.get(key) not in _NO_LIMIT},
        required=required,
        default=None if None in path else newest.get("default"),
        releases=tuple(known),
        fields=tuple(shape.fields),
    )


@cache
def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring of each field of a model, by the field's Python name, inherited ones included."""
    docs: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and cls is not BaseModel:
            docs |= docs_of_module(cls.__module__).get(cls.__qualname__, {})
    return {name: docs.get(name, UNTYPED_DOC) for name in model.model_fields}


@cache
def docs_of_module(module: str) -> dict[str, dict[str, str]]:
    """Return the strings under the fields of each class of a module; Python itself drops them."""
    classes = [
        node for node in ast.parse(inspect.getsource(import_module(module))).body if isinstance(node, ast.ClassDef)
    ]
    found: dict[str, dict[str, str]] = {}
    for node in classes:
        docs = found.setdefault(node.name, {})
        for statement, below in zip(node.body, node.body[1:], strict=False):
            if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                continue
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                docs[statement.target.id] = inspect.cleandoc(str(below.value.value))
    return found


def type_text(shape: Shape) -> str:
    """Say in words what a value may be."""
    ways = [model.__name__ for model in shape.models]
    ways += [f"list of {type_text(shape.item)}"] if shape.item else []
    ways += [f"map of {type_text(shape.value)}"] if shape.value else []
    ways += shape.types
    text = " or ".join(ways)
    return f"string, the JSON text of {text}" if shape.embedded else text


def _follow(rest: str, api_version: str, kind: str) -> tuple[FieldPath, Shape, str, bool]:
    model = model_of(api_version, kind)
    shape, doc, required = Shape(models=(model,)), inspect.cleandoc(model.__doc__ or ""), True
    path: list[str | int | None] = []
    for bracketed, plain in _STEPS.findall(rest):
        if shape.item and not shape.models and not plain:
            shape = shape.item
            path.append(int(bracketed) if bracketed.isdigit() else 0)
            continue
        shape = _inside(shape, path)
        name = plain or bracketed
        if shape.models:
            shape, doc, required = _field(shape, name, [kind, *path])
        elif shape.value:
            shape = shape.value
        elif shape.types == ("any",):
            raise UnknownNameError(f"{format_path((kind, *path))} is not typed, so there is no word about {name!r}")
        else:
            raise UnknownNameError(f"{format_path((kind, *path))} is a {type_text(shape)} and has no field {name!r}")
        path.append(name)
    return tuple(path), shape, doc, required


def _inside(shape: Shape, path: list[str | int | None]) -> Shape:
    """Step into the JSON of a string, and into the items of a list whose index was left out."""
    if shape.embedded:
        path.append(None)
    while shape.item and not shape.models:
        path.append(0)
        shape = shape.item
    return shape


def _field(shape: Shape, name: str, path: list[str | int | None]) -> tuple[Shape, str, bool]:
    if name not in shape.fields:
        known = list(shape.fields)
        near = hint(name, known) or f"; there are {', '.join(known)}"
        raise UnknownNameError(f"{format_path(tuple(path))} has no field {name!r}{near}")
    model, field = shape.fields[name]
    return child_shape(shape, name), field_docs(model)[field], model.model_fields[field].is_required()


def _schemas(api_version: str, kind: str, path: FieldPath) -> dict[str, _Schema]:
    """Return the schema of the field in each release that has it; the JSON of a string has that of its string."""
    group, _, version = api_version.rpartition("/")
    found = {}
    for release in catalog.releases():
        if schemas.Kind(group, version, kind) not in schemas.kinds(release):
            continue
        root = schemas.load(release, group, kind, version)
        schema: _Schema | None = _resolved(root, root)
        for step in path[: path.index(None)] if None in path else path:
            schema = _child(root, schema, step) if schema is not None else None
        if schema is not None:
            found[release] = schema
    return found


def _child(root: _Schema, schema: _Schema, step: str | int | None) -> _Schema | None:
    """Return the schema of a field, list item or map value, or None where there is no such thing."""
    if isinstance(step, int):
        found = schema.get("items")
    else:
        found = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
    if found is True:
        return {}
    return _resolved(root, found) if isinstance(found, dict) else None


def _resolved(root: _Schema, schema: _Schema) -> _Schema:
    """Return a schema with its reference, if it has one, replaced by what it stands for."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    return {**root["$defs"][name], **schema} if name else schema
