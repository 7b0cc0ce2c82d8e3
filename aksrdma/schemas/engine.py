"""Judges objects by the schemas of a release."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aksrdma.schemas.compiler import compile_schema
from aksrdma.schemas.problems import SchemaProblem
from aksrdma.schemas.store import find

__all__ = ["SchemaProblem", "Schemas"]


class Schemas:
    """The schemas that hold for manifests of one Network Operator release; each is read when it is first needed."""

    def __init__(self, release: str) -> None:
        self.release = release
        self._judges: dict[tuple[str, str], Callable[[Any], list[SchemaProblem]] | None] = {}

    def knows(self, api_version: str, kind: str) -> bool:
        """Tell whether there is a schema for a kind."""
        return self._judge(api_version, kind) is not None

    def knows_own(self, api_version: str, kind: str) -> bool:
        """Tell whether the release's own CRDs have a kind."""
        path = find(self.release, api_version, kind)
        return path is not None and path.parents[1].name == self.release

    def judge(self, data: Any) -> list[SchemaProblem]:
        """Return what the API server would refuse in an object; nothing where it takes it, or the kind is unknown.

        Args:
            data: one object as JSON values, with `apiVersion` and `kind`.
        """
        if not isinstance(data, dict):
            return []
        judge = self._judge(data.get("apiVersion"), data.get("kind"))
        return judge(data) if judge else []

    def _judge(self, api_version: Any, kind: Any) -> Callable[[Any], list[SchemaProblem]] | None:
        if not isinstance(api_version, str) or not isinstance(kind, str):
            return None
        key = api_version, kind
        if key not in self._judges:
            path = find(self.release, api_version, kind)
            self._judges[key] = compile_schema(json.loads(path.read_bytes())) if path else None
        return self._judges[key]
