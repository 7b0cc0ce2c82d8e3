from __future__ import annotations

import json
from typing import Any

import pytest

from aksrdma.checks.webhook.policies import verdict
from aksrdma.findings import format_path
from tests.checks.webhook.webhook_objects import ALL_RELEASES, OLDEST, driver, image, policy, resources, rules


def amounts(requests: Any = None, limits: Any = None) -> dict[str, Any]:
    return driver(version="25.01-0.6.0.0-0", containerResources=resources(requests=requests, limits=limits))


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("requests", "limits"),
    [
        pytest.param({"cpu": "100m", "memory": "1Gi"}, {"cpu": 1, "memory": "2Gi"}, id="plain"),
        pytest.param({"cpu": "1"}, {"cpu": "1000m"}, id="equal-in-other-words"),
        pytest.param({"memory": "1G"}, {"memory": "1Gi"}, id="decimal-below-binary"),
        pytest.param({"cpu": "1e3"}, {"cpu": "1k"}, id="exponent"),
        pytest.param({"cpu": "0.0001"}, None, id="small"),
        pytest.param({"cpu": "-1"}, {"cpu": "1"}, id="negative-is-not-zero"),
        pytest.param({"cpu": "2"}, {"memory": "1"}, id="limit-of-another-resource"),
        pytest.param(None, None, id="none-at-all"),
    ],
)
def test_amounts_pass(release: str, requests: Any, limits: Any) -> None:
    assert rules(amounts(requests, limits), release) == []


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("requests", "limits", "fields"),
    [
        pytest.param({"nvidia.com/gpu": 1}, None, ["Requests.nvidia.com/gpu"], id="another-resource"),
        pytest.param(None, {"hugepages-2Mi": "1Mi"}, ["Limits.hugepages-2Mi"], id="another-limit"),
        pytest.param({"CPU": 1}, None, ["Requests.CPU"], id="another-case"),
        pytest.param({"cpu": 0}, None, ["Requests.cpu"], id="zero"),
        pytest.param({"cpu": "0m"}, {"cpu": "-0"}, ["Requests.cpu", "Limits.cpu"], id="zeros"),
        pytest.param({"cpu": "2"}, {"cpu": "1999m"}, ["Requests.cpu"], id="above-the-limit"),
        pytest.param({"memory": "1Gi"}, {"memory": "1G"}, ["Requests.memory"], id="binary-above-decimal"),
        pytest.param({"cpu": "1"}, {"cpu": "-1"}, ["Requests.cpu"], id="negative-limit"),
        pytest.param({"cpu": "1"}, {"cpu": "0"}, ["Limits.cpu", "Requests.cpu"], id="zero-limit"),
    ],
)
def test_amounts_are_refused(release: str, requests: Any, limits: Any, fields: list[str]) -> None:
    refusals = verdict(amounts(requests, limits), release)

    assert {refusal.rule for refusal in refusals} == {"webhook-container-resources"}
    assert [refusal.message.partition(": ")[0] for refusal in refusals] == [
        f"spec.ofedDriver.containerResources.{field}" for field in fields
    ]


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("component", "containers"),
    [
        ("ofedDriver", ["mofed-container"]),
        ("rdmaSharedDevicePlugin", ["rdma-shared-dp"]),
        ("sriovDevicePlugin", ["kube-sriovdp"]),
        ("nvIpam", ["nv-ipam-node", "nv-ipam-controller"]),
        ("nicFeatureDiscovery", ["nic-feature-discovery"]),
    ],
)
def test_container_must_be_one_of_the_component(release: str, component: str, containers: list[str]) -> None:
    for name in containers:
        assert rules(policy(**{component: image(containerResources=resources(name))}), release) == []
    assert rules(policy(**{component: image(containerResources=resources("x"))}), release) == ["webhook-container-name"]


@pytest.mark.parametrize(
    ("name", "container"), [("cniPlugins", "cni-plugins"), ("ipoib", "ipoib-cni"), ("multus", "kube-multus")]
)
def test_container_of_a_secondary_network(name: str, container: str) -> None:
    assert rules(policy(secondaryNetwork={name: image(containerResources=resources(container))})) == []
    assert rules(policy(secondaryNetwork={name: image(containerResources=resources("install-multus-binary"))})) == [
        "webhook-container-name"
    ]


def test_resources_of_the_telemetry_service_are_not_judged() -> None:
    odd = resources("no-such", requests={"nvidia.com/gpu": 0})

    assert rules(policy(docaTelemetryService=image(containerResources=odd))) == []


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"forcePrecompiled": True}, "no precompiled driver", id="precompiled"),
        pytest.param({"certConfig": {"name": "x"}}, "panics", id="certificates"),
        pytest.param({"repoConfig": {"name": "x"}}, "panics", id="package-repository"),
    ],
)
def test_driver_that_cannot_be_rendered_takes_no_resources(release: str, fields: Any, reason: str) -> None:
    (refusal,) = verdict(driver(**fields, containerResources=resources()), release)

    assert refusal.rule == "webhook-container-name"
    assert reason in refusal.message
    assert verdict(driver(**fields, containerResources=[]), release) == []
    assert verdict(driver(**fields), release) == []


@pytest.mark.parametrize("fields", [{"certConfig": {}}, {"repoConfig": {"name": ""}}, {"forcePrecompiled": False}])
def test_driver_without_a_named_config_map_can_be_rendered(fields: Any) -> None:
    assert rules(driver(**fields, containerResources=resources())) == []


@pytest.mark.parametrize(("config", "passes"), [("it's", False), ("it''s", True)])
def test_apostrophe_in_a_config_breaks_the_rendering(config: str, passes: bool) -> None:
    text = json.dumps({"resourceList": [{"resourceName": "a", "note": config}]})
    manifest = policy(sriovDevicePlugin=image(config=text, containerResources=resources("kube-sriovdp")))

    assert (rules(manifest) == []) is passes


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"config": '{"name": "it\'s"}'}, "config has an apostrophe, which ends the YAML string around it"),
        ({"imagePullSecrets": ["a: b"]}, "imagePullSecrets[0] is no YAML"),
        ({"version": "a: b"}, "version is no YAML"),
        ({"config": '{"name": "its"}', "imagePullSecrets": ["123"]}, None),
    ],
)
def test_multus_that_cannot_be_rendered_takes_no_resources(release: str, fields: Any, reason: str | None) -> None:
    multus = {**image(), **fields}
    found = verdict(
        policy(secondaryNetwork={"multus": {**multus, "containerResources": resources("kube-multus")}}), release
    )

    assert [one.rule for one in found] == ["webhook-container-name"] * bool(reason)
    assert all(f"the operator cannot render secondaryNetwork.multus: {reason}" in one.message for one in found)
    assert verdict(policy(secondaryNetwork={"multus": multus}), release) == []


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        pytest.param(
            amounts({"cpu": "1e1.5"}),
            "spec.ofedDriver.containerResources[0].requests.cpu",
            id="exponent-with-a-fraction",
        ),
        pytest.param(
            amounts({"cpu": "1e99999999999999999999"}),
            "spec.ofedDriver.containerResources[0].requests.cpu",
            id="exponent-beyond-64-bits",
        ),
        pytest.param(
            driver(env=[{}, {"valueFrom": {"resourceFieldRef": {"divisor": "1e.5"}}}]),
            "spec.ofedDriver.env[1].valueFrom.resourceFieldRef.divisor",
            id="divisor",
        ),
        pytest.param(
            driver(upgradePolicy={"maxParallelUpgrades": 1e30}),
            "spec.ofedDriver.upgradePolicy.maxParallelUpgrades",
            id="number-beyond-64-bits",
        ),
        pytest.param(
            driver(upgradePolicy={"maxParallelUpgrades": 2**63}),
            "spec.ofedDriver.upgradePolicy.maxParallelUpgrades",
            id="first-number-beyond-64-bits",
        ),
    ],
)
def test_what_does_not_decode_is_refused(release: str, manifest: dict[str, Any], path: str) -> None:
    (problem,) = verdict(manifest, release)

    assert (problem.rule, format_path(problem.path)) == ("webhook-undecodable", path)
    assert problem.message.startswith("request body: the operator cannot decode the object: ")


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize("name", ["operator", "configurationDaemon"])
def test_a_component_that_is_not_judged_must_decode_from_the_release_that_has_it(release: str, name: str) -> None:
    odd = {"containerResources": resources("no-such", limits={"cpu": "1e1.5"})}

    expected = [] if release == OLDEST else ["webhook-undecodable"]
    assert rules(policy(nicConfigurationOperator={name: odd}), release) == expected


def test_the_largest_number_decodes() -> None:
    assert rules(driver(upgradePolicy={"maxParallelUpgrades": 2**63 - 1})) == []


def test_an_amount_may_leave_64_bits() -> None:
    assert rules(amounts({"memory": 2**64})) == []
