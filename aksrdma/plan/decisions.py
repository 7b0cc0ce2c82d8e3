"""What a cluster asks for, with every default settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from aksrdma import catalog
from aksrdma.cluster import Cluster, NodePool, Rdma, Toleration
from aksrdma.errors import PlanError, UnknownNameError
from aksrdma.findings import Problem

if TYPE_CHECKING:
    from aksrdma.catalog import Release, VmSize

UNSERVABLE: Final = "cluster-not-servable"
"""Rule of a cluster that reads well and that nothing can serve."""


@dataclass(frozen=True, eq=False)
class Decisions:
    """A cluster with the catalog rows that it names."""

    cluster: Cluster
    release: Release
    sizes: dict[str, VmSize]
    """Node pool name to the row of its VM size."""

    @property
    def pools(self) -> tuple[NodePool, ...]:
        """The node pools of the cluster."""
        return tuple(self.cluster.node_pools)

    @property
    def first_size(self) -> VmSize | None:
        """The VM size of the first node pool, which the example pods run on; None without pools."""
        return self.sizes[self.pools[0].name] if self.pools else None

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The profile and what it builds on, lowest first; each is one folder below `nicclusterpolicy/`."""
        layers: list[str] = [self.cluster.profile]
        while (below := catalog.profile(layers[0]).builds_on) is not None:
            layers.insert(0, below)
        return tuple(layers)

    @cached_property
    def driver(self) -> bool:
        """Whether the driver container is deployed."""
        asked = self.cluster.ofed_driver.enabled
        return asked if asked is not None else not any(size.driver_on_node_image for size in self.sizes.values())

    @cached_property
    def telemetry(self) -> bool:
        """Whether the DOCA telemetry service is deployed; its image crashes on arm64."""
        asked = self.cluster.telemetry
        return asked if asked is not None else not self.arm64

    @cached_property
    def arm64(self) -> bool:
        """Whether a pool has arm64 nodes."""
        return any(size.arch == "arm64" for size in self.sizes.values())

    @cached_property
    def nvidia_gpus(self) -> bool:
        """Whether a pool has NVIDIA GPUs; a cluster without pools stands for any, as upstream's overlays do."""
        return not self.pools or any(size.gpu and size.gpu.vendor == "nvidia" for size in self.sizes.values())

    @cached_property
    def whereabouts(self) -> bool:
        """Whether the IPoIB network draws its addresses from whereabouts."""
        asked = self.cluster.ipoib.ipam
        return asked == "whereabouts" if asked else "ipamPlugin" in self.release.components

    @cached_property
    def master(self) -> str:
        """The IPoIB interface: as asked, else that of the pools' VM size, else upstream's."""
        if self.cluster.ipoib.master:
            return self.cluster.ipoib.master
        known = [size.infiniband.ipoib_altnames for size in self.sizes.values()]
        return next((names[0] for names in known if names), catalog.defaults().ipoib_master)

    @cached_property
    def device_ids(self) -> tuple[str, ...]:
        """PCI device ids of the pools' InfiniBand functions, sorted."""
        return tuple(sorted({size.infiniband.device_id for size in self.sizes.values() if size.infiniband.device_id}))

    @cached_property
    def nodes(self) -> int | None:
        """Nodes of all pools; None where a pool does not say, or there is none."""
        counts = [pool.count for pool in self.pools]
        return sum(filter(None, counts)) if counts and None not in counts else None

    @cached_property
    def tolerations(self) -> tuple[Toleration, ...]:
        """Tolerations of the pools' taints, and those asked for beside them, each once."""
        made = [_toleration(taint) for pool in self.pools for taint in pool.taints]
        return tuple(dict.fromkeys([*made, *self.cluster.tolerations]))

    @property
    def toleration_data(self) -> tuple[Mapping[str, str], ...]:
        """The same as the API server gets them."""
        return tuple(
            {name: value for name, value in vars(one).items() if value is not None} for one in self.tolerations
        )

    def resource_name(self, profile: str) -> str | None:
        """Return the extended resource that pods ask for with a profile, `rdma/ib` say; None for `base`."""
        short = short_name(self.cluster.rdma, profile)
        return f"{self.cluster.rdma.resource_prefix}/{short}" if short else None


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
    for number, pool in enumerate(cluster.node_pools):
        if pool.name in {before.name for before in cluster.node_pools[:number]}:
            fix = "an agent pool name is unique in its cluster"
            problems.append(Problem(UNSERVABLE, ("nodePools", number, "name"), f"{pool.name} is named twice", fix))
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
