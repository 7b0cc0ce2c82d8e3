"""What must be in the cluster before the policy: the operator's namespace and the rule that labels nodes."""

from __future__ import annotations

from typing import Any, Final

from aksrdma.plan.decisions import Decisions
from aksrdma.plan.planned import Planned, Reason
from aksrdma.plan.policy import LABEL

ENFORCE: Final = "pod-security.kubernetes.io/enforce"


def namespace(decisions: Decisions) -> Planned:
    """Return the operator's namespace, at the pod security level that its privileged pods need."""
    data = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": decisions.cluster.operator_namespace, "labels": {ENFORCE: "privileged"}},
    }
    why = Reason(
        "Driver, Multus and device plugin pods are privileged or use hostPath.",
        "Azure/aks-rdma-infiniband tests/setup-infra/deploy-aks.sh",
    )
    return Planned(data, {("metadata", "labels"): why})


def ipoib_namespace(decisions: Decisions) -> Planned | None:
    """Return the namespace of the pods that use the IPoIB network; None where it is there by itself."""
    asked = decisions.cluster.ipoib.namespace
    if decisions.cluster.profile != "ipoib" or asked in ("default", decisions.cluster.operator_namespace):
        return None
    why = Reason(
        "Of the pods on the IPoIB network: the operator makes the NetworkAttachmentDefinition here.",
        "Mellanox/network-operator manifests/state-ipoib-network/0010-ipoib-net-cr.yaml",
    )
    return Planned({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": asked}}, {("metadata", "name"): why})


def node_feature_rule(decisions: Decisions) -> Planned | None:
    """Return the NodeFeatureRule that labels nodes with InfiniBand; None where the chart's own is used."""
    source = decisions.cluster.node_feature_rule
    if source == "chart":
        return None
    terms, why = _BY_CLASS if source == "infiniband-class" else _BY_DEVICE
    rule = {
        "name": "nfd-network-rule",
        "labels": {LABEL: "true"},
        "matchFeatures": [{"feature": "pci.device", "matchExpressions": terms}],
    }
    data: dict[str, Any] = {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeatureRule",
        "metadata": {"name": "nfd-network-rule"},
        "spec": {"rules": [rule]},
    }
    return Planned(data, {("spec", "rules", 0, "matchFeatures", 0, "matchExpressions"): why})


_BY_CLASS: Final = (
    {"vendor": {"op": "In", "value": ["15b3"]}, "class": {"op": "In", "value": ["0207"]}},
    Reason(
        "A NIC of NVIDIA (15b3) that is an InfiniBand controller (PCI class 0207). The NIC of accelerated networking is "
        "of the same vendor, but class 0200; a device list would miss the ConnectX-5 sizes.",
        "microsoft/lisa lisa/tools/lspci.py; Azure/azhpc-images topology/",
    ),
)
_BY_DEVICE: Final = (
    {"vendor": {"op": "In", "value": ["15b3"]}, "device": {"op": "In", "value": ["101c", "101e"]}},
    Reason(
        "Upstream's device list: ConnectX-6 VF and mlx5Gen VF (ConnectX-7 and later). Device ids are unique only within "
        "a vendor, hence 15b3.",
        "Azure/aks-rdma-infiniband tests/setup-infra/network-operator-nfd.yaml",
    ),
)
