"""How a cluster file says what it is; apart, so that a reader of other files need not load the records."""

from __future__ import annotations

from typing import Final

API_VERSION: Final = "aksrdma.dev/v1alpha1"
KIND: Final = "RdmaCluster"
PROFILES: Final = ("base", "sriov-device-plugin", "rdma-shared-device-plugin", "ipoib")
"""How pods get RDMA; the rows of `catalog/profiles.yaml`, which a test compares."""
