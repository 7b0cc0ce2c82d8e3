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
        pytest.param(
            "printf 'err=<\\n\\ttrouble with config: `\\n\\tname: a\\n\\t`: must specify --enable-helm\\n >\\n' >&2; exit 1",
            "must specify --enable-helm",
            id="a-chart-in-several-lines",
        ),
        pytest.param(
            "printf \"Error: accumulating resources: no such host': failed to run '/usr/bin/git fetch --depth=1 u v1':"
            " fatal: unable to access 'u': no\n: exit status 128\n\" >&2; exit 1",
            "git fetch failed: unable to access 'u': no",
            id="a-base-that-cannot-be-fetched",
        ),
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


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("configMapGenerator: [{name: x, files: [a.yaml]}]\n", id="a-file"),
        pytest.param("configMapGenerator: [{name: x, files: [key.yaml=a.yaml]}]\n", id="a-file-by-key"),
        pytest.param("secretGenerator: [{name: x, envs: [a.yaml]}]\n", id="variables"),
        pytest.param("configMapGenerator: [{name: x, env: a.yaml}]\n", id="variables-of-one-file"),
        pytest.param("helmCharts: [{name: x, valuesFile: a.yaml}]\n", id="values"),
        pytest.param("helmCharts: [{name: x, additionalValuesFiles: [a.yaml]}]\n", id="more-values"),
        pytest.param("openapi: {path: a.yaml}\n", id="a-schema"),
        pytest.param("transformers: [a.yaml]\n", id="a-transformer"),
    ],
)
def test_what_kustomize_alone_reads_is_no_object_of_a_set(folder, text):
    (folder / "k/kustomization.yaml").write_text(KUSTOMIZATION + text)
    (folder / "k/a.yaml").write_text("a: b\n")
    program(folder, "kustomize", f"printf '{NAMESPACE}'")

    assert references("k") == {str(folder / "k/a.yaml")}
    assert aksrdma.validate(Path("k"), strict=True).findings == ()
    assert [(one.files, one.kustomizations) for one in sources_of(["k/a.yaml"], completed=True)] == [
        (("k/a.yaml",), ())
    ]


@pytest.mark.parametrize("names", [["k"], ["k", "l"], ["k", "l", "m"]])
def test_kustomizations_in_a_circle_are_built_once_so_that_kustomize_says_why_not(folder, names):
    for name, after in zip(names, [*names[1:], names[0]], strict=True):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "kustomization.yaml").write_text(KUSTOMIZATION + f"resources: [../{after}]\n")
    (folder / "z").mkdir()
    (folder / "z/kustomization.yaml").write_text(KUSTOMIZATION)
    program(folder, "kustomize", "echo 'Error: cycle detected' >&2; exit 1")

    assert {one.kustomizations for one in sources_of(["."]) if not one.files} == {("./k",), ("./z",)}
    assert aksrdma.validate(Path("k")).findings[0].message == "kustomize cannot build this: cycle detected"


def test_a_chain_of_kustomizations_is_read_once_each(folder, monkeypatch):
    from aksrdma.validation import kustomizations

    for number in range(60):
        (folder / f"c{number}").mkdir()
        (folder / f"c{number}/kustomization.yaml").write_text(KUSTOMIZATION + f"resources: [../c{number - 1}]\n")
    read, inner = [], kustomizations.read_file
    monkeypatch.setattr(kustomizations, "read_file", lambda *given, **more: read.append(given) or inner(*given, **more))
    sources = sources_of(["."])

    assert {one.kustomizations for one in sources if one.kustomizations} == {("./k",), ("./c59",)}
    assert len(read) <= 61


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("Error: no such file", "no such file", id="kustomize"),
        pytest.param("error: no such file", "no such file", id="kubectl"),
        pytest.param(
            'E1201 03:34:45.496403   14635 run.go:72] "command failed" err="no \\"such\\" file"', 'no "such" file',
            id="a-log-line-of-a-command-that-failed",
        ),
        pytest.param("W0101 00:00:00.000001       1 x.go:1] no such file", "no such file", id="another-log-line"),
        pytest.param("E12 is no such file", "E12 is no such file", id="no-log-line"),
    ],
)  # fmt: skip
def test_the_words_of_kustomize_are_the_same_in_every_run(folder, line, said):
    (folder / "said").write_text(f"{line}\n")
    program(folder, "kustomize", f"/bin/cat {folder}/said >&2; exit 1")

    assert aksrdma.validate(Path("k")).findings[0].message == f"kustomize cannot build this: {said}"


def test_a_kustomization_that_is_a_link_to_nowhere_is_one_that_cannot_be_built(folder):
    (folder / "k/kustomization.yaml").unlink()
    (folder / "k/kustomization.yaml").symlink_to("nowhere.yaml")
    program(folder, "kustomize", "echo 'Error: dangling' >&2; exit 1")
    report = aksrdma.validate(Path("k"))

    assert [(one.file, one.rule) for one in report.findings] == [("k/kustomization.yaml", "kustomize-build-failed")]
    assert report.summary.documents == 1, "the file beside it"


COMPONENT = (
    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [a.yaml]\npatches: [{path: p.yaml}]\n"
)
PATCH = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"


def test_a_component_is_never_built_alone_and_its_files_are_judged_as_they_stand(folder):
    (folder / "k/kustomization.yaml").write_text(COMPONENT)
    (folder / "k/a.yaml").write_text(WRONG)
    (folder / "k/p.yaml").write_text(PATCH)
    program(folder, "kustomize", "echo 'Error: no matches for Id' >&2; exit 1")
    for named in ([Path("k")], [Path("k/a.yaml"), Path("k/kustomization.yaml")]):
        report = aksrdma.validate(named)
        assert [(one.file, one.rule) for one in report.findings] == [("k/a.yaml", "unknown-field")]


def test_what_builds_on_a_component_is_built_with_it(folder):
    (folder / "k/kustomization.yaml").write_text(COMPONENT)
    (folder / "top").mkdir()
    (folder / "top/kustomization.yaml").write_text(KUSTOMIZATION + "components: [../k]\n")
    program(folder, "kustomize", f"test \"$*\" = 'build ./top' && printf '{NAMESPACE}'")
    report = aksrdma.validate(Path())
    assert (report.findings, report.summary.sets) == ((), 1)
