"""Clusters of sizes, profiles, drivers and releases, drawn so that each value comes up."""

from __future__ import annotations

from pathlib import Path


def write_matrix(folder: Path, count: int, seed: int) -> list[Path]:
    """Write so many cluster files."""
    return []
