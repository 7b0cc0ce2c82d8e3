"""The kinds whose metadata the API server judges: scope and name rule of each."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from aksrdma.kube.names import NameRule, dns_label, dns_subdomain, service_label


class Kind(NamedTuple):
    """What the API server knows of a kind."""

    namespaced: bool
    name: NameRule
    builtin: bool
    """Whether it is served by kube-apiserver itself and not from a CRD."""
    keeps_generation: bool = False
    """Whether `metadata.generation` stays as it is given; otherwise the server sets it."""


_CORE: Final = (
    "ConfigMap",
    "Endpoints",
    "LimitRange",
    "PersistentVolumeClaim",
    "ResourceQuota",
    "Secret",
    "ServiceAccount",
)
_PODS: Final = ("Pod", "PodTemplate", "ReplicationController")
_APPS: Final = ("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet")

_BUILTIN: Final[dict[tuple[str, str], Kind]] = {
    **{("v1", kind): Kind(True, dns_subdomain, True, True) for kind in _CORE},
    **{("v1", kind): Kind(True, dns_subdomain, True) for kind in _PODS},
    **{("apps/v1", kind): Kind(True, dns_subdomain, True) for kind in _APPS},
    **{("batch/v1", kind): Kind(True, dns_subdomain, True) for kind in ("CronJob", "Job")},
    ("v1", "Namespace"): Kind(False, dns_label, True, True),
    ("v1", "Node"): Kind(False, dns_subdomain, True, True),
    ("v1", "PersistentVolume"): Kind(False, dns_subdomain, True, True),
    ("v1", "Service"): Kind(True, service_label, True, True),
    ("apps/v1", "StatefulSet"): Kind(True, dns_label, True),
}

_CUSTOM: Final[dict[str, dict[str, bool]]] = {
    "k8s.cni.cncf.io": {"NetworkAttachmentDefinition": True},
    "kubeflow.org": {"MPIJob": True, "PyTorchJob": True},
    "leaderworkerset.x-k8s.io": {"LeaderWorkerSet": True},
    "mellanox.com": {
        "HostDeviceNetwork": False,
        "IPoIBNetwork": False,
        "MacvlanNetwork": False,
        "NicClusterPolicy": False,
        "NicNodePolicy": False,
    },
    "nfd.k8s-sigs.io": {"NodeFeature": True, "NodeFeatureGroup": True, "NodeFeatureRule": False},
    "nv-ipam.nvidia.com": {"CIDRPool": True, "IPPool": True},
    "ray.io": {"RayCluster": True, "RayJob": True},
    "trainer.kubeflow.org": {"ClusterTrainingRuntime": False, "TrainJob": True, "TrainingRuntime": True},
}
"""Kinds of the operator's and the workloads' CRDs by group, and whether they are namespaced."""

_CUSTOM_KINDS: Final = {
    (group, kind): Kind(namespaced, dns_subdomain, False)
    for group, kinds in _CUSTOM.items()
    for kind, namespaced in kinds.items()
}

KINDS: Final = frozenset(kind for _, kind in (*_BUILTIN, *_CUSTOM_KINDS))
"""Names of all kinds of this table."""


def known_kind(api_version: Any, kind: Any) -> Kind | None:
    """Return what is known of a kind, or None where it is another one of the same name."""
    if (found := _BUILTIN.get((api_version, kind))) is not None:
        return found
    return _CUSTOM_KINDS.get((api_version.partition("/")[0], kind)) if isinstance(api_version, str) else None
