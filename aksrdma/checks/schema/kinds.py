"""The kinds that have a schema, so that the runner need not read any to know them."""

from __future__ import annotations

from typing import Final

KINDS: Final = frozenset(
    {
        *("NicClusterPolicy", "NicNodePolicy", "IPoIBNetwork", "MacvlanNetwork", "HostDeviceNetwork"),
        *("IPPool", "CIDRPool", "NetworkAttachmentDefinition"),
        *("NodeFeature", "NodeFeatureGroup", "NodeFeatureRule"),
        *("Namespace", "Pod", "ConfigMap", "Secret", "Service", "ServiceAccount", "PersistentVolumeClaim"),
        *("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"),
        *("MPIJob", "PyTorchJob", "TrainJob", "TrainingRuntime", "ClusterTrainingRuntime"),
        *("LeaderWorkerSet", "RayCluster", "RayJob"),
    }
)
