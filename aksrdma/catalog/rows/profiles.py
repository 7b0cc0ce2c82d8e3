"""Rows of `catalog/profiles.yaml`: the ways in which pods get RDMA."""

from __future__ import annotations

from dataclasses import dataclass, field


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
