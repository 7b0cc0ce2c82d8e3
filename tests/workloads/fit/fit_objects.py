"""The least objects that show a point: nodes, pods and jobs."""

from __future__ import annotations

import json

import aksrdma
from aksrdma.documents import Document
from aksrdma.workloads.fit import fit, nodes_of_cluster, read_nodes, read_workloads

H100 = "Standard_ND96isr_H100_v5"


def cluster(*pools, profile="sriov-device-plugin", **fields):
    """Nodes of a cluster file; a pool is (name, VM size, count) and maybe taints."""
    made = [
        aksrdma.NodePool(name=name, vm_size=size, count=count, taints=taints) for name, size, count, *taints in pools
    ]
    return nodes_of_cluster(aksrdma.Cluster(profile=profile, node_pools=made, **fields))


def node(name="n0", pool="p", labels=None, taints=(), **allocatable):
    """A Node; underscores in names of resources are slashes, `gpu` is nvidia.com/gpu."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.azure.com/agentpool": pool, "kubernetes.io/hostname": name, **(labels or {})},
        },
        "spec": {"taints": [dict(taint) for taint in taints]},
        "status": {"allocatable": {"pods": "250", **resources(allocatable)}},
    }


def kubectl(*objects):
    """Nodes, and maybe pods, as kubectl prints them."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    return read_nodes(text.encode(), "nodes.json")


def resources(amounts):
    names = {"gpu": "nvidia.com/gpu", "rdma_ib": "rdma/ib", "rdma_shared_ib": "rdma/shared_ib"}
    return {names.get(name, name): value for name, value in amounts.items()}


def pod_spec(spec=None, **limits):
    container = {"name": "main", "image": "i", "resources": {"limits": resources(limits)}}
    return {"containers": [container], **(spec or {})}


def job(name="job", pods=1, spec=None, labels=None, **limits):
    """A Job with so many pods at once."""
    template = {"metadata": {"labels": labels or {}}, "spec": pod_spec(spec, **limits)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"parallelism": pods, "completions": pods, "template": template},
    }


def workloads(*objects):
    return read_workloads([Document.from_data(one, "job.yaml", number) for number, one in enumerate(objects, 1)])


def fitted(nodes, *objects):
    return fit(nodes, workloads(*objects))


def pods_of(report, workload=0, group=0):
    return report.workloads[workload].pods[group]
