"""Judges objects by the schemas of a release, and tells which releases take what one of them refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from aksrdma import catalog
from aksrdma.errors import UnknownNameError
from aksrdma.findings import Problem
from aksrdma.schemas.judge.compiler import compile_schema
from aksrdma.schemas.store import find, folders

_OF_A_RELEASE: Final = frozenset({"missing-field", "unknown-field", "value-not-allowed"})
"""Rules by which releases differ; the other releases are asked only where an object breaks one of these."""


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
    """Return the schemas of a release, the same for every document.

    Raises:
        UnknownNameError: there are none, as of a release of the user's whose CRDs were not imported.
    """
    if release not in folders():
        raise UnknownNameError(
            f"there are no schemas of release {release}",
            f"make them of the chart's CRDs: `aksrdma schemas import crds --release {release} --out-dir CATALOG/schemas`",
        )
    return Schemas(release)


def releases_with(api_version: str, kind: str) -> list[str]:
    """Return the releases of the catalog whose own CRDs have a kind, oldest first."""
    return [name for name in catalog.releases() if schemas_of(name).knows_own(api_version, kind)]


def with_history(problems: Sequence[Problem], data: Mapping[str, Any], release: str) -> list[Problem]:
    """Return the problems of an object in a release, each with the release that takes what this one refuses, if any."""
    known = catalog.releases()
    if release not in known or not any(problem.rule in _OF_A_RELEASE for problem in problems):
        return list(problems)
    refused = {
        name: {problem.path for problem in schemas_of(name).judge(data)}
        for name in releases_with(data["apiVersion"], data["kind"])
    }

    def told(problem: Problem) -> Problem:
        if problem.rule not in _OF_A_RELEASE:
            return problem
        # A release does not take a field where it refuses what holds it: a field of an unknown field is unknown.
        holders = {problem.path[:depth] for depth in range(len(problem.path) + 1)}
        takers = [name for name, paths in refused.items() if paths.isdisjoint(holders)]
        later = [name for name in takers if known.index(name) > known.index(release)]
        if not takers:
            return problem
        changed = later[0] if later else known[known.index(takers[-1]) + 1]
        if problem.rule == "missing-field":
            if later:
                return problem._replace(
                    message=f"{problem.message} before {changed}", fix=f"{problem.fix}, or use {changed}"
                )
            return problem._replace(message=f"{problem.message} from {changed} on")
        message, fix = f"{problem.message}: removed in {changed}", f"remove it, or use {takers[-1]}"
        if later:
            message, fix = f"{problem.message}: new in {changed}", f"remove it, or use {changed} or later"
        return problem._replace(message=message, fix=fix, meant=None, belongs=None)  # it is right, in another release

    return [told(problem) for problem in problems]
