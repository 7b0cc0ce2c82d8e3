"""Why pods stay Pending: for each node pool, the first thing that keeps them out, and what to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from aksrdma.workloads.fit.amounts import PODS, is_device, is_gpu, show_amount
from aksrdma.workloads.fit.floor import Floor
from aksrdma.workloads.fit.packing import UNLIMITED, Shape, room
from aksrdma.workloads.fit.report import PoolFit, Reason
from aksrdma.workloads.fit.workloads import PodGroup


def reasons_of(
    floor: Floor, group: PodGroup, shape: Shape, fits: Sequence[PoolFit], pending: int, *, one_pool: bool
) -> tuple[Reason, ...]:
    """Return why pods of a template stay Pending.

    Args:
        floor: The nodes, with all that has a place.
        group: The pods.
        shape: What one asks of a node.
        fits: What the pools could take.
        pending: How many found no node.
        one_pool: Whether they had to go to one pool.
    """
    if missing := list(_exposed_nowhere(floor, group)):
        return tuple(missing)
    found = [_in_pool(floor, group, shape, pool, fits, pending) for pool in floor.cluster.pools]
    if one_pool and sum(one.fits for one in fits) - sum(one.placed for one in fits) >= pending:
        found.insert(0, Reason(None, *_SPLIT))
    return tuple(found)


_SPLIT = (
    "they fit only over several pools, and each pool is an InfiniBand fabric of its own, so they could not talk",
    "ask for fewer replicas, or let one pool grow",
)


def _exposed_nowhere(floor: Floor, group: PodGroup) -> Iterator[Reason]:
    for name in group.requests:
        if not is_device(name) or any(kind.allocatable[name] for kind in floor.kinds):
            continue
        if floor.is_rdma(name):
            has = ", ".join(floor.cluster.rdma)
            message = (
                f"nothing exposes {name}; the cluster has {has}" if has else f"nothing exposes {name}, nor other RDMA"
            )
            yield Reason(None, message, f"ask for {has}" if has else "choose a profile with a device plugin, not base")
        else:
            gpus = sorted(
                {one for kind in floor.kinds for one, units in kind.allocatable.items() if units and is_gpu(one)}
            )
            there = f"; the cluster has {', '.join(gpus)}" if gpus and is_gpu(name) else ""
            yield Reason(None, f"no node has {name}{there}", "ask for what the nodes have, or add a pool that has it")


def _in_pool(floor: Floor, group: PodGroup, shape: Shape, pool: str, fits: Sequence[PoolFit], pending: int) -> Reason:
    kinds = [number for number, kind in enumerate(floor.kinds) if kind.pool == pool]
    open_kinds = [number for number in kinds if number in shape.kinds]
    if not floor.bins[pool]:
        return Reason(pool, "it has no nodes", "let it grow")
    if not open_kinds:
        verdict = floor.verdicts(group.placement)[kinds[0]]
        return Reason(pool, verdict.message, verdict.fix)
    if reason := _too_large(floor, group, pool, open_kinds):
        return reason
    return _full(floor, shape, pool, fits, pending)


def _too_large(floor: Floor, group: PodGroup, pool: str, kinds: list[int]) -> Reason | None:
    for name, need in group.requests.items():
        most = max(floor.kinds[number].allocatable[name] for number in kinds)
        if need <= most:
            continue
        size = floor.kinds[kinds[0]].vm_size
        node = f"a node ({size})" if size else "a node"
        if most == 0:
            return Reason(pool, f"{node} has no {name}", f"choose a pool with {name}")
        has = show_amount(name, most)
        return Reason(
            pool, f"a pod asks for {show_amount(name, need)} {name}, {node} has {has}", f"ask for {has} at most"
        )
    return None


def _full(floor: Floor, shape: Shape, pool: str, fits: Sequence[PoolFit], pending: int) -> Reason:
    fit = next((one for one in fits if one.pool == pool), None)
    if fit is None:
        return Reason(pool, f"{_taken(floor, pool, shape)} is taken already", "free nodes, or let the pool grow")
    more = -(-pending // fit.per_node)
    message = f"takes {fit.placed or fit.fits}, then {_phrase(fit.runs_out)} runs out"
    if not fit.placed:
        return Reason(pool, message, "ask for fewer replicas, or let the pool grow")
    return Reason(pool, message, f"{more} more node{'s' * (more > 1)} would take the rest")


def _taken(floor: Floor, pool: str, shape: Shape) -> str:
    """Return what most nodes that the pods may go to lack."""
    lacking: Counter[str] = Counter()
    for node, count in floor.bins[pool].items():
        if node.kind in shape.kinds:
            short = [floor.resources[number] for number, need in shape.needs if node.free[number] < need]
            lacking[short[0] if short else "podAntiAffinity"] += count
    return _phrase((max(lacking, key=lambda one: (lacking[one], one)),))


def _phrase(names: Sequence[str]) -> str:
    return " and ".join(_PHRASES.get(name, name) for name in names)


_PHRASES: Final = {
    PODS: "the number of pods a node",
    "podAntiAffinity": "what podAntiAffinity allows on a node",
    "topologySpread": "what topologySpreadConstraints allow on a node",
    "DaemonSet": "one a node",
}


def runs_out(floor: Floor, shape: Shape, free: tuple[int, ...], per_node: int) -> tuple[str, ...]:
    """Return what keeps a node from one pod more than it takes."""
    takes = room(free, shape.needs)
    if per_node < takes:
        return ("podAntiAffinity",) if shape.alone else ("topologySpread",)
    if takes == UNLIMITED:
        return ()
    return tuple(floor.resources[number] for number, need in shape.needs if free[number] // need == takes)
