"""Pods of one template to nodes as kube-scheduler does it: nodes that take the pod, of these the one that it likes best.

Source: schedulePod of pkg/scheduler/schedule_one.go, and filters and scores of the default plugins below
pkg/scheduler/framework/plugins, with the weights of apis/config/v1/default_plugins.go, all of kubernetes v1.34.2. Among
nodes that it likes equally well it takes any; here it is the first. Not counted are images that nodes have, volumes, and
that it looks at a part of the nodes only where there are more than a hundred.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

from aksrdma.kube.scheduling import Placement
from aksrdma.workloads.fit.amounts import CPU, MEMORY
from aksrdma.workloads.fit.nodes import intolerable, judge_labels, preference
from aksrdma.workloads.fit.packing import UNLIMITED, Bin, Packing, Shape, room
from aksrdma.workloads.fit.relations import Rule

_TAINTS, _NODE_AFFINITY, _SPREAD, _POD_AFFINITY = 3, 2, 2, 2
"""Weights of the scores that are not of the node's resources, which weigh 1."""
STEPS: Final = 50_000
"""Choices of a node for a template, after which the rest is put wherever there is room: far more than AKS has nodes."""

Place: TypeAlias = tuple[int, int, tuple[str | int | None, ...]]
"""What of a node the rules look at: taints it would rather not meet, preference, and for each rule where it is (a value
of the label) or, where the label tells each node apart, how many pods that count are there. None is no label."""


@dataclass(slots=True)
class Outcome:
    """What became of the pods of a template."""

    placed: Counter[str] = field(default_factory=Counter)
    """Pods by pool."""
    most: Counter[str] = field(default_factory=Counter)
    """Pods on the node with most of them, by pool."""
    moves: list[tuple[Bin, Bin, int, int]] = field(default_factory=list)
    """Nodes that changed their state: before, after, how many nodes, and by how many pods each."""
    complete: bool = True
    """Whether there were steps enough."""


class Placing:
    """The nodes as pods of one template find them.

    Args:
        packing: All nodes, with what is on them.
        placement: Where the pods may go.
        shape: What one of them asks for.
        pool: The node pool that they are kept in, as by a node selector; any where it is None.
    """

    def __init__(self, packing: Packing, placement: Placement, shape: Shape, pool: str | None = None) -> None:
        self._packing = packing
        self._shape = shape
        self._rules = shape.relations.rules
        self._local = [rule.key in packing.by_node for rule in self._rules]
        self._placement = placement
        self._pool = pool
        self._bases: dict[int, Place] = {}
        self._numbers = packing.number[CPU], packing.number[MEMORY]
        self._totals: list[dict[str | int | None, int]] = [{} for _ in self._rules]
        self._levels: list[Counter[int]] = [Counter() for _ in self._rules]
        self._partners = 0
        if self._rules:
            self._count_neighbors()
        # Where only the node itself counts, what is put on one leaves the others as they are.
        self._alike = all(self._local) and not any(rule.says in ("together", "like") for rule in self._rules)
        self._heaps: dict[Place, list[tuple[int, int, Bin, int, int]]] = {}
        self._sizes: Counter[Place] = Counter()
        self._order = 0

    def _gather(self) -> None:
        """Sort the nodes that have room by where they are, the best of each place first."""
        open_ = self._packing.open_to(self._shape)
        mixed, score = any(self._local), self._score
        for nodes in open_.values() if self._pool is None else (open_[self._pool],):
            for node, count, _ in nodes:
                self._order += 1
                place = None if mixed else self._bases.get(node.kind)
                if place is None:
                    place = self._place(node)
                    self._heaps.setdefault(place, [])
                self._heaps[place].append((-score(node), self._order, node, count, 0))
                self._sizes[place] += count
        for heap in self._heaps.values():
            heapify(heap)

    def run(self, count: int, steps: int = STEPS, *, trial: bool = False) -> Outcome:
        """Place pods; nothing is changed before the moves are made.

        Args:
            count: How many pods.
            steps: Choices of a node at most.
            trial: Whether it only counts when the steps are enough.
        """
        self._gather()
        done = Outcome()
        left = count
        while left and steps:
            steps -= 1
            open_ = [place for place, heap in self._heaps.items() if heap and self._admits(place)]
            if not open_:
                return done
            bonus = self._bonuses(open_)
            place = min(open_, key=lambda one: (self._heaps[one][0][0] - bonus[one], self._heaps[one][0][1]))
            left -= self._put(place, left, done)
        done.complete = not left
        if left and not trial:
            self._put_anywhere(left, done)
        return done

    def _put_anywhere(self, left: int, done: Outcome) -> None:
        """Put pods wherever there is room, for numbers that no cluster has."""
        needs = self._shape.needs
        for _, _, node, count, _ in (item for heap in self._heaps.values() for item in heap):
            takes = room(node.free, needs)
            for pods, nodes in ((takes, min(count, left // takes)), (left % takes, 1)):
                if pods and nodes and left >= pods and count >= nodes:
                    left, count = left - pods * nodes, count - nodes
                    done.placed[self._packing.kinds[node.kind].pool] += pods * nodes
                    done.moves.append((node, self._packing.with_pods(node, self._shape, pods), nodes, pods))

    def each_alone(self, pool: str, takes: int) -> tuple[int, int] | None:
        """Return how many pods a pool takes, and a node at most, where it shows without placing them; else None.

        Args:
            pool: The node pool that they are kept in.
            takes: Pods that its emptiest node has room for.
        """
        hard = [rule for rule in self._rules if rule.says in ("apart", "together", "spread")]
        if any(rule.says != "apart" or rule.key not in self._packing.by_node for rule in hard):
            return None
        alone = any(rule.own for rule in hard)
        total = sum(
            count * (1 if alone else nodes_take)
            for node, count, nodes_take in self._packing.open_to(self._shape)[pool]
            if not hard or self._admits(self._place(node))
        )
        return total, 1 if alone else takes

    def one_on_each(self) -> Outcome:
        """Place one pod on each node, as for a DaemonSet."""
        self._gather()
        done = Outcome()
        for place, heap in self._heaps.items():
            for _, _, node, count, _ in heap if self._admits(place) else ():
                done.placed[self._packing.kinds[node.kind].pool] += count
                done.moves.append((node, self._packing.with_pods(node, self._shape, 1), count, 1))
        return done

    def _put(self, place: Place, left: int, done: Outcome) -> int:
        """Put pods on the best node of a place, and on others in the same state, as long as these are the best."""
        packing, shape, heap = self._packing, self._shape, self._heaps[place]
        score, order, node, count, added = heappop(heap)
        pods, after = 1, packing.with_pods(node, shape, 1)
        if not self._rules and count > 1:
            # One more may make a node better still, where it brings CPU and memory into balance.
            while pods < left and -self._score(after) < score and room(after.free, shape.needs):
                pods, after = pods + 1, packing.with_pods(after, shape, 1)
        nodes = min(count, left // pods) if self._alike else 1
        pool = packing.kinds[node.kind].pool
        done.placed[pool] += pods * nodes
        done.most[pool] = max(done.most[pool], added + pods)
        done.moves.append((node, after, nodes, pods))
        if count > nodes:
            heappush(heap, (score, order, node, count - nodes, added))
        self._sizes[place] -= nodes
        self._count_own(node, place, nodes)
        if room(after.free, shape.needs):
            new = self._place(after)
            self._order += 1
            item = (-self._score(after), self._order, after, nodes, added + pods)
            heappush(self._heaps.setdefault(new, []), item)
            self._sizes[new] += nodes
        return pods * nodes

    def commit(self, done: Outcome) -> None:
        """Make the moves."""
        for node, after, nodes, pods in done.moves:
            self._packing.move(node, after, nodes)
            self._packing.on_kind[node.kind][self._shape.own] += pods * nodes

    # Where nodes are

    def _place(self, node: Bin) -> Place:
        base = self._bases.get(node.kind)
        if base is None:
            kind = self._packing.kinds[node.kind]
            where = tuple(kind.places[rule.key] for rule in self._rules)
            base = intolerable(self._placement, kind.site), preference(self._placement, kind.site), where
            self._bases[node.kind] = base
        if not any(self._local):
            return base
        here = (
            one if one is None or not local else _counted(rule, node.marks)
            for rule, local, one in zip(self._rules, self._local, base[2], strict=True)
        )
        return base[0], base[1], tuple(here)

    def _count_neighbors(self) -> None:
        """Count the pods that matter, by where they are."""
        packing = self._packing
        hard = [rule.key for rule in self._rules if rule.says == "spread"]
        soft = [] if self._shape.relations.by_default else [r.key for r in self._rules if r.says == "soft spread"]
        near = [rule for rule in self._rules if rule.says == "together"]
        counted: list[list[bool]] = []
        filled = {node.kind for bins in packing.bins.values() for node in bins}
        for number, kind in enumerate(packing.kinds):
            here = packing.on_kind[number]
            taken_in = [number in filled and self._counts(rule, number, hard, soft) for rule in self._rules]
            counted.append(taken_in)
            for rule, local, yes, totals in zip(self._rules, self._local, taken_in, self._totals, strict=True):
                if yes and not local:
                    place = kind.places[rule.key]
                    totals[place] = totals.get(place, 0) + _counted(rule, here.items())
            if near and any(kind.places[rule.key] is not None for rule in near):
                self._partners += _counted(near[0], here.items())
        for index, rule in enumerate(self._rules):
            if self._local[index] and rule.says == "spread":
                for bins in packing.bins.values():
                    for node, count in bins.items():
                        if counted[node.kind][index]:
                            self._levels[index][_counted(rule, node.marks)] += count

    def _counts(self, rule: Rule, number: int, hard: Sequence[str], soft: Sequence[str]) -> bool:
        """Say whether pods on nodes of a kind count for a rule."""
        kind = self._packing.kinds[number]
        if rule.spread is None:
            return kind.places[rule.key] is not None
        if any(kind.places[key] is None for key in (hard if rule.spread.hard else soft)):
            return False
        elsewhere = self._pool is not None and kind.pool != self._pool
        if rule.spread.honor_affinity and (elsewhere or not judge_labels(self._placement, kind.site).ok):
            return False
        return not rule.spread.honor_taints or not any(
            taint.effect in ("NoSchedule", "NoExecute")
            and not any(one.tolerates(taint) for one in self._placement.tolerations)
            for taint in kind.site.taints
        )

    def _count_own(self, node: Bin, place: Place, nodes: int) -> None:
        """Count pods of the template itself, one on each of some nodes."""
        for index, rule in enumerate(self._rules):
            own = rule.own if rule.spread is None or rule.spread.counts else 0
            where = place[2][index]
            if not own or where is None:
                continue
            if not self._local[index]:
                self._totals[index][where] = self._totals[index].get(where, 0) + own
            elif rule.says == "spread":
                self._levels[index][int(where)] -= nodes
                self._levels[index][int(where) + own] += nodes
        if any(rule.says == "together" and rule.own for rule in self._rules):
            self._partners += nodes

    # Filters

    def _admits(self, place: Place) -> bool:
        """Say whether the pods around let one more pod be at a place."""
        lonely = False
        for index, rule in enumerate(self._rules):
            where = place[2][index]
            there = 0 if where is None else int(where) if self._local[index] else self._totals[index].get(where, 0)
            if rule.says == "apart" and there:
                return False
            if rule.says == "together":
                if where is None:
                    return False
                lonely = lonely or not there
            if rule.says == "spread" and (
                where is None or there + rule.own - self._emptiest(index, rule) > _skew(rule)
            ):
                return False
        return not lonely or (self._shape.relations.first_may and not self._partners)

    def _emptiest(self, index: int, rule: Rule) -> int:
        assert rule.spread
        counts: Iterable[int]
        if self._local[index]:
            levels = self._levels[index]
            counts = [level for level, nodes in levels.items() if nodes > 0]
            places = sum(levels.values())
        else:
            counts = self._totals[index].values()
            places = len(self._totals[index])
        return 0 if places < rule.spread.min_domains else min(counts, default=UNLIMITED)

    # Scores

    def _score(self, node: Bin) -> int:
        """Return what the scheduler thinks of a node's resources: as much left as can be, and both in balance."""
        shape = self._shape
        cpu, memory = node.size
        left_cpu, left_memory = cpu - node.load[0] - shape.weighed[0], memory - node.load[1] - shape.weighed[1]
        score = 0
        if cpu and memory:
            # Integers are cut as the scheduler cuts them; of what nobody knows there is plenty.
            score = 100 * left_cpu // cpu if left_cpu > 0 else 0
            score = (score + (100 * left_memory // memory if left_memory > 0 else 0)) // 2
        elif cpu or memory:
            left, has = (left_cpu, cpu) if cpu else (left_memory, memory)
            score = 100 * left // has if left > 0 else 0
        if shape.asks == (0, 0):
            return score
        if not (cpu and memory):
            return score + 100
        numbers = self._numbers
        used_cpu = (cpu - node.free[numbers[0]] + shape.asks[0]) / cpu
        used_memory = (memory - node.free[numbers[1]] + shape.asks[1]) / memory
        apart = (used_cpu if used_cpu < 1 else 1) - (used_memory if used_memory < 1 else 1)
        return score + int((1 - (apart if apart > 0 else -apart) / 2) * 100)

    def _bonuses(self, places: Sequence[Place]) -> dict[Place, int]:
        """Return what the scheduler thinks of places for other reasons than resources, beside each other."""
        taints = max(place[0] for place in places)
        likes = max(place[1] for place in places)
        found = {
            place: _TAINTS * (100 - 100 * place[0] // taints if taints else 100)
            + _NODE_AFFINITY * (100 * place[1] // likes if likes else 0)
            for place in places
        }
        if any(rule.says == "like" for rule in self._rules):
            raw = {place: self._liking(place) for place in places}
            low, high = min(raw.values()), max(raw.values())
            for place, one in raw.items():
                found[place] += _POD_AFFINITY * int(100 * ((one - low) / (high - low)) if high > low else 0)
        soft = [index for index, rule in enumerate(self._rules) if rule.says == "soft spread"]
        if soft:
            for place, one in self._evenness(places, soft).items():
                found[place] += _SPREAD * one
        return found

    def _liking(self, place: Place) -> int:
        total = 0
        for index, rule in enumerate(self._rules):
            where = place[2][index]
            if rule.says == "like" and where is not None:
                total += int(where) if self._local[index] else self._totals[index].get(where, 0)
        return total

    def _evenness(self, places: Sequence[Place], soft: Sequence[int]) -> dict[Place, int]:
        """Return the scores of soft spread constraints."""
        default = self._shape.relations.by_default
        scored = [place for place in places if default or all(place[2][index] is not None for index in soft)]
        weights = []
        for index in soft:
            domains = sum(self._sizes[place] for place in scored)
            if not self._local[index]:
                domains = len({place[2][index] for place in scored})
            weights.append(math.log(domains + 2))
        raw: dict[Place, int] = {}
        for place in scored:
            total = 0.0
            for index, weight in zip(soft, weights, strict=True):
                where = place[2][index]
                if where is not None:
                    there = int(where) if self._local[index] else self._totals[index].get(where, 0)
                    total += there * weight + _skew(self._rules[index]) - 1
            raw[place] = math.floor(total + 0.5)
        low, high = min(raw.values(), default=0), max(raw.values(), default=0)
        return {place: 100 * (high + low - one) // high if high else 100 for place, one in raw.items()}


def _counted(rule: Rule, pods: Iterable[tuple[int, int]]) -> int:
    return sum(rule.weights.get(number, 0) * count for number, count in pods)


def _skew(rule: Rule) -> int:
    return rule.spread.max_skew if rule.spread else 0
