"""What other releases make of a mistake: only asked once there is one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from aksrdma import catalog
from aksrdma.schemas.engine import Schemas
from aksrdma.schemas.problems import SchemaProblem

_TELLING: Final = frozenset({"unknown-field", "required", "enum"})


@cache
def schemas_of(release: str) -> Schemas:
    """Return the schemas of a release, the same for every document."""
    return Schemas(release)


def with_history(problem: SchemaProblem, data: dict[str, Any], release: str) -> SchemaProblem:
    """Return the problem with the release that takes what this one refuses, where there is one."""
    if problem.code not in _TELLING:
        return problem
    known = catalog.releases()
    takers = releases_where(lambda name: _takes(problem, data, name))
    if not takers or release not in known:
        return problem
    here = known.index(release)
    later = [name for name in takers if known.index(name) > here]
    if later:
        return _newer(problem, later[0])
    return _older(problem, takers[-1], known[known.index(takers[-1]) + 1])


def releases_where(fits: Callable[[str], bool]) -> list[str]:
    """Return the releases of the catalog for which `fits` is true, oldest first."""
    return [name for name in catalog.releases() if fits(name)]


def _takes(problem: SchemaProblem, data: dict[str, Any], release: str) -> bool:
    """Tell whether a release has no complaint at the place of the problem, nor at anything that holds it."""
    schemas = schemas_of(release)
    if not schemas.knows_own(data["apiVersion"], data["kind"]):
        return False
    return all(other.path != problem.path[: len(other.path)] for other in schemas.judge(data))


def _newer(problem: SchemaProblem, first: str) -> SchemaProblem:
    if problem.code == "required":
        return problem._replace(message=f"{problem.message} before {first}", fix=f"{problem.fix}, or use {first}")
    return problem._replace(message=f"{problem.message}: new in {first}", fix=f"remove it, or use {first} or later")


def _older(problem: SchemaProblem, last: str, changed: str) -> SchemaProblem:
    if problem.code == "required":
        return problem._replace(message=f"{problem.message} from {changed} on")
    return problem._replace(message=f"{problem.message}: removed in {changed}", fix=f"remove it, or use {last}")
