"""Taints that pods with RDMA tolerate, against the tolerations of the operator's own pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.register import rule
from aksrdma.checks.relation.pods_resources import Resources, resources_of
from aksrdma.checks.relation.pods_view import PodView, pods_of
from aksrdma.checks.relation.scheduling_selection import pools_for
from aksrdma.findings import Problem
from aksrdma.kube.scheduling import toleration_of
from aksrdma.kube.values import items

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document

_STOPPING: Final = ("", "NoExecute", "NoSchedule")
_OPERATORS_OWN: Final = ("nvidia.com/gpu",)
_NOT_OF_POOLS: Final = ("CriticalAddonsOnly", "node-role.kubernetes.io/", "node.kubernetes.io/")
"""Taints that Kubernetes sets by itself, or that are on nodes without RDMA."""


@rule(
    "tolerations-miss-gpu-taint",
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
def missed_taints(manifests: ManifestSet) -> Iterator[Problem]:
    """Find taints of RDMA nodes on which the device plugin that serves the pods cannot run."""
    resources = resources_of(manifests)
    seen: set[tuple[int, str, str]] = set()
    for pod in pods_of(manifests) if resources.exposed else ():
        for policy in _policies(pod, resources):
            for toleration in _taints(pod, manifests.cluster):
                key = (id(policy), str(toleration.get("key")), str(toleration.get("value")))
                if key not in seen and not _covered(policy, toleration):
                    seen.add(key)
                    yield _problem(policy, pod, toleration)


def _policies(pod: PodView, resources: Resources) -> list[Document]:
    found = {
        id(one.document): one.document for name in sorted(pod.resources) for one in resources.exposed.get(name, ())
    }
    return list(found.values())


def _taints(pod: PodView, cluster: Cluster | None) -> Iterator[Mapping[str, Any]]:
    for _, toleration in items(pod.spec.get("tolerations"), ()):
        key, effect = toleration.get("key"), toleration.get("effect") or ""
        if not isinstance(key, str) or not key or effect not in _STOPPING:
            continue
        if key in _OPERATORS_OWN or key.startswith(_NOT_OF_POOLS):
            continue
        if cluster is None or not cluster.node_pools or _is_of_a_pool(pod, toleration, cluster):
            yield toleration


def _is_of_a_pool(pod: PodView, toleration: Mapping[str, Any], cluster: Cluster) -> bool:
    taints = [taint for pool in pools_for(pod, cluster) for taint in pool.taints]
    return any(taint.partition(":")[0].partition("=")[0] == toleration["key"] for taint in taints)


def _covered(policy: Document, wanted: Mapping[str, Any]) -> bool:
    own = (toleration_of(one) for _, one in items(policy.value(("spec", "tolerations")), ()))
    return any(one.covers(toleration_of(wanted)) for one in own)


def _problem(policy: Document, pod: PodView, toleration: Mapping[str, Any]) -> Problem:
    key, value, effect = toleration["key"], toleration.get("value"), toleration.get("effect")
    taint = f"{key}={value}" if value else key
    message = (
        f"{pod.document.label} tolerates the taint {taint}{f':{effect}' if effect else ''} and this policy does not, "
        "so neither driver nor device plugin reach such a node"
    )
    return Problem("tolerations-miss-gpu-taint", ("spec", "tolerations"), message, document=policy)
