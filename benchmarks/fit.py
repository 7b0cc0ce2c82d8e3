"""Fitting 1,000 workloads on 1,000 nodes: alike nodes from a cluster file, and nodes that all differ, from kubectl."""

from __future__ import annotations

import json
from typing import Any

from aksrdma.documents import Document
from aksrdma.workloads.fit import fit, nodes_of_cluster, read_nodes, read_workloads
from benchmarks.measure import own_peak_mib, timed

COUNT = 1_000
POOLS = 10


def main() -> None:
    """Print the figures of fitting."""
    print(f"\nFit of {COUNT:,} workloads on {COUNT:,} nodes in one process\n")
    print("| nodes                     | workloads      | read ms | fit ms | peak MiB |")
    print("|---------------------------|----------------|--------:|-------:|---------:|")
    kinds = (("alike, from a cluster file", cluster_nodes), ("all different, from kubectl", kubectl_nodes))
    for name, nodes in kinds:
        for shapes, workloads in (("alike", alike()), ("all different", different())):
            _measure(name.removesuffix(" file"), nodes, shapes, workloads)


def _measure(name: str, nodes: Any, shapes: str, workloads: list[Document]) -> None:
    read: dict[str, Any] = {}
    reading = timed(lambda: read.update(nodes=nodes(), workloads=read_workloads(workloads)))
    fitting = timed(lambda: read.update(report=fit(read["nodes"], read["workloads"])))
    assert len(read["report"].workloads) == COUNT
    print(f"| {name:25} | {shapes:14} | {reading * 1e3:7.0f} | {fitting * 1e3:6.0f} | {own_peak_mib():8.1f} |")


def cluster_nodes() -> Any:
    """Return the nodes of ten pools of a hundred."""
    import aksrdma

    pools = [
        aksrdma.NodePool(name=f"nd{number}", vm_size="Standard_ND96isr_H100_v5", count=COUNT // POOLS)
        for number in range(POOLS)
    ]
    return nodes_of_cluster(aksrdma.Cluster(node_pools=pools))


def kubectl_nodes() -> Any:
    """Return nodes of ten pools, each with another amount of memory, from JSON as kubectl prints it."""
    nodes = [_node(number) for number in range(COUNT)]
    return read_nodes(json.dumps({"kind": "List", "apiVersion": "v1", "items": nodes}).encode(), "nodes.json")


def _node(number: int) -> dict[str, Any]:
    labels = {"kubernetes.azure.com/agentpool": f"nd{number % POOLS}", "kubernetes.io/hostname": f"n{number}"}
    devices = {"nvidia.com/gpu": "8", "rdma/ib": "8", "pods": "250"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"n{number}", "labels": labels},
        "status": {"allocatable": {"cpu": "94700m", "memory": f"{1_900_000_000 + number}Ki", **devices}},
    }


def alike() -> list[Document]:
    """Return jobs of one pod that takes a node."""
    return [Document.from_data(_job(number, 1, 8, "64Gi")) for number in range(COUNT)]


def different() -> list[Document]:
    """Return jobs of one to four pods, of which no two ask for the same."""
    return [Document.from_data(_job(n, n % 4 + 1, 1 << n % 4, f"{64 * 1024 + n}Mi")) for n in range(COUNT)]


def _job(number: int, pods: int, devices: int, memory: str) -> dict[str, Any]:
    limits = {"nvidia.com/gpu": devices, "rdma/ib": devices, "cpu": "8", "memory": memory}
    template = {"spec": {"containers": [{"name": "main", "image": "i", "resources": {"limits": limits}}]}}
    spec = {"parallelism": pods, "completions": pods, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": f"job-{number}"}, "spec": spec}
