"""The nodes of a cluster with the pods put on them: resources by number, and nodes that are alike as one entry.

A `Bins` is a value: placing pods returns new ones, so that trying a pool costs nothing to undo.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

from aksrdma.kube.resources import is_gpu, is_rdma
from aksrdma.kube.scheduling import Placement
from aksrdma.workloads.fit.amounts import PODS, is_device, ordered
from aksrdma.workloads.fit.nodes import ClusterNodes, Site, Verdict, judge_site
from aksrdma.workloads.fit.pods import PodGroup

UNLIMITED: Final = 1 << 62
"""Free amount of what is not counted."""


class Bin(NamedTuple):
    """The state of a node."""

    kind: int
    """Number of its `Kind`: pool, labels and taints."""
    free: tuple[int, ...]
    """What is free, by the number of the resource."""
    taken: bool
    """Whether a pod was put on it."""
    marks: frozenset[int]
    """Templates, and pods that ran before, with pods on it, as far as others keep away from them."""


Bins: TypeAlias = Mapping[Bin, int]
"""Nodes by their state: how many are in it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What placing a pod asks of a node."""

    needs: tuple[tuple[int, int], ...]
    """Number of a resource and amount, what runs out most likely first."""
    kinds: frozenset[int]
    """Kinds of nodes that it may go to."""
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
    most = UNLIMITED  # this runs a million times in a large cluster, so there is no min() of a generator here
    for resource, need in needs:
        times = free[resource] // need
        if times < most:
            if times <= 0:
                return 0
            most = times
    return most


def rooms(bins: Bins, shape: Shape) -> Iterator[tuple[Bin, int, int]]:
    """Yield nodes that take such a pod, with how many each has room for and how many nodes they are."""
    for node, count in bins.items():
        if shape.admits(node) and (takes := room(node.free, shape.needs)):
            yield node, takes, count


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


def even_level(nodes: Sequence[tuple[int, int]], count: int, most: int) -> int:
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


def kept_apart(groups: Sequence[PodGroup]) -> list[frozenset[int]]:
    """Return, for each template, the numbers of those that it shares no node with; its own among them, maybe.

    Anti-affinity of either side keeps both apart, as the scheduler has it.
    """
    apart: list[set[int]] = [set() for _ in groups]
    by_label: dict[tuple[str, str], list[int]] = {}
    if any(group.neighbors.apart for group in groups):
        for number, group in enumerate(groups):
            for label in group.labels.items():
                by_label.setdefault(label, []).append(number)
    for number, group in enumerate(groups):
        for selector in group.neighbors.apart:
            # By a label that all of them have, so that a thousand templates are not compared with each other.
            candidates = by_label.get(selector.handle, []) if selector.handle else range(len(groups))
            for other in candidates:
                if selector.selects(groups[other].labels, groups[other].namespace):
                    apart[number].add(other)
                    apart[other].add(number)
    return [frozenset(others) for others in apart]


def _distinct(pods: Iterable[PodGroup]) -> dict[object, PodGroup]:
    """Return pods that run by what others, and they themselves, keep apart from; many are alike."""
    return {(frozenset(one.labels.items()), one.namespace, one.neighbors.apart): one for one in pods}


@dataclass(frozen=True)
class Kind:
    """Nodes that pods cannot tell apart before they run there."""

    pool: str
    site: Site
    vm_size: str | None
    allocatable: Mapping[str, int]
    """The most that one of them has."""


class Packing:
    """All nodes, with what was put on them so far."""

    def __init__(self, cluster: ClusterNodes, groups: Sequence[PodGroup]) -> None:
        self.cluster = cluster
        self.host_ports = sorted({port for group in groups for port in group.host_ports})
        """Each node has one of each."""
        running = _distinct(pod for nodes in cluster.nodes for pod in nodes.running)
        self._running = {key: number for number, key in enumerate(running, len(groups))}
        self.apart = kept_apart([*groups, *running.values()])
        """For each template the numbers of those that it shares no node with; pods that run come after the templates."""
        asked = {name for group in groups for name in group.requests}
        there = {name for nodes in cluster.nodes for name, amount in nodes.allocatable.items() if amount}
        devices = {name for name in there if is_gpu(name) or self.is_rdma(name)}
        self.resources = [*ordered({*asked, *devices, PODS}), *self.host_ports]
        """Those asked for, and the devices that could be left unused."""
        self.number = {name: number for number, name in enumerate(self.resources)}
        self.kinds: list[Kind] = []
        self.total = {pool: [0] * len(self.resources) for pool in cluster.pools}
        self.bins: dict[str, Bins] = self._filled({key for group in groups for key in group.placement.keys})
        self._verdicts: dict[Placement, list[Verdict]] = {}

    def _filled(self, keys: set[str]) -> dict[str, Bins]:
        """Return the nodes as they are before the first pod; labels that no pod looks at make no difference."""
        numbers: dict[object, int] = {}
        filled: dict[str, dict[Bin, int]] = {pool: {} for pool in self.cluster.pools}
        for nodes in self.cluster.nodes:
            site = nodes.site
            labels = {key: value for key, value in site.labels.items() if key in keys}
            identity = (nodes.pool, site.taints, site.complete, tuple(sorted(labels.items(), key=str)))
            number = numbers.setdefault(identity, len(numbers))
            # Of nodes that no kubelet told of, memory and the like are not known; a device that is not named is not there.
            has = [
                nodes.allocatable.get(name, 0 if nodes.site.complete or is_device(name) else UNLIMITED)
                for name in self.resources[: len(self.resources) - len(self.host_ports)]
            ]
            has += [1 for _ in self.host_ports]
            if number == len(self.kinds):
                most = dict(zip(self.resources, has, strict=True))
                self.kinds.append(Kind(nodes.pool, Site(labels, site.taints, site.complete), nodes.vm_size, most))
            else:  # what kubelet keeps differs a little from node to node; the most is what a message names
                known = self.kinds[number]
                most = {name: max(known.allocatable[name], one) for name, one in zip(self.resources, has, strict=True)}
                self.kinds[number] = Kind(known.pool, known.site, known.vm_size, most)
            free = tuple(
                amount if amount == UNLIMITED else amount - nodes.used.get(name, 0)
                for name, amount in zip(self.resources, has, strict=True)
            )
            numbers_of_running = (self._running[key] for key in _distinct(nodes.running))
            marks = frozenset(number for number in numbers_of_running if self.apart[number])
            state = Bin(number, free, False, marks)
            if nodes.count:
                filled[nodes.pool][state] = filled[nodes.pool].get(state, 0) + nodes.count
            total = self.total[nodes.pool]
            for resource, amount in enumerate(has):
                total[resource] += min(amount, UNLIMITED) * nodes.count
        return dict(filled)

    def verdicts(self, placement: Placement) -> list[Verdict]:
        """Return what each kind of node says to a placement."""
        known = self._verdicts.get(placement)
        if known is None:
            known = [judge_site(placement, kind.site) for kind in self.kinds]
            self._verdicts[placement] = known
        return known

    @cached_property
    def devices(self) -> list[int]:
        """Numbers of the resources that are GPUs or RDMA."""
        return [number for number, name in enumerate(self.resources) if is_gpu(name) or self.is_rdma(name)]

    @cached_property
    def device_pools(self) -> frozenset[str]:
        """Pools with GPUs or RDMA."""
        return frozenset(pool for pool, total in self.total.items() if any(total[number] for number in self.devices))

    def is_rdma(self, name: str) -> bool:
        """Say whether a resource is RDMA: by its name, or because the cluster hands it out as such."""
        return is_rdma(name) or name in self.cluster.rdma
