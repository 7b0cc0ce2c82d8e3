"""`aksrdma images` as it is typed."""

import json

import pytest

import aksrdma
from aksrdma.cli import run

CLUSTER = """\
apiVersion: aksrdma.dev/v1alpha1
kind: RdmaCluster
metadata: {name: train-01}
spec:
  release: v26.4.1
  kubernetesVersion: "1.35"
  registry: contoso.azurecr.io/nvidia
  nodePools:
  - {name: ndh100, vmSize: Standard_ND96isr_H100_v5, count: 2}
"""


@pytest.fixture
def cluster(tmp_path):
    file = tmp_path / "cluster.yaml"
    file.write_text(CLUSTER)
    return str(file)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("AKSRDMA_RELEASE", "AKSRDMA_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def test_the_table_has_charts_and_images(cluster, capsys):
    assert run(["images", cluster]) == 0

    out, err = capsys.readouterr()
    charts, images = out.split("\n\n")
    assert charts.splitlines()[0].split() == ["CHART", "REPOSITORY", "IN", "THE", "REGISTRY"]
    assert charts.splitlines()[1].startswith("network-operator 26.4.1 ")
    assert "oci://contoso.azurecr.io/nvidia/helm.ngc.nvidia.com/nvidia/network-operator" in charts
    assert images.splitlines()[0].split("  ")[0] == "IMAGE"
    assert images.splitlines()[0].split()[1:] == ["NEEDED", "BY", "DIGEST"]
    (ibtools,) = [line for line in images.splitlines() if "/ibtools:" in line]
    assert "Pod rdma-driver-only; Pod rdma-sriov; aksrdma workload perftest; aksrdma workload ibv-devices" in ibtools
    (driver,) = [line for line in images.splitlines() if "/doca-driver:" in line]
    assert "-ubuntu24.04-amd64 " in driver
    assert "NicClusterPolicy nic-cluster-policy: spec.ofedDriver" in driver
    assert driver.split()[-1].startswith("sha256:")
    assert err.startswith("note: ")


def test_json_is_what_the_library_gives(cluster, capsys):
    assert run(["images", cluster, "-o", "json"]) == 0

    data = json.loads(capsys.readouterr().out)
    found = aksrdma.images(aksrdma.load(cluster))
    assert data["registry"] == "contoso.azurecr.io/nvidia"
    assert [one["reference"] for one in data["images"]] == [one.reference for one in found.images]
    assert data["images"][0] == {
        "reference": found.images[0].reference,
        "digest": found.images[0].digest,
        "needed_by": list(found.images[0].needed_by),
        "source": found.images[0].source,
        "mirror": found.images[0].mirror,
    }
    assert data["charts"][0].keys() == {"name", "version", "repository", "mirror"}
    assert data["notes"] == list(found.notes)


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("acr-import", "az acr import --name contoso --force --source nvcr.io/nvidia/gpu-operator:"),
        ("acr-cache", "az acr cache create --registry contoso --name nvcr-io-nvidia "),
        ("skopeo", "skopeo copy --all --preserve-digests docker://nvcr.io/nvidia/gpu-operator:"),
    ],
)
def test_commands_alone_are_on_stdout(cluster, capsys, output, line):
    assert run(["images", cluster, "-o", output]) == 0

    out, err = capsys.readouterr()
    assert any(one.startswith(line) for one in out.splitlines())
    assert all(one.startswith(("az acr ", "helm ", "skopeo ")) for one in out.splitlines())
    assert all(one.startswith("note: ") for one in err.splitlines())
    assert ("cache lists only" in err) is (output == "acr-cache")


def test_quiet_silences_every_note(cluster, capsys):
    assert run(["images", cluster, "-o", "acr-cache", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_a_registry_of_the_command_line_is_taken_before_the_files(cluster, capsys):
    assert run(["images", cluster, "--registry", "harbor.example.com/x", "-o", "skopeo", "-q"]) == 0

    out = capsys.readouterr().out
    assert "docker://harbor.example.com/x/nvcr.io/nvidia/" in out
    assert "contoso" not in out


def test_options_describe_a_cluster_without_a_file(capsys):
    assert run(["images", "-r", "v26.7.0", "-p", "base", "--vm-size", "Standard_HB120rs_v3", "-o", "json", "-q"]) == 0

    data = json.loads(capsys.readouterr().out)
    assert data["registry"] is None
    assert all(one["mirror"] is None for one in data["images"])
    assert any("network-operator:v26.7.0" in one["reference"] for one in data["images"])
    assert not any("nccl-tests" in one["reference"] for one in data["images"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--registry", "contoso"], "registry: must be a registry with its host", id="no-host"),
        pytest.param(["-o", "acr-import"], "write spec.registry, or give --registry", id="nowhere-to-bring-them"),
        pytest.param(
            ["-o", "acr-cache", "--registry", "harbor.io"],
            "not harbor.io; use skopeo",
            id="no-azure-container-registry",
        ),
        pytest.param(["-r", "v1.0.0"], "no release named 'v1.0.0'", id="no-such-release"),
    ],
)
def test_what_cannot_be_right_is_told_in_one_line(capsys, arguments, message):
    assert run(["images", *arguments]) == 2

    (error,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert message in error
