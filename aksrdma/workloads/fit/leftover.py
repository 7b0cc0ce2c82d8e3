"""What is left in each node pool after all workloads, and what of it no longer serves any of them."""

from __future__ import annotations

from collections.abc import Iterable

from aksrdma.workloads.fit.floor import Floor
from aksrdma.workloads.fit.packing import UNLIMITED, Bin, Shape, room
from aksrdma.workloads.fit.report import Left, PoolLeft


def pools_left(floor: Floor, shapes: Iterable[Shape]) -> tuple[PoolLeft, ...]:
    """Return what is left in each pool.

    Args:
        floor: The nodes, with all pods on them.
        shapes: What the pods ask for.
    """
    asking = {number: list(dict.fromkeys(_plain(shape) for shape in shapes_of)) for number, shapes_of in _by_device(floor, shapes).items()}  # fmt: skip
    return tuple(_pool(floor, pool, asking) for pool in floor.bins)


def _plain(shape: Shape) -> Shape:
    """Return a shape without its place among the templates: many workloads ask for the same."""
    return Shape(shape.needs, shape.kinds)


def _by_device(floor: Floor, shapes: Iterable[Shape]) -> dict[int, list[Shape]]:
    found: dict[int, list[Shape]] = {number: [] for number in floor.devices}
    for shape in shapes:
        for number, _ in shape.needs:
            if number in found:
                found[number].append(shape)
    return found


def _pool(floor: Floor, pool: str, asking: dict[int, list[Shape]]) -> PoolLeft:
    bins = floor.bins[pool]
    left = [0] * len(floor.resources)
    stranded = [0] * len(floor.resources)
    for node, count in bins.items():
        for number, free in enumerate(node.free):
            left[number] += free * count
            if free > 0 and node.taken and number in asking and not _useful(node, asking[number]):
                stranded[number] += free * count
    size = next((kind.vm_size for kind in floor.kinds if kind.pool == pool), None)
    resources = tuple(
        Left(name, floor.total[pool][number], left[number], stranded[number])
        for number, name in enumerate(floor.resources)
        if 0 < floor.total[pool][number] < UNLIMITED
    )
    return PoolLeft(pool, size, sum(bins.values()), resources)


def _useful(node: Bin, shapes: list[Shape]) -> bool:
    """Say whether any of the pods still fits on a node."""
    return any(node.kind in shape.kinds and room(node.free, shape.needs) for shape in shapes)
