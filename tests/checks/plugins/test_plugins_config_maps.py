"""A device plugin without the operator: its ConfigMap is judged as the config that it is, whatever its name."""

from __future__ import annotations

import json
from typing import Any

import pytest

import aksrdma

SHARED = {"configList": [{"resourceName": "hca-a", "rdmaHcaMax": 1, "selectors": {"vendors": ["0x15b3"]}}]}
SRIOV = {"resourceList": [{"resourceName": "vf", "resourcePrefix": "rdma", "selectors": {"linkTypes": ["IB"]}}]}
H100 = "Standard_ND96isr_H100_v5"


def found(text: str, **known: Any) -> set[tuple[str, str]]:
    report = aksrdma.validate(text, release="v26.4.1", **known)
    return {(one.rule, one.path) for one in report.findings}


def config_map(data: dict[str, str]) -> str:
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "y"}, "data": data}
    )


def policy(section: str, config: Any, **more: Any) -> str:
    of_plugin = {"image": "a", "repository": "b", "version": "c", "config": json.dumps(config)}
    spec = {section: of_plugin, **more}
    about = {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "NicClusterPolicy",
        "metadata": {"name": "nic-cluster-policy"},
    }
    return json.dumps({**about, "spec": spec})


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        pytest.param(
            {"config.json": json.dumps(SHARED)},
            {
                ("rdma-shared-name-characters", "data[config.json]:configList[0].resourceName"),
                ("rdma-selector-hex-form", "data[config.json]:configList[0].selectors.vendors[0]"),
            },
            id="of-the-shared-plugin",
        ),
        pytest.param(
            {"one": "no config", "two": json.dumps(SRIOV)},
            {
                ("rdma-selector-ether-on-infiniband", "data.two:resourceList[0].selectors.linkTypes[0]"),
                ("sriov-isrdma-missing", "data.two:resourceList[0].selectors.isRdma"),
            },
            id="of-the-SR-IOV-plugin",
        ),
        pytest.param(
            {"a": json.dumps(SHARED)[:-1]}, {("device-plugin-config-not-json", "data.a")}, id="cut-off-at-the-end"
        ),
        pytest.param({"a": '{"configList": []}', "b": '{"resourceList": "x"}'}, set(), id="lists-that-may-be-anything"),
        pytest.param({"a": 'kind: List\n# "configList": [{'}, set(), id="text-that-only-mentions-the-list"),
    ],
)
def test_a_config_map_is_known_by_what_stands_in_it(data: dict[str, str], problems: set[tuple[str, str]]) -> None:
    assert found(config_map(data)) == problems


def test_a_resource_of_a_config_map_is_one_that_pods_may_ask_for() -> None:
    shared = {"configList": [{"resourceName": "hca", "rdmaHcaMax": 1, "selectors": {"linkTypes": ["infiniband"]}}]}
    container = {
        "name": "a",
        "image": "b:1",
        "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
        "resources": {"limits": {"rdma/hca": 2}},
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}

    rules = {rule for rule, _ in found(f"{config_map({'config.json': json.dumps(shared)})}\n---\n{json.dumps(pod)}")}

    assert rules == {"shared-rdma-count-above-hcamax"}


def severities(text: str, **known: Any) -> dict[str, str]:
    return {one.rule: one.severity for one in aksrdma.validate(text, release="v26.4.1", **known).findings}


@pytest.mark.parametrize("key", ["ifNames", "linkTypes"])
@pytest.mark.parametrize(("values", "severity"), [(["eth0"], "error"), (["eth0", "ib0", "infiniband"], "warning")])
def test_a_list_of_which_nothing_is_infiniband_is_an_error_on_known_nodes(
    key: str, values: list[str], severity: str
) -> None:
    resource = {"resourceName": "hca", "rdmaHcaMax": 1, "selectors": {key: values}}
    text = policy("rdmaSharedDevicePlugin", {"configList": [resource]}, ofedDriver={})

    assert severities(text, vm_sizes=(H100,))["rdma-selector-ether-on-infiniband"] == severity


def test_ether_is_an_error_on_azure_and_an_info_where_nothing_tells_of_infiniband() -> None:
    resource = {"resourceName": "hca", "rdmaHcaMax": 1, "selectors": {"linkTypes": ["ether"]}}
    text = policy("rdmaSharedDevicePlugin", {"configList": [resource]})

    assert severities(text, vm_sizes=(H100,))["rdma-selector-ether-on-infiniband"] == "error"
    assert severities(text)["rdma-selector-ether-on-infiniband"] == "info"


@pytest.mark.parametrize(
    ("prefix", "more", "severity"),
    [("rdma", {}, "error"), ("nvidia.com", {"ofedDriver": {}}, "warning"), ("nvidia.com", {}, "info")],
)
def test_how_bad_a_missing_is_rdma_is(prefix: str, more: dict[str, Any], severity: str) -> None:
    resource = {"resourceName": "vf", "resourcePrefix": prefix, "selectors": {"vendors": ["15b3"], "devices": ["101e"]}}
    text = policy("sriovDevicePlugin", {"resourceList": [resource]}, **more)

    assert severities(text)["sriov-isrdma-missing"] == severity


@pytest.mark.parametrize("drivers", [["vfio-pci"], ["iavf"]])
def test_functions_that_another_driver_has_need_no_is_rdma(drivers: list[str]) -> None:
    selectors = {"vendors": ["15b3"], "devices": ["101e"], "drivers": drivers}
    resource = {"resourceName": "vf", "resourcePrefix": "nvidia.com", "selectors": selectors}

    assert "sriov-isrdma-missing" not in severities(policy("sriovDevicePlugin", {"resourceList": [resource]}))
