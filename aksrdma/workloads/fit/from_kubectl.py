"""Nodes from `kubectl get nodes -o json`, or from `kubectl get nodes,pods -A -o json`, which also says what runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aksrdma.documents import Document
from aksrdma.errors import ReadError, UsageError
from aksrdma.kube.labels import AGENT_POOL, INSTANCE_TYPE
from aksrdma.kube.scheduling import NODE_NAME, Taint
from aksrdma.kube.values import items, mapping, text
from aksrdma.workloads.fit.amounts import PODS, Amounts, is_rdma, read_amount
from aksrdma.workloads.fit.nodes import WANTED, ClusterNodes, Nodes
from aksrdma.workloads.fit.placement import Site
from aksrdma.workloads.fit.requests import Mistakes, pod_requests

_CORDONED: Final = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
_IDLE_NOTE: Final = (
    "what already runs on the nodes is not subtracted; give `kubectl get nodes,pods -A -o json` and it is"
)


def nodes_of_objects(objects: Sequence[Any], file: str) -> ClusterNodes:
    """Return the nodes among objects as kubectl prints them, less what the pods among them hold.

    Raises:
        ReadError: there is no node among them.
        UsageError: a quantity that is none.
    """
    found = [one for one in objects if mapping(one).get("kind") == "Node"]
    if not found:
        raise ReadError(f"{file}: has no Node among its {len(objects)} items; {WANTED}")
    pods = [one for one in objects if mapping(one).get("kind") == "Pod"]
    used = _used(pods, file)
    nodes = tuple(_node(one, used, file) for one in found)
    names = dict.fromkeys(name for one in nodes for name, amount in one.allocatable.items() if amount and is_rdma(name))
    return ClusterNodes("kubectl", nodes, tuple(names), notes=() if pods else (_IDLE_NOTE,))


def _node(node: Mapping[str, Any], used: Mapping[str, Amounts], file: str) -> Nodes:
    metadata, status = mapping(node.get("metadata")), mapping(node.get("status"))
    name = text(metadata.get("name"))
    labels = {key: str(value) for key, value in mapping(metadata.get("labels")).items()}
    allocatable = _amounts(mapping(status.get("allocatable")) or mapping(status.get("capacity")), name, file)
    return Nodes(
        pool=_first(labels, AGENT_POOL) or "(no pool)",
        count=1,
        allocatable=allocatable,
        site=Site({**labels, NODE_NAME: name}, tuple(_taints(mapping(node.get("spec")))), complete=True),
        used=used.get(name, {}),
        vm_size=_first(labels, INSTANCE_TYPE),
    )


def _first(labels: Mapping[str, str], keys: Sequence[str]) -> str | None:
    return next((labels[key] for key in keys if key in labels), None)


def _taints(spec: Mapping[str, Any]) -> Iterator[Taint]:
    taints = [
        Taint(text(one.get("key")), text(one.get("value")), text(one.get("effect")))
        for _, one in items(spec.get("taints"), ())
    ]
    yield from taints
    if spec.get("unschedulable") is True and _CORDONED.key not in {one.key for one in taints}:
        yield _CORDONED


def _amounts(values: Mapping[str, Any], node: str, file: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, value in values.items():
        amount = read_amount(name, value)
        if amount is None:
            raise UsageError(
                f"{file}: node {node}: allocatable {name} is {value!r}, which is no quantity; print it anew"
            )
        found[name] = amount
    return found


def _used(pods: Sequence[Any], file: str) -> dict[str, dict[str, int]]:
    """Return what the running pods hold, by node."""
    mistakes = Mistakes()
    used: dict[str, dict[str, int]] = {}
    for pod in pods:
        spec = mapping(pod.get("spec"))
        node = text(spec.get("nodeName"))
        if not node or mapping(pod.get("status")).get("phase") in ("Succeeded", "Failed"):
            continue
        held = used.setdefault(node, {})
        requests = pod_requests(Document.from_data(pod, file), ("spec",), spec, mistakes)
        for name, amount in {**requests, PODS: 1}.items():
            held[name] = held.get(name, 0) + amount
    if mistakes.lines:
        raise UsageError("\n".join(mistakes.lines))
    return used
