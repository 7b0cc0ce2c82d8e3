"""Judges an object by the schemas of one release, and says which other release takes it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aksrdma import catalog
from aksrdma.errors import ModelError
from aksrdma.findings import FieldPath, format_path
from aksrdma.schemas.engine import Schemas

if TYPE_CHECKING:
    from aksrdma.models.meta import K8sObject
    from aksrdma.schemas.problems import SchemaProblem


def check_release(obj: K8sObject, release: str) -> None:
    """Refuse an object that the API server of a Network Operator release would refuse by its schemas.

    Kinds without a schema, such as Kustomization, fit every release.

    Args:
        obj: The object.
        release: A release of the catalog, such as v25.1.0.

    Raises:
        ModelError: A line for each mistake, with the release that would take it where there is one.
        UnknownNameError: The catalog has no such release.
    """
    if release not in catalog.releases():
        catalog.release(release)
    schemas = _schemas(release)
    if not schemas.knows(obj.api_version, obj.kind) and (having := _having(obj)):
        have = "has" if len(having) == 1 else "have"
        raise ModelError([f"kind: {release} has no {obj.kind}; {', '.join(having)} {have}"])
    data = obj.wire()
    if problems := schemas.judge(data):
        having = _having(obj)
        raise ModelError([_line(problem, data, release, having) for problem in problems])


def _having(obj: K8sObject) -> list[str]:
    """Return the releases whose own CRDs have the kind."""
    return [name for name in catalog.releases() if _schemas(name).knows_own(obj.api_version, obj.kind)]


def _line(problem: SchemaProblem, data: dict[str, Any], release: str, having: list[str]) -> str:
    """Say what is wrong where, and what to do: change it, or take a release that has it so."""
    known = catalog.releases()
    here = known.index(release)
    takers = [name for name in having if _takes(name, data, problem.path)]
    text, fix = problem.message, problem.fix
    if later := [name for name in takers if known.index(name) > here]:
        text, fix = f"{text}: new in {later[0]}", f"remove it, or use {later[0]} or later"
        if problem.code == "required":
            text, fix = f"{problem.message} before {later[0]}", f"{problem.fix}, or use {later[0]}"
    elif takers:
        changed = known[known.index(takers[-1]) + 1]
        text, fix = f"{text}: removed in {changed}", f"remove it, or use {takers[-1]}"
        if problem.code == "required":
            text, fix = f"{problem.message} from {changed} on", problem.fix
    return f"{format_path(problem.path)}: {text}" + (f"; {fix}" if fix else "")


def _takes(release: str, data: dict[str, Any], path: FieldPath) -> bool:
    """Tell whether a release has no complaint at a place, nor at anything that holds it."""
    return all(other.path != path[: len(other.path)] for other in _schemas(release).judge(data))


@cache
def _schemas(release: str) -> Schemas:
    return Schemas(release)
