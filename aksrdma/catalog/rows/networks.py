"""Rows of `catalog/networks.yaml`: address ranges of AKS and Azure that an IPoIB range can hit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkRange:
    """An address range with a meaning on AKS."""

    name: str
    """Short id, kebab-case."""
    cidr: str
    use: str
    """What the range is for."""
    overlap: Literal["refused", "warned", "allowed"]
    """What a chosen range that overlaps it means: `warned` for a default that the cluster may have changed."""
    why: str
    unsure: str | None = None
    """Why the fact is not certain."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str
