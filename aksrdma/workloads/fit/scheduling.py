"""Pods to nodes by the scheduler's arithmetic: first fit, workload by workload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE, NIC_LABEL
from aksrdma.workloads.fit.amounts import PODS, is_device
from aksrdma.workloads.fit.nodes import ClusterNodes, Site, judge_labels, judge_site
from aksrdma.workloads.fit.packing import UNLIMITED, Bins, Packing, Shape, even_level, place, room, rooms
from aksrdma.workloads.fit.pods import PodGroup
from aksrdma.workloads.fit.reasons import pools_left, reasons_of, runs_out
from aksrdma.workloads.fit.report import FitReport, PodsFit, PoolFit, WorkloadFit
from aksrdma.workloads.fit.workloads import Workload


def fit(cluster: ClusterNodes, workloads: Sequence[Workload]) -> FitReport:
    """Say how many pods of some workloads find a node, where, and why the others do not.

    The workloads get their place in order, each on what those before it left. Pods of one workload that ask for RDMA go
    to one node pool, because a pool is an InfiniBand fabric; all others go to the first pools that take them. Nodes are
    filled one after the other. Priorities, preemption and gang scheduling are not modelled.

    Args:
        cluster: The nodes: `read_nodes`.
        workloads: What is to run: `read_workloads`.
    """
    scheduler = _Scheduler(cluster, workloads)
    done = tuple(scheduler.workload(one) for one in workloads)
    notes = dict.fromkeys([*cluster.notes, *scheduler.notes, *(note for one in workloads for note in one.notes)])
    return FitReport(cluster.origin, done, pools_left(scheduler.packing, scheduler.shapes.values()), tuple(notes))


@dataclass(slots=True)
class _Tally:
    """What became of the pods of one template so far."""

    group: PodGroup
    shape: Shape
    daemon: bool = False
    one_pool: bool = False
    wanted: int = 0
    pools: dict[str, PoolFit] = field(default_factory=dict)
    """What each pool could take before the first of these pods got its place."""
    placed: dict[str, int] = field(default_factory=dict)
    elsewhere: int = 0

    @property
    def pending(self) -> int:
        return self.wanted - sum(self.placed.values()) - self.elsewhere

    def fits(self) -> tuple[PoolFit, ...]:
        return tuple(
            replace(one, fits=max(one.fits, self.placed.get(pool, 0)), placed=self.placed.get(pool, 0))
            for pool, one in self.pools.items()
        )


class _Scheduler:
    """Places workloads, one after the other."""

    def __init__(self, cluster: ClusterNodes, workloads: Sequence[Workload]) -> None:
        groups = [group for workload in workloads for group in workload.pods]
        self.packing = Packing(cluster, groups)
        self.notes: dict[str, None] = {}
        self.shapes = {id(group): self._shape(group, number) for number, group in enumerate(groups)}
        devices = self.packing.device_pools
        # Not the scheduler's order, which scores nodes: so that a launcher is not counted on a GPU node beside free others.
        self._plain_first = sorted(cluster.pools, key=lambda pool: pool in devices)
        self._known_pools = {pool.casefold() for pool in cluster.pools}
        self._known_sizes = {kind.vm_size.casefold() for kind in self.packing.kinds if kind.vm_size}

    def _shape(self, group: PodGroup, number: int) -> Shape:
        asks = {**group.requests, PODS: 1, **dict.fromkeys(group.host_ports, 1)}
        needs = [(self.packing.number[name], amount) for name, amount in asks.items()]
        apart = self.packing.apart[number]
        verdicts = self.packing.verdicts(group.placement)
        kinds = frozenset(kind for kind, verdict in enumerate(verdicts) if verdict.ok)
        return Shape(tuple(sorted(needs)), kinds, apart, number if apart else None)

    def workload(self, workload: Workload) -> WorkloadFit:
        """Place the pods of a workload and return what became of them."""
        tallies = [_Tally(group, self.shapes[id(group)], workload.daemon) for group in workload.pods]
        if workload.daemon:
            for tally in tallies:
                self._on_each_node(tally)
        else:
            for _ in range(workload.groups):
                self._place_group(workload, tallies)
        for tally in tallies:
            verdicts = self.packing.verdicts(tally.group.placement)
            for kind in sorted(tally.shape.kinds):
                for key in verdicts[kind].assumed:
                    self.notes[
                        f"whether nodes of pool {self.packing.kinds[kind].pool} have the label {key} as the pods want it is "
                        f"not in the {self.packing.cluster.origin}; taken for granted (`kubectl get nodes -o json` says it)"
                    ] = None
        pods = tuple(
            PodsFit(
                role=one.group.role,
                wanted=one.wanted,
                asks=one.group.requests,
                one_pool=one.one_pool,
                pools=one.fits(),
                elsewhere=one.elsewhere,
                reasons=reasons_of(self.packing, one.group, one.shape, one.fits(), one.pending, one_pool=one.one_pool)
                if one.pending > 0
                else (),
            )
            for one in tallies
        )
        return WorkloadFit(workload.label, workload.file, workload.line, pods)

    def _place_group(self, workload: Workload, tallies: Sequence[_Tally]) -> None:
        """Place pods that work together: first those with RDMA, which are the hardest to please."""
        for tally in tallies:
            tally.wanted += tally.group.count
            self._survey(tally)
        rdma = [one for one in tallies if any(self.packing.is_rdma(name) for name in one.group.requests)]
        pinned = [one for one in tallies if one.group.neighbors.one_pool and one not in rdma]
        if sum(one.group.count for one in rdma) > 1:  # a pod by itself talks to none over InfiniBand
            self._in_one_pool(workload, rdma)
        else:
            self._anywhere(rdma)
        for tally in pinned:
            self._in_one_pool(workload, [tally])
        self._anywhere([one for one in tallies if one not in rdma and one not in pinned])

    def _survey(self, tally: _Tally) -> None:
        """Note what each pool could take, before the first pod of the template gets its place."""
        if tally.pools:
            return
        shape = tally.shape
        for pool in self.packing.cluster.pools:
            most = 1 if shape.alone else self._most_on_a_node(tally, [pool])
            total = best = 0
            free: tuple[int, ...] = ()
            for node, takes, count in rooms(self.packing.bins[pool], shape):
                total += min(takes, most) * count
                if takes > best:
                    best, free = takes, node.free
            if not total:
                continue
            per_node = min(best, most)
            out = ("DaemonSet",) if tally.daemon else runs_out(self.packing, shape, free, per_node)
            stranded: dict[str, int] = {}
            if out and out[0] in self.packing.number:  # a resource stops them, no rule
                needs = dict(shape.needs)
                left = {number: free[number] - needs.get(number, 0) * per_node for number in self.packing.devices}
                stranded = {self.packing.resources[number]: amount for number, amount in left.items() if amount > 0}
            tally.pools[pool] = PoolFit(pool, total, 0, per_node, out, stranded)

    def _most_on_a_node(self, tally: _Tally, pools: Sequence[str]) -> int:
        """Return how many pods a node may have, by a hard topology spread constraint or as a DaemonSet."""
        spread = tally.group.neighbors.spread
        if tally.daemon:
            return 1
        if spread is None:
            return UNLIMITED
        emptiest, nodes = UNLIMITED, 0
        for pool in pools:
            for node, number in self.packing.bins[pool].items():
                allowed = node.kind in tally.shape.kinds
                counts = allowed or spread.every_label
                if not counts and not spread.only_tolerated:
                    counts = judge_labels(tally.group.placement, self.packing.kinds[node.kind].site).ok
                if counts:
                    takes = room(node.free, tally.shape.needs) if tally.shape.admits(node) else 0
                    emptiest = min(emptiest, takes)
                    nodes += number
        return (0 if nodes < spread.min_nodes else emptiest) + spread.max_skew

    def _anywhere(self, tallies: Iterable[_Tally]) -> None:
        """Put pods into the first pools that take them; those without devices into pools with devices last."""
        for tally in tallies:
            devices = any(need and number in self.packing.devices for number, need in tally.shape.needs)
            pools = self.packing.cluster.pools if devices else self._plain_first
            count = tally.group.count
            self._settle(tally, count - self._put(tally, pools, count))

    def _put(self, tally: _Tally, pools: Sequence[str], count: int) -> int:
        """Put pods on the first nodes of the pools; evenly, where a topology spread constraint says so."""
        if tally.group.neighbors.spread is None:
            return self._first_fit(tally, pools, count, UNLIMITED)
        most = min(self._most_on_a_node(tally, pools), count)
        alone = tally.shape.alone
        nodes = [
            (1 if alone else takes, number)
            for pool in pools
            for _, takes, number in rooms(self.packing.bins[pool], tally.shape)
        ]
        # Every node to the level below, then one more on the first of them, which no skew forbids.
        level = even_level(nodes, count, most)
        done = self._first_fit(tally, pools, count, level - 1)
        return done + self._first_fit(tally, pools, count - done, 1)

    def _first_fit(self, tally: _Tally, pools: Sequence[str], count: int, most: int) -> int:
        done = 0
        for pool in pools if most > 0 else ():
            if done == count:
                break
            self.packing.bins[pool], placed = place(self.packing.bins[pool], tally.shape, count - done, most)
            tally.placed[pool] = tally.placed.get(pool, 0) + placed
            done += placed
        return done

    def _in_one_pool(self, workload: Workload, tallies: Sequence[_Tally]) -> None:
        """Put all pods into the first pool that takes them all, else into the one that takes most."""
        bins = self.packing.bins
        count = sum(one.group.count for one in tallies)
        best: tuple[int, str, Bins, list[int]] | None = None
        able = 0
        for pool in self.packing.cluster.pools:
            before = bins[pool]  # bins are values, so this undoes the trial
            done: list[int] = []
            for tally in tallies:
                placed = dict(tally.placed)
                done.append(self._put(tally, [pool], tally.group.count))
                tally.placed = placed
            after, bins[pool] = bins[pool], before
            able += sum(done) == count
            if best is None or sum(done) > best[0]:
                best = sum(done), pool, after, done
        if best is None:
            return
        _, pool, bins[pool], done = best
        for tally, number in zip(tallies, done, strict=True):
            tally.one_pool = True
            tally.placed[pool] = tally.placed.get(pool, 0) + number
            self._settle(tally, tally.group.count - number)
        if able > 1 and not all(one.group.neighbors.one_pool for one in tallies):
            self.notes[
                f"{workload.label}: several pools take it and nothing keeps its pods in one, outside of which they cannot "
                f"talk over InfiniBand; add nodeSelector {AGENT_POOL[0]}: {pool}"
            ] = None

    def _on_each_node(self, tally: _Tally) -> None:
        """Put one pod of a DaemonSet on each node that it may go to."""
        self._survey(tally)
        for pool, bins in self.packing.bins.items():
            wanted = sum(count for node, count in bins.items() if node.kind in tally.shape.kinds)
            tally.wanted += wanted
            self.packing.bins[pool], placed = place(bins, tally.shape, wanted, 1)
            tally.placed[pool] = placed
        self._settle(tally, tally.pending)

    def _settle(self, tally: _Tally, left: int) -> None:
        """Send pods that found no node elsewhere, where that may be."""
        if left > 0 and self._may_go_elsewhere(tally.group):
            tally.elsewhere += left

    def _may_go_elsewhere(self, group: PodGroup) -> bool:
        """Say whether pods may run on nodes that the input does not name: no devices asked for, and no label in the way.

        Every AKS cluster has a system pool, and a launcher without tolerations, say, runs there.
        """
        if not self.packing.cluster.other_pools or any(is_device(name) for name in group.requests):
            return False
        placement = group.placement
        terms = placement.terms if placement.terms is not None else ((),)
        if not judge_site(placement, Site({NIC_LABEL: None}, complete=False)).ok:
            return False
        # A term is open unless one of its requirements names nothing but pools, or sizes, that the input names.
        return any(
            not any(
                one.operator == "In" and known.issuperset(value.casefold() for value in one.values)
                for one in (*placement.selector, *term)
                for labels, known in ((AGENT_POOL, self._known_pools), (INSTANCE_TYPE, self._known_sizes))
                if one.key in labels
            )
            for term in terms
        )
