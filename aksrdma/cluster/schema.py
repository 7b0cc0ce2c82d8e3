"""The JSON Schema of the cluster file, for editors; made from the records and their docstrings."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

from aksrdma.cluster import API_VERSION, KIND
from aksrdma.cluster.binding import SUBDOMAIN, Between, Matches, camel, hints
from aksrdma.cluster.model import Cluster
from aksrdma.models.describe import docs_of_module

_TYPES: Final = {str: "string", int: "integer", bool: "boolean"}


def cluster_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the cluster file."""
    spec = _record(Cluster, leave_out=("name",))
    name = {"type": "string", "pattern": f"^{SUBDOMAIN.pattern}$".replace(r"\Z", "$"), "default": Cluster.name}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": KIND,
        "description": "A cluster with InfiniBand, as `aksrdma render` reads it.",
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": KIND},
            "metadata": {"type": "object", "properties": {"name": name | {"description": "Name of the AKS cluster."}}},
            "spec": spec,
        },
    }


def schema_text() -> str:
    """Return the JSON Schema as it is committed."""
    return json.dumps(cluster_schema(), indent=2) + "\n"


def _record(cls: type, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    texts = {name: " ".join(text.split()) for name, text in docs_of_module(cls.__module__)[cls.__name__].items()}
    fields = [field for field in dataclasses.fields(cls) if field.name not in leave_out]
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
    if required := [camel(one.name) for one in fields if one.default is dataclasses.MISSING is one.default_factory]:
        schema["required"] = required
    schema["properties"] = {
        camel(field.name): _value(hints(cls)[field.name]) | _default(field) | {"description": texts[field.name]}
        for field in fields
    }
    return schema


def _default(field: dataclasses.Field[Any]) -> dict[str, Any]:
    made = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    if made in (dataclasses.MISSING, None) or dataclasses.is_dataclass(made):
        return {}
    return {"default": list(made) if isinstance(made, tuple) else made}


def _value(expected: Any) -> dict[str, Any]:
    origin = get_origin(expected)
    if origin is Annotated:
        base, *rules = get_args(expected)
        return _value(base) | {key: value for rule in rules for key, value in _rule(rule).items()}
    if origin in (Union, types.UnionType):
        return _value(get_args(expected)[0])
    if origin is Sequence:
        return {"type": "array", "items": _value(get_args(expected)[0])}
    if origin is Mapping:
        return {"type": "object"}
    if origin is Literal:
        return {"enum": list(get_args(expected))}
    return _record(cast(type, expected)) if dataclasses.is_dataclass(expected) else {"type": _TYPES[expected]}


def _rule(rule: Any) -> dict[str, Any]:
    if isinstance(rule, Matches):
        return {"pattern": f"^{rule.pattern}$".replace(r"\Z", "$")}
    if isinstance(rule, Between):
        return {"minimum": rule.low} | ({"maximum": rule.high} if rule.high is not None else {})
    return {}  # an address or a range, which JSON Schema has no words for
