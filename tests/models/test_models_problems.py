"""What a user reads when an object is wrong: the path, the value, and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from aksrdma import models
from aksrdma.errors import ModelError
from aksrdma.models import parse

IMAGE = {"repository": "nvcr.io/nvidia/mellanox", "image": "some", "version": "v1"}


def policy(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "NicClusterPolicy",
        "metadata": {"name": "nic-cluster-policy"},
        "spec": spec,
    }


def driver(**fields: Any) -> dict[str, Any]:
    return policy(ofedDriver=IMAGE | fields)


def shared(config: Any) -> dict[str, Any]:
    text = config if isinstance(config, str) else json.dumps({"configList": [config]})
    return policy(rdmaSharedDevicePlugin=IMAGE | {"config": text})


def sriov(**resource: Any) -> dict[str, Any]:
    text = json.dumps({"resourceList": [{"resourceName": "ib"} | resource]})
    return policy(sriovDevicePlugin=IMAGE | {"config": text})


def network(ipam: Any) -> dict[str, Any]:
    spec = {"ipam": ipam if isinstance(ipam, str) else json.dumps(ipam)}
    return {"apiVersion": "mellanox.com/v1alpha1", "kind": "IPoIBNetwork", "metadata": {"name": "ib"}, "spec": spec}


def pod(container: dict[str, Any], **spec: Any) -> dict[str, Any]:
    box = {"name": "main"} | container
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [box], **spec}}


CONFIG = "spec.rdmaSharedDevicePlugin.config"
RESOURCE = "spec.sriovDevicePlugin.config:resourceList[0]"


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        pytest.param(
            driver(upgradePolicy={"maxParallelUpgrades": "1"}),
            [
                'spec.ofedDriver.upgradePolicy.maxParallelUpgrades: "1" is no integer; '
                "write a whole number without quotes"
            ],
            id="a-number-in-quotes",
        ),
        pytest.param(
            driver(upgradePolicy={"maxParallelUpgrades": -1}),
            ["spec.ofedDriver.upgradePolicy.maxParallelUpgrades: -1 is less than 0, the least that is allowed"],
            id="below-the-least",
        ),
        pytest.param(
            driver(forcePrecompiled="false"),
            ['spec.ofedDriver.forcePrecompiled: "false" is no boolean; write true or false without quotes'],
            id="a-boolean-in-quotes",
        ),
        pytest.param(
            driver(version=25.01),
            ["spec.ofedDriver.version: 25.01 is no string; put it in quotes"],
            id="a-version-without-quotes",
        ),
        pytest.param(
            driver(repository="!"),
            [r'spec.ofedDriver.repository: "!" does not match the pattern [a-zA-Z0-9\.\-\/]+'],
            id="a-pattern",
        ),
        pytest.param(policy(ofedDrivr={}), ["spec.ofedDrivr: no such field; did you mean ofedDriver?"], id="a-typo"),
        pytest.param(
            policy(ofed_driver={}),
            ["spec.ofed_driver: no such field; did you mean ofedDriver?"],
            id="snake-case-is-not-the-wire",
        ),
        pytest.param(
            policy(secondaryNetwork={"x": {}}),
            ["spec.secondaryNetwork.x: no such field; there are cniPlugins, multus, ipoib, ipamPlugin"],
            id="a-field-like-no-other",
        ),
        pytest.param(policy(ofedDriver={}), ["spec.ofedDriver.image: is required"], id="a-required-field"),
        pytest.param(policy(ofedDriver=[]), ["spec.ofedDriver: [] is no object"], id="a-list-for-an-object"),
        pytest.param(policy(tolerations={}), ["spec.tolerations: {} is no list"], id="an-object-for-a-list"),
        pytest.param(
            policy(tolerations=[{"effect": "noschedule"}]),
            [
                'spec.tolerations[0].effect: "noschedule" is not allowed; did you mean NoSchedule?; '
                "allowed: 'NoSchedule', 'PreferNoSchedule', 'NoExecute'"
            ],
            id="a-value-in-the-wrong-case",
        ),
        pytest.param(
            policy(
                nicConfigurationOperator={
                    "operator": IMAGE,
                    "configurationDaemon": IMAGE,
                    "nicFirmwareStorage": {"pvcName": "", "availableStorageSize": "1G"},
                }
            ),
            [
                'spec.nicConfigurationOperator.nicFirmwareStorage.pvcName: "" must have at least 1 characters',
                'spec.nicConfigurationOperator.nicFirmwareStorage.availableStorageSize: "1G" does not match '
                r"the pattern ^(\d+)(Ei|Pi|Ti|Gi|Mi|Ki)$",
            ],
            id="every-mistake-has-a-line",
        ),
        pytest.param(
            shared("{"),
            [f"{CONFIG}: is no JSON: line 1, column 2: Expecting property name enclosed in double quotes"],
            id="a-config-that-is-no-json",
        ),
        pytest.param(
            shared(""), [f"{CONFIG}: is empty; leave the field out or give it a config"], id="an-empty-config"
        ),
        pytest.param(shared("[]"), [f"{CONFIG}: [] is no object"], id="a-config-that-is-a-list"),
        pytest.param(
            shared({"resourceName": "ib", "rdmaHcaMax": "63"}),
            [f'{CONFIG}:configList[0].rdmaHcaMax: "63" is no integer; write a whole number without quotes'],
            id="a-colon-steps-into-the-config",
        ),
        pytest.param(
            shared({"resourceName": "ib", "rdmaHcaMax": 63, "selectors": {"vendor": []}}),
            [f"{CONFIG}:configList[0].selectors.vendor: no such field; did you mean vendors?"],
            id="a-typo-in-a-config",
        ),
        pytest.param(
            sriov(selectors={"isRdma": "true"}),
            [f'{RESOURCE}.selectors.isRdma: "true" is no boolean; write true or false without quotes'],
            id="one-selectors-object",
        ),
        pytest.param(
            sriov(selectors=[{}, {"isRDMA": True}]),
            [f"{RESOURCE}.selectors[1].isRDMA: no such field; did you mean isRdma?"],
            id="a-list-of-selectors",
        ),
        pytest.param(
            sriov(deviceType="gpu", selectors={}),
            [f"{RESOURCE}.deviceType: \"gpu\" is not allowed; allowed: 'netDevice', 'accelerator', 'auxNetDevice'"],
            id="a-device-type-that-does-not-exist",
        ),
        pytest.param(
            sriov(deviceType="accelerator", selectors={"isRdma": True}),
            [f"{RESOURCE}.selectors.isRdma: no such field; there are vendors, devices, drivers, pciAddresses"],
            id="selectors-of-another-device-type",
        ),
        pytest.param(
            network({"type": "whereabouts", "rnge": "10.0.0.0/16"}),
            ["spec.ipam:rnge: no such field; did you mean range?"],
            id="a-typo-in-an-ipam",
        ),
        pytest.param(
            network({"type": "host-local", "ranges": [[{"subnet": 4}]]}),
            ["spec.ipam:ranges[0][0].subnet: 4 is no string; put it in quotes"],
            id="a-range-of-a-range-set",
        ),
        pytest.param(network("3"), ["spec.ipam: 3 is no object"], id="an-ipam-that-is-a-number"),
        pytest.param(
            pod({"resources": {"limits": {"rdma/ib": "x"}}}),
            ['spec.containers[0].resources.limits[rdma/ib]: "x" is no quantity such as 1, 500m or 2Gi'],
            id="a-quantity",
        ),
        pytest.param(
            pod({"resources": {"limits": {"rdma/ib": True}}}),
            ["spec.containers[0].resources.limits[rdma/ib]: true is neither an integer nor a string"],
            id="true-is-no-quantity",
        ),
        pytest.param(
            pod({"livenessProbe": {"tcpSocket": {"port": []}}}),
            ["spec.containers[0].livenessProbe.tcpSocket.port: [] is neither an integer nor a string"],
            id="a-port",
        ),
        pytest.param(
            pod({}, volumes=[{"name": "shm", "emptyDir": {"medum": "Memory"}}]),
            ["spec.volumes[0].emptyDir.medum: no such field; did you mean medium?"],
            id="a-typo-in-a-volume",
        ),
        pytest.param({"apiVersion": "v1", "kind": "Podd"}, ["kind: no model of 'Podd'; did you mean Pod?"], id="kind"),
        pytest.param(
            {"apiVersion": "v2", "kind": "Pod"}, ["apiVersion: Pod has 'v1' and not 'v2'"], id="another-version"
        ),
        pytest.param({}, ["apiVersion: is required", "kind: is required"], id="no-kind-at-all"),
        pytest.param([], ["an object is expected, not list"], id="no-object"),
    ],
)
def test_reading_a_wrong_object(data: Any, problems: list[str]) -> None:
    with pytest.raises(ModelError) as error:
        parse(data)

    assert error.value.problems == problems
    assert str(error.value) == "\n".join(problems)


def test_a_wrong_argument_of_a_constructor_says_the_name_of_the_wire() -> None:
    with pytest.raises(ModelError) as error:
        models.OfedDriver(image="doca-driver", force_precompiled="no")

    assert error.value.problems == ['forcePrecompiled: "no" is no boolean; write true or false without quotes']


DRIVER = {"image": "doca-driver"}
NO_BOOLEAN = '"no" is no boolean; write true or false without quotes'


@pytest.mark.parametrize(
    ("act", "problem"),
    [
        pytest.param(
            lambda: models.ImageSpec(image="a", imag="b"),  # type: ignore[call-arg]
            "imag: no such field; did you mean image?",
            id="unknown-argument",
        ),
        pytest.param(
            lambda: models.OfedDriver(force_precompild=True, **DRIVER),
            "force_precompild: no such field; did you mean force_precompiled?",
            id="unknown-argument-is-told-by-the-names-of-python",
        ),
        pytest.param(
            lambda: models.NicClusterPolicySpec(ofed_driver=DRIVER | {"imagee": "b"}),
            "ofedDriver.imagee: no such field; did you mean image?",
            id="unknown-field-of-data-in-a-constructor",
        ),
        pytest.param(
            lambda: models.OfedDriver.model_validate(DRIVER | {"forcePrecompiled": "no"}),
            f"forcePrecompiled: {NO_BOOLEAN}",
            id="model_validate",
        ),
        pytest.param(
            lambda: models.OfedDriver.model_validate(DRIVER | {"force_precompiled": True}),
            "force_precompiled: no such field; did you mean forcePrecompiled?",
            id="model_validate-takes-the-names-of-the-wire",
        ),
        pytest.param(
            lambda: models.OfedDriver.model_validate_json('{"image": "i", "forcePrecompiled": "no"}'),
            f"forcePrecompiled: {NO_BOOLEAN}",
            id="model_validate_json",
        ),
        pytest.param(
            lambda: setattr(models.OfedDriver(**DRIVER), "force_precompiled", "no"),
            f"forcePrecompiled: {NO_BOOLEAN}",
            id="assignment",
        ),
        pytest.param(
            lambda: setattr(models.OfedDriver(**DRIVER), "force_precompild", True),
            "force_precompild: no such field; did you mean force_precompiled?",
            id="unknown-attribute",
        ),
        pytest.param(
            lambda: setattr(models.NicClusterPolicySpec(), "tolerations", [{"effect": "NoExecut"}]),
            'tolerations[0].effect: "NoExecut" is not allowed; did you mean NoExecute?; '
            "allowed: 'NoSchedule', 'PreferNoSchedule', 'NoExecute'",
            id="assignment-of-a-list",
        ),
        pytest.param(
            lambda: setattr(models.NicClusterPolicySpec(), "ofed_driver", {"imag": "i"}),
            "ofedDriver.image: is required",
            id="assignment-of-an-object",
        ),
        pytest.param(
            lambda: setattr(models.NicClusterPolicySpec(ofed_driver=DRIVER).ofed_driver, "image", 3),
            "image: 3 is no string; put it in quotes",
            id="assignment-to-a-nested-object",
        ),
        pytest.param(
            lambda: setattr(models.RdmaSharedDevicePlugin(image="i"), "config", {"configList": [{"resourceName": 1}]}),
            "config:configList[0].resourceName: 1 is no string; put it in quotes",
            id="assignment-of-a-config",
        ),
        pytest.param(
            lambda: models.OfedDriver(**DRIVER).model_copy(update={"force_precompiled": "no"}),
            f"forcePrecompiled: {NO_BOOLEAN}",
            id="model_copy",
        ),
        pytest.param(
            lambda: models.NicFirmwareStorage(pvc_name="a" * 64),
            f'pvcName: "{"a" * 56}... must have at most 63 characters',
            id="too-long",
        ),
        pytest.param(
            lambda: models.VolumeMount(name="a", mount_path=object()),  # type: ignore[arg-type]
            "mountPath: <object object at",
            id="a-value-that-is-no-json",
        ),
    ],
)
def test_whatever_way_a_wrong_value_comes_it_is_a_model_error(act: Callable[[], Any], problem: str) -> None:
    with pytest.raises(ModelError) as error:
        act()

    assert error.value.problems[0].startswith(problem)


def test_an_object_stays_as_it_is_when_a_wrong_value_is_refused() -> None:
    driver = models.OfedDriver(image="doca-driver", force_precompiled=True)

    with pytest.raises(ModelError):
        driver.force_precompiled = "no"  # type: ignore[assignment]

    assert driver.force_precompiled is True


def test_a_long_value_is_cut() -> None:
    with pytest.raises(ModelError) as error:
        models.ImageSpec.from_wire({"image": ["x" * 200]})

    assert len(str(error.value)) < 100


def test_another_kind_is_refused_by_the_class_of_a_kind() -> None:
    with pytest.raises(ModelError, match="kind: \"Pod\" is not allowed; allowed: 'NicClusterPolicy'"):
        models.NicClusterPolicy.from_wire(policy() | {"kind": "Pod"})
