"""Judges objects by the schemas of a release, and tells which releases take what one of them refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from aksrdma import catalog
from aksrdma.findings import FieldPath, Problem
from aksrdma.schemas.judge.compiler import compile_schema
from aksrdma.schemas.store import find


class Schemas:
    """The schemas that hold for manifests of one Network Operator release; each is read when it is first needed."""

    def __init__(self, release: str) -> None:
        self.release = release
        self._judges: dict[tuple[str, str], Callable[[Any], list[Problem]] | None] = {}

    def knows(self, api_version: str, kind: str) -> bool:
        """Tell whether there is a schema for a kind."""
        return self._judge(api_version, kind) is not None

    def knows_own(self, api_version: str, kind: str) -> bool:
        """Tell whether the release's own CRDs have a kind."""
        path = find(self.release, api_version, kind)
        return path is not None and path.parents[1].name == self.release

    def judge(self, data: Any) -> list[Problem]:
        """Return what the API server would refuse in an object; nothing where it takes it, or the kind is unknown.

        Args:
            data: one object as JSON values, with `apiVersion` and `kind`.
        """
        if not isinstance(data, dict):
            return []
        judge = self._judge(data.get("apiVersion"), data.get("kind"))
        return judge(data) if judge else []

    def _judge(self, api_version: Any, kind: Any) -> Callable[[Any], list[Problem]] | None:
        if not isinstance(api_version, str) or not isinstance(kind, str):
            return None
        key = api_version, kind
        if key not in self._judges:
            path = find(self.release, api_version, kind)
            self._judges[key] = compile_schema(json.loads(path.read_bytes())) if path else None
        return self._judges[key]


@cache
def schemas_of(release: str) -> Schemas:
    """Return the schemas of a release, the same for every document."""
    return Schemas(release)


def releases_with(api_version: str, kind: str) -> list[str]:
    """Return the releases of the catalog whose own CRDs have a kind, oldest first."""
    return [name for name in catalog.releases() if schemas_of(name).knows_own(api_version, kind)]


def releases_taking(path: FieldPath, data: Mapping[str, Any]) -> list[str]:
    """Return the releases that have the kind of an object and no complaint at a place in it, oldest first.

    A complaint at anything that holds the place is one of the place, too: a field of an unknown field is unknown.
    """
    return [
        name
        for name in releases_with(data["apiVersion"], data["kind"])
        if all(other.path != path[: len(other.path)] for other in schemas_of(name).judge(data))
    ]
