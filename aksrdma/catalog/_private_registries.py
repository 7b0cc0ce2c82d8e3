"""Registries that only their owner's people can pull from, and that manifests name all the same."""

from __future__ import annotations

from dataclasses import dataclass

from aksrdma.catalog import load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrivateRegistry:
    """A registry, or a part of one, that is not public."""

    prefix: str
    """What its repositories begin with."""
    what: str
    public: str
    """Where its images are once they are released."""
    source: str


@load.cached
def _rows() -> tuple[PrivateRegistry, ...]:
    return load.rows(PrivateRegistry, "private_registries.yaml")


def private_registry(repository: str) -> PrivateRegistry | None:
    """Return the registry of a repository where it is not public."""
    return next((row for row in _rows() if f"{repository}/".startswith(f"{row.prefix}/")), None)
