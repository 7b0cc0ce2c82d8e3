"""Where an unknown field belongs, and what is said where nobody can tell."""

from __future__ import annotations

import pytest
import yaml

import aksrdma
from aksrdma import catalog
from aksrdma.catalog import load

POLICY = {"apiVersion": "mellanox.com/v1alpha1", "kind": "NicClusterPolicy", "metadata": {"name": "nic-cluster-policy"}}
IMAGE = {"image": "multus-cni", "repository": "nvcr.io/nvidia/mellanox", "version": "network-operator-v26.4.1"}


def unknown(data: dict[str, object]) -> dict[str, str]:
    """Return the fix of each unknown field by its path."""
    report = aksrdma.validate(yaml.safe_dump(data), release="v26.4.1")
    return {one.path: one.fix for one in report.findings if one.rule == "unknown-field"}


def deployment(spec: dict[str, object], container: dict[str, object], **fields: object) -> dict[str, object]:
    """Return a Deployment with further fields at the root, in its spec and in its container."""
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "b", **container}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": pod, **spec},
        **fields,
    }


@pytest.mark.parametrize(
    ("field", "value", "fix"),
    [
        ("replicas", 2, "move it to spec.replicas"),
        ("labels", {"a": "b"}, "move it to metadata.labels"),
        ("volumes", [{"name": "a"}], "move it to spec.template.spec.volumes"),
    ],
)
def test_a_field_at_the_root_is_sent_down(field: str, value: object, fix: str) -> None:
    assert unknown(deployment({}, {}, **{field: value})) == {field: fix}


@pytest.mark.parametrize(
    ("field", "value", "fix"),
    [
        ("hostNetwork", True, "move it to spec.template.spec.hostNetwork"),
        ("tolerations", [], "move it to spec.template.spec.tolerations"),
        ("limits", {"rdma/ib": 1}, "move it to spec.template.spec.containers[0].resources.limits"),
        ("privileged", True, "move it to spec.template.spec.containers[0].securityContext.privileged"),
        # Of another type, this would be no field of resources.
        ("limits", True, "remove it; known fields are "),
        # Nobody writes the path of a probe into the container.
        ("path", "/dev/shm", "remove it; known fields are "),
        # A slip of the hand is one, whatever else has that name elsewhere.
        ("resource", {"limits": {}}, "did you mean resources?"),
    ],
)
def test_a_field_of_a_container_is_sent_up_or_one_step_down(field: str, value: object, fix: str) -> None:
    found = unknown(deployment({}, {field: value}))

    assert list(found) == [f"spec.template.spec.containers[0].{field}"]
    assert found.popitem()[1].startswith(fix)


def test_a_field_of_one_of_several_items_is_sent_to_their_list() -> None:
    made = deployment({"image": "c"}, {})
    made["spec"]["template"]["spec"]["containers"].append({"name": "b", "image": "b"})  # type: ignore[index]

    assert unknown(made) == {"spec.image": "move it into an item of spec.template.spec.containers"}


def test_a_field_that_is_there_already_is_sent_nowhere() -> None:
    assert unknown(deployment({"template": {"spec": {}, "replicas": 2}, "replicas": 1}, {}))[
        "spec.template.replicas"
    ].startswith("remove it")


def test_a_section_of_the_policy_is_sent_to_the_one_that_holds_it() -> None:
    assert unknown({**POLICY, "spec": {"multus": IMAGE}}) == {"spec.multus": "move it to spec.secondaryNetwork.multus"}


def test_what_a_misplaced_field_leaves_empty_is_not_told_beside_it() -> None:
    network = {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "IPoIBNetwork",
        "metadata": {"name": "a"},
        "master": "ib0",
    }
    spec = {"networkNamespace": "default", "ipam": '{"type": "dhcp"}'}
    report = aksrdma.validate(yaml.safe_dump({**network, "spec": spec}), release="v26.4.1")

    found = {one.path: one.fix for one in report.findings if one.layer == "schema"}
    assert found == {"master": "move it to spec.master"}
    assert not [one for one in report.findings if one.path == "spec.master"]


@pytest.mark.parametrize("row", load.rows(catalog.WrittenOtherwise, "written_otherwise.yaml"))
def test_what_was_a_field_once_is_answered_with_what_is_written_today(row: catalog.WrittenOtherwise) -> None:
    for field in row.fields:
        for within in row.within or ("ofedDriver",):
            for kind in row.kinds or ("Pod",):
                found = catalog.written_otherwise(field, within, kind)
                assert found is not None
                assert found.write == row.write
    assert catalog.written_otherwise(row.fields[0], "elsewhere", "Pod") is None or not row.within


def test_an_old_value_of_the_chart_in_a_policy_is_told_from_a_misspelt_field() -> None:
    section = {**IMAGE, "resources": [{"name": "pool_a"}]}

    found = unknown({**POLICY, "spec": {"rdmaSharedDevicePlugin": section, "nfd": {"enabled": False}}})

    assert found["spec.rdmaSharedDevicePlugin.resources"].startswith('write them as "configList" in the JSON of config')
    assert found["spec.nfd"] == "set it in the values of the chart, of which it is one"


def test_the_config_that_old_values_stand_for_is_not_said_to_be_missing() -> None:
    plugin = {**IMAGE, "image": "k8s-rdma-shared-dev-plugin"}

    def rules(section: dict[str, object]) -> list[str]:
        policy = {**POLICY, "spec": {"rdmaSharedDevicePlugin": section}}
        return [one.rule for one in aksrdma.validate(yaml.safe_dump(policy), release="v26.4.1").findings]

    assert rules(plugin) == ["device-plugin-config-missing"]
    assert rules({**plugin, "resources": [{"name": "a"}]}) == ["unknown-field"]
