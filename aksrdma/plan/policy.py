"""NicClusterPolicy, in the layers of upstream's folders: base, and a patch for each profile."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from aksrdma.cluster import Rdma
from aksrdma.findings import FieldPath
from aksrdma.plan.decisions import Decisions
from aksrdma.plan.planned import Planned, Reason

POLICY_NAME: Final = "nic-cluster-policy"
"""The only name that the operator reconciles (Mellanox/network-operator `pkg/consts`, all releases)."""
LABEL: Final = "feature.node.kubernetes.io/pci-15b3.present"
"""Node label that the operator's DaemonSets select (`manifests/state-*`, all releases)."""
_UPSTREAM: Final = "Azure/aks-rdma-infiniband configs/nicclusterpolicy"
_VENDOR: Final = "15b3"
_WORD_LIST: Final = re.compile(r'\[\s+("[^"]*"(?:,\s+"[^"]*")*)\s+\]')


def layer(decisions: Decisions, profile: str) -> Planned:
    """Return the NicClusterPolicy of `base`, or the patch that a profile lays over what it builds on."""
    spec, reasons = _LAYERS[profile](decisions)
    policy = {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "NicClusterPolicy",
        "metadata": {"name": POLICY_NAME},
        "spec": spec,
    }
    return Planned(policy, reasons)


def resource_name(decisions: Decisions, profile: str) -> str | None:
    """Return the extended resource that pods ask for with a profile, `rdma/ib` say; None for `base`."""
    name = _short_name(decisions, profile)
    return f"{decisions.cluster.rdma.resource_prefix}/{name}" if name else None


def _short_name(decisions: Decisions, profile: str) -> str | None:
    default = {"base": None, "sriov-device-plugin": "ib"}.get(profile, "shared_ib")
    return default and (decisions.cluster.rdma.resource_name or default)


def image_of(decisions: Decisions, component: str) -> dict[str, str]:
    """Return repository, image and version of a component of the release."""
    image = decisions.release.components[component]
    return {"repository": image.repository, "image": image.image, "version": image.version}


def node_affinity() -> dict[str, Any]:
    """Return the requirement that a node has an InfiniBand NIC."""
    requirement = {"key": LABEL, "operator": "In", "values": ["true"]}
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [requirement]}]}
    }


def _base(decisions: Decisions) -> tuple[dict[str, Any], dict[FieldPath, Reason]]:
    spec: dict[str, Any] = {"nodeAffinity": node_affinity()}
    reasons: dict[FieldPath, Reason] = {
        ("spec", "nodeAffinity"): Reason(
            "Only nodes with an InfiniBand NIC. The label comes from the NodeFeatureRule.", f"{_UPSTREAM}/base/nic.yaml"
        )
    }
    if decisions.tolerations:
        spec["tolerations"] = [dict(toleration) for toleration in decisions.tolerations]
        reasons["spec", "tolerations"] = Reason(
            "From the taints of the node pools: the operator's own DaemonSets tolerate nvidia.com/gpu alone.",
            "Mellanox/network-operator manifests/state-*/",
        )
    if decisions.driver:
        spec["ofedDriver"] = _driver(decisions)
        reasons |= _driver_reasons(decisions)
    if decisions.telemetry:
        spec["docaTelemetryService"] = image_of(decisions, "docaTelemetryService")
        reasons["spec", "docaTelemetryService", "version"] = _version_reason(decisions)
    return spec, reasons


def _driver(decisions: Decisions) -> dict[str, Any]:
    asked = decisions.cluster.ofed_driver
    return {
        **image_of(decisions, "ofedDriver"),
        "env": [
            {"name": "OFED_BLACKLIST_MODULES_FILE", "value": "/host/etc/modprobe.d/blacklist-ofed-modules.conf"},
        ],
        "forcePrecompiled": asked.force_precompiled,
        "upgradePolicy": _upgrade_policy(decisions),
        "startupProbe": {"initialDelaySeconds": 10, "periodSeconds": 20},
        "livenessProbe": {"initialDelaySeconds": 30, "periodSeconds": 30},
        "readinessProbe": {"initialDelaySeconds": 10, "periodSeconds": 30},
    }


def _upgrade_policy(decisions: Decisions) -> dict[str, Any]:
    policy = decisions.cluster.ofed_driver.upgrade_policy
    drain: dict[str, Any] = {
        "deleteEmptyDir": policy.drain.delete_empty_dir,
        "enable": policy.drain.enable,
        "force": policy.drain.force,
        "timeoutSeconds": policy.drain.timeout_seconds,
    }
    if policy.drain.pod_selector is not None:
        drain["podSelector"] = policy.drain.pod_selector
    wire = {
        "autoUpgrade": policy.auto_upgrade,
        "drain": drain,
        "maxParallelUpgrades": policy.max_parallel_upgrades,
    }
    return wire | ({"safeLoad": True} if policy.safe_load else {})


def _driver_reasons(decisions: Decisions) -> dict[FieldPath, Reason]:
    driver: FieldPath = ("spec", "ofedDriver")
    source = f"{_UPSTREAM}/base/nic.yaml"
    return {
        (*driver, "version"): Reason(
            f"The driver of Network Operator {decisions.release.name}; the operator adds operating system and "
            "architecture of the node to the tag.",
            f"aksrdma/catalog/releases/{decisions.release.name}.yaml",
        ),
        (*driver, "env"): Reason(
            "Keeps the inbox modules from loading first. From v25.4.0 on it is the driver's own default.", source
        ),
        (*driver, "forcePrecompiled"): Reason(
            "AKS kernels have no precompiled driver image, so the driver is compiled on the node.", source
        ),
        (*driver, "upgradePolicy", "drain", "force"): Reason(
            "Also evicts pods that no controller brings back.", source
        ),
    }


def _version_reason(decisions: Decisions) -> Reason:
    release = decisions.release.name
    return Reason(f"Of Network Operator {release}.", f"aksrdma/catalog/releases/{release}.yaml")


def _shared(decisions: Decisions) -> tuple[dict[str, Any], dict[FieldPath, Reason]]:
    asked = decisions.cluster.rdma
    item: dict[str, Any] = {"resourceName": _short_name(decisions, "rdma-shared-device-plugin")}
    if asked.resource_prefix != "rdma":  # the plugin's own default, and the operator's webhook refuses it spelt out
        item["resourcePrefix"] = asked.resource_prefix
    item["rdmaHcaMax"] = asked.shared_slots
    item["selectors"] = {"vendors": [_VENDOR], **_link_or_ids(decisions, "deviceIDs")}
    plugin: FieldPath = ("spec", "rdmaSharedDevicePlugin")
    reasons = {
        (*plugin, "version"): _version_reason(decisions),
        (*plugin, "config"): Reason(
            f"Pods ask for {resource_name(decisions, 'rdma-shared-device-plugin')}: 1, which opens every InfiniBand NIC of "
            f"the node. rdmaHcaMax: at most {asked.shared_slots} pods a node hold it at a time{_slots_source(asked.shared_slots)}."
            f"{_selector_comment(decisions)}",
            f"{_UPSTREAM}/rdma-shared-device-plugin/rdma.yaml",
        ),
    }
    return {"rdmaSharedDevicePlugin": _plugin(decisions, "rdmaSharedDevicePlugin", {"configList": [item]})}, reasons


def _slots_source(slots: int) -> str:
    return " (63 is upstream's figure, not a limit of the NIC)" if slots == Rdma().shared_slots else ""


def _sriov(decisions: Decisions) -> tuple[dict[str, Any], dict[FieldPath, Reason]]:
    item = {
        "resourcePrefix": decisions.cluster.rdma.resource_prefix,
        "resourceName": _short_name(decisions, "sriov-device-plugin"),
        "selectors": {"vendors": [_VENDOR], **_link_or_ids(decisions, "devices"), "isRdma": True},
    }
    plugin: FieldPath = ("spec", "sriovDevicePlugin")
    reasons = {
        (*plugin, "version"): _version_reason(decisions),
        (*plugin, "config"): Reason(
            f"Pods ask for {resource_name(decisions, 'sriov-device-plugin')}, one InfiniBand NIC a unit. isRdma mounts "
            f"/dev/infiniband.{_selector_comment(decisions)}",
            f"{_UPSTREAM}/sriov-device-plugin/sriov.yaml",
        ),
    }
    return {"sriovDevicePlugin": _plugin(decisions, "sriovDevicePlugin", {"resourceList": [item]})}, reasons


def _plugin(decisions: Decisions, component: str, config: dict[str, Any]) -> dict[str, Any]:
    return {**image_of(decisions, component), "config": config_text(config)}


def config_text(config: dict[str, Any]) -> str:
    """Return embedded JSON as upstream formats it: two blanks a level, lists of words on one line, a final newline."""
    text = json.dumps(config, indent=2)
    return _WORD_LIST.sub(lambda match: f"[{' '.join(match[1].split())}]", text) + "\n"


def _link_or_ids(decisions: Decisions, ids_key: str) -> dict[str, list[str]]:
    """Select by link type; without the driver container there is no netdev to read it from, so by device id."""
    return {"linkTypes": ["infiniband"]} if decisions.driver else {ids_key: list(decisions.device_ids)}


def _selector_comment(decisions: Decisions) -> str:
    if decisions.driver:
        return " linkTypes keeps out the Ethernet function of accelerated networking, which has vendor 15b3 too."
    return " By device id, because without the driver container there is no netdev that tells the link type."


def _ipoib(decisions: Decisions) -> tuple[dict[str, Any], dict[FieldPath, Reason]]:
    network = {
        "cniPlugins": image_of(decisions, "cniPlugins"),
        "multus": image_of(decisions, "multus"),
        "ipoib": image_of(decisions, "ipoib"),
    }
    reasons: dict[FieldPath, Reason] = {("spec", "secondaryNetwork"): _version_reason(decisions)}
    if decisions.whereabouts:
        return {"secondaryNetwork": network | {"ipamPlugin": image_of(decisions, "ipamPlugin")}}, reasons
    reasons["spec", "nvIpam"] = Reason(
        "Hands out the addresses of the IPPool. The operator deploys no whereabouts from v25.10.0 on.",
        f"aksrdma/catalog/releases/{decisions.release.name}.yaml",
    )
    return {"secondaryNetwork": network, "nvIpam": image_of(decisions, "nvIpam")}, reasons


_LAYERS: Final = {
    "base": _base,
    "sriov-device-plugin": _sriov,
    "rdma-shared-device-plugin": _shared,
    "ipoib": _ipoib,
}
