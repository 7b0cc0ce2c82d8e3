"""Patches of the cluster file: merged into the objects as kustomize merges those of the tree."""

import json
import subprocess

import pytest
import yaml

from aksrdma import Cluster, NodePool, render
from aksrdma.cli import run
from aksrdma.cluster import Patch, Target
from aksrdma.errors import PlanError
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
        (Patch(target=POLICY, patch={"metadata": None}), ("patches", 0, "patch", "metadata"), "must be a mapping, not null"),
        (Patch(target=POLICY, patch={"metadata": "a"}), ("patches", 0, "patch", "metadata"), "must be a mapping, not 'a'"),
        (Patch(target=POLICY, patch={"kind": "Pod"}), ("patches", 0, "patch", "kind"), "not which object"),
    ],
)  # fmt: skip
def test_a_patch_that_cannot_be_laid_on_is_refused(patch, path, words):
    with pytest.raises(PlanError) as caught:
        make_plan(cluster(patch))

    assert [one.path for one in caught.value.problems] == [path]
    assert words in caught.value.problems[0].message


GPUS = NodePool(name="mi300x", vm_size="Standard_ND96isr_MI300X_v5", count=2)
FILE = """apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
spec:
  release: v26.4.1
  nodePools:
  - {name: ndh100, vmSize: Standard_ND96isr_H100_v5}
  patches:
  - target: {kind: NicClusterPolicy}
    patch: {metadata: {labels: {a: b}}}
"""


@pytest.mark.parametrize(
    ("target", "patch", "where", "words"),
    [
        ("NicClusterPolicy", {"spec": {"telemetry": True}}, "11:22: spec.patches[1].patch.spec.telemetry", "unknown field"),
        ("NicClusterPolicy", {"spec": {"sriovDevicePlugin": {"config": "{"}}}, "11:44: spec.patches[1].patch.spec.sriovDevicePlugin.config", "is no JSON"),
        ("Namespace", {"metadata": {"labels": {"a": 1}}}, "11:37: spec.patches[1].patch.metadata.labels.a", "must be a string"),
        ("Pod", {"spec": {"containers": None}}, "11:22: spec.patches[1].patch.spec.containers", "is required"),
    ],
)  # fmt: skip
def test_a_patch_that_the_api_server_would_refuse_is_an_error_at_its_line(
    tmp_path, capsys, target, patch, where, words
):
    file = tmp_path / "cluster.yaml"
    file.write_text(f"{FILE}  - target: {{kind: {target}}}\n    patch: {json.dumps(patch)}\n")

    assert run(["render", str(file), "--quiet"]) == 2

    told = capsys.readouterr().err
    assert f"cluster.yaml:{where}" in told
    assert words in told
    assert f", in {target} " in told


def test_a_field_that_two_patches_touch_is_told_at_the_one_that_says_more_of_it():
    patches = [
        Patch(target=POLICY, patch={"spec": {"nvIpam": {"image": 1, "repository": "r", "version": "v"}}}),
        Patch(target=POLICY, patch={"spec": {"nvIpam": {"version": "w"}}}),
        Patch(target=Target(kind="Namespace"), patch={"spec": {"nvIpam": {"image": 1}}}),
    ]

    with pytest.raises(PlanError) as caught:
        make_plan(cluster(*patches))

    assert {one.path[:2] for one in caught.value.problems if "NicClusterPolicy" in one.message} <= {("patches", 0)}


@pytest.mark.parametrize("kind", ["DeviceConfig", "ConfigMap", "DaemonSet"])
def test_the_objects_for_amd_gpus_are_patched_too(kind):
    patch = Patch(target=Target(kind=kind), patch={"metadata": {"labels": {"a": "b"}}})

    tree = render(cluster(patch, pools=[GPUS]))

    objects = (yaml.safe_load(text) for path, text in tree.items() if path.endswith(".yaml"))
    found = [one for one in objects if one.get("kind") == kind]
    assert [one["metadata"]["labels"]["a"] for one in found] == ["b"]


def test_many_patches_of_one_object_are_laid_on_together():
    labels = [Patch(target=POLICY, patch={"metadata": {"labels": {f"l{number}": "x"}}}) for number in range(400)]

    assert len(make_plan(cluster(*labels)).policy.data["metadata"]["labels"]) == 400


def test_a_target_of_any_length_is_told_in_short():
    with pytest.raises(PlanError) as caught:
        make_plan(cluster(Patch(target=Target(kind="K" * 5000), patch={})))

    assert len(str(caught.value)) < 400
