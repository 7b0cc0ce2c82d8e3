from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aksrdma.checks import register
from aksrdma.checks.sets import ManifestSet
from aksrdma.checks.webhook.policies import KINDS, conflicts, verdict, webhook_conflicts, webhook_verdict
from aksrdma.checks.webhook.releases import table
from aksrdma.documents import Document
from aksrdma.paths import CATALOG
from tests.checks.webhook.webhook_objects import ALL_RELEASES, NEWEST, image, node_policy, policy, sriov_resource

ROWS = yaml.safe_load((CATALOG / "rules" / "admission.yaml").read_text())


def documents(*data: Any) -> list[Document]:
    return [Document.from_data(item, index=index) for index, item in enumerate(data, 1)]


def clashes(release: str, *data: Any) -> list[tuple[str, str]]:
    return [(found.subject.name, str(found.path[-1])) for found in conflicts(documents(*data), release)]


def test_every_rule_has_a_row_and_every_row_a_check() -> None:
    checks = [check for check in register.every_check() if check.of_webhook]

    assert sorted(rule for check in checks for rule in check.rules) == [row["id"] for row in ROWS]


def test_rows_are_errors_of_the_admission_layer() -> None:
    assert {(row["severity"], row["layer"]) for row in ROWS} == {("error", "admission")}
    assert {kind for row in ROWS for kind in row["kinds"]} == KINDS


def test_problem_points_at_the_users_field_and_names_the_operators() -> None:
    (document,) = documents(sriov_resource(resourcePrefix="rdma"))

    (problem,) = webhook_verdict(document, ManifestSet([document], release=NEWEST))

    assert problem.rule == "webhook-resource-prefix"
    assert problem.path == ("spec", "sriovDevicePlugin", "config", None, "resourceList", 0, "resourcePrefix")
    assert problem.message.startswith("spec.sriovNetworkDevicePlugin.Config: Invalid Resource prefix 'rdma'")
    assert problem.fix is not None


def test_problem_depends_on_the_release_of_its_set() -> None:
    (document,) = documents(policy(ofedDriver=image(version="doca3.1.0-25.07-0.9.7.0-0")))

    refused = {
        release for release in ALL_RELEASES if list(webhook_verdict(document, ManifestSet([document], release=release)))
    }

    assert refused == {"v25.1.0", "v25.4.0"}


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param([policy(ofedDriver={}), node_policy()], [], id="in-one-only"),
        pytest.param(
            [policy(ofedDriver={}), node_policy(ofedDriver={}, sriovDevicePlugin={})],
            [("nic-cluster-policy", "ofedDriver"), ("pool-a", "ofedDriver")],
            id="in-both",
        ),
        pytest.param(
            [policy(sriovDevicePlugin={}), node_policy("a"), node_policy("b", sriovDevicePlugin={})],
            [("nic-cluster-policy", "sriovDevicePlugin"), ("b", "sriovDevicePlugin")],
            id="in-one-of-several-node-policies",
        ),
        pytest.param(
            [node_policy("a", ofedDriver={}), node_policy("b", ofedDriver={})], [], id="in-node-policies-alone"
        ),
        pytest.param(
            [policy(nvIpam={}, ofedDriver=None), node_policy(ofedDriver={})], [], id="null-does-not-define-a-section"
        ),
    ],
)
def test_section_in_both_kinds_of_policy(manifests: list[Any], expected: list[tuple[str, str]]) -> None:
    assert clashes(NEWEST, *manifests) == expected


def test_both_sides_of_a_clash_are_problems() -> None:
    cluster, node = documents(policy(ofedDriver={}), node_policy(ofedDriver={}))

    problems = list(webhook_conflicts(ManifestSet([node, cluster], release=NEWEST)))

    assert [(problem.document, problem.rule) for problem in problems] == [
        (cluster, "webhook-section-in-both"),
        (node, "webhook-section-in-both"),
    ]


def test_node_policy_is_compared_with_the_first_cluster_policy_alone() -> None:
    other = policy(ofedDriver={})
    other["metadata"] = {"name": "other"}

    assert clashes(NEWEST, other, policy(), node_policy(ofedDriver={})) == [("other", "ofedDriver")]


def test_sections_do_not_clash_before_node_policies_exist() -> None:
    assert clashes("v26.1.2", policy(ofedDriver={}), node_policy(ofedDriver={})) == []


def test_every_schema_keyword_is_known() -> None:
    known = {"type", "required", "properties", "items", "anyOf", "oneOf", "enum"}
    known |= {"additionalProperties", "minItems", "minLength", "minProperties"}
    data = table("webhook_configs")
    schemas = [data["rdma_shared_device_plugin"], data["sriov_network_device_plugin"], *data["selectors"].values()]

    assert {keyword for schema in schemas for keyword in _keywords(schema)} <= known


def _keywords(schema: dict[str, Any]) -> set[str]:
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    parts += [schema["items"]] if "items" in schema else []
    return set(schema).union(*(_keywords(part) for part in parts))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "a", "rdma", "1e1.5", "{}"])
FIELDS = st.sampled_from(
    [
        "image", "repository", "version", "config", "containerResources", "name", "requests", "limits", "cpu",
        "memory", "ofedDriver", "sriovDevicePlugin", "rdmaSharedDevicePlugin", "secondaryNetwork", "multus",
        "ibKubernetes", "pKeyGUIDPoolRangeStart", "pKeyGUIDPoolRangeEnd", "global", "upgradePolicy", "safeLoad",
        "autoUpgrade", "certConfig", "docaTelemetryService", "fromConfigMap", "configList", "resourceList",
        "selectors", "resourceName", "resourcePrefix", "rdmaHcaMax", "devices", "deviceType", "vendors",
        "isRdma", "env", "valueFrom", "resourceFieldRef",
    ]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(FIELDS, part, max_size=5), max_leaves=25
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(KINDS)), VALUES, VALUES, st.sampled_from([*ALL_RELEASES, None]))
def test_nothing_makes_the_checks_raise(kind: str, metadata: Any, spec: Any, release: str | None) -> None:
    data = {"apiVersion": "mellanox.com/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}

    assert all(refusal.message and refusal.path for refusal in verdict(data, release))
    assert list(conflicts(documents(data, policy(ofedDriver={}), node_policy(ofedDriver={})), release)) is not None


@settings(max_examples=300, deadline=None)
@given(VALUES, st.sampled_from(["rdmaSharedDevicePlugin", "sriovDevicePlugin"]))
def test_no_config_makes_the_checks_raise(config: Any, plugin: str) -> None:
    for text in (json.dumps(config), json.dumps({"configList": config, "resourceList": config})):
        assert isinstance(verdict(policy(**{plugin: image(config=text)}), NEWEST), list)


@given(VALUES)
def test_anything_may_be_a_document(data: Any) -> None:
    assert verdict(data) == []
