"""`[tool.aksrdma]`: what a repository says once, so that nobody types it; and rules and facts of the user's own."""

import json
import subprocess
import sys

import pytest

import aksrdma
from aksrdma import catalog
from aksrdma.cli import run
from aksrdma.paths import CATALOG

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {team: x}}
spec: {containers: [{name: a, image: b, resources: {limits: {rdma/ib: 1}}}]}
"""
PLUGIN = '''\
"""Rules of Acme."""
import aksrdma

@aksrdma.rule(
    "acme-owner-label", kinds={"Pod"}, severity="error", statement="a pod names no owner",
    why="Nobody knows whom to ask.", fix="add metadata.labels.owner", source="acme handbook",
)
def owner(document, manifests):
    if document.value(("metadata", "labels", "owner")) is None:
        yield aksrdma.Problem("acme-owner-label", ("metadata", "labels"), f"{document.name} names no owner")


@aksrdma.rule("acme-one-pod", kinds={"Pod"}, severity="warning", why="w", fix="f")
def one(manifests):
    pods = manifests.of("Pod")
    if len(pods) > 1:
        yield aksrdma.Problem("acme-one-pod", ("kind",), f"{len(pods)} pods in one set", document=pods[1])
'''


def aksrdma_in(folder, *arguments):
    """Run the program in a folder, in a process of its own: what it loads is loaded for good."""
    code = "import sys; from aksrdma.__main__ import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture
def repository(tmp_path):
    """A folder with a pod, that is no part of another repository."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "pod.yaml").write_text(POD, encoding="utf-8")
    return tmp_path


def configure(folder, text, name="aksrdma.toml"):
    (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "present", "absent"),
    [
        pytest.param("", ["rdma-pod-lacks-ipc-lock"], [], id="nothing-said"),
        pytest.param('ignore = ["rdma-pod-lacks-ipc-lock"]', [], ["rdma-pod-lacks-ipc-lock"], id="ignore"),
        pytest.param('select = ["practice"]', ["rdma-pod-lacks-ipc-lock"], ["missing-field"], id="select-a-layer"),
        pytest.param(
            'vm-sizes = ["Standard_HB176rs_v4"]\nrelease = "25.1.0"', ["rdma-pod"], [], id="sizes-and-release"
        ),
    ],
)
def test_options_of_the_configuration_are_taken(repository, monkeypatch, capsys, text, present, absent):
    configure(repository, text)
    monkeypatch.chdir(repository)

    run(["validate", "pod.yaml"])

    out = capsys.readouterr().out
    assert [word for word in present if word not in out] == []
    assert [word for word in absent if word in out] == []


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("error", 0), ("warning", 1), ("info", 1), ("never", 0)],
    ids=["error", "warning", "info", "never"],
)
def test_the_configuration_says_what_fails(repository, monkeypatch, fail_on, code):
    configure(repository, f'fail-on = "{fail_on}"\nselect = ["rdma-pod-lacks-ipc-lock"]')
    monkeypatch.chdir(repository)

    assert run(["validate", "-q", "pod.yaml"]) == code


def test_a_flag_goes_over_the_configuration(repository, monkeypatch):
    configure(repository, 'fail-on = "warning"\nselect = ["rdma-pod-lacks-ipc-lock"]')
    monkeypatch.chdir(repository)

    assert run(["validate", "-q", "pod.yaml", "--fail-on", "error"]) == 0


def test_pyproject_has_it_in_a_table_and_the_nearest_file_counts(repository, monkeypatch):
    configure(repository, '[tool.aksrdma]\nselect = ["rdma-pod-lacks-ipc-lock"]\nfail-on = "warning"', "pyproject.toml")
    below = repository / "deploy"
    below.mkdir()
    (below / "pod.yaml").write_text(POD, encoding="utf-8")
    monkeypatch.chdir(below)
    assert run(["validate", "-q", "pod.yaml"]) == 1

    configure(below, 'fail-on = "never"')
    monkeypatch.chdir(repository)  # a new folder, because a configuration is read once a folder
    other = below / "more"
    other.mkdir()
    monkeypatch.chdir(other)
    assert run(["validate", "-q", "../pod.yaml"]) == 0


def test_nothing_above_the_repository_counts(tmp_path, monkeypatch):
    configure(tmp_path, 'fail-on = "warning"')
    inner = tmp_path / "repository"
    (inner / ".git").mkdir(parents=True)
    (inner / "pod.yaml").write_text(POD, encoding="utf-8")
    monkeypatch.chdir(inner)

    assert run(["validate", "-q", "pod.yaml", "--select", "rdma-pod-lacks-ipc-lock"]) == 0


def test_no_nodes_are_a_number(repository, monkeypatch):
    configure(repository, 'nodes = 0\nselect = ["rdma-pod-lacks-ipc-lock"]')
    monkeypatch.chdir(repository)

    assert run(["validate", "-q", "pod.yaml"]) == 0


def test_a_pyproject_without_the_table_is_passed_over(repository, monkeypatch):
    configure(repository, '[project]\nname = "uses-aksrdma"', "pyproject.toml")
    monkeypatch.chdir(repository)

    assert run(["validate", "-q", "pod.yaml", "--select", "rdma-pod-lacks-ipc-lock"]) == 0


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("tool.aksrdma.fail-on = 'warning'", id="dotted-key"),
        pytest.param("tool = { aksrdma = { fail-on = 'warning' } }", id="inline-table"),
        pytest.param("  [ 'tool' . \"aksrdma\" ]\nfail-on = 'warning'", id="quoted-and-spaced"),
        pytest.param("[tool]\na = 1\naksrdma.fail-on = 'warning'", id="key-below-tool"),
        pytest.param("[tool]\naksrdma = { fail-on = 'warning' }", id="inline-below-tool"),
    ],
)
def test_pyproject_has_it_in_whatever_form_toml_can_write(repository, monkeypatch, text):
    configure(repository, text, "pyproject.toml")
    monkeypatch.chdir(repository)

    assert run(["validate", "-q", "pod.yaml", "--select", "rdma-pod-lacks-ipc-lock"]) == 1


@pytest.mark.parametrize("head", ["", "[tool.aksrdma]\n"], ids=["bare", "in-the-table-of-pyproject"])
def test_aksrdma_toml_has_the_options_bare_or_in_the_table(repository, monkeypatch, head):
    configure(repository, f'{head}fail-on = "warning"\nselect = ["rdma-pod-lacks-ipc-lock"]')
    monkeypatch.chdir(repository)

    assert run(["validate", "-q", "pod.yaml"]) == 1


def test_a_project_that_only_depends_on_it_is_not_read_at_all(repository, monkeypatch):
    configure(repository, "dependencies = ['aksrdma'] and no TOML\n[tool.ruff]", "pyproject.toml")
    monkeypatch.chdir(repository)

    assert run(["validate", "-q", "pod.yaml", "--select", "rdma-pod-lacks-ipc-lock"]) == 0


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        pytest.param("a b", 3, ["aksrdma.toml: cannot be read"], id="no-toml"),
        pytest.param('ignroe = ["a"]', 2, ["unknown option 'ignroe'", "did you mean ignore?"], id="misspelt"),
        pytest.param(
            'nodes = 3\n[tool.aksrdma]\nfail-on = "never"',
            2,
            ["aksrdma.toml: nodes stands before [tool.aksrdma]; write all options bare, or all in the table"],
            id="bare-and-in-the-table",
        ),
        pytest.param("[tool.aksrmda]\nnodes = 1", 2, ["unknown option 'tool'"], id="a-table-that-is-misspelt"),
        pytest.param("[tool.aksrdma]\nzzz = 1", 2, ["unknown option 'zzz'"], id="unknown-in-the-table"),
        pytest.param("zzz = 1", 2, ["unknown option 'zzz'", "there are admission-controller, catalog"], id="unknown"),
        pytest.param('nodes = "3"', 2, ["nodes must be of type int, not '3'"], id="a-text-for-a-number"),
        pytest.param("nodes = -1", 2, ["aksrdma.toml: nodes must be 0 or more, not -1"], id="fewer-nodes-than-none"),
        pytest.param(
            "kubernetes-version = 1.36",
            2,
            ["kubernetes-version must be of type str, not 1.36"],
            id="a-number-for-a-version",
        ),
        pytest.param(
            'kubernetes-version = "1.9"', 2, ["no schemas of Kubernetes '1.9'"], id="a-version-without-schemas"
        ),
        pytest.param("nodes = true", 2, ["nodes must be of type int, not True"], id="a-boolean-is-no-number"),
        pytest.param("strict = 1", 2, ["strict must be of type bool"], id="a-number-for-a-boolean"),
        pytest.param('select = "a"', 2, ["select must be a list of texts"], id="a-text-for-a-list"),
        pytest.param("select = [1]", 2, ["select must be a list of texts"], id="a-list-of-numbers"),
        pytest.param('fail-on = "bad"', 2, ["fail-on must be error, warning, info or never, not 'bad'"], id="fail-on"),
        pytest.param('catalog = "none"', 2, ["none is no folder"], id="no-such-catalog"),
        pytest.param(
            'plugins = ["no_such_module"]', 2, ["the plugin no_such_module cannot be imported"], id="no-plugin"
        ),
        pytest.param('plugins = ["../x"]', 2, ["a plugin is a Python module"], id="a-path-is-no-module"),
    ],
)
def test_a_mistake_is_told_with_file_and_key(repository, text, code, words):
    configure(repository, text)

    done = aksrdma_in(repository, "validate", "pod.yaml")

    assert done.returncode == code
    assert [word for word in words if word not in done.stderr] == []
    assert "Traceback" not in done.stderr


def test_rules_of_a_plugin_are_judged_explained_listed_and_can_be_ignored(repository):
    (repository / "acme.py").write_text(PLUGIN, encoding="utf-8")
    configure(repository, 'plugins = ["acme"]')

    done = aksrdma_in(repository, "validate", "pod.yaml", "-o", "json")
    findings = {one["rule"]: one for one in json.loads(done.stdout)["findings"]}

    assert done.returncode == 1
    own = findings["acme-owner-label"]
    assert (own["severity"], own["layer"], own["line"]) == ("error", "practice", 3)
    assert (own["message"], own["fix"]) == ("a names no owner", "add metadata.labels.owner")
    assert "rdma-pod-lacks-ipc-lock" in findings
    assert "Nobody knows whom to ask." in aksrdma_in(repository, "explain", "acme-owner-label").stdout
    assert "acme-one-pod" in aksrdma_in(repository, "catalog", "rules").stdout
    assert "acme-owner" not in aksrdma_in(repository, "validate", "pod.yaml", "--ignore", "acme-owner-label").stdout


def test_a_rule_of_a_plugin_may_judge_a_set_and_is_suppressed_by_a_comment(repository):
    (repository / "acme.py").write_text(PLUGIN, encoding="utf-8")
    configure(repository, 'plugins = ["acme"]\nselect = ["acme-one-pod", "acme-owner-label"]')
    second = POD.replace("{name: a,", "{name: b,").replace("labels: {team: x}", "labels: {owner: x}")
    (repository / "pod.yaml").write_text(
        f"# aksrdma: ignore acme-owner-label -- old\n{POD}---\n{second}", encoding="utf-8"
    )

    done = aksrdma_in(repository, "validate", "pod.yaml")

    assert done.stdout.count("\n") == 1
    assert "warning acme-one-pod Pod/b kind: 2 pods in one set; f" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param('"acme-owner-label", kinds', '"Owner", kinds', "a rule's id is kebab-case", id="id"),
        pytest.param(
            '"acme-owner-label", kinds', '"missing-field", kinds', "has a rule missing-field of its own", id="taken"
        ),
        pytest.param(
            "if document.value", "if document.valu", "the check owner of the plugin acme fails", id="a-check-fails"
        ),
        pytest.param("import aksrdma", "import aksrdma; 1 / 0", "ZeroDivisionError", id="the-module-fails"),
        pytest.param(
            'Problem("acme-owner-label"', 'Problem("acme-owners"', "no rule named 'acme-owners'", id="other-id"
        ),
    ],
)
def test_a_plugin_that_fails_gets_a_sentence(repository, old, new, words):
    (repository / "acme.py").write_text(PLUGIN.replace(old, new), encoding="utf-8")
    configure(repository, 'plugins = ["acme"]')

    done = aksrdma_in(repository, "validate", "pod.yaml")

    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_rules_and_facts_can_be_given_in_python(tmp_path):
    (tmp_path / "facts").mkdir()
    code = (
        "import aksrdma\n@aksrdma.rule('my-rule', kinds={'Pod'}, severity='info', why='w', fix='f')\n"
        "def check(document, manifests):\n    yield aksrdma.Problem('my-rule', ('kind',), 'seen')\n"
        f"print([one.rule for one in aksrdma.validate({POD!r}, catalog={str(tmp_path / 'facts')!r}).findings])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)

    assert "'my-rule'" in done.stdout


@pytest.fixture
def facts(repository):
    """A catalog of the user's: a VM size, and a release with its schemas."""
    folder = repository / "facts"
    (folder / "vm_sizes").mkdir(parents=True)
    size = (CATALOG / "vm_sizes" / "Standard_HB176rs_v4.yaml").read_text(encoding="utf-8")
    own = size.replace("Standard_HB176rs_v4", "Standard_HB999rs_v9").replace("nic_count: 1", "nic_count: 2")
    (folder / "vm_sizes" / "Standard_HB999rs_v9.yaml").write_text(own, encoding="utf-8")
    newest = (CATALOG / "releases" / f"{catalog.newest()}.yaml").read_text(encoding="utf-8")
    (folder / "releases").mkdir()
    (folder / "releases" / "v27.1.0.yaml").write_text(
        newest.replace(f"name: {catalog.newest()}", "name: v27.1.0"), encoding="utf-8"
    )
    configure(repository, 'catalog = "facts"')
    return folder


def test_a_vm_size_of_the_user_is_known_to_every_command(repository, facts):
    listed = aksrdma_in(repository, "catalog", "vm-sizes")
    started = aksrdma_in(repository, "init", "--vm-size", "Standard_HB999rs_v9")
    (repository / "cluster.yaml").write_text(started.stdout, encoding="utf-8")
    rendered = aksrdma_in(repository, "render", "cluster.yaml", "--release", "v26.4.1")

    assert "Standard_HB999rs_v9" in listed.stdout
    assert "Standard_HB176rs_v4" in listed.stdout
    assert (started.returncode, rendered.returncode) == (0, 0), rendered.stderr
    assert "kind: NicClusterPolicy" in rendered.stdout


def test_what_aks_offers_may_be_told_anew(repository, facts):
    ours = (CATALOG / "aks.yaml").read_text(encoding="utf-8")
    (facts / "aks.yaml").write_text(ours.replace("checked: 2026-12-01", "checked: 2027-05-01"), encoding="utf-8")

    assert "SUPPORT is that of 2027-05-01." in aksrdma_in(repository, "catalog", "aks").stdout

    (facts / "aks.yaml").write_text(ours.replace("checked: 2026-12-01", "cheked: 2027-05-01"), encoding="utf-8")
    broken = aksrdma_in(repository, "catalog", "aks")
    assert broken.returncode == 2
    assert "aks.yaml: Aks does not fit: unknown or missing checked, cheked" in broken.stderr


def test_a_release_of_the_user_is_the_newest_and_takes_its_schemas_from_the_same_folder(repository, facts):
    listed = aksrdma_in(repository, "catalog", "releases")
    without = aksrdma_in(repository, "render", "--release", "v27.1.0", "-q")
    schemas = facts / "schemas" / "v27.1.0"
    schemas.parent.mkdir()
    source = CATALOG.parent.parent / "schemas" / catalog.newest()
    subprocess.run(["cp", "-r", str(source), str(schemas)], check=True)
    rendered = aksrdma_in(repository, "render", "--release", "v27.1.0", "-q")

    assert "v27.1.0" in listed.stdout
    assert without.returncode == 2
    assert "Traceback" not in without.stderr
    assert rendered.returncode == 0, rendered.stderr
    assert "Network Operator v27.1.0" in rendered.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("name: [", "Standard_HB999rs_v9.yaml: while parsing", id="no-yaml"),
        pytest.param("- a", "expects a mapping", id="no-mapping"),
        pytest.param("nam: x", "unknown or missing", id="a-key-that-no-row-has"),
    ],
)
def test_a_row_of_the_user_that_is_wrong_gets_a_sentence_with_its_file(repository, facts, text, words):
    (facts / "vm_sizes" / "Standard_HB999rs_v9.yaml").write_text(text, encoding="utf-8")

    done = aksrdma_in(repository, "catalog", "vm-sizes", "Standard_HB999rs_v9")

    assert done.returncode == 2
    assert words in done.stderr
    assert "Standard_HB999rs_v9.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_rule_and_problem_are_public():
    assert {"rule", "Problem", "Finding"} <= set(aksrdma.__all__)
