"""What the tests of inject share: the examples, plans, and small pods."""

import copy
from pathlib import Path

from aksrdma import catalog
from aksrdma.cluster import Cluster, Ipoib, NodePool
from aksrdma.documents import read
from aksrdma.plan import make_plan
from aksrdma.workloads.inject import injection_for

EXAMPLES = Path(__file__).resolve().parents[3] / "examples/inject"
NAMES = sorted(folder.name for folder in EXAMPLES.iterdir() if (folder / "before.yaml").exists())
H100 = "Standard_ND96isr_H100_v5"
HB = "Standard_HB120rs_v3"
MI300X = "Standard_ND96isr_MI300X_v5"
TAINT = "sku=gpu:NoSchedule"


def objects_of(name):
    """Return the objects of an example, as a user has them."""
    file = EXAMPLES / name / "before.yaml"
    return [document.data for document in read(file.read_bytes(), str(file)).documents]


def injection(size=H100, profile="sriov-device-plugin", *, pool=None, taints=(TAINT,), **options):
    """Return what to inject for one VM size."""
    pools = [NodePool(name=pool or "rdma1", vm_size=size, taints=taints)]
    ipoib = Ipoib(master="ibP257p0s0")  # not documented for each size, and of no matter to a pod
    plan = make_plan(Cluster(release="v26.4.1", profile=profile, node_pools=pools, ipoib=ipoib))
    return injection_for(plan.decisions, pool=pool, **options)


EIGHT = {"limits": {"nvidia.com/gpu": 8}}


def container(name="main", **fields):
    """Return a container with the GPUs of a whole H100 node, unless other resources are given."""
    return {"name": name, "image": "image:1", "resources": copy.deepcopy(EIGHT), **fields}


def cpu(name="main", **fields):
    """Return a container that asks for nothing."""
    return {"name": name, "image": "image:1", **fields}


def pod(*containers, **spec):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod"},
        "spec": {"containers": list(containers) or [container()], **spec},
    }


def fitted(data, size, *, privileged=False):
    """Return an object with the GPUs of another VM size in the place of eight of NVIDIA, and privileged where asked."""
    gpu = catalog.vm_size(size).gpu
    data = copy.deepcopy(data)
    for one in _containers(data):
        limits = one.get("resources", {}).get("limits", {})
        if limits.pop("nvidia.com/gpu", None) is not None and gpu:
            limits[gpu.resource] = gpu.count
        if privileged:
            one["securityContext"] = {"privileged": True}
    per_node = data.get("spec", {}).get("trainer", {}).get("resourcesPerNode", {}).get("limits", {})
    if per_node.pop("nvidia.com/gpu", None) is not None:
        per_node.update({gpu.resource: gpu.count} if gpu else {"cpu": 40})
    requests = data.get("spec", {}).get("mpiReplicaSpecs", {}).get("Worker", {})
    for one in requests.get("template", {}).get("spec", {}).get("containers", ()):
        one["resources"].pop("requests", None)
    return data


def _containers(data):
    if isinstance(data, dict):
        if "image" in data and "name" in data:
            yield data
        for value in data.values():
            yield from _containers(value)
    elif isinstance(data, list):
        for value in data:
            yield from _containers(value)
