"""The RDMA resource and the GPUs of a container."""

from __future__ import annotations

from typing import Any, Final

from aksrdma.kube.quantities import quantity
from aksrdma.workloads.inject.choice import GPU_RESOURCES
from aksrdma.workloads.inject.cursor import Cursor
from aksrdma.workloads.inject.intent import SHARED, Injection
from aksrdma.workloads.inject.report import Report

_KINDS: Final = ("requests", "limits")
_OTHER_RDMA: Final = frozenset({"nvidia.com/mlnxnics", "nvidia.com/hostdev"})
"""Names without `rdma` in them under which other recipes hand out NICs (NVIDIA cluster-readiness-engine and docs)."""


def add_resources(resources: Cursor, injection: Injection, report: Report) -> None:
    """Add the RDMA resource and the GPUs to `resources` of a container, or to what a TrainJob has in their place.

    Raises:
        MalformedError: requests or limits are no mappings.
    """
    if injection.resource:
        _other_rdma(resources, injection, report)
        _add(resources, injection.resource, injection.count, report)
        _too_many_nics(resources, injection, report)
    _gpus(resources, injection, report)


def _gpus(resources: Cursor, injection: Injection, report: Report) -> None:
    gpu = injection.vm_size.gpu
    for kind in _KINDS:
        for name in GPU_RESOURCES:
            count = resources.at(kind, name)
            if count is not None and (gpu is None or gpu.resource != name):
                has = f"{gpu.resource}" if gpu else "no GPUs"
                report.conflict(
                    (*resources.path, kind, name),
                    f"asks for {name}: {count}, and {injection.vm_size.name} has {has}",
                    "choose a VM size with these GPUs, or take the line out",
                )
    if gpu is None:
        return
    if injection.gpus is not None:
        _add(resources, gpu.resource, injection.gpus, report, exact="--gpus")
    if (asked := _number(resources.at("limits", gpu.resource))) is not None and asked > gpu.count:
        report.conflict(
            (*resources.path, "limits", gpu.resource),
            f"asks for {asked} GPUs, and {injection.vm_size.name} has {gpu.count}",
            f"ask for at most {gpu.count}, and for more pods",
        )


def _add(resources: Cursor, name: str, count: int, report: Report, exact: str = "") -> None:
    """Put a resource into requests and limits; a count that is there stands in both."""
    given = {kind: resources.at(kind, name) for kind in _KINDS if resources.at(kind, name) is not None}
    if len({_number(value) for value in given.values()}) > 1:
        report.conflict(
            (*resources.path, "requests", name),
            f"requests {given['requests']} and limits {given['limits']} of {name} differ, which the API server refuses",
            "make both the same, or take both out",
        )
        return
    for kind, value in given.items():
        if exact and _number(value) != count:
            report.conflict(
                (*resources.path, kind, name),
                f"has {name}: {value}, and {exact} asks for {count}",
                f"change one of the two, or leave {exact} out",
            )
            return
    wanted = next(iter(given.values()), count)
    for kind in _KINDS:
        resources.mapping(kind).data.setdefault(name, wanted)


def _too_many_nics(resources: Cursor, injection: Injection, report: Report) -> None:
    name, most = str(injection.resource), injection.vm_size.infiniband.nic_count
    asked = _number(resources.at("limits", name))
    if injection.profile not in SHARED and asked is not None and asked > most:
        report.conflict(
            (*resources.path, "limits", name),
            f"asks for {name}: {asked}, and {injection.vm_size.name} has {most} InfiniBand NICs",
            f"ask for at most {most}, or take the line out",
        )


def _other_rdma(resources: Cursor, injection: Injection, report: Report) -> None:
    for kind in _KINDS:
        amounts = resources.at(kind)
        for name, value in amounts.items() if isinstance(amounts, dict) else ():
            if name != injection.resource and _is_rdma(name):
                report.conflict(
                    (*resources.path, kind, name),
                    f"asks for {name}: {value}, and with profile {injection.profile} the resource is {injection.resource}",
                    "take the line out, or choose the profile (and in the cluster file the resource name) that serves it",
                )


def _is_rdma(name: str) -> bool:
    return name in _OTHER_RDMA or "rdma" in name.partition("/")[0].split(".") or "rdma" in name.partition("/")[2]


def _number(value: Any) -> int | None:
    amount = quantity(value) if value is not None else None
    return amount.int64 if amount else None
