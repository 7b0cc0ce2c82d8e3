"""Workloads to nodes: how many of their pods find one, where, and what keeps the others out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE, NIC_LABEL
from aksrdma.workloads.fit.amounts import PODS, is_device
from aksrdma.workloads.fit.nodes import ClusterNodes, Site, judge_site
from aksrdma.workloads.fit.packing import Packing, Shape
from aksrdma.workloads.fit.placing import STEPS, Placing
from aksrdma.workloads.fit.pods import PodGroup
from aksrdma.workloads.fit.reasons import pools_left, reasons_of, runs_out
from aksrdma.workloads.fit.report import Advice, FitReport, PodsFit, PoolFit, WorkloadFit
from aksrdma.workloads.fit.workloads import Workload

_TRIAL: Final = 500
_TRIALS: Final = 20_000
"""Choices of a node in finding out what a pool could take, for one pool and in all; where these are not enough, its room
is what is told."""


def fit(cluster: ClusterNodes, workloads: Sequence[Workload]) -> FitReport:
    """Say how many pods of some workloads find a node, where, and why the others do not.

    The workloads get their place in order, each on what those before it left, pod by pod and by the filters and scores of
    kube-scheduler 1.34. Within a workload those with RDMA come first. Pods of one job that talk over InfiniBand should
    be in one node pool, which is a fabric of its own; whether they are is advice beside the count. Priorities, preemption
    and gang scheduling are not modelled: only what is free counts.

    Args:
        cluster: The nodes: `read_nodes`.
        workloads: What is to run: `read_workloads`.
    """
    scheduler = _Scheduler(cluster, workloads)
    done = tuple(scheduler.workload(one) for one in workloads)
    notes = dict.fromkeys([*cluster.notes, *scheduler.notes, *(note for one in workloads for note in one.notes)])
    # What keeps a pod out is not noted once more of its pool.
    told = {f"pool {reason.pool}: {reason.message}" for one in done for pods in one.pods for reason in pods.reasons}
    shapes = (scheduler.shapes[id(group)] for one in workloads if not one.daemon for group in one.pods)
    return FitReport(
        cluster.origin, done, pools_left(scheduler.packing, shapes), tuple(note for note in notes if note not in told)
    )


@dataclass(slots=True)
class _Tally:
    """What became of the pods of one template so far."""

    group: PodGroup
    shape: Shape
    daemon: bool = False
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
            if one.fits or self.placed.get(pool)
        )


class _Scheduler:
    """Places workloads, one after the other."""

    def __init__(self, cluster: ClusterNodes, workloads: Sequence[Workload]) -> None:
        groups = [group for workload in workloads for group in workload.pods]
        self.packing = Packing(cluster, groups)
        self.notes: dict[str, None] = {}
        self._trials = _TRIALS
        self._without: dict[int, list[str]] = {}
        """Devices that pods ask for which name a node without them."""
        self.shapes = {id(group): self._shape(group, number) for number, group in enumerate(groups)}
        self._known_pools = {pool.casefold() for pool in cluster.pools}
        self._known_sizes = {kind.vm_size.casefold() for kind in self.packing.kinds if kind.vm_size}

    def _shape(self, group: PodGroup, number: int) -> Shape:
        packing = self.packing
        verdicts = packing.verdicts(group.placement)
        kinds = frozenset(kind for kind, verdict in enumerate(verdicts) if verdict.ok)
        asks = {**group.requests, PODS: 1}
        if group.placement.bound and kinds:
            # Kubelet minds no device that its node does not know; the pod runs without it.
            known = [nodes.allocatable for nodes in packing.cluster.nodes if judge_site(group.placement, nodes.site).ok]
            lacking = [name for name in asks if is_device(name) and not any(name in one for one in known)]
            self._without[id(group)] = lacking
            asks = {name: need for name, need in asks.items() if name not in lacking}
        asks |= dict.fromkeys(packing.ports.taken(group.host_ports), 1)
        return Shape(
            needs=tuple(sorted((packing.number[name], amount) for name, amount in asks.items())),
            kinds=kinds,
            own=number,
            # Nor does it ask who else is there.
            relations=replace(packing.relations[number], rules=())
            if group.placement.bound
            else packing.relations[number],
            weighed=group.weighed,
            asks=(group.requests.get("cpu", 0), group.requests.get("memory", 0)),
        )

    def workload(self, workload: Workload) -> WorkloadFit:
        """Place the pods of a workload and return what became of them."""
        tallies = [_Tally(group, self.shapes[id(group)], workload.daemon) for group in workload.pods]
        advice: dict[Advice, None] = {}
        for _ in range(1 if workload.daemon else workload.groups):
            if workload.daemon:
                for tally in tallies:
                    self._on_each_node(tally)
            else:
                advice |= dict.fromkeys(self._place_group(workload, tallies))
        for tally in tallies:
            self._say_what_is_assumed(workload, tally)
        pods = tuple(
            PodsFit(
                role=one.group.role,
                wanted=one.wanted,
                asks=one.group.requests,
                one_pool=len(self._talking(tallies)) > 0 and one in self._talking(tallies),
                pools=one.fits(),
                elsewhere=one.elsewhere,
                reasons=reasons_of(self.packing, one.group, one.shape, one.fits(), one.pending)
                if one.pending > 0
                else (),
            )
            for one in tallies
        )
        return WorkloadFit(workload.label, workload.file, workload.line, pods, tuple(advice))

    def _say_what_is_assumed(self, workload: Workload, tally: _Tally) -> None:
        """Note what of the wishes of a template is taken for granted, or not judged."""
        self.notes |= dict.fromkeys(f"{workload.label}: {one}" for one in tally.group.unjudged)
        verdicts = self.packing.verdicts(tally.group.placement)
        for kind in sorted(tally.shape.kinds):
            for key in verdicts[kind].assumed:
                self.notes[
                    f"whether nodes of pool {self.packing.kinds[kind].pool} have the label {key} as the pods want it is "
                    f"not in the {self.packing.cluster.origin}; taken for granted (`kubectl get nodes -o json` says it)"
                ] = None
        # plugin/pkg/admission/extendedresourcetoleration of kubernetes v1.34.2, which learn.microsoft.com/azure/aks/faq has
        # among those that AKS enables; the scheduler by itself knows nothing of it.
        shut = (kind for number, kind in enumerate(self.packing.kinds) if number not in tally.shape.kinds)
        tolerations = tally.group.placement.tolerations
        for taint in dict.fromkeys(taint for kind in shut for taint in kind.site.taints):
            extended = is_device(taint.key) and taint.key in tally.group.requests
            if extended and taint.effect == "NoSchedule" and not any(one.tolerates(taint) for one in tolerations):
                self.notes[
                    f"{workload.label}: pods that ask for {taint.key} get the toleration of the taint {taint} from AKS "
                    "(ExtendedResourceToleration); counted by what is written here"
                ] = None
        if without := self._without.get(id(tally.group)):
            self.notes[
                f"{workload.label}: its pods name their node, which does not know {', '.join(without)}; kubelet does not mind "
                "and runs them without, so leave nodeName out"
            ] = None
        neighbors = tally.group.neighbors
        wishes = [("podAffinity", one.key) for one in neighbors.together]
        wishes += [("podAntiAffinity", one.key) for one in neighbors.apart]
        wishes += [("topologySpreadConstraints", one.key) for one in neighbors.spreads if one.hard]
        for word, key in wishes:
            if key in self.packing.unknown:
                self.notes[f"{workload.label}: {word} on {key} is not judged"] = None

    def _talking(self, tallies: Sequence[_Tally]) -> list[_Tally]:
        """Return the pods that talk to each other over InfiniBand; a pod by itself talks to none."""
        rdma = [one for one in tallies if any(self.packing.is_rdma(name) for name in one.group.requests)]
        return rdma if sum(one.group.count for one in rdma) > 1 else []

    def _place_group(self, workload: Workload, tallies: Sequence[_Tally]) -> Iterator[Advice]:
        """Place pods that work together: first those with RDMA, which are the hardest to please."""
        first = [one for one in tallies if any(self.packing.is_rdma(name) for name in one.group.requests)]
        talking = self._talking(tallies)
        for tally in tallies:
            tally.wanted += tally.group.count
            self._survey(tally)
        able = [pool for pool in self.packing.pools if talking and self._takes_all(pool, talking)]
        used: dict[str, None] = {}
        for tally in (*first, *(one for one in tallies if one not in first)):
            placing = Placing(self.packing, tally.group.placement, tally.shape)
            done = placing.run(tally.group.count)
            placing.commit(done)
            if not done.complete and len(done.moves) >= STEPS:
                self.notes[f"{workload.label}: so many pods on so many nodes are counted by room alone"] = None
            for pool, count in done.placed.items():
                tally.placed[pool] = tally.placed.get(pool, 0) + count
            used |= dict.fromkeys(done.placed) if tally in talking else {}
            self._settle(tally, tally.group.count - done.placed.total())
        if len(used) > 1 or (len(able) > 1 and used and not all(self._keeps_one_pool(one) for one in talking)):
            yield self._advice(talking, list(used), able)

    def _advice(self, talking: Sequence[_Tally], used: Sequence[str], able: Sequence[str]) -> Advice:
        """Say what keeps the pods of a job on one InfiniBand fabric."""
        label = AGENT_POOL[0]
        if len(used) > 1:
            message = f"the scheduler puts its pods on {' and '.join(used)}, between which there is no InfiniBand"
        else:
            message = "nothing keeps its pods in one node pool, and between pools there is no InfiniBand"
        if able:
            takes = f"{able[0]} takes them all" if len(able) == 1 else f"{', '.join(able)} each take them all"
            return Advice(able[0], message, f"{takes}: add nodeSelector {label}: {able[0]}")
        total = sum(one.group.count for one in talking)
        return Advice(None, message, f"no pool takes all {total}: ask for fewer replicas, or let one pool grow")

    def _takes_all(self, pool: str, talking: Sequence[_Tally]) -> bool:
        """Say whether a pool has room for all of some pods."""
        if any(one.pools.get(pool) is None for one in talking):
            return False
        if len(talking) == 1:
            return self._could_take(pool, talking[0]) >= talking[0].group.count
        kept = dict(self.packing.bins[pool])
        counts = [counter.copy() for counter in self.packing.on_kind]
        done = []
        for tally in talking:
            placing = Placing(self.packing, tally.group.placement, tally.shape, pool)
            outcome = placing.run(tally.group.count)
            placing.commit(outcome)
            done.append(outcome.placed[pool] == tally.group.count)
        self.packing.restore(pool, kept)
        self.packing.on_kind = counts
        return all(done)

    def _could_take(self, pool: str, tally: _Tally) -> int:
        """Return how many pods a pool takes, were there none elsewhere."""
        if not tally.shape.relations.rules:
            return sum(takes * count for _, count, takes in self.packing.open_to(tally.shape)[pool])
        return Placing(self.packing, tally.group.placement, tally.shape, pool).run(tally.group.count).placed[pool]

    def _keeps_one_pool(self, tally: _Tally) -> bool:
        """Say whether pods keep each other in one node pool."""
        rules = tally.shape.relations.rules
        return any(rule.says == "together" and rule.key in AGENT_POOL and rule.own for rule in rules) or (
            len({self.packing.kinds[kind].pool for kind in tally.shape.kinds}) == 1
        )

    def _survey(self, tally: _Tally) -> None:
        """Note what each pool could take, before the first pod of the template gets its place."""
        if tally.pools:
            return
        packing, shape = self.packing, tally.shape
        open_ = packing.open_to(shape)
        for pool in packing.pools:
            total = best = 0
            free: tuple[int, ...] = ()
            for node, count, takes in open_[pool]:
                total += (1 if tally.daemon else takes) * count
                if takes > best:
                    best, free = takes, node.free
            per_node = 1 if tally.daemon else best
            if total and shape.relations.are_hard and not tally.daemon:
                total, per_node = self._tried(tally, pool, total, best)
            if not best:
                continue
            out = ("DaemonSet",) if tally.daemon else runs_out(packing, shape, free, per_node)
            stranded: dict[str, int] = {}
            needs = dict(shape.needs)
            # A resource stops them, no rule, and they are not such that need no device at all.
            if out and out[0] in packing.number and not needs.keys().isdisjoint(packing.devices):
                left = {number: free[number] - needs.get(number, 0) * per_node for number in packing.devices}
                stranded = {packing.resources[number]: amount for number, amount in left.items() if amount > 0}
            tally.pools[pool] = PoolFit(pool, total, 0, per_node, out, stranded)

    def _tried(self, tally: _Tally, pool: str, total: int, best: int) -> tuple[int, int]:
        """Return how many pods a pool takes, and a node at most, where other pods keep some away.

        Args:
            tally: The pods.
            pool: The pool, with nothing of them elsewhere.
            total: Pods that it has room for.
            best: Pods that its emptiest node has room for.
        """
        placing = Placing(self.packing, tally.group.placement, tally.shape, pool)
        known = placing.each_alone(pool, best)
        if known is None and self._trials > 0:
            trial = placing.run(total, min(_TRIAL, self._trials), trial=True)
            self._trials -= len(trial.moves)
            if trial.complete or len(trial.moves) < _TRIAL:
                known = trial.placed[pool], trial.most[pool] or 1
        return known or (total, best)

    def _on_each_node(self, tally: _Tally) -> None:
        """Put one pod of a DaemonSet on each node that it may go to."""
        self._survey(tally)
        for pool in self.packing.bins:
            nodes = self.packing.bins[pool].items()
            tally.wanted += sum(count for node, count in nodes if node.kind in tally.shape.kinds)
            tally.placed[pool] = 0
            placing = Placing(self.packing, tally.group.placement, tally.shape, pool)
            done = placing.one_on_each()
            placing.commit(done)
            tally.placed[pool] = done.placed[pool]
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
