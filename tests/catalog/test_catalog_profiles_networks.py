import itertools
from ipaddress import ip_network

import pytest

from aksrdma import catalog
from aksrdma.errors import UnknownNameError


def test_profiles_come_after_what_they_build_on():
    assert catalog.profiles() == ("base", "sriov-device-plugin", "rdma-shared-device-plugin", "ipoib")
    for index, name in enumerate(catalog.profiles()):
        below = catalog.profile(name).builds_on
        assert below is None if index == 0 else below in catalog.profiles()[:index]


@pytest.mark.parametrize("name", catalog.profiles())
def test_a_profile_deploys_all_that_it_builds_on(name):
    row = catalog.profile(name)

    below = catalog.profile(row.builds_on).components if row.builds_on else ()
    assert row.components[: len(below)] == below


@pytest.mark.parametrize(("name", "release"), list(itertools.product(catalog.profiles(), catalog.releases())))
def test_every_release_has_the_components_of_every_profile(name, release):
    row, components = catalog.profile(name), catalog.release(release).components

    assert set(row.components) <= set(components)
    assert not row.ipam_components or set(row.ipam_components) & set(components)


@pytest.mark.parametrize(
    ("name", "resource", "per_node"),
    [
        pytest.param("sriov-device-plugin", "rdma/ib", None, id="one-for-each-nic"),
        pytest.param("rdma-shared-device-plugin", "rdma/shared_ib", 63, id="slots"),
        pytest.param("ipoib", "rdma/shared_ib", 63, id="slots-of-what-it-builds-on"),
    ],
)
def test_what_pods_ask_for(name, resource, per_node):
    row = catalog.profile(name)

    assert (row.resource.name, row.resource.per_node) == (resource, per_node)
    assert any(resource in need for need in row.pods_need)


def test_the_driver_alone_offers_no_resource():
    assert catalog.profile("base").resource is None


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        pytest.param("sriov", "did you mean sriov-device-plugin?", id="the-beginning-of-a-name"),
        pytest.param("shared", "did you mean rdma-shared-device-plugin?", id="the-middle-of-a-name"),
        pytest.param("ipobi", "did you mean ipoib?", id="letters-exchanged"),
        pytest.param("device-plugin", "known: base, sriov-device-plugin,", id="part-of-two-names"),
        pytest.param("", "known: base, sriov-device-plugin,", id="nothing"),
    ],
)
def test_a_wrong_profile_is_answered_with_the_right_one(name, advice):
    with pytest.raises(UnknownNameError) as caught:
        catalog.profile(name)

    assert advice in str(caught.value)


def test_ranges_are_networks_with_names_of_their_own():
    ranges = catalog.networks()

    assert all(str(ip_network(row.cidr)) == row.cidr for row in ranges)
    assert len({row.name for row in ranges}) == len({row.cidr for row in ranges}) == len(ranges)


@pytest.mark.parametrize(
    ("cidr", "overlap"),
    [
        pytest.param("172.16.0.0/16", "refused", id="the-rdma-network-of-azure"),
        pytest.param("169.254.0.0/16", "refused", id="link-local"),
        pytest.param("172.30.0.0/16", "refused", id="aks-172-30"),
        pytest.param("172.31.0.0/16", "refused", id="aks-172-31"),
        pytest.param("192.0.2.0/24", "refused", id="aks-192-0-2"),
        pytest.param("10.244.0.0/16", "warned", id="default-pods"),
        pytest.param("10.0.0.0/16", "warned", id="default-services"),
        pytest.param("10.224.0.0/12", "warned", id="default-virtual-network"),
        pytest.param("192.168.0.0/16", "allowed", id="upstream-ipoib"),
    ],
)
def test_what_an_overlap_means(cidr, overlap):
    assert {row.cidr: row.overlap for row in catalog.networks()}[cidr] == overlap


def test_ranges_do_not_overlap_each_other():
    pairs = itertools.combinations([ip_network(row.cidr) for row in catalog.networks()], 2)

    assert [(a, b) for a, b in pairs if a.version == b.version and a.overlaps(b)] == []
