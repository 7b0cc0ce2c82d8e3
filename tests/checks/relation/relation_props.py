"""The least objects that relations judge, and what a check says of a set of them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from aksrdma.checks.register import SetCheck
from aksrdma.checks.relation.pods import where_they_stand
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document
from aksrdma.findings import Problem, format_path

NEWEST = "v26.7.0"
H100 = "Standard_ND96isr_H100_v5"
"""8 NICs and 8 GPUs."""
V100 = "Standard_ND40rs_v2"
"""1 NIC and 8 GPUs."""
NODE_AFFINITY = "requiredDuringSchedulingIgnoredDuringExecution"
POOL = "kubernetes.azure.com/agentpool"


class Said(NamedTuple):
    """A problem as tests name it."""

    rule: str
    path: str
    severity: str | None
    message: str
    fix: str | None


def problems(check: SetCheck, *documents: Document, **options: Any) -> list[Problem]:
    """Return what a check says of a set, at the places that the documents have."""
    options.setdefault("release", NEWEST)
    manifests = ManifestSet(documents, **options)
    bound = (one if one.document else one._replace(document=documents[0]) for one in check(manifests))
    return list(where_they_stand(bound, manifests))


def said(check: SetCheck, *documents: Document, **options: Any) -> list[Said]:
    """Return what a check says of a set, in words."""
    found = problems(check, *documents, **options)
    return [Said(one.rule, format_path(one.path), one.severity, one.message, one.fix) for one in found]


def rules(check: SetCheck, *documents: Document, **options: Any) -> list[str]:
    """Return the rules that a set breaks, by a check."""
    return [one.rule for one in problems(check, *documents, **options)]


def manifest(kind: str, group: str, spec: Any, name: str = "x", namespace: str = "", **metadata: Any) -> Document:
    """Return a document; `group` is the whole apiVersion."""
    named = {"name": name, **({"namespace": namespace} if namespace else {}), **metadata}
    return Document.from_data({"apiVersion": group, "kind": kind, "metadata": named, "spec": spec})


def policy(kind: str = "NicClusterPolicy", name: str = "nic-cluster-policy", **spec: Any) -> Document:
    """Return a policy; a config of a device plugin may be given as it is decoded."""
    sections = {
        key: {**value, "config": json.dumps(value["config"])}
        if isinstance(value, dict) and isinstance(value.get("config"), dict) and "Plugin" in key
        else value
        for key, value in spec.items()
    }
    return manifest(kind, "mellanox.com/v1alpha1", sections, name)


def shared(name: str = "shared_ib", most: int = 63, prefix: str = "rdma", **selectors: Any) -> dict[str, Any]:
    """Return the section of the RDMA shared device plugin with one resource."""
    entry = {"resourceName": name, "resourcePrefix": prefix, "rdmaHcaMax": most, "selectors": selectors}
    return {"config": {"configList": [entry]}}


def sriov(*entries: dict[str, Any]) -> dict[str, Any]:
    """Return the section of the SR-IOV device plugin."""
    return {"config": {"resourceList": list(entries)}}


def device(name: str = "ib", prefix: str = "rdma", **selectors: Any) -> dict[str, Any]:
    """Return a resource of the SR-IOV device plugin."""
    return {"resourceName": name, "resourcePrefix": prefix, "selectors": {"isRdma": True, **selectors}}


def container(name: str = "main", lock: bool = True, **amounts: Any) -> dict[str, Any]:
    """Return a container that asks for amounts: `ib=8` is rdma/ib, `gpu=8` nvidia.com/gpu, `shared=1` rdma/shared_ib."""
    names = {"ib": "rdma/ib", "gpu": "nvidia.com/gpu", "amd": "amd.com/gpu", "shared": "rdma/shared_ib"}
    limits = {names.get(key, key): value for key, value in amounts.items()}
    security = {"securityContext": {"capabilities": {"add": ["IPC_LOCK"]}}} if lock else {}
    return {"name": name, "image": "images.example.com/a:1", "resources": {"limits": limits}, **security}


def pod(*containers: dict[str, Any], name: str = "x", namespace: str = "", **spec: Any) -> Document:
    """Return a Pod."""
    return manifest("Pod", "v1", {"containers": list(containers), **spec}, name, namespace)


def job(parallelism: int, *containers: dict[str, Any], annotations: Any = None, **spec: Any) -> Document:
    """Return a Job."""
    template = {"metadata": {"annotations": annotations or {}}, "spec": {"containers": list(containers), **spec}}
    return manifest("Job", "batch/v1", {"parallelism": parallelism, "template": template})


def wants(label: str, *values: str, operator: str = "In") -> dict[str, Any]:
    """Return a nodeAffinity that requires a label."""
    expression = {"key": label, "operator": operator, **({"values": list(values)} if values else {})}
    return {NODE_AFFINITY: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}


def network(name: str = "ib", ipam: Any = None, namespace: str = "", kind: str = "IPoIBNetwork") -> Document:
    """Return a network of the operator."""
    spec = {"master": "ib0", "networkNamespace": namespace, **({"ipam": json.dumps(ipam)} if ipam else {})}
    return manifest(kind, "mellanox.com/v1alpha1", spec, name)


def pool(kind: str = "IPPool", name: str = "pool", namespace: str = "", **spec: Any) -> Document:
    """Return a pool of nv-ipam."""
    return manifest(kind, "nv-ipam.nvidia.com/v1alpha1", spec, name, namespace)
