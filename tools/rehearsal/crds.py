"""CustomResourceDefinitions of a release: those of its chart where one is at hand, else made from `schemas/`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from tools.rehearsal.api import Object

SCHEMAS = Path(__file__).parents[2] / "schemas"
OPERATOR_MAKES = ("ippools.nv-ipam.nvidia.com", "cidrpools.nv-ipam.nvidia.com")
"""Those that the operator makes when it deploys nv-ipam; the chart has the others."""
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def definitions(release: str, folder: Path | None = None) -> dict[str, Object]:
    """The definitions of a release, by name; `folder`: where CRD files lie."""
    if folder:
        documents = [
            one for path in sorted(folder.rglob("*.yaml")) for one in yaml.safe_load_all(path.read_text()) if one
        ]
        return {one["metadata"]["name"]: one for one in documents if one.get("kind") == "CustomResourceDefinition"}
    home = SCHEMAS / nearest_release(release)
    rows = yaml.safe_load((home / "SOURCES.yaml").read_text(encoding="utf-8"))["files"]
    return {kind["crd"]: definition(home, kind) for row in rows for kind in row["kinds"]}


def nearest_release(release: str) -> str:
    """The release itself, or the newest before it that has schemas."""
    known = sorted((numbers(path.name), path.name) for path in SCHEMAS.glob("v2*"))
    return [name for number, name in known if number <= numbers(release)][-1]


def numbers(release: str) -> tuple[int, ...]:
    """`v26.4.1` as numbers."""
    return tuple(map(int, re.findall(r"\d+", release)))[:3]


def definition(home: Path, kind: Object) -> Object:
    """A definition whose schema is ours, as the API server takes it."""
    schema = json.loads(
        (home / kind["group"] / f"{kind['kind'].lower()}_{kind['version']}.json").read_text(encoding="utf-8")
    )
    plural = kind["crd"].split(".")[0]
    names = {
        "plural": plural,
        "singular": kind["kind"].lower(),
        "kind": kind["kind"],
        "listKind": f"{kind['kind']}List",
    }
    properties = {
        name: structural(part) for name, part in schema["properties"].items() if name not in {"metadata", "status"}
    }
    properties |= {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "status": OPEN,
    }
    version = {
        "name": kind["version"],
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind["crd"]},
        "spec": {"group": kind["group"], "names": names, "scope": kind["scope"], "versions": [version]},
    }


def structural(schema: Any) -> Object:
    """A schema of ours as a structural one; what has no single type is left open."""
    kinds = [kind for kind in as_list(schema.get("type")) if kind != "null"]
    if len(kinds) != 1:
        if sorted(kinds) in (["integer", "string"], ["number", "string"]):
            return {"x-kubernetes-int-or-string": True}
        return {"x-kubernetes-preserve-unknown-fields": True}
    made: Object = {"type": "integer" if kinds == ["number"] and schema.get("multipleOf") == 1 else kinds[0]}
    if kinds == ["object"]:
        if "properties" in schema:
            made["properties"] = {name: structural(part) for name, part in schema["properties"].items()}
            if required := schema.get("required"):
                made["required"] = required
        elif isinstance(more := schema.get("additionalProperties"), dict):
            made["additionalProperties"] = structural(more)
        else:
            made["x-kubernetes-preserve-unknown-fields"] = True
    elif kinds == ["array"]:
        made["items"] = structural(schema.get("items", {}))
    elif enum := [value for value in schema.get("enum", []) if value is not None]:
        made["enum"] = enum
    if schema.get("default") is not None and kinds != ["object"]:
        made["default"] = schema["default"]
    return made


def as_list(value: Any) -> list[Any]:
    """A list of a value, or the list that it is."""
    return value if isinstance(value, list) else [] if value is None else [value]
