"""What a cluster asks for, with every default settled and every impossibility refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from aksrdma import catalog
from aksrdma.cluster import Cluster, NodePool
from aksrdma.errors import AksrdmaError, PlanError

if TYPE_CHECKING:
    from aksrdma.catalog.rows import Release, VmSize

Problem: TypeAlias = tuple[tuple[str | int, ...], str]
"""A field path below `spec` of the cluster file, and what is wrong there."""


@dataclass(frozen=True)
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
        return next((names[0] for names in known if names), "ibP257p0s0")

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
    def tolerations(self) -> tuple[dict[str, Any], ...]:
        """Tolerations of the pools' taints, and those asked for beside them, each once."""
        made = [_toleration(taint) for pool in self.pools for taint in pool.taints]
        made += [_wire_toleration(vars(extra)) for extra in self.cluster.tolerations]
        return tuple({tuple(one.items()): one for one in made}.values())


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
            twice = f"{pool.name} is named twice; an agent pool name is unique in its cluster"
            problems.append((("nodePools", number, "name"), twice))
        try:
            sizes[pool.name] = catalog.vm_size(pool.vm_size)
        except AksrdmaError as error:
            problems.append((("nodePools", number, "vmSize"), str(error)))
    refuse(problems)
    return Decisions(cluster, release, sizes)


def refuse(problems: list[Problem]) -> None:
    """Raise the problems, if there are any.

    Raises:
        PlanError: with one line a problem.
    """
    if problems:
        raise PlanError(problems)


def _toleration(taint: str) -> dict[str, Any]:
    """Return the toleration of `KEY=VALUE:EFFECT` or `KEY:EFFECT`."""
    pair, _, effect = taint.rpartition(":")
    key, equals, value = pair.partition("=")
    if not equals:
        return {"key": key, "operator": "Exists", "effect": effect}
    return {"key": key, "operator": "Equal", "value": value, "effect": effect}


def _wire_toleration(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
