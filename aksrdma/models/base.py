"""What all typed objects share: closed, frozen, snake_case in Python and camelCase on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass as _ModelType
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


_INITIALISMS = {word.lower(): word for word in ("API", "FQDN", "GUID", "IDs", "IP", "IPC", "PID", "URI")}


def to_wire_name(name: str) -> str:
    """Return the name on the wire of a field; a trailing underscore only avoids a Python keyword.

    >>> [to_wire_name(name) for name in ("ofed_driver", "global_", "host_ipc", "ip")]
    ['ofedDriver', 'global', 'hostIPC', 'ip']
    """
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(_INITIALISMS.get(word) or word[:1].upper() + word[1:] for word in rest)


if not TYPE_CHECKING:

    class _ModelType(type(BaseModel)):
        """Lets a wrong constructor argument raise ModelError, as reading does; nested reads do not pass here."""

        def __call__(cls, *args: Any, **fields: Any) -> Any:
            try:
                return super().__call__(*args, **fields)
            except ValidationError as error:
                raise _model_error(cls, error) from None


class Model(BaseModel, metaclass=_ModelType):
    """A part of an object.

    Constructors take snake_case, `model_validate` and `from_wire` take the names of the wire. A field without a value
    is None. Objects are frozen, and their lists are tuples; `model_copy(update=...)` makes a changed copy.

    Raises:
        ModelError: A field is unknown, missing, or has a value that is not allowed.
    """

    # Attribute docstrings are read when they are asked for (docs.py): pydantic's own reading of them costs more than
    # half a millisecond a class at every import.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        alias_generator=to_wire_name,
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return ((name, value) for name, value in super().__repr_args__() if value is not None)

    def wire(self) -> dict[str, Any]:
        """Return the JSON data that the API server gets: what was set, in the order of the model."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

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
        options = {"by_alias": True, "by_name": False} | options
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise _model_error(cls, error) from None

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        from aksrdma.models.docs import field_docs

        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in field_docs(cls).items():
            alias = cls.model_fields[name].alias or name
            properties.get(alias, {}).setdefault("description", text)
        return schema


def _model_error(model: type[BaseModel], error: ValidationError) -> Exception:
    from aksrdma.errors import ModelError
    from aksrdma.models.problems import problems

    return ModelError(problems(model, error))
