"""What upstream's guide takes, and what a component can do in which release."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aksrdma.catalog import load
from aksrdma.catalog.rows.capabilities import Capability
from aksrdma.catalog.rows.defaults import Defaults


def defaults() -> Defaults:
    """Return what upstream's guide takes where a cluster file says nothing."""
    return _defaults()


def capability(name: str) -> Capability:
    """Return what releases have something that others lack: `whereabouts`, `nv-ipam-routes`.

    Raises:
        KeyError: No row of the catalog has that name.
    """
    return _capabilities()[name]


def capabilities() -> Mapping[str, Capability]:
    """Return all capabilities by name, sorted."""
    return _capabilities()


@load.cached
def _defaults() -> Defaults:
    return load.build(Defaults, load.read("defaults.yaml"), "defaults.yaml")


@load.cached
def _capabilities() -> Mapping[str, Capability]:
    file = "capabilities.yaml"
    rows = [load.build(Capability, data, f"{file}[{index}]") for index, data in enumerate(load.read(file))]
    return MappingProxyType({row.name: row for row in rows})
