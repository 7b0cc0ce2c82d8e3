"""Nodes that take no pod though others of their pool would: which they are, what is odd about them, and what mends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aksrdma import catalog
from aksrdma.errors import UnknownNameError
from aksrdma.kube.labels import NIC_LABEL
from aksrdma.kube.resources import is_gpu
from aksrdma.kube.scheduling import EVICTING, NODE_NAME
from aksrdma.workloads.fit.amounts import is_device, show_amount
from aksrdma.workloads.fit.nodes import Nodes
from aksrdma.workloads.fit.packing import Packing, Shape
from aksrdma.workloads.fit.pods import PodGroup

_NAMED: Final = 5
"""Nodes that a message names before it counts the rest."""
_STATES: Final = {
    "node.kubernetes.io/unschedulable": ("cordoned", "`kubectl uncordon {nodes}`"),
    "node.kubernetes.io/not-ready": ("not ready", "`kubectl describe node {nodes}` says why"),
    "node.kubernetes.io/unreachable": ("not ready, its kubelet does not answer", "`kubectl describe node {nodes}`"),
    "node.kubernetes.io/memory-pressure": ("short of memory", "`kubectl describe node {nodes}` says what takes it"),
    "node.kubernetes.io/disk-pressure": ("short of disk", "`kubectl describe node {nodes}` says what takes it"),
    "node.kubernetes.io/pid-pressure": ("short of process ids", "`kubectl describe node {nodes}` says what takes them"),
    "node.kubernetes.io/network-unavailable": ("without network", "`kubectl describe node {nodes}` says why"),
}
"""What a taint says about the node itself, rather than about whom it is meant for."""


@dataclass(frozen=True, slots=True)
class Odd:
    """What is odd about some nodes of a pool."""

    nodes: tuple[str, ...]
    what: str
    fix: str
    held: bool = False
    """Whether nothing is wrong with them: pods that run there hold what is asked for."""

    def __str__(self) -> str:
        return f"{named(self.nodes)}: {self.what}"


def named(nodes: Iterable[str], between: str = ", ") -> str:
    """Return names of nodes, the first few of many."""
    names = list(nodes)
    more = len(names) - _NAMED
    return between.join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def odd_nodes(packing: Packing, group: PodGroup, shape: Shape, pool: str) -> list[Odd]:
    """Return the nodes of a pool that had no room for a pod before the first workload, those that are alike together.

    Only nodes that kubectl printed have names and states of their own.
    """
    found: dict[tuple[str, str, bool], list[str]] = {}
    for nodes, start in packing.starts[pool]:
        name = nodes.site.labels.get(NODE_NAME)
        if name is None or (
            start.kind in shape.kinds and all(start.free[number] >= need for number, need in shape.needs)
        ):
            continue
        if told := _what(packing, group, nodes, pool):
            found.setdefault(told, []).append(name)
    return [
        Odd(tuple(names), what, fix.format(nodes=" ".join(names[:_NAMED])), held)
        for (what, fix, held), names in found.items()
    ]


def _what(packing: Packing, group: PodGroup, nodes: Nodes, pool: str) -> tuple[str, str, bool] | None:
    """Return what is odd about a node, what mends it, and whether pods there are all there is to it."""
    for taint in nodes.site.taints:
        tolerated = any(one.tolerates(taint) for one in group.placement.tolerations)
        if taint.key in _STATES and taint.effect in EVICTING and not tolerated:
            return (*_STATES[taint.key], False)
    for resource, need in group.requests.items():
        has, most = nodes.allocatable.get(resource, 0), whole(packing, pool, resource)
        if not is_device(resource) or has >= need or has == most:
            continue  # what no node of the pool has is a matter of the pool
        if resource not in nodes.allocatable:
            return f"no {resource}", _not_offered(resource, "{nodes}"), False
        if not has:
            return f"0 {resource}, so the device plugin there found none", found_none(resource), False
        mend = f"`kubectl describe node {{nodes}}` and the log of the device plugin of {resource} there"
        return f"{has} of {most} {resource}", mend, False
    holders = list(_holders(group, nodes))
    if holders:
        return f"held by {', '.join(holders)}", "end what is not needed there", True
    return None


def whole(packing: Packing, pool: str, resource: str) -> int:
    """Return how much of a resource a sound node of a pool has: as the best of them, or as many GPUs as its VM size."""
    sizes = {kind.vm_size for kind in packing.kinds if kind.pool == pool and kind.vm_size}
    found = [packing.most[pool].get(resource, 0)]
    for size in sizes if is_gpu(resource) and found[0] else ():
        with suppress(UnknownNameError):  # the catalog has the sizes with InfiniBand alone
            gpu = catalog.vm_size(size).gpu
            found.append(gpu.count if gpu and gpu.resource == resource else 0)
    return max(found)


def _holders(group: PodGroup, nodes: Nodes) -> Iterator[str]:
    """Yield the pods that run on a node and hold what another one lacks there, with what they hold."""
    lacking = [
        resource
        for resource, need in group.requests.items()
        if is_device(resource)
        and resource in nodes.allocatable
        and nodes.allocatable[resource] - nodes.used.get(resource, 0) < need
    ]
    ports = {(port.number, port.protocol) for port in group.host_ports}
    holding = []
    for pod in nodes.running:
        held = [f"{show_amount(name, pod.requests[name])} {name}" for name in lacking if pod.requests.get(name)]
        held += [str(port) for port in sorted(pod.host_ports) if (port.number, port.protocol) in ports]
        if held:
            holding.append(f"pod {pod.name} ({', '.join(held)})")
    yield from holding[:_NAMED]
    if len(holding) > _NAMED:
        yield f"{len(holding) - _NAMED} more pods"


def found_none(resource: str) -> str:
    """Return where to look when a device plugin runs and finds no device."""
    if is_gpu(resource):
        return "look at the GPU driver on the node and at the log of the device plugin"
    return (
        "look at the selectors in the plugin's configuration, at the driver on the node, and at the log of the plugin"
    )


def _not_offered(resource: str, where: str) -> str:
    if is_gpu(resource):
        return f"see whether the driver and device plugin of the GPU Operator run on {where}"
    return f"see whether driver and device plugin run on {where}, and whether it has the label {NIC_LABEL}"
