from __future__ import annotations

import pytest

from aksrdma.checks.webhook.policies import verdict
from aksrdma.findings import format_path
from tests.checks.webhook.webhook_objects import ALL_RELEASES, BEFORE_26_4, NEWEST, driver, image, policy, rules

NESTED = ("cniPlugins", "ipoib", "multus")
FLAT = ("ofedDriver", "rdmaSharedDevicePlugin", "sriovDevicePlugin", "nvIpam", "nicFeatureDiscovery")


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize("name", [*FLAT, "docaTelemetryService"])
def test_repository_of_a_component_is_judged(release: str, name: str) -> None:
    bad = policy(**{name: image(repository="https://nvcr.io/nvidia")})

    (refusal,) = verdict(bad, release)

    assert refusal.rule == "webhook-repository"
    assert format_path(refusal.path) == f"spec.{name}.repository"


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize("name", NESTED)
def test_repository_of_a_secondary_network_is_judged(release: str, name: str) -> None:
    bad = policy(secondaryNetwork={name: image(repository="NVCR.io/NVIDIA")})

    assert rules(bad, release) == ["webhook-repository"]


@pytest.mark.parametrize("release", ALL_RELEASES)
def test_repository_of_the_ipam_plugin_is_judged_up_to_v25_7(release: str) -> None:
    bad = policy(secondaryNetwork={"ipamPlugin": image(repository="a//b")})

    assert bool(rules(bad, release)) is (release in ALL_RELEASES[:3])


@pytest.mark.parametrize("name", ["nicConfigurationOperator", "spectrumXOperator"])
def test_repository_of_other_components_is_not_judged(name: str) -> None:
    bad = image(repository="a//b")

    assert rules(policy(**{name: {**bad, "operator": bad, "configurationDaemon": bad}})) == []


@pytest.mark.parametrize("release", ALL_RELEASES)
def test_driver_repository_is_reported_elsewhere_up_to_v26_1(release: str) -> None:
    (refusal,) = verdict(driver(repository="a//b"), release)

    reported = "nicFeatureDiscovery" if release in BEFORE_26_4 else "ofedDriver"
    assert refusal.message.startswith(f"spec.{reported}.repository: ")
    assert format_path(refusal.path) == "spec.ofedDriver.repository"


@pytest.mark.parametrize(
    ("own", "shared", "release", "passes"),
    [
        pytest.param("a", "b//c", NEWEST, True, id="own-one-counts"),
        pytest.param(None, "nvcr.io/nvidia", NEWEST, True, id="global-stands-in-for-none"),
        pytest.param("", "nvcr.io/nvidia", NEWEST, True, id="global-stands-in-for-an-empty-one"),
        pytest.param(None, "b//c", NEWEST, False, id="global-is-judged"),
        pytest.param(None, None, NEWEST, False, id="neither"),
        pytest.param("", "nvcr.io/nvidia", "v26.1.2", False, id="no-global-before-v26-4"),
    ],
)
def test_global_repository(own: str | None, shared: str | None, release: str, passes: bool) -> None:
    manifest = policy(nvIpam=image(repository=own), **{"global": {"repository": shared}})

    assert (rules(manifest, release) == []) is passes
