"""`aksrdma workload` as a user types it."""

import pytest
import yaml

from aksrdma.cli import run

H100 = "Standard_ND96isr_H100_v5"
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
    count: 4
    taints: ["sku=gpu:NoSchedule"]
  - name: hbv3
    vmSize: Standard_HB120rs_v3
    count: 3
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv("AKSRDMA_PROFILE", raising=False)
    monkeypatch.delenv("AKSRDMA_RELEASE", raising=False)


@pytest.fixture
def cluster(tmp_path):
    file = tmp_path / "cluster.yaml"
    file.write_text(CLUSTER)
    return str(file)


def kinds(text):
    return [document["kind"] for document in yaml.safe_load_all(text)]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        pytest.param(["ibv-devices"], ["ConfigMap", "Job"], id="ibv-devices"),
        pytest.param(["perftest", "--gpu-memory"], ["ConfigMap", "Service", "Job"], id="perftest"),
        pytest.param(["nccl-all-reduce"], ["ConfigMap", "ConfigMap", "Service", "Job"], id="job"),
        pytest.param(["nccl-all-reduce", "--kind", "mpijob"], ["ConfigMap", "ConfigMap", "MPIJob"], id="mpijob"),
        pytest.param(["sockperf", "--profile", "ipoib"], ["ConfigMap", "Service", "Job"], id="sockperf"),
    ],
)
def test_a_stream_for_a_vm_size(arguments, wanted, capsys):
    code = run(["workload", *arguments, "--vm-size", H100])

    assert code == 0
    assert kinds(capsys.readouterr().out) == wanted


def test_a_pool_of_a_cluster(cluster, capsys):
    assert run(["workload", "ibv-devices", "--cluster", cluster, "--pool", "hbv3"]) == 0

    *_, job = yaml.safe_load_all(capsys.readouterr().out)
    assert job["spec"]["completions"] == 3
    assert job["spec"]["template"]["spec"]["nodeSelector"] == {"kubernetes.azure.com/agentpool": "hbv3"}


def test_notes_go_to_stderr_and_may_be_silenced(capsys):
    run(["workload", "nccl-all-reduce", "--vm-size", H100])
    loud = capsys.readouterr()
    run(["workload", "nccl-all-reduce", "--vm-size", H100, "--quiet"])
    quiet = capsys.readouterr()

    assert "note: the NCCL topology file is generated" in loud.err
    assert (quiet.out, quiet.err) == (loud.out, "")


def test_a_folder_for_kustomize(cluster, tmp_path, capsys):
    folder = tmp_path / "proof"
    arguments = ["workload", "perftest", "--cluster", cluster, "--pool", "ndh100", "--out-dir", str(folder)]

    assert run(arguments) == 0
    assert capsys.readouterr().out == ""
    assert sorted(file.name for file in folder.iterdir()) == [
        "configmap-scripts.yaml",
        "job.yaml",
        "kustomization.yaml",
        "service.yaml",
    ]
    assert run(arguments) == 0
    assert capsys.readouterr().err == (
        f"note: 0 files written to {folder}, 4 unchanged\n"
        f"note: next: kubectl apply -k {folder}\n"
        "note: then: kubectl wait --for=condition=complete job/perftest --timeout=60m\n"
    )


def test_an_mpijob_is_waited_for_by_its_own_condition(tmp_path, capsys):
    folder = tmp_path / "proof"
    run(["workload", "nccl-all-reduce", "--vm-size", H100, "--kind", "mpijob", "--out-dir", str(folder)])

    assert capsys.readouterr().err.endswith(
        f"note: 4 files written to {folder}, 0 unchanged\n"
        f"note: next: kubectl apply -k {folder}\n"
        "note: then: kubectl wait --for=condition=Succeeded mpijob/nccl-all-reduce --timeout=60m\n"
    )


def test_what_a_user_chooses_is_in_the_job(capsys):
    chosen = ["--nodes", "6", "--image", "example.com/x:1", "--profile", "rdma-shared-device-plugin"]
    assert run(["workload", "perftest", "--vm-size", H100, "--gpu-memory", *chosen]) == 0

    *_, job = yaml.safe_load_all(capsys.readouterr().out)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert job["spec"]["completions"] == 6
    assert container["image"] == "example.com/x:1"
    assert container["resources"]["limits"] == {"rdma/shared_ib": 1, "nvidia.com/gpu": 8}
    assert {"name": "MEMORY", "value": "host gpu"} in container["env"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["ibv-devices"], 2, "--cluster or by --vm-size", id="no-nodes"),
        pytest.param(["ibv-devices", "--vm-size", H100, "--pool", "x"], 2, "add --cluster", id="a-pool-of-nothing"),
        pytest.param(["rccl-all-reduce", "--vm-size", H100], 2, "use nccl-all-reduce", id="the-wrong-gpus"),
        pytest.param(["nccl-all-reduce", "--vm-size", "Standard_HB120rs_v3"], 2, "has none", id="no-gpus"),
        pytest.param(["sockperf", "--vm-size", H100], 2, "needs the profile ipoib", id="no-ipoib"),
        pytest.param(["ibv-devices", "--vm-size", "Standard_ND96is_H100_v5"], 2, "no InfiniBand", id="no-infiniband"),
        pytest.param(
            ["nccl-all-reduce", "--vm-size", H100, "--topology-file", "/nowhere/topo.xml"],
            3,
            "error: /nowhere/topo.xml: cannot be read: No such file or directory\n",
            id="no-file",
        ),
        pytest.param(["ibv-devices", "--vm-size", H100, "--nodes", "0"], 2, "0 is not in the range", id="no-node"),
    ],
)
def test_what_cannot_be_right(arguments, code, words, capsys):
    assert run(["workload", *arguments]) == code
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.out == ""


def test_several_pools_need_a_choice(cluster, capsys):
    assert run(["workload", "ibv-devices", "--cluster", cluster]) == 2
    assert "--pool ndh100|hbv3" in capsys.readouterr().err


def test_a_topology_file_that_is_not_the_published_one(tmp_path, capsys):
    file = tmp_path / "topo.xml"
    file.write_text("<system/>\n")

    assert run(["workload", "nccl-all-reduce", "--vm-size", H100, "--topology-file", str(file)]) == 2
    assert "its sha256 is " in capsys.readouterr().err
