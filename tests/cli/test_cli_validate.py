"""`aksrdma validate` as a user types it."""

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aksrdma.cli import run

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {containers: [{name: a, image: b, resources: {limits: {rdma/ib: 1}}}]}
"""
POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {name: nic-cluster-policy}
spec: {nicFeatureDiscovery: 3}
"""
RULES = ["rdma-pod-lacks-ipc-lock", "pod-rdma-resource-unexposed", "wrong-type"]
IPC_LOCK = (
    "pod.yaml:4:21: warning rdma-pod-lacks-ipc-lock Pod/a spec.containers[0]: the container takes rdma/ib and may lock "
    "little memory without IPC_LOCK; add IPC_LOCK to securityContext.capabilities.add\n"
)
UNEXPOSED = "pod.yaml:4:62: error pod-rdma-resource-unexposed Pod/a spec.containers[0].resources.limits[rdma/ib]: "
NO_RELEASE = "note: pod.yaml, policy.yaml: no release is given and no image version names one; judged by the newest, v26.7.0 (--release)\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()  # what lies above is no configuration of this test
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "policy.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AKSRDMA_RELEASE", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def case(root):
    """The path of a case of a rule."""
    return lambda name: str(root / "tests" / "cases" / "rules" / f"{name}.yaml")


def rules(text):
    """Return the rules of findings told as text."""
    return re.findall(r"^\S+: (?:error|warning|info) ([a-z-]+)", text, re.MULTILINE)


def test_findings_go_to_stdout_and_notes_and_counts_to_stderr(capsys):
    assert run(["validate", "pod.yaml"]) == 0
    assert capsys.readouterr() == (IPC_LOCK, "0 errors, 1 warning, 0 infos in 1 object of 1 file\n")


def test_an_error_exits_1(capsys):
    assert run(["validate", "pod.yaml", "policy.yaml"]) == 1

    out, err = capsys.readouterr()
    assert out.startswith(IPC_LOCK + UNEXPOSED)
    assert rules(out) == RULES
    assert err.endswith("2 errors, 1 warning, 0 infos in 2 objects of 2 files\n")


def test_quiet_leaves_the_findings_alone(capsys):
    assert run(["validate", "-q", "pod.yaml"]) == 0
    assert capsys.readouterr() == (IPC_LOCK, "")


def test_no_finding_is_an_empty_stdout(capsys, tmp_path):
    (tmp_path / "pod.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")

    assert run(["validate", "pod.yaml"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("paths", [[], ["-"]], ids=["no-path", "a-dash"])
def test_stdin_is_read_without_a_path_and_with_a_dash(paths, capsys, monkeypatch):
    with Path("pod.yaml").open(encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert run(["validate", *paths]) == 0

    assert capsys.readouterr().out == IPC_LOCK.replace("pod.yaml", "<stdin>")


def test_a_missing_path_exits_3(capsys):
    assert run(["validate", "pod.yaml", "nowhere.yaml"]) == 3
    assert capsys.readouterr() == ("", "error: nowhere.yaml: there is no such file or folder\n")


def test_a_folder_is_one_set_and_together_joins_folders(capsys, tmp_path):
    for name in ("pod", "policy"):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.yaml").rename(tmp_path / name / f"{name}.yaml")

    run(["validate", "pod", "policy"])
    apart = rules(capsys.readouterr().out)
    run(["validate", "pod", "policy", "--together"])
    joined = rules(capsys.readouterr().out)

    assert "pod-rdma-resource-unexposed" not in apart
    assert "pod-rdma-resource-unexposed" in joined


@pytest.mark.parametrize(
    "text",
    [pytest.param("", id="nothing"), pytest.param("# a\n---\n", id="comments"), pytest.param("null\n", id="null")],
)
def test_nothing_to_read_is_an_error_as_for_kubectl(capsys, monkeypatch, tmp_path, text):
    (tmp_path / "empty.yaml").write_text(text)
    with (tmp_path / "empty.yaml").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert run(["validate", "-"]) == 3
    assert capsys.readouterr().err == (
        "error: <stdin>: no manifest in it: it is empty; what was to write it may have failed\n"
    )
    assert run(["validate", "empty.yaml"]) == 3


def test_a_folder_without_an_object_is_an_error(capsys, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/README.md").write_text("a")

    assert run(["validate", "empty"]) == 3
    assert capsys.readouterr().err == (
        "error: empty: no manifest in it: there is no .yaml, .yml or .json file with an object below it\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: 1\n", id="no-manifest"),
        pytest.param("{{ .Values.a }}\n{{ a }}: {\n", id="a-template"),
        pytest.param(POD, id="all-is-ignored"),
    ],
)
def test_what_is_skipped_or_not_selected_is_not_nothing(capsys, tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)

    assert run(["validate", "a.yaml", "--select", "admission"]) == 0


def test_broken_yaml_that_is_not_selected_is_not_nothing(capsys, tmp_path):
    (tmp_path / "a.yaml").write_text("a: {")

    assert run(["validate", "a.yaml", "--select", "schema"]) == 0


def test_changed_files_are_judged_in_their_sets(capsys):
    assert run(["validate", "--changed", "policy.yaml"]) == 1
    assert rules(capsys.readouterr().out) == ["wrong-type"]

    assert run(["validate", "--changed", "pod.yaml"]) == 1
    assert rules(capsys.readouterr().out) == ["rdma-pod-lacks-ipc-lock", "pod-rdma-resource-unexposed"]


def test_no_changes_or_an_empty_file_among_them_pass(capsys, tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b/empty.yaml").write_text("# nothing yet\n")

    assert run(["validate", "--changed"]) == 0
    assert run(["validate", "--changed", "b/empty.yaml"]) == 0


def test_the_commit_hook_gives_the_same_result_whatever_the_batches(root, capsys):
    import yaml

    hooks = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    (hook,) = [one for one in hooks if one["id"] == "aksrdma-validate"]
    command = hook["entry"].split()[1:]
    found = []
    for batches in ([["pod.yaml"], ["policy.yaml"]], [["policy.yaml", "pod.yaml"]]):
        codes = [run([*command, *batch]) for batch in batches]
        found.append((max(codes), sorted(capsys.readouterr().out.splitlines())))

    assert hook["require_serial"] is True
    assert found[0] == found[1]
    assert found[0][0] == 1


def test_json_has_the_findings_and_their_counts(capsys):
    assert run(["validate", "pod.yaml", "policy.yaml", "-o", "json"]) == 1

    out, err = capsys.readouterr()
    assert [one["rule"] for one in json.loads(out)["findings"]] == RULES
    assert err == NO_RELEASE


def test_sarif_has_a_result_for_each_finding(capsys):
    assert run(["validate", "pod.yaml", "policy.yaml", "-o", "sarif"]) == 1

    (sarif,) = json.loads(capsys.readouterr().out)["runs"]
    assert [one["ruleId"] for one in sarif["results"]] == RULES


def test_junit_has_a_failure_for_each_error(capsys):
    assert run(["validate", "pod.yaml", "policy.yaml", "-o", "junit"]) == 1

    suites = ElementTree.fromstring(capsys.readouterr().out)
    assert (suites.tag, suites.get("tests"), suites.get("failures")) == ("testsuites", "3", "2")


def test_github_has_an_annotation_for_each_finding(capsys):
    assert run(["validate", "pod.yaml", "policy.yaml", "-o", "github"]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == ["::warning", "::error", "::error"]
    assert lines[0].startswith("::warning file=pod.yaml,line=4,col=21,title=rdma-pod-lacks-ipc-lock::")


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        pytest.param(["--select", "wrong-type"], ["wrong-type"], id="select-a-rule"),
        pytest.param(["--select", "practice"], ["rdma-pod-lacks-ipc-lock"], id="select-a-layer"),
        pytest.param(
            ["--select", "practice, wrong-type,"], ["rdma-pod-lacks-ipc-lock", "wrong-type"], id="several-with-commas"
        ),
        pytest.param(
            ["--select", "practice", "--select", "schema"], ["rdma-pod-lacks-ipc-lock", "wrong-type"], id="select-twice"
        ),
        pytest.param(["--ignore", "practice,relation"], ["wrong-type"], id="ignore"),
        pytest.param(["--select", "schema", "--ignore", "wrong-type"], [], id="ignore-over-select"),
    ],
)
def test_rules_and_layers_can_be_chosen(flags, found, capsys):
    assert run(["validate", "pod.yaml", "policy.yaml", *flags]) == (1 if "wrong-type" in found else 0)
    assert rules(capsys.readouterr().out) == found


@pytest.mark.parametrize(
    ("least", "warned", "broken"),
    [("error", 0, 1), ("warning", 1, 1), ("info", 1, 1), ("never", 0, 0)],
    ids=["error", "warning", "info", "never"],
)
def test_fail_on_says_what_fails(least, warned, broken):
    assert run(["validate", "-q", "pod.yaml", "--fail-on", least]) == warned
    assert run(["validate", "-q", "policy.yaml", "--fail-on", least]) == broken


def test_strict_makes_errors_of_what_is_skipped(capsys, tmp_path):
    (tmp_path / "text.yaml").write_text("a: 1\n")
    (tmp_path / "widget.yaml").write_text("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n")

    assert run(["validate", "text.yaml", "widget.yaml"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "skipped 1 document that is no manifest; skipped kinds without a schema: 1 example.com/v1 Widget" in err
    assert run(["validate", "text.yaml", "widget.yaml", "--strict"]) == 1
    assert rules(capsys.readouterr().out) == ["not-a-manifest", "unknown-kind"]


@pytest.mark.parametrize(
    ("name", "flags", "rule"),
    [
        pytest.param("host-local-on-many-nodes/bad", ["--nodes", "4"], "host-local-on-many-nodes", id="nodes"),
        pytest.param(
            "sriov-rdma-count-above-vm-nics/bad",
            ["--vm-size", "Standard_HB120rs_v3"],
            "sriov-rdma-count-above-vm-nics",
            id="vm-size",
        ),
        pytest.param(
            "admission-controller-off/bad", ["--admission-controller"], "webhook-safe-load", id="admission-controller"
        ),
        pytest.param(
            "host-local-on-many-nodes/bad",
            ["--release", "v26.4.1", "--max-file-size", "99"],
            "yaml-too-large",
            id="size",
        ),
    ],
)
def test_what_is_told_of_the_cluster_is_judged_with(name, flags, rule, case, capsys):
    run(["validate", case(name)])
    without = rules(capsys.readouterr().out)
    run(["validate", case(name), *flags])
    told = rules(capsys.readouterr().out)

    assert rule not in without
    assert rule in told


def test_a_release_that_is_given_needs_no_note(capsys):
    run(["validate", "pod.yaml", "--release", "v25.1.0"])

    assert "note:" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        pytest.param(["--select", "wrong-typ"], "did you mean wrong-type?", id="a-rule"),
        pytest.param(["--ignore", "nothing"], "no rule or layer named 'nothing'", id="a-layer"),
        pytest.param(["--fail-on", "always"], "'always' is not one of", id="fail-on"),
        pytest.param(
            ["-o", "xml"], "'xml' is not one of 'text', 'json', 'junit', 'sarif', 'github', 'markdown'", id="format"
        ),
        pytest.param(["--nodes", "-1"], "-1 is not in the range x>=0", id="nodes"),
        pytest.param(["--max-file-size", "0"], "0 is not in the range x>=1", id="max-file-size"),
        pytest.param(["--release", "v25.1"], "did you mean v25.1.0?", id="release"),
        pytest.param(["--vm-size", "ND96isr_H100"], "did you mean Standard_ND96isr_H100_v5", id="vm-size"),
    ],
)
def test_a_wrong_flag_exits_2_and_judges_nothing(flags, message, capsys):
    assert run(["validate", "pod.yaml", *flags]) == 2

    out, err = capsys.readouterr()
    assert message in err
    assert out == ""


def on_terminal(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    run(["validate", "-q", *arguments])
    return capsys.readouterr().out.splitlines()


def test_a_terminal_shows_the_line_with_a_caret_in_color(monkeypatch, capsys, tmp_path):
    (tmp_path / "seen.yaml").write_text(POD)

    first, line, caret = on_terminal(monkeypatch, capsys, "seen.yaml")

    assert first.startswith("\x1b[1mseen.yaml:4:21\x1b[0m: \x1b[33mwarning rdma-pod-lacks-ipc-lock\x1b[0m Pod/a")
    assert line == f"    4 | {POD.splitlines()[3]}"
    assert caret == " " * (8 + 20) + "\x1b[33m^\x1b[0m"


def test_no_color_leaves_the_caret(monkeypatch, capsys, tmp_path):
    (tmp_path / "plain.yaml").write_text(POD)
    monkeypatch.setenv("NO_COLOR", "1")

    lines = on_terminal(monkeypatch, capsys, "plain.yaml")

    assert len(lines) == 3
    assert "\x1b" not in "".join(lines)
