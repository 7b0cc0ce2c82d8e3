"""The checks of pods and the workloads that make them, with the rules and kinds of each."""

from __future__ import annotations

from typing import Final

from aksrdma.checks.relation.lazy import Row, register
from aksrdma.checks.relation.pods_kinds import CUSTOM, TRAIN_JOB, WORKLOADS

_TRAIN_JOBS: Final = frozenset({TRAIN_JOB})

CHECKS: Final[tuple[Row, ...]] = (
    ("pods_exposed", "unexposed", WORKLOADS, ("pod-rdma-resource-unexposed",)),
    ("pods_exposed", "shared_counts", WORKLOADS, ("shared-rdma-count-above-hcamax", "shared-rdma-count-above-one")),
    ("pods_images", "references", WORKLOADS, ("image-reference-invalid",)),
    ("pods_driver", "driver_only", WORKLOADS, ("unprivileged-driver-only",)),
    ("pods_memory", "without_shm", WORKLOADS, ("nccl-pod-without-shm-volume",)),
    ("pods_memory", "shm_sizes", WORKLOADS, ("shm-size-above-memory-limit",)),
    (
        "pods_networks",
        "references",
        WORKLOADS,
        ("network-annotation-unknown-network", "network-annotation-wrong-namespace"),
    ),
    ("pods_networks", "ipoib_without_rdma", WORKLOADS, ("ipoib-pod-without-rdma-resource",)),
    (
        "pods_custom",
        "template_resources",
        CUSTOM,
        (
            "rdma-quantity-not-whole",
            "rdma-request-without-limit",
            "rdma-requests-differ-from-limits",
            "rdma-resource-at-pod-level",
            "rdma-resource-name-illegal",
            "rdma-resource-name-near-miss",
        ),
    ),
    ("pods_custom", "dropped_by_train_jobs", _TRAIN_JOBS, ("trainjob-drops-rdma-resource",)),
    (
        "hardware_counts",
        "counts",
        WORKLOADS,
        (
            "gpu-exhaustion-with-shared-rdma",
            "sriov-rdma-count-above-vm-nics",
            "sriov-rdma-count-below-vm-nics",
            "vm-size-without-infiniband",
        ),
    ),
    ("security_pods", "lacks_ipc_lock", WORKLOADS, ("rdma-pod-lacks-ipc-lock",)),
    ("security_pods", "refused_by_namespace", WORKLOADS, ("ipc-lock-refused-by-namespace-level",)),
    ("security_pods", "operator_namespace", frozenset({"Namespace"}), ("operator-namespace-not-privileged",)),
    ("scheduling_pools", "not_pinned", WORKLOADS, ("rdma-job-not-pinned-to-one-pool",)),
    ("scheduling_taints", "missed_taints", WORKLOADS, ("tolerations-miss-gpu-taint",)),
)

register(CHECKS)
