"""What a field may hold, read from its annotation: the one reader, for validators, messages, `explain` and tests.

Validators are made from these shapes and not by pydantic's reading of annotations, which takes three times as long; half
of a cold `aksrdma render` would be that. Scalars are as strict as JSON: `"5"` is no integer and `"true"` is no boolean.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from aksrdma.models.configs.text import EmbeddedJson

_JSON_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean", Any: "any"}
_INITIALISMS: Final = {word.lower(): word for word in ("API", "FQDN", "GUID", "IDs", "IO", "IP", "IPC", "PID", "URI")}


def to_wire_name(name: str) -> str:
    """Return the name on the wire of a field; a trailing underscore only avoids a Python keyword.

    >>> [to_wire_name(name) for name in ("ofed_driver", "global_", "host_ipc", "ip")]
    ['ofedDriver', 'global', 'hostIPC', 'ip']
    """
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(_INITIALISMS.get(word) or word[:1].upper() + word[1:] for word in rest)


def wire_name(model: type[BaseModel], field: str) -> str:
    """Return the name on the wire of a model's field; some versions of pydantic know it only once the model is built."""
    to_wire: Callable[[str], str] = model.model_config["alias_generator"]  # type: ignore[assignment]
    return to_wire(field)


@dataclass(frozen=True, slots=True)
class Limits:
    """Marks what plain values are allowed: `Annotated[int, Limits(minimum=0)]`."""

    minimum: int | None = None
    pattern: str | None = None
    """For texts; matches anywhere unless anchored, as in JSON Schema."""
    min_length: int | None = None
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class ToldApartBy:
    """Marks a union of models of which a field of the value's own names the one that holds."""

    field: str
    """Python name of the field."""
    otherwise: str
    """What stands for the values that name none of the models."""


NonNegativeInt: TypeAlias = Annotated[int, Limits(minimum=0)]

Time: TypeAlias = str
"""A point in time, RFC 3339; the schemas judge its form."""

IntOrString: TypeAlias = int | str
"""A number, or a text such as a port's name or `25%`."""

QUANTITY_PATTERN: Final = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
"""The pattern of a quantity, as the CRDs have it."""

Quantity: TypeAlias = Annotated[int | str, Limits(pattern=QUANTITY_PATTERN)]
"""An amount of a resource in a CRD: 1, 500m, 2Gi."""

CoreQuantity: TypeAlias = Annotated[int | float | str, Limits(pattern=QUANTITY_PATTERN)]
"""An amount of a resource in a built-in kind, where 0.5 without quotes is allowed too."""

Untyped: TypeAlias = Any
"""A field that RDMA has no use for: kept as it is, and judged by the schema of the release."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be: each part that is set is one way."""

    models: tuple[type[BaseModel], ...] = ()
    """An object with the fields of one of these."""
    item: Shape | None = None
    """A list of these."""
    value: Shape | None = None
    """A map with these values."""
    types: tuple[str, ...] = ()
    """A plain value of one of these JSON types."""
    allowed: tuple[str, ...] = ()
    """The only plain values, where there are few."""
    limits: Limits | None = None
    """What plain values are allowed."""
    told_apart: ToldApartBy | None = None
    """What tells which of several models holds."""
    embedded: EmbeddedJson | None = None
    """How the wire has it as JSON text, where it does."""
    foreign: Any = None
    """A type that no model here uses: it comes with a user's subclass, and pydantic judges it."""
    nullable: bool = False
    """Whether it may be None, which is "not set"."""

    @property
    def fields(self) -> dict[str, tuple[type[BaseModel], str]]:
        """Model and Python name of each field of the object, by its name on the wire."""
        return {wire_name(model, name): (model, name) for model in self.models for name in model.model_fields}

    @property
    def tagged(self) -> dict[str, Shape]:
        """The ways among which the value's content decides, by tag; empty where there is one way for objects."""
        if self.told_apart:
            by = self.told_apart
            tags = {model: field_shape(model.model_fields[by.field]).allowed[0] for model in self.models}
            return {tags[model]: Shape(models=(model,)) for model in self.models} | (
                {by.otherwise: Shape(value=self.value)} if self.value else {}
            )
        return {"one": Shape(models=self.models), "many": Shape(item=self.item)} if self.models and self.item else {}


def child_shape(shape: Shape, name: str) -> Shape:
    """Return what the field that the wire calls `name` may hold, in whichever of the models has it.

    Raises:
        KeyError: No model has it.
    """
    model, field = shape.fields[name]
    return field_shape(model.model_fields[field])


def field_shape(info: FieldInfo) -> Shape:
    """Return what a field may hold."""
    return shape_of(_annotation(info))


def _annotation(info: FieldInfo) -> Any:
    """Return the annotation as it was written; pydantic keeps its marks apart."""
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


@cache
def shape_of(annotation: Any) -> Shape:
    """Return what values of a type may be."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        marks = {_MARKS[type(mark)]: mark for mark in args[1:] if type(mark) in _MARKS}
        return replace(shape_of(args[0]), **marks) if len(marks) == len(args) - 1 else Shape(foreign=annotation)
    if origin in (Union, types.UnionType):
        return reduce(_either, map(shape_of, args))
    if origin is Literal:
        return Shape(types=("string",), allowed=args)
    if origin is Sequence:
        return Shape(item=shape_of(args[0]))
    if origin in (dict, Mapping):
        return Shape(value=shape_of(args[1]))
    if isinstance(annotation, type) and hasattr(annotation, "from_wire"):  # a Model, which is made of this file
        return Shape(models=(annotation,))
    if annotation is types.NoneType:
        return Shape(nullable=True)
    return Shape(types=(_JSON_TYPES[annotation],)) if annotation in _JSON_TYPES else Shape(foreign=annotation)


_MARKS: Final[Mapping[type, str]] = {Limits: "limits", ToldApartBy: "told_apart", EmbeddedJson: "embedded"}


def _either(one: Shape, other: Shape) -> Shape:
    return Shape(
        models=one.models + other.models,
        item=one.item or other.item,
        value=one.value or other.value,
        types=tuple(dict.fromkeys(one.types + other.types)),
        allowed=one.allowed + other.allowed,
        limits=one.limits or other.limits,
        told_apart=one.told_apart or other.told_apart,
        embedded=one.embedded or other.embedded,
        foreign=one.foreign or other.foreign,
        nullable=one.nullable or other.nullable,
    )


def model_schema(model: type[BaseModel]) -> CoreSchema:
    """Return what pydantic-core needs to validate and to write a model, in pydantic-core's own words."""
    known: dict[type[BaseModel], CoreSchema] = {}
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if one not in known:
            known[one], nested = _own_schema(one)
            waiting += nested
    return core_schema.definitions_schema(core_schema.definition_reference_schema(_ref(model)), list(known.values()))


def _ref(model: type[BaseModel]) -> str:
    return f"{model.__module__}.{model.__qualname__}"


@cache
def _own_schema(model: type[BaseModel]) -> tuple[CoreSchema, tuple[type[BaseModel], ...]]:
    """Return the schema of a model, which refers to others by name, and those others."""
    decorators = model.__pydantic_decorators__
    if decorators.field_validators or decorators.model_validators or decorators.field_serializers:
        raise TypeError(f"{model.__name__}: the models of aksrdma run no validators or serializers of a subclass")
    fields = {}
    nested: dict[type[BaseModel], None] = {}
    for name, info in model.model_fields.items():
        schema, below = _value_schema(_annotation(info))
        nested |= dict.fromkeys(below)
        if info.default_factory is not None:
            schema = core_schema.with_default_schema(schema, default_factory=info.default_factory)
        elif not info.is_required():
            schema = core_schema.with_default_schema(schema, default=info.default)
        alias = wire_name(model, name)
        fields[name] = core_schema.model_field(schema, validation_alias=alias, serialization_alias=alias)
    schema = core_schema.model_schema(
        model,
        core_schema.model_fields_schema(fields, model_name=model.__name__),
        ref=_ref(model),
        config=core_schema.CoreConfig(
            title=model.__name__,
            extra_fields_behavior=model.model_config["extra"] or "forbid",
            validate_by_name=True,
            validate_by_alias=True,
        ),
        metadata={"pydantic_js_functions": [model.__get_pydantic_json_schema__]},
    )
    return schema, tuple(nested)


@cache  # the fields of all models share a few dozen annotations
def _value_schema(annotation: Any) -> tuple[CoreSchema, tuple[type[BaseModel], ...]]:
    """Return the schema of a value, and the models that it refers to."""
    return _shape_schema(shape_of(annotation))


def _shape_schema(shape: Shape) -> tuple[CoreSchema, tuple[type[BaseModel], ...]]:
    nested = shape.models
    if tagged := shape.tagged:
        ways = {}
        for tag, way in tagged.items():
            ways[tag], below = _shape_schema(way)
            nested += below
        schema: CoreSchema = core_schema.tagged_union_schema(ways, _chooser(shape, frozenset(tagged)))
    elif shape.models:
        schema = core_schema.definition_reference_schema(_ref(shape.models[0]))
    elif shape.item:
        item, nested = _shape_schema(shape.item)
        schema = core_schema.tuple_variable_schema(item)
    elif shape.value:
        value, nested = _shape_schema(shape.value)
        schema = core_schema.dict_schema(core_schema.str_schema(strict=True), value)
    elif shape.foreign is not None:
        from pydantic import TypeAdapter  # costs every start, and no model here needs it

        schema = TypeAdapter(shape.foreign).core_schema
    elif shape.allowed:
        schema = core_schema.literal_schema(list(shape.allowed))
    else:
        schema = _plain_schema(shape.types, shape.limits or Limits())
    if shape.embedded:
        schema = shape.embedded.schema(schema)
    return (core_schema.nullable_schema(schema) if shape.nullable else schema), nested


def _chooser(shape: Shape, tags: frozenset[str]) -> Callable[[Any], str]:
    """Return the function that names the way which a value takes."""
    by = shape.told_apart

    def choose(value: Any) -> str:
        if by is None:
            return "many" if isinstance(value, list | tuple) else "one"
        if isinstance(value, Mapping):
            named = value.get(to_wire_name(by.field), value.get(by.field))
        else:
            named = getattr(value, by.field, None)
        return named if isinstance(named, str) and named in tags else by.otherwise

    return choose


def _plain_schema(names: tuple[str, ...], limits: Limits) -> CoreSchema:
    schemas = {
        "string": core_schema.str_schema(
            strict=True, pattern=limits.pattern, min_length=limits.min_length, max_length=limits.max_length
        ),
        "integer": core_schema.int_schema(strict=True, ge=limits.minimum),
        "number": core_schema.float_schema(strict=True, allow_inf_nan=False),
        "boolean": core_schema.bool_schema(strict=True),
        "any": core_schema.any_schema(),
    }
    if len(names) == 1:
        return schemas[names[0]]
    union = core_schema.union_schema([schemas[name] for name in names], mode="left_to_right")
    # A union's own errors are one a way; one mistake is to be one line.
    return core_schema.custom_error_schema(
        union, custom_error_type="no_way_fits", custom_error_message="fits none", custom_error_context={}
    )
