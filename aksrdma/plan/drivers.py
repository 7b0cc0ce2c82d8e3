"""Who owns which driver: pools whose GPU and NIC drivers cannot go together, or not with their size, system or each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import get_args

from aksrdma import catalog
from aksrdma.cluster.model import OsSku
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.values import step
from aksrdma.plan.decisions import UNSERVABLE, Decisions, PoolDecisions


def problems(decisions: Decisions) -> Iterator[Problem]:
    """Yield the pools whose GPU driver and NIC driver cannot go together, or not with their size and system."""
    for one in decisions.per_pool:
        place = _asked_at(decisions, one, "nic_driver", "nicDriver")
        if one.nic_driver == "node-image" and not one.size.driver_on_node_image:
            message = f"the node image of {one.name} ({one.size.name}) brings no NIC driver beyond the kernel's"
            yield Problem(UNSERVABLE, place, message, "leave it out, or choose doca or inbox")
        elif one.nic_driver != "node-image" and one.size.driver_on_node_image:
            message = f"the node image of {one.name} ({one.size.name}) brings DOCA-OFED, which the driver container would replace"
            yield Problem(
                UNSERVABLE,
                place,
                message,
                f"leave it out, or write nicDriver: node-image{_at_pool(decisions, place, one)}",
            )
        elif one.drivers is None or one.drivers.verdict == "refused":
            row, gpu_place = one.drivers, _asked_at(decisions, one, "gpu_driver", "gpuDriver")
            unknown = (
                f"whether gpuDriver {one.gpu_driver} goes with nicDriver {one.nic_driver} is not known",
                "choose another",
            )
            why, fix = (row.why, f"write {row.instead}{_at_pool(decisions, gpu_place, one)}") if row else unknown
            yield Problem(UNSERVABLE, gpu_place, f"{one.name} ({one.size.name}): {why}", fix)
        if one.pool.gpu_driver not in (None, "none") and one.size.gpu is None:
            path = ("nodePools", one.number, "gpuDriver")
            yield Problem(UNSERVABLE, path, f"{one.size.name} has no GPUs", "leave it out")
        if wrong := _wrong_system(decisions, one):
            yield Problem(UNSERVABLE, ("nodePools", one.number, "osSku"), *wrong)
    yield from _one_gpu_operator(decisions)


def _wrong_system(decisions: Decisions, one: PoolDecisions) -> tuple[str, str] | None:
    """Say why the nodes of a pool cannot have the system that they would have, and what to do; None where they can."""
    systems, release, version = decisions.systems(one), decisions.release, decisions.cluster.kubernetes_version
    if one.size.os_sku and one.os_sku != one.size.os_sku:
        return f"{one.size.name} needs --os-sku {one.size.os_sku}", f"write {one.size.os_sku}, or leave it out"
    if not systems:
        if one.size.os_sku and (sku := catalog.aks().os_sku(one.os_sku)):
            ranges = [f"{row.since} to {row.until}" if row.until else f"{row.since} or later" for row in sku.images]
            fix = f"use Kubernetes {', or '.join(ranges)}: {one.size.name} has no other osSku"
            return f"AKS has no image of {sku.name} for Kubernetes {version}", fix
        return (
            f"AKS has no image of {one.os_sku} for Kubernetes {version}",
            f"write osSku: {_ubuntu(decisions)}",
        )
    if (row := catalog.aks().os_sku(one.os_sku)) and one.gpu_vendor in row.without_gpus_of:
        return (
            f"AKS does not support {one.os_sku} with the GPUs of {one.size.name}",
            f"write osSku: {_ubuntu(decisions)}",
        )
    known = [release] if release.driver_tags is not None else map(catalog.release, catalog.releases())
    imaged = {tag.os for row in known for tag in row.driver_tags or ()}
    if one.nic_driver == "doca" and imaged.isdisjoint(systems):
        other = (
            f", or use the driver of Azure Linux by nicDriver: inbox{' and gpuDriver: aks' if one.size.gpu else ''} (unproven with "
            "device plugins), or AKS's managed DRANET without Network Operator"
        )
        named = " or ".join(systems)
        message = (
            f"no {named} image of the DOCA driver is listed for {release.name}, so its pods cannot start on {one.name}"
        )
        wanted = _ubuntu(decisions, among=imaged)
        return message, f"write osSku: {wanted}{other if one.os_sku == 'AzureLinux' else ''}"
    if one.nic_driver == "inbox" and systems == ("ubuntu22.04",):
        message = f"nicDriver: inbox is known to work from Ubuntu 24.04 on, and {one.name} has 22.04"
        newer = _ubuntu(decisions, but="ubuntu22.04")
        return message, f"write osSku: {newer}" if newer else "use a later kubernetesVersion and osSku: Ubuntu2404"
    return None


def _ubuntu(decisions: Decisions, *, among: Collection[str] | None = None, but: str | None = None) -> str | None:
    """Return the OS SKU of the newest Ubuntu that nodes of the cluster's version of Kubernetes can have.

    Args:
        decisions: those of the cluster.
        among: systems that it may be; None: any.
        but: a system that it must not be.
    """
    aks, version = catalog.aks(), decisions.cluster.kubernetes_version
    found: dict[str, str] = {}
    for name in get_args(OsSku):
        sku = aks.os_sku(name)
        systems = aks.systems(name) if version is None else (sku.os(version),) if sku else ()
        system = systems[0] if len(systems) == 1 else None
        if system and system.startswith("ubuntu") and system != but and (among is None or system in among):
            found[system] = name
    return found[max(found)] if found else None


def _asked_at(decisions: Decisions, one: PoolDecisions, field: str, key: str) -> FieldPath:
    """Return where a driver was asked for: at the pool, at the cluster, or nowhere, which is told at the pool."""
    if getattr(one.pool, field) is None:
        if (
            field == "nic_driver"
            and decisions.cluster.nic_driver is None
            and decisions.cluster.ofed_driver.enabled is not None
        ):
            return ("ofedDriver", "enabled")
        if getattr(decisions.cluster, field) is not None:
            return (key,)
    return ("nodePools", one.number, key)


def _at_pool(decisions: Decisions, place: FieldPath, one: PoolDecisions) -> str:
    """Return where to write another driver: at the pool, where what stands for the cluster is for other pools too."""
    return f" at {one.name} in nodePools" if place[0] != "nodePools" and len(decisions.per_pool) > 1 else ""


def _one_gpu_operator(decisions: Decisions) -> Iterator[Problem]:
    """Yield what one GPU Operator, or one setting for two of them, cannot serve."""
    nvidia = [one for one in decisions.operated("nvidia") if one.drivers and one.drivers.verdict != "refused"]
    ways = {one.drivers.gpudirect: one for one in nvidia if one.drivers}
    if len(ways) > 1:
        first, second = list(ways.values())[:2]
        yield Problem(
            UNSERVABLE,
            ("nodePools", second.number, "nicDriver"),
            f"GPU Operator has one setting for all nodes: {first.name} needs nvidia-peermem and {second.name} DMA-BUF",
            "give both the same nicDriver, or one of them gpuDriver: aks",
        )
    if nvidia and step(decisions.cluster.gpu_operator.helm_values, ("driver", "usePrecompiled")) is not True:
        yield from _one_system(decisions)
    amd = decisions.operated("amd")
    for one in decisions.per_pool if amd else ():
        if one.gpu_vendor == "amd" and one not in amd:
            message = f"AMD GPU Operator serves every node with AMD GPUs: {amd[0].name} has it and {one.name} has gpuDriver {one.gpu_driver}"
            yield Problem(UNSERVABLE, ("nodePools", one.number, "gpuDriver"), message, "write gpuDriver: gpu-operator")
    asked = decisions.cluster.gpu_operator
    for path, value in (
        nvidia[0].drivers.forbidden.items() if nvidia and nvidia[0].drivers and asked.helm_values else ()
    ):
        keys = tuple(path.split("."))
        if step(asked.helm_values, keys) is value:
            first = nvidia[0]
            message = (
                f"{path}: {str(value).lower()} does not go with gpuDriver gpu-operator and nicDriver {first.nic_driver}"
            )
            yield Problem(UNSERVABLE, ("gpuOperator", "helmValues", *keys), message, "leave it out")
    if decisions.operated("nvidia") and amd and (asked.version or asked.helm_values):
        message = "pools have GPUs of NVIDIA and of AMD, and it does not say which operator is meant"
        yield Problem(UNSERVABLE, ("gpuOperator",), message, "use a cluster file for each")


def _one_system(decisions: Decisions) -> Iterator[Problem]:
    """Yield where nodes with NVIDIA GPUs differ: GPU Operator takes the system of any one of them for its driver on all.

    Whether it serves that node does not matter to it (NVIDIA/gpu-operator controllers/state_manager.go, getGPUNodeOSInfo);
    compiled drivers have a DaemonSet for each kernel.
    """
    pools = [one for one in decisions.per_pool if one.gpu_vendor == "nvidia"]
    known = {systems[0]: one for one in pools if len(systems := decisions.systems(one)) == 1}
    if len(known) > 1:
        wanted = next((one for one in pools if one.size.os_sku), known[max(known)])
        system, other = next((system, one) for system, one in known.items() if one.os_sku != wanted.os_sku)
        message = (
            f"GPU Operator takes the system of any one node with NVIDIA GPUs for its driver on all: {other.name} has {system} "
            f"and {wanted.name} {' or '.join(decisions.systems(wanted))}"
        )
        yield Problem(UNSERVABLE, ("nodePools", other.number, "osSku"), message, f"write osSku: {wanted.os_sku}")
