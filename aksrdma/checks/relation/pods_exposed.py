"""RDMA resources that pods ask for, against what the policies of the set expose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aksrdma.checks.plugins.configs import SharedResource
from aksrdma.checks.register import rule
from aksrdma.checks.relation.pods_resources import Resources, resources_of
from aksrdma.checks.relation.pods_view import PodView, pods_of
from aksrdma.findings import Problem
from aksrdma.nearest import nearest

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_LISTED: Final = 5


@rule(
    "pod-rdma-resource-unexposed",
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
def unexposed(manifests: ManifestSet) -> Iterator[Problem]:
    """Find RDMA resources that no policy of the set exposes."""
    resources = resources_of(manifests)
    if not resources.all_known:
        return
    for pod in pods_of(manifests):
        for container in pod.containers:
            for name, amount in resources.taken(container).items():
                if name not in resources.exposed and not _in_a_config_map(manifests, name):
                    message = f"no policy of the set exposes {name}, so the pod stays Pending"
                    fix = _fix(name, resources)
                    yield Problem("pod-rdma-resource-unexposed", amount.path, message, fix, document=pod.document)


def _in_a_config_map(manifests: ManifestSet, name: str) -> bool:
    """Say whether a ConfigMap may be the config of a device plugin that the operator does not manage."""
    word = f'"{name.partition("/")[2]}"'
    return any(document.mentions(word) for document in manifests.by_kind.get("ConfigMap", ()))


def _fix(name: str, resources: Resources) -> str:
    known = sorted(resources.exposed)
    if not known:
        return "add rdmaSharedDevicePlugin or sriovDevicePlugin with this resource to the policy"
    near = nearest(name, known) or known[:1]
    if len(known) == 1:
        return f"ask for {near[0]}, the only exposed one, or add the resource to the policy"
    others = [other for other in known if other not in near]
    return f"ask for an exposed one ({', '.join((near + others)[:_LISTED])}), or add the resource to the policy"


@rule(
    "shared-rdma-count-above-hcamax",
    "shared-rdma-count-above-one",
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
def shared_counts(manifests: ManifestSet) -> Iterator[Problem]:
    """Find pods that ask for several units of a resource of which one unit opens every device."""
    resources = resources_of(manifests)
    for pod in pods_of(manifests):
        for name in resources.names_in(pod):
            if resources.plugin_of(name) == "rdmaSharedDevicePlugin":
                yield from _above_max(pod, name, resources) or _above_one(pod, name)


def _above_max(pod: PodView, name: str, resources: Resources) -> list[Problem]:
    exposed = [one.resource for one in resources.exposed.get(name, ())]
    most = max((one.hca_max for one in exposed if isinstance(one, SharedResource)), default=None)
    total = pod.total(name)
    if most is None or total.units <= most:
        return []
    message = f"the pod asks for {total.units} of {name}, and no node has more than {most} (rdmaHcaMax)"
    return [Problem("shared-rdma-count-above-hcamax", total.path, message, document=pod.document)]


def _above_one(pod: PodView, name: str) -> Iterator[Problem]:
    for container in pod.containers:
        amount = container.amounts.get(name)
        if amount is not None and amount.units > 1:
            message = f"one {name} opens every device of its pool; {amount.units} only use up slots of the node"
            yield Problem("shared-rdma-count-above-one", amount.path, message, document=pod.document)
