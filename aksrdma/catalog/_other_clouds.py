"""Marks of other clouds: what a manifest that was written for one of them has, and no AKS node."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from aksrdma.catalog import load

Place: TypeAlias = Literal["label", "instance type", "resource", "annotation", "host path", "variable", "command"]
"""Where a mark stands: the key of a node label, a value of the label with the instance type, an extended resource, an
annotation of the pod, a `hostPath`, `NAME=value` of the environment, or a word of a command."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OtherCloud:
    """A mark of another cloud."""

    mark: str
    """A pattern of the shell; in a command, what is looked for."""
    place: Place
    cloud: str
    does: str
    """What becomes of it on AKS, after the mark."""
    breaks: bool
    """Whether the pod is then never scheduled, or works without RDMA; otherwise it is only of no use."""
    instead: str = ""
    """What to write for AKS; of an instance type a VM size; empty: nothing takes its place."""
    source: tuple[str, ...]
    checked: str

    def fits(self, word: str) -> bool:
        """Say whether a word of the manifest has the mark."""
        return self.mark in word if self.place == "command" else fnmatchcase(word, self.mark)


@load.cached
def other_clouds() -> tuple[OtherCloud, ...]:
    """Return the marks of other clouds, narrower ones first."""
    return load.rows(OtherCloud, "other_clouds.yaml")


def other_cloud(place: Place, word: str) -> OtherCloud | None:
    """Return the mark that a word has at a place, or None where it has none."""
    return next((row for row in other_clouds() if row.place == place and row.fits(word)), None)
