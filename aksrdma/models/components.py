"""The components that a NicClusterPolicy deploys, except the DOCA-OFED driver (driver.py)."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from aksrdma.models.base import Model
from aksrdma.models.configs.shared_device_plugin import SharedDevicePluginConfig
from aksrdma.models.configs.sriov_device_plugin import SriovDevicePluginConfig
from aksrdma.models.configs.text import EmbeddedJson
from aksrdma.models.env import EnvVar
from aksrdma.models.types import Bool, ListOf, NonNegativeInt, Quantity

_DnsLabel: TypeAlias = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]


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

    repository: Annotated[str, Field(pattern=r"[a-zA-Z0-9\.\-\/]+")] | None = None
    """Registry and path, such as nvcr.io/nvidia/mellanox; may be left to `spec.global` from v26.4.1 on."""
    image: Annotated[str, Field(pattern=r"[a-zA-Z0-9\-]+")]
    """Name of the image, without registry and tag."""
    version: str | None = None
    """Tag, or sha256:... digest; may be left to `spec.global` from v26.4.1 on."""
    image_pull_secrets: ListOf[str] | None = None
    """Names of Secrets in the operator's namespace that can pull the image; none unless set."""
    container_resources: ListOf[ContainerResources] | None = None
    """Requests and limits of the component's containers."""


class GlobalConfig(Model):
    """`spec.global` of NicClusterPolicy: what components take where they say nothing."""

    repository: str | None = None
    """Registry and path for all components."""
    version: str | None = None
    """Tag for all components; the operator's webhook does not look at it when it judges `ofedDriver.version`."""
    image_pull_secrets: ListOf[str] | None = None
    """Names of Secrets that can pull all images."""


class ConfigMapName(Model):
    """The name of a ConfigMap in the operator's namespace."""

    name: str | None = None
    """Name of the ConfigMap."""


class RdmaSharedDevicePlugin(ImageSpec):
    """`spec.rdmaSharedDevicePlugin`: many pods share each InfiniBand device."""

    config: Annotated[SharedDevicePluginConfig, EmbeddedJson()] | None = None
    """The plugin's config, on the wire JSON text; without it the plugin's pods stay in ContainerCreating."""
    use_cdi: Bool | None = None
    """Hands devices over by the Container Device Interface."""


class SriovDevicePlugin(ImageSpec):
    """`spec.sriovDevicePlugin`: each pod gets devices of its own."""

    config: Annotated[SriovDevicePluginConfig, EmbeddedJson()] | None = None
    """The plugin's config, on the wire JSON text; without it the plugin's pods stay in ContainerCreating."""
    use_cdi: Bool | None = None
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

    enable_webhook: Bool | None = None
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

    create: Bool | None = None
    """True (the default) makes a new claim; false takes an existing one."""
    pvc_name: _DnsLabel | None = None
    """Name of the claim in the operator's namespace; nic-fw-storage-pvc unless set."""
    storage_class_name: _DnsLabel | None = None
    """Storage class; the cluster's default unless set. Cannot be changed later."""
    available_storage_size: Annotated[str, Field(pattern=r"^(\d+)(Ei|Pi|Ti|Gi|Mi|Ki)$")] | None = None
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
    env: ListOf[EnvVar] | None = None
    """Environment of operator and daemon."""


class SpectrumXOperator(ImageSpec):
    """`spec.spectrumXOperator`: for Spectrum-X Ethernet; no use with InfiniBand."""

    x_plane: ImageSpec | None = None
    """Image of X-Plane."""
    sriov_obj_namespace: str | None = None
    """Namespace of the SR-IOV Network Operator's objects."""
    spectrum_x_config: ConfigMapName | None = None
    """ConfigMap with its config."""
