"""Reading the nodes of a cluster: from a cluster file, from what kubectl prints, and from what az prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from aksrdma.errors import AksrdmaError, ReadError, UnknownNameError, UsageError
from aksrdma.findings import Problem
from aksrdma.kube.labels import ACCELERATOR, AGENT_POOL, ARCHITECTURE, INSTANCE_TYPE, NIC_LABEL
from aksrdma.kube.resources import is_rdma
from aksrdma.kube.scheduling import NODE_NAME, Placement, Taint
from aksrdma.kube.values import integer, items, mapping, sequence, step, text
from aksrdma.workloads.fit.amounts import CPU, MEMORY, PODS, read_amount
from aksrdma.workloads.fit.neighbors import neighbors_of
from aksrdma.workloads.fit.nodes import DELETED, NO_POOL, STOPPED, ClusterNodes, Nodes, Site
from aksrdma.workloads.fit.pods import Mistakes, PodGroup, host_ports, pod_requests
from aksrdma.workloads.fit.pool_notes import (
    fabric_note,
    no_driver_image,
    notes_of_agent_pools,
    notes_of_images,
    notes_of_sizes,
)

if TYPE_CHECKING:
    from aksrdma.catalog import VmSize
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document
    from aksrdma.plan import Decisions

_WANTED: Final = (
    "give a cluster file (kind: RdmaCluster), or the output of `kubectl get nodes -o json` or of "
    "`az aks nodepool list -o json`"
)
_CORDONED: Final = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
_CONDITIONS: Final = {
    ("Ready", "False"): "node.kubernetes.io/not-ready",
    ("Ready", "Unknown"): "node.kubernetes.io/unreachable",
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
}
"""Taints by type and status of a condition (nodeConditionToTaintKeyStatusMap of pkg/controller/nodelifecycle)."""
_SPOT_LABEL: Final = "kubernetes.azure.com/scalesetpriority"
_SPOT: Final = "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"
"""AKS puts it on every node of a spot pool."""


def read_nodes(source: bytes, file: str, profile: str | None = None) -> ClusterNodes:
    """Return the nodes that a text describes; which of the three it is shows in its content.

    Args:
        source: The text.
        file: Its name, for messages.
        profile: How pods get RDMA; over that of a cluster file. `kubectl get nodes` says it by itself.

    Raises:
        ReadError: it is none of the three, or no YAML.
        ClusterError: a cluster file that cannot be right.
        UsageError: a value that cannot be right.
    """
    data = _json(source)
    if isinstance(data, dict) and isinstance(data.get("agentPoolProfiles"), list):  # as `az aks show` has them
        data = data["agentPoolProfiles"]
    if isinstance(data, list) or (isinstance(data, dict) and "vmSize" in data and "kind" not in data):
        return _from_az(data if isinstance(data, list) else [data], file, profile)
    if isinstance(data, dict) and data.get("kind") in ("Node", "NodeList", "List"):
        listed = data.get("items")
        if data["kind"] == "NodeList":  # as the API has it (`kubectl get --raw`), whose items do not repeat their kind
            listed = [{**mapping(one), "kind": "Node"} for one in sequence(listed)]
        return _from_kubectl(listed if isinstance(listed, list) else [data], file)

    from aksrdma import documents  # only what kubectl and az print needs no reader of YAML
    from aksrdma.cluster import KIND

    stream = documents.read(source, file)
    if stream.problems:
        raise ReadError("\n".join(stream.mistakes()))
    kinds = {document.kind for document in stream.documents}
    if "Node" in kinds:
        return _from_kubectl([document.data for document in stream.documents], file)
    if len(stream.documents) == 1 and KIND in kinds:
        return _from_cluster_file(stream.documents[0], profile)
    found = f"it has {', '.join(sorted(kind or 'no kind' for kind in kinds))}" if kinds else "it is empty"
    raise ReadError(f"{file}: describes no nodes ({found}); {_WANTED}")


def _json(source: bytes) -> Any:
    """Return the JSON of a text, or None; kubectl's output is large, and this is the fast way to read it."""
    if source[:64].lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(source)
    except (ValueError, RecursionError):
        return None  # read as YAML, which says where it is broken


# Nodes as kubectl prints them


def _from_kubectl(objects: Sequence[Any], file: str) -> ClusterNodes:
    """Return the nodes among objects, less what the pods among them hold."""
    found = [one for one in objects if mapping(one).get("kind") == "Node"]
    if not found:
        raise ReadError(f"{file}: has no Node among its {len(objects)} items; {_WANTED}")
    pods = [one for one in objects if mapping(one).get("kind") == "Pod"]
    running = _running(pods, file)
    nodes = tuple(_node(one, running, file) for one in found)
    named = (mapping(one) for one in objects if mapping(one).get("kind") == "Namespace")
    namespaces = {
        text(metadata.get("name")): {key: str(value) for key, value in mapping(metadata.get("labels")).items()}
        for metadata in (mapping(one.get("metadata")) for one in named)
    }
    names = dict.fromkeys(name for one in nodes for name, amount in one.allocatable.items() if amount and is_rdma(name))
    idle = "what already runs on the nodes is not subtracted; give `kubectl get nodes,pods -A -o json` and it is"
    notes = [*notes_of_images(found), *notes_of_sizes(nodes)]
    if not pods:
        notes.insert(0, idle)
    return ClusterNodes("kubectl", nodes, tuple(names), notes=tuple(notes), namespaces=namespaces)


def _node(node: Mapping[str, Any], running: Mapping[str, Sequence[PodGroup]], file: str) -> Nodes:
    metadata, spec, status = (mapping(node.get(key)) for key in ("metadata", "spec", "status"))
    name = text(metadata.get("name"))
    labels = {key: str(value) for key, value in mapping(metadata.get("labels")).items()}
    allocatable: dict[str, int] = {}
    for resource, value in (mapping(status.get("allocatable")) or mapping(status.get("capacity"))).items():
        amount = read_amount(resource, value)
        if amount is None:
            wrong = f"allocatable {resource} is {value!r}, which is no quantity; print it anew"
            raise UsageError(f"{file}: node {name}: {wrong}")
        allocatable[resource] = amount
    taints = [
        Taint(text(one.get("key")), text(one.get("value")), text(one.get("effect")))
        for _, one in items(spec.get("taints"), ())
    ]
    # The node controller adds these taints a moment after a node is cordoned, or its condition changes.
    added = [_CORDONED] if spec.get("unschedulable") is True else []
    for _, condition in items(status.get("conditions"), ()):
        if key := _CONDITIONS.get((text(condition.get("type")), text(condition.get("status")))):
            added.append(Taint(key, "", "NoSchedule"))
    taints += [one for one in added if not any((one.key, one.effect) == (had.key, had.effect) for had in taints)]
    pods = running.get(name, ())
    used: dict[str, int] = {}
    for pod in pods:
        for resource, held in {**pod.requests, PODS: 1}.items():
            used[resource] = used.get(resource, 0) + held
    return Nodes(
        pool=next((labels[key] for key in AGENT_POOL if key in labels), NO_POOL),
        count=1,
        allocatable=allocatable,
        site=Site({**labels, NODE_NAME: name}, tuple(taints), complete=True),
        used=used,
        vm_size=next((labels[key] for key in INSTANCE_TYPE if key in labels), None),
        running=tuple(pods),
    )


def _running(pods: Sequence[Any], file: str) -> dict[str, list[PodGroup]]:
    """Return the pods that have a node and have not ended, by node."""
    from aksrdma.documents import Document  # only where pods are given

    mistakes = Mistakes()
    found: dict[str, list[PodGroup]] = {}
    for pod in pods:
        spec, metadata = mapping(pod.get("spec")), mapping(pod.get("metadata"))
        node = text(spec.get("nodeName"))
        if not node or mapping(pod.get("status")).get("phase") in ("Succeeded", "Failed"):
            continue
        labels = {key: str(value) for key, value in mapping(metadata.get("labels")).items()}
        namespace = text(metadata.get("namespace")) or "default"
        requests, weighed = pod_requests(Document.from_data(pod, file), ("spec",), spec, mistakes)
        group = PodGroup(
            role="pod",
            count=1,
            requests=requests,
            weighed=weighed,
            name=f"{namespace}/{text(metadata.get('name'))}",
            ending=bool(metadata.get("deletionTimestamp")),
            placement=Placement(),
            labels=labels,
            namespace=namespace,
            neighbors=neighbors_of(spec, labels, namespace),
            host_ports=host_ports(spec),
        )
        found.setdefault(node, []).append(group)
    if mistakes.lines:
        raise UsageError("\n".join(mistakes.lines))
    return found


# Nodes of the pools of a cluster file


def nodes_of_cluster(cluster: Cluster) -> ClusterNodes:
    """Return the nodes of a cluster.

    Raises:
        PlanError: what no release, profile or VM size can serve, or a pool whose count is not given.
        UnknownNameError: a release that the catalog does not have.
    """
    from aksrdma import catalog
    from aksrdma.plan import make_plan
    from aksrdma.plan.decisions import UNSERVABLE, refuse

    decisions = make_plan(cluster).decisions
    wrong = [
        Problem(
            UNSERVABLE,
            ("nodePools", number, "count"),
            f"pool {pool.name} has no count, so nothing can be counted",
            "add count",
        )
        for number, pool in enumerate(cluster.node_pools)
        if pool.count is None and pool in decisions.pools
    ]
    if not decisions.pools:
        wrong = [Problem(UNSERVABLE, ("nodePools",), "there are none, so no node can take a pod", "add the node pools")]
    refuse(wrong)
    nodes: list[Nodes] = []
    for one in decisions.per_pool:
        pool, size = one.pool, one.size
        labels = pool_labels(pool.name, pool.vm_size, size)
        if one.nic_driver == "doca":  # the operator sets it where its driver is ready; manifests of others select by it
            labels["network.nvidia.com/operator.mofed.wait"] = "false"
        site = Site(labels, tuple(map(Taint.of, pool.taints)), complete=False)
        has = {**node_capacity(size), **rdma_units(decisions.alone(pool.name), size)}
        nodes.append(Nodes(pool.name, pool.count or 0, has, site, vm_size=size.name))
    large = [note for pool in decisions.pools for note in fabric_note(pool.name, pool.count or 0)]
    large += [no_driver_image(pool.name, "AzureLinux") for pool in decisions.pools if pool.os_sku == "AzureLinux"]
    pods = f"{catalog.kubelet().max_pods} pods a node, the default of AKS with Azure CNI Overlay"
    notes = (*_reserve_note(decisions.sizes), pods, *large)
    rdma = tuple(dict.fromkeys(name for one in decisions.profiles if (name := decisions.resource_name(one))))
    return ClusterNodes("cluster file", tuple(nodes), rdma, other_pools=True, notes=notes)


def _from_cluster_file(document: Document, profile: str | None) -> ClusterNodes:
    from aksrdma.cluster.read import from_document, placed

    cluster = _with_profile(from_document(document), profile)
    with placed(document):
        return nodes_of_cluster(cluster)


def _with_profile(cluster: Cluster, profile: str | None) -> Cluster:
    from aksrdma.nearest import hint
    from aksrdma.plan import PROFILES

    if profile is None:
        return cluster
    if profile not in PROFILES:
        raise UnknownNameError(f"no profile named {profile!r}{hint(profile, PROFILES)}")
    changed: dict[str, Any] = {"profile": profile}
    return replace(cluster, **changed)


# Nodes of the agent pools that az prints


def _from_az(pools: Sequence[Any], file: str, profile: str | None) -> ClusterNodes:
    from aksrdma import catalog
    from aksrdma.cluster import Cluster
    from aksrdma.plan.decisions import decide

    for number, one in enumerate(pools):
        if _is_of_machines(one):
            continue
        if not text(mapping(one).get("name")) or not text(mapping(one).get("vmSize")):
            raise ReadError(f"{file}: [{number}] is no agent pool: it has no name and vmSize; {_WANTED}")
        if integer(one.get("count")) is None:
            raise ReadError(f"{file}: [{number}] agent pool {one['name']} has no count; print it anew with az")
    if not pools:
        raise ReadError(f"{file}: lists no agent pool; {_WANTED}")

    decisions = decide(_with_profile(Cluster(), profile))
    rdma = _rdma_resource(decisions)
    pools = [part for one in pools for part in _parts(one)]
    linux = [one for one in pools if one.get("osType") != "Windows"]
    sizes: dict[str, VmSize] = {}
    nodes: list[Nodes] = []
    for one in linux:
        size: VmSize | None = None
        with suppress(AksrdmaError):  # a pool without InfiniBand
            size = catalog.vm_size(one["vmSize"])
            sizes.setdefault(one["name"], size)
        nodes.append(_agent_pool(one, size, decisions))
    notes: list[str] = []
    if profile is None:
        told = f"taken as {decisions.profile} ({', '.join(rdma)}); --profile says otherwise"
        notes.append(f"az does not say how pods get RDMA; {told}")
    notes += [*_reserve_note(sizes), *notes_of_agent_pools(linux, sizes)]
    return ClusterNodes("az", tuple(nodes), rdma, notes=tuple(notes))


def _is_of_machines(pool: Any) -> bool:
    """Say whether an agent pool is one of single virtual machines, each with its own size, and no scale set."""
    profile = mapping(mapping(pool).get("virtualMachinesProfile"))
    return bool(text(mapping(pool).get("name"))) and bool(profile)


def _parts(pool: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield an agent pool as pools of one size each: what a pool of virtual machines has of each size."""
    if not _is_of_machines(pool):
        yield pool
        return
    for _, one in items(step(pool, ("virtualMachinesProfile", "scale", "manual")), ()):
        if size := text(one.get("size")) or next(iter(map(text, sequence(one.get("sizes")))), ""):
            yield {**pool, "vmSize": size, "count": integer(one.get("count")) or 0}


def _agent_pool(pool: Mapping[str, Any], size: VmSize | None, decisions: Decisions) -> Nodes:
    """Return the nodes of an agent pool as az prints it."""
    from aksrdma import catalog

    name = pool["name"]
    spot = text(pool.get("scaleSetPriority")).casefold() == "spot"
    labels = pool_labels(name, pool["vmSize"], size)
    # The mode is told in any case, and the label is in lower case.
    labels["kubernetes.azure.com/mode"] = text(pool.get("mode")).casefold() or None
    labels[_SPOT_LABEL] = "spot" if spot else None
    labels |= {key: str(value) for key, value in mapping(pool.get("nodeLabels")).items()}
    # A retired size has NICs that no device plugin serves; of any other size without a row nothing is known.
    has = {**node_capacity(size), **rdma_units(decisions, size)} if size and size.usable else _gpus(pool["vmSize"])
    has[PODS] = integer(pool.get("maxPods")) or catalog.kubelet().max_pods
    stopped = mapping(pool.get("powerState")).get("code") == "Stopped"
    deleted = pool.get("provisioningState") == "Deleting"
    taints = [text(taint) for taint in sequence(pool.get("nodeTaints"))]
    if spot and _SPOT not in taints:
        taints.append(_SPOT)
    most = integer(pool.get("maxCount")) or 0
    empty = ""
    if stopped:
        empty = STOPPED
    elif deleted:
        empty = DELETED
    elif pool["count"] == 0 and pool.get("enableAutoScaling") is True:
        empty = f"it is scaled to zero, and may grow to {most}"
    return Nodes(
        pool=name,
        count=0 if stopped or deleted else pool["count"],
        allocatable=has,
        site=Site(labels, tuple(map(Taint.of, taints)), complete=False),
        vm_size=size.name if size else pool["vmSize"],
        empty=empty,
    )


def _gpus(vm_size: str) -> dict[str, int]:
    """Return the GPUs of a size without InfiniBand, as far as the catalog has it; they are those of its nearest one."""
    from aksrdma import catalog

    row = catalog.not_infiniband(vm_size)
    if row is None or not row.gpu_count or not row.nearest:
        return {}
    gpu = catalog.vm_size(row.nearest).gpu
    return {gpu.resource: row.gpu_count} if gpu else {}


# What a node of a pool has


def node_capacity(size: VmSize) -> dict[str, int]:
    """Return what a node of a VM size has for pods, apart from RDMA; observed figures where somebody printed them."""
    from aksrdma import catalog

    has: dict[str, int] = {CPU: size.vcpus * 1000, MEMORY: size.memory_gib << 30}
    for seen in catalog.kubelet().allocatable:
        if seen.vm_size == size.name:
            has = {CPU: read_amount(CPU, seen.cpu) or 0, MEMORY: read_amount(MEMORY, seen.memory) or 0}
    if size.gpu:
        has[size.gpu.resource] = size.gpu.count
    return {**has, PODS: catalog.kubelet().max_pods}


def _reserve_note(sizes: Mapping[str, VmSize]) -> Iterator[str]:
    from aksrdma import catalog

    seen = {one.vm_size for one in catalog.kubelet().allocatable}
    if whole := [pool for pool, size in sizes.items() if size.name not in seen]:
        yield (
            f"cpu and memory of {', '.join(whole)}: capacity of the size, kubelet's reservation not subtracted; "
            "`kubectl get nodes -o json` says what is left"
        )


def _rdma_resource(decisions: Decisions) -> tuple[str, ...]:
    """Return the resource that the profile advertises, if it advertises one."""
    name = decisions.resource_name(decisions.profile)
    return () if name is None else (name,)


def rdma_units(decisions: Decisions, size: VmSize) -> dict[str, int]:
    """Return the units of RDMA on a node: one for each NIC, or the slots that share them all.

    Args:
        decisions: those of a cluster with one profile.
        size: the VM size of the node.
    """
    alone = decisions.profile == "sriov-device-plugin"
    units = size.infiniband.nic_count if alone else decisions.cluster.rdma.shared_slots
    return dict.fromkeys(_rdma_resource(decisions), units)


def pool_labels(pool: str, vm_size: str, size: VmSize | None) -> dict[str, str | None]:
    """Return the labels that a node of a pool has for sure; None is one that it does not have."""
    labels: dict[str, str | None] = {"kubernetes.io/os": "linux"}
    labels |= dict.fromkeys(AGENT_POOL, pool) | dict.fromkeys(INSTANCE_TYPE, vm_size)
    if size is None:
        return {**labels, NIC_LABEL: None}
    labels[ARCHITECTURE] = size.kubernetes_arch
    labels[ACCELERATOR] = size.gpu.vendor if size.gpu else None
    labels[NIC_LABEL] = "true"
    return labels
