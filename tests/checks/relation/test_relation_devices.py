"""Resources of the device plugins that claim each other's name or devices."""

from __future__ import annotations

import json
from typing import Any

import pytest

import aksrdma
from aksrdma.checks.relation.devices import host_paths, pools
from aksrdma.checks.relation.network_devices import devices_of_networks, host_devices
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


ATTACHMENT = "k8s.cni.cncf.io/v1"
VF = "nvidia.com/vf"


def attached(text: str, **amounts: int) -> Document:
    """Return a pod on networks that asks for amounts, of which a name with _ stands for one with a prefix."""
    one = pod(container(**{f"nvidia.com/{name}": count for name, count in amounts.items()}), namespace="default")
    one.data["metadata"]["annotations"] = {"k8s.v1.cni.cncf.io/networks": text}
    return one


def rail(name: str, resource: str = "vf") -> Document:
    spec = {"networkNamespace": "default", "resourceName": resource}
    return manifest("HostDeviceNetwork", "mellanox.com/v1alpha1", spec, name)


def definition(config: str, resource: Any = VF) -> Document:
    annotations = {"annotations": {"k8s.v1.cni.cncf.io/resourceName": resource}}
    return manifest("NetworkAttachmentDefinition", ATTACHMENT, {"config": config}, "nad", "default", **annotations)


@pytest.mark.parametrize(
    ("one", "said_of_it"),
    [
        pytest.param(attached("a", vf=1), [], id="one-each"),
        pytest.param(attached("a,b", vf=2), [], id="two-each"),
        pytest.param(
            attached("a,b,a", vf=2),
            [
                (
                    "network-device-not-asked-for",
                    None,
                    "3 networks of the pod take a nvidia.com/vf each and it asks for 2: none is left for a, so it stays in "
                    "ContainerCreating",
                    "ask for 3",
                )
            ],
            id="one-network-too-many",
        ),
        pytest.param(
            attached("a,b", vf=8),
            [
                (
                    "network-device-without-network",
                    None,
                    "the pod takes 8 nvidia.com/vf and is on 2 networks of it (a, b): the interface of 6 stays outside the pod",
                    "name the network 8 times in the annotation, or ask for 2",
                )
            ],
            id="six-devices-too-many",
        ),
        pytest.param(attached("c,a", vf=1, other=1), [], id="two-resources"),
        pytest.param(attached('[{"name": "a"}, {"name": "b", "deviceID": "0101:00:00.0"}]', vf=1), [], id="its-own-device"),
    ],
)  # fmt: skip
def test_as_many_devices_as_networks(one: Document, said_of_it: list[Any]) -> None:
    found = said(devices_of_networks, rail("a"), rail("b"), rail("c", "other"), one)

    assert [(each.rule, each.severity, each.message, each.fix) for each in found] == said_of_it


def test_devices_of_rdma_beside_the_networks_are_but_an_info() -> None:
    exposing = policy(sriovDevicePlugin=sriov(device("vf", "nvidia.com", vendors=["15b3"])))
    (found,) = said(devices_of_networks, exposing, rail("a"), attached("a", vf=8))
    assert (found.rule, found.severity) == ("network-device-without-network", "info")
    assert "1 network of it (a): the interface of 7" in found.message


@pytest.mark.parametrize(
    ("network", "missing"),
    [
        pytest.param(definition('{"type": "host-device"}'), True, id="host-device"),
        pytest.param(definition('{"plugins": [{"type": "tuning"}, {"type": "ib-sriov"}]}'), True, id="sriov-in-a-list"),
        pytest.param(
            definition('{"type": "host-device", "pciBusID": "0101:00:00.0"}'), False, id="a-device-of-its-own"
        ),
        pytest.param(definition('{"type": "macvlan"}'), False, id="macvlan-which-needs-none"),
        pytest.param(definition('{"type": "acme"}'), False, id="a-plugin-that-nobody-knows"),
        pytest.param(definition('{"type": "host-device"}', 5), False, id="no-resource"),
    ],
)
def test_a_network_attachment_definition_hands_out_devices(network: Document, missing: bool) -> None:
    assert rules(devices_of_networks, network, attached("nad")) == ["network-device-not-asked-for"] * missing


def test_a_webhook_of_the_set_may_add_the_devices() -> None:
    spec = {"template": {"spec": {"containers": [{"name": "a", "image": "x/network-resources-injector:1"}]}}}
    assert rules(devices_of_networks, rail("a"), attached("a"), manifest("DaemonSet", "apps/v1", spec)) == []


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


@pytest.mark.parametrize(
    ("sizes", "selectors", "found"),
    [
        pytest.param(("Standard_ND96isr_H200_v5",), {"deviceIDs": ["101c"]}, ["error"], id="another-generation"),
        pytest.param(("Standard_ND96isr_H200_v5",), {"deviceIDs": ["101c", "101e"]}, [], id="both-generations"),
        pytest.param(("Standard_ND96isr_H100_v5",), {"deviceIDs": ["101c"]}, ["warning"], id="an-id-that-is-unsure"),
        pytest.param(("Standard_ND96isr_H200_v5",), {"vendors": ["1d0f"]}, ["error"], id="another-vendor"),
        pytest.param(("Standard_ND96isr_H200_v5",), {"deviceIDs": ["0x101e"]}, [], id="no-id-at-all-is-told-elsewhere"),
        pytest.param(("Standard_ND96isr_H200_v5",), {"linkTypes": ["infiniband"]}, [], id="no-ids"),
        pytest.param(("Standard_ND96isr_H200_v5",), {}, [], id="no-selector"),
        pytest.param(("Standard_HB120rs_v3", "Standard_ND96isr_H200_v5"), {"deviceIDs": ["101e"]}, [], id="one-of-two"),
        pytest.param((), {"deviceIDs": ["101c"]}, [], id="sizes-not-known"),
    ],
)
def test_ids_of_no_nic_of_the_nodes(sizes: tuple[str, ...], selectors: dict[str, Any], found: list[str]) -> None:
    resource = {"resourceName": "a", "rdmaHcaMax": 1, "selectors": selectors}
    policy = {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "NicClusterPolicy",
        "metadata": {"name": "nic-cluster-policy"},
        "spec": {"rdmaSharedDevicePlugin": {"image": "a", "config": json.dumps({"configList": [resource]})}},
    }
    report = aksrdma.validate(json.dumps(policy), release="v26.4.1", vm_sizes=sizes)

    assert [one.severity for one in report.findings if one.rule == "rdma-selector-misses-vm-size"] == found
