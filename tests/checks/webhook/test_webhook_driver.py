from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.webhook.policies import verdict
from tests.checks.webhook.webhook_objects import (
    ALL_RELEASES,
    NEWEST,
    OLDEST,
    driver,
    image,
    node_policy,
    policy,
    resources,
    rules,
    sriov_resource,
)

VERSIONS = {
    "25.01-0.6.0.0-0": ALL_RELEASES,
    "25.04-0.6.1.0-2": ALL_RELEASES,
    "24.10-0.7.0": ALL_RELEASES,
    "doca3.1.0-25.07-0.9.7.0-0": ALL_RELEASES[2:],
    "doca3.2.0-25.10-1.2.8.0-2": ALL_RELEASES[2:],
    "doca3.4.1-26.04-1.1.0.0-1": ALL_RELEASES[2:],
    "doca3.1-24.01-0.3.3.1-0": ALL_RELEASES[3:],
    "doca3.2.0-25.10-1.2.8.0-2-5.15.0-1089-azure": ALL_RELEASES[3:],
    "24.10-0.7.0.0-0-5.15.0_x-y--": ALL_RELEASES[3:],
    "sha256:" + "aF" * 32: ALL_RELEASES[3:],
    "sha256:" + "a" * 63: (),
    "23-10-0.5.5.0": (),
    "latest": (),
    "": (),
    "25.01-0.6.0.0-0\n": (),
    "٢٥.01-0.6": (),
}


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: ascii(version)[:30])
def test_driver_version_has_the_form_of_its_release(release: str, version: str) -> None:
    expected = [] if release in VERSIONS[version] else ["webhook-ofed-version"]

    assert rules(driver(version=version), release) == expected
    if release == NEWEST:
        assert rules(node_policy(ofedDriver=image(version=version)), release) == expected


@pytest.mark.parametrize(
    ("fields", "passes"),
    [
        pytest.param({}, False, id="raw-field-is-judged"),
        pytest.param({"containerResources": []}, False, id="no-resources-no-rendering"),
        pytest.param({"containerResources": resources()}, True, id="rendering-fills-it-in"),
    ],
)
def test_global_version_does_not_count_for_the_driver(fields: Any, passes: bool) -> None:
    shared = {"version": "doca3.4.1-26.04-1.1.0.0-1"}
    manifest = policy(ofedDriver={"image": "x", "repository": "a", **fields}, **{"global": shared})

    refusals = verdict(manifest, NEWEST)

    assert [refusal.rule for refusal in refusals] == ([] if passes else ["webhook-ofed-version"])
    assert all("spec.global.version does not count here" in refusal.message for refusal in refusals)


def test_component_without_any_version_takes_no_resources() -> None:
    component = {"image": "x", "repository": "a", "containerResources": resources("nv-ipam-node")}

    assert rules(policy(nvIpam=component)) == ["webhook-container-name"]
    assert rules(policy(nvIpam=component, **{"global": {"version": "v1"}})) == []


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("upgrade", "passes"),
    [
        pytest.param({"safeLoad": True, "autoUpgrade": True}, True, id="both"),
        pytest.param({"safeLoad": False}, True, id="no-safe-load"),
        pytest.param({}, True, id="defaults"),
        pytest.param({"safeLoad": True}, False, id="auto-upgrade-is-false-by-default"),
        pytest.param({"safeLoad": True, "autoUpgrade": False}, False, id="auto-upgrade-off"),
    ],
)
def test_safe_load_needs_auto_upgrade(release: str, upgrade: Any, passes: bool) -> None:
    assert rules(driver(upgradePolicy=upgrade), release) == ([] if passes else ["webhook-safe-load"])


@pytest.mark.parametrize("release", ALL_RELEASES)
def test_aks_sriov_config_is_refused_for_its_prefix(release: str) -> None:
    selectors = {"vendors": ["15b3"], "linkTypes": ["infiniband"], "isRdma": True}
    manifest = sriov_resource(resourcePrefix="rdma", selectors=selectors)

    assert rules(manifest, release) == ["webhook-resource-prefix"]


@pytest.mark.parametrize(
    ("release", "same"),
    [("v26.1.0", "v26.1.2"), ("25.4.0", "v25.4.0"), ("v26.7.0-rc.2", NEWEST), (None, NEWEST), ("v24.1.0", OLDEST)],
)
def test_release_without_rows_of_its_own_is_judged_as_its_neighbor(release: str | None, same: str) -> None:
    for version in VERSIONS:
        assert verdict(driver(version=version), release) == verdict(driver(version=version), same)
