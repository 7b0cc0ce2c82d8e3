"""Kubernetes manifests for RDMA over InfiniBand on AKS with NVIDIA Network Operator: made, and checked.

```python
import aksrdma

cluster = aksrdma.load("cluster.yaml")
aksrdma.render(cluster).write("out")
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aksrdma._lazy import attach
from aksrdma._version import __version__

if TYPE_CHECKING:
    from aksrdma.api import images, objects
    from aksrdma.checks.register import rule
    from aksrdma.cluster import (
        Cluster,
        ClusterNetwork,
        Drain,
        Ipoib,
        NodePool,
        OfedDriver,
        Rdma,
        Toleration,
        UpgradePolicy,
        WaitForCompletion,
        load,
        loads,
    )
    from aksrdma.delivery import ClusterChart, ClusterImage, ClusterImages
    from aksrdma.findings import Finding, Problem
    from aksrdma.labelling import LabelledNode, LabelledSize, LabelReport, LabelRule, label
    from aksrdma.rendering import Tree, render
    from aksrdma.validation import Options, Report, validate

__all__ = [
    "Cluster",
    "ClusterChart",
    "ClusterImage",
    "ClusterImages",
    "ClusterNetwork",
    "Drain",
    "Finding",
    "Ipoib",
    "LabelReport",
    "LabelRule",
    "LabelledNode",
    "LabelledSize",
    "NodePool",
    "OfedDriver",
    "Options",
    "Problem",
    "Rdma",
    "Report",
    "Toleration",
    "Tree",
    "UpgradePolicy",
    "WaitForCompletion",
    "__version__",
    "images",
    "label",
    "load",
    "loads",
    "objects",
    "render",
    "rule",
    "validate",
]

if not TYPE_CHECKING:  # else a misspelt name would be no mistake to type checkers
    __getattr__, __dir__ = attach(
        __name__,
        {
            "api": ("images", "objects"),
            "checks.register": ("rule",),
            "cluster": (
                "Cluster",
                "ClusterNetwork",
                "Drain",
                "Ipoib",
                "NodePool",
                "OfedDriver",
                "Rdma",
                "Toleration",
                "UpgradePolicy",
                "WaitForCompletion",
                "load",
                "loads",
            ),
            "delivery": ("ClusterChart", "ClusterImage", "ClusterImages"),
            "findings": ("Finding", "Problem"),
            "labelling": ("LabelReport", "LabelRule", "LabelledNode", "LabelledSize", "label"),
            "rendering": ("Tree", "render"),
            "validation": ("Options", "Report", "validate"),
        },
    )
