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
    taints: ["sku=gpu:NoSchedule"]
  - name: hbv3
    vmSize: Standard_HB120rs_v3
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: main\n    image: b\n"
POD += "    resources:\n      limits:\n        nvidia.com/gpu: 8\n"


def deployment(limits):
    """Return a Deployment of one container with these limits, in block style but for them."""
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: serve}\nspec:\n  selector: {}\n  template:\n    spec:\n"
        f"      containers:\n      - {{name: vllm, image: b, resources: {{limits: {{{limits}}}}}}}\n"
    )


OTHER = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"
H100 = ["--vm-size", "Standard_ND96isr_H100_v5"]


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AKSRDMA_PROFILE", raising=False)
    (tmp_path / "cluster.yaml").write_text(CLUSTER)
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "other.yaml").write_text(OTHER)


def test_a_file_is_printed_with_rdma(capsys):
    assert run(["inject", "pod.yaml", *H100]) == 0

    out, err = capsys.readouterr()
    assert out.startswith(POD.partition("    resources")[0])
    assert yaml.safe_load(out)["spec"]["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": 8, "rdma/ib": 8}
    assert "note: NCCL knows Standard_ND96isr_H100_v5 better with ndv5-topo.xml" in err


def test_the_plan_says_what_each_pod_template_gets_and_why(capsys, tmp_path):
    (tmp_path / "deploy.yaml").write_text(deployment("nvidia.com/gpu: 1"))

    assert run(["inject", "deploy.yaml", *H100]) == 0

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "deploy.yaml:6: Deployment/serve, container vllm:"
    assert lines[2] == "  + rdma/ib: 1    1 of 8 NICs for 1 of 8 GPUs"
    assert lines[3].startswith("  + 9 variables   preset ndv5-nccl: NCCL_SOCKET_IFNAME, ")
    assert lines[7] == "  ? whether these NICs are the ones near its GPUs nobody promises: see below"
    assert lines[8].startswith("note: with a part of a node a GPU may get a NIC that is far from it")
    assert sum("part of a node" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("asks", "size", "told"),
    [
        ("nvidia.com/gpu: 4", "Standard_ND96isr_H100_v5", True),
        ("nvidia.com/gpu: 8", "Standard_ND96isr_H100_v5", False),
        ("nvidia.com/gpu: 8", "Standard_ND40rs_v2", False),
        ("cpu: 1", "Standard_HB176rs_v4", False),
    ],
)
def test_the_plan_of_a_part_of_a_node_says_what_nobody_promises(capsys, tmp_path, asks, size, told):
    prefill = f"    - name: Prefill\n      podTemplate: {{spec: {{containers: [{{name: main, image: a, resources: {{limits: {{{asks}}}}}}}]}}}}\n"
    (tmp_path / "graph.yaml").write_text(
        "apiVersion: nvidia.com/v1beta1\nkind: DynamoGraphDeployment\nmetadata: {name: g}\nspec:\n  components:\n"
        + prefill
    )

    assert run(["inject", "graph.yaml", "--vm-size", size]) == 0

    assert ("nobody promises" in capsys.readouterr().err) is told


def test_a_plan_that_was_told_is_not_told_again(capsys, tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(deployment("nvidia.com/gpu: 1").replace("serve", name[0]))
    (tmp_path / "a.yaml").write_text((tmp_path / "a.yaml").read_text().replace("name: a", "name: b"))

    run(["inject", "a.yaml", "b.yaml", *H100])

    err = capsys.readouterr().err
    assert "b.yaml:6: Deployment/b, container vllm: the same as a.yaml:6\n" in err
    assert err.count("  + rdma/ib: 1") == 1


def test_the_pool_is_the_one_that_the_workload_selects(capsys, tmp_path):
    text = deployment("nvidia.com/gpu: 1").replace(
        "    spec:\n      containers", "    spec:\n      nodeSelector: {agentpool: b}\n      containers"
    )
    (tmp_path / "deploy.yaml").write_text(text)
    (tmp_path / "two.yaml").write_text(CLUSTER.replace("hbv3", "b").replace("HB120rs_v3", "ND96asr_v4"))

    assert run(["inject", "deploy.yaml", "--cluster", "two.yaml"]) == 0

    out, err = capsys.readouterr()
    assert "{agentpool: b, kubernetes.azure.com/agentpool: b}" in out
    assert "note: deploy.yaml:1: Deployment/serve is for pool b, which it selects\n" in err
    assert "on Standard_ND96asr_v4 each GPU has a NIC beside it" in err


def test_a_pool_is_asked_for_where_several_can_be_meant(capsys, tmp_path):
    (tmp_path / "two.yaml").write_text(CLUSTER.replace("HB120rs_v3", "ND96asr_v4"))

    assert run(["inject", "pod.yaml", "--cluster", "two.yaml"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "error: pod.yaml:1: Pod/a may run in 2 node pools of cluster train-01, and each is a fabric of its own; choose one with "
        "--pool: ndh100 (Standard_ND96isr_H100_v5), hbv3 (Standard_ND96asr_v4)\n"
    )


def test_a_note_points_to_the_line_that_it_is_about(capsys, tmp_path):
    (tmp_path / "off.yaml").write_text(
        POD + "    env:\n    - {name: NCCL_NET, value: Socket}\n    - {name: A, value: b}\n"
        "    - {name: NCCL_IB_DISABLE, value: '1'}\n    - {name: NCCL_PXN_DISABLE, value: '0'}\n"
    )

    assert run(["inject", "off.yaml", *H100, "--fix-env", "--keep-env"]) == 0

    err = capsys.readouterr().err
    assert "note: off.yaml:13: Pod/a: taken out: NCCL_NET=Socket" in err
    assert "note: off.yaml:15: Pod/a: taken out: NCCL_IB_DISABLE=1" in err
    assert "note: off.yaml:16: Pod/a: NCCL_PXN_DISABLE stays '0'" in err


def test_no_plan_is_told_where_notes_are_not_wanted(capsys, tmp_path):
    (tmp_path / "deploy.yaml").write_text(deployment("nvidia.com/gpu: 1"))

    assert run(["inject", "deploy.yaml", *H100, "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_a_whole_node_needs_no_word_of_near_and_far(capsys):
    run(["inject", "pod.yaml", *H100])

    assert "part of a node" not in capsys.readouterr().err


def test_several_containers_are_told_apart(capsys, tmp_path):
    second = "      - {name: draft, image: b, resources: {limits: {nvidia.com/gpu: 2}}}\n"
    (tmp_path / "deploy.yaml").write_text(deployment("nvidia.com/gpu: 6") + second)

    run(["inject", "deploy.yaml", *H100])

    err = capsys.readouterr().err
    assert "Deployment/serve, containers vllm, draft:\n" in err
    assert "  + draft: rdma/ib: 2   2 of 8 NICs for 2 of 8 GPUs\n" in err
    assert "  + podAffinity         " in err


def test_a_pod_without_gpus_is_left_alone_and_told(capsys, tmp_path):
    text = deployment("cpu: 1")
    (tmp_path / "deploy.yaml").write_text(text)

    assert run(["inject", "deploy.yaml", *H100]) == 0

    out, err = capsys.readouterr()
    assert out == text
    assert err.startswith(
        "note: deploy.yaml:6: Deployment/serve gets nothing: asks for no GPU of Standard_ND96isr_H100_v5"
    )
    assert "NCCL knows" not in err
    assert "nothing to add" not in err
    assert run(["inject", "deploy.yaml", *H100, "--nics", "2", "-q"]) == 0
    assert "rdma/ib: 2" in capsys.readouterr().out


def test_gpus_that_stay_without_rdma_are_a_warning_that_quiet_does_not_silence(capsys, tmp_path):
    (tmp_path / "deploy.yaml").write_text(deployment("nvidia.com/gpu: 2"))

    assert run(["inject", "deploy.yaml", "--vm-size", "Standard_ND40rs_v2", "-q"]) == 0

    err = capsys.readouterr().err
    assert err.startswith(
        "warning: deploy.yaml:6: Deployment/serve gets no RDMA: Standard_ND40rs_v2 has 1 NIC for 8 GPUs"
    )
    assert len(err.splitlines()) == 1


def test_a_role_is_named(capsys, tmp_path):
    launcher = "      Launcher: {template: {spec: {containers: [{name: l}]}}}"
    worker = "      Worker: {template: {spec: {containers: [{name: w, resources: {limits: {nvidia.com/gpu: 8}}}]}}}"
    head = "apiVersion: kubeflow.org/v2beta1\nkind: MPIJob\nmetadata: {name: j}\nspec:\n  mpiReplicaSpecs:"
    (tmp_path / "job.yaml").write_text("\n".join([head, launcher, worker, ""]))

    assert run(["inject", "job.yaml", *H100]) == 0

    err = capsys.readouterr().err
    assert (
        "note: job.yaml:6: MPIJob/j launcher gets nothing: its pods do not do the work, but start, prepare or route it\n"
        in err
    )
    assert "job.yaml:7: MPIJob/j worker, container w:\n" in err


@pytest.mark.parametrize("content", ["", "# nothing\n", "---\n"])
def test_nothing_at_all_is_a_mistake_of_what_was_to_write_it(content, capsys, monkeypatch, tmp_path):
    (tmp_path / "empty.yaml").write_text(content)
    (tmp_path / "folder").mkdir()

    for paths in ([], ["empty.yaml"], ["folder"]):
        with (tmp_path / "empty.yaml").open(encoding="utf-8") as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            assert run(["inject", *paths, *H100]) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert f"{paths[0] if paths else '<stdin>'}: no manifest in it" in err
    assert run(["inject", "empty.yaml", "pod.yaml", *H100, "-q"]) == 0


def test_stdin_is_read_without_a_path_and_with_a_dash(capsys, monkeypatch, tmp_path):
    run(["inject", "pod.yaml", *H100])
    expected = capsys.readouterr().out

    for paths in ([], ["-"]):
        with (tmp_path / "pod.yaml").open(encoding="utf-8") as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            run(["inject", *paths, *H100])
        assert capsys.readouterr().out == expected


def test_several_files_are_one_stream(capsys):
    assert run(["inject", "other.yaml", "pod.yaml", *H100]) == 0

    out, err = capsys.readouterr()
    assert [one["kind"] for one in yaml.safe_load_all(out)] == ["Widget", "Pod"]
    assert out.startswith(OTHER + "---\n")
    assert "other.yaml:1: Widget/w passes through unchanged" in err


def test_a_folder_is_read_with_all_below_it(capsys, tmp_path):
    (tmp_path / "jobs/deep").mkdir(parents=True)
    (tmp_path / "jobs/deep/pod.yaml").write_text(POD)

    run(["inject", "jobs", *H100])

    assert "rdma/ib" in capsys.readouterr().out


def test_a_pool_of_a_cluster_is_selected_and_its_taint_tolerated(capsys):
    assert run(["inject", "pod.yaml", "--cluster", "cluster.yaml", "--pool", "ndh100", "-q"]) == 0

    out, err = capsys.readouterr()
    spec = yaml.safe_load(out)["spec"]
    assert spec["nodeSelector"] == {"kubernetes.azure.com/agentpool": "ndh100"}
    assert spec["tolerations"][0]["key"] == "sku"
    assert err == ""


def test_the_profile_and_the_number_of_gpus_are_options(capsys, tmp_path):
    (tmp_path / "pod.yaml").write_text(POD.partition("    resources")[0])
    run(["inject", "pod.yaml", *H100, "--profile", "rdma-shared-device-plugin", "--gpus", "2"])

    limits = yaml.safe_load(capsys.readouterr().out)["spec"]["containers"][0]["resources"]["limits"]
    assert limits == {"rdma/shared_ib": 1, "nvidia.com/gpu": 2}


def test_a_diff_shows_the_additions(capsys):
    assert run(["inject", "pod.yaml", *H100, "--diff"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("--- pod.yaml\n+++ pod.yaml\n@@ ")
    assert "+        rdma/ib: 8\n" in out
    assert [line for line in out.splitlines()[2:] if line.startswith("-")] == []


def test_a_second_run_has_nothing_to_add(capsys, tmp_path):
    run(["inject", "pod.yaml", *H100])
    (tmp_path / "pod.yaml").write_text(capsys.readouterr().out)

    assert run(["inject", "pod.yaml", *H100, "--diff"]) == 0

    out, err = capsys.readouterr()
    assert out == ""
    assert "nothing to add" in err


def test_a_patch_is_a_component(capsys):
    assert run(["inject", "pod.yaml", *H100, "-o", "patch"]) == 0

    component = yaml.safe_load(capsys.readouterr().out)
    assert component["kind"] == "Component"
    assert component["patches"][0]["target"] == {"version": "v1", "kind": "Pod", "name": "a"}
    assert yaml.safe_load(component["patches"][0]["patch"])[0]["op"] == "add"


def test_a_conflict_exits_1_with_both_values_and_prints_nothing(capsys, tmp_path):
    (tmp_path / "pod.yaml").write_text(POD + '    env:\n    - name: NCCL_PXN_DISABLE\n      value: "0"\n')

    assert run(["inject", "other.yaml", "pod.yaml", *H100]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pod.yaml:14: conflict Pod/a spec.containers[0].env[0].value: NCCL_PXN_DISABLE is '0', and")
    assert "'1'" in err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param([], 2, "give --cluster or --vm-size", id="neither cluster nor VM size"),
        pytest.param([*H100, "--cluster", "cluster.yaml"], 2, "one of them", id="cluster and VM size"),
        pytest.param([*H100, "--pool", "a"], 2, "--pool names a node pool of a --cluster", id="a pool of no cluster"),
        pytest.param(
            ["--cluster", "cluster.yaml", "--pool", "ndh10"], 2, "did you mean ndh100?", id="a pool that is not there"
        ),
        pytest.param(["--vm-size", "ND96isr_H100"], 2, "did you mean Standard_ND96isr_H100_v5", id="a wrong size"),
        pytest.param(["--vm-size", "Standard_NC24rs_v3"], 2, "was retired", id="a retired size"),
        pytest.param(
            ["--vm-size", "Standard_HB176rs_v4", "--preset", "mpi"],
            2,
            "the catalog has none for it: UCX, and Open MPI with it, find the InfiniBand NIC by themselves; leave --preset out",
            id="a preset on a size that needs none",
        ),
        pytest.param([*H100, "--preset", "ncll"], 2, "did you mean nccl", id="a wrong preset"),
        pytest.param([*H100, "--diff", "-o", "patch"], 2, "leave -o patch out", id="a diff of a patch"),
        pytest.param([*H100, "missing.yaml"], 3, "missing.yaml: there is no such file", id="a missing file"),
        pytest.param([*H100, "broken.yaml"], 3, "broken.yaml:1:4", id="a file that is no YAML"),
        pytest.param([*H100, "kustom"], 2, "kustomize build kustom", id="a kustomization"),
    ],
)
def test_what_cannot_be_right_is_refused(arguments, code, words, capsys, tmp_path):
    (tmp_path / "broken.yaml").write_text("a: }")
    (tmp_path / "kustom").mkdir()
    (tmp_path / "kustom/kustomization.yaml").write_text("resources: []\n")
    paths = [] if any(one.endswith(("missing.yaml", "broken.yaml", "kustom")) for one in arguments) else ["pod.yaml"]

    assert run(["inject", *paths, *arguments]) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_stdin_cannot_be_two_things(capsys):
    assert run(["inject", "--cluster", "-"]) == 2
    assert "stdin cannot be both" in capsys.readouterr().err


def test_a_cluster_without_pools_is_refused(capsys, tmp_path):
    (tmp_path / "cluster.yaml").write_text(CLUSTER.partition("  nodePools")[0])

    assert run(["inject", "pod.yaml", "--cluster", "cluster.yaml"]) == 2
    assert "names no node pool" in capsys.readouterr().err


def test_text_without_a_kind_passes_through(capsys, tmp_path):
    (tmp_path / "list.yaml").write_text("- a\n- b")

    assert run(["inject", "list.yaml", *H100]) == 0
    assert capsys.readouterr().out == "- a\n- b\n"


def test_the_command_loads_what_it_needs_when_it_runs():
    code = "import sys, aksrdma.cli.inject; print([n for n in ('aksrdma.workloads.inject.engine', 'pydantic', 'jsonschema') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8")

    assert done.stdout.strip() == "[]"


def test_windows_line_ends_stay_at_the_end_of_a_file_without_one_and_a_second_run_changes_nothing(
    capsysbinary, tmp_path
):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_bytes(POD.rstrip("\n").replace("\n", "\r\n").encode())
    assert run(["inject", "a.yaml", "b.yaml", *H100, "-q"]) == 0
    once = capsysbinary.readouterr().out
    (tmp_path / "again.yaml").write_bytes(once)
    assert run(["inject", "again.yaml", *H100, "-q"]) == 0

    assert once.count(b"\n") == once.count(b"\r\n")
    assert capsysbinary.readouterr().out == once


def test_an_object_whose_pods_are_not_written_in_it_is_passed_on_beside_others(capsys, tmp_path):
    kaito = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: w}\n"
    kaito += "resource: {instanceType: Standard_NC24ads_A100_v4}\ninference: {preset: {name: phi-4}}\n"
    (tmp_path / "kaito.yaml").write_text(kaito)

    assert run(["inject", "kaito.yaml", "pod.yaml", *H100]) == 0

    out, err = capsys.readouterr()
    assert out.startswith(kaito)
    assert "rdma/ib" in out
    assert "kaito.yaml:1: Workspace/w gets nothing: its pods come of a preset or of another object" in err
