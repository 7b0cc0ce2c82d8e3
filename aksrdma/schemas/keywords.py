"""The keywords of a structural schema that say something of one value, carried over into JSON Schema."""

from __future__ import annotations

from typing import Any, Final

from aksrdma.schemas.absence import Schema

# Read from the code that checks them: kube-openapi's strfmt, and time.Parse where Go decodes a field.
# The shape alone: that there is no 30th of February is checked where the format is known.
DATE_TIME: Final = r"^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(.\d+)?([Zz]|[+-]\d\d:\d\d)$"
GO_TIME: Final = r"^\d{4}-\d\d-\d\dT([01]?\d|2[0-3]):[0-5]\d:[0-5]\d([.,]\d+)?(Z|[+-]\d\d:\d\d)$"
BASE64: Final = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"
_LETTER: Final = r"([A-Za-z0-9+/][\r\n]*)"  # Go passes over line ends wherever they are
_PAD: Final = r"=[\r\n]*"
GO_BASE64: Final = rf"^[\r\n]*({_LETTER}{{4}})*({_LETTER}{{2}}{_PAD}{_PAD}|{_LETTER}{{3}}{_PAD})?$"

_PATTERNS: Final = {"date-time": DATE_TIME, "byte": BASE64}
_GO_PATTERNS: Final = {"date-time": GO_TIME, "byte": GO_BASE64}
_VALUE: Final = (
    *("format", "pattern", "minLength", "maxLength", "enum", "multipleOf"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
_KEPT: Final = (
    *("type", "default", "nullable", *_VALUE),
    *("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"),
)
_RULE: Final = ("rule", "message", "messageExpression", "reason", "fieldPath")


def common(node: Schema, *, typed: bool = False) -> Schema:
    """Return what `node` says whatever its type: no prose, no range, no fields, no items.

    With `typed`, Go reads the value into a field of its own, and judges times and base64 in its own way.
    """
    out: Schema = {key: node[key] for key in _KEPT if key in node}
    out |= _combined(node)
    if pattern := (_GO_PATTERNS if typed else _PATTERNS).get(node.get("format", "")):
        out.setdefault("pattern", pattern)
    if rules := node.get("x-kubernetes-validations"):
        out["x-kubernetes-validations"] = [{key: rule[key] for key in _RULE if key in rule} for rule in rules]
    return out


def bounds(node: Schema, limits: tuple[int, int] | None) -> Schema:
    """Return the range of a number; `limits` is that of its Go type, where the node gives none itself."""
    low, high = limits or (None, None)
    return _bound(node, "minimum", "exclusiveMinimum", low) | _bound(node, "maximum", "exclusiveMaximum", high)


def _bound(node: Schema, inclusive: str, exclusive: str, limit: int | None) -> Schema:
    """Return one end of a range; OpenAPI 3.0 writes an exclusive end as a number and a flag."""
    if inclusive not in node:
        return {} if limit is None else {inclusive: limit}
    return {exclusive if node.get(exclusive) else inclusive: node[inclusive]}


def value_validation(node: Schema) -> Schema:
    """Return the schema inside an `allOf`, `anyOf`, `oneOf` or `not`, to which strictness adds nothing."""
    out: Schema = {key: node[key] for key in ("type", *_VALUE, "required") if key in node}
    out |= bounds(node, None) | _combined(node)
    if "items" in node:
        out["items"] = value_validation(node["items"])
    if "properties" in node:
        out["properties"] = {name: value_validation(child) for name, child in node["properties"].items()}
    return out


def _combined(node: Schema) -> Schema:
    out: dict[str, Any] = {
        key: [value_validation(part) for part in node[key]] for key in ("allOf", "anyOf", "oneOf") if key in node
    }
    if "not" in node:
        out["not"] = value_validation(node["not"])
    return out
