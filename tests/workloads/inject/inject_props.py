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
    """Return an object for another VM size than H100: its GPUs, the name where one is named, privileged where asked."""
    data, gpu = copy.deepcopy(data), catalog.vm_size(size).gpu
    for one in _mappings(data):
        given = int(one.pop("nvidia.com/gpu", 0))
        if given and gpu:
            one[gpu.resource] = gpu.count if given == 8 else gpu.count // 2
        if "gpu" in one and isinstance(one["gpu"], str):  # as Dynamo writes it
            one["gpu"] = str(gpu.count // 2) if gpu else None
            one |= {"gpuType": gpu.resource} if gpu else {}
        if "instanceType" in one:
            one["instanceType"] = size
        if privileged and ("image" in one or "storageUri" in one):
            one["securityContext"] = {"privileged": True}
    return data


def _mappings(data):
    if isinstance(data, dict):
        yield data
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _mappings(value)
