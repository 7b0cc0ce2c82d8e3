"""How many replicas of workloads fit on a cluster, which resource runs out first, and why a pod stays Pending."""

from __future__ import annotations

from aksrdma.workloads.fit.nodes import ClusterNodes, Nodes
from aksrdma.workloads.fit.pods import PodGroup
from aksrdma.workloads.fit.read_nodes import nodes_of_cluster, read_nodes
from aksrdma.workloads.fit.report import FitReport, PodsFit, PoolFit, PoolLeft, Reason, WorkloadFit, render_table
from aksrdma.workloads.fit.resource_table import resource_table
from aksrdma.workloads.fit.scheduling import fit
from aksrdma.workloads.fit.workloads import Workload, not_counted, read_workloads

__all__ = [
    "ClusterNodes",
    "FitReport",
    "Nodes",
    "PodGroup",
    "PodsFit",
    "PoolFit",
    "PoolLeft",
    "Reason",
    "Workload",
    "WorkloadFit",
    "fit",
    "nodes_of_cluster",
    "not_counted",
    "read_nodes",
    "read_workloads",
    "render_table",
    "resource_table",
]
