"""The nodes of a cluster as the packing sees them: resources by number, sites by number, and pools of bins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from aksrdma.kube.scheduling import Placement
from aksrdma.workloads.fit.amounts import PODS, is_device, is_gpu, is_rdma, ordered
from aksrdma.workloads.fit.nodes import ClusterNodes, Nodes
from aksrdma.workloads.fit.packing import UNLIMITED, Bin, Bins
from aksrdma.workloads.fit.placement import Site, Verdict, judge_labels, judge_site
from aksrdma.workloads.fit.workloads import Workload


@dataclass(frozen=True)
class Kind:
    """Nodes that pods cannot tell apart before they run there."""

    pool: str
    site: Site
    vm_size: str | None
    allocatable: Mapping[str, int]
    """The most that one of them has."""


class Floor:
    """All nodes, with what was put on them so far."""

    def __init__(self, cluster: ClusterNodes, workloads: Sequence[Workload]) -> None:
        self.cluster = cluster
        self.resources = _resources(cluster, workloads)
        self.number = {name: number for number, name in enumerate(self.resources)}
        self.kinds: list[Kind] = []
        self.bins: dict[str, Bins] = {pool: {} for pool in cluster.pools}
        self.total = {pool: [0] * len(self.resources) for pool in cluster.pools}
        self._verdicts: dict[Placement, list[Verdict]] = {}
        keys = {key for workload in workloads for group in workload.pods for key in group.placement.keys}
        self._fill(keys)

    def _fill(self, keys: set[str]) -> None:
        numbers: dict[object, int] = {}
        filled: dict[str, dict[Bin, int]] = {pool: {} for pool in self.cluster.pools}
        for nodes in self.cluster.nodes:
            labels = {key: value for key, value in nodes.site.labels.items() if key in keys}
            identity = (nodes.pool, nodes.site.taints, nodes.site.complete, tuple(sorted(labels.items(), key=str)))
            kind = numbers.setdefault(identity, len(numbers))
            site = Site(labels, nodes.site.taints, nodes.site.complete)
            self._add_kind(kind, nodes, site)
            state = Bin(kind, tuple(self._free(nodes)), False, frozenset())
            filled[nodes.pool][state] = filled[nodes.pool].get(state, 0) + nodes.count
            for number, amount in enumerate(self._allocatable(nodes)):
                self.total[nodes.pool][number] += min(amount, UNLIMITED) * nodes.count
        self.bins = {pool: {state: count for state, count in bins.items() if count} for pool, bins in filled.items()}

    def _add_kind(self, kind: int, nodes: Nodes, site: Site) -> None:
        has = dict(zip(self.resources, self._allocatable(nodes), strict=True))
        if kind == len(self.kinds):
            self.kinds.append(Kind(nodes.pool, site, nodes.vm_size, has))
            return
        known = self.kinds[kind]
        most = {name: max(amount, has[name]) for name, amount in known.allocatable.items()}
        self.kinds[kind] = Kind(known.pool, site, known.vm_size, most)

    def _allocatable(self, nodes: Nodes) -> Iterator[int]:
        for name in self.resources:
            unknown = not nodes.site.complete and not is_device(name)
            yield nodes.allocatable.get(name, UNLIMITED if unknown else 0)

    def _free(self, nodes: Nodes) -> Iterator[int]:
        for name, amount in zip(self.resources, self._allocatable(nodes), strict=True):
            yield amount if amount == UNLIMITED else amount - nodes.used.get(name, 0)

    def verdicts(self, placement: Placement) -> list[Verdict]:
        """Return what each kind of node says to a placement."""
        known = self._verdicts.get(placement)
        if known is None:
            known = [judge_site(placement, kind.site) for kind in self.kinds]
            self._verdicts[placement] = known
        return known

    def labels_fit(self, placement: Placement, kind: int) -> bool:
        """Say whether a kind of node has the labels that a placement wants, taints aside."""
        return judge_labels(placement, self.kinds[kind].site).ok

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


def _resources(cluster: ClusterNodes, workloads: Sequence[Workload]) -> list[str]:
    """Return the resources that matter: those asked for, and the devices that could be stranded."""
    asked = {name for workload in workloads for group in workload.pods for name in group.requests}
    there = {name for nodes in cluster.nodes for name, amount in nodes.allocatable.items() if amount}
    devices = {name for name in there if is_gpu(name) or is_rdma(name) or name in cluster.rdma}
    return ordered({*asked, *devices, PODS})
