"""What the API server makes of a field that it empties before it judges the object: `status`, where it is a subresource.

Whatever the field holds is taken, of whatever type, but for unknown fields: those are refused while the object is read.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.schemas.absence import Schema

NO_FIELDS: Final = "NoFields"
"""Name of the definition of a value of any type that holds no field, however deep in lists."""
_NO_FIELDS: Final[Schema] = {"$ref": f"#/$defs/{NO_FIELDS}"}
NO_FIELDS_DEFINITION: Final[Schema] = {"additionalProperties": False, "items": _NO_FIELDS}
LISTED_FORMATS: Final = frozenset({"byte", "cidr", "date", "date-time", "ipv4", "ipv6", "mac", "uuid"})
"""Formats of a string for which the API server's type check lets a list pass, whatever its items."""


def emptied(node: Schema) -> Schema:
    """Return the strict schema of a field that is emptied before it is judged."""
    out: Schema = {}
    if "properties" in node:
        out["properties"] = {name: emptied(child) for name, child in node["properties"].items()}
    if not node.get("x-kubernetes-preserve-unknown-fields"):
        out["additionalProperties"] = _others(node.get("additionalProperties", False))
    out["items"] = emptied(node["items"]) if "items" in node else dict(_NO_FIELDS)
    return dict(_NO_FIELDS) if out == NO_FIELDS_DEFINITION else out


def _others(others: Any) -> Any:
    return others if isinstance(others, bool) else emptied(others)


def or_bytes(out: Schema) -> Schema:
    """Return the schema of a value that Go decodes into bytes, where it is such: from base64, or a list of numbers."""
    if out.get("type") == "string" and out.get("format") == "byte":
        items = {"type": ["integer", "null"], "minimum": 0, "maximum": 255}
        return {**out, "type": ["string", "array"], "items": items}
    return out


def or_list(out: Schema) -> Schema:
    """Return the schema of a value that may also be a list without fields in it, where its format makes it so."""
    if out.get("type") == "string" and out.get("format") in LISTED_FORMATS:
        return {**out, "type": ["string", "array"], "items": dict(_NO_FIELDS)}
    return out
