"""How a cluster's parts reach it: its images and charts, and the registry of its own that it may take them from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma._lazy import attach

if TYPE_CHECKING:
    from aksrdma.delivery.commands import FORMATS, Commands
    from aksrdma.delivery.images import ClusterChart, ClusterImage, ClusterImages, cluster_images

__all__ = ["FORMATS", "ClusterChart", "ClusterImage", "ClusterImages", "Commands", "cluster_images"]

if not TYPE_CHECKING:  # else a misspelt name would be no mistake to type checkers
    __getattr__, __dir__ = attach(
        __name__,
        {
            "commands": ("FORMATS", "Commands"),
            "images": ("ClusterChart", "ClusterImage", "ClusterImages", "cluster_images"),
        },
    )
