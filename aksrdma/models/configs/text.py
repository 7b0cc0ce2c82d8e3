"""JSON inside a string: a model here, text on the wire. Importing this loads no pydantic."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

_LINE: Final = 100
"""Characters up to which a list of plain values stays on one line."""
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


def json_text(value: Any, *, escape_blanks: bool = False) -> str:
    r"""Write a model or JSON data as the text of a config field.

    Objects are indented by two blanks, lists of plain values stand on one line where they fit, and the text ends with a
    newline, so that YAML shows it as a block. Apostrophes are written as `\u0027`, because the operator pastes device
    plugin configs between apostrophes.

    Args:
        value: A model, or JSON data.
        escape_blanks: Write blanks inside strings as `\u0020`, for fields from which the operator removes all blanks.
    """
    text = _layout(value.wire() if hasattr(value, "wire") else value, "").replace("'", "\\u0027")
    if escape_blanks:
        text = _STRING.sub(lambda match: match[0].replace(" ", "\\u0020"), text)
    return f"{text}\n"


def _layout(data: Any, indent: str) -> str:
    line = json.dumps(data, ensure_ascii=False)
    inner = indent + "  "
    if isinstance(data, dict) and data:
        rows = [f"{inner}{json.dumps(key, ensure_ascii=False)}: {_layout(item, inner)}" for key, item in data.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(data, list) and (len(indent + line) > _LINE or any(isinstance(item, dict | list) for item in data)):
        return "[\n" + ",\n".join(inner + _layout(item, inner) for item in data) + f"\n{indent}]"
    return line


@dataclass(frozen=True, slots=True)
class EmbeddedJson:
    """Marks a field whose value on the wire is JSON text.

    Reading takes the text, or the data itself as constructors do; `wire` gives `json_text`.
    """

    empty_is_unset: bool = False
    """Whether an empty text means the same as no field."""
    escape_blanks: bool = False
    """As in `json_text`."""

    def schema(self, inner: CoreSchema) -> CoreSchema:
        """Return the schema of the field: the text is parsed before `inner` judges it, and written again for JSON."""
        from pydantic_core import core_schema

        def read(value: Any, judge: Callable[[Any], Any]) -> Any:
            if not isinstance(value, str):
                return judge(value)
            return None if self.empty_is_unset and not value.strip() else judge(_parse(value))

        def write(value: Any) -> str:
            return json_text(value, escape_blanks=self.escape_blanks)

        def describe(_schema: CoreSchema, handler: Callable[[CoreSchema], dict[str, Any]]) -> dict[str, Any]:
            return {"type": "string", "contentMediaType": "application/json", "contentSchema": handler(inner)}

        writer = core_schema.plain_serializer_function_ser_schema(write, when_used="json-unless-none")
        return core_schema.no_info_wrap_validator_function(
            read, inner, serialization=writer, metadata={"pydantic_js_functions": [describe]}
        )


def _parse(text: str) -> Any:
    from pydantic_core import PydanticCustomError

    if not text.strip():
        raise PydanticCustomError("json_text", "is empty; leave the field out or give it a config")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    raise PydanticCustomError("json_text", "is no JSON: {reason}", {"reason": reason})
