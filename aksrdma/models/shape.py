"""What the fields of a model hold, read off their annotations: for messages, `explain` and tests."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, reduce
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag

from aksrdma.models.configs.text import EmbeddedJson

_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", Any: "any"}


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
    tagged: tuple[tuple[str, Shape], ...] = ()
    """The same ways by tag, where the value's content decides which one holds."""
    embedded: bool = False
    """Whether the wire has it as JSON text."""

    @property
    def fields(self) -> dict[str, tuple[type[BaseModel], str]]:
        """Model and Python name of each field of the object, by its name on the wire."""
        return {wire_name(model, name): (model, name) for model in self.models for name in model.model_fields}


def wire_name(model: type[BaseModel], field: str) -> str:
    """Return the name on the wire of a model's field; pydantic itself may know it only once the model is built."""
    generator: Callable[[str], str] = model.model_config["alias_generator"]  # type: ignore[assignment]
    return generator(field)


def child_shape(shape: Shape, name: str) -> Shape:
    """Return what the field that the wire calls `name` may hold, in whichever of the models has it.

    Raises:
        KeyError: No model has it.
    """
    model, field = shape.fields[name]
    return _field_shape(model, field)


@cache
def _field_shape(model: type[BaseModel], field: str) -> Shape:
    info = model.model_fields[field]
    return _marked(shape_of(info.annotation), info.metadata)


def shape_of(annotation: Any) -> Shape:
    """Return what values of a type may be, apart from None."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _marked(shape_of(args[0]), args[1:])
    if origin in (Union, types.UnionType):
        return reduce(_either, map(_tagged, args))
    if origin is Literal:
        return Shape(types=("string",), allowed=args)
    if origin is tuple:
        return Shape(item=shape_of(args[0]))
    if origin in (dict, Mapping):
        return Shape(value=shape_of(args[1]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape(models=(annotation,))
    return Shape(types=(_JSON_TYPES[annotation],) if annotation in _JSON_TYPES else ())


def _marked(shape: Shape, metadata: Any) -> Shape:
    return replace(shape, embedded=True) if any(isinstance(mark, EmbeddedJson) for mark in metadata) else shape


def _tagged(annotation: Any) -> Shape:
    shape = shape_of(annotation)
    tags = [mark.tag for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, Tag)]
    return replace(shape, tagged=((tags[0], shape),)) if tags else shape


def _either(one: Shape, other: Shape) -> Shape:
    return Shape(
        models=one.models + other.models,
        item=one.item or other.item,
        value=one.value or other.value,
        types=tuple(dict.fromkeys(one.types + other.types)),
        allowed=one.allowed + other.allowed,
        tagged=one.tagged + other.tagged,
        embedded=one.embedded or other.embedded,
    )
