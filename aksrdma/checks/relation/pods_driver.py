"""Pods that look as if they used RDMA, in sets where nothing hands out the devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from aksrdma.checks.register import rule
from aksrdma.checks.relation.facts import facts_of
from aksrdma.checks.relation.pods_resources import OTHER_EXPOSERS, resources_of
from aksrdma.checks.relation.pods_view import Container, PodView, pods_of
from aksrdma.findings import FieldPath, Problem
from aksrdma.kube.values import items

if TYPE_CHECKING:
    from aksrdma.checks.sets import ManifestSet

_DISABLED: Final = "NCCL_IB_DISABLE"
_VERBS: Final = ("mlx5", "mlx4")
_TRANSPORTS: Final = frozenset(
    {"dc", "dc_mlx5", "dc_x", "ib", "rc", "rc_mlx5", "rc_verbs", "rc_x", "ud", "ud_mlx5", "ud_x"}
)


@rule(
    "unprivileged-driver-only",
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
def driver_only(manifests: ManifestSet) -> Iterator[Problem]:
    """Find unprivileged containers that are meant for RDMA where the policies deploy the driver alone."""
    facts = facts_of(manifests)
    if not facts.deploys("ofedDriver") or facts.deploys("rdmaSharedDevicePlugin") or facts.deploys("sriovDevicePlugin"):
        return
    if manifests.unknown_kinds & OTHER_EXPOSERS:
        return
    resources = resources_of(manifests)
    for pod in pods_of(manifests):
        if pod.trainer is None and not pod.is_launcher and not resources.names_in(pod):
            yield from _unprivileged(pod)


def _unprivileged(pod: PodView) -> Iterator[Problem]:
    for container in pod.containers:
        sign = None if container.privileged or container.claims else _sign(container)
        if sign is not None:
            path, what = sign
            message = f"{what}, but no device plugin is deployed: /dev/infiniband is open to privileged containers only"
            yield Problem("unprivileged-driver-only", path, message, document=pod.document)


def _sign(container: Container) -> tuple[FieldPath, str] | None:
    """Return what tells that a container is meant for RDMA, and where."""
    added = container.adds("IPC_LOCK")
    if added is not None:
        return added, "the container adds IPC_LOCK, as for RDMA"
    variables = list(items(container.data.get("env"), (*container.path, "env")))
    if any(item.get("name") == _DISABLED and str(item.get("value")) == "1" for _, item in variables):
        return None
    found = next(((path, item) for path, item in variables if _is_verbs(item)), None)
    return (found[0], f"{found[1]['name']} is for RDMA") if found else None


def _is_verbs(variable: Mapping[str, Any]) -> bool:
    name, value = variable.get("name"), variable.get("value")
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    if name == "UCX_TLS":
        return not value.startswith("^") and not _TRANSPORTS.isdisjoint(value.split(","))
    if name == "UCX_NET_DEVICES":
        return value.startswith(_VERBS)
    return name.startswith("NCCL_IB_") and name != _DISABLED
