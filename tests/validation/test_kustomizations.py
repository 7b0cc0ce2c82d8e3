"""Kustomizations: which files they refer to, who builds them, what is said where nobody can, and where findings stand."""

import os
import subprocess
from pathlib import Path

import pytest

import aksrdma
from aksrdma.errors import ReadError
from aksrdma.validation.kustomizations import references
from aksrdma.validation.sources import sources_of

KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
WRONG = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\nspecc: {}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a kustomization of one file, in which we work, with nothing on PATH but what a test puts there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k").mkdir()
    (tmp_path / "k/kustomization.yaml").write_text(KUSTOMIZATION + "resources: [a.yaml]\n")
    (tmp_path / "k/a.yaml").write_text(NAMESPACE)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def program(folder, name, script):
    file = folder / "bin" / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [pytest.param("kustomize", "build k", id="kustomize"), pytest.param("kubectl", "kustomize k", id="kubectl")],
)
def test_the_programs_on_path_build_a_folder(folder, name, arguments):
    program(folder, name, f'test "$*" = "{arguments}" && printf \'{WRONG}\'')
    report = aksrdma.validate(Path("k"))

    assert [(one.file, one.rule, one.path) for one in report.findings] == [("k/a.yaml", "unknown-field", "specc")]
    assert (report.summary.files, report.summary.documents, report.summary.sets) == (1, 1, 1)


def test_kustomize_goes_before_kubectl(folder):
    program(folder, "kustomize", f"printf '{NAMESPACE}'")
    program(folder, "kubectl", "exit 3")

    assert aksrdma.validate(Path("k")).findings == ()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param(
            "echo first >&2; echo 'Error: no such file' >&2; echo >&2; exit 1", "no such file", id="last-words"
        ),
        pytest.param("exit 1", "kustomize failed and said nothing", id="no-words"),
    ],
)
def test_a_build_that_fails_is_a_finding_in_the_words_of_kustomize(folder, script, said):
    program(folder, "kustomize", script)
    report = aksrdma.validate(Path("k"))
    ignored = aksrdma.validate(Path("k"), ignore=("kustomize-build-failed",))

    (finding,) = report.findings
    assert (finding.file, finding.line, finding.column) == ("k/kustomization.yaml", 1, 1)
    assert finding.message == f"kustomize cannot build this: {said}"
    assert (report.summary.files, report.summary.sets, report.summary.documents) == (1, 1, 0)
    assert ignored.findings == ()


def test_a_build_without_end_is_given_up(folder, monkeypatch):
    def runs_for_ever(*_, timeout, **__):
        raise subprocess.TimeoutExpired("kustomize", timeout)

    program(folder, "kustomize", "exit 0")
    monkeypatch.setattr(subprocess, "run", runs_for_ever)

    assert aksrdma.validate(Path("k")).findings[0].message.endswith("no result after 120 seconds")


def test_where_nobody_can_build_a_note_says_so(folder):
    report = aksrdma.validate(Path("k"))

    assert report.notes == (
        "k has a kustomization, and neither kustomize nor kubectl is on PATH to build it; pipe a build in",
    )
    assert (report.summary.files, report.summary.sets) == (1, 0)


def test_a_built_object_of_which_no_source_is_known_is_placed_at_the_kustomization(folder):
    program(folder, "kustomize", "printf '" + WRONG.replace("name: a", "name: made") + "'")
    report = aksrdma.validate(Path("k"))

    assert [(one.file, one.line, one.column) for one in report.findings] == [("k/kustomization.yaml", 1, 1)]


def test_a_finding_stands_in_the_last_file_that_has_most_of_its_path(folder):
    (folder / "k/kustomization.yaml").write_text(KUSTOMIZATION + "resources: [a.yaml]\npatches: [{path: p.yaml}]\n")
    (folder / "k/a.yaml").write_text(NAMESPACE.replace("{name: a}", "{name: a, labels: {x: y}, labelz: {x: y}}"))
    (folder / "k/p.yaml").write_text(NAMESPACE + "specc: {}\n")
    program(folder, "kustomize", "printf '" + WRONG.replace("name: a", "name: a, labelz: {x: y}") + "'")
    report = aksrdma.validate(Path("k"))

    assert {(one.file, one.path) for one in report.findings} == {
        ("k/p.yaml", "specc"), ("k/a.yaml", "metadata.labelz"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_kustomization_has_one_of_three_names_and_is_no_file_of_a_set(folder, name):
    (folder / "k/kustomization.yaml").rename(folder / "k" / name)

    assert [(one.files, one.kustomizations) for one in sources_of(["k"])] == [((), ("k",))]


@pytest.mark.parametrize(
    "text",
    [
        *(f"{key}: [a.yaml]\n" for key in ("resources", "components", "bases", "patchesStrategicMerge", "crds")),
        *(f"{key}: [a.yaml]\n" for key in ("configurations", "generators", "transformers", "validators")),
        *(f"{key}: [{{path: a.yaml}}]\n" for key in ("patches", "patchesJson6902", "replacements")),
    ],
)
def test_a_kustomization_refers_to_files_in_many_fields(folder, text):
    (folder / "k/kustomization.yaml").write_text(KUSTOMIZATION + text)

    assert references("k") == {str(folder / "k/a.yaml")}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("resources: a.yaml\n", id="a-text-for-a-list"),
        pytest.param("resources: [3, null, {path: a.yaml}]\n", id="items-that-are-no-text"),
        pytest.param("patches: [a.yaml, {path: 3}, {patch: a.yaml}]\n", id="patches-without-a-path"),
        pytest.param("resources: ['https://example.com/a.yaml', nowhere.yaml, '']\n", id="what-is-no-file"),
        pytest.param('patchesStrategicMerge: ["a: 1\\nb: 2"]\n', id="a-patch-itself"),
        pytest.param("- a.yaml\n", id="a-list"),
        pytest.param("{", id="no-yaml"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_names_no_file_is_passed_over(folder, text):
    (folder / "k/kustomization.yaml").write_text(text)

    assert references("k") == set()


def test_kustomizations_that_refer_to_each_other_end(folder):
    (folder / "l").mkdir()
    (folder / "l/kustomization.yaml").write_text(KUSTOMIZATION + "resources: [../k]\n")
    (folder / "k/kustomization.yaml").write_text(KUSTOMIZATION + "resources: [../l, a.yaml]\n")

    assert references("k") == {str(folder / name) for name in ("k", "l", "k/a.yaml")}


def test_built_folders_and_files_can_be_one_set(folder):
    (folder / "more").mkdir()
    (folder / "more/b.yaml").write_text(NAMESPACE)
    apart = [(one.files, one.kustomizations) for one in sources_of(["k", "more"])]
    together = [(one.files, one.kustomizations) for one in sources_of(["k", "more"], together=True)]

    assert apart == [(("more/b.yaml",), ()), ((), ("k",))]
    assert together == [(("more/b.yaml",), ("k",))]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any folder")
def test_a_folder_that_may_not_be_read_is_an_error(folder):
    (folder / "k").chmod(0)
    with pytest.raises(ReadError, match="make it readable"):
        sources_of(["k"])


def test_stdin_and_a_broken_link_are_files_of_their_own(folder):
    (folder / "link.yaml").symlink_to("nowhere")

    assert [one.files for one in sources_of(["-", "link.yaml", "k/a.yaml"])] == [("-", "link.yaml"), ("k/a.yaml",)]
