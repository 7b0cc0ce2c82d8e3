"""What pods ask for, against the NICs and GPUs of the VM sizes on which they may run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aksrdma.checks.register import rule
from aksrdma.checks.relation.hardware_sizes import Size, sizes_of
from aksrdma.checks.relation.pods_resources import Resources, resources_of
from aksrdma.checks.relation.pods_view import Amount, PodView, pods_of
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet


@rule(
    "gpu-exhaustion-with-shared-rdma",
    "sriov-rdma-count-above-vm-nics",
    "sriov-rdma-count-below-vm-nics",
    "vm-size-without-infiniband",
    kinds={
        "ClusterTrainingRuntime",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "JobSet",
        "LeaderWorkerSet",
        "MPIJob",
        "Pod",
        "PyTorchJob",
        "RayCluster",
        "RayJob",
        "RayService",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "TrainJob",
        "TrainingRuntime",
    },
)
def counts(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods that no node has the NICs for, or that leave NICs or GPUs of their node to nobody."""
    resources = resources_of(manifests)
    for pod in pods_of(manifests):
        names = resources.names_in(pod)
        sizes = sizes_of(pod, manifests) if names else ()
        if not sizes:
            continue
        if not any(size.nics for size in sizes):
            yield from _without_infiniband(pod, names, sizes)
        else:
            yield from _counts(pod, resources, names, sizes)


def _without_infiniband(pod: PodView, names: Sequence[str], sizes: Sequence[Size]) -> Iterator[Problem]:
    reasons = " and ".join(f"{size.name} {size.why_none}" for size in sizes)
    nearest = next((size.instead for size in sizes if size.instead), None)
    fix = f"choose a size with InfiniBand, such as {nearest}" if nearest else None
    for name in names:
        message = f"the pod asks for {name}, and {reasons}"
        yield Problem("vm-size-without-infiniband", pod.total(name).path, message, fix, document=pod.document)


def _counts(pod: PodView, resources: Resources, names: Sequence[str], sizes: Sequence[Size]) -> Iterator[Problem]:
    devices = [name for name in names if resources.plugin_of(name) == "sriovDevicePlugin"]
    for name in devices:
        total, most = pod.total(name), max(sizes, key=lambda size: size.nics)
        if total.units > most.nics:
            message = f"the pod asks for {total.units} of {name}, one NIC each, and {most.name} has {_nics(most.nics)}"
            fix = f"ask for at most {most.nics}"
            yield Problem("sriov-rdma-count-above-vm-nics", total.path, message, fix, document=pod.document)
    nics = sum(pod.total(name).units for name in devices)
    fitting = [size for size in sizes if size.nics >= nics and size.gpus >= _gpus(pod, size).units]
    if not fitting or not all(_gpus(pod, size).units for size in fitting):
        return
    if devices:
        yield from _stranded(pod, devices, nics, fitting)
    elif all(_gpus(pod, size).units == size.gpus for size in fitting):
        yield from _shared_by_nobody(pod, resources, names, fitting[0])


def _stranded(pod: PodView, devices: Sequence[str], nics: int, sizes: Sequence[Size]) -> Iterator[Problem]:
    size, total = sizes[0], max(map(pod.total, devices), key=lambda one: one.units)
    gpus = _gpus(pod, size).units
    if all(_gpus(pod, one).units == one.gpus and nics < one.nics for one in sizes):
        message = (
            f"the pod takes all {size.gpus} GPUs of {size.name} and {nics} of its {_nics(size.nics)}: "
            "no other GPU pod can use the rest"
        )
        fix = f"ask for {size.nics} NICs with all {size.gpus} GPUs"
    elif all(_gpus(pod, one).units < one.gpus and nics == one.nics for one in sizes):
        message = (
            f"the pod takes {gpus} of the {size.gpus} GPUs of {size.name} and all of its {_nics(size.nics)}: "
            "no other RDMA pod can use the rest"
        )
        fix = f"ask for all {size.gpus} GPUs with all {_nics(size.nics)}"
    else:
        return
    yield Problem("sriov-rdma-count-below-vm-nics", total.path, message, fix, document=pod.document)


def _shared_by_nobody(pod: PodView, resources: Resources, names: Sequence[str], size: Size) -> Iterator[Problem]:
    for name in names:
        if resources.plugin_of(name) == "rdmaSharedDevicePlugin":
            message = f"the pod takes all {size.gpus} GPUs of {size.name}, so no second pod shares its NICs by {name}"
            yield Problem("gpu-exhaustion-with-shared-rdma", pod.total(name).path, message, document=pod.document)


def _gpus(pod: PodView, size: Size) -> Amount:
    return pod.total(size.gpu_resource) if size.gpu_resource in pod.resources else Amount(0, ())


def _nics(count: int) -> str:
    return f"{count} NICs" if count != 1 else "1 NIC"
