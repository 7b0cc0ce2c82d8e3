"""Environment variables of the pods that are to use RDMA: those that turn it off, slow it, or hide what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.catalog import VmSize
from aksrdma.checks.register import rule
from aksrdma.checks.relation.devices import mounts_devices
from aksrdma.checks.relation.hardware import sizes_of
from aksrdma.checks.relation.installed import DEFAULT_NAMESPACE
from aksrdma.checks.relation.pods import Container, PodView, pods_of
from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.checks.relation.variables import Surroundings, Verdict, judge, surroundings
from aksrdma.findings import Problem
from aksrdma.kube.environment import ConfigMaps, Setting, settings
from aksrdma.kube.kinds import WORKLOADS
from aksrdma.kube.labels import GPUS
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_MILD: Final = ("error", "warning", "info")
_OF_STARTED: Final = "OMPI_MCA_"
"""Variables that mpirun hands on to the processes that it starts, without being told."""


class _Rdma(NamedTuple):
    """A container that is to use RDMA."""

    pod: PodView
    container: Container
    sizes: tuple[VmSize, ...]
    nics: int | None
    gpus: int


@rule(
    "nccl-debug-hides-transport",
    "nccl-topology-file-not-there",
    "rdma-device-not-on-nodes",
    "rdma-fewer-nics-than-asked",
    "rdma-off-by-environment",
    "rdma-slowed-by-environment",
    "roce-setting-on-infiniband",
    "socket-interface-not-in-pod",
    kinds=WORKLOADS,
)
def variables(manifests: ManifestSet) -> Iterator[Problem]:
    """Find variables that keep a container from the RDMA that it takes, or that its node has."""
    workers: dict[int, _Rdma] = {}
    for pod in pods_of(manifests):
        found = next(_using_rdma(pod, manifests), None) if pod.template.works else None
        if found is not None:
            workers.setdefault(id(pod.document), found)
    # Where nobody uses RDMA, the rows are not read.
    flags = tuple(name for name in catalog.environment_variables() if name.startswith("-")) if workers else ()
    for pod in pods_of(manifests):
        own = {one.container.path: one for one in _using_rdma(pod, manifests)}
        worker = workers.get(id(pod.document))
        for container in pod.containers if own or worker else ():
            user = own.get(container.path)
            for_ranks_only = user is None
            user = user or worker
            if user is None or (for_ranks_only and container.init):
                continue
            said = settings(container.data, container.path, _config_maps(pod, manifests), flags)
            effective = {one.name: one for one in said if not for_ranks_only or _reaches_ranks(one)}
            if not effective:
                continue
            known = {name: one.value for name, one in effective.items() if one.value is not None}
            around = surroundings(user.pod.template, user.container.data, known, nics=user.nics, gpus=user.gpus)
            for setting in effective.values():
                verdict = _judged(setting, user, around)
                if verdict is not None:
                    yield _problem(verdict, setting, pod)


def _reaches_ranks(setting: Setting) -> bool:
    return setting.of_ranks or setting.name.startswith(_OF_STARTED)


def _config_maps(pod: PodView, manifests: ManifestSet) -> ConfigMaps:
    known = manifests.derived(_data_of_config_maps)
    namespace = pod.document.namespace or DEFAULT_NAMESPACE
    return lambda name: known.get((namespace, name))


def _data_of_config_maps(manifests: ManifestSet) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    documents = manifests.by_kind.get("ConfigMap", ())
    return {(one.namespace or DEFAULT_NAMESPACE, one.name): mapping(one.value(("data",))) for one in documents}


def _using_rdma(pod: PodView, manifests: ManifestSet) -> Iterator[_Rdma]:
    """Yield the containers of a pod that take RDMA devices, or GPUs or claims on sizes that all have InfiniBand."""
    resources = manifests.derived(Resources)
    sizes = sizes_of(pod, manifests)
    rows = tuple(catalog.vm_size(size.name) for size in sizes if size.nics)
    for container in pod.containers:
        taken = resources.taken(container)
        gpus = sum(container.amounts[name].units for name in GPUS if name in container.amounts)
        # A claim may be one for GPUs, or for the NICs themselves.
        on_infiniband = (gpus or container.claims) and rows and len(rows) == len(sizes)
        if taken or on_infiniband or mounts_devices(pod, container):
            units = [
                amount.units for name, amount in taken.items() if resources.plugin_of(name) != "rdmaSharedDevicePlugin"
            ]
            yield _Rdma(pod, container, rows, _nics(units, gpus, rows), gpus)


def _nics(units: list[int], gpus: int, rows: tuple[VmSize, ...]) -> int | None:
    """Return how many NICs a container pays for: units of a plugin of which each is one; else those of its GPUs."""
    if units:
        return sum(units)
    if len(rows) == 1 and rows[0].gpu and gpus:
        return min(rows[0].infiniband.nic_count, gpus * rows[0].infiniband.nic_count // rows[0].gpu.count)
    return None


def _judged(setting: Setting, user: _Rdma, around: Surroundings) -> Verdict | None:
    """Return the mildest verdict on a variable over the sizes of the nodes; None where it is right on one of them."""
    if setting.value is None:
        return None
    found = [judge(setting.name, setting.value, size, around) for size in user.sizes or (None,)]
    told = [one for one in found if one is not None]
    return max(told, key=lambda one: _MILD.index(one.severity)) if len(told) == len(found) else None


def _problem(verdict: Verdict, setting: Setting, pod: PodView) -> Problem:
    where = f" (ConfigMap {setting.config_map}, key {setting.key})" if setting.config_map else ""
    fix = f"{verdict.fix}; or {verdict.otherwise}"
    message = verdict.message + where
    return Problem(
        verdict.rule, setting.path, message, fix, verdict.meant, severity=verdict.severity, document=pod.document
    )
