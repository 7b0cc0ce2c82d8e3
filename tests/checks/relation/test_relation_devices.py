"""Resources of the device plugins that claim each other's name or devices."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.devices import host_devices, pools
from aksrdma.documents import Document
from tests.checks.relation.relation_props import device, manifest, policy, rules, said, shared, sriov

OVERLAP, SAME = "rdma-pools-overlap", "rdma-and-sriov-same-resource-name"


@pytest.mark.parametrize(
    ("first", "second", "broken"),
    [
        pytest.param({"vendors": ["15b3"]}, {"vendors": ["15b3"]}, True, id="the-same-vendor"),
        pytest.param({"vendors": ["15b3"]}, {"vendors": ["8086"]}, False, id="different-vendors"),
        pytest.param({"vendors": ["15b3"]}, {"devices": ["101e"]}, True, id="what-may-be-the-same-device"),
        pytest.param({"pfNames": ["ib0"]}, {"pfNames": ["ib1"]}, False, id="different-ports"),
        pytest.param({"pfNames": ["ib0"]}, {"rootDevices": ["x"]}, True, id="a-port-and-what-can-be-on-it"),
        pytest.param({"pfNames": ["ib0"]}, {"pciAddresses": ["x"]}, False, id="what-cannot-be-compared"),
        pytest.param({"pfNames": ["ib0#0-3"]}, {"pfNames": ["ib0#4-7"]}, False, id="functions-side-by-side"),
        pytest.param({"pfNames": ["ib0#0-3"]}, {"pfNames": ["ib0#3-7"]}, True, id="functions-with-one-in-common"),
        pytest.param({"pfNames": ["ib0#0-3"]}, {"pfNames": ["ib1#0-3"]}, False, id="functions-of-different-ports"),
        pytest.param({"pfNames": ["ib0#0-3"]}, {"pfNames": ["ib0"]}, True, id="some-functions-and-all"),
        pytest.param({"pfNames": ["ib0#0,2"]}, {"pfNames": ["ib0#1,3"]}, False, id="single-functions"),
        pytest.param({"pfNames": ["ib0#0,2"]}, {"pfNames": ["ib0#1-2"]}, True, id="single-functions-in-a-range"),
        pytest.param({"pfNames": ["ib0#x"]}, {"pfNames": ["ib0#1"]}, True, id="functions-that-cannot-be-read"),
        pytest.param({"pfNames": ["ib0#0-999"]}, {"pfNames": ["ib0#255"]}, True, id="as-many-as-a-port-can-have"),
        pytest.param({"pfNames": ["ib0#0-999"]}, {"pfNames": ["ib0#256"]}, False, id="and-no-more"),
        pytest.param({"vendors": []}, {"vendors": ["15b3"]}, True, id="a-list-that-selects-nothing"),
    ],
)
def test_two_sriov_resources_select(first: dict[str, Any], second: dict[str, Any], broken: bool) -> None:
    found = said(pools, policy(sriovDevicePlugin=sriov(device("a", **first), device("b", **second))))

    assert [one.rule for one in found] == [OVERLAP] * broken
    assert all("rdma/b can match devices that rdma/a matches" in one.message for one in found)


def test_entries_of_one_resource_or_of_different_device_types_take_nothing_from_each_other() -> None:
    same, other = device("a", vendors=["15b3"]), device("b", vendors=["15b3"]) | {"deviceType": "auxNetDevice"}

    assert rules(pools, policy(sriovDevicePlugin=sriov(same, same))) == []
    assert rules(pools, policy(sriovDevicePlugin=sriov(same, other))) == []


SHARED = shared("ib", vendors=["15b3"], deviceIDs=["101e"])


@pytest.mark.parametrize(
    ("entry", "broken"),
    [
        pytest.param(device("ib", vendors=["15b3"], devices=["101c"]), [SAME], id="the-name"),
        pytest.param(device("nic", vendors=["15b3"], devices=["101c"]), [], id="neither-name-nor-devices"),
        pytest.param(device("nic", vendors=["15b3"], devices=["101e"]), [OVERLAP], id="the-devices"),
        pytest.param(device("ib", "nvidia.com", vendors=["15b3"]), [OVERLAP], id="the-devices-under-another-prefix"),
        pytest.param(device("ib", vendors=["15b3"]), [SAME, OVERLAP], id="both"),
        pytest.param(device("nic", vendors=["15b3"]) | {"deviceType": "accelerator"}, [], id="no-network-device"),
        pytest.param(device(""), [OVERLAP], id="no-name"),
    ],
)
def test_both_plugins_claim(entry: dict[str, Any], broken: list[str]) -> None:
    assert rules(pools, policy(sriovDevicePlugin=sriov(entry), rdmaSharedDevicePlugin=SHARED)) == broken


def test_the_old_list_of_devices_is_one_of_interfaces() -> None:
    old = {"config": {"configList": [{"resourceName": "a", "rdmaHcaMax": 1, "devices": ["ib0"]}]}}

    def broken(**selectors: Any) -> list[str]:
        entry = device("b", **selectors)
        return rules(pools, policy(sriovDevicePlugin=sriov(entry), rdmaSharedDevicePlugin=old))

    assert broken(vendors=["15b3"]) == [OVERLAP]
    assert broken(pciAddresses=["0101:00:00.0"]) == []


@pytest.mark.parametrize(
    ("others", "broken"),
    [
        pytest.param([policy(rdmaSharedDevicePlugin=SHARED)], True, id="a-policy-of-the-cluster"),
        pytest.param([policy("NicNodePolicy", "b", rdmaSharedDevicePlugin=SHARED)], False, id="another-of-some-nodes"),
    ],
)
def test_a_node_policy_meets_on_its_nodes(others: list[Document], broken: bool) -> None:
    own = policy("NicNodePolicy", "a", sriovDevicePlugin=sriov(device("ib", vendors=["15b3"], devices=["1"])))

    assert rules(pools, own, *others) == [SAME] * broken


def host_device(name: Any) -> Document:
    return manifest("HostDeviceNetwork", "mellanox.com/v1alpha1", {"resourceName": name})


def test_a_host_device_network_asks_for_a_resource_under_one_prefix() -> None:
    ours = policy(sriovDevicePlugin=sriov(device("hostdev", "nvidia.com"), device("ib", "rdma")))

    assert rules(host_devices, ours, host_device("hostdev")) == []
    assert rules(host_devices, ours, host_device("nvidia.com/hostdev")) == []
    assert rules(host_devices, ours, host_device("")) == []
    assert rules(host_devices, ours, host_device(5)) == []
    assert rules(host_devices, policy(rdmaSharedDevicePlugin=SHARED), host_device("ib")) == []
    (found,) = said(host_devices, ours, host_device("ib"))
    assert (
        found.message == "the operator asks for nvidia.com/ib, but the device plugin offers nvidia.com/hostdev, rdma/ib"
    )
    assert found.fix == 'set "resourcePrefix": "nvidia.com" in the SR-IOV resource'
    (found,) = said(host_devices, ours, host_device("other"))
    assert found.fix is None


def test_the_sriov_operator_may_offer_it_instead() -> None:
    ours = policy(sriovDevicePlugin=sriov(device("ib", "rdma")))
    theirs = manifest("SriovNetworkNodePolicy", "sriovnetwork.openshift.io/v1", {"resourceName": "vf"})

    assert rules(host_devices, ours, host_device("vf"), unknown=[theirs]) == []
    assert rules(host_devices, ours, host_device("nic"), unknown=[theirs]) == ["hostdevice-resource-prefix"]
