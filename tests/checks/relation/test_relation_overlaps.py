"""The indexes that keep overlaps linear find what comparing everything with everything finds."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from aksrdma.checks.relation.addresses import Block, Taken, TakenBlocks, overlaps
from aksrdma.checks.relation.devices import SelectorIndex
from aksrdma.checks.relation.installed import Policy
from aksrdma.checks.relation.policies import node_selectors
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document
from aksrdma.kube.addresses import Address, Network, overlapping

KEYS = ("vendors", "devices", "ifNames", "pfNames")
VALUES = st.frozensets(st.sampled_from("abc"), min_size=1, max_size=2)


def meet(first: dict[str, frozenset[str]], second: dict[str, frozenset[str]]) -> bool:
    naming = [{"ifNames", "pfNames"} & one.keys() for one in (first, second)]
    if all(naming) and not naming[0] & naming[1]:
        return False
    return all(first[key] & second[key] for key in first.keys() & second.keys())


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES), max_size=6))
def test_selector_index_finds_a_selector_that_meets_if_there_is_one(selectors: list[dict[str, frozenset[str]]]) -> None:
    index: SelectorIndex[int] = SelectorIndex()
    for number, selector in enumerate(selectors):
        found = index.meeting(selector)
        meeting = {earlier for earlier in range(number) if meet(selectors[earlier], selector)}
        assert found in meeting if meeting else found is None
        index.add(selector, number)


@given(st.lists(st.dictionaries(st.sampled_from("xyz"), st.sampled_from("ab")), max_size=6))
def test_node_selectors_that_differ_in_no_key_are_found(selectors: list[dict[str, str]]) -> None:
    documents = [
        Document.from_data(
            {
                "apiVersion": "mellanox.com/v1alpha1",
                "kind": "NicNodePolicy",
                "metadata": {"name": f"p{number}"},
                "spec": {"nodeSelector": selector},
            }
        )
        for number, selector in enumerate(selectors)
    ]
    expected = {
        f"p{late}"
        for (_, first), (late, second) in combinations(enumerate(selectors), 2)
        if all(first[key] == second[key] for key in first.keys() & second.keys())
    }

    found = node_selectors(ManifestSet(documents, release="v26.4.1"))

    assert {problem.document.name for problem in found} == expected


BLOCKS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 8), st.sampled_from([None, None, "whereabouts "])), max_size=8
)


@given(BLOCKS)
def test_overlapping_blocks_are_found_whatever_their_order(spans: list[tuple[int, int, str | None]]) -> None:
    blocks = [
        Block(
            Document.from_data({"kind": "IPPool", "metadata": {"name": f"b{number}"}}, "set.yaml", number + 1),
            ("spec", "subnet"),
            Network(Address(32, start), 32),
            Address(32, start),
            Address(32, start + length),
            guard,
        )
        for number, (start, length, guard) in enumerate(spans)
    ]
    clashes = {
        frozenset((one.document.name, other.document.name))
        for one, other in product(blocks, blocks)
        if one is not other
        and (one.guard is None or one.guard != other.guard)
        and one.first <= other.last
        and other.first <= one.last
    }

    found = [problem.document.name for problem in overlaps(blocks)]

    assert bool(found) == bool(clashes)
    assert set(found) <= set().union(*clashes)


def network(bits: int, value: int, length: int) -> Network:
    """Return a network of few addresses: lengths count from the end, so that most of them meet."""
    shift = min(length, 6)
    return Network(Address(bits, (value >> shift) << shift), bits - shift)


NETWORKS = st.builds(network, st.sampled_from([32, 128]), st.integers(0, 63), st.integers(0, 6))


@given(st.lists(NETWORKS, max_size=8), NETWORKS)
def test_taken_blocks_finds_what_shares_an_address_with_a_network(taken: list[Network], asked: Network) -> None:
    found = TakenBlocks([Taken(one, str(place)) for place, one in enumerate(taken)]).overlapping(asked)
    places = [place for place, one in enumerate(taken) if one.overlaps(asked)]

    if len(places) <= 5:
        assert [int(one.use) for one in found] == places
    else:
        assert len(found) >= 5
        assert {int(one.use) for one in found} <= set(places)


INTERVALS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5), st.sampled_from("ab")), max_size=8)


@given(INTERVALS, st.booleans())
def test_each_interval_that_overlaps_one_before_it_is_found(spans: list[tuple[int, int, str]], grouped: bool) -> None:
    intervals = [(start, start + more) for start, more, _ in spans]
    groups = [group for *_, group in spans]
    order = sorted(range(len(intervals)), key=lambda place: intervals[place])
    found = dict(overlapping(intervals, groups if grouped else None))

    for at, place in enumerate(order):
        before = {other for other in order[:at] if not grouped or groups[other] != groups[place]}
        meeting = {other for other in before if intervals[other][1] >= intervals[place][0]}
        assert (place in found) == bool(meeting)
        assert found.get(place) in meeting | {None}


def test_a_policy_without_a_spec_has_no_sections() -> None:
    assert Policy(Document.from_data({"kind": "NicClusterPolicy"}), {}).section("ofedDriver", "env") is None
