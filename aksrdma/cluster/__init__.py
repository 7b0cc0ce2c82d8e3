"""The intent: the one file that a user writes, and the records it becomes."""

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
