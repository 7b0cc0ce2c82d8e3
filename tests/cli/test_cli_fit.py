"""`aksrdma fit` as a user types it."""

import json
import subprocess
import sys

import pytest
import yaml

from aksrdma.cli import run

CLUSTER = """\
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
metadata:
  name: train-01
spec:
  release: v26.4.1
  nodePools:
  - name: ndh100
    vmSize: Standard_ND96isr_H100_v5
    count: 2
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  parallelism: PODS
  completions: PODS
  template:
    spec:
      containers:
      - name: main
        image: i
        resources: {limits: {nvidia.com/gpu: 8, rdma/ib: 8}}
"""
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "n0", "labels": {"agentpool": "a"}},
    "status": {"allocatable": {"pods": "110", "nvidia.com/gpu": "8", "rdma/ib": "8"}},
}
RUNS = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "runs"},
    "spec": {"nodeName": "n0", "containers": [{"name": "m", "resources": {"limits": {"rdma/ib": 1}}}]},
    "status": {"phase": "Running"},
}
POOLS = [{"name": "nd", "vmSize": "Standard_ND96isr_H100_v5", "count": 2, "osType": "Linux"}]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AKSRDMA_PROFILE", raising=False)
    (tmp_path / "cluster.yaml").write_text(CLUSTER)
    (tmp_path / "two.yaml").write_text(JOB.replace("PODS", "2"))
    (tmp_path / "three.yaml").write_text(JOB.replace("PODS", "3"))
    (tmp_path / "nodes.json").write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": [NODE]}))
    (tmp_path / "used.json").write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": [NODE, RUNS]}))
    (tmp_path / "pools.json").write_text(json.dumps(POOLS))


def typed(*arguments, stdin=""):
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "aksrdma", "fit", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


def data(capsys):
    return json.loads(capsys.readouterr().out)


def test_all_pods_find_a_node(capsys):
    code = run(["fit", "two.yaml", "--cluster", "cluster.yaml"])

    out, err = capsys.readouterr()
    assert code == 0
    assert [line.split()[:3] for line in out.splitlines()[:2]] == [
        ["WORKLOAD", "PODS", "PLACED"],
        ["Job/train", "2", "2"],
    ]
    assert "Pending" not in out
    assert err == (
        "note: cpu and memory of ndh100: capacity of the size, kubelet's reservation not subtracted; "
        "`kubectl get nodes -o json` says what is left\n"
        "note: 250 pods a node, the default of AKS with Azure CNI Overlay\n"
    )


def test_a_pod_stays_pending(capsys):
    code = run(["fit", "three.yaml", "--cluster", "cluster.yaml", "--quiet"])

    out, err = capsys.readouterr()
    assert code == 1
    assert out.endswith(
        "\nPending: Job/train: 1 of 3\n"
        "  pool ndh100: takes 2, then nvidia.com/gpu and rdma/ib run out; 1 more node would take the rest\n"
    )
    assert err == ""


@pytest.mark.parametrize("flag", ["--output", "-o"])
def test_json(flag, capsys):
    code = run(["fit", "three.yaml", "--cluster", "cluster.yaml", flag, "json"])

    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (code, found["ok"], found["nodes_from"]) == (1, False, "cluster file")
    assert (found["workloads"][0]["file"], found["workloads"][0]["line"]) == ("three.yaml", 1)
    assert out.endswith("\n}\n")
    assert err.count("note: ") == len(found["notes"]) == 2


def test_a_table_is_what_comes_unless_told(capsys):
    run(["fit", "two.yaml", "--cluster", "cluster.yaml"])
    plain = capsys.readouterr().out
    run(["fit", "two.yaml", "--cluster", "cluster.yaml", "-o", "table"])

    assert capsys.readouterr().out == plain


@pytest.mark.parametrize(
    ("nodes", "origin", "pending"),
    [
        pytest.param("cluster.yaml", "cluster file", 0, id="a-cluster-file"),
        pytest.param("nodes.json", "kubectl", 1, id="kubectl-get-nodes"),
        pytest.param("used.json", "kubectl", 2, id="kubectl-get-nodes-and-pods"),
        pytest.param("pools.json", "az", 0, id="az-aks-nodepool-list"),
    ],
)
def test_where_the_nodes_are_from(nodes, origin, pending, capsys):
    code = run(["fit", "two.yaml", "--cluster", nodes, "-o", "json"])

    found = data(capsys)
    assert (code, found["nodes_from"], found["workloads"][0]["pods"][0]["pending"]) == (bool(pending), origin, pending)


def test_files_and_folders_are_read_in_order(tmp_path, capsys):
    (tmp_path / "jobs" / "below").mkdir(parents=True)
    (tmp_path / "jobs" / "one.yaml").write_text(JOB.replace("PODS", "1").replace("train", "one"))
    (tmp_path / "jobs" / "below" / "more.yml").write_text(JOB.replace("PODS", "1").replace("train", "more"))
    (tmp_path / "jobs" / "note.txt").write_text("no manifest")

    run(["fit", "two.yaml", "jobs", "--cluster", "cluster.yaml", "-o", "json"])

    assert [(one["object"], one["ok"]) for one in data(capsys)["workloads"]] == [
        ("Job/train", True),
        ("Job/one", False),
        ("Job/more", False),
    ]


def test_a_profile_goes_over_that_of_the_file(capsys):
    assert run(["fit", "two.yaml", "--cluster", "cluster.yaml", "--profile", "ipoib"]) == 1
    assert "nothing exposes rdma/ib; the cluster has rdma/shared_ib; ask for rdma/shared_ib" in capsys.readouterr().out


def test_a_profile_of_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("AKSRDMA_PROFILE", "base")

    assert run(["fit", "two.yaml", "--cluster", "cluster.yaml"]) == 1
    assert "nothing exposes rdma/ib, nor other RDMA; choose a profile with a device plugin" in capsys.readouterr().out


def test_documents_that_are_no_workloads(tmp_path, capsys):
    (tmp_path / "map.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nkind: Service\n")

    code = run(["fit", "map.yaml", "--cluster", "nodes.json"])

    assert code == 0
    assert "note: none of the 2 documents is a workload, so there is nothing to place\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-", "--cluster", "nodes.json"], id="a-dash"),
        pytest.param(["--cluster", "nodes.json"], id="no-path-at-all"),
    ],
)
def test_workloads_from_stdin(arguments):
    done = typed(*arguments, stdin=JOB.replace("PODS", "2"))

    assert (done.returncode, "Pending: Job/train: 1 of 2\n" in done.stdout) == (1, True)


def test_nodes_from_stdin():
    done = typed("two.yaml", "--cluster", "-", "-o", "json", stdin=json.dumps(POOLS))

    assert (done.returncode, json.loads(done.stdout)["nodes_from"]) == (0, "az")
    assert "note: az does not say how pods get RDMA; taken as sriov-device-plugin (rdma/ib)" in done.stderr


def test_what_is_wrong_in_the_nodes_of_stdin_is_told_as_of_stdin():
    done = typed("two.yaml", "--cluster", "-", stdin="a: [")

    assert (done.returncode, done.stdout) == (3, "")
    assert "<stdin>:" in done.stderr


@pytest.mark.parametrize("paths", [[], ["-"], ["two.yaml", "-"]], ids=["none", "dash", "beside-a-file"])
def test_stdin_cannot_be_both(paths, capsys):
    assert run(["fit", *paths, "--cluster", "-"]) == 2
    assert "stdin cannot be both the nodes and the workloads; give one of them as a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["two.yaml"], 2, "--cluster", id="no-nodes"),
        pytest.param(["two.yaml", "--cluster", "cluster.yaml", "-o", "yaml"], 2, "yaml", id="another-output"),
        pytest.param(["two.yaml", "--cluster", "cluster.yaml", "-p", "ib"], 2, "ib", id="another-profile"),
        pytest.param(["two.yaml", "--cluster", "gone.yaml"], 3, "gone.yaml: cannot be read", id="no-cluster-file"),
        pytest.param(["gone.yaml", "--cluster", "cluster.yaml"], 3, "gone.yaml: there is no such file", id="no-workload"),
        pytest.param(["two.yaml", "--cluster", "two.yaml"], 3, "describes no nodes (it has Job)", id="a-job-for-nodes"),
        pytest.param(["broken.yaml", "--cluster", "cluster.yaml"], 3, "broken.yaml:", id="broken-yaml"),
        pytest.param(["wrong.yaml", "--cluster", "cluster.yaml"], 2, "wrong.yaml:5:3: Job/train spec.parallelism: 'two' is no number of pods", id="a-wrong-number"),
        pytest.param(["two.yaml", "--cluster", "nopools.yaml"], 2, "spec.nodePools: there are none", id="a-cluster-without-pools"),
    ],
)  # fmt: skip
def test_mistakes_of_the_user(arguments, code, says, tmp_path, capsys):
    (tmp_path / "broken.yaml").write_text("a: [")
    (tmp_path / "wrong.yaml").write_text(JOB.replace("PODS", "two"))
    (tmp_path / "nopools.yaml").write_text(CLUSTER.partition("  nodePools")[0])

    assert run(["fit", *arguments]) == code
    out, err = capsys.readouterr()
    assert (out, says in err) == ("", True)


def test_a_template_of_helm_is_passed_over(tmp_path, capsys):
    (tmp_path / "chart.yaml").write_text("{{ if .Values.x }}\nkind: Job\n{{ end }}\n")

    assert run(["fit", "chart.yaml", "two.yaml", "--cluster", "cluster.yaml", "-o", "json"]) == 0
    assert len(data(capsys)["workloads"]) == 1


def kustomization(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "job.yaml").write_text(JOB.replace("PODS", "2"))
    (tmp_path / "app" / "kustomization.yaml").write_text(
        yaml.safe_dump({"resources": ["job.yaml"], "namePrefix": "x-"})
    )


def tool(tmp_path, monkeypatch, script):
    """Put a program named kustomize, and nothing else, on PATH."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "kustomize"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")


def test_a_kustomization_is_read_as_it_is_built(tmp_path, monkeypatch, capsys):
    kustomization(tmp_path)
    tool(tmp_path, monkeypatch, f"sed s/train/x-train/ {tmp_path}/app/job.yaml")

    assert run(["fit", "app", "--cluster", "cluster.yaml", "-o", "json"]) == 0
    assert [one["object"] for one in data(capsys)["workloads"]] == ["Job/x-train"]


def test_a_kustomization_that_cannot_be_built(tmp_path, monkeypatch, capsys):
    kustomization(tmp_path)
    tool(tmp_path, monkeypatch, "echo 'Error: no such thing' >&2; exit 1")

    assert run(["fit", "app", "--cluster", "cluster.yaml"]) == 3
    assert "app: kustomize cannot build this: no such thing" in capsys.readouterr().err


def test_a_kustomization_without_kustomize(tmp_path, monkeypatch, capsys):
    kustomization(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert run(["fit", "app", "--cluster", "cluster.yaml"]) == 3
    assert "app has a kustomization; put kustomize or kubectl on PATH, or pipe the build in" in capsys.readouterr().err


def test_pods_that_nobody_can_count_are_told(tmp_path, capsys):
    cluster, unknown, workspace = tmp_path / "c.yaml", tmp_path / "u.yaml", tmp_path / "w.yaml"
    cluster.write_text(CLUSTER)
    gadget = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "a"}}
    pod = {"spec": {"containers": [{"name": "m", "image": "i"}]}}
    unknown.write_text(yaml.safe_dump({**gadget, "spec": {"worker": {"template": pod}}}))
    kaito = {"apiVersion": "kaito.sh/v1beta1", "kind": "Workspace", "metadata": {"name": "w"}}
    workspace.write_text(yaml.safe_dump({**kaito, "resource": {"instanceType": "Standard_NC24ads_A100_v4"}}))

    assert run(["fit", str(unknown), str(workspace), "--cluster", str(cluster)]) == 0

    told = capsys.readouterr().err
    assert "Gadget/a: how many pods example.com/v1 Gadget makes is not known, so they are not counted" in told
    assert "Workspace/w: it brings nodes of its own, of Standard_NC24ads_A100_v4, so nothing is placed on these" in told
    assert "none of the" not in told
