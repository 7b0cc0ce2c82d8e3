"""Second networks of pods by the Network Operator: IPoIBNetwork, MacvlanNetwork and HostDeviceNetwork."""

from typing import Annotated, Literal, TypeAlias

from aksrdma.models.base import Model
from aksrdma.models.configs.ipam import Ipam
from aksrdma.models.configs.text import EmbeddedJson
from aksrdma.models.meta import K8sObject
from aksrdma.models.shape import NonNegativeInt, Untyped

# The operator takes all blanks out of the text, those inside strings too.
IpamText: TypeAlias = Annotated[Ipam, EmbeddedJson(empty_is_unset=True, escape_blanks=True)]


class IPoIBNetworkSpec(Model):
    """`spec` of IPoIBNetwork."""

    network_namespace: str | None = None
    """Namespace of the pods that use it; set it, for with none the object never becomes ready."""
    master: str | None = None
    """InfiniBand interface of the node, or an alternative name of it such as ibP257p0s0; the CNI refuses none."""
    ipam: IpamText | None = None
    """How pods get addresses, on the wire JSON text."""


class IPoIBNetwork(K8sObject):
    """A network with IP over InfiniBand; becomes a NetworkAttachmentDefinition of its name. Cluster-scoped."""

    api_version: Literal["mellanox.com/v1alpha1"] = "mellanox.com/v1alpha1"
    """Group and version."""
    kind: Literal["IPoIBNetwork"] = "IPoIBNetwork"
    """The kind."""
    spec: IPoIBNetworkSpec | None = None
    """Interface, namespace and addresses."""
    status: Untyped = None


class MacvlanNetworkSpec(Model):
    """`spec` of MacvlanNetwork."""

    network_namespace: str | None = None
    """Namespace of the pods that use it."""
    master: str | None = None
    """Interface of the node; that of the default route unless set."""
    mode: Literal["bridge", "private", "vepa", "passthru"] | None = None
    """Mode of the macvlan interface."""
    mtu: NonNegativeInt | None = None
    """MTU in bytes; 0 takes the interface's."""
    ipam: IpamText | None = None
    """How pods get addresses, on the wire JSON text."""


class MacvlanNetwork(K8sObject):
    """A macvlan network, for Ethernet; becomes a NetworkAttachmentDefinition of its name. Cluster-scoped."""

    api_version: Literal["mellanox.com/v1alpha1"] = "mellanox.com/v1alpha1"
    """Group and version."""
    kind: Literal["MacvlanNetwork"] = "MacvlanNetwork"
    """The kind."""
    spec: MacvlanNetworkSpec | None = None
    """Interface, namespace and addresses."""
    status: Untyped = None


class HostDeviceNetworkSpec(Model):
    """`spec` of HostDeviceNetwork."""

    network_namespace: str | None = None
    """Namespace of the pods that use it."""
    resource_name: str | None = None
    """Resource of the SR-IOV device plugin, without its prefix, which is to be nvidia.com."""
    ipam: IpamText | None = None
    """How pods get addresses, on the wire JSON text."""


class HostDeviceNetwork(K8sObject):
    """A network that moves a device of the node into the pod. Cluster-scoped."""

    api_version: Literal["mellanox.com/v1alpha1"] = "mellanox.com/v1alpha1"
    """Group and version."""
    kind: Literal["HostDeviceNetwork"] = "HostDeviceNetwork"
    """The kind."""
    spec: HostDeviceNetworkSpec | None = None
    """Resource, namespace and addresses."""
    status: Untyped = None
