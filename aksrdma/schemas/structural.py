"""Turns a schema as the API server keeps it into the strict JSON Schema of what the API server takes.

A structural schema says what a field holds; what happens to a field that it does not name, to a null and to a field
that is left out is the API server's own doing: unknown fields are refused (strict field validation), a null counts as
a field left out, a default stands in for both. The result says all of that in plain JSON Schema (draft 2020-12), so
that any validator comes to the API server's verdict. What JSON Schema cannot say stays in the API server's own keywords
(`x-kubernetes-list-type`, `x-kubernetes-validations`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aksrdma.schemas.absence import Schema, default_fails, needed, or_null
from aksrdma.schemas.emptied import or_bytes, or_list
from aksrdma.schemas.keywords import bounds, common, value_validation

INT32: Final = (-(2**31), 2**31 - 1)
INT64: Final = (-(2**63), 2**63 - 1)

_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]

SPECIAL: Final[Mapping[str, Schema]] = {
    "Quantity": {"type": ["string", "number"], "format": "quantity", "nullable": True},
    "IntOrString": {"type": ["integer", "string"], "minimum": INT32[0], "maximum": INT32[1]},
    "Time": common({"type": "string", "format": "date-time", "nullable": True}, typed=True),
    "MicroTime": common({"type": "string", "format": "date-time", "nullable": True}, typed=True),
    "FieldsV1": {},
}
"""Go types that read their JSON themselves, so that the OpenAPI document does not tell all of what they take."""

_LIST_TYPE: Final = ("x-kubernetes-list-type", "x-kubernetes-list-map-keys")

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
            return self._referred(target, node.get("default"))
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

    def _referred(self, target: str, default: Any) -> Schema:
        name = target.rpartition(".")[2]
        if name in SPECIAL:
            return dict(SPECIAL[name])
        if name not in self.definitions:
            self.definitions[name] = or_null(self.convert(self._components[target]))
        out: Schema = {"$ref": f"#/$defs/{name}", "type": "object"}
        return out if default is None else {**out, "default": default}

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
            out["additionalProperties"] = self._others(node)

    def _others(self, node: Schema) -> Any:
        others = node.get("additionalProperties", False)
        if isinstance(others, bool):
            return others
        child = self.convert(others)
        return child if default_fails(child, self.definitions) else or_null(child)

    def _array(self, node: Schema, out: Schema) -> None:
        items = self.convert(node.get("items", {}))
        stands_in = "default" in items and not default_fails(items, self.definitions)
        out["items"] = or_null(items) if stands_in or items.get("nullable") else items
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
