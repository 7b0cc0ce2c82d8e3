"""`ipam` of a network: whereabouts, nv-ipam, host-local, static, and any other type as it is."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict

from aksrdma.models.base import Model
from aksrdma.models.shape import ToldApartBy


class IpamRoute(Model):
    """One entry of `routes`."""

    dst: str
    """Destination, in CIDR notation."""
    gw: str | None = None
    """Next hop; the gateway unless set."""
    mtu: int | None = None
    """MTU in bytes along the route."""
    advmss: int | None = None
    """MSS in bytes to advertise."""
    priority: int | None = None
    """Metric of the route."""
    table: int | None = None
    """Routing table."""
    scope: int | None = None
    """Scope of the route."""


class Dns(Model):
    """`dns`: what goes into the pod's result; Kubernetes does not use it."""

    nameservers: Sequence[str] | None = None
    """Addresses of name servers."""
    domain: str | None = None
    """Local domain."""
    search: Sequence[str] | None = None
    """Search domains."""
    options: Sequence[str] | None = None
    """Resolver options."""


class IpamAddress(Model):
    """One entry of `addresses`."""

    address: str
    """Address with prefix length."""
    gateway: str | None = None
    """Gateway of its subnet."""


def _snake_case(name: str) -> str:
    # The one key of whereabouts that is not in snake case (IPAMConfig of its pkg/types).
    return "ipRanges" if name == "ip_ranges" else name


class WhereaboutsRange(Model):
    """One entry of `ipRanges`."""

    model_config = ConfigDict(alias_generator=_snake_case)

    range: str
    """Subnet in CIDR notation, or start-end/length."""
    range_start: str | None = None
    """First address to hand out."""
    range_end: str | None = None
    """Last address to hand out."""
    exclude: Sequence[str] | None = None
    """Subnets and addresses not to hand out."""


class WhereaboutsKubernetes(Model):
    """`kubernetes`: how whereabouts reaches the API server."""

    model_config = ConfigDict(alias_generator=_snake_case)

    kubeconfig: str | None = None
    """Path on the node; the operator's is /etc/cni/net.d/whereabouts.d/whereabouts.kubeconfig."""
    k8s_api_root: str | None = None
    """Address of the API server, in place of the kubeconfig's."""


class WhereaboutsIpam(Model):
    """ipam of type whereabouts (v0.7.0 to v0.9.4); releases from v25.10.0 on do not deploy it. Keys are snake_case."""

    model_config = ConfigDict(alias_generator=_snake_case)

    type: Literal["whereabouts"] = "whereabouts"
    """The IPAM plugin."""
    datastore: str | None = None
    """Ignored; examples say kubernetes."""
    kubernetes: WhereaboutsKubernetes | None = None
    """How to reach the API server."""
    range: str | None = None
    """Subnet in CIDR notation, or start-end/length."""
    range_start: str | None = None
    """First address to hand out; ignored in silence where it is not in the range."""
    range_end: str | None = None
    """Last address to hand out; ignored in silence where it is not in the range."""
    exclude: Sequence[str] | None = None
    """Subnets and addresses not to hand out; list the gateway here, for it is handed out otherwise."""
    ip_ranges: Sequence[WhereaboutsRange] | None = None
    """Several ranges; a pod gets an address of each."""
    routes: Sequence[IpamRoute] | None = None
    """Routes given to pods."""
    addresses: Sequence[IpamAddress] | None = None
    """Fixed addresses, given to every pod besides."""
    dns: Dns | None = None
    """Name servers of the result."""
    node_slice_size: str | None = None
    """Prefix length of each node's slice, /n or n (the 0.9 line, release v25.7.0)."""
    log_file: str | None = None
    """Path on the node."""
    log_level: str | None = None
    """debug, verbose, error or panic; any other counts as debug."""
    gateway: str | None = None
    """Gateway given to pods."""
    enable_overlapping_ranges: bool | None = None
    """Keeps addresses unique over networks with overlapping ranges; true unless set."""
    sleep_for_race: int | None = None
    """Seconds to wait before writing, to provoke races in tests."""
    leader_lease_duration: int | None = None
    """Milliseconds that a leader lease lasts; 1500 unless set."""
    leader_renew_deadline: int | None = None
    """Milliseconds to renew it; 1000 unless set."""
    leader_retry_period: int | None = None
    """Milliseconds between attempts; 500 unless set."""
    reconciler_cron_expression: str | None = None
    """When leaked addresses are freed."""
    configuration_path: str | None = None
    """Path on the node of a file with defaults."""
    network_name: str | None = None
    """Name that keeps apart networks with the same range."""


class NvIpamIpam(Model):
    """ipam of type nv-ipam: addresses come from an IPPool or CIDRPool in the operator's namespace."""

    type: Literal["nv-ipam"] = "nv-ipam"
    """The IPAM plugin."""
    pool_name: str | None = None
    """Name of the pool, or two with a comma for both IP families; the network's name unless set."""
    pool_type: str | None = None
    """ippool or cidrpool, in any case; ippool unless set."""
    force_pool_name: bool | None = None
    """True refuses a pod whose network names no pool (nv-ipam v0.3.7 on)."""
    daemon_socket: str | None = None
    """Socket of the node daemon."""
    daemon_call_timeout_seconds: int | None = None
    """Seconds to wait for the node daemon; 5 unless set."""
    conf_dir: str | None = None
    """Folder on the node; /etc/cni/net.d/nv-ipam.d unless set."""
    log_file: str | None = None
    """Path on the node."""
    log_level: str | None = None
    """How much it logs; info unless set."""


class HostLocalRange(Model):
    """One range of a host-local range set."""

    subnet: str
    """Subnet in CIDR notation, without host bits, not longer than /30."""
    range_start: str | None = None
    """First address to hand out."""
    range_end: str | None = None
    """Last address to hand out."""
    gateway: str | None = None
    """Gateway; the subnet's first address unless set. Not handed out."""


class HostLocalIpam(Model):
    """ipam of type host-local: every node counts for itself, so two nodes hand out the same addresses."""

    type: Literal["host-local"] = "host-local"
    """The IPAM plugin."""
    ranges: Sequence[Sequence[HostLocalRange]] | None = None
    """Sets of ranges; a pod gets an address of each set."""
    subnet: str | None = None
    """The older form of one range: its subnet."""
    range_start: str | None = None
    """The older form of one range: its first address."""
    range_end: str | None = None
    """The older form of one range: its last address."""
    gateway: str | None = None
    """The older form of one range: its gateway."""
    routes: Sequence[IpamRoute] | None = None
    """Routes given to pods."""
    data_dir: str | None = None
    """Folder on the node that keeps what is handed out; /var/lib/cni/networks unless set."""
    resolv_conf: str | None = None
    """Path on the node of a resolv.conf for the result."""


class StaticIpam(Model):
    """ipam of type static: every pod of the network gets the same addresses."""

    type: Literal["static"] = "static"
    """The IPAM plugin."""
    addresses: Sequence[IpamAddress] | None = None
    """The addresses."""
    routes: Sequence[IpamRoute] | None = None
    """Routes given to pods."""
    dns: Dns | None = None
    """Name servers of the result."""


Ipam: TypeAlias = Annotated[
    WhereaboutsIpam | NvIpamIpam | HostLocalIpam | StaticIpam | dict[str, Any], ToldApartBy("type", otherwise="other")
]
"""Told apart by `type`; data of any other type stays as it is."""
