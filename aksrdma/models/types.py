"""The scalar types of Kubernetes fields: as strict as JSON, so `"5"` is no integer and `"true"` is no boolean."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import Field, PlainValidator, StrictBool, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    _Item = TypeVar("_Item")
    ListOf: TypeAlias = Sequence[_Item]
else:

    class ListOf:
        """A list of the wire: given as any sequence, kept as a tuple, so that a frozen object stays as it is."""

        def __class_getitem__(cls, item: Any) -> Any:
            return tuple[item, ...]


Bool: TypeAlias = StrictBool
Int: TypeAlias = StrictInt
NonNegativeInt: TypeAlias = Annotated[StrictInt, Field(ge=0)]

Time: TypeAlias = str
"""A point in time, RFC 3339; the schemas judge its form."""

QUANTITY_PATTERN: Final = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
"""The pattern of a quantity, as the CRDs have it."""


def _is_number(value: Any, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _int_or_string(value: Any) -> int | str:
    if isinstance(value, str) or _is_number(value, int):
        return value  # type: ignore[no-any-return]
    raise PydanticCustomError("int_or_string", "is neither an integer nor a string")


def _quantity(value: Any) -> int | str:
    text = str(_int_or_string(value))
    if not re.match(QUANTITY_PATTERN, text):
        raise PydanticCustomError("quantity", "is no quantity such as 1, 500m or 2Gi")
    return value  # type: ignore[no-any-return]


def _core_quantity(value: Any) -> float | str:
    return value if _is_number(value, float) else _quantity(value)


IntOrString: TypeAlias = Annotated[
    int | str,
    PlainValidator(_int_or_string),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
]
"""A number, or a text such as a port's name or `25%`."""

Quantity: TypeAlias = Annotated[
    int | str,
    PlainValidator(_quantity),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": QUANTITY_PATTERN}]}),
]
"""An amount of a resource in a CRD: 1, 500m, 2Gi."""

CoreQuantity: TypeAlias = Annotated[
    int | float | str,
    PlainValidator(_core_quantity),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": QUANTITY_PATTERN}]}),
]
"""An amount of a resource in a built-in kind, where 0.5 without quotes is allowed too."""
