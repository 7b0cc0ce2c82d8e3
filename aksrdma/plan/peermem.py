"""The DaemonSet that loads nvidia-peermem where AKS, and not GPU Operator, installs the NVIDIA driver."""

from __future__ import annotations

from typing import Any, Final

from aksrdma.plan.decisions import Decisions
from aksrdma.plan.planned import Planned, Reason

NAME: Final = "nvidia-peermem-reloader"
_SOURCE: Final = "Azure/aks-rdma-infiniband configs/nvidia-peermem-reloader/ds.yaml"
_LOAD: Final = "modprobe nvidia-peermem"


def peermem_reloader(decisions: Decisions) -> Planned | None:
    """Return the DaemonSet; None where GPU Operator loads the module, or no node has an NVIDIA GPU.

    A cluster without node pools stands for any cluster, so it has the DaemonSet.
    """
    if decisions.pools and (not decisions.nvidia_gpus or decisions.cluster.gpu_driver != "aks"):
        return None
    labels = {"name": NAME}
    daemon_set: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME, "namespace": "gpu-resources"},
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {"metadata": {"labels": labels}, "spec": _pod_spec(decisions)},
        },
    }
    why = Reason(
        "The DOCA driver replaces ib_core while it loads; nvidia-peermem must be loaded again for GPUDirect RDMA.",
        _SOURCE,
    )
    return Planned(daemon_set, {("spec",): why})


def _pod_spec(decisions: Decisions) -> dict[str, Any]:
    gpu_nodes = {"key": "kubernetes.azure.com/accelerator", "operator": "In", "values": ["nvidia"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [gpu_nodes]}]}
    return {
        "tolerations": [dict(one) for one in decisions.tolerations] or [_UPSTREAM_TOLERATION],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
        "priorityClassName": "system-node-critical",
        "containers": [_container()],
        "volumes": [{"name": "lib-modules", "hostPath": {"path": "/lib/modules", "type": "Directory"}}],
    }


_UPSTREAM_TOLERATION: Final = {"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}


def _container() -> dict[str, Any]:
    probe = {"exec": {"command": ["/bin/bash", "-c", _LOAD]}, "initialDelaySeconds": 10}
    return {
        "name": f"{NAME}-ctr",
        "image": "mcr.microsoft.com/mirror/docker/library/ubuntu:24.04",
        "command": [
            "/bin/bash",
            "-xc",
            f'apt update && apt install -y kmod && {_LOAD} && echo "sleeping" && sleep inf',
        ],
        "startupProbe": probe
        | {"failureThreshold": 120, "successThreshold": 1, "periodSeconds": 10, "timeoutSeconds": 10},
        "livenessProbe": probe
        | {
            "initialDelaySeconds": 30,
            "failureThreshold": 1,
            "successThreshold": 1,
            "periodSeconds": 30,
            "timeoutSeconds": 10,
        },
        "securityContext": {"privileged": True},
        "volumeMounts": [{"name": "lib-modules", "mountPath": "/lib/modules", "readOnly": True}],
    }
