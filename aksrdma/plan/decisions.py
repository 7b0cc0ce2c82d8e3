"""What a cluster asks for, with every default settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.cluster import PROFILES, Cluster, NodePool, Rdma, Toleration
from aksrdma.errors import PlanError, UnknownNameError
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.catalog import DriverCombination, Release, VmSize
    from aksrdma.cluster.model import GpuDriver, NicDriver

UNSERVABLE: Final = "cluster-not-servable"
"""Rule of a cluster that reads well and that nothing can serve."""


@dataclass(frozen=True, eq=False)
class PoolDecisions:
    """A node pool with InfiniBand, with what it takes from its cluster."""

    number: int
    """Its place in `nodePools`, from 0."""
    pool: NodePool
    size: VmSize
    profile: str
    gpu_driver: GpuDriver
    nic_driver: NicDriver

    @property
    def name(self) -> str:
        """Name of the agent pool."""
        return self.pool.name

    @property
    def os_sku(self) -> str:
        """What `--os-sku` is told: as asked, else what the VM size needs, else Ubuntu."""
        return (self.size.os_sku if self.pool.os_sku == NodePool.os_sku else None) or self.pool.os_sku

    @property
    def gpu_vendor(self) -> str:
        """Vendor of its GPUs: nvidia, amd or none."""
        return self.size.gpu.vendor if self.size.gpu else "none"

    @property
    def drivers(self) -> DriverCombination | None:
        """What is known of its two drivers together; None for what cannot be."""
        return catalog.driver_combination(self.gpu_vendor, self.gpu_driver, self.nic_driver)

    @property
    def device_ids(self) -> tuple[str, ...] | None:
        """PCI ids by which a device plugin has to select; None where the NICs have netdevs that tell the link type."""
        found = self.size.infiniband.device_id
        return None if self.nic_driver == "doca" or not found else (found,)

    @property
    def served(self) -> bool:
        """Whether Network Operator deploys anything on its nodes: a driver, or a plugin."""
        return self.nic_driver == "doca" or self.profile != "base"


@dataclass(frozen=True, eq=False)
class Decisions:
    """A cluster with the catalog rows that it names."""

    cluster: Cluster
    release: Release
    sizes: dict[str, VmSize]
    """Node pool name to the row of its VM size, of the pools with InfiniBand."""

    @cached_property
    def pools(self) -> tuple[NodePool, ...]:
        """The node pools with InfiniBand."""
        return tuple(pool for pool in self.cluster.node_pools if pool.name in self.sizes)

    @cached_property
    def other_pools(self) -> tuple[NodePool, ...]:
        """The node pools without InfiniBand, which nothing of ours is for."""
        return tuple(pool for pool in self.cluster.node_pools if pool.name not in self.sizes)

    @cached_property
    def per_pool(self) -> tuple[PoolDecisions, ...]:
        """The node pools with InfiniBand, with what each takes from the cluster."""
        asked, found = self.cluster, []
        for number, pool in enumerate(asked.node_pools):
            if pool.name in self.sizes:
                size = self.sizes[pool.name]
                nic = pool.nic_driver or asked.nic_driver or _usual_nic_driver(asked, size)
                image = size.node_image
                gpu = pool.gpu_driver or asked.gpu_driver or ("aks" if image and image.gpu_driver else "gpu-operator")
                profile = pool.profile or asked.profile
                found.append(PoolDecisions(number, pool, size, profile, gpu if size.gpu else "none", nic))
        return tuple(found)

    def operated(self, vendor: str) -> tuple[PoolDecisions, ...]:
        """Return the pools that a vendor's GPU operator serves."""
        return tuple(one for one in self.per_pool if one.gpu_vendor == vendor and one.gpu_driver == "gpu-operator")

    @property
    def first_size(self) -> VmSize | None:
        """The VM size of the first node pool; None without pools."""
        return self.per_pool[0].size if self.per_pool else None

    @cached_property
    def profiles(self) -> tuple[str, ...]:
        """The profiles in use, in the order of the catalog."""
        used = {one.profile for one in self.per_pool} or {self.cluster.profile}
        return tuple(name for name in PROFILES if name in used)

    def first_pool(self, profile: str) -> PoolDecisions | None:
        """Return the pool that shows what a profile does: the first with it, or one whose profile builds on it."""
        holding = (one for one in self.per_pool if profile in layers_of(one.profile))
        return next((one for one in self.per_pool if one.profile == profile), next(holding, None))

    @cached_property
    def served(self) -> tuple[PoolDecisions, ...]:
        """The pools on whose nodes Network Operator deploys something."""
        return tuple(one for one in self.per_pool if one.served)

    @cached_property
    def apart(self) -> bool:
        """Whether pools want different things of Network Operator, so that each has a NicNodePolicy of its own."""
        return len({(one.profile, one.nic_driver == "doca", one.device_ids is None) for one in self.served}) > 1

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The profiles whose parts the NicClusterPolicy has, lowest first; each is one folder below `nicclusterpolicy/`.

        Where pools are served apart, it is left with what they share: telemetry, and the secondary network of `ipoib`.
        """
        if self.apart:
            return ("base", "ipoib") if "ipoib" in self.profiles else ("base",)
        profile = self.served[0].profile if self.served else self.profiles[-1]
        return layers_of(profile)

    @cached_property
    def driver(self) -> bool:
        """Whether the driver container is deployed anywhere."""
        if not self.per_pool:
            return (self.cluster.nic_driver or _usual_nic_driver(self.cluster, None)) == "doca"
        return any(one.nic_driver == "doca" for one in self.per_pool)

    @cached_property
    def telemetry(self) -> bool:
        """Whether the DOCA telemetry service is deployed; its image crashes on arm64."""
        asked = self.cluster.telemetry
        if asked is not None:
            return asked
        if not self.per_pool:
            return True
        arm64 = {one.size.arch == "arm64" for one in self.served}
        return arm64 == {False} or (self.apart and False in arm64)

    @cached_property
    def arm64(self) -> bool:
        """Whether a pool has arm64 nodes."""
        return any(size.arch == "arm64" for size in self.sizes.values())

    @cached_property
    def left_alone(self) -> tuple[str, ...]:
        """Pools with InfiniBand whose nodes the NicClusterPolicy has to leave alone, by name.

        They want nothing of it; where pools are served apart, nor is it for arm64, on which what they share does not run.
        """
        if not self.served:
            return ()
        arm64 = self.apart and any(one.size.arch != "arm64" for one in self.served)
        return tuple(one.name for one in self.per_pool if not one.served or (arm64 and one.size.arch == "arm64"))

    @cached_property
    def whereabouts(self) -> bool:
        """Whether the IPoIB network draws its addresses from whereabouts."""
        asked = self.cluster.ipoib.ipam
        return asked == "whereabouts" if asked else "ipamPlugin" in self.release.components

    @cached_property
    def ipoib_pools(self) -> tuple[PoolDecisions, ...]:
        """The pools on the IPoIB network."""
        return tuple(one for one in self.per_pool if one.profile == "ipoib")

    @cached_property
    def master(self) -> str:
        """The IPoIB interface: as asked, else that of the pools' VM size, else upstream's."""
        if self.cluster.ipoib.master:
            return self.cluster.ipoib.master
        known = [one.size.infiniband.ipoib_altnames for one in self.ipoib_pools]
        return next((names[0] for names in known if names), catalog.defaults().ipoib_master)

    @cached_property
    def device_ids(self) -> tuple[str, ...] | None:
        """PCI device ids by which the plugins of the NicClusterPolicy select; None: by the link type."""
        if self.driver:
            return None
        return tuple(sorted({one.size.infiniband.device_id for one in self.served if one.size.infiniband.device_id}))

    @cached_property
    def nodes(self) -> int | None:
        """Nodes of all pools with InfiniBand; None where a pool does not say, or there is none."""
        return _nodes(self.pools)

    @cached_property
    def ipoib_nodes(self) -> int | None:
        """Nodes of the pools on the IPoIB network; None where a pool does not say, or there is none."""
        return _nodes([one.pool for one in self.ipoib_pools])

    @cached_property
    def tolerations(self) -> tuple[Toleration, ...]:
        """Tolerations of the pools' taints, and those asked for beside them, each once."""
        return self.tolerations_of(self.pools)

    def tolerations_of(self, pools: Sequence[NodePool]) -> tuple[Toleration, ...]:
        """Return the tolerations of the taints of some pools, and those asked for beside them, each once."""
        made = [_toleration(taint) for pool in pools for taint in pool.taints]
        return tuple(dict.fromkeys([*made, *self.cluster.tolerations]))

    @property
    def tolerations_from(self) -> str:
        """Where the tolerations come from, in words."""
        taints = ["the taints of the node pools"] if any(pool.taints for pool in self.pools) else []
        return " and ".join([*taints, *(["tolerations of the cluster file"] if self.cluster.tolerations else [])])

    @property
    def toleration_data(self) -> tuple[Mapping[str, str], ...]:
        """The tolerations as the API server gets them."""
        return tuple(
            {name: value for name, value in vars(one).items() if value is not None} for one in self.tolerations
        )

    def operating_system(self, one: PoolDecisions) -> str | None:
        """Return the system on the nodes of a pool, `ubuntu24.04`; None where it depends on a version that is not said."""
        systems = self.systems(one)
        return systems[0] if len(systems) == 1 else None

    def systems(self, one: PoolDecisions) -> tuple[str, ...]:
        """Return the systems that the nodes of a pool may have; empty where AKS has none for the cluster's version."""
        aks, version = catalog.aks(), self.cluster.kubernetes_version
        if version is None:
            return aks.systems(one.os_sku)
        sku = aks.os_sku(one.os_sku)
        system = sku.os(version) if sku else None
        return (system,) if system else ()

    def node_labels(self, one: PoolDecisions) -> Mapping[str, str]:
        """Return the labels that the nodes of a pool must have from the start, beside those of AKS.

        GPU Operator serves every node with GPUs of NVIDIA, but for those with this label
        (NVIDIA/gpu-operator controllers/state_manager.go).
        """
        operated = self.operated("nvidia")
        if operated and one.gpu_vendor == "nvidia" and one not in operated:
            return {"nvidia.com/gpu.deploy.operands": "false"}
        return {}

    def gpu_operator_version(self, vendor: str) -> str:
        """Return the version of the GPU vendor's operator: as asked, else the one that goes with the release."""
        if (asked := self.cluster.gpu_operator.version) is not None:
            return asked if asked.startswith("v") else f"v{asked}"
        return catalog.gpu_operators()[vendor].version_for(self.release.name)

    def alone(self, pool: str) -> Decisions:
        """Return the decisions of a cluster that has this one of its node pools with InfiniBand, and no other."""
        return self._alone[pool]

    @cached_property
    def _alone(self) -> dict[str, Decisions]:
        if len(self.per_pool) == 1 and not self.other_pools:
            return {self.per_pool[0].name: self}
        return {
            one.name: Decisions(replace(self.cluster, node_pools=(one.pool,)), self.release, {one.name: one.size})
            for one in self.per_pool
        }

    @property
    def profile(self) -> str:
        """The profile of a cluster whose pools have all the same, as one that is `alone`; else the highest."""
        return self.profiles[-1]

    def resource_name(self, profile: str) -> str | None:
        """Return the extended resource that pods ask for with a profile, `rdma/ib` say; None for `base`."""
        short = short_name(self.cluster.rdma, profile)
        return f"{self.cluster.rdma.resource_prefix}/{short}" if short else None


def _usual_nic_driver(cluster: Cluster, size: VmSize | None) -> NicDriver:
    container = cluster.ofed_driver.enabled
    if size and size.driver_on_node_image and not container:
        return "node-image"
    return "inbox" if container is False else "doca"


def _nodes(pools: Sequence[NodePool]) -> int | None:
    counts = [pool.count for pool in pools]
    return sum(filter(None, counts)) if counts and None not in counts else None


def layers_of(profile: str) -> tuple[str, ...]:
    """Return a profile and what it builds on, lowest first."""
    layers = [profile]
    while (below := catalog.profile(layers[0]).builds_on) is not None:
        layers.insert(0, below)
    return tuple(layers)


def short_name(rdma: Rdma, profile: str) -> str | None:
    """Return the resource of a profile without its prefix, as a device plugin's config has it; None for `base`."""
    row = catalog.profile(profile).resource
    return (rdma.resource_name or row.short_name) if row else None


def decide(cluster: Cluster) -> Decisions:
    """Settle a cluster's defaults.

    Raises:
        UnknownNameError: a release or a VM size that the catalog does not have.
        PlanError: node pools that no profile can serve; each mistake is one line.
    """
    release = catalog.release(cluster.release)
    sizes: dict[str, VmSize] = {}
    problems: list[Problem] = []
    # Beside a pool with InfiniBand others are left out; alone they are a mistake, told as that of their size.
    some = not all(catalog.for_general_use(pool.vm_size) for pool in cluster.node_pools)
    for number, pool in enumerate(cluster.node_pools):
        if pool.name in {before.name for before in cluster.node_pools[:number]}:
            fix = "an agent pool name is unique in its cluster"
            problems.append(Problem(UNSERVABLE, ("nodePools", number, "name"), f"{pool.name} is named twice", fix))
        if some and catalog.for_general_use(pool.vm_size):
            continue
        try:
            sizes[pool.name] = catalog.vm_size(pool.vm_size)
        except UnknownNameError as error:
            problems.append(Problem(UNSERVABLE, ("nodePools", number, "vmSize"), error.message, error.fix))
    refuse(problems)
    return Decisions(cluster, release, sizes)


def refuse(problems: list[Problem]) -> None:
    """Raise the problems, if there are any.

    Raises:
        PlanError: with one line a problem.
    """
    if problems:
        raise PlanError(problems)


@lru_cache(maxsize=256)
def _toleration(taint: str) -> Toleration:
    """Return the toleration of `KEY=VALUE:EFFECT` or `KEY:EFFECT`."""
    pair, _, effect = taint.rpartition(":")
    key, equals, value = pair.partition("=")
    fields: dict[str, Any] = {"operator": "Equal", "value": value} if equals else {"operator": "Exists"}
    return Toleration(key=key, effect=effect, **fields)  # type: ignore[arg-type]  # one of the three, by the taint's rule
