"""Profiles, upstream's defaults, and address ranges: what a cluster file chooses from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aksrdma import nearest
from aksrdma.catalog import load
from aksrdma.errors import UnknownNameError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfileResource:
    """The extended resource that a profile offers to pods."""

    name: str
    """`rdma/ib` or `rdma/shared_ib`."""
    per_node: int | None
    """Units that a node advertises; null: one for each InfiniBand NIC of its VM size."""
    unit: str
    """What one unit gives to a container."""

    @property
    def prefix(self) -> str:
        """Part before the slash, `rdma`."""
        return self.name.partition("/")[0]

    @property
    def short_name(self) -> str:
        """Part after the slash, `ib`; a device plugin's `resourceName`."""
        return self.name.partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A way in which pods get RDMA."""

    name: str
    title: str
    builds_on: str | None
    """The profile whose NicClusterPolicy it patches."""
    components: tuple[str, ...]
    """Keys of `Release.components` that it deploys, those of the profiles below it included."""
    ipam_components: tuple[str, ...]
    """Components of which it deploys one to give addresses, namely one that the release has."""
    resource: ProfileResource | None = field(metadata={"row": ProfileResource})
    use_when: tuple[str, ...]
    avoid_when: tuple[str, ...]
    pods_need: tuple[str, ...]
    """What a pod has to ask for."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str


def profiles() -> tuple[str, ...]:
    """Return the names of all profiles, each after the one that it builds on."""
    return tuple(_rows())


def profile(name: str) -> Profile:
    """Return a profile.

    Raises:
        UnknownNameError: No such profile.
    """
    wanted = name.strip().lower()
    if row := _rows().get(wanted):
        return row
    holding = [known for known in profiles() if wanted in known] if wanted else []
    hint = f"; did you mean {holding[0]}?" if len(holding) == 1 else nearest.hint(name, profiles())
    raise UnknownNameError(f"no profile named {name!r}{hint} (known: {', '.join(profiles())})")


@load.cached
def _rows() -> dict[str, Profile]:
    return {row.name: row for row in load.rows(Profile, "profiles.yaml")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Defaults:
    """Choices of upstream's guide, and the PCI ids by which an InfiniBand NIC is known."""

    release: str
    """The Network Operator release that the AKS guide installs."""
    vendor_id: str
    """PCI vendor of every NIC that Network Operator serves: NVIDIA (Mellanox)."""
    infiniband_class: str
    """First four digits of the PCI class of an InfiniBand controller."""
    device_list: tuple[str, ...]
    """PCI devices that upstream's NodeFeatureRule labels: ConnectX-6 VF and mlx5Gen VF (ConnectX-7 and later)."""
    ipoib_master: str
    """Altname of the first IPoIB interface, where the VM size does not tell."""
    fabric_nodes: int
    """Nodes that a scale set with InfiniBand, hence a node pool, can have."""
    fabric_nodes_on_request: int
    """The same after a support request."""
    unsure: Mapping[str, str] = field(default_factory=dict)
    """Field to why it is not certain."""
    sources: Mapping[str, tuple[str, ...]]
    """Field to keys of `catalog.source`."""
    checked: str

    @property
    def name(self) -> str:
        """What the row is called where rows are listed."""
        return "defaults"


@load.cached
def defaults() -> Defaults:
    """Return what upstream's guide takes where a cluster file says nothing."""
    return load.row(Defaults, "defaults.yaml")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkRange:
    """An address range with a meaning on AKS."""

    name: str
    """Short id, kebab-case."""
    cidr: str
    use: str
    """What the range is for."""
    overlap: Literal["refused", "warned", "allowed"]
    """What a chosen range that overlaps it means: `warned` for a default that the cluster may have changed."""
    why: str
    unsure: str | None = None
    """Why the fact is not certain."""
    sources: tuple[str, ...]
    """Keys of `catalog.source`."""
    checked: str


@load.cached
def networks() -> tuple[NetworkRange, ...]:
    """Return all address ranges, those that are refused first."""
    return load.rows(NetworkRange, "networks.yaml")
