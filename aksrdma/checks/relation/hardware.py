"""What pods ask for, against the NICs and GPUs of the VM sizes on which they may run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from aksrdma import catalog
from aksrdma.checks.plugins.device_plugin_configs import Plugin
from aksrdma.checks.register import rule
from aksrdma.checks.relation.devices import mounts_devices
from aksrdma.checks.relation.installed import on_host_network
from aksrdma.checks.relation.pods import PodView, gpus_together, pods_of
from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.errors import UnknownNameError
from aksrdma.findings import Problem, Severity
from aksrdma.kube.kinds import WORKLOADS
from aksrdma.kube.labels import AGENT_POOL, GPUS, INSTANCE_TYPE
from aksrdma.kube.values import texts

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet


class Size(NamedTuple):
    """What a VM size offers to pods."""

    name: str
    nics: int
    """InfiniBand NICs that a device plugin can hand out."""
    gpus: int
    gpu_resource: str
    """Empty where there is no GPU, or where that is not known."""
    why_none: str
    """Why it has no such NIC; empty where it has one."""
    instead: str | None
    """The nearest size that has InfiniBand, where this one has none."""
    nvlink_nodes: int = 1
    """Nodes that NVLink joins, so that a job on no more of them needs no NIC."""


def sizes_of(pod: PodView, manifests: ManifestSet) -> tuple[Size, ...]:
    """Return the sizes of the nodes that a pod may run on, with GPUs enough; none where one of them is not known."""
    cluster = manifests.cluster
    names: Collection[str] | None = pod.placement.accepted(INSTANCE_TYPE)
    if names is None and cluster is not None and cluster.node_pools and pod.placement.accepted(AGENT_POOL) is not None:
        names = [pool.vm_size for pool in pod.pools(cluster)]
    found = [_size(name) for name in sorted(manifests.vm_sizes if names is None else names)]
    known = tuple({size.name: size for size in found if size is not None}.values())
    if None in found:
        return ()
    # Which GPUs a size without InfiniBand has is not known here.
    able = tuple(
        size
        for size in known
        if not size.nics or all(size.gpu_resource == gpu and size.gpus >= pod.total(gpu).units for gpu in _gpus_of(pod))
    )
    return able or known


def _gpus_of(pod: PodView) -> list[str]:
    """Return the resources of GPUs that a pod asks for."""
    return [name for name in GPUS if name in pod.resources]


@cache
def _size(name: str) -> Size | None:
    try:
        row = catalog.vm_size(name)
    except UnknownNameError:
        none = catalog.not_infiniband(name)
        return Size(none.name, 0, 0, "", "has no InfiniBand", none.nearest) if none else None
    gpus, resource = (row.gpu.count, row.gpu.resource) if row.gpu else (0, "")
    if row.infiniband.sriov:
        return Size(row.name, row.infiniband.nic_count, gpus, resource, "", None, row.nvlink_domain_nodes or 1)
    return Size(row.name, 0, gpus, resource, "has an InfiniBand NIC that no device plugin can hand out", None)


@rule(
    "gpu-exhaustion-with-shared-rdma",
    "sriov-rdma-count-above-vm-nics",
    "sriov-rdma-count-below-vm-nics",
    "vm-size-without-infiniband",
    kinds=WORKLOADS,
)
def counts(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods that ask for more NICs than a node has, or for so many GPUs or NICs that no other pod can use the rest."""
    resources = manifests.derived(Resources)
    for pod in pods_of(manifests):
        names = resources.names_in(pod)
        sizes = sizes_of(pod, manifests) if names else ()
        if not sizes:
            continue
        if not any(size.nics for size in sizes):
            reasons = " and ".join(f"{size.name} {size.why_none}" for size in sizes)
            nearest = next((size.instead for size in sizes if size.instead), None)
            fix = f"choose a size with InfiniBand, such as {nearest}" if nearest else None
            for name in names:
                message = f"the pod asks for {name}, and {reasons}"
                yield Problem("vm-size-without-infiniband", pod.total(name).path, message, fix, document=pod.document)
            continue
        plugins = {name: resources.plugin_of(name) for name in names}
        devices = [name for name in names if plugins[name] == "sriovDevicePlugin"]
        for name in devices:
            total, most = pod.total(name), max(sizes, key=lambda size: size.nics)
            if total.units > most.nics:
                has = _nics(most.nics)
                message = f"the pod asks for {total.units} of {name}, one NIC each, and {most.name} has {has}"
                fix = f"ask for at most {most.nics}"
                yield Problem("sriov-rdma-count-above-vm-nics", total.path, message, fix, document=pod.document)
        yield from _leftovers(
            pod, devices, [name for name in names if plugins[name] == "rdmaSharedDevicePlugin"], sizes
        )


def _leftovers(pod: PodView, devices: Sequence[str], shared: Sequence[str], sizes: Sequence[Size]) -> Iterator[Problem]:
    """Find what a pod with GPUs leaves of its node that no other pod can use: NICs without a GPU, or the reverse.

    Args:
        pod: The pod.
        devices: The resources that it asks for of which a unit is a NIC.
        shared: Those of which a unit is all NICs, together with other pods.
        sizes: The sizes of the nodes that it may run on.
    """
    nics = sum(pod.total(name).units for name in devices)
    fitting = [size for size in sizes if size.nics >= nics and size.gpus >= _gpus(pod, size)]
    if not pod.complete or not fitting or not all(_gpus(pod, size) for size in fitting):
        return
    size, all_gpus = fitting[0], all(_gpus(pod, one) == one.gpus for one in fitting)
    if not devices:
        for name in shared if all_gpus else ():
            message = f"the pod takes all {size.gpus} GPUs of {size.name}, so no second pod shares its NICs by {name}"
            yield Problem("gpu-exhaustion-with-shared-rdma", pod.total(name).path, message, document=pod.document)
        return
    if all_gpus and all(nics < one.nics for one in fitting):
        message = (
            f"the pod takes all {size.gpus} GPUs of {size.name} and {nics} of its {_nics(size.nics)}: "
            "no other GPU pod can use the rest"
        )
        fix = f"ask for {size.nics} NICs with all {size.gpus} GPUs"
    elif all(_gpus(pod, one) < one.gpus and nics == one.nics for one in fitting):
        message = (
            f"the pod takes {_gpus(pod, size)} of the {size.gpus} GPUs of {size.name} "
            f"and all of its {_nics(size.nics)}: no other RDMA pod can use the rest"
        )
        fix = f"ask for all {size.gpus} GPUs with all {_nics(size.nics)}"
    else:
        return
    path = max(map(pod.total, devices), key=lambda one: one.units).path
    yield Problem("sriov-rdma-count-below-vm-nics", path, message, fix, document=pod.document)


@rule("workspace-size-without-infiniband", kinds={"Workspace"})
def workspaces(manifests: ManifestSet) -> Iterator[Problem]:
    """Find Workspaces of KAITO, which makes their nodes, of a size without InfiniBand."""
    for document in manifests.unknown_by_kind.get("Workspace", ()):
        name = document.value(("resource", "instanceType"))
        if not document.api_version.startswith("kaito.sh/") or not isinstance(name, str):
            continue
        size = _size(name)
        if size is None or size.nics:
            continue
        count = document.value(("resource", "count"))
        several = type(count) is int and count > 1
        nodes = f"its {count} nodes talk over Ethernet" if several else "several nodes would talk over Ethernet"
        fix = f"choose a size with InfiniBand, such as {size.instead}" if size.instead else None
        severity: Severity | None = None if several else "info"
        message, path = f"{size.name} {size.why_none}, so {nodes}", ("resource", "instanceType")
        yield Problem("workspace-size-without-infiniband", path, message, fix, severity=severity, document=document)


def _gpus(pod: PodView, size: Size) -> int:
    return pod.total(size.gpu_resource).units if size.gpu_resource in pod.resources else 0


def _nics(count: int) -> str:
    return f"{count} NICs" if count != 1 else "1 NIC"


@rule("gpu-pod-without-rdma-resource", kinds=WORKLOADS)
def without_rdma(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods that take the GPUs of whole nodes with InfiniBand, or work together on several, and take no NIC."""
    resources, together = manifests.derived(Resources), gpus_together(manifests)
    for pod in pods_of(manifests):
        gpu, wanted = next(iter(_gpus_of(pod)), None), resources.wanted()
        if gpu is None or wanted is None or not pod.devices_known or _has_way(pod, resources):
            continue
        asked = pod.total(gpu)
        sizes, in_all = sizes_of(pod, manifests), together.get((id(pod.document), gpu), 0)
        found = _on_infiniband(pod, asked.units, in_all, gpu, sizes, bool(resources.exposed))
        if found is not None:
            nics, what, severity = found
            message, fix = _over_tcp(pod, what, nics, wanted)
            rule_id = "gpu-pod-without-rdma-resource"
            yield Problem(rule_id, asked.path, message, fix, severity=severity, document=pod.document)


@rule("mpi-pods-without-rdma-resource", kinds=WORKLOADS)
def ranks_without_rdma(manifests: ManifestSet) -> Iterator[Problem]:
    """Find ranks of MPI on several nodes of sizes with InfiniBand and without GPUs that take no NIC."""
    resources = manifests.derived(Resources)
    for pod in pods_of(manifests):
        template, wanted = pod.template, resources.wanted()
        if not template.works or pod.replicas < 2 or _gpus_of(pod) or wanted is None or _has_way(pod, resources):
            continue
        sizes = sizes_of(pod, manifests)
        if not sizes or not all(size.nics and not size.gpus for size in sizes):
            continue
        if (template.place is not None and template.place.asks) or id(pod.document) in manifests.derived(
            _starting_ranks
        ):
            message, fix = _over_tcp(pod, f"{pod.replicas} pods run ranks on {sizes[0].name}", sizes[0].nics, wanted)
            place = next((one.path for one in pod.containers if not one.init), pod.path)
            yield Problem("mpi-pods-without-rdma-resource", place, message, fix, document=pod.document)


def _starting_ranks(manifests: ManifestSet) -> frozenset[int]:
    """Return which objects have a container that starts ranks, by their identity: the others are started by it."""
    return frozenset(
        id(pod.document)
        for pod in pods_of(manifests)
        for container in pod.containers
        if any(
            starter in word
            for key in ("command", "args")
            for word in texts(container.data.get(key))
            for starter in _STARTERS
        )
    )


_STARTERS: Final = ("mpiexec", "mpirun")


def _has_way(pod: PodView, resources: Resources) -> bool:
    """Say whether a pod gets RDMA devices in some way."""
    if any("rdma" in name for name in pod.resources) or resources.names_in(
        pod
    ):  # also of a plugin that nobody here knows
        return True
    return any(one.privileged or one.claims or mounts_devices(pod, one) for one in pod.containers)


def _over_tcp(pod: PodView, what: str, nics: int, wanted: tuple[str, Plugin]) -> tuple[str, str]:
    """Return message and fix for pods that take no NIC."""
    name, plugin = wanted
    host = "; hostNetwork brings no /dev/infiniband into it" if on_host_network(pod.template) else ""
    message = f"{what} without an RDMA resource such as {name}: between nodes their data goes over TCP{host}"
    units = nics if plugin == "sriovDevicePlugin" else 1
    return message, f"add {name}: {units} to requests and limits, or run `aksrdma inject`"


def _on_infiniband(
    pod: PodView, units: int, in_all: int, gpu: str, sizes: Sequence[Size], exposed: bool
) -> tuple[int, str, Severity | None] | None:
    """Say that the GPUs of a pod are those of whole nodes with InfiniBand, or of several; None where they are not.

    Args:
        pod: the pod.
        units: its GPUs.
        in_all: those of all pods of its object that do the work.
        gpu: their resource.
        sizes: the sizes of the nodes that it may run on.
        exposed: whether policies of the set expose RDMA resources, which tells that there is InfiniBand.

    Returns:
        How many NICs belong to the GPUs, what the pod does, and the severity where it is not that of the rule.
    """
    if not sizes:
        several = exposed and pod.replicas > 1 and units in _whole_nodes(gpu)
        what = f"{pod.replicas} pods have {units} GPUs each, as many as a node with InfiniBand has"
        return (_whole_nodes(gpu)[units], what, "info") if several else None
    fitting = [size for size in sizes if size.gpu_resource == gpu and size.gpus >= units]
    if not fitting or not all(size.nics for size in sizes):
        return None
    size = fitting[0]
    beyond = [one for one in fitting if pod.of_one_job and in_all > one.gpus * one.nvlink_nodes]
    severity: Severity | None = "info" if any(one.nvlink_nodes > 1 for one in fitting if one not in beyond) else None
    if all(one.gpus == units for one in fitting):
        who = "the pod" if pod.replicas < 2 else f"each of {pod.replicas} pods"
        racks = f", and NVLink joins {size.nvlink_nodes} nodes at most," if beyond and size.nvlink_nodes > 1 else ""
        return size.nics, f"{who} takes all {units} GPUs of its node ({size.name}){racks}", severity
    if pod.of_one_job and pod.template.works and all(in_all > one.gpus for one in fitting):
        nics = max(1, units * size.nics // size.gpus)
        alone = all(units * pod.replicas > one.gpus for one in fitting)
        pods = (
            f"{pod.replicas} pods of one job have {units} GPUs each"
            if alone
            else f"the pods of one job have {in_all} GPUs"
        )
        return nics, f"{pods}, more than one {size.name} has", severity
    return None


@cache
def _whole_nodes(gpu: str) -> dict[int, int]:
    """Return the NICs of a node with InfiniBand by the number of its GPUs."""
    rows = (row for row in map(catalog.vm_size, catalog.vm_sizes()) if row.usable and row.gpu)
    return {row.gpu.count: row.infiniband.nic_count for row in rows if row.gpu and row.gpu.resource == gpu}
