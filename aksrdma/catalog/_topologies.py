"""GPU and NIC topologies by family of VM sizes."""

from __future__ import annotations

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.catalog.rows.topologies import Topology
from aksrdma.errors import UnknownNameError


@load.cached
def topologies() -> tuple[str, ...]:
    """Return the names of all topologies, sorted."""
    return tuple(sorted(load.names("topologies")))


def topology(family: str) -> Topology:
    """Return a topology; `VmSize.topology` names that of a size.

    Raises:
        UnknownNameError: No such family.
    """
    name = family.strip().lower()
    if name not in topologies():
        hint = nearest.hint(name, topologies())
        raise UnknownNameError(f"no topology named {family!r}{hint} (known: {', '.join(topologies())})")
    return _read(name)


@load.cached
def _read(name: str) -> Topology:
    file = f"topologies/{name}.yaml"
    return load.build(Topology, load.read(file), file)
