"""One mistake is one finding: what only follows from a misspelt name is not told."""

import pytest

import aksrdma

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
