"""Helm values of Network Operator and, where there are NVIDIA GPUs, of GPU Operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aksrdma import catalog
from aksrdma.findings import FieldPath
from aksrdma.plan.decisions import Decisions
from aksrdma.plan.planned import Planned, Reason

_UPSTREAM: Final = "Azure/aks-rdma-infiniband configs/values"


def _chart(name: str) -> catalog.HelmChart:
    return next(chart for chart in catalog.helm_charts() if chart.name == name)


def _tolerations(decisions: Decisions, charts: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Return the chart's own tolerations, which a list of ours replaces, and those of the cluster."""
    return [*map(dict, charts), *(one for one in decisions.toleration_data if one not in charts)]


def network_operator(decisions: Decisions) -> Planned:
    """Return the values of the chart nvidia/network-operator."""
    own_rule = decisions.cluster.node_feature_rule != "chart"
    values: dict[str, Any] = {"nfd": {"deployNodeFeatureRules": not own_rule}}
    reasons: dict[FieldPath, Reason] = {}
    if own_rule:
        reasons["nfd", "deployNodeFeatureRules"] = Reason(
            "The chart's rule labels every node with an accelerated-networking NIC; node-feature-rule/ has a narrower one.",
            f"{_UPSTREAM}/network-operator/values.yaml",
        )
    if decisions.tolerations:
        own = _chart(decisions.release.chart.name)
        values["node-feature-discovery"] = {"worker": {"tolerations": _tolerations(decisions, own.nfd_tolerations)}}
        reasons["node-feature-discovery",] = Reason(
            "NFD's worker must run on the tainted pools, or they are never labeled and nothing is deployed there. "
            "The first three are the chart's own, which this list replaces.",
            "Mellanox/network-operator deployment/network-operator/values.yaml",
        )
    return Planned(values, reasons)


def gpu_operator(decisions: Decisions) -> Planned | None:
    """Return the values of the chart nvidia/gpu-operator; None where nothing is left for it to do."""
    if not decisions.nvidia_gpus or decisions.cluster.gpu_driver != "gpu-operator":
        return None
    values: dict[str, Any] = {
        "nfd": {"enabled": False},
        "driver": {"rdma": {"enabled": True}},
        "migManager": {"enabled": False},
        "vgpuDeviceManager": {"enabled": False},
        "vfioManager": {"enabled": False},
        "sandboxDevicePlugin": {"enabled": False},
        "dcgmExporter": {"serviceMonitor": {"enabled": True, "additionalLabels": {"release": "kube-prometheus"}}},
    }
    if not decisions.driver:
        values["driver"]["rdma"]["useHostMofed"] = True
    source = f"{_UPSTREAM}/gpu-operator/values.yaml"
    reasons: dict[FieldPath, Reason] = {
        ("nfd", "enabled"): Reason("Network Operator brings NFD.", source),
        ("driver", "rdma", "enabled"): Reason("Loads nvidia-peermem, for GPUDirect RDMA.", source),
        ("dcgmExporter", "serviceMonitor"): Reason(
            "Needs the CRDs of Prometheus Operator; drop it without them.", source
        ),
    }
    if not decisions.driver:
        reasons["driver", "rdma", "useHostMofed"] = Reason(
            "The NIC driver is on the host; without this, nvidia-peermem waits for that of a container.",
            "NVIDIA/gpu-operator cmd/nvidia-validator/main.go",
        )
    if decisions.tolerations:
        values["daemonsets"] = {"tolerations": _tolerations(decisions, _chart("gpu-operator").daemonset_tolerations)}
        reasons["daemonsets",] = Reason(
            "From the taints of the node pools; the first is the chart's own, which this list replaces.", source
        )
    return Planned(values, reasons)
