"""Address ranges that mean something on AKS."""

from __future__ import annotations

from aksrdma.catalog import load
from aksrdma.catalog.rows.networks import NetworkRange


@load.cached
def networks() -> tuple[NetworkRange, ...]:
    """Return all address ranges, those that are refused first."""
    file = "networks.yaml"
    return tuple(load.build(NetworkRange, data, f"{file}[{index}]") for index, data in enumerate(load.read(file)))
