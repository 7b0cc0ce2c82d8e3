"""The intent: the one file that a user writes, and the records it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma._lazy import attach

if TYPE_CHECKING:
    from aksrdma.cluster.model import (
        Cluster,
        ClusterNetwork,
        Drain,
        Ipoib,
        NodePool,
        OfedDriver,
        Rdma,
        Toleration,
        UpgradePolicy,
    )
    from aksrdma.cluster.read import load, loads

__all__ = [
    "Cluster",
    "ClusterNetwork",
    "Drain",
    "Ipoib",
    "NodePool",
    "OfedDriver",
    "Rdma",
    "Toleration",
    "UpgradePolicy",
    "load",
    "loads",
]

_RECORDS = tuple(name for name in __all__ if name[0].isupper())
__getattr__ = attach(__name__, {"model": _RECORDS, "read": ("load", "loads")})
