"""The images that charts pull, and the values that take them from another registry."""

import pytest
import yaml

from aksrdma import catalog
from aksrdma.errors import UnknownNameError
from aksrdma.kube.image_names import mirrored, parsed
from aksrdma.plan.chart_images import from_registry, of_chart, of_network_operator

REGISTRY = "contoso.azurecr.io/nvidia"


def by_value(pulled):
    return {one.image.value: one.reference for one in pulled}


@pytest.mark.parametrize("name", catalog.releases())
def test_network_operators_chart_pulls_the_operator_its_init_container_and_nfd(name):
    release = catalog.release(name)

    assert by_value(of_network_operator(release, {}, driver=True)) == {
        "operator": release.operator.reference,
        "operator.ofedDriver.initContainer": release.helm_images["initContainer"].reference,
        "node-feature-discovery.image": release.nfd.image.reference,
    }


@pytest.mark.parametrize("name", catalog.releases())
def test_every_image_of_a_release_that_values_name_has_its_value(name):
    release = catalog.release(name)
    switched = {"sriovNetworkOperator": {"enabled": True}, "maintenanceOperator": {"enabled": True}}

    found = by_value(of_network_operator(release, switched, driver=True))

    assert {"operator", *(one.path for one in (*release.helm_images.values(), release.nfd.image))} == found.keys()


@pytest.mark.parametrize(
    ("values", "gone"),
    [
        pytest.param({"nfd": {"enabled": False}}, "node-feature-discovery.image", id="without-nfd"),
        pytest.param(
            {"operator": {"ofedDriver": {"initContainer": {"enable": False}}}},
            "operator.ofedDriver.initContainer",
            id="without-init-container",
        ),
    ],
)
def test_what_is_switched_off_is_not_pulled(values, gone):
    assert gone not in by_value(of_network_operator(catalog.release("v26.4.1"), values, driver=True))


def test_without_the_driver_container_its_init_container_is_not_pulled():
    found = by_value(of_network_operator(catalog.release("v26.4.1"), {}, driver=False))

    assert found.keys() == {"operator", "node-feature-discovery.image"}


def test_values_name_another_image():
    values = {
        "operator": {"repository": "example.com/a", "tag": "dev"},
        "node-feature-discovery": {"image": {"tag": "v0.18.3"}},
        "sriovNetworkOperator": {"enabled": True},
        "sriov-network-operator": {"images": {"webhook": "example.com/webhook:1"}},
    }

    found = by_value(of_network_operator(catalog.release("v26.4.1"), values, driver=True))

    assert found["operator"] == "example.com/a/network-operator:dev"
    assert found["node-feature-discovery.image"] == "nvcr.io/nvidia/mellanox/node-feature-discovery:v0.18.3"
    assert found["sriov-network-operator.images.webhook"] == "example.com/webhook:1"


def test_an_operator_of_gpus_pulls_what_its_switches_let_it():
    found = by_value(of_chart("gpu-operator", "v25.10.1", {"nfd": {"enabled": False}, "gdrcopy": {"enabled": True}}))

    assert found["driver"] == "nvcr.io/nvidia/driver:580.105.08"
    assert found["gdrcopy"] == "nvcr.io/nvidia/cloud-native/gdrdrv:v2.5.1"
    assert not found.keys() & {"node-feature-discovery.image", "gds", "dcgm", "draDriver"}
    without = by_value(
        of_chart("gpu-operator", "v25.10.1", {"driver": {"enabled": False}, "gdrcopy": {"enabled": True}})
    )
    assert not without.keys() & {"driver", "driver.manager", "gdrcopy"}


def test_a_version_that_the_catalog_has_not_is_told_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"images of gpu-operator v25\.10\.2 are not in the catalog.*v25\.10\.1"):
        of_chart("gpu-operator", "v25.10.2", {})


@pytest.mark.parametrize(
    ("chart", "version"),
    [(name, version) for name in ("gpu-operator", "gpu-operator-charts", "cert-manager")
     for version in catalog.operator_chart(name).versions],
)  # fmt: skip
def test_every_row_of_a_version_is_an_image_of_its_chart(chart, version):
    row = catalog.operator_chart(chart)

    assert row.references(version).keys() <= {one.value for one in row.images}
    assert {key for one in row.images for key in one.when} == row.switches.keys()
    assert all(parsed(reference).tag for reference in row.references(version).values())


def test_values_take_each_image_from_the_registry_in_the_form_that_the_chart_reads():
    switched = {"sriovNetworkOperator": {"enabled": True}, "maintenanceOperator": {"enabled": True}}
    pulled = of_network_operator(catalog.release("v26.4.1"), switched, driver=True)

    values = from_registry(pulled, REGISTRY, ["ngc", "other"])

    assert values["operator"] == {
        "repository": f"{REGISTRY}/nvcr.io/nvidia/cloud-native",
        "ofedDriver": {"initContainer": {"repository": f"{REGISTRY}/nvcr.io/nvidia/mellanox"}},
    }
    assert values["imagePullSecrets"] == ["ngc", "other"]
    assert values["node-feature-discovery"]["imagePullSecrets"] == [{"name": "ngc"}, {"name": "other"}]
    assert values["maintenance-operator-chart"] == {
        "imagePullSecrets": [{"name": "ngc"}, {"name": "other"}],
        "operator": {"image": {"repository": f"{REGISTRY}/nvcr.io/nvidia/mellanox"}},
    }
    assert values["sriov-network-operator"]["imagePullSecrets"] == ["ngc", "other"]
    webhook = values["sriov-network-operator"]["images"]["webhook"]
    assert webhook == f"{REGISTRY}/nvcr.io/nvidia/mellanox/sriov-network-operator-webhook:network-operator-v26.4.1"


def test_a_chart_that_takes_one_secret_gets_the_first():
    values = from_registry(of_chart("gpu-operator-charts", "v1.4.1", {}), None, ["ngc", "other"])

    assert values["controllerManager"] == {"manager": {"imagePullSecrets": "ngc"}}
    assert "image" not in values["node-feature-discovery"]


@pytest.mark.parametrize(("chart", "version"), [("gpu-operator", "v26.7.0"), ("gpu-operator-charts", "v1.5.1")])
def test_with_the_values_a_chart_pulls_the_same_images_from_the_registry(chart, version):
    before = by_value(of_chart(chart, version, {}))
    values = from_registry(of_chart(chart, version, {}), REGISTRY, [])

    assert by_value(of_chart(chart, version, values)) == {
        value: mirrored(reference, REGISTRY) for value, reference in before.items()
    }
    assert yaml.safe_load(yaml.safe_dump(values)) == values
