"""The number of replicas of a kind with a scale subresource: the API server reads it itself.

Source: ValidateScaleSpec of k8s.io/apiextensions-apiserver, pkg/registry/customresource/validator.go@v0.34.2.
"""

from __future__ import annotations

from typing import Any, Final

from aksrdma.schemas.absence import Schema
from aksrdma.schemas.facets import Facet, Found
from aksrdma.schemas.problems import SchemaProblem, text

REPLICAS: Final = "x-aksrdma-replicas"
"""Keyword of the schema of a whole kind: the path of its number of replicas."""
_MOST: Final = 2**31 - 1


def replicas_path(version: dict[str, Any]) -> Schema:
    """Return the keyword for a version of a CRD, or nothing where it cannot be scaled."""
    path = version.get("subresources", {}).get("scale", {}).get("specReplicasPath", "")
    return {REPLICAS: path.removeprefix(".").split(".")} if path else {}


def replicas_facet(path: list[str]) -> Facet:
    """Return the check of an object whose number of replicas is at `path`."""

    def check(value: dict[str, Any]) -> Found:
        found: Any = value
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if found is None or (type(found) is int and 0 <= found <= _MOST):
            return None
        return [SchemaProblem("range", f"must be an integer from 0 to {_MOST}, is {text(found)}", None, tuple(path))]

    return check
