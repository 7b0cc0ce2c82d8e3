"""NicClusterPolicy and NicNodePolicy: the components that the Network Operator deploys, and the DOCA-OFED driver."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

from aksrdma.models.base import Model
from aksrdma.models.configs.device_plugins import SharedDevicePluginConfig, SriovDevicePluginConfig
from aksrdma.models.configs.text import EmbeddedJson
from aksrdma.models.env import EnvVar
from aksrdma.models.meta import K8sObject
from aksrdma.models.scheduling import NodeAffinity, Toleration
from aksrdma.models.shape import Limits, NonNegativeInt, Quantity, Untyped

_DnsLabel: TypeAlias = Annotated[str, Limits(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]


class ContainerResources(Model):
    """One entry of a component's `containerResources`: requests and limits of one of its containers."""

    name: str
    """Name of the container in the component's DaemonSet or Deployment, such as mofed-container or rdma-shared-dp."""
    requests: Mapping[str, Quantity] | None = None
    """What is reserved; the operator's webhook takes cpu and memory only."""
    limits: Mapping[str, Quantity] | None = None
    """What is not exceeded; the operator's webhook takes cpu and memory only."""


class ImageSpec(Model):
    """The image fields that every component of NicClusterPolicy and NicNodePolicy has."""

    repository: Annotated[str, Limits(pattern=r"[a-zA-Z0-9\.\-\/]+")] | None = None
    """Registry and path, such as nvcr.io/nvidia/mellanox; may be left to `spec.global` from v26.4.1 on."""
    image: Annotated[str, Limits(pattern=r"[a-zA-Z0-9\-]+")]
    """Name of the image, without registry and tag."""
    version: str | None = None
    """Tag, or sha256:... digest; may be left to `spec.global` from v26.4.1 on."""
    image_pull_secrets: Sequence[str] | None = None
    """Names of Secrets in the operator's namespace that can pull the image; none unless set."""
    container_resources: Sequence[ContainerResources] | None = None
    """Requests and limits of the component's containers."""


class GlobalConfig(Model):
    """`spec.global` of NicClusterPolicy: what components take where they say nothing."""

    repository: str | None = None
    """Registry and path for all components."""
    version: str | None = None
    """Tag for all components; the operator's webhook does not look at it when it judges `ofedDriver.version`."""
    image_pull_secrets: Sequence[str] | None = None
    """Names of Secrets that can pull all images."""


class ConfigMapName(Model):
    """The name of a ConfigMap in the operator's namespace."""

    name: str | None = None
    """Name of the ConfigMap."""


class RdmaSharedDevicePlugin(ImageSpec):
    """`spec.rdmaSharedDevicePlugin`: many pods share each InfiniBand device."""

    config: Annotated[SharedDevicePluginConfig, EmbeddedJson()] | None = None
    """The plugin's config, on the wire JSON text; without it the plugin's pods stay in ContainerCreating."""
    use_cdi: bool | None = None
    """Hands devices over by the Container Device Interface."""


class SriovDevicePlugin(ImageSpec):
    """`spec.sriovDevicePlugin`: each pod gets devices of its own."""

    config: Annotated[SriovDevicePluginConfig, EmbeddedJson()] | None = None
    """The plugin's config, on the wire JSON text; without it the plugin's pods stay in ContainerCreating."""
    use_cdi: bool | None = None
    """Hands devices over by the Container Device Interface."""


class Multus(ImageSpec):
    """`spec.secondaryNetwork.multus`: gives pods more than one network."""

    config: str | None = None
    """Multus' own CNI config as text; not set, Multus derives it from the cluster's default network."""


class SecondaryNetwork(Model):
    """`spec.secondaryNetwork`: what IPoIB and other second networks need on the nodes."""

    cni_plugins: ImageSpec | None = None
    """The standard CNI plugins, host-local and static IPAM among them."""
    multus: Multus | None = None
    """Multus."""
    ipoib: ImageSpec | None = None
    """The IPoIB CNI."""
    ipam_plugin: ImageSpec | None = None
    """The whereabouts IPAM; deprecated in v25.4.0, gone from v25.10.0 on, where nv-ipam takes its place."""


class NvIpam(ImageSpec):
    """`spec.nvIpam`: the IPAM that draws addresses from IPPools and CIDRPools."""

    enable_webhook: bool | None = None
    """Runs nv-ipam's webhook, which refuses pools that cannot be right; needs cert-manager."""


class IBKubernetes(ImageSpec):
    """`spec.ibKubernetes`: hands out InfiniBand partition keys together with UFM; no use on Azure."""

    periodic_update_seconds: NonNegativeInt | None = None
    """Seconds between updates; 5 unless set."""
    p_key_guid_pool_range_start: str
    """First GUID of the pool, eight bytes in hex with colons."""
    p_key_guid_pool_range_end: str
    """Last GUID of the pool; above the first."""
    ufm_secret: str
    """Name of the Secret with the credentials for UFM."""


class DocaTelemetryConfig(Model):
    """`spec.docaTelemetryService.config`."""

    from_config_map: str | None = None
    """ConfigMap in the operator's namespace with the service's config; required as soon as `config` is there."""


class DocaTelemetryService(ImageSpec):
    """`spec.docaTelemetryService`: NIC counters for Prometheus, port 9189 of the host."""

    config: DocaTelemetryConfig | None = None
    """A config of your own; not set, the operator makes a default one."""


class NicFirmwareStorage(Model):
    """`spec.nicConfigurationOperator.nicFirmwareStorage`: the volume for NIC firmware."""

    create: bool | None = None
    """True (the default) makes a new claim; false takes an existing one."""
    pvc_name: _DnsLabel | None = None
    """Name of the claim in the operator's namespace; nic-fw-storage-pvc unless set."""
    storage_class_name: _DnsLabel | None = None
    """Storage class; the cluster's default unless set. Cannot be changed later."""
    available_storage_size: Annotated[str, Limits(pattern=r"^(\d+)(Ei|Pi|Ti|Gi|Mi|Ki)$")] | None = None
    """Size to ask for; 1Gi unless set. Cannot be changed later."""


class NicConfigurationOperator(Model):
    """`spec.nicConfigurationOperator`: sets NIC firmware parameters; VMs on Azure do not let it."""

    operator: ImageSpec
    """Image of the operator's Deployment."""
    configuration_daemon: ImageSpec
    """Image of the DaemonSet that talks to the NICs."""
    log_level: Literal["info", "debug"] | None = None
    """How much it logs; info unless set."""
    nic_firmware_storage: NicFirmwareStorage | None = None
    """Volume for firmware; without it firmware is not updated."""
    env: Sequence[EnvVar] | None = None
    """Environment of operator and daemon."""


class SpectrumXOperator(ImageSpec):
    """`spec.spectrumXOperator`: for Spectrum-X Ethernet; no use with InfiniBand."""

    x_plane: ImageSpec | None = None
    """Image of X-Plane."""
    sriov_obj_namespace: str | None = None
    """Namespace of the SR-IOV Network Operator's objects."""
    spectrum_x_config: ConfigMapName | None = None
    """ConfigMap with its config."""


class DriverProbe(Model):
    """`startupProbe`, `livenessProbe` and `readinessProbe` of the driver's container."""

    initial_delay_seconds: int
    """Seconds from the container's start to the first probe."""
    period_seconds: int
    """Seconds between probes."""
    failure_threshold: int | None = None
    """Failures in a row that count; not set, the operator chooses (startup 60, from v26.4.1 on 120; others 1)."""
    timeout_seconds: int | None = None
    """Seconds after which a probe counts as failed; not set, the operator takes 10."""


class DrainSpec(Model):
    """`upgradePolicy.drain`: how a node is emptied before its driver is replaced; without it nothing is drained."""

    delete_empty_dir: bool | None = None
    """Whether to go on where pods would lose emptyDir volumes; false unless set."""
    enable: bool | None = None
    """Whether to drain; true unless set."""
    force: bool | None = None
    """Whether to remove pods that no controller would start again; false unless set."""
    timeout_seconds: NonNegativeInt | None = None
    """Seconds until draining is given up, 0 means never; 300 unless set."""
    pod_selector: str | None = None
    """Label selector of the pods to remove; not set means all."""


class WaitForCompletion(Model):
    """`upgradePolicy.waitForCompletion`: the pods that may finish before a node is upgraded."""

    pod_selector: str | None = None
    """Label selector of the pods to wait for."""
    timeout_seconds: NonNegativeInt | None = None
    """Seconds to wait, 0 means without end; 0 unless set."""


class UpgradePolicy(Model):
    """`ofedDriver.upgradePolicy`: how nodes get a new driver version."""

    auto_upgrade: bool | None = None
    """Whether the operator upgrades nodes; false unless set, and then everything else here is ignored."""
    drain: DrainSpec | None = None
    """How nodes are emptied; without it they are not."""
    max_parallel_upgrades: NonNegativeInt | None = None
    """Nodes upgraded at the same time, 0 means all; 1 unless set."""
    safe_load: bool | None = None
    """Whether to cordon and drain before the driver loads; false unless set, and needs `autoUpgrade`."""
    wait_for_completion: WaitForCompletion | None = None
    """Pods that may finish first."""


class OfedDriver(ImageSpec):
    """`spec.ofedDriver`: the DOCA-OFED driver in a container, in place of the driver that comes with the OS."""

    env: Sequence[EnvVar] | None = None
    """Environment of the driver's container, such as OFED_BLACKLIST_MODULES_FILE."""
    force_precompiled: bool | None = None
    """True refuses to compile on the node: without an image for the exact kernel the driver is in state error.
    False unless set."""
    upgrade_policy: UpgradePolicy | None = None
    """How nodes get a new version; not set, pods are replaced by hand."""
    startup_probe: DriverProbe | None = None
    """When the driver counts as loaded."""
    liveness_probe: DriverProbe | None = None
    """When the container is started anew."""
    readiness_probe: DriverProbe | None = None
    """When the node's driver counts as ready."""
    termination_grace_period_seconds: NonNegativeInt | None = None
    """Seconds to unload; 300 unless set."""
    cert_config: ConfigMapName | None = None
    """ConfigMap with TLS certificates for package repositories; Ubuntu, RHEL, RHCOS and SLES only."""
    repo_config: ConfigMapName | None = None
    """ConfigMap with package repositories; Ubuntu, RHEL, RHCOS and SLES only."""


class NicClusterPolicySpec(Model):
    """`spec` of NicClusterPolicy; a component that is not set is not deployed."""

    global_: GlobalConfig | None = None
    """Registry, tag and pull secrets for components that do not say their own."""
    node_affinity: NodeAffinity | None = None
    """Nodes for the DaemonSets of all components."""
    tolerations: Sequence[Toleration] | None = None
    """Taints that the DaemonSets tolerate, besides nvidia.com/gpu."""
    deployment_node_affinity: NodeAffinity | None = None
    """Nodes for the Deployments."""
    deployment_tolerations: Sequence[Toleration] | None = None
    """Taints that the Deployments tolerate."""
    ofed_driver: OfedDriver | None = None
    """The DOCA-OFED driver in a container; not set, nodes keep their own driver."""
    doca_telemetry_service: DocaTelemetryService | None = None
    """NIC counters for Prometheus."""
    rdma_shared_device_plugin: RdmaSharedDevicePlugin | None = None
    """Device plugin whose devices many pods share."""
    sriov_device_plugin: SriovDevicePlugin | None = None
    """Device plugin that gives every pod devices of its own."""
    secondary_network: SecondaryNetwork | None = None
    """What second networks of pods need, such as IPoIB."""
    nv_ipam: NvIpam | None = None
    """IPAM with pools."""
    ib_kubernetes: IBKubernetes | None = None
    """InfiniBand partition keys by UFM."""
    nic_feature_discovery: ImageSpec | None = None
    """Node labels about the NICs."""
    nic_configuration_operator: NicConfigurationOperator | None = None
    """NIC firmware parameters."""
    spectrum_x_operator: SpectrumXOperator | None = None
    """Spectrum-X Ethernet."""


class NicClusterPolicy(K8sObject):
    """The operator's one policy for the cluster; it acts on the name nic-cluster-policy only. Cluster-scoped."""

    api_version: Literal["mellanox.com/v1alpha1"] = "mellanox.com/v1alpha1"
    """Group and version."""
    kind: Literal["NicClusterPolicy"] = "NicClusterPolicy"
    """The kind."""
    spec: NicClusterPolicySpec | None = None
    """The components to deploy."""
    status: Untyped = None


class NicNodePolicySpec(Model):
    """`spec` of NicNodePolicy; what it sets, no NicClusterPolicy may set too."""

    node_selector: Mapping[str, str] | None = None
    """Labels of the nodes; empty means all, and no node may belong to two policies."""
    tolerations: Sequence[Toleration] | None = None
    """Taints that the DaemonSets tolerate, besides nvidia.com/gpu."""
    ofed_driver: OfedDriver | None = None
    """The DOCA-OFED driver in a container."""
    rdma_shared_device_plugin: RdmaSharedDevicePlugin | None = None
    """Device plugin whose devices many pods share."""
    sriov_device_plugin: SriovDevicePlugin | None = None
    """Device plugin that gives every pod devices of its own."""
    labels: Mapping[str, str] | None = None
    """Labels put on the objects that the operator makes."""
    annotations: Mapping[str, str] | None = None
    """Annotations put on the objects that the operator makes."""


class NicNodePolicy(K8sObject):
    """A policy for some nodes; its name has at most 30 characters. Cluster-scoped."""

    api_version: Literal["mellanox.com/v1alpha1"] = "mellanox.com/v1alpha1"
    """Group and version."""
    kind: Literal["NicNodePolicy"] = "NicNodePolicy"
    """The kind."""
    spec: NicNodePolicySpec | None = None
    """The nodes, and what they get."""
    status: Untyped = None
