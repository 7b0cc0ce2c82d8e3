"""The arithmetic of the IPoIB range: how many nodes and pods it serves, and what it collides with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from aksrdma.plan.decisions import Decisions, Problem

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Range:
    """The IPoIB range of a cluster, as its IPAM will use it."""

    decisions: Decisions

    @cached_property
    def network(self) -> Network:
        """The range without host bits."""
        return ip_network(self.decisions.cluster.ipoib.range, strict=False)

    @cached_property
    def gateway(self) -> Address:
        """As asked, else the first address, as upstream has it."""
        asked = self.decisions.cluster.ipoib.gateway
        return ip_address(asked) if asked else self.network[1 if self.network.num_addresses > 1 else 0]

    @property
    def usable(self) -> int:
        """Addresses without network and broadcast (nv-ipam `GetPossibleIPCount`; whereabouts counts alike)."""
        return self.network.num_addresses - 2 if self.network.version == 4 else self.network.num_addresses - 1

    @property
    def block_size(self) -> int:
        """Addresses that nv-ipam reserves for each node."""
        asked = self.decisions.cluster.ipoib.per_node_block_size
        return asked or self.decisions.cluster.rdma.shared_slots + 1

    @property
    def nodes_served(self) -> int:
        """Nodes that get a block of the pool (nv-ipam `allocator.go`)."""
        return self.usable // self.block_size

    def problems(self) -> list[Problem]:
        """Say why the range cannot serve the cluster; empty where it can."""
        longest = self.network.max_prefixlen - 2
        if self.network.prefixlen > longest:
            return [(_RANGE, f"{self.network} is too small: take a prefix of /{longest} or shorter")]
        if self.gateway not in self.network:
            outside = f"{self.gateway} is not in the range {self.network}; take an address of the range"
            return [(("ipoib", "gateway"), outside)]
        return self._too_few()

    def _too_few(self) -> list[Problem]:
        nodes = self.decisions.nodes
        if nodes is None:
            return []
        served = self.usable - 1 if self.decisions.whereabouts else self.nodes_served
        return [(_RANGE, f"{self.network} is too small: {self._arithmetic(nodes)}")] if served < nodes else []

    def _arithmetic(self, nodes: int) -> str:
        if self.decisions.whereabouts:
            return (
                f"{self.usable} usable addresses less 1 for the gateway serve {self.usable - 1} pods, the pools have "
                f"{nodes} nodes; take a shorter prefix"
            )
        return (
            f"{self.usable} usable addresses / {self.block_size} a node = {self.nodes_served} nodes, the pools have "
            f"{nodes}; take a shorter prefix or a smaller perNodeBlockSize"
        )


_RANGE: Final = ("ipoib", "range")


def overlapping(network: Network, other: str) -> bool:
    """Whether two ranges of the same family share an address."""
    second = ip_network(other, strict=False)
    return network.version == second.version and network.overlaps(second)
