"""Address ranges of a set: who else has them, and the numbers at which they are too small."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.addresses import capacity, of_cluster_file, ranges
from aksrdma.cluster import Cluster, NodePool
from aksrdma.cluster.model import ClusterNetwork
from aksrdma.documents import Document
from tests.checks.relation.relation_props import (
    H100,
    POOL,
    manifest,
    network,
    pool,
    rules,
    said,
)

NIC = "feature.node.kubernetes.io/pci-15b3.present"


def whereabouts(cidr: str, **more: Any) -> dict[str, Any]:
    return {"type": "whereabouts", "range": cidr, **more}


def asking(count: int, kind: str = "Deployment") -> Document:
    metadata = {"annotations": {"k8s.v1.cni.cncf.io/networks": "ib"}}
    spec = {"replicas": count, "template": {"metadata": metadata, "spec": {"containers": []}}}
    return manifest(kind, "apps/v1", spec)


@pytest.mark.parametrize(
    ("cidr", "broken"),
    [
        pytest.param("192.168.5.0/24", [], id="nobody"),
        pytest.param("172.16.3.0/24", ["ipoib-range-in-azure-rdma-network"], id="azures-own-infiniband"),
        pytest.param("172.30.0.0/24", ["ipoib-range-reserved-by-aks"], id="aks-itself"),
        pytest.param("169.254.1.0/24", ["ipoib-range-reserved-by-aks"], id="azures-services"),
        pytest.param("10.0.5.0/24", ["ipoib-range-overlaps-cluster"], id="services-by-default"),
    ],
)
def test_a_range_is_that_of(cidr: str, broken: list[str]) -> None:
    assert rules(ranges, network(ipam=whereabouts(cidr))) == broken


def test_with_a_cluster_file_its_ranges_count_and_not_the_defaults() -> None:
    cluster = Cluster(network=ClusterNetwork(pod_cidr="192.168.0.0/17", vnet_cidrs=["10.99.0.0/16"]))

    (found,) = said(ranges, network(ipam=whereabouts("192.168.5.0/24")), cluster=cluster)
    assert found.message == "192.168.5.0/24 overlaps 192.168.0.0/17 (pods of the cluster)"
    (found,) = said(ranges, network(ipam=whereabouts("10.99.5.0/24")), cluster=cluster)
    assert found.message == "10.99.5.0/24 overlaps 10.99.0.0/16 (the virtual network of the cluster)"
    assert rules(ranges, network(ipam=whereabouts("10.244.5.0/24")), cluster=cluster) == []


@pytest.mark.parametrize(
    ("first", "second", "broken"),
    [
        pytest.param(whereabouts("192.168.5.0/24"), whereabouts("192.168.5.0/24"), False, id="whereabouts-minds-it"),
        pytest.param(
            whereabouts("192.168.5.0/24", network_name="a"), whereabouts("192.168.5.0/24"), True, id="but-not-by-name"
        ),
        pytest.param(
            whereabouts("192.168.5.0/24", enable_overlapping_ranges=False),
            whereabouts("192.168.5.0/24"), True, id="nor-where-it-is-told-not-to",
        ),
        pytest.param(
            {"type": "static", "addresses": [{"address": "192.168.5.9/24"}]},
            {"type": "static", "addresses": [{"address": "192.168.5.9/16"}]}, True, id="one-address-twice",
        ),
        pytest.param(
            {"type": "static", "addresses": [{"address": "192.168.5.8/24"}]},
            {"type": "static", "addresses": [{"address": "192.168.5.9/24"}]}, False, id="two-addresses-of-a-network",
        ),
    ],
)  # fmt: skip
def test_two_networks_share_addresses(first: Any, second: Any, broken: bool) -> None:
    found = said(ranges, network("a", first), network("b", second))

    assert [one.rule for one in found] == ["ipoib-networks-overlap"] * broken
    assert all("IPoIBNetwork/a: pods get the same addresses" in one.message for one in found)


def test_a_pool_that_overlaps_one_of_another_kind_is_named_where_it_says_its_network() -> None:
    one = pool("IPPool", "a", subnet="192.168.0.0/24", perNodeBlockSize=8)
    other = pool("CIDRPool", "b", cidr="192.168.0.0/16", perNodeNetworkPrefix=28)

    assert [found.path for found in said(ranges, one, other)] == ["spec.cidr"]
    assert [found.path for found in said(ranges, other, one)] == ["spec.cidr"]  # CIDRPools come after IPPools
    assert rules(ranges, one, pool("IPPool", "b", subnet="192.168.1.0/24", perNodeBlockSize=8)) == []


@pytest.mark.parametrize(
    ("count", "broken"), [pytest.param(6, False, id="as-many-as-it-holds"), pytest.param(7, True, id="one-more")]
)
def test_a_range_holds_pods(count: int, broken: bool) -> None:
    found = said(capacity, network(ipam=whereabouts("192.168.5.0/29")), asking(count))

    assert [one.message for one in found] == [
        f"192.168.5.0/29 holds 6 addresses for the {count} pods that ask for 'ib'"
    ] * broken


def test_ranges_of_other_plugins_are_not_for_all_nodes_together() -> None:
    assert rules(capacity, network(ipam={"type": "host-local", "subnet": "192.168.5.0/29"}), asking(99)) == []


FEW = {"subnet": "192.168.0.0/24", "perNodeBlockSize": 64}
"""Three blocks, one a node: the last address is no block's."""


def selected(*expressions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"nodeSelector": {"nodeSelectorTerms": [{"matchExpressions": list(expressions)}], **more}}


def of_pools(*names: str, operator: str = "In", key: str = POOL) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(names)}


CLUSTER = Cluster(
    node_pools=[
        NodePool(name="a", vm_size=H100, count=3), NodePool(name="b", vm_size=H100, count=1),
        NodePool(name="c", vm_size=H100),
    ]
)  # fmt: skip
PRESENT = {"key": NIC, "operator": "In", "values": ["true"]}


@pytest.mark.parametrize(
    ("selector", "options", "nodes"),
    [
        pytest.param({}, {"nodes": 3}, None, id="as-many-nodes-as-blocks"),
        pytest.param({}, {"nodes": 4}, 4, id="one-node-more"),
        pytest.param({}, {}, None, id="nodes-that-nobody-counted"),
        pytest.param(selected(PRESENT), {"nodes": 4}, 4, id="nodes-with-a-nic"),
        pytest.param(selected({"key": "zone", "operator": "Exists"}), {"nodes": 4}, None, id="nodes-of-an-unknown-label"),
        pytest.param(selected(of_pools("a", "b")), {"nodes": 9, "cluster": CLUSTER}, 4, id="nodes-of-its-pools"),
        pytest.param(selected(of_pools("a")), {"nodes": 9, "cluster": CLUSTER}, None, id="of-fewer-pools"),
        pytest.param(
            selected(of_pools("a", "b", key="agentpool"), PRESENT), {"cluster": CLUSTER}, 4, id="by-the-old-label-and-a-nic"
        ),
        pytest.param(selected(of_pools("a", "c")), {"cluster": CLUSTER}, None, id="of-a-pool-without-a-count"),
        pytest.param(selected(of_pools("a", operator="NotIn")), {"nodes": 9, "cluster": CLUSTER}, None, id="of-all-others"),
        pytest.param(selected(of_pools("a", "b")), {"nodes": 9}, None, id="of-pools-nobody-knows"),
        pytest.param(
            {"nodeSelector": {"nodeSelectorTerms": [{"matchExpressions": [of_pools("a", "b")]},
                                                    {"matchExpressions": [PRESENT]}]}},
            {"nodes": 9, "cluster": CLUSTER}, None, id="of-either-selection",
        ),
    ],
)  # fmt: skip
def test_blocks_are_for(selector: dict[str, Any], options: dict[str, Any], nodes: int | None) -> None:
    found = said(capacity, pool(**FEW, **selector), **options)

    message = f"192.168.0.0/24 makes 3 blocks of 64, one a node, for {nodes} nodes"
    assert [one.message for one in found] == [message] * (nodes is not None)


@pytest.mark.parametrize(
    ("documents", "nodes", "broken"),
    [
        pytest.param([asking(8)], 1, 0, id="as-many-pods-as-addresses"),
        pytest.param([asking(9)], 1, 9, id="one-pod-more"),
        pytest.param([asking(16)], 2, 0, id="spread-over-two-nodes"),
        pytest.param([asking(17)], 2, 9, id="of-which-one-has-more"),
        pytest.param([asking(8), asking(0, "DaemonSet")], 1, 9, id="beside-one-on-each-node"),
        pytest.param([asking(99)], None, 0, id="on-nobody-knows-how-many-nodes"),
    ],
)
def test_a_block_holds_the_pods_of_a_node(documents: list[Document], nodes: int | None, broken: int) -> None:
    own = pool(
        "CIDRPool", cidr="192.168.0.0/16", perNodeNetworkPrefix=28, perNodeExclusions=[{"startIndex": 0, "endIndex": 6}]
    )
    ipam = {"type": "nv-ipam", "poolName": "pool", "poolType": "cidrpool"}

    found = said(capacity, network(ipam=ipam), own, *documents, nodes=nodes)

    room = 8
    assert [(one.path, one.message) for one in found] == [
        (
            "spec.perNodeNetworkPrefix",
            f"a node has {room} addresses of this pool, but at least {broken} pods that ask for one",
        )
    ] * bool(broken)


def test_pools_that_cannot_be_read_are_left_to_others() -> None:
    assert rules(capacity, pool(subnet="nonsense", perNodeBlockSize=8), nodes=9) == []
    assert rules(ranges, pool(subnet="nonsense", perNodeBlockSize=8)) == []


EXCLUDED = [{"startIP": "192.168.0.9", "endIP": "192.168.0.24"}]
POD_POOL = {"subnet": "192.168.0.0/24", "perNodeBlockSize": 8}


@pytest.mark.parametrize(
    ("nodes", "exclusions", "broken"),
    [
        pytest.param(1, EXCLUDED, [], id="behind-the-last-node"),
        pytest.param(2, EXCLUDED, [("error", "1 of 2 nodes")], id="of-the-last-node"),
        pytest.param(9, EXCLUDED, [("error", "2 of 9 nodes")], id="of-two-nodes"),
        pytest.param(None, EXCLUDED, [("warning", "2 of 31 nodes")], id="of-nobody-knows-how-many"),
        pytest.param(
            None, [{**EXCLUDED[0], "startIP": "192.168.0.1"}], [("error", "3 of 31 nodes")], id="of-the-first-node"
        ),
        pytest.param(
            2, [{**EXCLUDED[0], "startIP": "192.168.0.1"}], [("error", "each of 2 nodes")], id="of-every-node"
        ),
    ],
)
def test_a_block_is_excluded_as_a_whole(
    nodes: int | None, exclusions: list[dict[str, str]], broken: list[tuple[str, str]]
) -> None:
    found = said(capacity, pool(**POD_POOL, exclusions=exclusions), nodes=nodes, release="v25.10.0")

    assert [(one.rule, one.path, one.severity) for one in found] == [
        ("ippool-blocks-excluded", "spec.exclusions", severity) for severity, _ in broken
    ]
    assert [one.message for one in found] == [
        f"the pods of {which} get no address: in the block of such a node exclusions leave none of the 8"
        for _, which in broken
    ]
    assert said(capacity, pool(**POD_POOL, exclusions=exclusions), nodes=nodes, release="v26.1.2") == []


def test_exclusions_by_index_and_a_gateway_may_take_all_of_a_block_as_well() -> None:
    both = {"perNodeExclusions": [{"startIndex": 0, "endIndex": 3}]}
    (found,) = said(capacity, pool(**POD_POOL, **both, exclusions=[{"startIP": "192.168.0.4", "endIP": "192.168.0.7"}]))
    assert "in the block of such a node exclusions and perNodeExclusions leave none of the 8" in found.message
    (found,) = said(capacity, pool("CIDRPool", cidr="192.168.0.0/30", perNodeNetworkPrefix=32, gatewayIndex=0))
    assert found.path == "spec.gatewayIndex"
    assert found.message.endswith("in the block of such a node the gateway takes the only one")


def test_a_pool_of_one_block_serves_one_node() -> None:
    one = {"subnet": "192.168.0.0/28", "perNodeBlockSize": 8}
    (found,) = said(capacity, pool(**one))

    assert (found.rule, found.severity) == ("ippool-too-few-blocks", "warning")
    assert found.message == (
        "192.168.0.0/28 makes 1 block of 8 and so serves a single node: pods on a second one get no address"
    )
    assert said(capacity, pool(**one), nodes=1) == []
    assert said(capacity, pool(**one, nodeSelector={"nodeSelectorTerms": []})) == []
    assert said(capacity, pool(**{**one, "perNodeBlockSize": 7})) == []


def test_a_pool_whose_blocks_are_all_excluded_serves_nobody() -> None:
    whole = [{"startIP": "192.168.0.1", "endIP": "192.168.0.254"}]
    (found,) = said(capacity, pool(**POD_POOL, exclusions=whole))

    assert (found.rule, found.severity) == ("ippool-too-few-blocks", None)
    assert found.message == "192.168.0.0/24 makes no block of 8 that is not excluded as a whole"


def test_a_block_that_does_not_fit_into_the_network_is_told_of_the_pool_alone() -> None:
    assert said(capacity, pool(subnet="192.168.0.0/28", perNodeBlockSize=64), nodes=2) == []


def example(found: Any) -> str:
    """Return the range that a fix proposes."""
    return str(found.fix).rpartition("such as ")[2]


def test_the_range_that_is_proposed_is_free() -> None:
    (found,) = said(ranges, network(ipam=whereabouts("10.0.5.0/24")))
    assert example(found) == "192.168.0.0/16"
    taken, wrong = network(ipam=whereabouts("192.168.0.0/16")), network("b", ipam=whereabouts("10.0.5.0/24"))
    (found,) = said(ranges, taken, wrong)
    assert (found.rule, example(found)) == ("ipoib-range-overlaps-cluster", "172.29.0.0/16")
    cluster = Cluster(network=ClusterNetwork(pod_cidr="192.168.0.0/17", vnet_cidrs=("172.16.0.0/12",)))
    (found,) = said(ranges, network(ipam=whereabouts("192.168.5.0/24")), cluster=cluster)
    assert example(found) == "10.255.0.0/16"
    all_of_it = ClusterNetwork(vnet_cidrs=("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
    (found,) = said(ranges, network(ipam=whereabouts("192.168.5.0/24")), cluster=Cluster(network=all_of_it))
    assert found.fix == "choose another private range"
    (found,) = said(ranges, network(ipam=whereabouts("fd12:3456:789a::/80")))
    assert found.fix == "choose another private range"


def test_the_range_of_a_cluster_file_is_judged_and_told_of_the_file_alone() -> None:
    pods = ClusterNetwork(pod_cidr="192.168.128.0/17")
    (found,) = of_cluster_file(Cluster(profile="ipoib", network=pods))
    assert (found.rule, found.path) == ("ipoib-range-overlaps-cluster", ("spec", "ipoib", "range"))
    assert found.message == "the IPoIB range 192.168.0.0/16 overlaps 192.168.128.0/17 (pods of the cluster)"
    assert list(of_cluster_file(Cluster(network=pods))) == []
    assert list(of_cluster_file(Cluster(profile="ipoib"))) == []
    rendered = network(ipam=whereabouts("192.168.0.0/16"))
    assert said(ranges, rendered, cluster=Cluster(profile="ipoib", network=pods)) == []
    assert len(said(ranges, rendered, cluster=Cluster(network=pods))) == 1
    assert (
        len(said(ranges, network(ipam=whereabouts("192.168.128.0/24")), cluster=Cluster(profile="ipoib", network=pods)))
        == 1
    )
