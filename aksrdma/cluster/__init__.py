"""The intent: the one file that a user writes, and the records it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aksrdma._lazy import attach

if TYPE_CHECKING:
    from aksrdma.cluster.model import (
        Cluster,
        ClusterNetwork,
        Drain,
        GpuOperator,
        Ipoib,
        NodePool,
        OfedDriver,
        Patch,
        Rdma,
        Target,
        Toleration,
        UpgradePolicy,
        WaitForCompletion,
    )
    from aksrdma.cluster.read import load, loads

__all__ = [
    "API_VERSION",
    "KIND",
    "PROFILES",
    "Cluster",
    "ClusterNetwork",
    "Drain",
    "GpuOperator",
    "Ipoib",
    "NodePool",
    "OfedDriver",
    "Patch",
    "Rdma",
    "Target",
    "Toleration",
    "UpgradePolicy",
    "WaitForCompletion",
    "load",
    "loads",
]

API_VERSION: Final = "aksrdma.dev/v1alpha1"
KIND: Final = "RdmaCluster"
PROFILES: Final = ("base", "sriov-device-plugin", "rdma-shared-device-plugin", "ipoib")
"""How pods get RDMA; the rows of `catalog/profiles.yaml`, which a test compares. Here, because options need it early."""

_RECORDS = tuple(name for name in __all__ if name[1].islower() and name[0].isupper())
if not TYPE_CHECKING:  # else a misspelt name would be no mistake to type checkers
    __getattr__, __dir__ = attach(__name__, {"model": _RECORDS, "read": ("load", "loads")})
