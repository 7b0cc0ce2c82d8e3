"""Nodes that are alike as one entry with a count, and pods put on them.

Everything here is a value: placing pods returns new bins, so trying a pool costs nothing to undo.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

UNLIMITED: Final = 1 << 62
"""Free amount of what is not counted."""


class Bin(NamedTuple):
    """The state of a node."""

    kind: int
    """Number of its site: pool, labels and taints."""
    free: tuple[int, ...]
    """What is free, by the number of the resource."""
    taken: bool
    """Whether a pod was put on it."""
    marks: frozenset[int]
    """Templates with pods on it, as far as others keep away from them."""


Bins: TypeAlias = Mapping[Bin, int]
"""Nodes by their state: how many are in it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What placing a pod asks of a node."""

    needs: tuple[tuple[int, int], ...]
    """Number of a resource and amount, what runs out most likely first."""
    kinds: frozenset[int]
    """Sites that it may go to."""
    avoids: frozenset[int] = frozenset()
    """Templates that it shares no node with."""
    mark: int | None = None
    """Its own template, where somebody avoids it."""

    def admits(self, node: Bin) -> bool:
        """Say whether such a pod may go to a node, whatever is free there."""
        return node.kind in self.kinds and self.avoids.isdisjoint(node.marks)

    @property
    def alone(self) -> bool:
        """Whether no two such pods share a node."""
        return self.mark in self.avoids


def room(free: tuple[int, ...], needs: tuple[tuple[int, int], ...]) -> int:
    """Return how many pods with such needs a node takes."""
    most = UNLIMITED
    for resource, need in needs:
        times = free[resource] // need
        if times < most:
            if times <= 0:
                return 0
            most = times
    return most


def rooms(bins: Bins, shape: Shape) -> Iterator[tuple[int, int]]:
    """Yield, for nodes that may take such a pod, how many each takes and how many nodes they are."""
    most = 1 if shape.alone else UNLIMITED
    for node, count in bins.items():
        if shape.admits(node) and (takes := room(node.free, shape.needs)):
            yield min(takes, most), count


def place(bins: Bins, shape: Shape, count: int, most: int = UNLIMITED) -> tuple[Bins, int]:
    """Put pods on the first nodes that take them.

    Args:
        bins: The nodes, in order.
        shape: What a pod asks.
        count: How many pods.
        most: Pods a node at most.

    Returns:
        The nodes after that, and how many pods found one.
    """
    most = min(most, 1) if shape.alone else most
    left, after = count, dict[Bin, int]()
    for node, nodes in bins.items():
        takes = min(room(node.free, shape.needs), most, left) if left and shape.admits(node) else 0
        if not takes:
            after[node] = after.get(node, 0) + nodes
            continue
        full = min(nodes, left // takes)
        left -= full * takes
        rest = left if full < nodes else 0
        left -= rest
        for state, number in ((with_pods(node, shape, takes), full), (with_pods(node, shape, rest), bool(rest))):
            if number:
                after[state] = after.get(state, 0) + number
        if untouched := nodes - full - bool(rest):
            after[node] = after.get(node, 0) + untouched
    return (after if left < count else bins), count - left


def with_pods(node: Bin, shape: Shape, count: int) -> Bin:
    """Return a node with some pods more."""
    if not count:
        return node
    free = list(node.free)
    for resource, need in shape.needs:
        if free[resource] < UNLIMITED:
            free[resource] -= need * count
    marks = node.marks if shape.mark is None else node.marks | {shape.mark}
    return Bin(node.kind, tuple(free), True, marks)


def even_level(nodes: list[tuple[int, int]], count: int, most: int) -> int:
    """Return the least number of pods a node at which all find a place, at most `most`.

    Args:
        nodes: How many pods each of them takes, and how many nodes they are.
        count: How many pods.
        most: Bound, which is returned where it is not enough.
    """
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if sum(min(takes, middle) * number for takes, number in nodes) >= count:
            high = middle
        else:
            low = middle + 1
    return low
