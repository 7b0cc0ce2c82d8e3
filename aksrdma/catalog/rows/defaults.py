"""The row of `catalog/defaults.yaml`: what upstream's guide takes where a cluster file says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
