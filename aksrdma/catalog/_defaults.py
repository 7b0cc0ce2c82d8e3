"""What upstream's guide takes, and what a component can do in which release."""

from __future__ import annotations

from functools import cache

from aksrdma.catalog import load
from aksrdma.catalog.rows.capabilities import Capability
from aksrdma.catalog.rows.defaults import Defaults


@cache
def defaults() -> Defaults:
    """Return what upstream's guide takes where a cluster file says nothing."""
    return load.build(Defaults, load.read("defaults.yaml"), "defaults.yaml")


def capability(name: str) -> Capability:
    """Return what releases have something that others lack: `whereabouts`, `nv-ipam-routes`.

    Raises:
        KeyError: No row of the catalog has that name.
    """
    return capabilities()[name]


@cache
def capabilities() -> dict[str, Capability]:
    """Return all capabilities by name, sorted."""
    file = "capabilities.yaml"
    rows = [load.build(Capability, data, f"{file}[{index}]") for index, data in enumerate(load.read(file))]
    return {row.name: row for row in rows}
