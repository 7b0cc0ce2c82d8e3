"""Why pods stay Pending, for each node pool with what to change; and what is left that no pod can use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aksrdma import catalog
from aksrdma.errors import AksrdmaError
from aksrdma.kube.labels import AGENT_POOL, HOSTNAME, NIC_LABEL, NVIDIA_GPU
from aksrdma.kube.resources import is_gpu
from aksrdma.kube.scheduling import NODE_NAME
from aksrdma.workloads.fit.amounts import PODS, is_device, show_amount
from aksrdma.workloads.fit.nodes import DELETED, STOPPED
from aksrdma.workloads.fit.oddities import closed, found_none, named, odd_nodes, whole
from aksrdma.workloads.fit.packing import UNLIMITED, Bin, Packing, Shape, room
from aksrdma.workloads.fit.pods import PodGroup
from aksrdma.workloads.fit.report import Left, PoolFit, PoolLeft, Reason

if TYPE_CHECKING:
    from aksrdma.catalog import NotInfiniband, VmSize

_PHRASES: Final = {
    PODS: "room for pods (maxPods)",
    "podAntiAffinity": "what podAntiAffinity allows on a node",
    "podAffinity": "what podAffinity allows",
    "topologySpread": "what topologySpreadConstraints allow on a node",
    "DaemonSet": "one a node",
}


def runs_out(packing: Packing, shape: Shape, free: tuple[int, ...], per_node: int) -> tuple[str, ...]:
    """Return what keeps a node from one pod more than it takes."""
    takes = room(free, shape.needs)
    if per_node < takes:
        if shape.relations.alone:
            return ("podAntiAffinity",)
        return ("topologySpread",) if shape.relations.says("spread") else ("podAffinity",)
    return tuple(packing.resources[number] for number, need in shape.needs if free[number] // need == takes)


def reasons_of(
    packing: Packing, group: PodGroup, shape: Shape, fits: Sequence[PoolFit], pending: int
) -> tuple[Reason, ...]:
    """Return why pods of a template stay Pending: for each node pool what keeps them out, a line a kind of reason.

    Args:
        packing: The nodes, with all that has a place.
        group: The pods.
        shape: What one asks of a node.
        fits: What the pools could take.
        pending: How many found no node.
    """
    if missing := list(_exposed_nowhere(packing, group, shape)):
        return tuple(missing)
    asked = any(is_device(name) for name in group.requests)
    pools = [pool for pool in packing.pools if not asked or _has_devices(packing, group, pool)]
    return tuple(one for pool in pools or packing.pools for one in _in_pool(packing, group, shape, pool, fits, pending))


def _has_devices(packing: Packing, group: PodGroup, pool: str) -> bool:
    """Say whether a pool has devices, or could have those that pods ask for; a system pool is told of where they select it."""
    chosen = group.placement.accepted(AGENT_POOL)
    return (
        any(most and is_device(name) for name, most in packing.most[pool].items())
        or any(_not_offered(packing, name, pool, pinned=False) for name in group.requests if is_device(name))
        or (chosen is not None and pool in chosen)
    )


def _exposed_nowhere(packing: Packing, group: PodGroup, shape: Shape) -> Iterator[Reason]:
    """Yield the devices that no node offers at all, each with the most upstream cause that shows."""
    pinned = bool(group.placement.selector or group.placement.terms)
    for name in group.requests:
        if not is_device(name) or any(kind.allocatable[name] for kind in packing.kinds):
            continue
        pools = dict.fromkeys(packing.kinds[number].pool for number in sorted(shape.kinds)) or packing.pools
        told = [reason for pool in pools if (reason := _not_offered(packing, name, pool, pinned=pinned))]
        if told:
            yield from told
        elif packing.is_rdma(name):
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


def _not_offered(packing: Packing, name: str, pool: str, *, pinned: bool = True) -> Reason | None:
    """Return why no node of a pool offers a device, where the VM size or the nodes themselves show it.

    Args:
        packing: The nodes.
        name: The device.
        pool: The node pool.
        pinned: Whether the pods are meant for it, so that a size that nobody takes for one with InfiniBand is named, too.
    """
    size = next((kind.vm_size for kind in packing.kinds if kind.pool == pool and kind.vm_size), None)
    row, without = (_vm_size(size), catalog.not_infiniband(size)) if size else (None, None)
    rdma = packing.is_rdma(name)
    mistakable = without is not None and without.gpu_count is not None
    if rdma and without is not None and without.kind == "no infiniband" and (pinned or mistakable):
        fix = f"make the pool of {without.nearest}" if mistakable and without.nearest else "choose a size that has it"
        return Reason(pool, f"{without.name} has no InfiniBand: {without.why}", fix)
    nodes = [one for one, _ in packing.starts[pool] if one.site.complete]
    if not nodes:
        return None
    if any(name in one.allocatable for one in nodes):
        message = f"its nodes list {name} with 0: the device plugin runs and found no device"
        return Reason(pool, message, found_none(name))
    others = (other for other, most in packing.most[pool].items() if most and is_device(other))
    if any(packing.is_rdma(other) if rdma else is_gpu(other) for other in others):
        return None  # it has another one of the kind, which is what to ask for
    if rdma and row is not None and row.usable:
        unlabeled = [str(one.site.labels.get(NODE_NAME)) for one in nodes if one.site.labels.get(NIC_LABEL) != "true"]
        if unlabeled:
            message = f"nothing exposes {name}: {named(unlabeled)} lack{'s' * (len(unlabeled) == 1)} the label {NIC_LABEL}, by which the operator selects"
            return Reason(pool, message, "see whether NFD (node-feature-discovery) and the NodeFeatureRule are there")
        message = f"nothing exposes {name}, though {row.name} has InfiniBand and its nodes the label {NIC_LABEL}"
        return Reason(
            pool, message, "see whether the pods of driver and device plugin run there: `kubectl get pods -A -o wide`"
        )
    gpu = row.gpu.resource if row is not None and row.gpu else _gpu_of(without)
    if is_gpu(name) and gpu == name:
        size_name = row.name if row is not None else size
        operator = (
            "GPU Operator or the NVIDIA device plugin" if name == NVIDIA_GPU else "AMD GPU Operator or device plugin"
        )
        return Reason(pool, f"{size_name} has GPUs, but nothing advertises {name} there", f"install the {operator}")
    return None


def _gpu_of(without: NotInfiniband | None) -> str | None:
    # The nearest size of one without GPUs, such as D4s, is no word about its own.
    nearest = _vm_size(without.nearest) if without is not None and without.gpu_count and without.nearest else None
    return nearest.gpu.resource if nearest is not None and nearest.gpu else None


def _vm_size(name: str) -> VmSize | None:
    try:
        return catalog.vm_size(name)
    except AksrdmaError:
        return None


def _in_pool(
    packing: Packing, group: PodGroup, shape: Shape, pool: str, fits: Sequence[PoolFit], pending: int
) -> list[Reason]:
    """Return why a pool takes no further pod: first of all of it, then of nodes that differ from the others."""
    kinds = [number for number, kind in enumerate(packing.kinds) if kind.pool == pool]
    allowed = [packing.kinds[number] for number in kinds if number in shape.kinds]
    if not packing.bins[pool]:
        return [Reason(pool, *_empty(packing, group, pool))]
    odd = odd_nodes(packing, group, shape, pool)
    wrong = any(one.wrong for one in odd)
    told = [Reason(pool, str(one), one.fix) for one in odd]
    if not allowed:
        verdict = packing.verdicts(group.placement)[kinds[0]]  # nodes that have no names are all alike
        lacks = next((name for name in group.requests if is_device(name) and not packing.most[pool].get(name)), None)
        if lacks and not verdict.rule:  # tolerating its taint would help nobody
            return [_too_much(packing, lacks, group.requests[lacks], 0, pool, packing.kinds[kinds[0]].vm_size)]
        same = len(odd) == 1 and odd[0].what == verdict.message
        return [Reason(pool, verdict.message, verdict.fix)] if same or not odd else told
    for name, need in group.requests.items():
        most = max(kind.allocatable[name] for kind in allowed)
        if need > most:
            # Those that are large enough take none, or would be if they were whole.
            if wrong and whole(packing, pool, name) >= need:
                return told
            return [_too_much(packing, name, need, most, pool, allowed[0].vm_size)]
    fit = next((one for one in fits if one.pool == pool), None)
    if not shape.relations.alone and _has_room(packing, pool, shape):
        if unlabeled := _unlabeled(packing, pool, shape):
            return [unlabeled, *told]
        if any(not one.weights for one in shape.relations.says("together")):
            return [Reason(pool, "no pod is there that its podAffinity selects", "start those pods first"), *told]
        rule = next(word for says, word in _RULES if shape.relations.says(says))
        kept = f"takes {fit.placed}, and {rule} keeps the rest" if fit and fit.placed else f"{rule} keeps the pods"
        return [Reason(pool, f"{kept} off the nodes that have room", f"change {rule}"), *told]
    if fit is None:
        if odd:
            return told
        return [Reason(pool, f"{_taken(packing, pool, shape)} is taken already", "free nodes, or let the pool grow")]
    message = f"takes {fit.placed or fit.fits}, then {_phrase(fit.runs_out)} run{'s' * (len(fit.runs_out) == 1)} out"
    if wrong:
        return [Reason(pool, message, "mend what is told of its other nodes"), *told]
    # Where pods keep apart from their like, a further node is what they need; else a node that nobody took is shut to them.
    alone = shape.relations.alone
    shut = (node for node in packing.bins[pool] if node.kind not in shape.kinds or not (node.taken or alone))
    if any(room(node.free, shape.needs) for node in shut):
        return [Reason(pool, message, "mend what keeps the pods off its other nodes, which have room"), *told]
    if not fit.placed:
        return [Reason(pool, message, "ask for fewer replicas, or let the pool grow"), *told]
    more = -(-pending // fit.per_node)
    return [Reason(pool, message, f"{more} more node{'s' * (more > 1)} would take the rest"), *told]


_RULES: Final = (
    ("together", "podAffinity"),
    ("spread", "topologySpreadConstraints"),
)


def _has_room(packing: Packing, pool: str, shape: Shape) -> bool:
    """Say whether there are nodes that would take a pod, did other pods not keep it away."""
    return any(rule.says in ("together", "spread") for rule in shape.relations.rules) and any(
        node.kind in shape.kinds and room(node.free, shape.needs) for node in packing.bins[pool]
    )


def _unlabeled(packing: Packing, pool: str, shape: Shape) -> Reason | None:
    """Return that the nodes with room lack the label by which a rule about other pods tells places apart."""
    there = [node.kind for node in packing.bins[pool] if node.kind in shape.kinds and room(node.free, shape.needs)]
    for says, word in _RULES:
        for rule in shape.relations.says(says):
            if all(packing.kinds[kind].places[rule.key] is None for kind in there):
                message = f"its nodes with room lack the label {rule.key}, which is the topologyKey of {word}"
                fix = f"take a topologyKey that nodes have, such as {HOSTNAME} or {AGENT_POOL[0]}, or label the nodes"
                return Reason(pool, message, fix)
    return None


def _empty(packing: Packing, group: PodGroup, pool: str) -> tuple[str, str]:
    """Return why a pool has no nodes, and what to do."""
    why = next((one.empty for one in packing.cluster.nodes if one.pool == pool and one.empty), "")
    message = f"it has no nodes{f': {why}' if why else ''}"
    if why in _MENDED:
        return message, _MENDED[why]
    # Of a pool without nodes the autoscaler knows cpu, memory, pods and GPUs of NVIDIA (kubernetes/autoscaler
    # cluster-autoscaler/cloudprovider/azure/azure_template.go, 0d4679d).
    unknown = [name for name in group.requests if is_device(name) and name != NVIDIA_GPU]
    if why and unknown:
        return (
            f"{message}, but the cluster autoscaler does not know that a node of it will have {', '.join(unknown)}",
            f"keep a node (`az aks nodepool update --update-cluster-autoscaler --min-count 1` for {pool})",
        )
    return message, "let it grow"


_MENDED: Final = {STOPPED: "start it", DELETED: "choose another pool, or make it anew"}


def _too_much(packing: Packing, name: str, need: int, most: int, pool: str, size: str | None) -> Reason:
    """Return what is to be said where no node of a pool is large enough for a pod, whatever runs there."""
    if most == 0 and is_device(name) and (reason := _not_offered(packing, name, pool)):
        return reason
    node = f"a node ({size})" if size else "a node"
    if most == 0:
        return Reason(pool, f"{node} has no {name}", f"choose a pool with {name}")
    has = show_amount(name, most)
    return Reason(pool, f"a pod asks for {show_amount(name, need)} {name}, {node} has {has}", f"ask for {has} at most")


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
        shapes: What the pods ask for, those of DaemonSets left out.
    """
    asking: dict[int, dict[Shape, None]] = {number: {} for number in packing.devices}
    open_kinds: set[int] = set()
    for shape in shapes:
        # Without its place among the templates, because many workloads ask for the same.
        plain = Shape(shape.needs, shape.kinds)
        open_kinds |= shape.kinds
        for number, _ in shape.needs:
            if number in asking:
                asking[number][plain] = None
    # Pods that need no device leave all of them to others.
    wanted = {kind for asked in asking.values() for one in asked for kind in one.kinds}
    found: list[PoolLeft] = []
    for pool, bins in packing.bins.items():
        states = {start.kind: closed(nodes) for nodes, start in packing.starts[pool] if start.kind not in open_kinds}
        left, stranded, shut = ([0] * len(packing.resources) for _ in range(3))
        beside: Counter[tuple[str, str]] = Counter()
        """What is stranded on nodes that none of the pods took, by what is missing there."""
        for node, count in bins.items():
            amounts = shut if states.get(node.kind) else left
            for number, free in enumerate(node.free):
                amounts[number] += free * count
                if free <= 0 or amounts is shut or number not in asking or node.kind not in wanted:
                    continue
                asked = [one for one in asking[number] if node.kind in one.kinds]
                if any(room(node.free, one.needs) for one in asked):
                    continue
                lacking = [_lacking(packing, node, one, number, pool) for one in asked]
                if node.taken or (lacking and all(lacking)):
                    stranded[number] += free * count
                if not node.taken and lacking and lacking[0]:
                    beside[packing.resources[number], lacking[0]] += free * count
        said = [
            f"{show_amount(name, amount)} {name} of what is stranded are on nodes with too few {lacks} for a pod"
            for (name, lacks), amount in beside.items()
        ]
        size = next((kind.vm_size for kind in packing.kinds if kind.pool == pool), None)
        shown = [
            number
            for number, name in enumerate(packing.resources)
            if 0 < packing.total[pool][number] < UNLIMITED and name in packing.shown
        ]
        resources = tuple(
            Left(packing.resources[number], packing.total[pool][number], left[number], stranded[number], shut[number])
            for number in shown
        )
        said = [*_of_closed(packing, pool, states, resources), *said]
        found.append(PoolLeft(pool, size, sum(bins.values()), resources, tuple(said)))
    return tuple(found)


def _lacking(packing: Packing, node: Bin, shape: Shape, number: int, pool: str) -> str:
    """Return the device of which a node has too few beside one of which it has enough; empty where there is no such.

    That its pool has no GPUs, or others, makes the pool one for other pods; no RDMA is what GPUs must not be without.
    """
    short = {at for at, need in shape.needs if at in packing.devices and node.free[at] < need}
    names = (packing.resources[at] for at in sorted(short) if number not in short)
    return next((name for name in names if packing.is_rdma(name) or packing.most[pool].get(name)), "")


def _of_closed(packing: Packing, pool: str, states: Mapping[int, str], resources: Iterable[Left]) -> Iterator[str]:
    """Yield what is free on nodes that take no pods, and so is not left, with the nodes and their states."""
    devices = [
        f"{show_amount(one.resource, one.closed)} {one.resource}"
        for one in resources
        if one.closed and is_device(one.resource)
    ]
    by_state: dict[str, list[str]] = {}
    for nodes, start in packing.starts[pool]:
        if state := states.get(start.kind):
            by_state.setdefault(state, []).append(str(nodes.site.labels.get(NODE_NAME) or "a node"))
    if devices:
        where = "; ".join(f"{state}: {named(names)}" for state, names in by_state.items())
        yield f"{', '.join(devices)} more, not counted as left: on nodes that take no new pod ({where})"
