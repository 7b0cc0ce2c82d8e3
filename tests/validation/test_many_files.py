"""More than 400 files are judged in several processes, with the same report as in one."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import aksrdma
from aksrdma.paths import CATALOG, SCHEMAS
from aksrdma.validation import run

POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{0}{1}}}\nspec: {{containers: [{{name: a, image: b}}]}}\n"
RULE = "apiVersion: nfd.k8s-sigs.io/v1alpha1\nkind: NodeFeatureRule\nmetadata: {name: a}\nspec: {rules: []}\n"
PLUGIN = """\
import aksrdma

@aksrdma.rule("acme-own-label", kinds={"Pod"}, severity="error", why="w", fix="f", statement="s")
def owner(document, manifests):
    yield aksrdma.Problem("acme-own-label", ("metadata", "name"), f"{document.name} names no owner")
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """200 folders of two files; every tenth has a field that is misspelt, a kind that is not known, and no manifest."""
    root = tmp_path_factory.mktemp("many")
    for number in range(200):
        folder = root / f"{number:03}"
        folder.mkdir()
        wrong = (
            "specc: {}\n---\nkind: Gadget\napiVersion: example.com/v1\n---\nno: manifest\n---\n" + RULE
            if number % 10 == 0
            else ""
        )
        (folder / "a.yaml").write_text(POD.format(number, "") + wrong)
        (folder / "b.yaml").write_text(POD.format(number, "x"))
    return root


@pytest.fixture
def pools(monkeypatch):
    """Count the process pools that are made, on a machine of two cores."""
    made = []
    inner = run._in_processes
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(run, "_in_processes", lambda *given: made.append(1) or inner(*given))
    return made


def test_several_processes_report_what_one_reports(folders, pools, monkeypatch):
    several = aksrdma.validate(folders, strict=True)
    assert pools == [1]

    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    one = aksrdma.validate(folders, strict=True)
    assert pools == [1]

    assert several == one
    assert (one.summary.files, one.summary.sets, one.summary.documents) == (400, 200, 420)
    assert one.summary.unknown_kinds == (("example.com/v1 Gadget", 20),)
    assert one.summary.not_manifests == 20
    assert [finding.file for finding in one.findings] == sorted(finding.file for finding in one.findings)
    assert {finding.rule for finding in one.findings} >= {"unknown-field", "unknown-kind", "not-a-manifest"}
    (note,) = one.notes
    assert re.match(r"\S+/000, \S+/010, \S+/020, \S+/030 and 16 more: ", note), "a note of many sets is told once"


def test_fewer_files_than_400_are_judged_without_a_pool(folders, pools, tmp_path):
    for file in sorted(folders.rglob("*.yaml"))[:399]:
        (tmp_path / file.parent.name).mkdir(exist_ok=True)
        (tmp_path / file.parent.name / file.name).write_text(file.read_text())

    assert aksrdma.validate(tmp_path).summary.files == 399
    assert pools == []


def test_what_is_judged_together_is_one_set_in_one_process(folders, pools):
    assert aksrdma.validate(folders, together=True).summary.sets == 1
    assert pools == []


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_rules_of_a_plugin_are_known_in_each_process(folders, tmp_path, start):
    (tmp_path / "acme_pool.py").write_text(PLUGIN)
    code = f"""
import multiprocessing, os, pathlib, aksrdma
if __name__ == "__main__":
    multiprocessing.set_start_method({start!r})
    os.cpu_count = lambda: 2
    report = aksrdma.validate(pathlib.Path({str(folders)!r}), plugins=("acme_pool",), select=("acme-own-label",))
    print(len(report.findings), report.summary.files)
"""
    (tmp_path / "main.py").write_text(code)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(Path(aksrdma.__file__).parents[1])))}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "main.py")], env=environment, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("400 400\n", "")


def test_a_later_validation_knows_what_only_it_brings(tmp_path):
    """Rules and releases are remembered, and forgotten when there are others; in a process of its own, for they stay."""
    (tmp_path / "acme_later.py").write_text(PLUGIN)
    ours = CATALOG / "releases/v26.4.1.yaml"
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases/v27.1.0.yaml").write_text(ours.read_text().replace("v26.4.1", "v27.1.0"))
    shutil.copytree(SCHEMAS / "v26.4.1", tmp_path / "schemas/v27.1.0")
    code = f"""
import aksrdma
policy = '''apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {{name: nic-cluster-policy}}
spec: {{nvIpam: {{image: nvidia-k8s-ipam, repository: r, version: network-operator-v27.1.0}}}}
'''
pod = 'apiVersion: v1\\nkind: Pod\\nmetadata: {{name: a}}\\nspec: {{containers: [{{name: a, image: b}}]}}'
print(*aksrdma.validate(policy, select=("yaml",)).notes)
print(len(aksrdma.validate(pod, plugins=("acme_later",), select=("acme-own-label",)).findings))
print(*aksrdma.validate(policy, catalog={str(tmp_path)!r}, select=("yaml",)).notes)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(Path(aksrdma.__file__).parents[1])))}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)

    assert done.stdout.splitlines() == [
        "judged by v26.7.0: the image versions of nvIpam (network-operator-v27.1.0) are of a newer release, and v26.7.0 is the "
        "newest that is known (--release)",
        "1",
        "judged by v27.1.0: the image versions of nvIpam (network-operator-v27.1.0) are of it (--release)",
    ], done.stderr
