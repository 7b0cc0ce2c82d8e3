import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

import aksrdma
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
    first, second = err.splitlines()
    assert first == f"note: release v25.1.0, that of the AKS guide; --release {catalog.newest()} is the newest"
    assert second.startswith(
        "note: Network Operator v25.1.0 is out of support since 2025-08-19, and AKS makes no cluster of"
    )


def test_quiet_silences_notes(capsys):
    run(["render", "-q"])

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("drivers", "needed"),
    [
        ("gpuDriver: aks", "DaemonSet nvidia-peermem-reloader, DaemonSet nvidia-device-plugin"),
        ("nicDriver: inbox", "DaemonSet infiniband-modules"),
        ("profile: sriov-device-plugin", None),
    ],
    ids=["aks", "inbox", "neither"],
)
def test_the_stream_says_what_is_needed_besides_it(drivers, needed, tmp_path, capsys):
    pools = "nodePools: [{name: a, vmSize: Standard_ND96isr_H100_v5, count: 2, osSku: Ubuntu2404}]"
    file = tmp_path / "c.yaml"
    file.write_text(
        f"apiVersion: aksrdma.dev/v1alpha1\nkind: RdmaCluster\nmetadata: {{name: c}}\nspec:\n  {drivers}\n  {pools}\n"
    )

    assert run(["render", str(file)]) == 0
    printed = capsys.readouterr()
    assert (f"note: needed too, and not printed: {needed}; --out-dir writes all" in printed.err) is (needed is not None)
    assert "not printed" not in printed.out
    assert run(["render", str(file), "--out-dir", str(tmp_path / "out")]) == 0
    assert "not printed" not in capsys.readouterr().err


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
        pytest.param(["render", "--check"], 2, "needs --out-dir; without it, render only prints", id="check-without-a-folder"),
        pytest.param(["render", "--dry-run"], 2, "--check (--dry-run, --diff)", id="dry-run-without-a-folder"),
        pytest.param(["render", "--prune"], 2, "--prune needs --out-dir", id="prune-without-a-folder"),
        pytest.param(["render", "nowhere.yaml"], 3, "nowhere.yaml: cannot be read", id="no-such-file"),
        pytest.param(["render", "--release", "v25.1"], 2, "did you mean v25.1.0?", id="no-such-release"),
        pytest.param(["render", "--profile", "sriov"], 2, "is not one of 'base'", id="no-such-profile"),
        pytest.param(["render", "--vm-size", "Standard_ND96is_H100_v5"], 2, "Standard_ND96isr_H100_v5", id="no-infiniband"),
        pytest.param(["rendr"], 2, "no command 'rendr'; did you mean render?", id="no-such-command"),
        pytest.param(["doctor", "a.log"], 2, "no command 'doctor': it comes with a later version", id="a command to come"),
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


@pytest.mark.parametrize(
    ("sizes", "master"),
    [
        pytest.param(["HB120rs_v3"], "ibP257p0s0", id="seen"),
        pytest.param(["HB120rs_v3", "ND96asr_v4"], "ibP257p0s0", id="seen-on-both"),
        pytest.param(["ND96isr_H100_v5"], None, id="derived"),
        pytest.param(["HB176rs_v4"], None, id="unknown"),
        pytest.param(["HB120rs_v3", "ND96isr_H100_v5"], None, id="seen-on-one"),
        pytest.param(["HB176rs_v4", "HB120rs_v3"], None, id="unknown-on-one"),
    ],
)
def test_init_writes_the_ipoib_interface_only_where_it_was_seen(sizes, master, capsys):
    run(["init", "--profile", "ipoib", *(word for size in sizes for word in ("--vm-size", size))])

    text = capsys.readouterr().out
    assert yaml.safe_load(text)["spec"]["ipoib"].get("master") == master
    for size in sizes:
        seen = catalog.vm_size(size).infiniband.ipoib_altname_seen
        assert (f"Standard_{size}" in text.partition("ipoib:\n")[2]) is not seen
    if master is None:
        assert "    # master: ibP257p0s0\n" in text
        assert "INSTALL.md has it looked up on the nodes." in " ".join(text.replace("#", " ").split())


@pytest.mark.parametrize(
    ("size", "said"),
    [
        pytest.param(
            "HB60rs",
            "VM size Standard_HB60rs was retired on 2024-08-31; take Standard_HB120rs_v3 or Standard_HB120-64rs_v3 instead",
            id="two-follow",
        ),
        pytest.param(
            "nc24rs_v3",
            "VM size Standard_NC24rs_v3 was retired on 2025-09-30; take Standard_ND96asr_v4 instead",
            id="one-follows",
        ),
    ],
)
def test_init_refuses_a_retired_size_and_says_what_follows_it(size, said, capsys):
    assert run(["init", "--vm-size", "Standard_HB176rs_v4", "--vm-size", size]) == 2

    told = capsys.readouterr()
    assert told.err == f"error: {said}\n"
    assert told.out == ""


def test_init_says_when_a_size_retires(capsys):
    run(["init", "--vm-size", "Standard_HC44-16rs"])

    words = " ".join(capsys.readouterr().out.replace("\n  #", "").split())
    follow = "Standard_HB368-48rs_v5, Standard_HB176-24rs_v4, Standard_HX176-24rs or Standard_HB120-16rs_v3"
    assert f"It retires on 2027-05-31: take {follow} instead." in words


@pytest.mark.parametrize(("size", "os_sku"), [("ND128isr_GB300_v6", "Ubuntu2404"), ("ND96isr_H100_v5", None)])
def test_init_writes_the_os_sku_and_the_count_that_a_size_needs(size, os_sku, capsys):
    run(["init", "--vm-size", size])

    (pool,) = yaml.safe_load(capsys.readouterr().out)["spec"]["nodePools"]
    assert pool.get("osSku") == os_sku
    assert pool["count"] == (catalog.vm_size(size).node_count_step or 2)


def test_init_prints_a_file_that_explains_itself(capsys):
    run(["init", "--vm-size", "ND96isr_H100_v5", "--profile", "ipoib"])

    assert capsys.readouterr().out == INIT


INIT = """\
# An RDMA cluster for `aksrdma render`. Schema for editors: schemas/aksrdma.dev/rdmacluster_v1alpha1.json
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
metadata:
  # The AKS cluster; INSTALL.md makes it where there is none of this name.
  name: aks-rdma
spec:
  release: v26.7.0
  # Shared NICs and an IP address on InfiniBand. `aksrdma catalog profiles` compares the four.
  profile: ipoib
  nodePools:
  # 8 InfiniBand NICs of 400 Gb/s, 8 x H100 80GB SXM. One node pool is one InfiniBand fabric.
  - name: ndh100v5
    vmSize: Standard_ND96isr_H100_v5
    count: 2
    # Only if the nodes have it: az aks nodepool add --node-taints sku=gpu:NoSchedule
    # taints: ["sku=gpu:NoSchedule"]
  ipoib:
    # Nobody has published the IPoIB interface of Standard_ND96isr_H100_v5; what follows from the PCI address,
    # ibP257p0s0, is a guess. INSTALL.md has it looked up on the nodes.
    # master: ibP257p0s0
    # Addresses for all pods of all nodes; not in the pod, service and VNet ranges of the cluster.
    range: 192.168.0.0/16
  # The newest Kubernetes of AKS that v26.7.0 is documented for; `aksrdma catalog aks` has all.
  # kubernetesVersion: "1.36"
  # More options, with their defaults:
  # operatorNamespace: network-operator
  # nicDriver: doca                   # or inbox; a pool may have its own
  # nodeFeatureRule: infiniband-class # or device-list, chart
  # rdma: {sharedSlots: 63}           # pods a node that share its NICs (rdma-shared-device-plugin, ipoib)
  # ofedDriver: {upgradePolicy: {autoUpgrade: true, maxParallelUpgrades: 1}}
  # gpuDriver: gpu-operator           # or aks, aks-managed, none; a pool may have its own
"""


@pytest.mark.parametrize("size", ["ND96isr_H100_v5", "ND96isr_MI300X_v5", "ND128isr_GB300_v6", "HB120rs_v3"])
def test_the_options_that_init_shows_are_what_they_are_where_they_are_left_out(size, tmp_path, capsys):
    run(["init", "--vm-size", size])
    text = capsys.readouterr().out
    head, options = text.split("  # More options, with their defaults:\n")

    shown = []
    for number, written in enumerate((text, head + re.sub("(?m)^  # ", "  ", options))):
        file = tmp_path / f"{number}.yaml"
        file.write_text(written)
        assert run(["render", str(file)]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert ("gpuDriver: " in options) == (catalog.vm_size(size).gpu is not None)


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        pytest.param(["ND96isr_H100_v5"], ["nicDriver: doca # or inbox", "gpuDriver: gpu-operator # or aks, aks-managed, none"], id="nvidia"),
        pytest.param(["ND96isr_MI300X_v5"], ["nicDriver: doca # or inbox", "gpuDriver: gpu-operator # or none"], id="amd"),
        pytest.param(["ND128isr_GB300_v6"], ["nicDriver: node-image", "gpuDriver: aks # or none"], id="node-image"),
        pytest.param(["ND96isr_H100_v5", "ND96isr_MI300X_v5"], ["nicDriver: doca # or inbox", "gpuDriver: gpu-operator # or none"], id="what-both-take"),
        pytest.param(["ND96isr_H100_v5", "ND128isr_GB300_v6"], [], id="no-default-for-all"),
        pytest.param(["HB120rs_v3", "ND128isr_GB300_v6"], ["gpuDriver: aks # or none"], id="no-gpus-beside"),
    ],
)  # fmt: skip
def test_init_offers_the_drivers_that_its_sizes_take(sizes, shown, capsys):
    run(["init", *(word for size in sizes for word in ("--vm-size", size))])

    found = re.findall(r"^  # ((?:nic|gpu)Driver: .*)$", capsys.readouterr().out, re.MULTILINE)
    assert [" ".join(line.split()).removesuffix("; a pool may have its own") for line in found] == shown


@pytest.mark.parametrize(
    ("release", "words", "version"),
    [
        pytest.param(
            "v26.7.0", "The newest Kubernetes of AKS that v26.7.0 is documented for; `aksrdma", "1.36", id="current"
        ),
        pytest.param(
            "v25.10.0", "v25.10.0 is documented for, with long-term support alone; `aksrdma", "1.34", id="long-term"
        ),
        pytest.param(
            "v25.1.0",
            "v25.1.0 is documented for Kubernetes 1.27 to 1.31.4, of which AKS offers nothing",
            None,
            id="past",
        ),
    ],
)
def test_init_says_which_kubernetes_a_new_cluster_may_have(release, words, version, capsys):
    run(["init", "--vm-size", "HB120rs_v3", "--release", release])

    text = capsys.readouterr().out
    assert words in " ".join(text.replace("\n  #", "").split())
    assert ("kubernetesVersion" in text) == (version is not None)
    assert version is None or f'  # kubernetesVersion: "{version}"\n' in text


def test_init_writes_what_it_is_told(capsys):
    size = "Standard_HB176rs_v4"
    arguments = ["--vm-size", size, "--name", "train-01", "--release", "v25.10.0", "--profile", "ipoib"]

    assert run(["init", *arguments]) == 0

    written = yaml.safe_load(capsys.readouterr().out)
    assert written["metadata"] == {"name": "train-01"}
    assert (written["spec"]["release"], written["spec"]["profile"]) == ("v25.10.0", "ipoib")
    assert [pool["vmSize"] for pool in written["spec"]["nodePools"]] == [size]


def test_init_without_more_pins_the_newest_release_and_the_default_profile(capsys):
    run(["init", "--vm-size", "Standard_HB176rs_v4"])

    written = yaml.safe_load(capsys.readouterr().out)
    assert written["metadata"] == {"name": "aks-rdma"}
    assert (written["spec"]["release"], written["spec"]["profile"]) == (catalog.newest(), "sriov-device-plugin")


@pytest.mark.parametrize(
    ("sizes", "names"),
    [
        (["HB120rs_v3", "HB120-96rs_v3", "HB120-16rs_v3"], ["hbv3", "hbv32", "hbv33"]),
        (["ND96isr_MI300X_v5", "ND96isr_MI300X_v5"], ["ndmi300xv5", "ndmi300xv52"]),
    ],
)
def test_init_names_pools_of_one_series_apart(sizes, names, capsys):
    run(["init", *(word for size in sizes for word in ("--vm-size", size))])

    assert [pool["name"] for pool in yaml.safe_load(capsys.readouterr().out)["spec"]["nodePools"]] == names


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


def test_schemas_path_of_a_version_of_kubernetes(capsys):
    assert run(["schemas", "path", "--kubernetes-version", "1.36.3"]) == 0

    assert Path(capsys.readouterr().out.strip(), "v1", "pod_v1.json").is_file()


def test_schemas_path_is_of_one_thing(capsys):
    assert run(["schemas", "path", "v25.1.0", "--kubernetes-version", "1.36"]) == 2

    assert "each has a folder of its own" in capsys.readouterr().err


def test_schemas_path_without_a_release_is_the_folder_of_all(capsys):
    assert run(["schemas", "path"]) == 0

    assert (Path(capsys.readouterr().out.strip()) / "v25.1.0").is_dir()


CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
"""


def test_schemas_import_writes_strict_schemas_and_names_each_file(tmp_path, capsys):
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds" / "widget.yaml").write_text(CRD)
    arguments = [
        "schemas",
        "import",
        str(tmp_path / "crds"),
        "--release",
        "v27.1.0",
        "--out-dir",
        str(tmp_path / "out"),
    ]

    assert run(arguments) == 0

    written = tmp_path / "out" / "v27.1.0" / "example.com" / "widget_v1.json"
    assert capsys.readouterr().out == f"{written}\n"
    assert json.loads(written.read_text())["properties"]["spec"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(["path", "v25.1"], 2, "did you mean v25.1.0?", id="path-of-no-release"),
        pytest.param(["import", "--release", "v27.1.0"], 2, "Missing argument 'CRD...'", id="import-of-nothing"),
        pytest.param(["import", "cluster.yaml"], 2, "Missing option '--release'", id="import-without-a-release"),
        pytest.param(["import", "none.yaml", "--release", "v27.1.0"], 2, "'none.yaml' does not exist", id="no-file"),
        pytest.param(
            ["import", "cluster.yaml", "--release", "v27.1.0", "--out-dir", "out"],
            3,
            "no CustomResourceDefinition in cluster.yaml",
            id="no-crd",
        ),
    ],
)
def test_schemas_tells_a_mistake(arguments, code, message, cluster, monkeypatch, capsys):
    monkeypatch.chdir(cluster.parent)

    assert run(["schemas", *arguments]) == code

    out, err = capsys.readouterr()
    assert message in err
    assert out == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell, capsys):
    assert run(["completion", shell]) == 0
    assert "_AKSRDMA_COMPLETE" in capsys.readouterr().out


def test_a_shell_completes_the_names_of_the_commands():
    asked = {"_AKSRDMA_COMPLETE": "bash_complete", "COMP_WORDS": "aksrdma in", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'aksrdma'; from aksrdma.cli import run; run([])"],
        env=os.environ | asked,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )

    assert done.stdout.split() == ["plain,init", "plain,inject"]


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


@pytest.mark.parametrize("name", PROFILES)
def test_explain_tells_when_a_profile_is_the_one_and_when_not_a_sentence_a_line(name, capsys):
    run(["explain", name])

    row, told = catalog.profile(name), capsys.readouterr().out
    assert told.startswith(f"{name}: {row.title}\n\nResource:  {row.resource.name if row.resource else 'none'}")
    for label, texts in (("Use when: ", row.use_when), ("Not when: ", row.avoid_when), ("Pods need:", row.pods_need)):
        assert f"\n{label} " + "\n           ".join(texts) + "\n" in told
    for component in (*row.components, *row.ipam_components):
        assert component in told.partition("Deploys:")[2].partition("\n")[0]
    assert "AKS's managed DRANET" in told


def test_explain_tells_all_of_a_rule(capsys):
    run(["explain", "nvipam-pool-missing"])

    row = catalog.rule("nvipam-pool-missing")
    assert capsys.readouterr().out == (
        f"nvipam-pool-missing (error, layer relation)\n\n{row.statement}\n\n"
        f"Why:      {row.why}\n"
        f"Fix:      {row.fix}\n"
        "Kinds:    HostDeviceNetwork, IPoIBNetwork, MacvlanNetwork, NetworkAttachmentDefinition\n"
        "Needs:    the manifests alone\n"
        "Releases: all\n"
        f"Source:   {row.source}\n"
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param("ippool-block-too-small-for-pods", "Needs:    nodes", id="what-it-needs"),
        pytest.param("nicnodepolicy-name-length", "Releases: v26.4.1", id="its-releases"),
        pytest.param("yaml-too-large", "Kinds:    any", id="any-kind"),
    ],
)
def test_explain_says_when_a_rule_holds(name, line, capsys):
    run(["explain", name])

    assert line in capsys.readouterr().out.splitlines()


def test_explain_tells_all_of_a_field(capsys):
    run(["explain", "nicclusterpolicy.spec.ofedDriver.forcePrecompiled"])

    lines = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    assert list(lines) == ["api_version", "kind", "path", "doc", "type", "releases"]
    assert lines["kind"].strip() == "NicClusterPolicy"
    assert lines["path"].strip() == "spec.ofedDriver.forcePrecompiled"
    assert lines["type"].strip() == "boolean"
    assert lines["releases"].strip() == ", ".join(catalog.releases())
    assert "without an image for the exact kernel the driver is in state error" in lines["doc"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("network-operator.nfd.enabled", {
            "value": "nfd.enabled", "chart": "network-operator", "default": "yes",
            "type": "a boolean that decides whether a sub-chart is installed; a text is ignored",
        }),
        ("network-operator.nfd", {"keys": "deployNodeFeatureRules, enabled"}),
        ("network-operator.operator.cniNetworkDirectory", {"since": "v25.7", "type": "a text or a number"}),
        ("network-operator.deployCR", {"until": "v24.10", "now": "write it into a NicClusterPolicy"}),
        ("gpu-operator.psp", {"until": "v24.3", "now": "write psa.enabled"}),
        ("gpu-operator.driver.env", {"type": "a list"}),
    ],
)  # fmt: skip
def test_explain_tells_which_releases_of_a_chart_read_a_value(name, told, capsys):
    assert run(["explain", name]) == 0

    lines = dict(re.split(r"  +", line, maxsplit=1) for line in capsys.readouterr().out.splitlines())
    chart = next(one for one in catalog.helm_charts() if one.name == name.partition(".")[0])
    assert told.items() <= lines.items()
    assert set(lines) - set(told) <= {"value", "chart", "type", "releases", "source"}
    assert lines["releases"] == ", ".join(chart.keys.releases)


def test_explain_answers_a_value_that_no_release_reads_with_the_nearest(capsys):
    assert run(["explain", "network-operator.nfd.enable"]) == 2
    assert "the chart network-operator has no value 'nfd.enable'; did you mean enabled?" in capsys.readouterr().err


def test_explain_tells_how_a_variable_is_read_and_what_turns_rdma_off(capsys):
    assert run(["explain", "NCCL_IB_DISABLE"]) == 0

    row = catalog.environment_variables()["NCCL_IB_DISABLE"]
    (effect,) = row.effects
    out = capsys.readouterr().out
    assert out.startswith("NCCL_IB_DISABLE (NCCL)\n\nRead as:  a number as C reads it")
    assert f"          {effect.does} ({effect.rule}, warning)\n" in out
    assert f"          {effect.fix}; or {effect.otherwise}\n" in out
    assert out.endswith(f"Source:   {', '.join(row.source)}\n")


@pytest.mark.parametrize("name", [name for name in catalog.environment_variables() if not name.startswith("-")])
def test_explain_knows_every_variable_and_names_the_rules_of_its_values(name, capsys):
    assert run(["explain", name]) == 0

    out = capsys.readouterr().out
    row = catalog.environment_variables()[name]
    assert [one.rule for one in row.effects if f"({one.rule}, " not in out] == []
    assert [value for one in row.effects for value in one.values if value not in out] == []


def test_explain_takes_a_release_without_its_v(capsys):
    run(["explain", "25.10.0"])
    without = capsys.readouterr().out
    run(["explain", "v25.10.0"])

    assert capsys.readouterr().out == without


def test_explain_of_nothing_says_what_it_takes(capsys):
    assert run(["explain", "nothing"]) == 2
    assert capsys.readouterr().err == (
        "error: nothing named 'nothing'; it takes a rule, an environment variable, a field path, a profile, a release or a "
        "VM size\n"
    )


@pytest.mark.parametrize(
    "name",
    [
        "nvipam-pool-mising",
        "nicclusterpolicy.spec.ofedDrivr",
        "Standard_HB177rs_v4",
        "NCCL_IB_DISABEL",
        "nccl_ib_disable",
        "GB300",
        "MI300X",
    ],
)
def test_explain_answers_a_wrong_name_with_the_nearest(name, capsys):
    assert run(["explain", name]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_a_table_has_its_columns_aligned_and_a_dash_for_what_is_not_known(capsys):
    run(["catalog", "profiles"])

    head, first, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["PROFILE", "RESOURCE", "ONE", "UNIT", "BUILDS", "ON", "WHAT"]
    assert first.split() == ["base", "-", "-", "-", "Driver", "only"]
    assert [first[head.index(name)] for name in ("PROFILE", "RESOURCE", "WHAT")] == ["b", "-", "D"]


@pytest.mark.parametrize(
    ("section", "columns"),
    [
        ("releases", "RELEASE SUPPORT KUBERNETES AKS HAS OF IT DATE DRIVER NFD IPAM"),
        ("vm-sizes", "VM SIZE NICS Gb/s A NIC DEVICE GPUS ARCH STATE FEATURE FLAG OS SKU UNSURE FACTS"),
        ("drivers", "GPUS GPU DRIVER NIC DRIVER VERDICT az aks nodepool add GPUDIRECT BY DEVICE PLUGIN BY WHY"),
        ("presets", "PRESET LIBRARY VARIABLES BY DEFAULT WHAT"),
        ("rules", "RULE SEVERITY LAYER WHAT"),
        ("images", "IMAGE REFERENCE DIGEST SET BY"),
    ],
)
def test_a_table_names_its_columns(section, columns, capsys):
    run(["catalog", section])

    assert " ".join(capsys.readouterr().out.splitlines()[0].split()) == columns


@pytest.mark.parametrize(
    ("section", "name", "cells"),
    [
        pytest.param(
            "releases", "v25.1.0", ["end-of-support  1.27 - 1.31.4  none", "whereabouts, nv-ipam"], id="releases"
        ),
        pytest.param(
            "releases",
            "v26.4.1",
            ["deprecated      1.31 - 1.35    1.35, LTS 1.32 - 1.34", "  nv-ipam"],
            id="a-release-without-whereabouts",
        ),
        pytest.param("vm-sizes", "Standard_ND96isr_H100_v5", ["8     400", "8 x ", "x86_64"], id="gpus"),
        pytest.param("vm-sizes", "Standard_HB176rs_v4", ["1     400", "  -  ", "x86_64"], id="no-gpus"),
        pytest.param("profiles", "ipoib", ["rdma/shared_ib", "rdma-shared-device-plugin"], id="profiles"),
        pytest.param("presets", "gb-nccl", ["NCCL", "17", "12"], id="presets"),
        pytest.param("rules", "missing-field", ["error", "schema"], id="rules"),
    ],
)
def test_a_row_of_the_catalog_is_a_line_of_its_table(section, name, cells, capsys):
    run(["catalog", section])

    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.split()[0] == name]
    assert [cell for cell in cells if cell not in line] == []


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_one_row_of_the_catalog_is_one_mapping_as_in_the_list(output, capsys):
    read = {"json": json.loads, "yaml": yaml.safe_load}[output]
    run(["catalog", "vm-sizes", "standard_hb120rs_v2", "-o", output])
    one = read(capsys.readouterr().out)
    run(["catalog", "vm-sizes", "-o", "json"])

    assert one in json.loads(capsys.readouterr().out)
    assert one["name"] == "Standard_HB120rs_v2"


def test_one_row_as_text_has_a_line_for_each_field(capsys):
    run(["catalog", "vm-sizes", "standard_hb120rs_v2"])

    lines = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["name"].strip() == "Standard_HB120rs_v2"
    assert lines["infiniband.nic_count"].strip() == str(catalog.vm_size("Standard_HB120rs_v2").infiniband.nic_count)


@pytest.mark.parametrize(
    ("release", "told"),
    [
        pytest.param("v26.7.0", "support        supported since 2026-08-25", id="support"),
        pytest.param("v26.7.0", "kubernetes     1.32 to 1.36 (unsure: the lower end is the chart's;", id="range-and-doubt"),
        pytest.param("v26.7.0", "aks has of it  1.35 - 1.36, LTS 1.32 - 1.34 (", id="versions-of-aks"),
        pytest.param("v26.7.0", "helm installs it on Kubernetes >= 1.32.0-0", id="constraint-of-the-chart"),
        pytest.param("v26.7.0", "driver         doca3.5.0-26.07-0.7.7.0-1: pinned, for", id="the-driver-that-is-pinned"),
        pytest.param("v26.7.0", "driver         doca3.5.0-26.07-0.7.7.0-0: that of the day", id="the-other-driver"),
        pytest.param("v26.7.0", "doca3.2.2-25.10-2.4.1.0-4: the long-term line", id="the-long-term-driver"),
        pytest.param("v26.7.0", "precompiled    doca3.5.0-26.07-0.7.7.0-0-6.8.0-1064-azure-ubuntu22.04-amd64", id="precompiled"),
        pytest.param("v26.7.0", "ubuntu26.04  arm64  doca3.5.0-26.07-0.7.7.0-1-ubuntu26.04-arm64  sha256:1a04dff9", id="a-drivers-tag"),
        pytest.param("v26.7.0", "images         26, 23 of them with digests", id="images"),
        pytest.param("v26.7.0", "operator.preStopSleepSeconds                                               25", id="a-default"),
        pytest.param("v26.7.0", "pull/3078 (2026-08-25, merged)\n    for date\n", id="a-source-and-what-it-is-for"),
        pytest.param("v26.4.2", "schemas        those of v26.4.1 (unsure: the CRDs of v26.4.2 were not compared", id="shared-schemas"),
        pytest.param("v25.1.0", "driver         25.01-0.6.0.0-0\n", id="one-driver-without-a-reason"),
        pytest.param("v25.4.0", "aks has of it  LTS 1.32 (", id="one-version-of-aks"),
        pytest.param("v25.1.0", f"imagePullSecrets{36 * chr(32)}none", id="an-empty-default"),
    ],
)  # fmt: skip
def test_a_release_as_text_says_what_one_asks_first(release, told, capsys):
    assert run(["catalog", "releases", release]) == 0
    assert told in capsys.readouterr().out


def test_a_release_as_data_has_the_versions_that_aks_still_makes(capsys):
    run(["catalog", "releases", "v26.7.0", "-o", "json"])

    versions = json.loads(capsys.readouterr().out)["aks_versions"]
    assert {one["minor"]: one["support"] for one in versions} == {
        "1.32": "lts", "1.33": "lts", "1.34": "lts", "1.35": "community", "1.36": "community"
    }  # fmt: skip


def test_images_are_those_of_the_newest_release_unless_one_is_named(capsys):
    run(["catalog", "images"])
    newest = capsys.readouterr().out
    run(["catalog", "images", catalog.newest()])
    assert capsys.readouterr().out == newest
    run(["catalog", "images", "v25.1.0"])
    assert capsys.readouterr().out != newest


def test_a_cluster_that_reads_well_but_cannot_be_served_is_told_with_its_line(cluster, capsys):
    cluster.write_text(CLUSTER + "  - name: hbv3\n    vmSize: Standard_HB120rs_v3\n")

    assert run(["render", str(cluster)]) == 2
    assert "cluster.yaml:12:5: spec.nodePools[1].name: hbv3 is named twice" in capsys.readouterr().err


def test_a_vm_size_stands_for_a_pool_of_a_cluster_without_a_file(capsys):
    assert run(["render", "--vm-size", "Standard_HB120rs_v3", "--vm-size", "Standard_ND96isr_H100_v5"]) == 0
    assert "NicClusterPolicy" in kinds(capsys.readouterr().out)


def test_check_says_what_is_stale_and_write_what_was_written(cluster, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["render", str(cluster), "--out-dir", str(out)]) == 0
    stdout, err = capsys.readouterr()
    count = sum(file.is_file() for file in out.rglob("*"))
    assert stdout == ""
    assert f"note: {count} files written to {out}, 0 unchanged; next: {out / 'INSTALL.md'}\n" in err

    (out / "INSTALL.md").unlink()
    run(["render", str(cluster), "--out-dir", str(out), "--check"])
    assert f"note: {out / 'INSTALL.md'} is missing\n" in capsys.readouterr().err

    run(["render", str(cluster), "--out-dir", str(out), "--profile", "base", "--prune"])
    assert f"note: {out / 'nicclusterpolicy/ipoib'}" in capsys.readouterr().err


def test_commands_are_listed_by_name_with_what_they_do(capsys):
    assert run(["--help"]) == 0

    listed = capsys.readouterr().out.partition("Commands:\n")[2]
    assert [tuple(line.split(None, 1)) for line in listed.splitlines()] == sorted(COMMANDS.items())


def test_each_command_has_its_name(capsys):
    for name in COMMANDS:
        run([name, "--help"])
        assert capsys.readouterr().out.startswith(f"Usage: aksrdma {name} ")


def test_the_version_is_that_of_the_package(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"aksrdma {aksrdma.__version__}\n"


def test_without_a_command_the_help_is_shown(capsys):
    assert run([]) == 2
    assert "Commands:" in "".join(capsys.readouterr())


@pytest.mark.parametrize("stop", [KeyboardInterrupt, click.Abort])
def test_an_interrupt_exits_130_without_a_traceback(stop, monkeypatch, capsys):
    def interrupted(*arguments):
        raise stop

    monkeypatch.setattr("aksrdma.cli.render.plan_of", interrupted)

    assert run(["render"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nvidia aks doca", "nvidia,aks,doca", " nvidia, aks  doca"])
def test_a_combination_of_drivers_is_named_by_its_three_words(name, capsys):
    assert run(["catalog", "drivers", name, "-o", "json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert (shown["gpu_vendor"], shown["gpu_driver"], shown["nic_driver"]) == ("nvidia", "aks", "doca")


def test_a_combination_of_drivers_that_is_none_is_answered_with_the_nearest(capsys):
    assert run(["catalog", "drivers", "nvidia,aks,dcoa"]) == 2

    assert "did you mean nvidia aks doca?" in capsys.readouterr().err
