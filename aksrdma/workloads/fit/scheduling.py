"""Pods to nodes by the scheduler's arithmetic: first fit, workload by workload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aksrdma.workloads.fit.amounts import PODS
from aksrdma.workloads.fit.apart import kept_apart
from aksrdma.workloads.fit.elsewhere import may_go_elsewhere
from aksrdma.workloads.fit.floor import Floor
from aksrdma.workloads.fit.leftover import pools_left
from aksrdma.workloads.fit.nodes import ClusterNodes
from aksrdma.workloads.fit.packing import UNLIMITED, Bins, Shape, even_level, place, room, rooms
from aksrdma.workloads.fit.reasons import reasons_of, runs_out
from aksrdma.workloads.fit.report import FitReport, PodsFit, PoolFit, Reason, WorkloadFit
from aksrdma.workloads.fit.workloads import PodGroup, Workload


def fit(cluster: ClusterNodes, workloads: Sequence[Workload]) -> FitReport:
    """Say how many pods of some workloads find a node, where, and why the others do not.

    The workloads get their place in order, each on what those before it left. Pods of one workload that ask for RDMA go
    to one node pool, because a pool is an InfiniBand fabric; all others go to the first pools that take them. Nodes are
    filled one after the other. Priorities, preemption and gang scheduling are not modelled.

    Args:
        cluster: The nodes: `read_nodes`.
        workloads: What is to run: `read_workloads`.
    """
    run = _Run(cluster, workloads)
    done = tuple(run.workload(one) for one in workloads)
    notes = dict.fromkeys([*cluster.notes, *run.notes, *(note for one in workloads for note in one.notes)])
    return FitReport(cluster.origin, done, pools_left(run.floor, run.shapes.values()), tuple(notes))


@dataclass(slots=True)
class _Tally:
    """What became of the pods of one template so far."""

    group: PodGroup
    shape: Shape
    daemon: bool = False
    one_pool: bool = False
    wanted: int = 0
    pools: dict[str, PoolFit] = field(default_factory=dict)
    placed: dict[str, int] = field(default_factory=dict)
    elsewhere: int = 0

    @property
    def pending(self) -> int:
        return self.wanted - sum(self.placed.values()) - self.elsewhere

    def add(self, pool: str, count: int) -> None:
        if count:
            self.placed[pool] = self.placed.get(pool, 0) + count

    def fits(self) -> tuple[PoolFit, ...]:
        return tuple(
            PoolFit(one.pool, max(one.fits, self.placed.get(pool, 0)), self.placed.get(pool, 0), one.per_node, one.runs_out, one.stranded)
            for pool, one in self.pools.items()
        )  # fmt: skip


class _Run:
    """Places workloads, one after the other."""

    def __init__(self, cluster: ClusterNodes, workloads: Sequence[Workload]) -> None:
        self.floor = Floor(cluster, workloads)
        self.notes: dict[str, None] = {}
        groups = [group for workload in workloads for group in workload.pods]
        apart = kept_apart(groups)
        self.shapes = {id(group): self._shape(group, number, apart[number]) for number, group in enumerate(groups)}
        devices = self.floor.device_pools
        self._plain_first = sorted(cluster.pools, key=lambda pool: pool in devices)

    def _shape(self, group: PodGroup, number: int, apart: frozenset[int]) -> Shape:
        needs = [(self.floor.number[name], amount) for name, amount in {**group.requests, PODS: 1}.items()]
        verdicts = self.floor.verdicts(group.placement)
        open_kinds = frozenset(kind for kind, verdict in enumerate(verdicts) if verdict.ok)
        return Shape(tuple(sorted(needs)), open_kinds, apart, number if apart else None)

    def workload(self, workload: Workload) -> WorkloadFit:
        tallies = [_Tally(group, self.shapes[id(group)], workload.daemon) for group in workload.pods]
        if workload.daemon:
            for tally in tallies:
                self._daemon(tally)
        for _ in range(0 if workload.daemon else workload.groups):
            self._group(workload, tallies)
        for tally in tallies:
            self._note_assumed(tally)
        pods = tuple(
            PodsFit(
                one.group.role,
                one.wanted,
                one.group.requests,
                one.one_pool,
                one.fits(),
                one.elsewhere,
                self._reasons(one),
            )
            for one in tallies
        )
        return WorkloadFit(workload.label, workload.file, workload.line, pods)

    def _group(self, workload: Workload, tallies: Sequence[_Tally]) -> None:
        """Place pods that work together: first those with RDMA, which are the hardest to please."""
        rdma = [one for one in tallies if any(self.floor.is_rdma(name) for name in one.group.requests)]
        together = sum(one.group.count for one in rdma) > 1
        pinned = [one for one in tallies if one.group.neighbors.one_pool and one not in rdma]
        for tally in tallies:
            tally.wanted += tally.group.count
            self._survey(tally)
        self._in_one_pool(workload, rdma) if together else self._one_by_one(rdma)
        for tally in pinned:
            self._in_one_pool(workload, [tally])
        self._one_by_one([one for one in tallies if one not in rdma and one not in pinned])

    def _survey(self, tally: _Tally) -> None:
        """Note what each pool could take, before the first pod of the template gets its place."""
        if tally.pools:
            return
        for pool in self.floor.cluster.pools:
            found = self._pool_fit(tally, pool)
            if found.fits:
                tally.pools[pool] = found

    def _pool_fit(self, tally: _Tally, pool: str) -> PoolFit:
        bins, shape = self.floor.bins[pool], tally.shape
        most = self._most(tally, [pool], UNLIMITED)
        total = sum(min(takes, most) * count for takes, count in rooms(bins, shape))
        best = 0
        free: tuple[int, ...] = ()
        for node in bins if total else ():
            takes = room(node.free, shape.needs) if shape.admits(node) else 0
            if takes > best:
                best, free = takes, node.free
        per_node = min(best, most, 1 if shape.alone else best)
        if not total:
            return PoolFit(pool, 0, 0, 0, (), {})
        out = ("DaemonSet",) if tally.daemon else runs_out(self.floor, shape, free, per_node)
        return PoolFit(pool, min(total, UNLIMITED), 0, per_node, out, self._stranded(tally, free, per_node, out))

    def _stranded(self, tally: _Tally, free: tuple[int, ...], per_node: int, out: tuple[str, ...]) -> dict[str, int]:
        """Return the devices that a node filled with such pods has left, where a resource and no rule stops them."""
        if not out or out[0] not in self.floor.number:
            return {}
        needs = dict(tally.shape.needs)
        left = {number: free[number] - needs.get(number, 0) * per_node for number in self.floor.devices}
        return {self.floor.resources[number]: amount for number, amount in left.items() if amount > 0}

    def _most(self, tally: _Tally, pools: Sequence[str], count: int) -> int:
        """Return how many pods a node may have by a hard topology spread constraint."""
        if tally.daemon:
            return 1
        spread = tally.group.neighbors.spread
        if spread is None:
            return UNLIMITED
        takes, nodes = UNLIMITED, 0
        for pool in pools:
            for node, number in self.floor.bins[pool].items():
                open_ = node.kind in tally.shape.kinds
                counts = open_ or (
                    not spread.only_tolerated and self.floor.labels_fit(tally.group.placement, node.kind)
                )
                if counts or spread.every_label:
                    takes = min(takes, room(node.free, tally.shape.needs) if open_ else 0)
                    nodes += number
        return (0 if nodes < spread.min_nodes else takes) + spread.max_skew

    def _one_by_one(self, tallies: Iterable[_Tally]) -> None:
        for tally in tallies:
            count = tally.group.count
            devices = any(need and number in self.floor.devices for number, need in tally.shape.needs)
            pools = self.floor.cluster.pools if devices else self._plain_first
            left = count - self._spread_over(tally, pools, count)
            self._settle(tally, left)

    def _spread_over(self, tally: _Tally, pools: Sequence[str], count: int) -> int:
        """Put pods on the first nodes of the pools; evenly, where a topology spread constraint says so."""
        most = self._most(tally, pools, count)
        if most >= count:
            return self._first_fit(tally, pools, count, UNLIMITED)
        nodes = [one for pool in pools for one in rooms(self.floor.bins[pool], tally.shape)]
        level = even_level(nodes, count, most)
        done = self._first_fit(tally, pools, count, level - 1)
        return done + self._first_fit(tally, pools, count - done, 1)

    def _first_fit(self, tally: _Tally, pools: Sequence[str], count: int, most: int) -> int:
        done = 0
        for pool in pools if most > 0 else ():
            if done == count:
                break
            self.floor.bins[pool], placed = place(self.floor.bins[pool], tally.shape, count - done, most)
            tally.add(pool, placed)
            done += placed
        return done

    def _in_one_pool(self, workload: Workload, tallies: Sequence[_Tally]) -> None:
        """Put all pods into the first pool that takes them all, else into the one that takes most."""
        count = sum(one.group.count for one in tallies)
        best: tuple[int, str, Bins, list[int]] | None = None
        able = 0
        for pool in self.floor.cluster.pools:
            before = self.floor.bins[pool]
            done = [self._try(one, pool) for one in tallies]
            after, self.floor.bins[pool] = self.floor.bins[pool], before
            able += sum(done) == count
            if best is None or sum(done) > best[0]:
                best = sum(done), pool, after, done
        if best is None:
            return
        _, pool, self.floor.bins[pool], done = best
        if able > 1:
            self._note_unpinned(workload, tallies, pool)
        for tally, placed in zip(tallies, done, strict=True):
            tally.one_pool = True
            tally.add(pool, placed)
            self._settle(tally, tally.group.count - placed)

    def _try(self, tally: _Tally, pool: str) -> int:
        placed = dict(tally.placed)
        done = self._spread_over(tally, [pool], tally.group.count)
        tally.placed = placed
        return done

    def _daemon(self, tally: _Tally) -> None:
        self._survey(tally)
        for pool, bins in self.floor.bins.items():
            wanted = sum(count for node, count in bins.items() if node.kind in tally.shape.kinds)
            tally.wanted += wanted
            self.floor.bins[pool], placed = place(bins, tally.shape, wanted, 1)
            tally.add(pool, placed)
        self._settle(tally, tally.wanted - sum(tally.placed.values()))

    def _settle(self, tally: _Tally, left: int) -> None:
        """Send pods that found no node elsewhere, where that may be."""
        if left > 0 and may_go_elsewhere(self.floor, tally.group):
            tally.elsewhere += left

    def _reasons(self, tally: _Tally) -> tuple[Reason, ...]:
        if tally.pending <= 0:
            return ()
        fits, pending = tally.fits(), tally.pending
        return reasons_of(self.floor, tally.group, tally.shape, fits, pending, one_pool=tally.one_pool)

    def _note_unpinned(self, workload: Workload, tallies: Sequence[_Tally], pool: str) -> None:
        if all(one.group.neighbors.one_pool for one in tallies):
            return
        self.notes[
            f"{workload.label}: several pools take it and nothing keeps its pods in one, outside of which they cannot talk "
            f"over InfiniBand; add nodeSelector kubernetes.azure.com/agentpool: {pool}"
        ] = None

    def _note_assumed(self, tally: _Tally) -> None:
        verdicts = self.floor.verdicts(tally.group.placement)
        for kind in sorted(tally.shape.kinds):
            for key in verdicts[kind].assumed:
                self.notes[
                    f"whether nodes of pool {self.floor.kinds[kind].pool} have the label {key} as the pods want it is not in "
                    f"the {self.floor.cluster.origin}; taken for granted (`kubectl get nodes -o json` says it)"
                ] = None
