"""Jobs whose pods must reach each other over InfiniBand, against the pools that InfiniBand does not leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts_replicas import pod_count
from aksrdma.checks.relation.pods_kinds import CLUSTER_RUNTIME
from aksrdma.checks.relation.pods_resources import resources_of
from aksrdma.checks.relation.pods_view import PodView, pods_of
from aksrdma.checks.relation.scheduling_selection import pools_for, selected, together
from aksrdma.findings import Problem
from aksrdma.kube.labels import AGENT_POOL
from aksrdma.kube.values import mapping

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.documents import Document

_TOPOLOGIES: Final = (
    "kueue.x-k8s.io/podset-required-topology",
    "leaderworkerset.sigs.k8s.io/exclusive-topology",
)
"""Annotations that name the label whose one value all pods of a group must share."""
_NOT_ONE_JOB: Final = frozenset({CLUSTER_RUNTIME, "DaemonSet", "Pod", "TrainingRuntime"})


@rule(
    "rdma-job-not-pinned-to-one-pool",
    kinds={
        "ClusterTrainingRuntime",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "JobSet",
        "LeaderWorkerSet",
        "MPIJob",
        "Pod",
        "PyTorchJob",
        "RayCluster",
        "RayJob",
        "RayService",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "TrainJob",
        "TrainingRuntime",
    },
)
def not_pinned(manifests: ManifestSet) -> Iterator[Problem]:
    """Find workloads with several RDMA pods that may end up in several pools."""
    resources = resources_of(manifests)
    jobs: Mapping[int, list[PodView]] = defaultdict(list)
    for pod in pods_of(manifests):
        if pod.complete and pod.document.kind not in _NOT_ONE_JOB and resources.names_in(pod):
            jobs[id(pod.document)].append(pod)
    for pods in jobs.values():
        replicas = sum(_replicas(pod) for pod in pods)
        if replicas > 1:
            yield from _loose(pods, replicas, manifests)


def _replicas(pod: PodView) -> int:
    if pod.trainer is not None:
        return pod.trainer.nodes
    return pod_count(pod.document, pod.template, None) or 0


def _loose(pods: Sequence[PodView], replicas: int, manifests: ManifestSet) -> Iterator[Problem]:
    for pod in pods:
        if not _is_pinned(pod, manifests):
            message = f"{replicas} RDMA pods may land in several node pools, between which there is no InfiniBand"
            yield Problem("rdma-job-not-pinned-to-one-pool", pod.path, message, document=pod.document)
            return
    chosen = {name for pod in pods for name in selected(pod, AGENT_POOL) or ()}
    if len(chosen) > 1:
        message = f"the RDMA pods are in the pools {', '.join(sorted(chosen))}, between which there is no InfiniBand"
        yield Problem("rdma-job-not-pinned-to-one-pool", pods[0].path, message, document=pods[0].document)


def _is_pinned(pod: PodView, manifests: ManifestSet) -> bool:
    names = selected(pod, AGENT_POOL)
    if names is not None and len(names) == 1:
        return True
    cluster = manifests.cluster
    if cluster is not None and cluster.node_pools and len(pools_for(pod, cluster)) <= 1:
        return True
    return together(pod, AGENT_POOL) or _has_topology(pod.document) or _names_pool(pod.template.annotations)


def _has_topology(document: Document) -> bool:
    return _names_pool(mapping(document.value(("metadata", "annotations"))))


def _names_pool(annotations: Mapping[str, object]) -> bool:
    return any(annotations.get(key) in AGENT_POOL for key in _TOPOLOGIES)
