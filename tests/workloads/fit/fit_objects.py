"""The least objects that show a point: nodes, pods, jobs, and what became of them."""

from __future__ import annotations

import json

import aksrdma
from aksrdma.documents import Document
from aksrdma.workloads.fit import fit, nodes_of_cluster, read_nodes, read_workloads

H100 = "Standard_ND96isr_H100_v5"
HBV3 = "Standard_HB120rs_v3"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NO_SCHEDULE = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}


def cluster(*pools, profile="sriov-device-plugin", **fields):
    """Nodes of a cluster file; a pool is (name, VM size, count) and maybe taints."""
    made = [
        aksrdma.NodePool(name=name, vm_size=size, count=count, taints=taints) for name, size, count, *taints in pools
    ]
    return nodes_of_cluster(aksrdma.Cluster(profile=profile, node_pools=made, **fields))


def node(name="n0", pool="p", labels=None, taints=(), **allocatable):
    """A Node with 250 pods; `gpu` is nvidia.com/gpu, `ib` is rdma/ib."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.azure.com/agentpool": pool, "kubernetes.io/hostname": name, **(labels or {})},
        },
        "spec": {"taints": [dict(taint) for taint in taints]},
        "status": {"allocatable": resources({"pods": "250", **allocatable})},
    }


def nodes(pool, count, **fields):
    """Nodes of one pool: `a-0`, `a-1`, ..."""
    return [node(f"{pool}-{number}", pool, **fields) for number in range(count)]


def kubectl(*objects):
    """Nodes, and maybe pods, as kubectl prints them."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    return read_nodes(text.encode(), "nodes.json")


def resources(amounts):
    names = {"gpu": "nvidia.com/gpu", "ib": "rdma/ib", "shared_ib": "rdma/shared_ib"}
    return {names.get(name, name): value for name, value in amounts.items()}


def pod_spec(spec=None, **limits):
    container = {"name": "main", "image": "i", "resources": {"limits": resources(limits)}}
    return {"containers": [container], **(spec or {})}


def template(spec=None, labels=None, **limits):
    """A pod template."""
    return {"metadata": {"labels": labels or {}}, "spec": pod_spec(spec, **limits)}


def workload(version, kind, spec, name="w", **metadata):
    """An object of any kind."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def pod(spec=None, labels=None, name="pod", namespace="default", **limits):
    """A Pod."""
    return workload("v1", "Pod", pod_spec(spec, **limits), name, labels=labels or {}, namespace=namespace)


def running(on, name="runs", phase="Running", spec=None, labels=None, **limits):
    """A Pod that has a node."""
    made = pod({"nodeName": on, **(spec or {})}, labels, name, **limits)
    return {**made, "status": {"phase": phase}}


def job(name="job", pods=1, spec=None, labels=None, **limits):
    """A Job with so many pods at once."""
    spec = {"parallelism": pods, "completions": pods, "template": template(spec, labels, **limits)}
    return workload("batch/v1", "Job", spec, name)


def deployment(replicas, spec=None, labels=None, name="app", **limits):
    """A Deployment."""
    return workload("apps/v1", "Deployment", {"replicas": replicas, "template": template(spec, labels, **limits)}, name)


def daemon_set(spec=None, name="agent", **limits):
    """A DaemonSet."""
    return workload("apps/v1", "DaemonSet", {"template": template(spec, **limits)}, name)


def node_affinity(*terms):
    """Required node affinity: any of the terms."""
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}}


def wants(*expressions):
    """A term of node affinity; an expression is (key, operator, value, ...)."""
    return {"matchExpressions": [{"key": key, "operator": how, "values": values} for key, how, *values in expressions]}


def together(key="kubernetes.azure.com/agentpool", **labels):
    """Required pod affinity to pods with labels."""
    return {"affinity": {"podAffinity": {REQUIRED: [{"topologyKey": key, "labelSelector": {"matchLabels": labels}}]}}}


def apart(selector, key="kubernetes.io/hostname", **term):
    """Required pod anti-affinity."""
    return {"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": key, "labelSelector": selector, **term}]}}}


def spread(max_skew=1, key="kubernetes.io/hostname", selector=None, **fields):
    """A hard topology spread constraint over pods labeled app=w."""
    selector = {"matchLabels": {"app": "w"}} if selector is None else selector
    one = {"maxSkew": max_skew, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}
    return {"topologySpreadConstraints": [{**one, **fields}]}


def workloads(*objects):
    return read_workloads([Document.from_data(one, "job.yaml", number) for number, one in enumerate(objects, 1)])


def fitted(nodes, *objects):
    return fit(nodes, workloads(*objects))


def pods_of(report, workload=0, group=0):
    return report.workloads[workload].pods[group]


def placed(report):
    """Pods by pool, a mapping for each template of each workload."""
    return [
        {one.pool: one.placed for one in pods.pools if one.placed}
        | ({"elsewhere": pods.elsewhere} if pods.elsewhere else {})
        for found in report.workloads
        for pods in found.pods
    ]


def why(report, workload=0, group=0):
    """Why pods are Pending, a sentence each."""
    return [str(reason) for reason in pods_of(report, workload, group).reasons]
