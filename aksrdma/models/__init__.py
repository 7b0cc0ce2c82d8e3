# ruff: noqa: F403 (the star imports re-export to type checkers; nothing of them runs)
"""Typed Kubernetes objects: closed, snake_case in Python and camelCase on the wire.

Parts load when they are first used. `parse` reads an object of any known kind; constructors write:

```python
from aksrdma.models import IPoIBNetwork, IPoIBNetworkSpec, NvIpamIpam, ObjectMeta

network = IPoIBNetwork(
    metadata=ObjectMeta(name="aks-infiniband"),
    spec=IPoIBNetworkSpec(network_namespace="default", master="ib0", ipam=NvIpamIpam(pool_name="ib")),
)
network.wire()  # JSON data; `ipam` is JSON text there
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aksrdma._lazy import attach

if TYPE_CHECKING:
    from aksrdma.models.affinity import *
    from aksrdma.models.base import *
    from aksrdma.models.configs.device_plugins import *
    from aksrdma.models.configs.ipam import *
    from aksrdma.models.configs.text import *
    from aksrdma.models.daemon_set import *
    from aksrdma.models.env import *
    from aksrdma.models.index import *
    from aksrdma.models.kustomization import *
    from aksrdma.models.meta import *
    from aksrdma.models.network_attachment import *
    from aksrdma.models.networks import *
    from aksrdma.models.nic_policy import *
    from aksrdma.models.node_feature_rule import *
    from aksrdma.models.nv_ipam import *
    from aksrdma.models.pod import *
    from aksrdma.models.scheduling import *

# fmt: off
_NAMES: Final = {
    "affinity": ("Affinity", "LabelSelector", "LabelSelectorRequirement", "PodAffinity", "PodAffinityTerm",
        "TopologySpreadConstraint", "WeightedPodAffinityTerm"),
    "base": ("Model",),
    "configs.device_plugins": ("AcceleratorResource", "AcceleratorSelectors", "AuxNetDeviceResource",
        "AuxNetDeviceSelectors", "NetDeviceResource", "NetDeviceSelectors", "SharedDevicePluginConfig",
        "SharedDevicePool", "SharedDeviceSelectors", "SriovDevicePluginConfig"),
    "configs.ipam": ("Dns", "HostLocalIpam", "HostLocalRange", "Ipam", "IpamAddress", "IpamRoute", "NvIpamIpam",
        "StaticIpam", "WhereaboutsIpam", "WhereaboutsKubernetes", "WhereaboutsRange"),
    "configs.text": ("EmbeddedJson", "json_text"),
    "daemon_set": ("DaemonSet", "DaemonSetSpec", "DaemonSetUpdateStrategy", "RollingUpdateDaemonSet"),
    "env": ("EnvVar", "EnvVarSource", "FieldSelector", "FileKeySelector", "KeySelector", "ResourceFieldSelector"),
    "index": ("KINDS", "model_of", "parse"),
    "kustomization": ("Component", "Kustomization", "Patch", "PatchTarget"),
    "meta": ("K8sObject", "Namespace", "NamespaceSpec", "ObjectMeta"),
    "network_attachment": ("CniConfig", "NetworkAttachmentDefinition", "NetworkAttachmentDefinitionSpec"),
    "networks": ("HostDeviceNetwork", "HostDeviceNetworkSpec", "IPoIBNetwork", "IPoIBNetworkSpec", "MacvlanNetwork",
        "MacvlanNetworkSpec"),
    "nic_policy": ("ConfigMapName", "ContainerResources", "DocaTelemetryConfig", "DocaTelemetryService", "DrainSpec",
        "DriverProbe", "GlobalConfig", "IBKubernetes", "ImageSpec", "Multus", "NicClusterPolicy",
        "NicClusterPolicySpec", "NicConfigurationOperator", "NicFirmwareStorage", "NicNodePolicy",
        "NicNodePolicySpec", "NvIpam", "OfedDriver", "RdmaSharedDevicePlugin", "SecondaryNetwork",
        "SpectrumXOperator", "SriovDevicePlugin", "UpgradePolicy", "WaitForCompletion"),
    "node_feature_rule": ("FeatureMatcherTerm", "MatchAnyElem", "MatchExpression", "NodeFeatureRule",
        "NodeFeatureRuleSpec", "Rule"),
    "nv_ipam": ("CIDRPool", "CIDRPoolSpec", "CIDRPoolStaticAllocation", "ExcludeIndexRange", "ExcludeRange", "IPPool",
        "IPPoolSpec", "Route"),
    "pod": ("Capabilities", "ConfigMapVolumeSource", "Container", "ContainerPort", "EmptyDirVolumeSource",
        "EnvFromSource", "EnvSource", "ExecAction", "GRPCAction", "HTTPGetAction", "HostPathVolumeSource",
        "KeyToPath", "LocalObjectReference", "PersistentVolumeClaimVolumeSource", "Pod", "PodResourceClaim",
        "PodSecurityContext", "PodSpec", "PodTemplateSpec", "Probe", "ResourceClaim", "ResourceRequirements",
        "SecretVolumeSource", "SecurityContext", "TCPSocketAction", "Volume", "VolumeMount"),
    "scheduling": ("NodeAffinity", "NodeSelector", "NodeSelectorRequirement", "NodeSelectorTerm",
        "PreferredSchedulingTerm", "Taint", "Toleration"),
}
# fmt: on

if not TYPE_CHECKING:  # else a misspelt name would be no mistake to type checkers
    __getattr__, __dir__ = attach(__name__, _NAMES)
