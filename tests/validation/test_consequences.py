"""One mistake is one finding: what only follows from a misspelt name is not told."""

import pytest

import aksrdma
from aksrdma.documents import Document
from aksrdma.findings import Problem
from aksrdma.validation.judge import without_consequences

IMAGE = {"image": "a", "repository": "b", "version": "c"}
CONFIG = '{"configList": [{"resourceName": "a", "rdmaHcaMax": 63, "selectors": {"vendors": ["15b3"]}}]}'


def policy(**spec):
    return {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "NicClusterPolicy",
        "metadata": {"name": "nic-cluster-policy"},
        "spec": spec,
    }


def pod(**resources):
    box = {
        "name": "a",
        "image": "b",
        "resources": resources,
        "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [box]}}


def found(*documents):
    report = aksrdma.validate(list(documents), release="v25.10.0", fail_on="error")
    return {(one.rule, one.path) for one in report.findings if one.severity == "error"}


def test_a_section_that_is_misspelt_is_not_missed_elsewhere():
    misspelt = policy(rdmaSharedDevicePlugn={**IMAGE, "config": CONFIG})

    assert found(misspelt, pod(limits={"rdma/a": 1})) == {("unknown-field", "spec.rdmaSharedDevicePlugn")}
    assert ("unknown-field", "spec.zzz") in found(policy(zzz={}), pod(limits={"rdma/a": 1}))
    assert {rule for rule, _ in found(policy(zzz={}), pod(limits={"rdma/a": 1}))} > {"unknown-field"}


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        pytest.param("imag", False, id="a-slip"),
        pytest.param("zzz", True, id="another-field"),
    ],
)
def test_a_field_that_is_misspelt_is_not_missing(name, missing):
    driver = {name: "a", "repository": "b", "version": "c"}

    place = "spec.ofedDriver"
    expected = {("unknown-field", f"{place}.{name}")} | ({("missing-field", f"{place}.image")} if missing else set())
    assert found(policy(ofedDriver=driver)) == expected


def test_limits_that_are_misspelt_are_not_missed_by_the_requests():
    assert found(pod(requests={"rdma/a": 1}, limit={"rdma/a": 1})) == {
        ("unknown-field", "spec.containers[0].resources.limit")
    }


def test_a_field_of_a_later_release_is_no_slip():
    later = policy(nicConfigurationOperator={"operator": IMAGE, "configurationDaemon": IMAGE})
    report = aksrdma.validate(later, release="v25.1.0")

    assert [one.fix for one in report.findings if one.rule == "unknown-field"] == ["remove it, or use v25.4.0 or later"]


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        pytest.param(
            Problem("unknown-field", ("spec", "rules", 0, "a", "b"), "m"), False, id="in-what-holds-the-field"
        ),
        pytest.param(Problem("unknown-field", ("spec", "rules", 1, "a"), "m"), True, id="in-another-rule"),
        pytest.param(Problem("missing-field", ("spec", "rules", 0, "a"), "m"), True, id="another-mistake"),
    ],
)
def test_a_rule_that_matches_every_node_follows_from_a_slip_beside_it(cause, told):
    document = Document.from_data({"kind": "NodeFeatureRule"}, "a.yaml")
    effect = Problem("nfr-rule-matches-every-node", ("spec", "rules", 0, "matchFeatures"), "m", document=document)

    left = without_consequences([cause._replace(document=document), effect])
    assert (effect in left) is told


def test_json_that_is_broken_is_shown_where_it_breaks():
    text = (
        "apiVersion: mellanox.com/v1alpha1\nkind: NicClusterPolicy\nmetadata: {name: nic-cluster-policy}\nspec:\n"
        "  rdmaSharedDevicePlugin:\n    image: a\n    repository: b\n    version: c\n    config: |\n      {\n        nope\n"
    )
    report = aksrdma.validate(text, release="v25.10.0", select=("device-plugin-config-not-json",))

    assert [(one.line, one.column) for one in report.findings] == [(11, 9)]


def test_what_a_missing_part_would_hold_is_not_missed_as_well():
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
    assert found(deployment) == {("missing-field", "spec")}
