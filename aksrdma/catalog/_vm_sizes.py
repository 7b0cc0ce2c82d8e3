"""Azure VM sizes by name, and why a size is none of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.catalog.rows.vm_sizes import VmSize
from aksrdma.errors import UnknownNameError

if TYPE_CHECKING:
    from aksrdma.catalog.rows.not_infiniband import NotInfiniband

_SIZE = re.compile(r"standard_[a-z]+\d+(-\d+)?(?P<features>[a-z][a-z0-9]*)(_|\Z)")
"""A folded name: family, vCPUs, constrained vCPUs, then one letter a feature, of which `r` is RDMA."""


@load.cached
def vm_sizes() -> tuple[str, ...]:
    """Return the names of all VM sizes with InfiniBand, in natural order, retired ones included."""
    return tuple(sorted(load.names("vm_sizes"), key=_natural))


def vm_size(name: str) -> VmSize:
    """Return a VM size; upper or lower case, with or without `Standard_`.

    Raises:
        UnknownNameError: No such size in the catalog; the text says why where it is known, and which size is near.
    """
    known = _by_folded_name().get(_folded(name))
    if known is None:
        raise UnknownNameError(*_why_not(name))
    return _read(known)


def not_infiniband(name: str) -> NotInfiniband | None:
    """Return why a size has no InfiniBand: a known one, or any whose name lacks the `r`; None for all others."""
    folded = _folded(name)
    if folded in _by_folded_name():
        return None
    row = _excluded().get(folded)
    if row is not None:
        return row if row.kind == "no infiniband" else None
    return _without_r(name, folded)


def undocumented(name: str) -> NotInfiniband | None:
    """Return what is known of a size that is seen in use but has no documentation, or None."""
    row = _excluded().get(_folded(name))
    return row if row is not None and row.kind == "undocumented" else None


@load.cached
def _read(name: str) -> VmSize:
    file = f"vm_sizes/{name}.yaml"
    return load.build(VmSize, load.read(file), file)


@load.cached
def _by_folded_name() -> dict[str, str]:
    return {name.casefold(): name for name in vm_sizes()}


@load.cached
def _excluded() -> dict[str, NotInfiniband]:
    from aksrdma.catalog.rows.not_infiniband import NotInfiniband

    file = "not_infiniband.yaml"
    rows = (load.build(NotInfiniband, data, f"{file}[{index}]") for index, data in enumerate(load.read(file)))
    return {row.name.casefold(): row for row in rows}


def _without_r(name: str, folded: str) -> NotInfiniband | None:
    from dataclasses import replace

    match = _SIZE.match(folded)
    if match is None or "r" in match["features"]:
        return None
    return replace(_excluded()["*"], name=name, nearest=next(iter(_nearest(folded)), None))


def _why_not(name: str) -> tuple[str, str | None]:
    """Return why a size is none of the catalog's, and which one is near."""
    if (row := not_infiniband(name)) is not None:
        return f"VM size {row.name} has no InfiniBand: {row.why}", _use(row.nearest)
    if (row := undocumented(name)) is not None:
        return f"VM size {row.name} is not documented, so the catalog does not offer it: {row.why}", _use(row.nearest)
    near = _nearest(_folded(name), count=2)
    message, listed = f"no VM size with InfiniBand is named {name!r}", "(`aksrdma catalog vm-sizes` lists all)"
    return (message, f"did you mean {' or '.join(near)}? {listed}") if near else (f"{message} {listed}", None)


def _nearest(folded: str, *, count: int = 1) -> list[str]:
    text = folded.removeprefix("standard_")  # the common prefix makes all look near
    bare = {name.removeprefix("Standard_").casefold(): name for name in vm_sizes()}
    holding = [name for known, name in bare.items() if len(text) > 2 and text in known]
    return holding[:count] or [bare[near] for near in nearest.nearest(text, bare, count=count)]


def _use(nearest: str | None) -> str | None:
    return f"the nearest size with InfiniBand is {nearest}" if nearest else None


def _folded(name: str) -> str:
    return f"standard_{name.strip().casefold().removeprefix('standard_')}"


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.findall(r"\d+|\D+", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
