"""Addresses of secondary networks: that nobody else has them, and that there are enough for the pods of the set."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from aksrdma import catalog
from aksrdma.checks.plugins.pool_blocks import Pool, Run
from aksrdma.checks.register import rule
from aksrdma.checks.relation.installed import Attachment, Installed, SetPool
from aksrdma.findings import FieldPath, Problem, Severity
from aksrdma.kube.addresses import Address, Network, parse_cidr
from aksrdma.kube.kinds import NETWORK_KINDS, POOL_KINDS
from aksrdma.kube.labels import AGENT_POOL, NIC_LABEL
from aksrdma.kube.scheduling import REQUIRED, placement_of

if TYPE_CHECKING:
    from aksrdma.checks.plugins.ipam import Ipam
    from aksrdma.checks.sets import ManifestSet
    from aksrdma.cluster import Cluster
    from aksrdma.documents import Document

_PRIVATE: Final = ("192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8")
"""The private networks of RFC 1918, that of upstream's IPoIB network first."""
_LISTED: Final = 5
"""Ranges that a message names at most."""
_EXAMPLE: Final = 1 << 16
"""Addresses of a range that is proposed, as many as upstream's has."""
_RDMA: Final = "azure-rdma"
"""Row of the catalog's networks that is Azure's own InfiniBand network."""


class Block(NamedTuple):
    """Addresses that pods of a network get."""

    document: Document
    path: FieldPath
    network: Network
    """What a pod routes to the secondary interface."""
    first: Address
    last: Address
    guard: str | None = None
    """Who keeps blocks that overlap from handing out the same address: blocks with the same guard may overlap."""


class Taken(NamedTuple):
    """Addresses that are in use elsewhere."""

    network: Network
    use: str
    """What they are used for, as a message says it."""


@rule(
    "ipoib-networks-overlap",
    "ipoib-range-in-azure-rdma-network",
    "ipoib-range-overlaps-cluster",
    "ipoib-range-reserved-by-aks",
    kinds=NETWORK_KINDS | POOL_KINDS,
)
def ranges(manifests: ManifestSet) -> Iterator[Problem]:
    """Find ranges whose addresses are in use elsewhere."""
    found = list(_blocks(manifests.derived(Installed)))
    if not found:
        return
    own, cluster = TakenBlocks(_of_cluster(manifests.cluster)), manifests.cluster
    rendered = _range_of(cluster) if cluster is not None else None
    spare = _Spare([*own.all, *(Taken(block.network, "") for block in found)])
    reserved, azure = (TakenBlocks(_of_catalog("refused", rdma=rdma)) for rdma in (False, True))
    for block in found:
        # That of the cluster file's own range is told of the cluster file, from which the network was rendered.
        if block.network != rendered:
            yield from _collision("ipoib-range-overlaps-cluster", block, own, spare)
        yield from _collision("ipoib-range-reserved-by-aks", block, reserved, spare)
        yield from _collision("ipoib-range-in-azure-rdma-network", block, azure, spare)
    yield from overlaps(found)


def of_cluster_file(cluster: Cluster) -> Iterator[Problem]:
    """Find what the IPoIB range of a cluster file shares with the ranges of its cluster: paths are those of the file."""
    network = _range_of(cluster)
    taken = _of_cluster(cluster)
    hit = TakenBlocks(taken).overlapping(network) if network is not None else []
    if hit:
        message = f"the IPoIB range {network} overlaps {_listed(hit)}"
        path = ("spec", "ipoib", "range")
        yield Problem("ipoib-range-overlaps-cluster", path, message, _Spare(taken).advice(hit[0].network))


def _range_of(cluster: Cluster) -> Network | None:
    found = parse_cidr(cluster.ipoib.range) if "ipoib" in cluster.profiles else None
    return found[1] if found else None


def _blocks(installed: Installed) -> Iterator[Block]:
    """Yield the ranges of all networks and pools that can be read."""
    for network in installed.all_networks:
        for ipam in network.ipams:
            for one in ipam.ranges:
                yield Block(network.document, one.path, one.network, one.first, one.last, _guard(ipam))
            for entry in ipam.top.list("addresses") if ipam.type == "static" else ():
                written = parse_cidr(entry.text("address"))
                if written is not None:
                    address, around = written
                    yield Block(network.document, entry.at("address"), around, address, address)
    for pool in installed.pools:
        if pool.pool is not None:
            around = pool.pool.network
            yield Block(pool.document, _network_path(pool), around, around.first, around.last)


def _network_path(pool: SetPool) -> FieldPath:
    return ("spec", "subnet" if pool.kind == "IPPool" else "cidr")


def _guard(ipam: Ipam) -> str | None:
    # whereabouts looks at all ranges of a cluster together, unless it is told not to or its network has a name.
    if ipam.type != "whereabouts" or ipam.top.get("enable_overlapping_ranges") is False:
        return None
    return f"whereabouts {ipam.top.text('network_name')}"


def _collision(rule: str, block: Block, taken: TakenBlocks, spare: _Spare) -> Iterator[Problem]:
    if hit := taken.overlapping(block.network):
        message = f"{block.network} overlaps {_listed(hit)}"
        yield Problem(rule, block.path, message, spare.advice(block.network), document=block.document)


class TakenBlocks:
    """Blocks that somebody has, found by what they share with another one: of two CIDRs one then holds the other."""

    def __init__(self, taken: Sequence[Taken]) -> None:
        self.all = taken
        self._order = sorted(range(len(taken)), key=lambda place: taken[place].network)
        self._sorted = [taken[place].network for place in self._order]
        self._places: dict[Network, list[int]] = defaultdict(list)
        for place, one in enumerate(taken):
            self._places[one.network].append(place)
        self._lengths = sorted({one.network.length for one in taken})

    def overlapping(self, network: Network) -> list[Taken]:
        """Return those that share an address with a block, a few of them where they are many, in their order."""
        places: list[int] = []
        for length in self._lengths:
            if length < network.length:
                shift = network.bits - length
                above = Address(network.bits, network.first.value >> shift << shift)
                places += self._places.get(Network(above, length), ())[:_LISTED]
        inside = bisect_left(self._sorted, Network(network.first, 0))
        for at in range(inside, len(self._sorted)):
            if len(places) >= _LISTED or self._sorted[at].first not in network:
                break
            if self._sorted[at].length >= network.length:
                places.append(self._order[at])
        return [self.all[place] for place in sorted(places)]


def _listed(taken: Iterable[Taken]) -> str:
    return " and ".join(f"{other.network} ({other.use})" for other in taken)


class _Spare:
    """A private range that nothing else has, looked for when it is first asked for."""

    def __init__(self, taken: Sequence[Taken]) -> None:
        self._taken = taken

    def advice(self, instead_of: Network) -> str:
        """Return what to do about a range that somebody else has, with an example where there is one."""
        like = f", such as {self._found}" if instead_of.bits == 32 and self._found else ""
        return f"choose another private range{like}"

    @cached_property
    def _found(self) -> Network | None:
        known = (
            _of_catalog("refused", rdma=True),
            _of_catalog("refused", rdma=False),
            _of_catalog("warned", rdma=False),
        )
        taken = [one.network for one in (*self._taken, *(one for rows in known for one in rows))]
        ends = sorted((one.first.value, one.last.value) for one in taken if one.bits == 32)
        for private in map(parse_cidr, _PRIVATE):
            assert private is not None, "they are CIDRs"
            whole = private[1]
            for start in range(whole.last.value + 1 - _EXAMPLE, whole.first.value - 1, -_EXAMPLE):
                if not any(first < start + _EXAMPLE and last >= start for first, last in ends):
                    return Network(Address(32, start), 16)
        return None


def _of_cluster(cluster: Cluster | None) -> tuple[Taken, ...]:
    if cluster is None:
        return _of_catalog("warned", rdma=False)
    asked = [(cluster.network.pod_cidr, "pods"), (cluster.network.service_cidr, "services")]
    asked += [(cidr, "the virtual network") for cidr in cluster.network.vnet_cidrs]
    return tuple(_taken(cidr, f"{use} of the cluster") for cidr, use in asked)


@cache
def _of_catalog(overlap: str, *, rdma: bool) -> tuple[Taken, ...]:
    rows = [row for row in catalog.networks() if row.overlap == overlap and (row.name == _RDMA) is rdma]
    return tuple(_taken(row.cidr, row.use) for row in rows)


def _taken(cidr: str, use: str) -> Taken:
    found = parse_cidr(cidr)
    assert found is not None, "cluster file and catalog hold CIDRs alone"
    return Taken(found[1], use)


def overlaps(found: Sequence[Block]) -> Iterator[Problem]:
    """Find blocks with the same addresses, in one sweep by their first address.

    Of the blocks before one it is enough to know the one that reaches furthest, and the furthest of another guard.
    """
    order = {id(block): index for index, block in enumerate(found)}
    reach: list[tuple[str, Block]] = []
    for block in sorted(found, key=lambda one: (one.first, order[id(one)])):
        guard = block.guard or str(id(block.document))
        other = next((held for name, held in reach if name != guard and block.first <= held.last), None)
        if other is not None:
            early, late = sorted((block, other), key=lambda one: order[id(one)])
            message = f"{late.network} overlaps {early.network} of {early.document.label}: pods get the same addresses"
            yield Problem("ipoib-networks-overlap", late.path, message, document=late.document)
        ordered = sorted([*reach, (guard, block)], key=lambda entry: entry[1].last, reverse=True)
        reach = [ordered[0], *(entry for entry in ordered[1:] if entry[0] != ordered[0][0])][:2]


@rule(
    "ipam-capacity-too-small",
    "ippool-block-too-small-for-pods",
    "ippool-blocks-excluded",
    "ippool-too-few-blocks",
    kinds=NETWORK_KINDS | POOL_KINDS,
)
def capacity(manifests: ManifestSet) -> Iterator[Problem]:
    """Find ranges with too few addresses for the pods that ask for them."""
    installed = manifests.derived(Installed)
    of_pool: dict[tuple[str, str], list[Attachment]] = defaultdict(list)
    for network in installed.all_networks:
        attached = installed.pods_attached.get(network.key, ())
        pods = sum(found.pods or 0 for found in attached)
        for ipam in network.ipams:
            for name in ipam.pool_names:
                of_pool[ipam.pool_kind, name] += attached
            room = ipam.capacity if ipam.type == "whereabouts" else None
            if room is not None and room < pods:
                smallest = min(ipam.ranges, key=lambda one: one.capacity)
                message = f"{smallest.network} holds {room} addresses for the {pods} pods that ask for {network.name!r}"
                yield Problem("ipam-capacity-too-small", smallest.path, message, document=network.document)
    for pool in installed.pools:
        yield from _of_pool(pool, of_pool.get((pool.kind, pool.name), []), manifests)


def _of_pool(pool: SetPool, attached: list[Attachment], manifests: ManifestSet) -> Iterator[Problem]:
    if pool.pool is None or pool.pool.cut < 1:  # which is told of the pool itself
        return
    nodes, runs = _selected_nodes(pool, manifests), pool.pool.runs(manifests.release)
    served, size = sum(run.nodes for run in runs), pool.pool.block_size
    blocks = f"{pool.pool.network} makes {served or 'no'} block{'s' if served > 1 else ''} of {size}"
    few = nodes is not None and served < nodes
    if few or not served:
        message = f"{blocks}, one a node, for {nodes} nodes" if few else f"{blocks} that is not excluded as a whole"
        yield Problem("ippool-too-few-blocks", _network_path(pool), message, document=pool.document)
    elif served == 1 and nodes is None and not pool.document.value(("spec", "nodeSelector")):
        message = f"{blocks} and so serves a single node: pods on a second one get no address"
        path = _network_path(pool)
        yield Problem("ippool-too-few-blocks", path, message, severity="warning", document=pool.document)
    yield from _barren(pool, pool.pool, runs, nodes)
    room, pods = pool.pool.pods_per_node, _on_one_node(attached, manifests.nodes)
    if pods > room:
        message = f"a node has {room} addresses of this pool, but at least {pods} pods that ask for one"
        path = ("spec", "perNodeBlockSize" if pool.kind == "IPPool" else "perNodeNetworkPrefix")
        yield Problem("ippool-block-too-small-for-pods", path, message, document=pool.document)


def _barren(pool: SetPool, view: Pool, runs: Sequence[Run], nodes: int | None) -> Iterator[Problem]:
    """Find the nodes whose block holds no address for a pod: the first of `nodes`, or of all that get a block."""
    served = sum(run.nodes for run in runs)
    asked = served if nodes is None else min(nodes, served)
    before = barren = at = 0
    for run in runs:
        count = max(0, min(run.nodes, asked - at))
        barren += count if run.barren else 0
        before += count if not barren else 0
        at += run.nodes
    if not barren:
        return
    keys = [key for key in ("exclusions", "perNodeExclusions") if pool.document.value(("spec", key))]
    which = f"each of {asked} nodes" if barren == asked else f"{barren} of {asked} nodes"
    why = f"{' and '.join(keys)} leave none of the {view.block_size}" if keys else "the gateway takes the only one"
    message = f"the pods of {which} get no address: in the block of such a node {why}"
    # Nodes that are not there lose nothing, and the first block always has a node.
    severity: Severity = "warning" if nodes is None and before else "error"
    path = ("spec", keys[0] if keys else "gatewayIndex")
    yield Problem("ippool-blocks-excluded", path, message, severity=severity, document=pool.document)


def _on_one_node(attached: list[Attachment], nodes: int | None) -> int:
    """Return how many of the pods are on the fullest node at least, however they are spread."""
    everywhere = sum(1 for found in attached if found.document.kind == "DaemonSet")
    others = sum(found.pods or 0 for found in attached if found.document.kind != "DaemonSet")
    return everywhere + (-(-others // nodes) if nodes else 0)


def _selected_nodes(pool: SetPool, manifests: ManifestSet) -> int | None:
    """Return how many nodes of the set a pool is for, or None where its nodeSelector asks for what is not known."""
    selector = pool.document.value(("spec", "nodeSelector"))
    terms = placement_of({"affinity": {"nodeAffinity": {REQUIRED: selector}}}).terms or ()
    asked = [one for term in terms for one in term if one.key != NIC_LABEL]
    if not asked:
        return manifests.nodes
    cluster = manifests.cluster
    if cluster is None or len(terms) != 1 or len(asked) != 1:
        return None
    if asked[0].key not in AGENT_POOL or asked[0].operator != "In":
        return None
    counts = [one.count for one in cluster.node_pools if one.name in asked[0].values]
    return sum(count or 0 for count in counts) if all(count is not None for count in counts) else None
