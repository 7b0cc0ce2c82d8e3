import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from aksrdma import catalog
from aksrdma.cli import COMMANDS, run
from aksrdma.plan import PROFILES

CLUSTER = """\
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
metadata:
  name: train-01
spec:
  release: v25.10.0
  profile: ipoib
  nodePools:
  - name: hbv3
    vmSize: Standard_HB120rs_v3
    count: 4
"""


@pytest.fixture
def cluster(tmp_path):
    file = tmp_path / "cluster.yaml"
    file.write_text(CLUSTER)
    return file


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("AKSRDMA_RELEASE", "AKSRDMA_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def kinds(text):
    return [one["kind"] for one in yaml.safe_load_all(text)]


def test_without_anything_render_prints_the_guides_release_and_names_the_newest(capsys):
    assert run(["render"]) == 0

    out, err = capsys.readouterr()
    assert kinds(out) == ["Namespace", "NodeFeatureRule", "NicClusterPolicy"]
    assert "25.01-0.6.0.0-0" in out
    assert err == f"note: release v25.1.0, that of the AKS guide; --release {catalog.newest()} is the newest\n"


def test_quiet_silences_notes(capsys):
    run(["render", "-q"])

    assert capsys.readouterr().err == ""


def test_render_reads_a_file_and_stdin_alike(cluster, capsys, monkeypatch):
    run(["render", str(cluster)])
    from_file = capsys.readouterr().out
    done = subprocess.run(
        [sys.executable, "-m", "aksrdma", "render", "-"],
        input=CLUSTER,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )

    assert kinds(from_file)[-1] == "IPoIBNetwork"
    assert done.stdout == from_file


@pytest.mark.parametrize(
    ("flags", "environment", "release"),
    [
        pytest.param([], {}, "v25.10.0", id="the-file"),
        pytest.param([], {"AKSRDMA_RELEASE": "v26.1.2"}, "v26.1.2", id="environment-over-file"),
        pytest.param(["--release", "v26.4.1"], {"AKSRDMA_RELEASE": "v26.1.2"}, "v26.4.1", id="flag-over-environment"),
        pytest.param(["--release", "26.4.1"], {}, "v26.4.1", id="without-the-v"),
    ],
)
def test_flags_go_over_environment_over_the_file(flags, environment, release, cluster, capsys, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run(["render", str(cluster), *flags])

    assert f"Network Operator {release}." in capsys.readouterr().out.splitlines()[0]


def test_out_dir_then_check_then_prune(cluster, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["render", str(cluster), "--out-dir", str(out)]

    assert run([*arguments, "--check"]) == 1
    assert run(arguments) == 0
    assert run([*arguments, "--check"]) == 0

    capsys.readouterr()
    values = out / "values/network-operator/values.yaml"
    values.write_text(values.read_text() + "more: 1\n")
    assert run([*arguments, "--check"]) == 1
    assert "-more: 1\n" in capsys.readouterr().out

    assert run([*arguments, "--profile", "base"]) == 0
    assert "is left over from an earlier render; --prune removes it" in capsys.readouterr().err
    assert (out / "nicclusterpolicy/ipoib").exists()
    assert run([*arguments, "--profile", "base", "--prune"]) == 0
    assert not (out / "nicclusterpolicy/ipoib").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(["render", "--check"], 2, "--check needs --out-dir", id="check-without-a-folder"),
        pytest.param(["render", "--prune"], 2, "--prune needs --out-dir", id="prune-without-a-folder"),
        pytest.param(["render", "nowhere.yaml"], 3, "nowhere.yaml: cannot be read", id="no-such-file"),
        pytest.param(["render", "--release", "v25.1"], 2, "did you mean v25.1.0?", id="no-such-release"),
        pytest.param(["render", "--profile", "sriov"], 2, "is not one of 'base'", id="no-such-profile"),
        pytest.param(["render", "--vm-size", "Standard_ND96is_H100_v5"], 2, "Standard_ND96isr_H100_v5", id="no-infiniband"),
        pytest.param(["rendr"], 2, "no command 'rendr'; did you mean render?", id="no-such-command"),
        pytest.param(["catalog", "vm-sizes", "hb120"], 2, "did you mean Standard_HB120-16rs_v2", id="no-such-size"),
        pytest.param(["init"], 2, "Missing option '--vm-size'", id="init-without-a-size"),
        pytest.param(["init", "--vm-size", "Standard_HB120rs_v3", "--name", "A_B"], 2, "must be a DNS subdomain", id="a-name"),
        pytest.param(["completion", "tcsh"], 2, "is not one of 'bash'", id="no-such-shell"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_on_stderr_with_its_exit_code(arguments, code, message, capsys):
    assert run(arguments) == code

    out, err = capsys.readouterr()
    assert message in err
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        pytest.param(("profile: ipoib", "profil: ipoib"), 2, "cluster.yaml:7:3: spec.profil: unknown field; did you mean profile?", id="a-typo"),
        pytest.param(("count: 4", "count: four"), 2, "cluster.yaml:11:5: spec.nodePools[0].count: must be a whole number", id="a-word"),
        pytest.param(("HB120rs_v3", "HB120rs_v9"), 2, "cluster.yaml:10:", id="a-size"),
        pytest.param(("  name: train-01", "\tname: train-01"), 3, "cluster.yaml:4:", id="a-tab"),
        pytest.param(("  release: v25.10.0", "  release: v25.10.0\n  release: v26.1.2"), 3, "release", id="a-key-twice"),
        pytest.param(("kind: RdmaCluster", "kind: RdmaClaster"), 2, "kind: must be RdmaCluster, not 'RdmaClaster'", id="a-kind"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_is_told_with_its_line(change, code, message, cluster, capsys):
    cluster.write_text(CLUSTER.replace(*change))

    assert run(["render", str(cluster)]) == code
    assert message in capsys.readouterr().err


def test_a_vm_size_beside_a_file_is_refused(cluster, capsys):
    assert run(["render", str(cluster), "--vm-size", "Standard_HB120rs_v3"]) == 2
    assert "names the VM sizes in spec.nodePools" in capsys.readouterr().err


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "size", ["Standard_ND96isr_H100_v5", "standard_hb120rs_v3", "Standard_HB176rs_v4", "Standard_ND40rs_v2"]
)
def test_what_init_prints_can_be_rendered(size, profile, tmp_path, capsys):
    assert run(["init", "--vm-size", size, "--profile", profile]) == 0

    file = tmp_path / "cluster.yaml"
    file.write_text(capsys.readouterr().out)
    assert yaml.safe_load(file.read_text())["spec"]["release"] == catalog.newest()
    assert run(["render", str(file)]) == 0


def test_init_names_two_pools_of_one_series_apart(capsys):
    run(["init", "--vm-size", "Standard_HB120rs_v3", "--vm-size", "Standard_HB120-96rs_v3"])

    assert [pool["name"] for pool in yaml.safe_load(capsys.readouterr().out)["spec"]["nodePools"]] == ["hbv3", "hbv32"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        pytest.param(["catalog", "releases"], "v26.4.1", id="releases"),
        pytest.param(["catalog", "vm-sizes"], "Standard_ND96isr_H100_v5", id="vm-sizes"),
        pytest.param(["catalog", "vm-sizes", "standard_hb120rs_v2"], "unsure.infiniband.device_id", id="one-size-with-what-is-unsure"),
        pytest.param(["catalog", "profiles"], "rdma/shared_ib", id="profiles"),
        pytest.param(["catalog", "presets"], "ndv5-nccl", id="presets"),
        pytest.param(["catalog", "presets", "ndv5-nccl"], "NCCL_IB_PCI_RELAXED_ORDERING", id="one-preset"),
        pytest.param(["catalog", "rules", "whereabouts-deprecated"], "whereabouts", id="one-rule"),
        pytest.param(["catalog", "images", "v25.1.0"], "nvcr.io/nvidia/mellanox/doca-driver:25.01-0.6.0.0-0", id="images"),
    ],
)  # fmt: skip
def test_catalog_shows_a_table(arguments, word, capsys):
    assert run(arguments) == 0
    assert word in capsys.readouterr().out


@pytest.mark.parametrize("section", ["releases", "vm-sizes", "profiles", "presets", "rules", "images"])
def test_catalog_gives_the_same_data_as_json_and_yaml(section, capsys):
    run(["catalog", section, "-o", "json"])
    as_json = json.loads(capsys.readouterr().out)
    run(["catalog", section, "-o", "yaml"])

    assert list(yaml.safe_load_all(capsys.readouterr().out)) == as_json


def test_schemas_path_is_where_the_schemas_lie(capsys):
    run(["schemas", "path", "v25.1.0"])
    path = capsys.readouterr().out.strip()

    assert path.endswith("v25.1.0")
    assert json.loads(Path(path, "mellanox.com", "nicclusterpolicy_v1alpha1.json").read_text())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell, capsys):
    assert run(["completion", shell]) == 0
    assert "_AKSRDMA_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_of_a_command_teaches_by_example(name, capsys):
    assert run([name, "--help"]) == 0
    assert "aksrdma " in capsys.readouterr().out.split("\n", 1)[1]


@pytest.mark.parametrize("command", ["catalog vm-sizes", "render", "validate overlays", "explain ipoib", "--help"])
def test_a_reader_that_is_gone_already_is_no_error(command, root):
    reader, writer = os.pipe()
    os.close(reader)
    run = [sys.executable, "-m", "aksrdma", *command.split()]
    done = subprocess.run(run, cwd=root, stdout=writer, stderr=subprocess.PIPE, check=False, encoding="utf-8")
    os.close(writer)

    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr


def test_a_reader_that_leaves_early_is_no_error():
    shell = f"{sys.executable} -m aksrdma catalog vm-sizes -o json | head -c 10; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, check=False, encoding="utf-8")

    assert (done.returncode, done.stderr) == (0, "")


def test_kubectl_finds_the_same_program(root):
    scripts = (root / "pyproject.toml").read_text()

    assert 'kubectl-aksrdma = "aksrdma.__main__:main"' in scripts


@pytest.mark.parametrize(
    ("name", "word"),
    [
        pytest.param("nvipam-pool-missing", "Why: ", id="a-rule"),
        pytest.param("nicclusterpolicy.spec.ofedDriver.forcePrecompiled", "boolean", id="a-field"),
        pytest.param("ipoib", "rdma/shared_ib", id="a-profile"),
        pytest.param("v25.10.0", "network-operator", id="a-release"),
        pytest.param("standard_hb176rs_v4", "HBv4", id="a-vm-size"),
    ],
)
def test_explain_says_why(name, word, capsys):
    assert run(["explain", name]) == 0
    assert word in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nvipam-pool-mising", "nicclusterpolicy.spec.ofedDrivr", "Standard_HB177rs_v4"])
def test_explain_answers_a_wrong_name_with_the_nearest(name, capsys):
    assert run(["explain", name]) == 2
    assert "did you mean" in capsys.readouterr().err
