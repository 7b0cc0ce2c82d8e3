"""JSON inside a string: a model here, text on the wire."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidatorFunctionWrapHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_LINE = 100
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def json_text(value: Any, *, escape_blanks: bool = False) -> str:
    r"""Write a model or JSON data as the text of a config field.

    Objects are indented by two blanks, lists of plain values stand on one line where they fit, and the text ends with a
    newline, so that YAML shows it as a block. Apostrophes are written as `\u0027`, because the operator pastes device
    plugin configs between apostrophes.

    Args:
        value: A model, or JSON data.
        escape_blanks: Write blanks inside strings as `\u0020`, for fields from which the operator removes all blanks.
    """
    data = value.model_dump(mode="json", by_alias=True, exclude_none=True) if isinstance(value, BaseModel) else value
    text = _layout(data, "").replace("'", "\\u0027")
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


@dataclass(frozen=True)
class EmbeddedJson:
    """Marks a field whose value on the wire is JSON text.

    Reading takes the text, or the data itself as constructors do; `wire` gives `json_text`.
    """

    empty_is_unset: bool = False
    """Whether an empty text means the same as no field."""
    escape_blanks: bool = False
    """As in `json_text`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Parse before the model is validated, write text when it is dumped as JSON."""
        writer = core_schema.plain_serializer_function_ser_schema(self._write, when_used="json-unless-none")
        return core_schema.no_info_wrap_validator_function(self._read, handler(source), serialization=writer)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the wire, which is a string."""
        return {"type": "string", "contentMediaType": "application/json", "contentSchema": handler(schema)}

    def _read(self, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        if not isinstance(value, str):
            return handler(value)
        if self.empty_is_unset and not value.strip():
            return None
        return handler(_parse(value))

    def _write(self, value: Any) -> str:
        return json_text(value, escape_blanks=self.escape_blanks)


def _parse(text: str) -> Any:
    if not text.strip():
        raise PydanticCustomError("json_text", "is empty; leave the field out or give it a config")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    raise PydanticCustomError("json_text", "is no JSON: {reason}", {"reason": reason})
