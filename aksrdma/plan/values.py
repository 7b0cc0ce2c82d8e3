"""Helm values of Network Operator and, where there are NVIDIA GPUs, of GPU Operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aksrdma import catalog
from aksrdma.findings import FieldPath
from aksrdma.plan.chart_images import of_chart, of_network_operator
from aksrdma.plan.decisions import Decisions
from aksrdma.plan.patches import merged, overlaid
from aksrdma.plan.planned import Planned, Reason
from aksrdma.plan.registry import values_in_registry

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
        # Where the operator serves no node, its NFD is there for the GPUs' operator, and the label for nobody.
        serves = decisions.served or decisions.telemetry or not decisions.per_pool
        narrower = "; node-feature-rule/ has a narrower one" if serves else ""
        reasons["nfd", "deployNodeFeatureRules"] = Reason(
            f"The chart's rule labels every node with an accelerated-networking NIC{narrower}.",
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
    asked = decisions.cluster
    whole = merged(values, asked.helm_values)
    pulled = of_network_operator(decisions.release, whole, driver=decisions.driver)
    return overlaid(values_in_registry(Planned(values, reasons), asked, pulled), asked.helm_values)


def gpu_operator(decisions: Decisions) -> Planned | None:
    """Return the values of NVIDIA's chart gpu-operator; None where no pool has its GPU driver from it.

    A cluster without node pools stands for any cluster, so it has them.
    """
    asked = decisions.cluster.gpu_operator
    pools = decisions.operated("nvidia")
    if not pools and (decisions.per_pool or decisions.cluster.gpu_driver not in (None, "gpu-operator")):
        return None
    drivers = pools[0].drivers if pools else catalog.driver_combination("nvidia", "gpu-operator", "doca")
    assert drivers is not None, "what cannot be was refused"
    values: dict[str, Any] = {
        "nfd": {"enabled": False},
        "driver": merged({}, drivers.gpu_operator["driver"]),
        "migManager": {"enabled": False},
        "vgpuDeviceManager": {"enabled": False},
        "vfioManager": {"enabled": False},
        "sandboxDevicePlugin": {"enabled": False},
        "dcgmExporter": {"serviceMonitor": {"enabled": asked.service_monitor}},
    }
    source = f"{_UPSTREAM}/gpu-operator/values.yaml"
    peermem = drivers.gpudirect == "gpu-operator"
    reasons: dict[FieldPath, Reason] = {
        ("nfd", "enabled"): Reason("Network Operator brings NFD.", source),
        ("driver", "rdma", "enabled"): Reason(
            "Loads nvidia-peermem, for GPUDirect RDMA."
            if peermem
            else "nvidia-peermem cannot be loaded beside the inbox driver; GPUDirect RDMA goes by DMA-BUF.",
            source if peermem else "aksrdma/catalog/drivers.yaml",
        ),
        ("dcgmExporter", "serviceMonitor"): Reason(
            "Needs the CRDs of Prometheus Operator."
            if asked.service_monitor
            else f"{_without_monitors(decisions.gpu_operator_version('nvidia'))}; gpuOperator.serviceMonitor asks for it.",
            "NVIDIA/gpu-operator controllers/object_controls.go",
        ),
    }
    if asked.service_monitor:
        values["dcgmExporter"]["serviceMonitor"]["additionalLabels"] = {"release": "kube-prometheus"}
    if drivers.open_kernel_modules:
        known = catalog.ChartValue.of(catalog.chart_keys("gpu-operator").keys["driver"]["kernelModuleType"])
        named = known.is_in(decisions.gpu_operator_version("nvidia"))
        values["driver"] |= {"kernelModuleType": "open"} if named else {"useOpenKernelModules": True}
    if decisions.tolerations:
        values["daemonsets"] = {"tolerations": _tolerations(decisions, _chart("gpu-operator").daemonset_tolerations)}
        reasons["daemonsets",] = Reason(
            f"From {decisions.tolerations_from}; the first is the chart's own, which this list replaces.", source
        )
    return gpu_values(decisions, "nvidia", Planned(values, reasons), asked.helm_values)


def _without_monitors(version: str) -> str:
    """Return what a ServiceMonitor does without its kind, as far as a version of GPU Operator is known."""
    switch = next(one for one in _chart("gpu-operator").monitors if one.key.startswith("dcgmExporter."))
    if switch.until and catalog.holds_in(version, switch.until, None):
        return "Does nothing without the CRDs of Prometheus Operator"
    return "Without the CRDs of Prometheus Operator the ClusterPolicy stays notReady"


def gpu_values(decisions: Decisions, vendor: str, planned: Planned, own: Mapping[str, Any]) -> Planned:
    """Return the values of a vendor's operator with the cluster's registry, and those of the user laid over them."""
    if decisions.cluster.registry or decisions.cluster.image_pull_secrets:
        chart, version = catalog.gpu_operators()[vendor].chart, decisions.gpu_operator_version(vendor)
        pulled = of_chart(chart, version, merged(planned.data, own))
        planned = values_in_registry(planned, decisions.cluster, pulled)
    return overlaid(planned, own)
