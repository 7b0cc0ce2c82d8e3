"""Configurations of NFD's programs: what keeps the label of a NIC from the nodes, and what NFD cannot read."""

from __future__ import annotations

import json
from typing import Any

import pytest

import aksrdma
from aksrdma.checks.relation.nfd_configs import config_problems
from aksrdma.findings import format_path

LABEL = "feature.node.kubernetes.io/pci-15b3.present"


def worker(config: Any, *, labelled: bool = False) -> dict[str, str | None]:
    """Return what is found in a worker's configuration, by path: the severity where it is not the rule's."""
    found = config_problems("nfd-worker", config, ("w",), labelled=labelled)
    return {format_path(one.path): one.severity for one in found}


def master(config: Any) -> dict[str, str | None]:
    found = config_problems("nfd-master", config, ("m",), labelled=False)
    return {format_path(one.path): one.severity for one in found}


def pci(**fields: Any) -> dict[str, Any]:
    return {"sources": {"pci": fields}}


@pytest.mark.parametrize(
    ("config", "found"),
    [
        pytest.param({}, {}, id="nothing-said"),
        pytest.param(None, {}, id="only-comments"),
        pytest.param(pci(deviceClassWhitelist=["02"], deviceLabelFields=["vendor"]), {}, id="as-NVIDIA-has-it"),
        pytest.param(pci(deviceClassWhitelist=["0207"]), {}, id="the-class-alone"),
        pytest.param(pci(deviceClassWhitelist=[""]), {}, id="every-class"),
        pytest.param(
            pci(deviceClassWhitelist=["0300", "0302"], deviceLabelFields=["vendor"]),
            {"w.sources.pci.deviceClassWhitelist": "info"},
            id="as-the-chart-of-the-operator-has-it",
        ),
        pytest.param(
            pci(deviceClassWhitelist=["0200"]), {"w.sources.pci.deviceClassWhitelist": "warning"}, id="Ethernet-alone"
        ),
        pytest.param(
            pci(deviceClassWhitelist=[]), {"w.sources.pci.deviceClassWhitelist": "warning"}, id="no-class-at-all"
        ),
        pytest.param(
            pci(deviceLabelFields=["class", "vendor"]), {"w.sources.pci.deviceLabelFields": "warning"}, id="class-too"
        ),
        pytest.param(
            pci(deviceLabelFields=["vender"]),
            {"w.sources.pci.deviceLabelFields[0]": "warning", "w.sources.pci.deviceLabelFields": "warning"},
            id="no-known-field-so-the-default",
        ),
        pytest.param({"core": {"noPublish": True}}, {"w.core.noPublish": None}, id="nothing-published"),
        pytest.param({"core": {"featureSources": ["cpu"]}}, {"w.core.featureSources": None}, id="features-without-pci"),
        pytest.param({"core": {"featureSources": ["pci"]}}, {}, id="features-of-pci-alone"),
        pytest.param({"core": {"labelSources": ["cpu"]}}, {"w.core.labelSources": "warning"}, id="labels-without-pci"),
        pytest.param({"core": {"labelSources": ["all", "-pci"]}}, {"w.core.labelSources": "warning"}, id="pci-off"),
        pytest.param({"core": {"labelSources": ["-pci", "all"]}}, {}, id="pci-on-again"),
        pytest.param({"core": {"sources": ["usb"]}}, {"w.core.sources": "warning"}, id="the-old-name-of-labelSources"),
        pytest.param({"core": {"labelWhiteList": "cpu"}}, {"w.core.labelWhiteList": "warning"}, id="white-list"),
        pytest.param({"core": {"labelWhiteList": "^(pci|cpu)-"}}, {}, id="white-list-that-matches"),
        pytest.param({"core": {"labelWhiteList": "(pci"}}, {"w.core.labelWhiteList": None}, id="no-pattern"),
        pytest.param({"core": {"labelWhitelists": "x"}}, {"w.core.labelWhitelists": "warning"}, id="misspelt"),
        pytest.param({"Core": {"NOPUBLISH": False}}, {}, id="keys-in-any-case"),
        pytest.param({"core": {"noPublish": "yes"}, **pci(deviceClassWhitelist=[])}, {"w.core.noPublish": None}, id="type"),
        pytest.param("x", {"w": None}, id="no-mapping"),
    ],
)  # fmt: skip
def test_what_a_worker_does_with_its_configuration(config: Any, found: dict[str, str | None]) -> None:
    assert worker(config) == found


@pytest.mark.parametrize(
    ("config", "found"),
    [
        pytest.param(pci(deviceClassWhitelist=["0300"], deviceLabelFields=["device"]), {}, id="labels"),
        pytest.param({"core": {"labelSources": ["cpu"], "labelWhiteList": "x"}}, {}, id="sources-of-labels"),
        pytest.param({"core": {"featureSources": ["cpu"]}}, {"w.core.featureSources": None}, id="but-not-the-features"),
        pytest.param({"core": {"noPublish": True}}, {"w.core.noPublish": None}, id="nor-with-nothing-published"),
    ],
)
def test_where_a_rule_sets_the_label_the_worker_need_not(config: Any, found: dict[str, str | None]) -> None:
    assert worker(config, labelled=True) == found


@pytest.mark.parametrize(
    ("config", "found"),
    [
        pytest.param({"extraLabelNs": ["nvidia.com"], "enableTaints": True}, {}, id="as-the-chart-has-it"),
        pytest.param({"noPublish": True}, {"m.noPublish": None}, id="nothing-published"),
        pytest.param({"labelWhiteList": "^nvidia"}, {"m.labelWhiteList": None}, id="white-list"),
        pytest.param({"labelWhiteList": r"pci-15b3\.present"}, {}, id="white-list-that-matches"),
        pytest.param({"denyLabelNs": ["a.b", "feature.node.kubernetes.io"]}, {"m.denyLabelNs[1]": None}, id="denied"),
        pytest.param({"denyLabelNs": ["*.io"]}, {"m.denyLabelNs[0]": None}, id="denied-by-its-end"),
        pytest.param({"denyLabelNs": ["kubernetes.io", "*.k8s.io"]}, {}, id="others-denied"),
        pytest.param({"denyLabelNs": ["*"], "extraLabelNs": ["feature.node.kubernetes.io"]}, {}, id="allowed-again"),
        pytest.param({"denyLabelNs": "x"}, {"m.denyLabelNs": None}, id="no-list"),
    ],
)
def test_what_a_master_does_with_its_configuration(config: Any, found: dict[str, str | None]) -> None:
    assert master(config) == found


def test_a_message_names_the_label_that_is_made_and_the_one_that_is_selected() -> None:
    (one,) = config_problems("nfd-worker", pci(deviceLabelFields=["device", "vendor"]), (), labelled=False)

    assert one.message == (
        f"deviceLabelFields vendor, device make the label pci-<vendor>_<device>.present; the operator's DaemonSets select {LABEL}"
    )
    assert one.fix == 'write deviceLabelFields: ["vendor"], or apply a NodeFeatureRule that sets the label'


CONFIG = "sources:\n  pci:\n    deviceClassWhitelist: ['0200']\n"
POLICY = {
    "apiVersion": "mellanox.com/v1alpha1",
    "kind": "NicClusterPolicy",
    "metadata": {"name": "nic-cluster-policy"},
    "spec": {},
}
RULE = {
    "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
    "kind": "NodeFeatureRule",
    "metadata": {"name": "r"},
    "spec": {"rules": [{"name": "r", "labels": {LABEL: "true"}, "matchFeatures": [{"feature": "pci.device", "matchExpressions": {
        "vendor": {"op": "In", "value": ["15b3"]}, "class": {"op": "In", "value": ["0207"]}}}]}]},
}  # fmt: skip


def config_map(text: str, key: str = "nfd-worker.conf") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": {key: text}}


def said(*objects: dict[str, Any]) -> list[tuple[str, str, str]]:
    report = aksrdma.validate("\n---\n".join(json.dumps(one) for one in objects), release="v26.4.1")
    return [(one.rule, one.severity, one.path) for one in report.findings if one.rule.startswith("nfd-")]


def test_alone_it_is_an_info_and_beside_a_policy_a_warning_and_beside_a_rule_nothing() -> None:
    rule, path = "nfd-config-hides-label", "data[nfd-worker.conf]"

    assert said(config_map(CONFIG)) == [(rule, "info", path)]
    assert said(config_map(CONFIG), POLICY) == [(rule, "warning", path)]
    assert said(config_map(CONFIG), POLICY, RULE) == []


def test_a_node_feature_discovery_has_a_configuration_of_the_worker_and_fields_for_the_master() -> None:
    spec = {"workerConfig": {"configData": CONFIG}, "labelWhiteList": "^cpu", "image": "a"}
    cr = {"apiVersion": "nfd.openshift.io/v1", "kind": "NodeFeatureDiscovery", "metadata": {"name": "n"}, "spec": spec}

    assert said(cr, POLICY) == [
        ("nfd-config-hides-label", "warning", "spec.workerConfig.configData"),
        ("nfd-config-hides-label", "error", "spec.labelWhiteList"),
    ]
    assert said({**cr, "apiVersion": "example.com/v1"}, POLICY) == []


@pytest.mark.parametrize("key", ["nfd-worker.conf", "nfd-worker-conf"])
def test_a_configuration_that_is_no_yaml_is_an_error_where_it_breaks(key: str) -> None:
    text = f"kind: ConfigMap\napiVersion: v1\nmetadata: {{name: c, namespace: n}}\ndata:\n  {key}: |\n    core:\n    a: [\n"

    (found,) = [one for one in aksrdma.validate(text).findings if one.rule == "nfd-config-invalid"]

    assert (found.severity, found.line >= 6) == ("error", True)
    assert found.message.startswith("nfd-worker exits: its configuration is no YAML: ")


def test_a_finding_stands_on_the_line_of_the_setting_inside_the_text() -> None:
    text = (
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c, namespace: n}\ndata:\n  nfd-worker.conf: |\n    "
        + CONFIG.replace("\n", "\n    ")
    )

    (found,) = [one for one in aksrdma.validate(text).findings if one.rule.startswith("nfd-")]

    assert (found.line, found.column) == (8, 9)


def test_texts_under_other_keys_are_nobodys_configuration() -> None:
    assert said(config_map(CONFIG, key="other.conf"), POLICY) == []


def test_what_nfd_cannot_read_is_an_error_whoever_it_is_for_and_what_it_ignores_is_told_by_name() -> None:
    assert said(config_map("core: {noPublish: 'x'}")) == [("nfd-config-invalid", "error", "data[nfd-worker.conf]")]

    (one,) = config_problems("nfd-worker", {"core": {"labelSource": ["all"]}}, (), labelled=False)

    assert (one.message, one.fix) == ("nfd-worker ignores 'labelSource', which it does not know", "write labelSources")


def test_a_text_of_more_than_100000_letters_is_not_read() -> None:
    comment = "#" * 100_000

    assert said(config_map(f"{CONFIG}{comment}")) == []
