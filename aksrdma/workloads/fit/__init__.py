"""How many replicas of workloads fit on a cluster, which resource runs out first, and why a pod stays Pending."""

from __future__ import annotations

from aksrdma.workloads.fit.from_cluster import nodes_of_cluster
from aksrdma.workloads.fit.nodes import ClusterNodes, Nodes, read_nodes
from aksrdma.workloads.fit.report import FitReport, PodsFit, PoolFit, Reason, WorkloadFit
from aksrdma.workloads.fit.resource_table import resource_table
from aksrdma.workloads.fit.scheduling import fit
from aksrdma.workloads.fit.text import render_table
from aksrdma.workloads.fit.workloads import PodGroup, Workload, read_workloads

__all__ = [
    "ClusterNodes",
    "FitReport",
    "Nodes",
    "PodGroup",
    "PodsFit",
    "PoolFit",
    "Reason",
    "Workload",
    "WorkloadFit",
    "fit",
    "nodes_of_cluster",
    "read_nodes",
    "read_workloads",
    "render_table",
    "resource_table",
]
