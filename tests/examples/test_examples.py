"""The examples are current, and do what their texts say."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import aksrdma
from aksrdma import models
from tools.render_overlays import mistakes_text

NAMES = sorted(file.stem for file in (Path(__file__).parents[2] / "examples/clusters").glob("*.yaml"))


def test_every_example_cluster_has_a_render_and_the_other_way_round(root):
    rendered = {folder.name for folder in (root / "examples/rendered").iterdir()}

    assert rendered == set(NAMES)
    assert len(NAMES) >= 11


@pytest.mark.parametrize("name", NAMES)
def test_the_render_of_an_example_is_current(name, root):
    tree = aksrdma.render(aksrdma.load(root / f"examples/clusters/{name}.yaml"))

    assert [(one.path, one.kind) for one in tree.stale(root / "examples/rendered" / name)] == [], "run `make overlays`"


@pytest.mark.parametrize("name", ["check_policy", "render_fleet"])
def test_an_example_program_prints_what_is_committed(name, root):
    program = root / f"examples/python/{name}.py"
    done = subprocess.run(
        [sys.executable, program], cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, check=True
    )

    assert done.stdout.decode() == program.with_suffix(".txt").read_text(encoding="utf-8"), "run `make overlays`"


@pytest.mark.parametrize(("name", "rules"), [("ten", 10), ("tcp", 3)])
def test_the_mistakes_are_found_as_committed(name, rules, root):
    found = mistakes_text(root / f"examples/mistakes/{name}.yaml")

    assert found == (root / f"examples/mistakes/{name}.txt").read_text(encoding="utf-8"), "run `make overlays`"
    assert len({line.split()[2] for line in found.splitlines()}) >= rules


def pods(root):
    return sorted((root / "examples/pods").glob("*.yaml"))


def test_there_are_the_guides_four_pods(root):
    assert [file.stem for file in pods(root)] == ["driver-only", "ipoib", "rdma-shared", "sriov-gpu"]


def test_the_pods_are_pods(root):
    for file in pods(root):
        pod = models.parse(yaml.safe_load(file.read_text()))

        assert pod.kind == "Pod"


def test_the_example_plugin_finds_what_is_committed(root):
    folder = root / "examples/plugin"
    done = subprocess.run(
        [sys.executable, "-m", "aksrdma", "validate", "jobs.yaml"],
        cwd=folder, env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"}, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip

    assert done.stdout == (folder / "expected.txt").read_text(encoding="utf-8")
    assert done.returncode == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_tree_of_an_example_is_clean_and_all_of_it_is_known(name, root, kustomize, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(kustomize).parent), prepend=":")

    report = aksrdma.validate(root / "examples/rendered" / name, strict=True)

    assert [str(one) for one in report.findings] == []
