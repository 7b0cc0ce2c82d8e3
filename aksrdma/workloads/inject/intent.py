"""What is to be injected: everything that a pod needs to use RDMA on the nodes of one VM size."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.errors import UnknownNameError, UsageError
from aksrdma.kube.labels import AGENT_POOL, NIC_LABEL
from aksrdma.nearest import hint
from aksrdma.plan.decisions import Decisions

if TYPE_CHECKING:
    from aksrdma.catalog import Preset, VmSize


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """What a pod needs to use RDMA; `injection_for` makes it from a plan's decisions."""

    vm_size: VmSize
    """Row of the catalog."""
    profile: str
    resource: str | None
    """Extended resource of the device plugin, such as `rdma/ib`; None: profile `base` has no plugin."""
    count: int
    """Units of the resource that stand for the whole node: every NIC with `sriov-device-plugin`, 1 slot where NICs are
    shared. With GPUs a container gets its share (`proportion`)."""
    pool: str | None = None
    """Node pool; None: any whose nodes have an InfiniBand NIC, but one pool for all pods of a workload."""
    tolerations: tuple[Mapping[str, Any], ...] = ()
    """Tolerations of the pool's taints."""
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    gpus: int | None = None
    """GPUs for each container that works; None: as the workload has it."""
    nics: int | None = None
    """Units of the resource for each container that works; None: in proportion to its GPUs."""
    presets: tuple[str, ...] = ()
    """Names of the presets whose variables `environment` has."""
    network: tuple[str, str] | None = None
    """Namespace and name of the IPoIBNetwork; None: none."""
    topology_config_map: str | None = None
    """ConfigMap that holds the NCCL topology file under the key `topo.xml`; None: no file is mounted."""
    topology_file: str | None = None
    """Path in the container at which NCCL finds that file."""
    container: str | None = None
    """Name of the container that works; None: the one with GPUs, or the first."""
    keep_env: bool = False
    """Whether a variable that the workload sets to another value, or that keeps a library off RDMA, is no conflict."""
    fix_env: bool = False
    """Whether variables that keep a library off RDMA are taken out of the `env` of containers."""
    notes: tuple[str, ...] = ()
    """What the user should know of these choices."""

    @property
    def unit_is_nic(self) -> bool:
        """Whether a unit of the resource is a NIC of the pod's own; else it is a slot that opens every NIC."""
        return _unit_is_nic(self.profile)

    @property
    def node_selector(self) -> dict[str, str]:
        """Labels of the nodes."""
        return {AGENT_POOL[0]: self.pool} if self.pool else {NIC_LABEL: "true"}


def injection_for(
    decisions: Decisions,
    *,
    pool: str | None = None,
    gpus: int | None = None,
    nics: int | None = None,
    presets: Sequence[str] = (),
    topology_config_map: str | None = None,
    container: str | None = None,
    keep_env: bool = False,
    fix_env: bool = False,
) -> Injection:
    """Decide what to inject.

    Args:
        decisions: those of a plan (`make_plan(cluster).decisions`).
        pool: a node pool of the cluster; None: pools have no names that count, and all have one VM size.
        gpus: GPUs for each container that works; None: as the workload has it.
        nics: NICs for each container that works; None: in proportion to its GPUs, and on a VM size with GPUs none for a
            pod that asks for none.
        presets: names of environment presets; empty: `nccl` for NVIDIA GPUs, `rccl` for AMD, none without GPUs.
        topology_config_map: ConfigMap with the NCCL topology file under the key `topo.xml`.
        container: name of the container that works.
        keep_env: whether variables that the workload sets to other values stay.
        fix_env: whether variables that keep a library off RDMA are taken out of the `env` of containers.

    Raises:
        UsageError: a pool, preset, number of GPUs or NICs, or ConfigMap that does not fit the VM size.
    """
    size = decisions.sizes[pool or decisions.pools[0].name]
    _check_gpus(size, gpus)
    rows = chosen(size, presets)
    environment = environment_of(rows)
    preset_path = environment.pop(TOPOLOGY_VARIABLE, None)
    file = _topology_path(size, preset_path) if topology_config_map else None
    if file:
        environment[TOPOLOGY_VARIABLE] = file
    profile = decisions.alone(pool or decisions.pools[0].name).profile
    _check_nics(size, profile, nics)
    asked = decisions.cluster.ipoib
    return Injection(
        vm_size=size,
        profile=profile,
        resource=decisions.resource_name(profile),
        count=size.infiniband.nic_count if _unit_is_nic(profile) else 1,
        pool=pool,
        tolerations=_tolerations(decisions, pool),
        environment=environment,
        gpus=gpus,
        nics=nics,
        presets=tuple(row.name for row in rows),
        network=(asked.namespace, asked.name) if profile == "ipoib" else None,
        topology_config_map=topology_config_map,
        topology_file=file,
        container=container,
        keep_env=keep_env,
        fix_env=fix_env,
        notes=tuple(_notes(size, rows, topology_config_map)),
    )


def _unit_is_nic(profile: str) -> bool:
    resource = catalog.profile(profile).resource
    return resource is not None and resource.per_node is None


def pool_named(decisions: Decisions, name: str | None) -> str:
    """Return the node pool of a cluster that a user means: the named one, or the only one.

    Raises:
        UsageError: the cluster has no such pool, several to choose from, or none.
    """
    pools = [pool.name for pool in decisions.pools]
    if not pools:
        raise UsageError(f"cluster {decisions.cluster.name} names no node pool; add spec.nodePools, or use --vm-size")
    if name is None and len(pools) > 1:
        raise UsageError(
            f"cluster {decisions.cluster.name} has several node pools, and each is a fabric of its own; choose one with "
            f"--pool ({', '.join(pools)})"
        )
    if name is not None and name not in pools:
        raise UnknownNameError(
            f"cluster {decisions.cluster.name} has no node pool named {name!r}{hint(name, pools)} (it has: {', '.join(pools)})"
        )
    return name or pools[0]


def _tolerations(decisions: Decisions, pool: str | None) -> tuple[Mapping[str, Any], ...]:
    if pool is None:
        return ()
    of_taints = decisions.tolerations_of([one for one in decisions.pools if one.name == pool])
    asked = decisions.cluster.tolerations
    return tuple(
        row for row, one in zip(decisions.alone(pool).toleration_data, of_taints, strict=True) if one not in asked
    )


def _check_gpus(size: VmSize, gpus: int | None) -> None:
    if gpus is None:
        return
    if size.gpu is None:
        raise UsageError(f"{size.name} has no GPUs; leave --gpus out")
    if not 0 < gpus <= size.gpu.count:
        raise UsageError(f"{size.name} has {size.gpu.count} GPUs, so --gpus is a number from 1 to {size.gpu.count}")


def _check_nics(size: VmSize, profile: str, nics: int | None) -> None:
    if nics is None:
        return
    if catalog.profile(profile).resource is None:
        raise UsageError(f"profile {profile} has no device plugin that hands out NICs; leave --nics out")
    if not _unit_is_nic(profile):
        if nics != 1:
            raise UsageError(f"with profile {profile} one slot opens every NIC of the node, so --nics is 1")
    elif not 0 < nics <= size.infiniband.nic_count:
        has = f"{size.name} has {size.infiniband.nic_count} InfiniBand NIC{'s' * (size.infiniband.nic_count != 1)}"
        raise UsageError(f"{has}, so --nics is a number from 1 to {size.infiniband.nic_count}")


def _topology_path(size: VmSize, of_preset: str | None) -> str:
    if size.nccl_topology_file is None:
        raise UsageError(f"there is no NCCL topology file for {size.name}; leave --topology-config-map out")
    known = (preset.environment.get(TOPOLOGY_VARIABLE) for preset in catalog.presets(size.name))
    path = of_preset or next(filter(None, known), None)
    if path is None:
        raise UsageError(f"the catalog does not say where {size.name} has its NCCL topology file")
    return path


def _notes(size: VmSize, rows: Sequence[Preset], config_map: str | None) -> list[str]:
    found = [
        f"preset {row.name} needs {need}"
        for row in rows
        for need in row.needs
        if TOPOLOGY_VARIABLE not in need  # said below, with what to do
    ]
    if size.nccl_topology_file and config_map is None and any(TOPOLOGY_VARIABLE in row.environment for row in rows):
        found.append(
            f"NCCL knows {size.name} better with {size.nccl_topology_file}: `kubectl create configmap nccl-topology "
            f"--from-file=topo.xml={size.nccl_topology_file}`, then --topology-config-map nccl-topology"
        )
    return found


NONE: Final = "none"
TOPOLOGY_VARIABLE: Final = "NCCL_TOPO_FILE"
_DEFAULTS: Final = {"nvidia": "nccl", "amd": "rccl"}
# The image knows where its libraries are; what it sets itself would be lost.
_OF_THE_IMAGE: Final = frozenset({"LD_LIBRARY_PATH"})


def chosen(size: VmSize, names: Sequence[str]) -> tuple[Preset, ...]:
    """Return the presets for a VM size.

    Args:
        size: the VM size.
        names: `nccl`, `ucx`, ..., full names (`ndv5-nccl`), or `none`; empty: that of the GPU vendor's own library.

    Raises:
        UnknownNameError: a name that the presets of the VM size do not have.
    """
    wanted = names or ([_DEFAULTS[size.gpu.vendor]] if size.gpu and size.preset_family else [])
    return tuple(_preset(size, name) for name in wanted if name != NONE)


def environment_of(presets: Sequence[Preset]) -> dict[str, str]:
    """Return the variables of some presets that are set by default.

    Raises:
        UsageError: two presets give a variable different values.
    """
    joined: dict[str, str] = {}
    for preset in presets:
        for name, value in preset.environment.items():
            if joined.get(name, value) != value:
                raise UsageError(
                    f"the presets {', '.join(one.name for one in presets)} do not go together: {name} is "
                    f"{joined[name]!r} in one and {value!r} in {preset.name}; choose one of them"
                )
            joined[name] = value
    return {name: value for name, value in joined.items() if name not in _OF_THE_IMAGE}


def _preset(size: VmSize, name: str) -> Preset:
    known = catalog.presets(size.name)
    wanted = name.strip().casefold()
    for preset in known:
        if wanted in (preset.name, preset.name.partition("-")[2]):
            return preset
    for preset in known:
        if wanted == preset.library.casefold():
            return preset
    words = [preset.name.partition("-")[2] for preset in known]
    # Open MPI v5.0.8, docs/tuning-apps/networking/ib-and-roce.rst: UCX is taken for InfiniBand without being asked for.
    why = ": UCX, and Open MPI with it, find the InfiniBand NIC by themselves" if size.gpu is None else ""
    offered = (
        f" (it has: {', '.join(words)}, {NONE})" if words else f"; the catalog has none for it{why}; leave --preset out"
    )
    raise UnknownNameError(f"no preset {name!r} for {size.name}{hint(name, words)}{offered}")
