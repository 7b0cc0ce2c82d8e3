"""What AMD GPUs need on AKS, as upstream installs it: the driver on the host, AMD GPU Operator, and its DeviceConfig."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aksrdma import catalog, models
from aksrdma.findings import FieldPath
from aksrdma.kube.labels import ACCELERATOR
from aksrdma.plan.decisions import Decisions
from aksrdma.plan.planned import Planned, Reason
from aksrdma.plan.policy import tolerations
from aksrdma.plan.values import gpu_values

_UPSTREAM: Final = "Azure/aks-rdma-infiniband configs"
_NAME: Final = "install-amdgpu-driver"
_SCRIPT: Final = """\
#!/usr/bin/env bash
# Installs the amdgpu driver on the node, which lies below /host, and keeps running.
set -euo pipefail
version={version}
repository={repository}
if ! chroot /host modinfo amdgpu 2>/dev/null | grep -qF "$version"; then
  chroot /host bash -euo pipefail -s "$version" "$repository" <<'NODE'
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install -y curl gnupg
  install -d -m 0755 /etc/apt/keyrings
  curl -fsSL "$2/rocm/rocm.gpg.key" | gpg --dearmor --yes -o /etc/apt/keyrings/rocm.gpg
  . /etc/os-release
  echo "deb [arch=amd64 signed-by=/etc/apt/keyrings/rocm.gpg] $2/amdgpu/$1/ubuntu $VERSION_CODENAME main" \\
    > /etc/apt/sources.list.d/amdgpu.list
  apt-get update
  apt-get install -y amdgpu-dkms
NODE
fi
chroot /host modprobe amdgpu
chroot /host modinfo amdgpu | grep '^version'
touch /tmp/loaded
sleep infinity
"""


@dataclass(frozen=True, eq=False)
class AmdStack:
    """The parts, in the order in which they are installed."""

    driver_script: Planned
    """ConfigMap with the script that installs amdgpu."""
    driver: Planned
    """DaemonSet that runs it on each node with AMD GPUs; ready where the driver is loaded."""
    values: Planned
    """Helm values of AMD GPU Operator."""
    device_config: Planned
    """The DeviceConfig from which it deploys device plugin, labeller and exporter."""


def stack(decisions: Decisions) -> AmdStack:
    """Return what the AMD GPUs of a cluster need."""
    tolerated = decisions.tolerations_of([one.pool for one in decisions.operated("amd")])
    operator = catalog.gpu_operators()["amd"]
    assert operator.driver is not None, "the row of AMD has the driver"
    script = _SCRIPT.format(version=operator.driver.version, repository=operator.driver.repository)
    named = {"name": _NAME, "namespace": "kube-system"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"install.sh": script}}
    values: dict[str, Any] = {
        "node-feature-discovery": {"enabled": False},
        "kmm": {"enabled": True},
        "crds": {"defaultCR": {"install": False}},
    }
    reasons: dict[FieldPath, Reason] = {
        ("node-feature-discovery", "enabled"): Reason(
            "Network Operator brings NFD, which reads this chart's NodeFeatureRule too.",
            "ROCm/gpu-operator helm-charts-k8s/templates/gpu-nfd-default-rule.yaml",
        ),
        ("kmm", "enabled"): Reason(
            "The operator does not start without the kinds of the kernel module manager, though it installs no driver.",
            f"{_UPSTREAM}/values/amd-gpu-operator/values.yaml",
        ),
        ("crds", "defaultCR"): Reason(
            "amd-device-config/ has the DeviceConfig.", f"{_UPSTREAM}/values/amd-gpu-operator/values.yaml"
        ),
    }
    asked = Planned(values, reasons)
    return AmdStack(
        driver_script=Planned(config),
        driver=Planned(_driver_daemon_set(tolerations(tolerated)), _DRIVER_REASONS),
        values=gpu_values(
            decisions, "amd", asked, {} if decisions.operated("nvidia") else decisions.cluster.gpu_operator.helm_values
        ),
        device_config=_device_config(operator.namespace, [one.wire() for one in tolerations(tolerated)]),
    )


_DRIVER_REASONS: Final[Mapping[FieldPath, Reason]] = {
    ("spec", "template", "spec", "nodeSelector"): Reason(
        "The label that AKS gives to nodes with AMD GPUs.", f"{_UPSTREAM}/amd-driver-installer/daemonset.yaml"
    ),
}


def _driver_daemon_set(tolerated: list[models.Toleration]) -> models.DaemonSet:
    container = models.Container(
        name=_NAME,
        image=catalog.pod_images()["ubuntu"].reference,
        command=["/bin/bash", "/scripts/install.sh"],
        security_context=models.SecurityContext(privileged=True),
        readiness_probe=models.Probe(
            exec=models.ExecAction(command=["test", "-e", "/tmp/loaded"]), period_seconds=10, timeout_seconds=5
        ),
        volume_mounts=[
            models.VolumeMount(name="host", mount_path="/host"),
            models.VolumeMount(name="scripts", mount_path="/scripts", read_only=True),
        ],
    )
    pod = models.PodSpec(
        host_network=True,
        host_pid=True,
        node_selector={ACCELERATOR: "amd"},
        tolerations=tolerated or None,
        priority_class_name="system-node-critical",
        containers=[container],
        volumes=[
            models.Volume(name="host", host_path=models.HostPathVolumeSource(path="/", type="Directory")),
            models.Volume(name="scripts", config_map=models.ConfigMapVolumeSource(name=_NAME)),
        ],
    )
    labels = {"app": _NAME}
    return models.DaemonSet(
        metadata=models.ObjectMeta(name=_NAME, namespace="kube-system"),
        spec=models.DaemonSetSpec(
            selector=models.LabelSelector(match_labels=labels),
            update_strategy=models.DaemonSetUpdateStrategy(
                type="RollingUpdate", rolling_update=models.RollingUpdateDaemonSet(max_unavailable="100%")
            ),
            template=models.PodTemplateSpec(metadata=models.ObjectMeta(labels=labels), spec=pod),
        ),
    )


def _device_config(namespace: str, tolerated: list[Any]) -> Planned:
    images = catalog.pod_images()
    plugin: dict[str, Any] = {
        "devicePluginImage": images["amd-device-plugin"].reference,
        "nodeLabellerImage": images["amd-node-labeller"].reference,
        "enableNodeLabeller": True,
    }
    exporter: dict[str, Any] = {
        "enable": True,
        "serviceType": "ClusterIP",
        "port": 5000,
        "image": images["amd-metrics-exporter"].reference,
    }
    if tolerated:
        plugin |= {"devicePluginTolerations": tolerated, "nodeLabellerTolerations": tolerated}
        exporter |= {"tolerations": tolerated}
    spec: dict[str, Any] = {
        "driver": {"enable": False, "blacklist": False},
        "devicePlugin": plugin,
        "metricsExporter": exporter,
        "configManager": {"enable": False},
        "testRunner": {"enable": False},
        "selector": {"feature.node.kubernetes.io/amd-vgpu": "true"},
    }
    reasons: dict[FieldPath, Reason] = {
        ("spec", "driver"): Reason(
            "The driver is on the host: the operator's own way builds it into an image and needs a registry to push to.",
            f"{_UPSTREAM}/amd-device-config/deviceconfig.yaml",
        ),
        ("spec", "selector"): Reason(
            "The label of the chart's NodeFeatureRule for virtual functions, which the GPUs of Azure's sizes are.",
            f"{_UPSTREAM}/amd-device-config/deviceconfig.yaml",
        ),
    }
    metadata = {"name": "gpu-operator", "namespace": namespace}
    return Planned(
        {"apiVersion": "amd.com/v1alpha1", "kind": "DeviceConfig", "metadata": metadata, "spec": spec}, reasons
    )
