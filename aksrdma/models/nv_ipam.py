"""Pools of nv-ipam: IPPool and CIDRPool. They count in the operator's namespace only."""

from collections.abc import Sequence
from typing import Literal

from aksrdma.models.base import Model
from aksrdma.models.meta import K8sObject
from aksrdma.models.scheduling import NodeSelector
from aksrdma.models.shape import NonNegativeInt, Untyped


class ExcludeRange(Model):
    """One entry of `exclusions`: addresses that no pod gets."""

    start_ip: str
    """First address."""
    end_ip: str
    """Last address; not below the first."""


class ExcludeIndexRange(Model):
    """One entry of `perNodeExclusions`: places in every node's share that no pod gets."""

    start_index: NonNegativeInt
    """First place, from 0."""
    end_index: NonNegativeInt
    """Last place; not below the first."""


class Route(Model):
    """One entry of `routes`."""

    dst: str
    """Destination, in CIDR notation; reached by the pool's gateway."""


class IPPoolSpec(Model):
    """`spec` of IPPool: one subnet, from which every node gets a block of addresses."""

    subnet: str
    """The subnet, in CIDR notation."""
    per_node_block_size: int
    """Addresses a node gets; the pool serves floor(usable addresses / this) nodes."""
    gateway: str | None = None
    """Gateway, inside the subnet; no pod gets its address."""
    default_gateway: bool | None = None
    """Makes `gateway` the pods' default route."""
    exclusions: Sequence[ExcludeRange] | None = None
    """Addresses that no pod gets."""
    per_node_exclusions: Sequence[ExcludeIndexRange] | None = None
    """Places in every block that no pod gets."""
    routes: Sequence[Route] | None = None
    """Routes by `gateway`."""
    node_selector: NodeSelector | None = None
    """Nodes that get a block; all unless set."""


class IPPool(K8sObject):
    """A subnet that nodes share in blocks, for one layer-2 network such as an InfiniBand fabric. Namespaced."""

    api_version: Literal["nv-ipam.nvidia.com/v1alpha1"] = "nv-ipam.nvidia.com/v1alpha1"
    """Group and version."""
    kind: Literal["IPPool"] = "IPPool"
    """The kind."""
    spec: IPPoolSpec
    """Subnet and block size."""
    status: Untyped = None


class CIDRPoolStaticAllocation(Model):
    """One entry of `staticAllocations`: a prefix kept for a node, or for no one."""

    node_name: str | None = None
    """The node; not set, the prefix is only kept free."""
    prefix: str
    """The prefix, of the length `perNodeNetworkPrefix`."""
    gateway: str | None = None
    """Gateway inside the prefix."""


class CIDRPoolSpec(Model):
    """`spec` of CIDRPool: one range, from which every node gets a subnet of its own."""

    cidr: str
    """The range, in CIDR notation, without host bits."""
    per_node_network_prefix: int
    """Length of a node's prefix; the pool serves 2^(this - length of cidr) nodes."""
    gateway_index: int | None = None
    """Place of the gateway in every node's prefix; no gateway unless set."""
    default_gateway: bool | None = None
    """Makes the gateway the pods' default route."""
    exclusions: Sequence[ExcludeRange] | None = None
    """Addresses that no pod gets."""
    per_node_exclusions: Sequence[ExcludeIndexRange] | None = None
    """Places in every prefix that no pod gets."""
    routes: Sequence[Route] | None = None
    """Routes by the node's gateway."""
    static_allocations: Sequence[CIDRPoolStaticAllocation] | None = None
    """Prefixes kept for nodes."""
    node_selector: NodeSelector | None = None
    """Nodes that get a prefix; all unless set."""


class CIDRPool(K8sObject):
    """A range in which every node has its own subnet, for routed networks. Namespaced."""

    api_version: Literal["nv-ipam.nvidia.com/v1alpha1"] = "nv-ipam.nvidia.com/v1alpha1"
    """Group and version."""
    kind: Literal["CIDRPool"] = "CIDRPool"
    """The kind."""
    spec: CIDRPoolSpec
    """Range and prefix length."""
    status: Untyped = None
