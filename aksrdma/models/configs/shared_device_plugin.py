"""The config of the RDMA shared device plugin, as its v1.5.3 reads it."""

from aksrdma.models.base import Model
from aksrdma.models.types import Int, ListOf


class SharedDeviceSelectors(Model):
    """`selectors` of a pool: every key that is there must match, by one of its values."""

    vendors: ListOf[str] | None = None
    """PCI vendor ids, four lower-case hex digits: 15b3 is NVIDIA (Mellanox)."""
    device_ids: ListOf[str] | None = None
    """PCI device ids, four lower-case hex digits."""
    drivers: ListOf[str] | None = None
    """Kernel drivers, such as mlx5_core."""
    if_names: ListOf[str] | None = None
    """Names of network interfaces."""
    link_types: ListOf[str] | None = None
    """infiniband or ether; read from the interface, which InfiniBand NICs have with ib_ipoib loaded only."""


class SharedDevicePool(Model):
    """One entry of `configList`: a resource that pods ask for as `<resourcePrefix>/<resourceName>`."""

    resource_name: str
    """Letters, digits and underscores; unique in the list."""
    resource_prefix: str | None = None
    """Domain in front of the name; rdma unless set. The operator's webhook refuses one without a dot."""
    rdma_hca_max: Int
    """Containers on one node that may hold the resource at the same time; not a number of NICs."""
    selectors: SharedDeviceSelectors | None = None
    """Which devices belong to it; every container that holds the resource sees all of them."""
    devices: ListOf[str] | None = None
    """Interface names: the older form of `selectors.ifNames`, and not together with `selectors`."""


class SharedDevicePluginConfig(Model):
    """`spec.rdmaSharedDevicePlugin.config` of NicClusterPolicy and NicNodePolicy."""

    periodic_update_interval: Int | None = None
    """Seconds between looks for new devices, 0 for none; 60 unless set."""
    config_list: ListOf[SharedDevicePool]
    """The resources; at least one."""
