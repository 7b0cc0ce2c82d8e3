"""Nodes that take no pod though others of their pool would: which they are, what is odd about them, and what mends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    """What keeps a pod off some nodes of a pool, which are alike in that."""

    nodes: tuple[str, ...]
    what: str
    fix: str
    of: int
    """Nodes of the pool."""
    wrong: bool
    """Whether it is the nodes that are to be mended, rather than what the pods want, or who is there already."""
    listed: bool = False
    """Whether `what` names the nodes."""

    def __str__(self) -> str:
        if self.of == 1:
            return f"{self.nodes[0]}: {self.what}"
        count = len(self.nodes)
        many = f"all {count} nodes" if count == self.of else f"{count} of {self.of} nodes"
        return f"{many}: {self.what}" + ("" if self.listed else f" ({named(self.nodes)})")


def named(nodes: Iterable[str], between: str = ", ") -> str:
    """Return names of nodes, the first few of many."""
    names = list(nodes)
    more = len(names) - _NAMED
    return between.join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def odd_nodes(packing: Packing, group: PodGroup, shape: Shape, pool: str) -> list[Odd]:
    """Return the nodes of a pool that had no room for a pod before the first workload, those that are alike together.

    Only nodes that kubectl printed have names and states of their own.
    """
    found: dict[tuple[str, bool], tuple[list[str], dict[str, None], str]] = {}
    held: dict[str, str] = {}
    keepers = _keepers(packing, shape)
    for nodes, start in packing.starts[pool]:
        name = nodes.site.labels.get(NODE_NAME)
        if name is None:
            continue
        if start.kind in shape.kinds and all(start.free[number] >= need for number, need in shape.needs):
            labels = nodes.site.labels
            if kept := [pod for key in sorted(keepers) for pod in keepers[key].get(str(labels.get(key)), ())]:
                held[name] = ", ".join(_few([f"pod {pod} (podAntiAffinity)" for pod in kept]))
            continue
        verdict = packing.verdicts(group.placement)[start.kind]
        told = None if verdict.rule else _what(packing, group, nodes, pool)
        if told is None and not verdict.ok:
            told = verdict.message, _quoted(verdict.fix)
            key = verdict.rule or verdict.message, False
        elif told is not None:
            key = told[0], True
        else:
            if holders := ", ".join(_holders(group, nodes)):
                held[name] = holders
            continue
        names, messages, _ = found.setdefault(key, ([], {}, told[1]))
        names.append(name)
        messages[told[0]] = None
    of = len(packing.starts[pool])
    odd = []
    for (rule, wrong), (names, messages, fix) in found.items():
        # What each has in the place of what is wanted is told where it is one thing.
        same = len(messages) == 1
        what, fix = (next(iter(messages)), fix) if same else (rule, "let it want what they have, or choose other nodes")
        odd.append(Odd(tuple(names), what, fix.format(nodes=" ".join(names[:_NAMED])), of, wrong))
    if held:
        by = named([f"{name} by {who}" for name, who in held.items()])
        what = f"held by {next(iter(held.values()))}" if of == 1 else f"held by other pods: {by}"
        odd.append(Odd(tuple(held), what, "end what is not needed there", of, wrong=False, listed=of > 1))
    return odd


def closed(nodes: Nodes) -> str:
    """Return the state for which a node takes no new pod, whatever is free there; empty where it takes some."""
    states = (_STATES[one.key][0] for one in nodes.site.taints if one.key in _STATES and one.effect in EVICTING)
    return next(states, "")


def _quoted(fix: str) -> str:
    """Return a text that stays as it is where names of nodes are put into it."""
    return fix.replace("{", "{{").replace("}", "}}")


def _what(packing: Packing, group: PodGroup, nodes: Nodes, pool: str) -> tuple[str, str] | None:
    """Return what is odd about a node itself, and what mends it."""
    for taint in nodes.site.taints:
        tolerated = any(one.tolerates(taint) for one in group.placement.tolerations)
        if taint.key in _STATES and taint.effect in EVICTING and not tolerated:
            return _STATES[taint.key]
    for resource, need in group.requests.items():
        has, most = nodes.allocatable.get(resource, 0), whole(packing, pool, resource)
        if not is_device(resource) or has >= need or has == most:
            continue  # what no node of the pool has is a matter of the pool
        if resource not in nodes.allocatable:
            return f"no {resource}", _not_offered(resource, "{nodes}")
        if not has:
            return f"0 {resource}, so the device plugin there found none", found_none(resource)
        mend = f"`kubectl describe node {{nodes}}` and the log of the device plugin of {resource} there"
        return f"{has} of {most} {resource}", mend
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
    yield from _few(holding)


def _keepers(packing: Packing, shape: Shape) -> dict[str, dict[str, list[str]]]:
    """Return the pods that run and that a pod may not be beside, by label and value of the places where they are."""
    found: dict[str, dict[str, list[str]]] = {}
    for rule in shape.relations.says("apart"):
        places = found.setdefault(rule.key, {})
        for nodes in packing.cluster.nodes:
            place = nodes.site.labels.get(rule.key)
            for pod in nodes.running if place is not None else ():
                if packing.class_of(pod) in rule.weights:
                    places.setdefault(str(place), []).append(pod.name)
    return found


def _few(pods: Sequence[str]) -> Iterator[str]:
    yield from pods[:_NAMED]
    if len(pods) > _NAMED:
        yield f"{len(pods) - _NAMED} more pods"


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
