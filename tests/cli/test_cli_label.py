"""`aksrdma label` as a user types it."""

import json
import subprocess
import sys

import pytest

from aksrdma.cli import run

RULE = """\
apiVersion: nfd.k8s-sigs.io/v1alpha1
kind: NodeFeatureRule
metadata: {name: pci}
spec:
  rules:
  - name: present
    labelsTemplate: "{{ range .pci.device }}pci-{{ .class }}_{{ .vendor }}.present=true\\n{{ end }}"
    matchFeatures:
    - {feature: pci.device, matchExpressions: {class: {op: InRegexp, value: ["^03", "^12"]}}}
"""
CLUSTER = """\
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
metadata: {name: c}
spec:
  release: v26.4.1
  nodePools:
  - {name: hb, vmSize: Standard_HB176rs_v4, count: 2}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AKSRDMA_RELEASE", raising=False)
    (tmp_path / "rule.yaml").write_text(RULE)
    (tmp_path / "cluster.yaml").write_text(CLUSTER)


def test_a_table_shows_each_size_with_what_it_gets_and_why_not(capsys):
    assert (
        run(
            ["label", "rule.yaml", "--release", "v25.10.0", "--vm-size", "ND96isr_MI300X_v5", "--vm-size", "HB176rs_v4"]
        )
        == 0
    )

    out, err = capsys.readouterr()
    heading, empty, head, *rows = out.splitlines()
    assert (heading, empty) == ("NodeFeatureRule pci, rule present: labelsTemplate", "")
    assert head.split() == ["VM", "SIZE", "STATE", "NIC", "MATCHES", "LABELS", "WHY"]
    assert rows[0].split() == [
        "Standard_ND96isr_MI300X_v5", "available", "15b3:101e", "(observed)", "yes",
        "pci-1200_1002.present=true,", "pci-?_?.present=true",
    ]  # fmt: skip
    assert rows[1].endswith("pci.device: depends on whether the node has another PCI function")
    assert err == ""


def test_one_label_for_all_stands_in_the_heading(capsys):
    assert run(["label", "--vm-size", "HB176rs_v4"]) == 0

    heading, _, head, row = capsys.readouterr().out.splitlines()
    assert (
        heading
        == "NodeFeatureRule nfd-network-rule, rule nfd-network-rule: feature.node.kubernetes.io/pci-15b3.present=true"
    )
    assert head.split() == ["VM", "SIZE", "STATE", "NIC", "MATCHES", "WHY"]
    assert row.split() == ["Standard_HB176rs_v4", "available", "15b3:101e", "(inferred)", "yes"]


def test_json_and_the_exit_code_say_what_a_rule_misses(tmp_path, capsys):
    (tmp_path / "list.yaml").write_text(
        RULE.replace("labelsTemplate", "labels")
        .replace(
            '"{{ range .pci.device }}pci-{{ .class }}_{{ .vendor }}.present=true\\n{{ end }}"',
            "{pci-15b3.present: 'true'}",
        )
        .replace('class: {op: InRegexp, value: ["^03", "^12"]}', 'device: {op: In, value: ["101e"]}')
    )

    assert run(["label", "list.yaml", "-o", "json", "--vm-size", "HC44rs", "--vm-size", "HB176rs_v4"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["missed"] == ["Standard_HC44rs"]
    assert (
        err
        == "note: feature.node.kubernetes.io/pci-15b3.present does not go to 1 of 2 VM sizes with InfiniBand: Standard_HC44rs\n"
    )
    assert run(["label", "list.yaml", "-q", "--vm-size", "HC44rs"]) == 1
    assert capsys.readouterr().err == ""


def test_a_rule_that_matches_nothing_exits_with_1(capsys):
    assert run(["label", "rule.yaml", "--vm-size", "NC24rs_v3", "-q"]) == 0
    assert run(["label", "--vm-size", "D8s_v5", "-q"]) == 1
    assert "no device fits" in capsys.readouterr().out


def test_a_cluster_names_rule_release_and_sizes(capsys):
    assert run(["label", "--cluster", "cluster.yaml", "-o", "json"]) == 0

    data = json.loads(capsys.readouterr().out)
    assert data["release"] == "v26.4.1"
    assert [one["name"] for one in data["vm_sizes"]] == ["Standard_HB176rs_v4", "any size without InfiniBand"]


def test_nodes_are_read_from_stdin_and_their_names_shown_without_control_characters():
    node = {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1", "kind": "NodeFeature", "metadata": {"name": "n\x1b[31m"},
        "spec": {"features": {"instances": {"pci.device": {"elements": [{"attributes": {"class": "0302", "vendor": "10de"}}]}}}},
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "aksrdma", "label", "rule.yaml", "-"],
        input=json.dumps({"kind": "List", "items": [node]}),
        capture_output=True,
        check=False,
        encoding="utf-8",
    )

    assert done.returncode == 0
    assert "pci-0302_10de.present=true" in done.stdout
    assert "n\\x1b[31m" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["-", "--cluster", "-"], "stdin cannot be both the cluster and the rules", id="stdin-twice"),
        pytest.param([""], "a PATH is empty", id="empty-path"),
        pytest.param(["cluster.yaml"], "a cluster file is no NodeFeatureRule; give it as --cluster", id="cluster-file"),
        pytest.param(["--release", "v1.0.0"], "no release named", id="release"),
        pytest.param(["--vm-size", "ND96"], "no VM size", id="size"),
    ],
)
def test_what_cannot_be_right_is_said(arguments, said, capsys):
    assert run(["label", *arguments]) == 2
    assert said in capsys.readouterr().err
