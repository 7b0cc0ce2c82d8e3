"""`aksrdma.label`: which VM sizes and nodes rules label, with what, and why not."""

import json
from pathlib import Path

import pytest

import aksrdma
from aksrdma import catalog, models
from aksrdma.errors import ReadError, UnknownNameError, UsageError
from aksrdma.kube.labels import NIC_LABEL

DEVICE_LIST = """\
apiVersion: nfd.k8s-sigs.io/v1alpha1
kind: NodeFeatureRule
metadata: {name: list}
spec:
  rules:
  - name: by-device
    labels: {feature.node.kubernetes.io/pci-15b3.present: "true"}
    matchFeatures:
    - feature: pci.device
      matchExpressions: {device: {op: In, value: ["101c", "101e"]}}
"""
TWO = """\
apiVersion: nfd.k8s-sigs.io/v1alpha1
kind: NodeFeatureRule
metadata: {name: two}
spec:
  rules:
  - name: gpu
    labels: {gpu: amd}
    vars: {vendor: amd}
    matchFeatures:
    - {feature: pci.device, matchExpressions: {vendor: {op: In, value: ["1002"]}}}
  - name: never
    taints: [{key: a/b, value: x, effect: NoSchedule}]
    matchFeatures:
    - {feature: pci.device, matchExpressions: {vendor: {op: In, value: ["15b3"]}, class: {op: In, value: ["0302"]}}}
"""


def node(name, *devices, **attributes):
    instances = {
        "pci.device": {
            "elements": [{"attributes": dict(zip(("class", "vendor", "device"), one, strict=True))} for one in devices]
        }
    }
    return {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeature",
        "metadata": {
            "name": name,
            "namespace": "network-operator",
            "labels": {"nfd.node.kubernetes.io/node-name": name},
        },
        "spec": {"features": {"flags": {}, "attributes": attributes, "instances": instances}},
    }


NODES = [node("cpu", ("0200", "15b3", "1016")), node("nd", ("0207", "15b3", "1018"), ("0200", "15b3", "1016"))]
LIST = json.dumps({"apiVersion": "v1", "kind": "List", "items": NODES})


def matching(report, rule=0):
    return {one.name: one.rules[rule].matches for one in report.looked_at}


def test_the_rule_that_render_makes_labels_every_size_of_use_and_none_without_infiniband():
    report = aksrdma.label()

    usable = [name for name in catalog.vm_sizes() if catalog.vm_size(name).usable]
    assert {one.name for one in report.vm_sizes if one.selected == "yes"} >= set(usable)
    assert matching(report)["any size without InfiniBand"] == "no"
    assert (report.ok, report.missed, report.idle, report.notes) == (True, (), (), ())
    assert report.release == catalog.defaults().release


def test_upstreams_list_misses_the_sizes_with_connectx_5():
    report = aksrdma.label(DEVICE_LIST)

    missed = ("Standard_HC44-16rs", "Standard_HC44-32rs", "Standard_HC44rs", "Standard_ND40rs_v2")
    assert report.missed == missed
    assert not report.ok
    assert report.notes == (
        f"{NIC_LABEL} does not go to 4 of {sum(one.usable for one in report.vm_sizes)} VM sizes with InfiniBand: "
        f"{', '.join(missed)}",
    )
    (nd,) = (one for one in report.vm_sizes if one.name == "Standard_ND40rs_v2")
    assert (nd.nic, nd.nic_confidence, nd.state, dict(nd.labels)) == ("15b3:1018", "observed", "available", {})
    assert nd.rules[0].why == "pci.device: device 1018 is not In [101c, 101e] (of an InfiniBand NIC 15b3:1018)"
    assert nd.rules[0].term == "spec.rules[0].matchFeatures[0]"


def test_the_charts_rule_labels_all_and_may_label_what_has_no_infiniband():
    report = aksrdma.label(chart=True)

    assert report.ok
    assert matching(report)["any size without InfiniBand"] == "depends"
    assert report.notes == (
        f"{NIC_LABEL} also goes, or may go, to VM sizes without InfiniBand: any size without InfiniBand",
    )


def test_the_charts_rule_stands_beside_those_of_the_source():
    report = aksrdma.label(DEVICE_LIST, chart=True, vm_sizes=["ND40rs_v2"])

    assert [rule.object for rule in report.rules] == ["list", "nvidia-nics-rules"]
    assert [one.matches for one in report.vm_sizes[0].rules] == ["no", "yes"]
    assert report.ok


def test_a_rule_may_be_a_typed_object_a_mapping_a_file_or_a_folder(tmp_path):
    (tmp_path / "rule.yaml").write_text(DEVICE_LIST)
    typed = next(one for one in aksrdma.objects(aksrdma.Cluster()) if isinstance(one, models.NodeFeatureRule))

    reports = [aksrdma.label(source) for source in (typed, typed.wire(), [typed])]
    assert all(report == reports[0] for report in reports)
    assert reports[0].rules[0].name == "nfd-network-rule"
    by_path = [aksrdma.label(source) for source in (tmp_path, tmp_path / "rule.yaml", [tmp_path / "rule.yaml"])]
    assert [report.rules[0].file for report in by_path] == [str(tmp_path / "rule.yaml")] * 3


def test_the_sizes_are_those_of_the_cluster_or_those_that_are_asked_for():
    cluster = aksrdma.Cluster(
        release="v26.4.1",
        node_feature_rule="chart",
        node_pools=[
            aksrdma.NodePool(name="a", vm_size="Standard_ND96isr_H100_v5"),
            aksrdma.NodePool(name="b", vm_size="standard_nd96isr_h100_v5"),
        ],
    )

    report = aksrdma.label(cluster=cluster)
    assert list(matching(report)) == ["Standard_ND96isr_H100_v5", "any size without InfiniBand"]
    assert (report.release, report.rules[0].object) == ("v26.4.1", "nvidia-nics-rules")
    asked = aksrdma.label(cluster=cluster, vm_sizes=["hb176rs_v4", "D8s_v5"], release="25.7.0")
    assert (list(matching(asked)), asked.release) == (["Standard_HB176rs_v4", "Standard_D8s_v5"], "v25.7.0")
    with pytest.raises(UnknownNameError, match="did you mean"):
        aksrdma.label(vm_sizes=["Standard_ND96isr_H100_v6"])


def test_nodes_of_a_cluster_are_looked_at_where_the_source_has_them():
    report = aksrdma.label([LIST, DEVICE_LIST])

    assert report.vm_sizes == ()
    assert matching(report) == {"cpu": "no", "nd": "no"}
    assert [one.nic for one in report.nodes] == [None, "15b3:1018"]
    assert (report.missed, report.idle, report.ok) == (("nd",), (0,), False)
    assert report.notes == (
        f"{NIC_LABEL} does not go to 1 of 1 nodes with InfiniBand: nd",
        "this rule matches none of the nodes: 'by-device' of list",
    )


def test_nodes_alone_are_judged_by_the_rule_that_render_makes():
    report = aksrdma.label(LIST)

    assert matching(report) == {"cpu": "no", "nd": "yes"}
    assert dict(report.nodes[1].labels) == {NIC_LABEL: "true"}
    assert report.ok
    chart = aksrdma.label(LIST, chart=True)
    assert matching(chart) == {"cpu": "yes", "nd": "yes"}
    assert chart.notes == (f"{NIC_LABEL} also goes, or may go, to nodes without InfiniBand: cpu",)


def test_an_idle_rule_beside_one_that_matches_is_a_note():
    report = aksrdma.label(TWO)

    assert (report.idle, report.ok, report.missed) == ((1,), True, ())
    assert report.notes == (
        "this rule matches none of the VM sizes: 'never' of two",
        "nfd-master ignores taints unless it runs with enableTaints, which the chart leaves off",
    )
    assert [rule.sets for rule in report.rules] == [("vars",), ("taints",)]


def test_rules_that_match_nothing_are_not_ok():
    report = aksrdma.label(TWO, vm_sizes=["Standard_HB176rs_v4"])

    assert (report.idle, report.ok) == ((0, 1), False)


def test_what_depends_on_what_a_size_does_not_tell_is_said():
    kernel = DEVICE_LIST.replace("pci.device", "kernel.version").replace(
        'device: {op: In, value: ["101c", "101e"]}', 'major: {op: Gt, value: ["5"]}'
    )
    report = aksrdma.label(kernel, vm_sizes=["Standard_HB176rs_v4"])

    (size,) = report.vm_sizes
    assert (size.selected, dict(size.labels), dict(size.possible_labels)) == ("depends", {}, {NIC_LABEL: ("true",)})
    assert report.ok
    assert report.notes == (
        f"whether {NIC_LABEL} goes to VM sizes with InfiniBand depends on what they do not tell: Standard_HB176rs_v4",
    )


def test_another_value_than_the_operator_selects_misses_the_node():
    report = aksrdma.label(DEVICE_LIST.replace('"true"', '"yes"'), vm_sizes=["Standard_HB176rs_v4"])

    assert (report.missed, report.vm_sizes[0].selected) == (("Standard_HB176rs_v4",), "no")


def test_what_nfd_master_drops_is_a_note():
    report = aksrdma.label(TWO.replace("gpu: amd", "kubernetes.io/gpu: amd"), vm_sizes=["ND96isr_MI300X_v5"])

    assert dict(report.vm_sizes[0].labels) == {}
    assert any(
        note.startswith("nfd-master drops the label 'kubernetes.io/gpu': kubernetes.io is kept")
        for note in report.notes
    )


def test_the_release_says_what_nfd_knows():
    rule = DEVICE_LIST.replace('device: {op: In, value: ["101c", "101e"]}', 'sriov_totalvfs: {op: Ge, value: ["1"]}')

    older, newer = (
        aksrdma.label([LIST, rule.replace("sriov_totalvfs", "device")], release=one) for one in ("v25.1.0", "v26.4.1")
    )
    assert matching(older) == {"cpu": "no", "nd": "no"}
    assert older.nodes[0].rules[0].why == "pci.device: device fails: Ge is no operator (of a device 15b3:1016)"
    assert matching(newer) == {"cpu": "yes", "nd": "yes"}
    for operator in ("Ge", "Le", "GeLe"):
        assert any(
            "judged by the newest" in note
            for note in aksrdma.label(rule.replace("op: Ge", f"op: {operator}")).read_notes
        )
    assert aksrdma.label(rule.replace("op: Ge", "op: Gt, type: version")).read_notes != ()
    assert aksrdma.label(DEVICE_LIST).read_notes == ()


def test_a_source_without_rules_and_nodes_is_an_error(tmp_path):
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n")
    (tmp_path / "b.yaml").write_text("a: [\n")
    (tmp_path / "c.yaml").write_text(
        "apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nmetadata: {name: x}\nspec: {}\n"
    )

    with pytest.raises(ReadError, match=r"a\.yaml: there is no NodeFeatureRule and no NodeFeature in it"):
        aksrdma.label(tmp_path / "a.yaml")
    with pytest.raises(ReadError, match=r"b\.yaml:"):
        aksrdma.label(tmp_path / "b.yaml")
    with pytest.raises(UsageError, match="a cluster file is no NodeFeatureRule; give it as --cluster"):
        aksrdma.label(tmp_path / "c.yaml")
    with pytest.raises(ReadError, match="there is no such file or folder"):
        aksrdma.label(Path("none.yaml"))
    with pytest.raises(UsageError, match=r"^label takes a Path"):
        aksrdma.label(5)


def test_a_kustomization_is_built_or_its_files_are_read(tmp_path, monkeypatch, kustomize):
    (tmp_path / "kustomization.yaml").write_text("resources: [rule.yaml]\nnamePrefix: my-\n")
    (tmp_path / "rule.yaml").write_text(DEVICE_LIST)
    monkeypatch.setenv("PATH", str(Path(kustomize).parent))

    assert aksrdma.label(tmp_path).rules[0].object == "my-list"
    monkeypatch.setenv("PATH", "")
    plain = aksrdma.label(tmp_path)
    assert plain.rules[0].object == "list"
    assert plain.read_notes == (
        f"neither kustomize nor kubectl is on PATH, so the files of {tmp_path} are read as they are",
    )


def test_a_report_is_json_values():
    report = aksrdma.label(TWO, vm_sizes=["ND96isr_MI300X_v5"])
    data = json.loads(json.dumps(report.to_dict()))

    assert data["node_feature_discovery"] == catalog.release(report.release).nfd.upstream_commit
    assert data["rules"][0] == {
        "object": "two",
        "name": "gpu",
        "file": "<text 1>",
        "labels": {"feature.node.kubernetes.io/gpu": "amd"},
        "sets": ["vars"],
    }
    assert data["vm_sizes"][0]["rules"][0] == {
        "matches": "yes",
        "labels": {"feature.node.kubernetes.io/gpu": "amd"},
        "term": "",
        "why": "",
    }
    assert data["vm_sizes"][0]["labels"] == {"feature.node.kubernetes.io/gpu": "amd"}
    assert data["vm_sizes"][0]["usable"] is True
    assert "nodes" not in data
    assert aksrdma.label([TWO, LIST]).to_dict()["nodes"][0]["name"] == "cpu"


def test_what_else_a_rule_sets_is_in_the_report():
    fields = "annotations: {a: b}\n    extendedResources: {a.b/c: '2'}\n    taints: [{key: a/b, effect: NoSchedule}]\n    matchFeatures"
    report = aksrdma.label(TWO.replace("matchFeatures", fields, 1), vm_sizes=["ND96isr_MI300X_v5"])

    data = report.to_dict()["vm_sizes"][0]
    assert data["annotations"] == {"feature.node.kubernetes.io/a": "b"}
    assert data["extended_resources"] == {"a.b/c": "2"}
    assert data["taints"] == [{"key": "a/b", "effect": "NoSchedule"}]
    assert (data["possible_labels"], data["dropped"], data["state"]) == ({}, [], "available")
    assert report.rules[0].sets == ("annotations", "extendedResources", "taints", "vars")


def test_a_long_list_of_names_is_cut():
    names = [f"n{number}" for number in range(8)]
    report = aksrdma.label([DEVICE_LIST, *(node(name, ("0207", "15b3", "1018")) for name in names)])

    assert report.notes[0].endswith("8 of 8 nodes with InfiniBand: n0, n1, n2, n3, n4, n5 and 2 more")
    six = aksrdma.label([DEVICE_LIST, *(node(name, ("0207", "15b3", "1018")) for name in names[:6])])
    assert six.notes[0].endswith("n0, n1, n2, n3, n4, n5")


def test_results_are_frozen():
    report = aksrdma.label(TWO, vm_sizes=["HB176rs_v4"])

    with pytest.raises(AttributeError):
        report.release = "x"
    with pytest.raises(TypeError):
        report.rules[0].labels["a"] = "b"
