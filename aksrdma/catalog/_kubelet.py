"""What kubelet leaves of a node to pods."""

from __future__ import annotations

from aksrdma.catalog import load
from aksrdma.catalog.rows.kubelet import Kubelet


@load.cached
def kubelet() -> Kubelet:
    """Return what a node has for pods where nothing else is told."""
    return load.build(Kubelet, load.read("kubelet.yaml"), "kubelet.yaml")
