"""What Node Feature Discovery finds on a node of a VM size, as far as the size tells it."""

import pytest

from aksrdma import catalog
from aksrdma.kube.labels import NIC_LABEL
from aksrdma.kube.node_feature_outputs import Version, execute
from aksrdma.kube.node_feature_rules import NO, YES
from aksrdma.kube.node_features import Uncertain

PCI = "pci.device"


def outcome(features, **ids):
    expressions = {name: {"op": "In", "value": list(values)} for name, values in ids.items()}
    rule = {
        "name": "r",
        "labels": {NIC_LABEL: "true"},
        "matchFeatures": [{"feature": PCI, "matchExpressions": expressions}],
    }
    return execute([{"spec": {"rules": [rule]}}], features, Version()).rules[0].outcomes


@pytest.mark.parametrize("name", catalog.vm_sizes())
def test_upstreams_device_list_labels_the_sizes_that_the_catalog_says(name):
    size = catalog.vm_size(name)
    found = outcome(catalog.size_features(size), device=catalog.defaults().device_list)

    assert found == (YES if size.upstream_nfd_match else NO)


@pytest.mark.parametrize("name", catalog.vm_sizes())
def test_the_class_of_infiniband_labels_every_size_that_is_of_use(name):
    known, size = catalog.defaults(), catalog.vm_size(name)
    found = outcome(catalog.size_features(size), vendor=[known.vendor_id], **{"class": [known.infiniband_class]})

    assert found == YES or not size.usable


def devices(name):
    return catalog.size_features(catalog.vm_size(name)).instances[PCI]


def test_each_nic_and_each_gpu_is_a_device_that_is_there():
    found = [one.what for one in devices("Standard_ND96isr_H100_v5") if one.there]

    assert found == ["an InfiniBand NIC"] * 8 + ["an NVIDIA GPU"] * 8


def test_what_is_not_known_of_a_device_is_uncertain():
    (gpu,) = {one.get("device") for one in devices("Standard_ND96isr_H100_v5") if one.what == "an NVIDIA GPU"}

    assert isinstance(gpu, Uncertain)
    assert {one.get("device") for one in devices("Standard_ND96isr_MI300X_v5") if one.what == "an AMD GPU"} == {"74b5"}
    assert devices("Standard_HB176rs_v4")[0].get("subsystem_vendor") == Uncertain()
    assert devices("Standard_HB176rs_v4")[0].get("sriov_totalvfs") == Uncertain(there=False)
    assert devices("Standard_HB176rs_v4")[0].get("driver") is None


@pytest.mark.parametrize(
    ("name", "ids", "found"),
    [
        pytest.param("Standard_HB176rs_v4", {"vendor": ["10de"]}, NO, id="a-gpu-where-there-is-none"),
        pytest.param("Standard_HB176rs_v4", {"vendor": ["144d"]}, NO | YES, id="a-disk-that-may-be-there"),
        pytest.param("Standard_HB176rs_v4", {"class": ["0200"]}, NO | YES, id="accelerated-networking"),
        pytest.param("Standard_NC24rs_v3", {"vendor": ["15b3"], "class": ["0200"]}, NO, id="none-of-it"),
        pytest.param("Standard_ND96isr_H100_v5", {"vendor": ["10de"], "class": ["0302"]}, YES, id="a-gpu"),
        pytest.param(
            "Standard_ND96isr_H100_v5", {"vendor": ["10de"], "class": ["0680"]}, NO | YES, id="a-switch-of-nvidia"
        ),
        pytest.param("Standard_ND96isr_H100_v5", {"device": ["2330"]}, NO | YES, id="the-id-of-a-gpu"),
        pytest.param("Standard_H16r", {"vendor": ["15b3"], "class": ["0207"]}, NO, id="a-nic-that-is-not-on-pci"),
    ],
)
def test_rules_about_other_devices(name, ids, found):
    assert outcome(catalog.size_features(catalog.vm_size(name)), **ids) == found


def test_a_size_without_infiniband_may_have_the_ethernet_function_of_the_same_vendor():
    features = catalog.features_without_infiniband()

    assert outcome(features, vendor=["15b3"]) == NO | YES
    assert outcome(features, vendor=["15b3"], **{"class": ["0207"]}) == NO
    assert outcome(features, vendor=["10de"]) == NO | YES


def test_features_that_nfd_has_not_are_not_there_and_those_of_others_may_be():
    has = catalog.features_without_infiniband().has

    assert [has(name) for name in ("kernel.version", "acme.nic", "pci.devices", "rule.matched", "plain")] == [
        None, None, False, False, False,
    ]  # fmt: skip


def test_the_charts_rule_is_about_both_classes_of_nics():
    found = catalog.chart_node_feature_rule()

    for name, said in (("Standard_ND40rs_v2", YES), ("Standard_HB176rs_v4", YES)):
        assert execute([found], catalog.size_features(catalog.vm_size(name)), Version()).rules[0].outcomes == said
    assert execute([found], catalog.features_without_infiniband(), Version()).rules[0].outcomes == NO | YES


def test_every_function_has_a_source_and_every_kind_of_vm_its_rows():
    rows = catalog.pci_functions()

    assert all(row.source for row in rows)
    assert {row.shown_by for row in rows} == {"GPU", "accelerated networking", "every size", "no InfiniBand"}
