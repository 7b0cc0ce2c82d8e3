"""Kernel modules by which device plugins are told to select NICs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aksrdma.catalog import load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NicDriver:
    """A kernel module."""

    name: str
    pci: bool
    """Whether a PCI device of NVIDIA's may be bound to it, so that a selector with it matches something."""
    what: str
    instead: str = ""
    """The driver of the PCI device behind it; empty where `pci`."""
    source: str


@load.cached
def nic_drivers() -> Mapping[str, NicDriver]:
    """Return the kernel modules by name."""
    return {row.name: row for row in load.rows(NicDriver, "nic_drivers.yaml")}
