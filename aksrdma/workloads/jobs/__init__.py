"""Jobs that prove that RDMA works: sized for a VM size, and failing where anything is not as it should be."""

from __future__ import annotations

from aksrdma.workloads.jobs.planning import KINDS, WorkloadPlan, plan_workload, workload_stream, workload_tree
from aksrdma.workloads.jobs.target import JobOptions, Target, target_of

__all__ = [
    "KINDS",
    "JobOptions",
    "Target",
    "WorkloadPlan",
    "plan_workload",
    "target_of",
    "workload_stream",
    "workload_tree",
]
