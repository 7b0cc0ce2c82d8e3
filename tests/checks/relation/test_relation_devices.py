"""Resources of the device plugins that claim each other's name or devices."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.devices import devices_of_networks, host_devices, host_paths, pools
from aksrdma.cluster import Cluster
from aksrdma.documents import Document
from tests.checks.relation.relation_props import (
    container,
    device,
    manifest,
    pod,
    policy,
    rules,
    said,
    shared,
    sriov,
)

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


def on_network(one: dict[str, Any], **spec: Any) -> Document:
    document = pod(one, namespace="default", **spec)
    document.data["metadata"]["annotations"] = {"k8s.v1.cni.cncf.io/networks": "hostdev-net"}
    return document


def network_of(resource: Any = "hostdev") -> Document:
    spec = {"networkNamespace": "default", "resourceName": resource}
    return manifest("HostDeviceNetwork", "mellanox.com/v1alpha1", spec, "hostdev-net")


@pytest.mark.parametrize(
    ("documents", "missing"),
    [
        pytest.param([network_of(), on_network(container(cpu=1))], ["nvidia.com/hostdev"], id="no-device"),
        pytest.param([network_of("nvidia.com/hostdev"), on_network(container(cpu=1))], ["nvidia.com/hostdev"], id="with-its-prefix"),
        pytest.param([network_of(), on_network(container(**{"nvidia.com/hostdev": 1}))], [], id="a-device"),
        pytest.param([network_of(), on_network(container(cpu=1), hostNetwork=True)], [], id="on-no-network"),
        pytest.param([network_of(7), on_network(container(cpu=1))], [], id="a-network-without-a-resource"),
        pytest.param([on_network(container(cpu=1))], [], id="a-network-from-elsewhere"),
        pytest.param([network_of(), pod(container(cpu=1))], [], id="a-pod-without-networks"),
    ],
)  # fmt: skip
def test_a_pod_on_a_network_asks_for_its_device(documents: list[Document], missing: list[str]) -> None:
    found = said(devices_of_networks, *documents)

    assert [one.message for one in found] == [
        f"the pod is on hostdev-net and asks for no {name}, so it stays in ContainerCreating" for name in missing
    ]
    assert [one.fix for one in found] == [f"add {name}: 1 to requests and limits of a container" for name in missing]


def test_a_webhook_of_another_operator_may_add_the_device() -> None:
    other = manifest("SriovOperatorConfig", "sriovnetwork.openshift.io/v1", {})

    assert rules(devices_of_networks, network_of(), on_network(container(cpu=1)), unknown=[other]) == []


BESIDE, INSTEAD = "host-path-beside-rdma-resource", "host-path-instead-of-rdma-resource"


@pytest.mark.parametrize(
    ("one", "folder", "found"),
    [
        pytest.param(container(cpu=1), "/dev/infiniband", [(INSTEAD, None)], id="in-place-of-the-resource"),
        pytest.param(container(cpu=1), "/dev/infiniband/", [(INSTEAD, None)], id="with-a-slash"),
        pytest.param(container(cpu=1), "/dev/infiniband/uverbs0", [(INSTEAD, None)], id="one-file"),
        pytest.param(container(ib=1), "/dev/infiniband", [(BESIDE, "warning")], id="beside-nics-of-its-own"),
        pytest.param(container(shared=1), "/dev/infiniband", [(BESIDE, "info")], id="beside-all-nics"),
        pytest.param({**container(cpu=1), "securityContext": {"privileged": True}}, "/dev/infiniband", [], id="privileged"),
        pytest.param({"name": "x", "resources": {"claims": [{"name": "nics"}]}}, "/dev/infiniband", [], id="with-a-claim"),
        pytest.param(container(cpu=1), "/dev/infiniband2", [], id="another-folder"),
        pytest.param(container(cpu=1), "/dev", [], id="the-folder-above"),
        pytest.param(container(cpu=1), 7, [], id="no-path"),
    ],
)  # fmt: skip
def test_device_files_by_host_path(one: dict[str, Any], folder: Any, found: list[tuple[str, str | None]]) -> None:
    mount = {"volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}, {"name": "ib", "mountPath": "/dev/x"}]}
    document = pod({**one, **mount}, volumes=[{"name": "ib", "hostPath": {"path": folder}}])

    told = said(host_paths, document)

    assert [(problem.rule, problem.severity) for problem in told] == found
    assert {problem.path for problem in told} <= {"spec.containers[0].volumeMounts[1]"}


def test_the_resource_to_ask_for_is_named_where_there_is_one() -> None:
    mount = {"volumeMounts": [{"name": "ib", "mountPath": "/dev/x"}]}
    document = pod({**container(cpu=1), **mount}, volumes=[{"name": "ib", "hostPath": {"path": "/dev/infiniband"}}])

    assert said(host_paths, document)[0].fix == "ask for rdma/ib instead, and take the volume out"
    assert said(host_paths, document, cluster=Cluster(profile="base"))[0].fix is None
