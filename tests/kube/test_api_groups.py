"""Which kinds and versions there are: the table fits that of the kinds, and the schemas."""

from __future__ import annotations

import pytest

from aksrdma.kube.api_groups import known_kinds, never_served
from aksrdma.kube.kinds import KINDS
from aksrdma.schemas import store


def test_every_kind_that_another_project_serves_has_its_versions() -> None:
    theirs = {(row.group, row.kind) for row in KINDS if not row.builtin}
    in_releases = {
        (one.group, one.kind) for name in store.folders() if name != store.WORKLOADS for one in store.kinds(name)
    }

    assert theirs - in_releases == {(group, kind) for group, _, kind in known_kinds()}


@pytest.mark.parametrize("known", store.kinds(store.WORKLOADS), ids=lambda one: f"{one.kind} {one.version}")
def test_a_version_with_a_schema_was_served(known: store.Kind) -> None:
    assert never_served(known.api_version, known.kind) is None
