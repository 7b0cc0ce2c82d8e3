"""Rows of `catalog/not_infiniband.yaml`: sizes that are taken for one with InfiniBand, and sizes nobody documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NotInfiniband:
    """A size name that the catalog cannot offer, and why."""

    name: str
    """`*` in the data is the rule for every other name without an `r`."""
    kind: Literal["no infiniband", "undocumented"]
    why: str
    """Why it is not offered."""
    nearest: str | None
    """The size with InfiniBand that is most like it."""
    gpu_count: int | None = None
    nic_count: int | None = None
    """InfiniBand NICs that the evidence for an undocumented size names."""
    gbps_per_nic: int | None = None
    """Gb/s of one NIC, from the same evidence."""
    unsure: str | None = None
    """Why the fact is not certain."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`; empty where no primary source is known."""
    checked: str
