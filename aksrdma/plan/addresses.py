"""The arithmetic of the IPoIB range: how many nodes and pods it serves, and what it collides with."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from aksrdma.findings import Problem
from aksrdma.plan.decisions import UNSERVABLE, Decisions

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address


@dataclass(frozen=True, eq=False)
class Range:
    """The IPoIB range of a cluster, as its IPAM will use it."""

    network: Network
    """The range without host bits."""
    gateway: Address
    """As asked, else the first address, as upstream has it."""
    block_size: int | None
    """Addresses that nv-ipam reserves for each node; None: whereabouts draws them one by one."""

    @classmethod
    def of(cls, decisions: Decisions) -> Range:
        """Return the range of a cluster."""
        asked = decisions.cluster.ipoib
        network = ip_network(asked.range, strict=False)
        first = network[1 if network.num_addresses > 1 else 0]
        block = asked.per_node_block_size or decisions.cluster.rdma.shared_slots + 1
        gateway = ip_address(asked.gateway) if asked.gateway else first
        return cls(network, gateway, None if decisions.whereabouts else block)

    @property
    def usable(self) -> int:
        """Addresses without network and broadcast (nv-ipam `GetPossibleIPCount`; whereabouts counts alike)."""
        return self.network.num_addresses - 2 if self.network.version == 4 else self.network.num_addresses - 1

    @property
    def served(self) -> int:
        """Nodes that get a block of the pool (nv-ipam `allocator.go`); with whereabouts, pods that get an address."""
        return self.usable // self.block_size if self.block_size else self.usable - 1

    def problem(self, nodes: int | None) -> Problem | None:
        """Say why the range cannot serve so many nodes; None where it can, or nobody knows how many there are."""
        longest = self.network.max_prefixlen - 2
        path = ("ipoib", "range")
        if self.network.prefixlen > longest:
            return Problem(UNSERVABLE, path, f"{self.network} is too small: take a prefix of /{longest} or shorter")
        if self.gateway not in self.network:
            outside = f"{self.gateway} is not in the range {self.network}"
            return Problem(UNSERVABLE, ("ipoib", "gateway"), outside, "take an address of the range")
        if nodes is None or nodes <= self.served:
            return None
        if self.block_size is None:
            arithmetic = (
                f"{self.usable} usable addresses less 1 for the gateway serve {self.served} pods, the pools have "
                f"{nodes} nodes"
            )
        else:
            arithmetic = (
                f"{self.usable} usable addresses / {self.block_size} a node = {self.served} nodes, the pools have "
                f"{nodes}"
            )
        fix = "take a shorter prefix" + (" or a smaller perNodeBlockSize" if self.block_size else "")
        return Problem(UNSERVABLE, path, f"{self.network} is too small: {arithmetic}", fix)


def overlapping(network: Network, other: str) -> bool:
    """Whether two ranges of the same family share an address."""
    second = ip_network(other, strict=False)
    return network.version == second.version and network.overlaps(second)
