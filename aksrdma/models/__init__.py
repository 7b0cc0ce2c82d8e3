# ruff: noqa: F403 (the star imports re-export to type checkers; nothing of them runs)
"""Typed Kubernetes objects: closed, frozen, snake_case in Python and camelCase on the wire.

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
    from aksrdma.models.base import *
    from aksrdma.models.components import *
    from aksrdma.models.configs.cni import *
    from aksrdma.models.configs.ipam import *
    from aksrdma.models.configs.shared_device_plugin import *
    from aksrdma.models.configs.sriov_device_plugin import *
    from aksrdma.models.configs.text import *
    from aksrdma.models.container import *
    from aksrdma.models.daemon_set import *
    from aksrdma.models.driver import *
    from aksrdma.models.env import *
    from aksrdma.models.index import *
    from aksrdma.models.kustomization import *
    from aksrdma.models.meta import *
    from aksrdma.models.namespace import *
    from aksrdma.models.networks import *
    from aksrdma.models.nic_cluster_policy import *
    from aksrdma.models.nic_node_policy import *
    from aksrdma.models.node_feature_rule import *
    from aksrdma.models.nv_ipam import *
    from aksrdma.models.pod import *
    from aksrdma.models.policy_status import *
    from aksrdma.models.probes import *
    from aksrdma.models.releases import *
    from aksrdma.models.scheduling import *
    from aksrdma.models.security import *
    from aksrdma.models.volumes import *

# fmt: off
_NAMES: Final = {
    "base": ("Model",),
    "components": ("ConfigMapName", "ContainerResources", "DocaTelemetryConfig", "DocaTelemetryService",
        "GlobalConfig", "IBKubernetes", "ImageSpec", "Multus", "NicConfigurationOperator", "NicFirmwareStorage",
        "NvIpam", "RdmaSharedDevicePlugin", "SecondaryNetwork", "SpectrumXOperator", "SriovDevicePlugin"),
    "configs.cni": ("CniConfig",),
    "configs.ipam": ("Dns", "HostLocalIpam", "HostLocalRange", "Ipam", "IpamAddress", "IpamRoute", "NvIpamIpam",
        "StaticIpam", "WhereaboutsIpam", "WhereaboutsKubernetes", "WhereaboutsRange"),
    "configs.shared_device_plugin": ("SharedDevicePluginConfig", "SharedDevicePool", "SharedDeviceSelectors"),
    "configs.sriov_device_plugin": ("AcceleratorResource", "AcceleratorSelectors", "AuxNetDeviceResource",
        "AuxNetDeviceSelectors", "NetDeviceResource", "NetDeviceSelectors", "SriovDevicePluginConfig"),
    "configs.text": ("EmbeddedJson", "json_text"),
    "container": ("Container", "ContainerPort", "ContainerResizePolicy", "ContainerRestartRule",
        "ContainerRestartRuleOnExitCodes", "ResourceClaim", "ResourceRequirements", "VolumeDevice", "VolumeMount"),
    "daemon_set": ("DaemonSet", "DaemonSetSpec", "DaemonSetUpdateStrategy", "RollingUpdateDaemonSet"),
    "driver": ("DrainSpec", "DriverProbe", "OfedDriver", "UpgradePolicy", "WaitForCompletion"),
    "env": ("EnvFromSource", "EnvSource", "EnvVar", "EnvVarSource", "FieldSelector", "FileKeySelector", "KeySelector",
        "ResourceFieldSelector"),
    "index": ("KINDS", "model_of", "parse"),
    "kustomization": ("Component", "ConfigMapGenerator", "FieldSpec", "GeneratorOptions", "ImageOverride",
        "Kustomization", "LabelPairs", "Patch", "PatchTarget", "Replica", "SecretGenerator", "SortOptions"),
    "meta": ("K8sObject", "LabelSelector", "LabelSelectorRequirement", "LocalObjectReference", "ManagedFieldsEntry",
        "ObjectMeta", "OwnerReference"),
    "namespace": ("Namespace", "NamespaceSpec"),
    "networks": ("HostDeviceNetwork", "HostDeviceNetworkSpec", "HostDeviceNetworkStatus", "IPoIBNetwork",
        "IPoIBNetworkSpec", "IPoIBNetworkStatus", "MacvlanNetwork", "MacvlanNetworkSpec", "MacvlanNetworkStatus",
        "NetworkAttachmentDefinition", "NetworkAttachmentDefinitionSpec"),
    "nic_cluster_policy": ("NicClusterPolicy", "NicClusterPolicySpec"),
    "nic_node_policy": ("NicNodePolicy", "NicNodePolicySpec"),
    "node_feature_rule": ("FeatureMatcherTerm", "MatchAnyElem", "MatchExpression", "NodeFeatureRule",
        "NodeFeatureRuleSpec", "Rule"),
    "nv_ipam": ("CIDRPool", "CIDRPoolAllocation", "CIDRPoolSpec", "CIDRPoolStaticAllocation", "CIDRPoolStatus",
        "ExcludeIndexRange", "ExcludeRange", "IPPool", "IPPoolAllocation", "IPPoolSpec", "IPPoolStatus", "Route"),
    "pod": ("HostAlias", "Pod", "PodDNSConfig", "PodDNSConfigOption", "PodOS", "PodReadinessGate", "PodResourceClaim",
        "PodSchedulingGate", "PodSpec", "PodTemplateSpec"),
    "policy_status": ("AppliedState", "NetworkStatus", "PolicyStatus"),
    "probes": ("ExecAction", "GRPCAction", "HTTPGetAction", "HTTPHeader", "Lifecycle", "LifecycleHandler", "Probe",
        "SleepAction", "TCPSocketAction"),
    "releases": ("check_release",),
    "scheduling": ("Affinity", "NodeAffinity", "NodeSelector", "NodeSelectorRequirement", "NodeSelectorTerm",
        "PodAffinity", "PodAffinityTerm", "PreferredSchedulingTerm", "Taint", "Toleration",
        "TopologySpreadConstraint", "WeightedPodAffinityTerm"),
    "security": ("Capabilities", "PodSecurityContext", "SELinuxOptions", "SecurityContext", "SecurityProfile",
        "Sysctl"),
    "volumes": ("AzureDiskVolumeSource", "AzureFileVolumeSource", "CSIVolumeSource", "ClusterTrustBundleProjection",
        "ConfigMapVolumeSource", "DownwardAPIProjection", "DownwardAPIVolumeFile", "DownwardAPIVolumeSource",
        "EmptyDirVolumeSource", "EphemeralVolumeSource", "HostPathVolumeSource", "ImageVolumeSource", "KeyToPath",
        "NFSVolumeSource", "ObjectProjection", "PersistentVolumeClaimSpec", "PersistentVolumeClaimTemplate",
        "PersistentVolumeClaimVolumeSource", "PodCertificateProjection", "ProjectedVolumeSource",
        "SecretVolumeSource", "ServiceAccountTokenProjection", "TypedLocalObjectReference", "TypedObjectReference",
        "Volume", "VolumeProjection", "VolumeResourceRequirements"),
}
# fmt: on

__getattr__ = attach(__name__, _NAMES)


def __dir__() -> list[str]:
    return sorted({name for names in _NAMES.values() for name in names})
