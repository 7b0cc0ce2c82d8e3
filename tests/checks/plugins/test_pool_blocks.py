"""Which nodes get a block of a pool, and an address in it.

The same arithmetic was held against nv-ipam's own reconcilers and allocator, of each release, on thousands of random pools.
"""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.plugins.pool_blocks import pool_of
from aksrdma.documents import Document
from aksrdma.kube.addresses import overlapping

OLD, NEW = "v25.10.0", "v26.4.1"


def runs(kind: str, release: str = NEW, **spec: Any) -> str:
    """Return the nodes that a pool serves, as `4 ok, 2 none`."""
    data = {"apiVersion": "nv-ipam.nvidia.com/v1alpha1", "kind": kind, "metadata": {"name": "p"}, "spec": spec}
    found = pool_of(Document.from_data(data))
    assert found is not None
    joined: list[list[Any]] = []
    for run in found.runs(release):
        if joined and joined[-1][1] is run.barren:
            joined[-1][0] += run.nodes
        else:
            joined.append([run.nodes, run.barren])
    return ", ".join(f"{nodes} {'none' if barren else 'ok'}" for nodes, barren in joined)


def excluding(*pairs: str) -> list[dict[str, str]]:
    ends = (pair.split("-") for pair in pairs)
    return [{"startIP": f"10.0.{start}", "endIP": f"10.0.{end}"} for start, end in ends]


def indexes(*pairs: tuple[int, int]) -> list[dict[str, int]]:
    return [{"startIndex": start, "endIndex": end} for start, end in pairs]


@pytest.mark.parametrize(
    ("exclusions", "old", "new"),
    [
        pytest.param([], "31 ok", "31 ok", id="nothing"),
        pytest.param(["0.1-0.7"], "31 ok", "31 ok", id="all-but-one-of-a-block"),
        pytest.param(["0.1-0.8"], "1 none, 30 ok", "30 ok", id="a-block"),
        pytest.param(["0.0-0.8"], "1 none, 30 ok", "30 ok", id="a-block-and-the-network"),
        pytest.param(["0.2-0.17"], "1 ok, 1 none, 29 ok", "30 ok", id="a-block-between-two-parts"),
        pytest.param(["0.1-0.199"], "24 none, 7 ok", "7 ok", id="many-blocks"),
        pytest.param(["0.1-0.3", "0.4-0.8"], "1 none, 30 ok", "30 ok", id="a-block-in-two-parts"),
        pytest.param(["0.1-0.3", "0.5-0.8"], "31 ok", "31 ok", id="two-parts-with-a-hole"),
        pytest.param(["0.1-0.3", "0.3-0.4"], "31 none", "31 none", id="parts-that-overlap"),
        pytest.param(["0.1-0.254"], "31 none", "", id="everything"),
    ],
)
def test_blocks_of_an_ip_pool_that_are_excluded_are_handed_out_before_v26_1(
    exclusions: list[str], old: str, new: str
) -> None:
    spec = {"subnet": "10.0.0.0/24", "perNodeBlockSize": 8, "exclusions": excluding(*exclusions)}

    assert runs("IPPool", OLD, **spec) == old
    assert runs("IPPool", NEW, **spec) == new


@pytest.mark.parametrize(
    ("by_index", "exclusions", "expected"),
    [
        pytest.param([(0, 7)], [], "", id="all-of-each-block"),
        pytest.param([(0, 6)], [], "31 ok", id="all-but-one-of-each-block"),
        pytest.param([(0, 3), (4, 7)], [], "", id="all-in-two-parts"),
        pytest.param([(0, 3), (3, 4)], [], "31 none", id="parts-that-overlap"),
        pytest.param([(0, 3)], ["0.5-0.8"], "30 ok", id="one-half-each"),
        pytest.param([(0, 3)], ["0.4-0.7"], "1 none, 30 ok", id="both-where-they-meet"),
        pytest.param([(0, 0)], ["0.9-0.9"], "1 ok, 1 none, 29 ok", id="both-in-the-second-block"),
    ],
)
def test_exclusions_by_index_hold_in_each_block_beside_the_others(
    by_index: list[tuple[int, int]], exclusions: list[str], expected: str
) -> None:
    spec = {"subnet": "10.0.0.0/24", "perNodeBlockSize": 8}
    spec |= {"perNodeExclusions": indexes(*by_index), "exclusions": excluding(*exclusions)}

    assert runs("IPPool", **spec) == expected


@pytest.mark.parametrize(
    ("spec", "old", "new"),
    [
        pytest.param({"perNodeBlockSize": 1, "gateway": "10.0.0.1"}, "13 ok", "13 ok", id="goes-to-nobody"),
        pytest.param({"perNodeBlockSize": 1, "gateway": "10.0.0.15"}, "14 ok", "14 ok", id="lies-behind-the-blocks"),
        pytest.param(
            {"perNodeBlockSize": 2, "gateway": "10.0.0.2", "exclusions": excluding("0.1-0.1")},
            "1 none, 6 ok",
            "1 none, 6 ok",
            id="is-all-that-is-left-of-a-block",
        ),
        pytest.param(
            {"perNodeBlockSize": 2, "gateway": "10.0.0.4", "exclusions": excluding("0.1-0.9")},
            "4 none, 3 ok",
            "3 ok",
            id="lies-in-an-exclusion",
        ),
    ],
)
def test_the_gateway_of_an_ip_pool(spec: dict[str, Any], old: str, new: str) -> None:
    assert runs("IPPool", OLD, subnet="10.0.0.0/28", **spec) == old
    assert runs("IPPool", NEW, subnet="10.0.0.0/28", **spec) == new


@pytest.mark.parametrize(
    ("spec", "old", "new"),
    [
        pytest.param({}, "4 ok", "4 ok", id="nothing"),
        pytest.param({"exclusions": excluding("0.1-0.254")}, "1 none, 3 ok", "1 none, 3 ok", id="all-but-the-network"),
        pytest.param({"exclusions": excluding("0.0-0.254")}, "1 none, 3 ok", "3 ok", id="a-prefix"),
        # The daemon overlooks an exclusion that begins before its prefix and ends behind it.
        pytest.param({"exclusions": excluding("0.0-2.255")}, "1 none, 1 ok, 1 none, 1 ok", "1 ok", id="three-prefixes"),
        # It cuts the exclusion to its addresses: from .1 to .0 is none that it takes.
        pytest.param(
            {"exclusions": excluding("0.9-1.0")}, "1 ok, 1 none, 2 ok", "1 ok, 1 none, 2 ok", id="to-a-network"
        ),
        pytest.param({"perNodeExclusions": indexes((1, 254))}, "4 ok", "4 none", id="all-addresses-by-index"),
        pytest.param({"perNodeExclusions": indexes((0, 254))}, "4 ok", "", id="each-prefix-by-index"),
        pytest.param(
            {"staticAllocations": [{"prefix": "10.0.1.0/24"}, {"prefix": "10.0.2.0/24", "nodeName": "n"}]},
            "3 ok",
            "3 ok",
            id="a-prefix-kept-for-nobody-and-one-for-a-node",
        ),
        pytest.param(
            {"gatewayIndex": 1, "exclusions": excluding("0.2-0.254")}, "1 none, 3 ok", "1 none, 3 ok", id="gw"
        ),
    ],
)
def test_prefixes_of_a_cidr_pool(spec: dict[str, Any], old: str, new: str) -> None:
    assert runs("CIDRPool", OLD, cidr="10.0.0.0/22", perNodeNetworkPrefix=24, **spec) == old
    assert runs("CIDRPool", NEW, cidr="10.0.0.0/22", perNodeNetworkPrefix=24, **spec) == new


def test_a_gateway_that_is_each_prefix_leaves_no_pod_an_address() -> None:
    assert runs("CIDRPool", cidr="10.0.0.0/30", perNodeNetworkPrefix=32, gatewayIndex=0) == "4 none"
    assert runs("CIDRPool", cidr="10.0.0.0/30", perNodeNetworkPrefix=31, gatewayIndex=0) == "2 ok"


def test_a_point_to_point_network_has_no_block_before_single_addresses_came() -> None:
    assert runs("IPPool", "v25.1.0", subnet="10.0.0.0/31", perNodeBlockSize=2) == ""
    assert runs("IPPool", "v25.4.0", subnet="10.0.0.0/31", perNodeBlockSize=2) == "1 ok"
    assert runs("IPPool", "v25.1.0", subnet="10.0.0.0/30", perNodeBlockSize=2) == "1 ok"


def test_a_network_of_very_many_blocks_and_exclusions_is_read_at_once() -> None:
    spread = [{"startIP": f"fd00::{2 * n:x}", "endIP": f"fd00::{2 * n:x}"} for n in range(1, 20_000)]
    spec = {"subnet": "fd00::/64", "perNodeBlockSize": 1, "exclusions": spread}

    assert runs("IPPool", NEW, **spec) == f"{2**64 - 20_000} ok"
    assert len(list(overlapping([(n, 10**6) for n in range(20_000)]))) == 19_999


def test_overlaps_are_told_of_the_later_interval_with_the_one_that_reaches_into_it() -> None:
    assert list(overlapping([(5, 9), (1, 5), (10, 11)])) == [(0, 1)]
    assert list(overlapping([(1, 9), (2, 3), (9, 9)])) == [(1, 0), (2, 0)]
    assert list(overlapping([(1, 2), (3, 4)])) == []
