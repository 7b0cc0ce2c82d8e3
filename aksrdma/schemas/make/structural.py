"""Turns a schema as the API server keeps it into the strict JSON Schema of what the API server takes.

A structural schema says what a field holds; what happens to a field that it does not name, to a null and to a field
that is left out is the API server's own doing: unknown fields are refused (strict field validation), a null counts as
a field left out, a default stands in for both. The result says all of that in plain JSON Schema (draft 2020-12), so
that any validator comes to the API server's verdict. What JSON Schema cannot say stays in the API server's own keywords
(`x-kubernetes-list-type`, `x-kubernetes-validations`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from aksrdma.schemas.judge.values import PATTERNS
from aksrdma.schemas.store import Definitions, Schema, as_list, definition

INT32: Final = (-(2**31), 2**31 - 1)
INT64: Final = (-(2**63), 2**63 - 1)
_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
_LIST_TYPE: Final = ("x-kubernetes-list-type", "x-kubernetes-list-map-keys")

ZERO: Final[Mapping[str, Any]] = {"string": "", "integer": 0, "number": 0, "boolean": False, "object": {}, "array": []}
"""What Go makes of a null, by type."""

EMBEDDED: Final[Mapping[str, Schema]] = {
    "apiVersion": {"type": "string", "minLength": 1, "pattern": "^[^/]*(/[^/]*)?$"},
    "kind": {"type": "string", "maxLength": 63, "pattern": "^[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?$"},
    "metadata": {"$ref": "#/$defs/ObjectMeta"},
}
"""What an object inside a custom resource has whatever the CRD says of it."""


class Converter:
    """Converts structural schemas; gathers in `definitions` what they refer to."""

    def __init__(self, components: Mapping[str, Schema] | None = None, *, typed: bool = False) -> None:
        """Set the converter up.

        Args:
            components: the schemas that a `$ref` may name, by the last part of the reference.
            typed: the API server decodes the kind into a Go struct, as it does with its own kinds, so that an int32
                out of range is refused while it is read; for custom resources it ignores that format.
        """
        self.definitions: dict[str, Schema] = {}
        self._components = components or {}
        self._typed = typed

    def convert(self, node: Schema) -> Schema:
        """Return the strict schema of a value that is there and not null."""
        if target := _target(node):
            name = target.rpartition(".")[2]
            if name in SPECIAL:
                return dict(SPECIAL[name])
            if name not in self.definitions:
                self.definitions[name] = or_null(self.convert(self._components[target]))
            # The type keeps null out; `or_null` takes it away where null is taken.
            reference: Schema = {"$ref": f"#/$defs/{name}", "type": "object"}
            return reference | ({"default": node["default"]} if node.get("default") is not None else {})
        if node.get("x-kubernetes-int-or-string"):
            return _int_or_string(node)
        out = common(node, typed=self._typed)
        match node.get("type"):
            case "object":
                self._object(node, out)
            case "array":
                self._array(node, out)
            case "integer":
                out |= bounds(node, INT32 if self._typed and node.get("format") == "int32" else INT64)
            case "number":
                out |= bounds(node, None)
            case "string":
                out = or_bytes(out) if self._typed else or_list(out)
        return out

    def _object(self, node: Schema, out: Schema) -> None:
        properties = {name: self.convert(child) for name, child in node.get("properties", {}).items()}
        required = needed(properties, node.get("required", ()), self.definitions)
        if node.get("x-kubernetes-embedded-resource"):
            properties = {**EMBEDDED, **properties}
            required = ["apiVersion", "kind", *required]
        if required:
            out["required"] = required
        if properties:
            out["properties"] = {
                name: child if name in required and not child.get("nullable") else or_null(child)
                for name, child in properties.items()
            }
        if not node.get("x-kubernetes-preserve-unknown-fields"):
            others = node.get("additionalProperties", False)
            if not isinstance(others, bool):
                others = self.convert(others)
                others = others if default_fails(others, self.definitions) else or_null(others)
            out["additionalProperties"] = others

    def _array(self, node: Schema, out: Schema) -> None:
        node_items = node.get("items", {})
        if self._typed:  # Go decodes a null item as its zero value, which newer documents no longer name as a default
            zero = ZERO["object"] if _target(node_items) else ZERO.get(node_items.get("type", ""))
            node_items = node_items if zero is None else {"default": zero, **node_items}
        items = self.convert(node_items)
        stands_in = "default" in items and not default_fails(items, self.definitions)
        out["items"] = or_null(items) if stands_in or items.get("nullable") else items
        # In built-in kinds a list type only guides server-side apply; what may not repeat, hand-written code judges.
        if not self._typed and node.get("x-kubernetes-list-type") in ("set", "map"):
            out |= {key: node[key] for key in _LIST_TYPE if key in node}


def _target(node: Schema) -> str:
    """Return what a node refers to; a field with a default of its own wraps its reference in a lone `allOf`."""
    parts = node.get("allOf", ())
    target: str = node.get("$ref") or (parts[0].get("$ref", "") if len(parts) == 1 else "")
    return target.rpartition("/")[2]


def _int_or_string(node: Schema) -> Schema:
    """Leave out the `anyOf` of both types that generators add: the type says it, and one mistake is one error."""
    rest = {key: value for key, value in node.items() if key not in ("type", "anyOf", "allOf")}
    out = {"type": ["integer", "string"], **common(rest), **bounds(node, INT64)}
    alternatives = [part for part in node.get("allOf", ()) if part != {"anyOf": _INT_OR_STRING}]
    if alternatives:
        out["allOf"] = [value_validation(part) for part in alternatives]
    if node.get("anyOf", _INT_OR_STRING) != _INT_OR_STRING:
        out["anyOf"] = [value_validation(part) for part in node["anyOf"]]
    return out


# ---- what a field left out, or null, means


def needed(properties: Mapping[str, Schema], required: Iterable[str], definitions: Definitions) -> list[str]:
    """Return the fields without which the object is refused, in order of `properties`.

    A field with a default need not be there; but where the default itself is refused (an empty object that lacks its
    own required fields), leaving the field out is refused as well.
    """
    listed = set(required)
    known = [
        name
        for name, child in properties.items()
        if (default_fails(child, definitions) if "default" in child else name in listed)
    ]
    return known + sorted(listed - properties.keys())


def default_fails(schema: Schema, definitions: Definitions) -> bool:
    """Tell whether a field has a default that its own schema refuses."""
    if "default" not in schema:
        return False
    default, whole = schema["default"], definition(schema, definitions)
    if isinstance(default, dict):
        return any(name not in default for name in whole.get("required", ()))
    return "enum" in whole and default not in whole["enum"]


def or_null(schema: Schema) -> Schema:
    """Return `schema` for a place where null is taken too, be it only as another way to leave the field out."""
    types = as_list(schema.get("type"))
    if not types or "null" in types:
        return schema
    if "$ref" in schema:  # definitions take null themselves; only a place that does not has a type of its own
        return {key: value for key, value in schema.items() if key != "type"}
    out = {**schema, "type": [*types, "null"]}
    if "enum" in schema and not schema.get("nullable"):  # a null that is kept must be listed
        out["enum"] = [*schema["enum"], None]
    return out


# ---- what a schema says of one value

# Read from time.Parse and from encoding/base64, by which Go decodes a field of its own structs.
GO_TIME: Final = r"^\d{4}-\d\d-\d\dT([01]?\d|2[0-3]):[0-5]\d:[0-5]\d([.,]\d+)?(Z|[+-]\d\d:\d\d)$"
_LETTER: Final = r"([A-Za-z0-9+/][\r\n]*)"  # Go passes over line ends wherever they are
_PAD: Final = r"=[\r\n]*"
GO_BASE64: Final = rf"^[\r\n]*({_LETTER}{{4}})*({_LETTER}{{2}}{_PAD}{_PAD}|{_LETTER}{{3}}{_PAD})?$"

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
    if pattern := (_GO_PATTERNS if typed else PATTERNS).get(node.get("format", "")):
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


SPECIAL: Final[Mapping[str, Schema]] = {
    "Quantity": {"type": ["string", "number"], "format": "quantity", "nullable": True},
    "IntOrString": {"type": ["integer", "string"], "minimum": INT32[0], "maximum": INT32[1]},
    "Time": common({"type": "string", "format": "date-time", "nullable": True}, typed=True),
    "MicroTime": common({"type": "string", "format": "date-time", "nullable": True}, typed=True),
    "FieldsV1": {},
    "RawExtension": {},
}
"""Go types that read their JSON themselves, so that the OpenAPI document does not tell all of what they take."""


# ---- fields that the API server empties before it judges the object: `status`, where it is a subresource
# Whatever such a field holds is taken, of whatever type, but for unknown fields: those are refused while it is read.

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
        others = node.get("additionalProperties", False)
        out["additionalProperties"] = others if isinstance(others, bool) else emptied(others)
    out["items"] = emptied(node["items"]) if "items" in node else dict(_NO_FIELDS)
    return dict(_NO_FIELDS) if out == NO_FIELDS_DEFINITION else out


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
