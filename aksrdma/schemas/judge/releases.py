"""Judges objects by the schemas of a release, and tells which releases take what one of them refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from aksrdma import catalog
from aksrdma.errors import UnknownNameError
from aksrdma.findings import Problem
from aksrdma.schemas.judge.compiler import compile_schema
from aksrdma.schemas.judge.wording import SOME_VERSIONS, shown
from aksrdma.schemas.store import Kind, builtin_folder, find, folder_of, folders, kinds, kubernetes_versions, read

_OF_A_RELEASE: Final = frozenset({"missing-field", "unknown-field", "value-not-allowed"})
"""Rules by which releases differ; the other releases are asked only where an object breaks one of these."""


class Schemas:
    """The schemas that hold for manifests of one Network Operator release; each is read when it is first needed.

    Args:
        release: the release.
        kubernetes: the version of Kubernetes whose own kinds are meant; None takes what any version does.
    """

    def __init__(self, release: str, kubernetes: str | None = None) -> None:
        self.release = release
        self.kubernetes = kubernetes
        self._judges: dict[tuple[str, str], Callable[[Any], list[Problem]] | None] = {}

    def knows(self, api_version: str, kind: str) -> bool:
        """Tell whether there is a schema for a kind."""
        return self._judge(api_version, kind) is not None

    def knows_own(self, api_version: str, kind: str) -> bool:
        """Tell whether the release's own CRDs have a kind."""
        path = find(self.release, api_version, kind)
        return path is not None and path.parents[1].name == folder_of(self.release)

    def judge(self, data: Any) -> list[Problem]:
        """Return what the API server would refuse in an object; nothing where it takes it, or the kind is unknown.

        Args:
            data: one object as JSON values, with `apiVersion` and `kind`.
        """
        return [problem for problem in self.verdict(data) if problem.rule != SOME_VERSIONS]

    def verdict(self, data: Any) -> list[Problem]:
        """Return what `judge` does, and under the rule `SOME_VERSIONS` what only some versions of Kubernetes take."""
        if not isinstance(data, dict):
            return []
        judge = self._judge(data.get("apiVersion"), data.get("kind"))
        return judge(data) if judge else []

    def _judge(self, api_version: Any, kind: Any) -> Callable[[Any], list[Problem]] | None:
        if not isinstance(api_version, str) or not isinstance(kind, str):
            return None
        key = api_version, kind
        if key not in self._judges:
            path = find(self.release, api_version, kind, self.kubernetes)
            self._judges[key] = compile_schema(read(path), tell_versions=True) if path else None
        return self._judges[key]


@cache
def schemas_of(release: str, kubernetes: str | None = None) -> Schemas:
    """Return the schemas of a release, and of a version of Kubernetes or any, the same for every document.

    Raises:
        UnknownNameError: there are none, as of a release of the user's whose CRDs were not imported.
    """
    if folder_of(release) not in folders():
        raise UnknownNameError(
            f"there are no schemas of release {release}",
            f"make them of the chart's CRDs: `aksrdma schemas import crds --release {release} --out-dir CATALOG/schemas`",
        )
    return Schemas(release, kubernetes)


def releases_with(api_version: str, kind: str) -> list[str]:
    """Return the releases of the catalog whose own CRDs have a kind, oldest first."""
    return [name for name in catalog.releases() if schemas_of(name).knows_own(api_version, kind)]


def versions_with(api_version: str, kind: str) -> list[str]:
    """Return the versions of Kubernetes that serve a kind of its own, oldest first."""
    group, _, version = api_version.rpartition("/")
    return [name for name in kubernetes_versions() if Kind(group, version, kind) in kinds(builtin_folder(name))]


def with_versions(problems: Sequence[Problem], data: Mapping[str, Any], schemas: Schemas) -> list[Problem]:
    """Return the problems of an object of Kubernetes' own, each with the versions that take what this one refuses."""
    if schemas.kubernetes is None or not any(problem.rule in _OF_A_RELEASE for problem in problems):
        return list(problems)
    of_any = schemas_of(schemas.release).verdict(data)
    takers = {problem.path: problem.message.split() for problem in of_any if problem.rule == SOME_VERSIONS}

    def told(problem: Problem) -> Problem:
        having, known = takers.get(problem.path, []), kubernetes_versions()
        if problem.rule not in _OF_A_RELEASE or not having or schemas.kubernetes in having:
            return problem
        later = [name for name in having if known.index(name) > known.index(schemas.kubernetes or "")]
        if later:
            first = shown(later[:1])
            message, fix = f"new in Kubernetes {first}", f"remove it, or use Kubernetes {first} or later"
        else:
            gone = known[known.index(having[-1]) + 1]
            message, fix = (
                f"removed in Kubernetes {shown([gone])}",
                f"remove it, or use Kubernetes {shown(having[-1:])}",
            )
        if later and later[-1] != known[-1]:
            fix = f"remove it, or use Kubernetes {shown(later)}"
        return problem._replace(message=f"{problem.message}: {message}", fix=fix, meant=None, belongs=None)

    return [told(problem) for problem in problems]


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
