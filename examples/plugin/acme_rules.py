"""Rules of Acme: found because aksrdma.toml names this module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import aksrdma

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

WORKLOADS = {"Job", "MPIJob", "PyTorchJob"}


@aksrdma.rule(
    "acme-team-label",
    kinds=WORKLOADS,
    severity="error",
    statement="a job does not say whose it is",
    why="GPUs are paid for by the team of the label; a job without one is stopped after an hour.",
    fix="add metadata.labels.team",
    source="Acme handbook, chapter 4",
)
def team_label(document: Document, manifests: ManifestSet) -> Iterator[aksrdma.Problem]:
    """A function of a document and its set is called for each document of one of the kinds."""
    labels = document.value(("metadata", "labels")) or {}
    if not labels.get("team"):
        yield aksrdma.Problem("acme-team-label", ("metadata", "labels"), f"{document.label} has no label team")


@aksrdma.rule(
    "acme-one-launcher", kinds={"MPIJob"}, severity="warning", why="The launchers share one queue.", fix="split the set"
)
def one_launcher(manifests: ManifestSet) -> Iterator[aksrdma.Problem]:
    """A function of a set alone is called once, and says in which document the problem is."""
    for second in manifests.of("MPIJob")[1:]:
        yield aksrdma.Problem("acme-one-launcher", ("kind",), "a second MPIJob in one set", document=second)
