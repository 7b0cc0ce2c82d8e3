"""Objects whose kind we know but whose apiVersion has no schema in the release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aksrdma import catalog
from aksrdma.checks.schema.history import releases_where, schemas_of
from aksrdma.nearest import hint
from aksrdma.schemas.problems import SchemaProblem, missing, wrong_type
from aksrdma.schemas.store import WORKLOADS, builtin_folder, folders, kinds


def unserved(data: dict[str, Any], release: str) -> Iterator[SchemaProblem]:
    """Yield why no API server with this release takes an object without a schema; nothing where it may be another's.

    An IPPool of a group that is not ours, for example, is another project's kind.
    """
    api_version, kind = data.get("apiVersion"), data["kind"]
    served = _served(release, kind)
    if api_version is None or api_version == "":
        yield missing("apiVersion")._replace(fix=f"add apiVersion: {' or '.join(served)}" if served else None)
    elif not isinstance(api_version, str):
        yield wrong_type(api_version, ("string",)).under("apiVersion")
    elif found := releases_where(lambda name: schemas_of(name).knows_own(api_version, kind)):
        yield _not_in_release(kind, found)
    elif _ours(api_version, own := _served(release, kind, workloads=False)):
        yield _wrong_version(kind, api_version, own)


def _served(release: str, kind: str, *, workloads: bool = True) -> list[str]:
    """Return the apiVersions that have a schema for a kind.

    Args:
        release: Network Operator release.
        kind: the kind.
        workloads: whether job kinds of other projects count, which may serve more versions than we have schemas of.
    """
    wanted = [release, builtin_folder(), *([WORKLOADS] if workloads else [])]
    return [row.api_version for name in folders() if name in wanted for row in kinds(name) if row.kind == kind]


def _ours(api_version: str, served: list[str]) -> bool:
    """Tell whether an apiVersion is of a group that we know all kinds of: Kubernetes' own, which have no dot, too."""
    group = api_version.rpartition("/")[0]
    return bool(served) and ("." not in group or any(known.rpartition("/")[0] == group for known in served))


def _wrong_version(kind: str, api_version: str, served: list[str]) -> SchemaProblem:
    message = f"no kind {kind} in {api_version}{hint(api_version, served)}"
    return SchemaProblem("api-version", message, f"write {' or '.join(served)}", ("apiVersion",))


def _not_in_release(kind: str, found: list[str]) -> SchemaProblem:
    known = catalog.releases()
    if found[-1] == known[-1]:
        return SchemaProblem("kind", f"the kind {kind} is new in {found[0]}", f"use {found[0]} or later", ("kind",))
    gone = known[known.index(found[-1]) + 1]
    return SchemaProblem("kind", f"the kind {kind} was removed in {gone}", f"use {found[-1]}", ("kind",))
