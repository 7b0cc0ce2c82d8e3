"""The kinds of workloads that relations judge."""

from __future__ import annotations

from typing import Final

from aksrdma.checks.plugins.templates import TEMPLATES

TRAIN_JOB: Final = "TrainJob"
"""Has no pod template of its own: its runtime has."""
CLUSTER_RUNTIME: Final = "ClusterTrainingRuntime"
"""Is in no namespace, and the default of a TrainJob's `runtimeRef.kind`."""
WORKLOADS: Final = frozenset({*TEMPLATES, TRAIN_JOB})
"""Pods, and the kinds that make them."""
CUSTOM: Final = frozenset(
    {
        *(CLUSTER_RUNTIME, "JobSet", "LeaderWorkerSet", "MPIJob", "PyTorchJob"),
        *("RayCluster", "RayJob", "RayService", TRAIN_JOB, "TrainingRuntime"),
    }
)
"""Those of custom resources, of which the API server knows only the custom resource's own schema."""
