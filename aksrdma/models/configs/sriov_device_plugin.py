"""The config of the SR-IOV network device plugin, as its v3.9.0 to v3.11.0 read it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import Discriminator, Tag

from aksrdma.models.base import Model
from aksrdma.models.types import Bool, ListOf

_Selectors = TypeVar("_Selectors", bound=Model)


def _how_many(value: Any) -> str:
    return "many" if isinstance(value, list | tuple) else "one"


OneOrMany: TypeAlias = Annotated[
    Annotated[_Selectors, Tag("one")] | Annotated[ListOf[_Selectors], Tag("many")], Discriminator(_how_many)
]


class AcceleratorSelectors(Model):
    """`selectors` of deviceType accelerator: every key that is there must match, by one of its values."""

    vendors: ListOf[str] | None = None
    """PCI vendor ids, four lower-case hex digits: 15b3 is NVIDIA (Mellanox)."""
    devices: ListOf[str] | None = None
    """PCI device ids, four lower-case hex digits."""
    drivers: ListOf[str] | None = None
    """Kernel drivers, such as mlx5_core."""
    pci_addresses: ListOf[str] | None = None
    """PCI addresses, with domain."""


class _NetSelectors(Model):
    """What netDevice and auxNetDevice have in common."""

    vendors: ListOf[str] | None = None
    """PCI vendor ids, four lower-case hex digits: 15b3 is NVIDIA (Mellanox)."""
    devices: ListOf[str] | None = None
    """PCI device ids, four lower-case hex digits."""
    drivers: ListOf[str] | None = None
    """Kernel drivers, such as mlx5_core."""
    pf_names: ListOf[str] | None = None
    """Interfaces of physical functions, with a range of VFs after `#` if wanted: ens2f1#0,3-5."""
    root_devices: ListOf[str] | None = None
    """PCI addresses of physical functions, with a range of VFs after `#` if wanted."""
    link_types: ListOf[str] | None = None
    """infiniband or ether; read from the interface, which InfiniBand NICs have with ib_ipoib loaded only."""
    acpi_indexes: ListOf[str] | None = None
    """ACPI indexes; the operator's webhook refuses the key."""
    is_rdma: Bool | None = None
    """True takes RDMA devices only, and mounts /dev/infiniband, without which pods have no verbs device."""
    need_vhost_net: Bool | None = None
    """True mounts /dev/vhost-net and /dev/net/tun."""


class NetDeviceSelectors(_NetSelectors):
    """`selectors` of deviceType netDevice: every key that is there must match, by one of its values."""

    pci_addresses: ListOf[str] | None = None
    """PCI addresses, with domain."""
    ddp_profiles: ListOf[str] | None = None
    """Profiles of Intel's Dynamic Device Personalization."""
    p_keys: ListOf[str] | None = None
    """InfiniBand partition keys as text, such as 0x1; the operator's webhook refuses the key."""
    vdpa_type: Literal["virtio", "vhost"] | None = None
    """vDPA device type; not together with isRdma."""


class AuxNetDeviceSelectors(_NetSelectors):
    """`selectors` of deviceType auxNetDevice: every key that is there must match, by one of its values."""

    aux_types: ListOf[Literal["sf"]]
    """Kinds of auxiliary device; the plugin knows sf (scalable functions)."""


class _Resource(Model):
    """What entries of `resourceList` have in common, whatever the device type."""

    resource_prefix: str | None = None
    """Domain in front of the name; intel.com unless set. The operator's webhook refuses one without a dot."""
    resource_name: str
    """Letters, digits and underscores, to please both the plugin and the operator's webhook."""
    exclude_topology: Bool | None = None
    """True gives the scheduler no NUMA hints; false unless set."""
    additional_info: Mapping[str, Mapping[str, str]] | None = None
    """Data for containers, by PCI address or `*`."""


class NetDeviceResource(_Resource):
    """One entry of `resourceList` of deviceType netDevice, which is the default; InfiniBand NICs belong here."""

    device_type: Literal["netDevice"] | None = None
    """Kind of device; netDevice unless set."""
    selectors: OneOrMany[NetDeviceSelectors]
    """Which devices; a device goes to the first resource that matches. A list unites several choices."""


class AcceleratorResource(_Resource):
    """One entry of `resourceList` of deviceType accelerator."""

    device_type: Literal["accelerator"]
    """Kind of device."""
    selectors: OneOrMany[AcceleratorSelectors]
    """Which devices; a device goes to the first resource that matches. A list unites several choices."""


class AuxNetDeviceResource(_Resource):
    """One entry of `resourceList` of deviceType auxNetDevice."""

    device_type: Literal["auxNetDevice"]
    """Kind of device."""
    selectors: OneOrMany[AuxNetDeviceSelectors]
    """Which devices; a device goes to the first resource that matches. A list unites several choices."""


def _device_type(value: Any) -> str:
    if isinstance(value, Mapping):
        found = value.get("deviceType", value.get("device_type"))
    else:
        found = getattr(value, "device_type", None)
    return found if found in ("accelerator", "auxNetDevice") else "netDevice"


SriovResource: TypeAlias = Annotated[
    Annotated[NetDeviceResource, Tag("netDevice")]
    | Annotated[AcceleratorResource, Tag("accelerator")]
    | Annotated[AuxNetDeviceResource, Tag("auxNetDevice")],
    Discriminator(_device_type),
]


class SriovDevicePluginConfig(Model):
    """`spec.sriovDevicePlugin.config` of NicClusterPolicy and NicNodePolicy."""

    resource_list: ListOf[SriovResource]
    """The resources; at least one."""
