"""API groups: of which of them every kind is known, and in which versions kinds of other projects were ever served.

The sources are those of the rows of `kinds`; of Kubernetes' own groups and the operator's the schemas tell the versions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from aksrdma.findings import Problem
from aksrdma.kube.kinds import KINDS, OPERATOR_GROUP, TRAINER_GROUP

COMPLETE: Final[Mapping[str, tuple[str, ...]]] = {
    "": (
        *(
            "APIGroup",
            "APIVersions",
            "Binding",
            "ComponentStatus",
            "Event",
            "List",
            "PodStatusResult",
            "RangeAllocation",
        ),
        *("SerializedReference", "Status"),
        # Files that kubectl, kube-apiserver and kube-scheduler read.
        *("Config", "EncryptionConfig", "Policy"),
    ),
    "apps": ("DeploymentRollback", "Scale"),
    "batch": (),
    OPERATOR_GROUP: (),
    "nfd.k8s-sigs.io": (),
    "nv-ipam.nvidia.com": (),
}
"""Groups of which the table of kinds has every kind, and those that it lacks: none of a list of objects or of options."""

_ALPHA: Final = ("v1alpha1",)
_RAY: Final = ("v1alpha1", "v1")
_SERVED: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("amd.com", "DeviceConfig"): _ALPHA,
    ("argoproj.io", "Application"): _ALPHA,
    ("argoproj.io", "ApplicationSet"): _ALPHA,
    ("argoproj.io", "ClusterWorkflowTemplate"): _ALPHA,
    ("argoproj.io", "CronWorkflow"): _ALPHA,
    ("argoproj.io", "Workflow"): _ALPHA,
    ("argoproj.io", "WorkflowTemplate"): _ALPHA,
    ("batch.volcano.sh", "Job"): _ALPHA,
    ("flux-framework.org", "MiniCluster"): ("v1alpha1", "v1alpha2"),
    ("helm.cattle.io", "HelmChart"): ("v1",),
    ("helm.cattle.io", "HelmChartConfig"): ("v1",),
    ("helm.toolkit.fluxcd.io", "HelmRelease"): ("v2beta1", "v2beta2", "v2"),
    ("jobset.x-k8s.io", "JobSet"): ("v1alpha1", "v1alpha2"),
    ("kaito.sh", "Workspace"): ("v1alpha1", "v1beta1"),
    ("kubeflow.org", "MPIJob"): ("v1alpha1", "v1alpha2", "v2beta1", "v1"),
    ("kubeflow.org", "PyTorchJob"): ("v1alpha1", "v1alpha2", "v1beta1", "v1beta2", "v1"),
    ("kueue.x-k8s.io", "ClusterQueue"): ("v1alpha1", "v1alpha2", "v1beta1", "v1beta2"),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): ("v1",),
    ("nfd.kubernetes.io", "NodeFeatureDiscovery"): ("v1",),
    ("nfd.openshift.io", "NodeFeatureDiscovery"): ("v1alpha1", "v1"),
    ("nvidia.com", "ClusterPolicy"): ("v1",),
    ("nvidia.com", "DynamoComponentDeployment"): ("v1alpha1", "v1beta1"),
    ("nvidia.com", "DynamoGraphDeployment"): ("v1alpha1", "v1beta1"),
    ("nvidia.com", "NVIDIADriver"): _ALPHA,
    ("orchestration.aibrix.ai", "RayClusterFleet"): _ALPHA,
    ("orchestration.aibrix.ai", "RayClusterReplicaSet"): _ALPHA,
    ("orchestration.aibrix.ai", "RoleSet"): _ALPHA,
    ("orchestration.aibrix.ai", "StormService"): _ALPHA,
    ("ray.io", "RayCluster"): _RAY,
    ("ray.io", "RayCronJob"): ("v1",),
    ("ray.io", "RayJob"): _RAY,
    ("ray.io", "RayService"): _RAY,
    ("serving.kserve.io", "InferenceService"): ("v1beta1",),
    ("serving.kserve.io", "LLMInferenceService"): ("v1alpha1", "v1alpha2"),
    ("slinky.slurm.net", "NodeSet"): ("v1alpha1", "v1beta1"),
    (TRAINER_GROUP, "ClusterTrainingRuntime"): _ALPHA,
    (TRAINER_GROUP, "TrainJob"): _ALPHA,
    (TRAINER_GROUP, "TrainingRuntime"): _ALPHA,
    ("workload.codeflare.dev", "AppWrapper"): ("v1beta1", "v1beta2"),
    ("workloads.x-k8s.io", "RoleBasedGroup"): ("v1alpha1", "v1alpha2"),
}
"""Every version that a kind ever had, in the order of their stability, by group and kind."""

_VERSION: Final = re.compile(r"v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?\Z", re.ASCII)
_STAGES: Final = ("alpha", "beta", None)


def kinds_of(group: str) -> tuple[str, ...]:
    """Return the kinds of a group that is known wholly, as far as people write them, sorted; nothing of another group."""
    return tuple(sorted({row.kind for row in KINDS if row.group == group})) if group in COMPLETE else ()


def may_be_of(group: str, kind: str) -> bool:
    """Say whether a group may have a kind: it is known to, or not every kind of the group is known."""
    if group not in COMPLETE or kind.endswith(("List", "Options")):
        return True
    return kind in COMPLETE[group] or kind in kinds_of(group)


def known_kinds() -> tuple[tuple[str, str, str], ...]:
    """Return group, version and kind of those that other projects serve, in the version to write today."""
    return tuple((group, versions[-1], kind) for (group, kind), versions in _SERVED.items())


def never_served(api_version: str, kind: str) -> Problem | None:
    """Return the problem of a kind that never had the version that it has, or None where it did or may have.

    One that is later than any that is known here may have come since, and so is a warning.
    """
    group, _, version = api_version.rpartition("/")
    served = _SERVED.get((group, kind))
    if served is None or version in served:
        return None
    meant = f"{group}/{served[-1]}"
    if _rank(version) > max(map(_rank, served)):
        message = f"no kind {kind} in {api_version} that is known here; the latest is {meant}"
        return Problem("unknown-api-version", ("apiVersion",), message, f"write {meant}", meant, severity="warning")
    message = f"no kind {kind} in {api_version}; did you mean {meant}?"
    return Problem("unknown-api-version", ("apiVersion",), message, f"write {meant}", meant)


def _rank(version: str) -> tuple[int, ...]:
    """Return how stable a version is, as Kubernetes orders them: v1 behind v2beta1, that behind v1beta2."""
    found = _VERSION.match(version)
    if found is None:
        return (-1,)
    return _STAGES.index(found[2]), int(found[1]), int(found[3] or 0)
