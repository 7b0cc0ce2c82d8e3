"""Scalars with an explicit tag: `!!int "12"`, `!!binary`, and tags of the user's own."""

from __future__ import annotations

import re
from typing import Final

from aksrdma.documents.scalars import INT64, Scalar, ScalarError, resolve

_TIMESTAMP = (
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?)?\Z"
)

TAG_PREFIX: Final = "tag:yaml.org,2002:"
_RESOLVED_TAGS: Final = frozenset({"str", "bool", "int", "float", "null", "timestamp"})


def resolve_tagged(text: str, tag: str) -> Scalar:
    """Return the value of a scalar with an explicit tag.

    Args:
        text: The scalar's text, quoted or not.
        tag: The whole tag (`tag:yaml.org,2002:int`), or one of the user's own, which leaves a string.

    Raises:
        ScalarError: where the text is not what the tag says.
    """
    name = tag.removeprefix(TAG_PREFIX) if tag.startswith(TAG_PREFIX) else ""
    if name == "binary":
        return _decode_base64(text)
    if name not in _RESOLVED_TAGS or name == "str":
        return text
    if name == "timestamp":
        return _expect_timestamp(text)
    value = resolve(text)
    if name == "float" and type(value) is int and -INT64 <= value < INT64:
        return float(value)
    if _type_name(value) != name:
        raise ScalarError(f"{text!r} is no !!{name}")
    return value


def _type_name(value: Scalar) -> str:
    return {bool: "bool", int: "int", float: "float", str: "str"}.get(type(value), "null")


def _decode_base64(text: str) -> str:
    import base64
    import binascii

    try:
        data = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ScalarError("the text of !!binary is no base64") from None
    return data.decode("utf-8", "replace")


def _is_timestamp(text: str) -> bool:
    import datetime

    found = re.match(_TIMESTAMP, text, re.ASCII)
    if not found:
        return False
    parts = [int(part) for part in found.groups() if part is not None]
    if parts[0] == 0:
        parts[0] = 2000  # Go knows the year 0, a leap year as 2000 is; Python's dates begin at 1
    try:
        datetime.datetime(*parts)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def _expect_timestamp(text: str) -> str:
    if not _is_timestamp(text):
        raise ScalarError(f"{text!r} is no !!timestamp")
    return text
