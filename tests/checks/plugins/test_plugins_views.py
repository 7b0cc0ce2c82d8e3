"""The typed views that other checks share: resources, addresses, pools, annotations, labels."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aksrdma.checks.plugins.device_plugin_configs import shared_resources, sriov_resources
from aksrdma.checks.plugins.features import feature_rules
from aksrdma.checks.plugins.ipam import ipams_of
from aksrdma.checks.plugins.networks import networks_annotation
from aksrdma.checks.plugins.pool_blocks import pool_of
from aksrdma.documents import Document
from aksrdma.findings import format_path
from aksrdma.kube.labels import NETWORKS
from aksrdma.kube.templates import pod_templates


def policy(section: str, config: Any, kind: str = "NicClusterPolicy") -> Document:
    text = config if isinstance(config, str) else json.dumps(config)
    return Document.from_data({"kind": kind, "spec": {section: {"config": text}}})


def network(ipam: Any, kind: str = "IPoIBNetwork") -> Document:
    text = ipam if isinstance(ipam, str) else json.dumps(ipam)
    return Document.from_data({"kind": kind, "metadata": {"name": "net"}, "spec": {"ipam": text}})


def pool(kind: str, **spec: Any) -> Document:
    metadata = {"name": "ib", "namespace": "network-operator"}
    return Document.from_data(
        {"apiVersion": "nv-ipam.nvidia.com/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
    )


def test_shared_resource_without_prefix_is_below_rdma() -> None:
    entry = {"resourceName": "shared_ib", "rdmaHcaMax": 63, "selectors": {"linkTypes": ["infiniband"]}}
    (found,) = shared_resources(policy("rdmaSharedDevicePlugin", {"configList": [entry]}, "NicNodePolicy"))

    assert (found.full_name, found.hca_max) == ("rdma/shared_ib", 63)
    assert found.selector.get("linkTypes") == ["infiniband"]
    assert format_path(found.path) == "spec.rdmaSharedDevicePlugin.config:configList[0]"


def test_sriov_resource_has_a_view_of_each_selectors_object() -> None:
    entry = {"resourceName": "ib", "selectors": [{"vendors": ["15b3"], "isRdma": True}, {"pfNames": ["ib0"]}]}
    (found,) = sriov_resources(policy("sriovDevicePlugin", {"resourceList": [entry]}))

    assert (found.full_name, found.device_type) == ("intel.com/ib", "netDevice")
    assert [(selector.is_rdma, selector.empty) for selector in found.selectors] == [(True, False), (False, False)]
    assert format_path(found.selectors[1].at("pfNames")).endswith("resourceList[0].selectors[1].pfNames")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(policy("rdmaSharedDevicePlugin", "{"), id="no JSON"),
        pytest.param(policy("rdmaSharedDevicePlugin", "[]"), id="a list"),
        pytest.param(policy("rdmaSharedDevicePlugin", {"configList": None}), id="null"),
        pytest.param(Document.from_data({"kind": "NicClusterPolicy", "spec": None}), id="no spec"),
        pytest.param(Document.from_data({"kind": "NicClusterPolicy", "spec": {"rdmaSharedDevicePlugin": 3}}), id="int"),
        pytest.param(Document.from_data({"kind": "ConfigMap"}), id="another kind"),
    ],
)
def test_config_that_cannot_be_read_offers_nothing(document: Document) -> None:
    assert shared_resources(document) == ()
    assert sriov_resources(document) == ()


@pytest.mark.parametrize(
    ("ipam", "capacity"),
    [
        pytest.param({"range": "192.168.0.0/16"}, 65534, id="a /16"),
        pytest.param({"range": "192.168.0.0/30"}, 2, id="a /30"),
        pytest.param({"range": "192.168.0.0/24", "exclude": ["192.168.0.0/32", "192.168.0.1"]}, 253, id="one excluded"),
        pytest.param({"range": "192.168.0.0/24", "exclude": ["192.168.0.0/29", "192.168.0.4/30"]}, 247, id="overlap"),
        pytest.param({"range": "192.168.0.0/24", "range_start": "192.168.0.10", "range_end": "x"}, 245, id="start"),
        pytest.param({"range": "192.168.0.10-192.168.0.19/24"}, 10, id="bounds in the range"),
        pytest.param({"range": "fd00::/120"}, 254, id="v6 without its last address"),
        pytest.param({"range": "192.168.0.0/24", "ipRanges": [{"range": "10.0.0.0/29"}]}, 6, id="the smaller of two"),
        pytest.param({"range": "192.168.0.0/31"}, None, id="too small"),
    ],
)
def test_whereabouts_capacity(ipam: dict[str, Any], capacity: int | None) -> None:
    (found,) = ipams_of(network({"type": "whereabouts", **ipam}))

    assert found.capacity == capacity


def test_ipam_of_an_ipoib_network_is_read_without_white_space() -> None:
    (found,) = ipams_of(network('{"type": "nv-ipam",\n "poolName": "a, b"}'))

    assert (found.type, found.pool_names, found.pool_kind) == ("nv-ipam", ("a", "b"), "IPPool")
    assert found.top.text("poolName") == "a,b"


def test_string_over_two_lines_is_joined_for_an_ipoib_network_alone() -> None:
    text = '{"type": "nv-\nipam"}'

    assert [found.type for found in ipams_of(network(text))] == ["nv-ipam"]
    assert ipams_of(network(text, "MacvlanNetwork")) == ()


def test_nv_ipam_without_pool_name_takes_the_network_name() -> None:
    (found,) = ipams_of(network({"type": "nv-ipam", "poolType": "CIDRPool"}))

    assert (found.pool_names, found.pool_kind) == (("net",), "CIDRPool")


def test_attachment_with_plugins_has_the_ipam_of_each() -> None:
    config = {"plugins": [{"type": "macvlan", "ipam": {"type": "static"}}, {"type": "tuning"}]}
    document = Document.from_data({"kind": "NetworkAttachmentDefinition", "spec": {"config": json.dumps(config)}})

    (found,) = ipams_of(document)

    assert (found.plugin, found.type, format_path(found.path)) == ("macvlan", "static", "spec.config:plugins[0].ipam")


@pytest.mark.parametrize(
    ("document", "blocks", "pods"),
    [
        pytest.param(pool("IPPool", subnet="192.168.0.0/24", perNodeBlockSize=15), 16, 15, id="no gateway"),
        pytest.param(
            pool("IPPool", subnet="192.168.0.0/24", perNodeBlockSize=15, gateway="192.168.0.1"), 16, 14, id="gateway"
        ),
        pytest.param(pool("IPPool", subnet="192.168.0.0/24", perNodeBlockSize=254), 1, 254, id="one block"),
        pytest.param(pool("IPPool", subnet="192.168.0.0/31", perNodeBlockSize=1), 2, 1, id="a /31"),
        pytest.param(pool("IPPool", subnet="fd00::/120", perNodeBlockSize=5), 51, 5, id="v6"),
        pytest.param(
            pool(
                "IPPool",
                subnet="192.168.0.0/24",
                perNodeBlockSize=10,
                exclusions=[{"startIP": "192.168.0.1", "endIP": "192.168.0.25"}],
            ),
            23,
            10,
            id="two blocks wholly excluded",
        ),
        pytest.param(
            pool(
                "IPPool",
                subnet="192.168.0.0/24",
                perNodeBlockSize=10,
                gateway="192.168.0.1",
                perNodeExclusions=[{"startIndex": 0, "endIndex": 1}, {"startIndex": 1, "endIndex": 3}],
            ),
            25,
            6,
            id="gateway among the excluded indexes",
        ),
        pytest.param(
            pool("CIDRPool", cidr="192.168.0.0/16", perNodeNetworkPrefix=24, gatewayIndex=1), 256, 253, id="CIDRPool"
        ),
        pytest.param(
            pool("IPPool", subnet="192.168.0.0/28", perNodeBlockSize=8, gateway="192.168.0.14"),
            1,
            8,
            id="gateway behind",
        ),
        pytest.param(
            pool("IPPool", subnet="192.168.0.0/28", perNodeBlockSize=1, gateway="192.168.0.1"),
            13,
            1,
            id="gateway alone",
        ),
        pytest.param(
            pool(
                "CIDRPool",
                cidr="192.168.0.0/16",
                perNodeNetworkPrefix=24,
                gatewayIndex=1,
                perNodeExclusions=[{"startIndex": 0, "endIndex": 4}, {"startIndex": 255, "endIndex": 255}],
            ),
            256,
            250,
            id="CIDRPool with its first addresses excluded",
        ),
        pytest.param(pool("CIDRPool", cidr="192.168.0.0/31", perNodeNetworkPrefix=32), 2, 1, id="single addresses"),
    ],
)
def test_pool_arithmetic(document: Document, blocks: int, pods: int) -> None:
    found = pool_of(document)

    assert found is not None
    assert (sum(run.nodes for run in found.runs("v26.4.1")), found.pods_per_node) == (blocks, pods)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(pool("IPPool", subnet="x", perNodeBlockSize=15), id="no subnet"),
        pytest.param(pool("IPPool", subnet="192.168.0.0/24", perNodeBlockSize=0), id="no block"),
        pytest.param(pool("CIDRPool", cidr="192.168.0.0/16", perNodeNetworkPrefix=8), id="prefix above the cidr"),
        pytest.param(Document.from_data({"apiVersion": "crd.projectcalico.org/v1", "kind": "IPPool"}), id="calico"),
    ],
)
def test_pool_that_cannot_be_read_has_no_view(document: Document) -> None:
    assert pool_of(document) is None


@pytest.mark.parametrize(
    ("value", "references"),
    [
        pytest.param("a, ns/b@net2", [("a", "", ""), ("b", "ns", "net2")], id="comma list"),
        pytest.param('[{"name": "a"}]', [("a", "", "")], id="JSON"),
        pytest.param(
            '[{"name": "b", "namespace": "ns", "interfaceRequest": "net2"}]', [("b", "ns", "net2")], id="old interface"
        ),
        pytest.param('{"name": "a"}', [], id="a single object"),
        pytest.param("a/b/c", [], id="too many slashes"),
        pytest.param("", [], id="empty"),
    ],
)
def test_network_references(value: str, references: list[tuple[str, str, str]]) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {NETWORKS: value}}, "spec": {}}
    (template,) = pod_templates(pod)

    found = networks_annotation(template)

    assert [(entry.name, entry.namespace, entry.interface) for entry in found] == references


def test_labels_of_a_node_feature_rule_have_their_prefix() -> None:
    rule = {"name": "r", "labels": {"pci-15b3.present": "true", "example.com/x": "1"}}
    document = Document.from_data({"kind": "NodeFeatureRule", "spec": {"rules": [rule]}})

    (found,) = feature_rules(document)

    assert found.labels == {"feature.node.kubernetes.io/pci-15b3.present": "true", "example.com/x": "1"}
