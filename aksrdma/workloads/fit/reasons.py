"""Why pods stay Pending, for each node pool with what to change; and what is left that no pod can use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from aksrdma.kube.resources import is_gpu
from aksrdma.workloads.fit.amounts import PODS, is_device, show_amount
from aksrdma.workloads.fit.packing import UNLIMITED, Packing, Shape, room
from aksrdma.workloads.fit.pods import PodGroup
from aksrdma.workloads.fit.report import Left, PoolFit, PoolLeft, Reason

_PHRASES: Final = {
    PODS: "the number of pods a node",
    "podAntiAffinity": "what podAntiAffinity allows on a node",
    "topologySpread": "what topologySpreadConstraints allow on a node",
    "DaemonSet": "one a node",
}


def runs_out(packing: Packing, shape: Shape, free: tuple[int, ...], per_node: int) -> tuple[str, ...]:
    """Return what keeps a node from one pod more than it takes."""
    takes = room(free, shape.needs)
    if per_node < takes:
        return ("podAntiAffinity",) if shape.alone else ("topologySpread",)
    return tuple(packing.resources[number] for number, need in shape.needs if free[number] // need == takes)


def reasons_of(
    packing: Packing, group: PodGroup, shape: Shape, fits: Sequence[PoolFit], pending: int, *, one_pool: bool
) -> tuple[Reason, ...]:
    """Return why pods of a template stay Pending: for each node pool the first thing that keeps them out.

    Args:
        packing: The nodes, with all that has a place.
        group: The pods.
        shape: What one asks of a node.
        fits: What the pools could take.
        pending: How many found no node.
        one_pool: Whether they had to go to one pool.
    """
    if missing := list(_exposed_nowhere(packing, group)):
        return tuple(missing)
    found = [_in_pool(packing, group, shape, pool, fits, pending) for pool in packing.cluster.pools]
    if one_pool and sum(one.fits for one in fits) - sum(one.placed for one in fits) >= pending:
        split = (
            "they fit only over several pools, and each pool is an InfiniBand fabric of its own, so they could not talk"
        )
        found.insert(0, Reason(None, split, "ask for fewer replicas, or let one pool grow"))
    return tuple(found)


def _exposed_nowhere(packing: Packing, group: PodGroup) -> Iterator[Reason]:
    for name in group.requests:
        if not is_device(name) or any(kind.allocatable[name] for kind in packing.kinds):
            continue
        if packing.is_rdma(name):
            exposed = (one for one in packing.cluster.rdma if any(kind.allocatable.get(one) for kind in packing.kinds))
            has = ", ".join(exposed)
            if has:
                yield Reason(None, f"nothing exposes {name}; the cluster has {has}", f"ask for {has}")
            elif packing.cluster.rdma:  # the profile would, but none of the pools has a NIC
                message = f"nothing exposes {name}: no node has InfiniBand"
                yield Reason(None, message, "add a pool of a VM size that has it")
            else:
                message = f"nothing exposes {name}, nor other RDMA"
                yield Reason(None, message, "choose a profile with a device plugin, not base")
        else:
            there = {one for kind in packing.kinds for one, units in kind.allocatable.items() if units and is_gpu(one)}
            instead = f"; the cluster has {', '.join(sorted(there))}" if there and is_gpu(name) else ""
            yield Reason(None, f"no node has {name}{instead}", "ask for what the nodes have, or add a pool that has it")


def _in_pool(
    packing: Packing, group: PodGroup, shape: Shape, pool: str, fits: Sequence[PoolFit], pending: int
) -> Reason:
    kinds = [number for number, kind in enumerate(packing.kinds) if kind.pool == pool]
    allowed = [packing.kinds[number] for number in kinds if number in shape.kinds]
    if not packing.bins[pool]:
        return Reason(pool, "it has no nodes", "let it grow")
    if not allowed:
        verdict = packing.verdicts(group.placement)[kinds[0]]  # nodes of a pool are mostly alike, so one speaks for all
        return Reason(pool, verdict.message, verdict.fix)
    for name, need in group.requests.items():
        most = max(kind.allocatable[name] for kind in allowed)
        if need <= most:
            continue
        node = f"a node ({allowed[0].vm_size})" if allowed[0].vm_size else "a node"
        if most == 0:
            return Reason(pool, f"{node} has no {name}", f"choose a pool with {name}")
        has = show_amount(name, most)
        message = f"a pod asks for {show_amount(name, need)} {name}, {node} has {has}"
        return Reason(pool, message, f"ask for {has} at most")
    fit = next((one for one in fits if one.pool == pool), None)
    if fit is None:
        return Reason(pool, f"{_taken(packing, pool, shape)} is taken already", "free nodes, or let the pool grow")
    message = f"takes {fit.placed or fit.fits}, then {_phrase(fit.runs_out)} runs out"
    if not fit.placed:
        return Reason(pool, message, "ask for fewer replicas, or let the pool grow")
    more = -(-pending // fit.per_node)
    return Reason(pool, message, f"{more} more node{'s' * (more > 1)} would take the rest")


def _taken(packing: Packing, pool: str, shape: Shape) -> str:
    """Return what most nodes that the pods may go to lack."""
    lacking: Counter[str] = Counter()
    for node, count in packing.bins[pool].items():
        if node.kind in shape.kinds:
            # With nothing short it is the pods there that are in the way.
            short = [packing.resources[number] for number, need in shape.needs if node.free[number] < need]
            lacking[short[0] if short else "podAntiAffinity"] += count
    return _phrase((max(lacking, key=lambda one: (lacking[one], one)),))


def _phrase(names: Sequence[str]) -> str:
    return " and ".join(_PHRASES.get(name, name) for name in names)


def pools_left(packing: Packing, shapes: Iterable[Shape]) -> tuple[PoolLeft, ...]:
    """Return what is left in each pool.

    Args:
        packing: The nodes, with all pods on them.
        shapes: What the pods ask for.
    """
    asking: dict[int, dict[Shape, None]] = {number: {} for number in packing.devices}
    for shape in shapes:
        # Without its place among the templates, because many workloads ask for the same.
        plain = Shape(shape.needs, shape.kinds)
        for number, _ in shape.needs:
            if number in asking:
                asking[number][plain] = None
    found: list[PoolLeft] = []
    for pool, bins in packing.bins.items():
        left = [0] * len(packing.resources)
        stranded = [0] * len(packing.resources)
        for node, count in bins.items():
            for number, free in enumerate(node.free):
                left[number] += free * count
                if free > 0 and node.taken and number in asking:
                    useful = any(node.kind in one.kinds and room(node.free, one.needs) for one in asking[number])
                    stranded[number] += 0 if useful else free * count
        size = next((kind.vm_size for kind in packing.kinds if kind.pool == pool), None)
        resources = tuple(
            Left(name, packing.total[pool][number], left[number], stranded[number])
            for number, name in enumerate(packing.resources)
            if 0 < packing.total[pool][number] < UNLIMITED and name not in packing.host_ports
        )
        found.append(PoolLeft(pool, size, sum(bins.values()), resources))
    return tuple(found)
