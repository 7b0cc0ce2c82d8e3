"""What the API server refuses by the schema of a kind, with what other releases make of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.checks.register import rule
from aksrdma.findings import Problem
from aksrdma.kube.api_groups import never_served
from aksrdma.kube.kinds import JUDGED, kind_of
from aksrdma.nearest import hint
from aksrdma.schemas.judge import Schemas, releases_with, schemas_of, versions_with, with_history, with_versions
from aksrdma.schemas.judge.wording import SOME_VERSIONS, missing, shown, wrong_type
from aksrdma.schemas.store import WORKLOADS, builtin_folder, folder_of, folders, kinds

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

RULES: Final = (
    "duplicate-list-item",
    "invalid-value",
    "missing-field",
    "nicnodepolicy-not-in-release",
    "null-list-item",
    "unknown-api-version",
    "unknown-field",
    "validation-rule-broken",
    "value-not-allowed",
    "wrong-type",
)
_NEW_WITH_NODE_POLICIES: Final = ("spec", "global")
"""A field that came with the kind NicNodePolicy, and so breaks the same rule where the release has neither."""


@rule(*RULES, kinds=JUDGED)
def schema_verdict(document: Document, manifests: ManifestSet) -> Iterator[Problem]:
    """Report what the API server refuses in an object by the CRDs of the release, or by Kubernetes' own schemas.

    What only some versions of Kubernetes take is no mistake while none is given: the set keeps it for a note.
    """
    schemas = schemas_of(manifests.release, manifests.kubernetes)
    if found := schemas.verdict(document.data):
        manifests.of_some_versions += [(document, one) for one in found if one.rule == SOME_VERSIONS]
        problems = [one for one in found if one.rule != SOME_VERSIONS]
        if any(problem.rule == "unknown-field" for problem in problems):
            from aksrdma.schemas.judge.places import places_of  # most objects have no unknown field

            places = places_of(manifests.release, document.api_version, document.kind, manifests.kubernetes)
            problems = [
                places.told(one, document.kind, document.value) if one.rule == "unknown-field" else one
                for one in problems
            ]
        problems = with_versions(problems, document.data, schemas)
        for problem in with_history(problems, document.data, manifests.release):
            if problem.rule == "unknown-field" and problem.path == _NEW_WITH_NODE_POLICIES:
                yield problem._replace(rule="nicnodepolicy-not-in-release")
            else:
                yield problem
    if not schemas.knows(document.api_version, document.kind):
        yield from _unserved(document.data, schemas)


def _unserved(data: dict[str, Any], schemas: Schemas) -> Iterator[Problem]:
    """Yield why no API server with this release takes an object without a schema; nothing where it may be another's.

    An IPPool of a group that is not ours, for example, is another project's kind.
    """
    api_version, kind = data.get("apiVersion"), data["kind"]
    # Job kinds of other projects may be served in more versions than we have schemas of.
    own = (folder_of(schemas.release), builtin_folder(schemas.kubernetes))
    known = [name for name in folders() if name in own]
    ours = [row.api_version for name in known for row in kinds(name) if row.kind == kind]
    served = ours + [row.api_version for row in kinds(WORKLOADS) if row.kind == kind]
    if api_version is None or api_version == "":
        yield missing("apiVersion")._replace(fix=f"add apiVersion: {' or '.join(served)}" if served else None)
    elif not isinstance(api_version, str):
        yield wrong_type(api_version, ("string",))._replace(path=("apiVersion",))
    elif releases := releases_with(api_version, kind):
        message, fix = f"the kind {kind} is new in {releases[0]}", f"use {releases[0]} or later"
        if releases[-1] != catalog.releases()[-1]:
            gone = catalog.releases()[catalog.releases().index(releases[-1]) + 1]
            message, fix = f"the kind {kind} was removed in {gone}", f"use {releases[-1]}"
        yield Problem("nicnodepolicy-not-in-release", ("kind",), message, fix)
    elif (row := kind_of(api_version, kind)) and api_version.rpartition("/")[2] in row.versions:
        if versions := versions_with(api_version, kind):  # a beta is served where it was switched on
            message = f"{api_version} has no {kind} before Kubernetes {shown(versions[:1])}"
            yield Problem(
                "unknown-api-version", ("apiVersion",), message, f"use Kubernetes {shown(versions[:1])} or later"
            )
    elif ours and _of_a_known_group(api_version, ours):
        message = f"no kind {kind} in {api_version}{hint(api_version, ours)}"
        meant = ours[0] if len(ours) == 1 else None
        yield Problem("unknown-api-version", ("apiVersion",), message, f"write {' or '.join(ours)}", meant)
    elif served and (problem := never_served(api_version, kind)) is not None:
        yield problem


def _of_a_known_group(api_version: str, served: list[str]) -> bool:
    """Tell whether we know all kinds of the group of an apiVersion: of Kubernetes' own, which have no dot, we do."""
    group = api_version.rpartition("/")[0]
    return "." not in group or any(known.rpartition("/")[0] == group for known in served)
