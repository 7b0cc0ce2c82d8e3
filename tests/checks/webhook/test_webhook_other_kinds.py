from __future__ import annotations

from typing import Any

import pytest

from tests.checks.webhook.webhook_objects import (
    ALL_RELEASES,
    BEFORE_26_4,
    driver,
    host_device,
    image,
    node_policy,
    resources,
    rules,
)


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("name", "passes"),
    [("hostdev", True), ("a-b_c.d", True), ("nvidia.com/hostdev", False), ("", False), (None, False), ("-a", False)],
)
def test_host_device_resource(release: str, name: Any, passes: bool) -> None:
    assert rules(host_device(resourceName=name), release) == ([] if passes else ["webhook-host-device-resource"])


def test_host_device_network_without_a_spec_is_refused() -> None:
    bare = {"apiVersion": "mellanox.com/v1alpha1", "kind": "HostDeviceNetwork", "metadata": {"name": "a"}}

    assert rules(bare) == ["webhook-host-device-resource"]


@pytest.mark.parametrize(("length", "passes"), [(30, True), (31, False), (50, False)])
def test_node_policy_name_has_at_most_30_characters(length: int, passes: bool) -> None:
    assert rules(node_policy("a" * length)) == ([] if passes else ["webhook-nicnodepolicy-name"])


def test_node_policy_is_judged_without_images_and_resources() -> None:
    odd = image(repository="a//b", containerResources=resources("no-such", requests={"x/y": 0}))

    assert rules(node_policy(ofedDriver=odd, rdmaSharedDevicePlugin={**odd, "config": ""})) == ["webhook-rdma-config"]


def test_node_policy_has_no_global_version() -> None:
    bare = {"image": "x", "containerResources": resources()}

    refusals = rules(node_policy(ofedDriver=bare, **{"global": {"version": "25.01-0.6.0.0-0"}}))

    assert refusals == ["webhook-ofed-version"]


@pytest.mark.parametrize("release", BEFORE_26_4)
def test_node_policy_has_no_webhook_before_v26_4(release: str) -> None:
    assert rules(node_policy("a" * 60, ofedDriver=image(version="")), release) == []


@pytest.mark.parametrize(
    "manifest",
    [
        {**driver(version=""), "apiVersion": "example.com/v1"},
        {**driver(version=""), "kind": "IPoIBNetwork"},
    ],
)
def test_other_kinds_pass(manifest: dict[str, Any]) -> None:
    assert rules(manifest) == []
