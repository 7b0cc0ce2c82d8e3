"""Environment variables of the pods that are to use RDMA: those that turn it off, slow it, or hide what it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.catalog import VmSize
from aksrdma.checks.plugins.ipam import cni_plugins
from aksrdma.checks.plugins.networks import NetworkReference
from aksrdma.checks.register import rule
from aksrdma.checks.relation.devices import mounts_devices
from aksrdma.checks.relation.hardware import sizes_of
from aksrdma.checks.relation.installed import DEFAULT_NAMESPACE, Installed
from aksrdma.checks.relation.pods import Container, PodView, gpus_together, pods_of
from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.checks.relation.variables import Surroundings, Verdict, judge, surroundings
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.environment import ConfigMaps, File, Setting, said, settings
from aksrdma.kube.kinds import WORKLOADS
from aksrdma.kube.labels import GPUS
from aksrdma.kube.values import items, mapping, step, text

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_MILD: Final = ("error", "warning", "info")
_OF_STARTED: Final = ("I_MPI_", "OMPI_MCA_")
"""Variables that mpirun hands on to the processes that it starts, without being told."""
_HANDS_ALL_ON: Final = frozenset({"Intel", "MPICH"})
"""Values of an MPIJob's `mpiImplementation` whose mpirun hands its whole environment on."""


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
    "nic-mapping-refused",
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
    users = [(pod, list(_using_rdma(pod, manifests))) for pod in pods_of(manifests)]
    workers: dict[int, _Rdma] = {}
    starters: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for pod, found in users:
        if not pod.template.works:
            starters[id(pod.document)] += (one.data for one in pod.containers)
        elif found:
            workers.setdefault(id(pod.document), found[0])
    # Where nobody uses RDMA, the rows are not read.
    names = catalog.environment_variables() if workers else {}
    flags = tuple(name for name in names if name.startswith("-"))
    marks = tuple(name.removeprefix("OMPI_MCA_") for name in names)  # which mpirun sets as `--mca btl`, too
    for pod, found in users:
        own = {one.container.path: one for one in found}
        worker = workers.get(id(pod.document))
        for container in pod.containers if own or worker else ():
            user = own.get(container.path)
            for_ranks_only = user is None
            user = user or worker
            if user is None or (for_ranks_only and container.init):
                continue
            config_maps = _config_maps(pod, manifests)
            files, folders = _mounted(pod, container, config_maps)
            # Most containers name none of the variables, and their scripts need not be read.
            brings = files or container.data.get("envFrom") or pod.document.kind in _RUNTIME_ENV
            text_of_it = "" if brings else said(container.data)
            if not brings and not any(mark in text_of_it for mark in marks):
                continue
            given = [*settings(container.data, container.path, config_maps, flags, files)]
            given += _of_ray(pod) if pod.template.works else ()
            hands_on = pod.document.value(("spec", "mpiImplementation")) in _HANDS_ALL_ON
            effective = {one.name: one for one in given if not for_ranks_only or hands_on or _reaches_ranks(one)}
            if not effective:
                continue
            known = {name: one.value for name, one in effective.items() if one.value is not None}
            around = surroundings(
                user.pod.template,
                user.container.data,
                known,
                nics=user.nics,
                gpus=user.gpus,
                job_gpus=_job_gpus(user.pod, manifests),
                brought=folders,
                named=_named(container, effective.values(), config_maps),
                starters=starters[id(pod.document)],
                ipoib=partial(_is_ipoib, user.pod.document, manifests),
            )
            for setting in effective.values():
                verdict = _judged(setting, user, around)
                if verdict is not None:
                    yield _problem(verdict, setting, pod)


def _job_gpus(pod: PodView, manifests: ManifestSet) -> int | None:
    together = gpus_together(manifests)
    return sum(together.get((id(pod.document), name), 0) for name in GPUS) if pod.of_one_job else None


def _named(container: Container, given: Iterable[Setting], config_maps: ConfigMaps) -> frozenset[str] | None:
    """Return the variables that are set to anything; None where a source that is not known may set more."""
    for _, source in items(container.data.get("envFrom"), ()):
        name = text(step(source, ("configMapRef", "name")))
        if not name or config_maps(name) is None:
            return None
    return frozenset(one.name for one in given if one.value is None or one.value.strip())


def _is_ipoib(document: Document, manifests: ManifestSet, reference: NetworkReference) -> bool:
    network = manifests.derived(Installed).network_of(document, reference)
    if network is None:
        return False
    return network.document.kind == "IPoIBNetwork" or any(
        plugin.get("type") == "ipoib" for _, plugin in cni_plugins(network.document)
    )


def _reaches_ranks(setting: Setting) -> bool:
    return setting.of_ranks or setting.name.startswith(_OF_STARTED)


def _config_maps(pod: PodView, manifests: ManifestSet) -> ConfigMaps:
    known = manifests.derived(_data_of_config_maps)
    namespace = pod.document.namespace or DEFAULT_NAMESPACE
    return lambda name: known.get((namespace, name))


def _data_of_config_maps(manifests: ManifestSet) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    documents = manifests.by_kind.get("ConfigMap", ())
    return {
        (one.namespace or DEFAULT_NAMESPACE, one.name): {
            **dict.fromkeys(mapping(one.value(("binaryData",)))),
            **mapping(one.value(("data",))),
        }
        for one in documents
    }


def _mounted(
    pod: PodView, container: Container, config_maps: ConfigMaps
) -> tuple[dict[str, File], dict[str, tuple[str, ...]]]:
    """Return the files that known ConfigMaps bring into a container, and their paths by the folder that is mounted."""
    files: dict[str, File] = {}
    folders: dict[str, tuple[str, ...]] = {}
    sources = {
        text(volume.get("name")): mapping(volume.get("configMap"))
        for _, volume in items(pod.spec.get("volumes"), ())
        if "configMap" in volume
    }
    for _, mount in items(container.data.get("volumeMounts"), ()) if sources else ():
        source = sources.get(text(mount.get("name")), {})
        name, place = text(source.get("name")), text(mount.get("mountPath")).rstrip("/")
        data = config_maps(name) if name else None
        if data is None or not place:
            continue
        chosen = [(text(one.get("key")), text(one.get("path"))) for _, one in items(source.get("items"), ())]
        paths = {path: key for key, path in chosen or [(key, key) for key in data]}
        only = text(mount.get("subPath"))
        found = {f"{place}/{path}": key for path, key in paths.items()} if not only else {place: paths.get(only, "")}
        folders[place] = tuple(found)
        files |= {at: File(data[key], name, key) for at, key in found.items() if isinstance(data.get(key), str)}
    return files, folders


_RUNTIME_ENV: Final[Mapping[str, FieldPath]] = {
    "RayJob": ("spec", "runtimeEnvYAML"),
    "RayService": ("spec", "serveConfigV2"),
}
"""Where a kind of Ray has text with the environment of its workers: ray-operator/apis/ray/v1 of ray-project/kuberay v1.6.2."""


def _of_ray(pod: PodView) -> Iterator[Setting]:
    """Yield the variables that a runtime environment of Ray gives to the processes of its workers."""
    place = _RUNTIME_ENV.get(pod.document.kind)
    written = pod.document.value(place) if place else None
    if place is None or not isinstance(written, str) or "env_vars" not in written or len(written) > _LONGEST_TEXT:
        return
    from aksrdma.documents import read  # only text that has variables pays for it

    found = next((mapping(one.data) for one in read(written).documents), {})
    served = (mapping(one.get("runtime_env")) for _, one in items(found.get("applications"), ()))
    own = [found, *served]
    for environment in own:
        for name, value in mapping(environment.get("env_vars")).items():
            if isinstance(name, str):
                yield Setting(name, value if isinstance(value, str) else None, place)


_LONGEST_TEXT: Final = 100_000
"""Letters of a runtime environment that is read."""


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
