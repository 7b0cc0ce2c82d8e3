"""The nodes of a cluster with the pods put on them: resources by number, and nodes that are alike as one entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

from aksrdma.kube.labels import HOSTNAME
from aksrdma.kube.resources import is_gpu, is_rdma
from aksrdma.kube.scheduling import Placement
from aksrdma.workloads.fit.amounts import CPU, MEMORY, PODS, is_device, ordered
from aksrdma.workloads.fit.nodes import ClusterNodes, Nodes, Site, Verdict, judge_site
from aksrdma.workloads.fit.pods import HostPort, PodGroup, Weighed
from aksrdma.workloads.fit.relations import Peers, Relations

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
    marks: tuple[tuple[int, int], ...]
    """Classes of pods with how many of them are on it, as far as others mind who is on their own node."""
    load: tuple[int, int]
    """CPU and memory of its pods, by which the scheduler compares nodes."""
    size: tuple[int, int]
    """CPU and memory that it has for pods; 0 is none."""


Bins: TypeAlias = dict[Bin, int]
"""Nodes by their state: how many are in it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What placing a pod asks of a node."""

    needs: tuple[tuple[int, int], ...]
    """Number of a resource and amount, what runs out most likely first."""
    kinds: frozenset[int]
    """Kinds of nodes that it may go to."""
    own: int = -1
    """Number of its class."""
    relations: Relations = field(default_factory=Relations)
    weighed: Weighed = field(default_factory=lambda: Weighed(0, 0, 0, 0))
    """By what nodes are compared, and what it adds to the load of its node."""
    asks: tuple[int, int] = (0, 0)
    """CPU and memory that it asks for."""


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


@dataclass(frozen=True)
class Kind:
    """Nodes that pods cannot tell apart before they run there."""

    pool: str
    site: Site
    vm_size: str | None
    allocatable: Mapping[str, int]
    """The most that one of them has."""
    places: Mapping[str, str | None]
    """Where its nodes are, by each label that wishes about other pods name; None is a node without the label."""


class Packing:
    """All nodes, with what was put on them so far."""

    def __init__(self, cluster: ClusterNodes, groups: Sequence[PodGroup]) -> None:
        self.cluster = cluster
        self.pools = cluster.pools
        self.ports = _Ports(groups, (pod for nodes in cluster.nodes for pod in nodes.running))
        running = _distinct(pod for nodes in cluster.nodes for pod in nodes.running)
        self._running = {key: number for number, key in enumerate(running, len(groups))}
        classes = [*groups, *running.values()]
        self.peers = Peers(classes, cluster.namespaces)
        wanted = {term.key for group in classes for term in group.neighbors.terms}
        wanted |= {spread.key for group in classes for spread in group.neighbors.spreads}
        self.by_node = {HOSTNAME} if _are_names(cluster.nodes) else set()
        """Labels of which each node has a value of its own."""
        self.keys = frozenset(key for key in wanted if key in self.by_node or _is_known(key, cluster.nodes))
        """Labels that say where nodes are, of those that wishes about other pods name."""
        self.unknown = frozenset(wanted - self.keys)
        self.relations = [self.peers.relations(number, self.keys) for number in range(len(groups))]
        self._marked = {
            number
            for one in self.relations
            for rule in one.rules
            if rule.key in self.by_node
            for number in rule.weights
        }
        asked = {name for group in groups for name in group.requests}
        there = {name for nodes in cluster.nodes for name, amount in nodes.allocatable.items() if amount}
        devices = {name for name in there if is_gpu(name) or self.is_rdma(name)}
        self.shown = ordered({*asked, *devices, PODS})
        """Resources asked for, and the devices that could be left unused."""
        self.resources = [*self.shown, *sorted({CPU, MEMORY} - set(self.shown)), *self.ports.names]
        self.number = {name: number for number, name in enumerate(self.resources)}
        self.kinds: list[Kind] = []
        self.on_kind: list[Counter[int]] = []
        """Pods of each class on the nodes of each kind."""
        self.total = {pool: [0] * len(self.resources) for pool in self.pools}
        self.bins: dict[str, Bins] = {pool: {} for pool in self.pools}
        self.starts: dict[str, list[tuple[Nodes, Bin]]] = {pool: [] for pool in self.pools}
        """The nodes as they were before the first workload."""
        self.most: dict[str, dict[str, int]] = {pool: {} for pool in self.pools}
        """The most that a node of a pool has of a resource."""
        self._fill({key for group in groups for key in group.placement.keys} | (self.keys - self.by_node))
        self._verdicts: dict[Placement, list[Verdict]] = {}
        self._open: tuple[Shape, dict[str, list[tuple[Bin, int, int]]]] | None = None

    def _fill(self, keys: set[str]) -> None:
        """Take the nodes as they are before the first pod; labels that no pod looks at make no difference."""
        numbers: dict[object, int] = {}
        counted = self.resources[: len(self.resources) - len(self.ports.names)]
        for nodes in self.cluster.nodes:
            site = nodes.site
            labels = {key: value for key, value in site.labels.items() if key in keys}
            named = not site.complete or site.labels.get(HOSTNAME) is not None
            identity = (nodes.pool, site.taints, site.complete, named, tuple(sorted(labels.items(), key=str)))
            number = numbers.setdefault(identity, len(numbers))
            # Of nodes that no kubelet told of, memory and the like are not known; a device that is not named is not there.
            has = [
                nodes.allocatable.get(name, 0 if site.complete or is_device(name) else UNLIMITED) for name in counted
            ]
            has += [1 for _ in self.ports.names]
            most = dict(zip(self.resources, has, strict=True))
            if number == len(self.kinds):
                places = {key: labels.get(key) for key in self.keys - self.by_node}
                places |= dict.fromkeys(self.by_node, "" if named else None)
                made = Site(labels, site.taints, site.complete)
                self.kinds.append(Kind(nodes.pool, made, nodes.vm_size, most, places))
                self.on_kind.append(Counter())
            else:  # what kubelet keeps differs a little from node to node; the most is what a message names
                known = self.kinds[number]
                most = {name: max(known.allocatable[name], one) for name, one in most.items()}
                self.kinds[number] = Kind(known.pool, known.site, known.vm_size, most, known.places)
            self._add(nodes, number, has)

    def _add(self, nodes: Nodes, kind: int, has: Sequence[int]) -> None:
        """Take nodes that are alike, with the pods that run there."""
        classes = Counter(self._running[_identity(pod)] for pod in nodes.running)
        ports = {name for pod in nodes.running for name in self.ports.taken(pod.host_ports)}
        free = tuple(
            amount if amount == UNLIMITED else amount - nodes.used.get(name, 0) - (name in ports)
            for name, amount in zip(self.resources, has, strict=True)
        )
        state = Bin(
            kind,
            free,
            False,
            tuple(sorted((number, count) for number, count in classes.items() if number in self._marked)),
            (
                sum(pod.weighed.placed_cpu for pod in nodes.running),
                sum(pod.weighed.placed_memory for pod in nodes.running),
            ),
            (has[self.number[CPU]], has[self.number[MEMORY]]),
        )
        most = self.most[nodes.pool]
        for name, amount in nodes.allocatable.items():
            most[name] = max(most.get(name, 0), amount)
        if nodes.count:
            self.starts[nodes.pool].append((nodes, state))
            bins = self.bins[nodes.pool]
            bins[state] = bins.get(state, 0) + nodes.count
            self.on_kind[kind].update(classes)
        total = self.total[nodes.pool]
        for resource, amount in enumerate(has):
            total[resource] += min(amount, UNLIMITED) * nodes.count

    def with_pods(self, node: Bin, shape: Shape, count: int) -> Bin:
        """Return a node with some pods more."""
        free = list(node.free)
        for resource, need in shape.needs:
            if free[resource] < UNLIMITED:
                free[resource] -= need * count
        marks = node.marks
        if shape.own in self._marked:
            counts = dict(marks)
            counts[shape.own] = counts.get(shape.own, 0) + count
            marks = tuple(sorted(counts.items()))
        cpu, memory = shape.weighed.placed_cpu * count, shape.weighed.placed_memory * count
        load = (node.load[0] + cpu, node.load[1] + memory)
        return Bin(node.kind, tuple(free), True, marks, load, node.size)

    def open_to(self, shape: Shape) -> dict[str, list[tuple[Bin, int, int]]]:
        """Return the nodes that have room for a pod: by pool their state, how many they are, and how many pods each takes."""
        if self._open is not None and self._open[0] is shape:
            return self._open[1]
        found: dict[str, list[tuple[Bin, int, int]]] = {}
        kinds, needs = shape.kinds, shape.needs
        for pool, bins in self.bins.items():
            found[pool] = [
                (node, count, takes)
                for node, count in bins.items()
                if node.kind in kinds and (takes := room(node.free, needs))
            ]
        self._open = shape, found
        return found

    def move(self, node: Bin, after: Bin, nodes: int) -> None:
        """Note that some nodes in a state are in another one now."""
        self._open = None
        bins = self.bins[self.kinds[node.kind].pool]
        if bins[node] == nodes:
            del bins[node]
        else:
            bins[node] -= nodes
        bins[after] = bins.get(after, 0) + nodes

    def restore(self, pool: str, bins: Bins) -> None:
        """Put the nodes of a pool back into the state that they were in."""
        self._open = None
        self.bins[pool] = bins

    def verdicts(self, placement: Placement) -> list[Verdict]:
        """Return what each kind of node says to a placement."""
        known = self._verdicts.get(placement)
        if known is None:
            known = [judge_site(placement, kind.site) for kind in self.kinds]
            self._verdicts[placement] = known
        return known

    def class_of(self, pod: PodGroup) -> int:
        """Return the number of the class of a pod that runs."""
        return self._running[_identity(pod)]

    @cached_property
    def devices(self) -> list[int]:
        """Numbers of the resources that are GPUs or RDMA."""
        return [number for number, name in enumerate(self.resources) if is_gpu(name) or self.is_rdma(name)]

    def is_rdma(self, name: str) -> bool:
        """Say whether a resource is RDMA: by its name, or because the cluster hands it out as such."""
        return is_rdma(name) or name in self.cluster.rdma


class _Ports:
    """Ports of the node as resources, of which each node has one: a pod on all addresses takes those of each address."""

    def __init__(self, groups: Iterable[PodGroup], running: Iterable[PodGroup]) -> None:
        wanted = {port for group in groups for port in group.host_ports}
        numbers = {(port.number, port.protocol) for port in wanted}
        held = {port for pod in running for port in pod.host_ports if (port.number, port.protocol) in numbers}
        self._same: dict[tuple[int, str], list[str]] = {}
        for port in sorted(wanted | held):
            self._same.setdefault((port.number, port.protocol), []).append(str(port))
        self.names = [name for names in self._same.values() for name in names]

    def taken(self, ports: Iterable[HostPort]) -> set[str]:
        """Return the resources that a pod takes with its ports."""
        return {
            name
            for port in ports
            for name in self._same.get((port.number, port.protocol), ())
            if not port.address or name == str(port)
        }


def _identity(pod: PodGroup) -> object:
    """What others can see of a pod that runs; many are alike."""
    return frozenset(pod.labels.items()), pod.namespace, pod.neighbors, pod.ending


def _distinct(pods: Iterable[PodGroup]) -> dict[object, PodGroup]:
    return {_identity(one): one for one in pods}


def _are_names(nodes: Sequence[Nodes]) -> bool:
    """Say whether no two nodes have the same host name."""
    names = [one.site.labels.get(HOSTNAME) for one in nodes if one.site.complete]
    given = [name for name in names if name is not None]
    return len(set(given)) == len(given)


def _is_known(key: str, nodes: Sequence[Nodes]) -> bool:
    """Say whether each node either has a label or is known not to have it."""
    return all(one.site.complete or key in one.site.labels for one in nodes)
