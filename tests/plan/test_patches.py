"""Patches of the cluster file: merged into the objects as kustomize merges those of the tree."""

import subprocess

import pytest
import yaml

from aksrdma import Cluster, NodePool, render
from aksrdma.cluster import Patch, Target
from aksrdma.errors import ModelError, PlanError
from aksrdma.plan import make_plan
from aksrdma.plan.patches import merged

POOLS = (
    NodePool(name="ndh100", vm_size="Standard_ND96isr_H100_v5", count=2),
    NodePool(name="hbv3", vm_size="Standard_HB120rs_v3", count=2, profile="rdma-shared-device-plugin"),
)
POLICY = Target(kind="NicClusterPolicy")


def cluster(*patches, pools=POOLS[:1], **fields):
    return Cluster(release="v26.4.1", node_pools=pools, patches=patches, **fields)


@pytest.mark.parametrize(
    ("data", "change", "result"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": "text"}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
        ({}, {"a": None}, {}),
    ],
)
def test_a_change_is_merged_as_rfc_7396_says(data, change, result):
    before = repr(data)

    assert merged(data, change) == result
    assert repr(data) == before


def test_a_patch_changes_the_objects_that_it_is_for_and_no_other():
    patch = Patch(target=POLICY, patch={"spec": {"docaTelemetryService": None}})

    plain, patched = make_plan(cluster()), make_plan(cluster(patch))

    assert "docaTelemetryService" in plain.policy.data["spec"]
    assert "docaTelemetryService" not in patched.policy.data["spec"]
    assert patched.node_feature_rule.data == plain.node_feature_rule.data


def test_patches_are_laid_on_in_their_order():
    first, second = (
        Patch(target=Target(kind="Namespace"), patch={"metadata": {"labels": {"team": team}}}) for team in "ab"
    )

    assert make_plan(cluster(first, second)).namespace.data["metadata"]["labels"]["team"] == "b"


@pytest.mark.parametrize("pools", [POOLS[:1], POOLS], ids=["one-policy", "a-policy-a-pool"])
def test_kustomize_builds_from_the_tree_what_the_stream_has(tmp_path, root, pools):
    patches = [
        Patch(target=POLICY, patch={"spec": {"tolerations": [{"operator": "Exists"}], "docaTelemetryService": None}}),
        Patch(target=POLICY, patch={"metadata": {"annotations": {"a": "b"}}, "spec": {"nicFeatureDiscovery": {"image": "i", "repository": "r", "version": "v"}}}),
        Patch(target=Target(kind="NodeFeatureRule"), patch={"metadata": {"labels": {"a": "b"}}}),
    ]  # fmt: skip
    if len(pools) > 1:
        labels = {"spec": {"labels": {"a": "b"}}}
        patches.append(Patch(target=Target(kind="NicNodePolicy", name="hbv3"), patch=labels))
    asked = cluster(*patches, pools=pools)

    tree = render(asked)
    tree.write(tmp_path)
    built = []
    for folder in ("namespace", "node-feature-rule", make_folder(tree), *(["nicnodepolicy"] if len(pools) > 1 else [])):
        text = subprocess.run(
            [root / ".tools/kustomize", "build", tmp_path / folder], capture_output=True, text=True, check=True
        ).stdout
        built += yaml.safe_load_all(text)

    def by_name(objects):
        return {(one["kind"], one["metadata"]["name"]): one for one in objects}

    assert by_name(built) == by_name(one.data for one in make_plan(asked).objects)


def make_folder(tree):
    folders = sorted({path.rpartition("/")[0] for path in tree if path.startswith("nicclusterpolicy/")})
    return folders[-1]


@pytest.mark.parametrize(
    ("patch", "path", "words"),
    [
        (Patch(target=Target(), patch={}), ("patches", 0, "target"), "names no object"),
        (Patch(target=Target(kind="IPPool"), patch={}), ("patches", 0, "target"), "no rendered object is IPPool"),
        (Patch(target=POLICY, patch={"metadata": {"name": "a"}}), ("patches", 0, "patch", "metadata", "name"), "not which"),
        (Patch(target=POLICY, patch={"kind": "Pod"}), ("patches", 0, "patch", "kind"), "not which object"),
    ],
)  # fmt: skip
def test_a_patch_that_cannot_be_laid_on_is_refused(patch, path, words):
    with pytest.raises(PlanError) as caught:
        make_plan(cluster(patch))

    assert [one.path for one in caught.value.problems] == [path]
    assert words in caught.value.problems[0].message


def test_a_patch_with_a_field_that_the_object_does_not_have_is_an_error():
    patch = Patch(target=POLICY, patch={"spec": {"telemetry": True}})

    with pytest.raises(ModelError, match="telemetry"):
        make_plan(cluster(patch)).policy  # noqa: B018 (an object is made when it is asked for)
