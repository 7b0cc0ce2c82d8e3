"""The configs of the device plugins: the RDMA shared one as its v1.5.3, the SR-IOV one as its v3.9.0 to v3.11.0 read it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

from aksrdma.models.base import Model
from aksrdma.models.shape import ToldApartBy


class SharedDeviceSelectors(Model):
    """`selectors` of a pool: every key that is there must match, by one of its values."""

    vendors: Sequence[str] | None = None
    """PCI vendor ids, four lower-case hex digits: 15b3 is NVIDIA (Mellanox)."""
    device_ids: Sequence[str] | None = None
    """PCI device ids, four lower-case hex digits."""
    drivers: Sequence[str] | None = None
    """Kernel drivers, such as mlx5_core."""
    if_names: Sequence[str] | None = None
    """Names of network interfaces."""
    link_types: Sequence[str] | None = None
    """infiniband or ether; read from the interface, which InfiniBand NICs have with ib_ipoib loaded only."""


class SharedDevicePool(Model):
    """One entry of `configList`: a resource that pods ask for as `<resourcePrefix>/<resourceName>`."""

    resource_name: str
    """Letters, digits and underscores; unique in the list."""
    resource_prefix: str | None = None
    """Domain in front of the name; rdma unless set. The operator's webhook refuses one without a dot."""
    rdma_hca_max: int
    """Containers on one node that may hold the resource at the same time; not a number of NICs."""
    selectors: SharedDeviceSelectors | None = None
    """Which devices belong to it; every container that holds the resource sees all of them."""
    devices: Sequence[str] | None = None
    """Interface names: the older form of `selectors.ifNames`, and not together with `selectors`."""


class SharedDevicePluginConfig(Model):
    """`spec.rdmaSharedDevicePlugin.config` of NicClusterPolicy and NicNodePolicy."""

    periodic_update_interval: int | None = None
    """Seconds between looks for new devices, 0 for none; 60 unless set."""
    config_list: Sequence[SharedDevicePool]
    """The resources; at least one."""


class AcceleratorSelectors(Model):
    """`selectors` of deviceType accelerator: every key that is there must match, by one of its values."""

    vendors: Sequence[str] | None = None
    """PCI vendor ids, four lower-case hex digits: 15b3 is NVIDIA (Mellanox)."""
    devices: Sequence[str] | None = None
    """PCI device ids, four lower-case hex digits."""
    drivers: Sequence[str] | None = None
    """Kernel drivers, such as mlx5_core."""
    pci_addresses: Sequence[str] | None = None
    """PCI addresses, with domain."""


class _NetSelectors(Model):
    """What netDevice and auxNetDevice have in common."""

    vendors: Sequence[str] | None = None
    """PCI vendor ids, four lower-case hex digits: 15b3 is NVIDIA (Mellanox)."""
    devices: Sequence[str] | None = None
    """PCI device ids, four lower-case hex digits."""
    drivers: Sequence[str] | None = None
    """Kernel drivers, such as mlx5_core."""
    pf_names: Sequence[str] | None = None
    """Interfaces of physical functions, with a range of VFs after `#` if wanted: ens2f1#0,3-5."""
    root_devices: Sequence[str] | None = None
    """PCI addresses of physical functions, with a range of VFs after `#` if wanted."""
    link_types: Sequence[str] | None = None
    """infiniband or ether; read from the interface, which InfiniBand NICs have with ib_ipoib loaded only."""
    acpi_indexes: Sequence[str] | None = None
    """ACPI indexes; the operator's webhook refuses the key."""
    is_rdma: bool | None = None
    """True takes RDMA devices only, and mounts /dev/infiniband, without which pods have no verbs device."""
    need_vhost_net: bool | None = None
    """True mounts /dev/vhost-net and /dev/net/tun."""


class NetDeviceSelectors(_NetSelectors):
    """`selectors` of deviceType netDevice: every key that is there must match, by one of its values."""

    pci_addresses: Sequence[str] | None = None
    """PCI addresses, with domain."""
    ddp_profiles: Sequence[str] | None = None
    """Profiles of Intel's Dynamic Device Personalization."""
    p_keys: Sequence[str] | None = None
    """InfiniBand partition keys as text, such as 0x1; the operator's webhook refuses the key."""
    vdpa_type: Literal["virtio", "vhost"] | None = None
    """vDPA device type; not together with isRdma."""


class AuxNetDeviceSelectors(_NetSelectors):
    """`selectors` of deviceType auxNetDevice: every key that is there must match, by one of its values."""

    aux_types: Sequence[Literal["sf"]]
    """Kinds of auxiliary device; the plugin knows sf (scalable functions)."""


class _Resource(Model):
    """What entries of `resourceList` have in common, whatever the device type."""

    resource_prefix: str | None = None
    """Domain in front of the name; intel.com unless set. The operator's webhook refuses one without a dot."""
    resource_name: str
    """Letters, digits and underscores, to please both the plugin and the operator's webhook."""
    exclude_topology: bool | None = None
    """True gives the scheduler no NUMA hints; false unless set."""
    additional_info: Mapping[str, Mapping[str, str]] | None = None
    """Data for containers, by PCI address or `*`."""


class NetDeviceResource(_Resource):
    """One entry of `resourceList` of deviceType netDevice, which is the default; InfiniBand NICs belong here."""

    device_type: Literal["netDevice"] | None = None
    """Kind of device; netDevice unless set."""
    selectors: NetDeviceSelectors | Sequence[NetDeviceSelectors]
    """Which devices; a device goes to the first resource that matches. A list unites several choices."""


class AcceleratorResource(_Resource):
    """One entry of `resourceList` of deviceType accelerator."""

    device_type: Literal["accelerator"]
    """Kind of device."""
    selectors: AcceleratorSelectors | Sequence[AcceleratorSelectors]
    """Which devices; a device goes to the first resource that matches. A list unites several choices."""


class AuxNetDeviceResource(_Resource):
    """One entry of `resourceList` of deviceType auxNetDevice."""

    device_type: Literal["auxNetDevice"]
    """Kind of device."""
    selectors: AuxNetDeviceSelectors | Sequence[AuxNetDeviceSelectors]
    """Which devices; a device goes to the first resource that matches. A list unites several choices."""


SriovResource: TypeAlias = Annotated[
    NetDeviceResource | AcceleratorResource | AuxNetDeviceResource, ToldApartBy("device_type", otherwise="netDevice")
]


class SriovDevicePluginConfig(Model):
    """`spec.sriovDevicePlugin.config` of NicClusterPolicy and NicNodePolicy."""

    resource_list: Sequence[SriovResource]
    """The resources; at least one."""
