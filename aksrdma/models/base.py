"""What all typed objects share: closed, snake_case in Python and camelCase on the wire, wrong values refused in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import SchemaSerializer, SchemaValidator

from aksrdma.models.shape import model_schema, to_wire_name, wire_name

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic._internal._model_construction import ModelMetaclass as _ModelType
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

    from aksrdma.errors import ModelError
else:

    class _ModelType(type(BaseModel)):
        """Lets a wrong constructor argument raise ModelError.

        An `__init__` of ours would do the same and be called for every nested object that is read: twice as slow.
        """

        def __call__(cls, *args: Any, **fields: Any) -> Any:
            try:
                return super().__call__(*args, **fields)
            except ValidationError as error:
                raise _model_error(cls, error, python=True) from None


class Model(BaseModel, metaclass=_ModelType):
    """A part of an object.

    Constructors and attributes take snake_case, `model_validate` and `from_wire` take the names of the wire. A field
    without a value is None. A value that is assigned is judged as one that is given to the constructor, and so is what
    `model_copy(update=...)` changes. Lists are tuples, so assign a new list; what is put into a mapping in place is
    judged by `for_release` only.

    Raises:
        ModelError: A field is unknown, missing, or has a value that is not allowed.
    """

    # Attribute docstrings are read when they are asked for (describe.py): pydantic's own reading of them costs more than
    # half a millisecond a class at every import.
    model_config = ConfigDict(
        extra="forbid",
        validate_assignment=True,
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        alias_generator=to_wire_name,
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler, /) -> CoreSchema:
        """Return the schema that is made from the fields' shapes; pydantic asks where a model of its own has one of ours."""
        return model_schema(cls)

    @classmethod
    def model_rebuild(cls, **_options: Any) -> bool | None:
        """Make the validator of the class; pydantic calls it when the first object is built or read."""
        if cls.__pydantic_complete__:
            return None
        cls.__pydantic_core_schema__ = schema = model_schema(cls)
        cls.__pydantic_validator__ = SchemaValidator(schema)
        cls.__pydantic_serializer__ = SchemaSerializer(schema)
        cls.__pydantic_complete__ = True
        return True

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field, if the value is allowed."""
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise _model_error(type(self), error, python=True) from None

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return ((name, value) for name, value in super().__repr_args__() if value is not None)

    def wire(self) -> dict[str, Any]:
        """Return the JSON data that the API server gets: what was set, in the order of the model."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy, with some fields changed by their Python names; other than pydantic's it judges the new values."""
        copy = super().model_copy(deep=deep)
        for name, value in (update or {}).items():
            setattr(copy, name, value)
        return copy

    @classmethod
    def from_wire(cls, data: Any) -> Self:
        """Read JSON data with the names of the wire.

        Raises:
            ModelError: The data does not fit; `problems` has one line a mistake.
        """
        return cls.model_validate(data)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Read JSON data with the names of the wire, as `from_wire`; `options` are pydantic's."""
        try:
            return super().model_validate(obj, **{"by_alias": True, "by_name": False} | options)
        except ValidationError as error:
            raise _model_error(cls, error, python=False) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Read JSON text with the names of the wire; `options` are pydantic's."""
        try:
            return super().model_validate_json(json_data, **{"by_alias": True, "by_name": False} | options)
        except ValidationError as error:
            raise _model_error(cls, error, python=False) from None

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        from aksrdma.models.describe import field_docs

        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in field_docs(cls).items():
            properties.get(wire_name(cls, name), {}).setdefault("description", text)
        return schema


def _model_error(model: type[BaseModel], error: ValidationError, *, python: bool) -> ModelError:
    from aksrdma.errors import ModelError
    from aksrdma.models.messages import problem_lines

    return ModelError(problem_lines(model, error, python=python))
