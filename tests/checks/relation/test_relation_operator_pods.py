"""What the operator makes of a policy: environment, probes and amounts of its pods, its upgrades, its driver images."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma import catalog
from aksrdma.checks.relation.operator_pods import precompiled, refused_pods, upgrade_selectors
from tests.checks.relation.relation_props import policy, said

NODE = {"fieldRef": {"fieldPath": "spec.nodeName"}}
NEW = "v26.4.1"
DRIVER = catalog.release(NEW).components["ofedDriver"].version


def places(section: str = "ofedDriver", kind: str = "NicClusterPolicy", **fields: Any) -> list[str]:
    return [one.path for one in said(refused_pods, policy(kind, **{section: fields}))]


@pytest.mark.parametrize("kind", ["NicClusterPolicy", "NicNodePolicy"])
@pytest.mark.parametrize(
    ("variable", "path"),
    [
        pytest.param({"name": "A", "value": "x"}, None, id="plain"),
        pytest.param({"name": "A", "valueFrom": NODE}, None, id="of-the-pod"),
        pytest.param({"name": "A=", "value": "x"}, "name", id="illegal-name"),
        pytest.param({"name": "", "value": "x"}, "name", id="no-name"),
        pytest.param({"name": "A", "value": "x", "valueFrom": NODE}, "valueFrom", id="both"),
        pytest.param({"name": "A", "valueFrom": {}}, "valueFrom", id="neither"),
        pytest.param({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.x"}}}, "valueFrom.fieldRef.fieldPath", id="bad-field"),
        pytest.param({"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "a b"}}}, "valueFrom.secretKeyRef.key", id="bad-key"),
        pytest.param({"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.gpu"}}}, "valueFrom.resourceFieldRef.resource", id="bad-resource"),
    ],
)  # fmt: skip
def test_variables_of_the_driver_are_those_of_a_pod(kind: str, variable: dict[str, Any], path: str | None) -> None:
    found = places(kind=kind, env=[{"name": "OK", "value": "1"}, variable])

    assert found == ([f"spec.ofedDriver.env[1].{path}"] if path else [])


def test_the_nic_configuration_operator_has_variables_as_well() -> None:
    assert places("nicConfigurationOperator", env=[{"name": "A="}]) == ["spec.nicConfigurationOperator.env[0].name"]
    assert places("nvIpam", env=[{"name": "A="}]) == []


def test_a_message_says_who_refuses_what_and_what_to_write() -> None:
    (found,) = said(refused_pods, policy(ofedDriver={"env": [{"name": "A", "valueFrom": {}}]}))

    assert found.message.startswith(
        "the API server refuses the pods that the operator makes of it: valueFrom needs one of configMapKeyRef,"
    )
    assert found.fix == "name one of them, or write value instead"


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe", "startupProbe"])
@pytest.mark.parametrize(
    ("number", "release", "refused"),
    [
        pytest.param(2**31, NEW, True, id="past-32-bits"),
        pytest.param(2**31 - 1, NEW, False, id="the-most"),
        pytest.param(-1, NEW, False, id="mended"),
        pytest.param(-(2**31) - 1, NEW, True, id="far-below"),
        pytest.param(-1, "v25.7.0", True, id="not-mended-before"),
        pytest.param(0, "v25.7.0", False, id="nothing"),
    ],
)
def test_numbers_of_probes_are_those_of_a_pod(probe: str, number: int, release: str, refused: bool) -> None:
    fields = {probe: {"initialDelaySeconds": 10, "periodSeconds": number}}
    found = said(refused_pods, policy(ofedDriver=fields), release=release)

    assert [one.path for one in found] == [f"spec.ofedDriver.{probe}.periodSeconds"] * refused


@pytest.mark.parametrize(
    ("amounts", "path"),
    [
        pytest.param({"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}, None, id="amounts"),
        pytest.param({"requests": {"cpu": "-1"}}, "requests.cpu", id="below-nothing"),
        pytest.param({"limits": {"memory": "1x"}}, "limits.memory", id="no-quantity"),
        pytest.param({"requests": {"bad name": "1"}}, "requests[bad name]", id="no-resource"),
    ],
)
def test_resources_of_containers_are_those_of_a_pod(amounts: dict[str, Any], path: str | None) -> None:
    expected = [f"containerResources[0].{path}"] if path else []
    entry = [{"name": "a", **amounts}]

    assert places(containerResources=entry) == [f"spec.ofedDriver.{one}" for one in expected]
    for section, part in (("secondaryNetwork", "multus"), ("nicConfigurationOperator", "configurationDaemon")):
        inner = places(section, **{part: {"containerResources": entry}})
        assert inner == [f"spec.{section}.{part}.{one}" for one in expected]


@pytest.mark.parametrize("key", ["certConfig", "repoConfig"])
def test_a_config_map_gives_a_volume_its_name(key: str) -> None:
    (found,) = said(refused_pods, policy(ofedDriver={key: {"name": "my.certs"}}))

    assert (found.path, found.fix) == (f"spec.ofedDriver.{key}.name", "write 'my-certs'")
    assert "names a volume of the driver's pods after the ConfigMap 'my.certs'" in found.message
    assert places(**{key: {"name": "my-certs"}}) == places(**{key: {}}) == []


@pytest.mark.parametrize("odd", [None, 1, "x", [], [None], {}, {"x": 1}])
def test_odd_values_are_left_to_the_schema(odd: Any) -> None:
    fields = dict.fromkeys(
        ("env", "livenessProbe", "containerResources", "certConfig", "upgradePolicy", "version"), odd
    )

    for check in (refused_pods, upgrade_selectors, precompiled):
        assert isinstance(said(check, policy(ofedDriver={**fields, "forcePrecompiled": True}, nvIpam=odd)), list)


def upgrade(auto: bool = True, **fields: Any) -> list[Any]:
    return said(upgrade_selectors, policy(ofedDriver={"upgradePolicy": {"autoUpgrade": auto, **fields}}))


@pytest.mark.parametrize("key", ["drain", "waitForCompletion"])
def test_pods_of_an_upgrade_are_selected_by_a_label_selector(key: str) -> None:
    (found,) = upgrade(**{key: {"podSelector": "a b"}})

    assert found.path == f"spec.ofedDriver.upgradePolicy.{key}.podSelector"
    assert found.message.startswith("'a b' has 'b' where an operator is expected")
    assert found.message.endswith(": the first upgrade cordons a node and leaves it in upgrade-failed")
    assert (
        upgrade(**{key: {"podSelector": "a=b"}}) == upgrade(**{key: {"podSelector": ""}}) == upgrade(**{key: {}}) == []
    )


def test_a_selector_that_nothing_reads_is_let_pass() -> None:
    bad = {"podSelector": "a b"}

    assert upgrade(auto=False, drain=bad, waitForCompletion=bad) == []
    assert upgrade(drain={**bad, "enable": False}) == []
    assert len(upgrade(waitForCompletion={**bad, "enable": False})) == 1


def forced(**fields: Any) -> list[Any]:
    spec = {"ofedDriver": {"forcePrecompiled": True, "version": DRIVER, **fields}}
    return [(one.severity, one.message) for one in said(precompiled, policy(**spec))]


def test_a_driver_that_nobody_compiled_is_not_to_be_forced() -> None:
    none = f"no image of {DRIVER} is listed that is compiled for an azure kernel, so no driver pod is made"

    assert forced() == [(None, none)]
    assert forced(forcePrecompiled=False) == forced(forcePrecompiled=None) == []
    assert [one.path for one in said(precompiled, policy(ofedDriver={"forcePrecompiled": True}))] == []


def test_a_driver_that_was_compiled_for_some_kernels_may_fit() -> None:
    some = (
        "images of 25.01-0.6.0.0-0 that need no compiler are listed for the azure kernels 6.11.0-1008, 6.8.0-1021 alone"
    )

    assert forced(version="25.01-0.6.0.0-0") == [("warning", some)]


def test_of_a_release_with_two_drivers_the_compiled_one_may_fit_and_the_pinned_one_does_not() -> None:
    pinned, compiled = (one.version for one in catalog.release("v26.7.0").driver_versions)

    assert forced(version=pinned)[0][1].startswith(
        f"no image of {pinned} is listed that is compiled for an azure kernel"
    )
    assert forced(version=compiled) == [
        (
            "warning",
            f"images of {compiled} that need no compiler are listed for the azure kernels 6.8.0-1064, 7.0.0-1008 alone",
        )
    ]


@pytest.mark.parametrize("version", ["sha256:" + "a" * 64, "99.1-0"])
def test_nothing_is_said_of_a_driver_that_is_not_known(version: str) -> None:
    assert forced(version=version) == []


def test_the_version_may_be_that_of_all_components() -> None:
    driver = {"forcePrecompiled": True}
    (found,) = said(precompiled, policy(**{"ofedDriver": driver, "global": {"version": DRIVER}}))

    assert found.path == "spec.ofedDriver.forcePrecompiled"
