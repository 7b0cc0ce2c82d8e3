"""Whole manifests, as the API server gets them, and the reasons above their values."""

import itertools

import pytest
import yaml

from aksrdma import catalog
from aksrdma.cluster import Cluster, NodePool
from aksrdma.errors import UsageError
from aksrdma.paths import CATALOG
from aksrdma.plan import make_plan
from aksrdma.workloads.jobs import KINDS, JobOptions, plan_workload, target_of, workload_stream

H100, HB = "Standard_ND96isr_H100_v5", "Standard_HB120rs_v3"
MI300X, GB300 = "Standard_ND96isr_MI300X_v5", "Standard_ND128isr_GB300_v6"
IBTOOLS = "ghcr.io/azure/aks-rdma-infiniband/ibtools:latest"


def planned(workload, size=H100, profile="sriov-device-plugin", /, *, named=True, **options):
    pool = NodePool(name="pool1", vm_size=size, count=4, taints=["sku=gpu:NoSchedule"])
    decisions = make_plan(Cluster(profile=profile, node_pools=[pool])).decisions
    return plan_workload(workload, target_of(decisions, named=named), JobOptions(**options))


def objects(*arguments, **options):
    plan = planned(*arguments, **options)
    return {one.data["kind"] + one.data["metadata"]["name"].removeprefix(plan.kind): one.data for one in plan.objects}


def workers(name, key):
    labels = {"aksrdma.dev/workload": name, "aksrdma.dev/role": "worker"}
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": key}
    return {"requiredDuringSchedulingIgnoredDuringExecution": [term]}


def environment(container):
    return {one["name"]: one["value"] for one in container["env"]}


def test_the_smallest_job_in_full():
    found = objects("ibv-devices", HB)
    labels = {"aksrdma.dev/workload": "ibv-devices"}
    container = {
        "name": "ibv-devices",
        "image": IBTOOLS,
        "command": ["/bin/bash", "/opt/aksrdma/check-node.sh"],
        "env": [{"name": "VM_SIZE", "value": HB}, {"name": "NIC_COUNT", "value": "1"}],
        "volumeMounts": [
            {"name": "scripts", "mountPath": "/opt/aksrdma", "readOnly": True},
            {"name": "shm", "mountPath": "/dev/shm"},
        ],
        "resources": {"requests": {"cpu": "2", "memory": "4Gi", "rdma/ib": 1}, "limits": {"rdma/ib": 1}},
        "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "nodeSelector": {"kubernetes.azure.com/agentpool": "pool1"},
        "tolerations": [{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}],
        "containers": [container],
        "volumes": [
            {"name": "scripts", "configMap": {"name": "ibv-devices-scripts"}},
            {"name": "shm", "emptyDir": {"medium": "Memory"}},
        ],
        "affinity": {"podAntiAffinity": workers("ibv-devices", "kubernetes.io/hostname")},
    }

    assert list(found) == ["ConfigMap-scripts", "Job"]
    assert found["ConfigMap-scripts"]["apiVersion"] == "v1"
    assert found["ConfigMap-scripts"]["metadata"] == {"name": "ibv-devices-scripts", "labels": labels}
    assert list(found["ConfigMap-scripts"]["data"]) == ["common.sh", "check-node.sh"]
    assert found["Job"] == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "ibv-devices", "labels": labels},
        "spec": {
            "completionMode": "Indexed",
            "completions": 4,
            "parallelism": 4,
            "backoffLimit": 0,
            "activeDeadlineSeconds": 900,
            "template": {"metadata": {"labels": labels | {"aksrdma.dev/role": "worker"}}, "spec": pod},
        },
    }


def test_an_mpijob_in_full():
    found = objects("nccl-all-reduce", kind="mpijob", nodes=3)
    spec = found["MPIJob"]["spec"]
    launcher, worker = (spec["mpiReplicaSpecs"][role]["template"] for role in ("Launcher", "Worker"))
    (starts,), (works,) = launcher["spec"]["containers"], worker["spec"]["containers"]

    assert list(found) == ["ConfigMap-topology", "ConfigMap-scripts", "MPIJob"]
    assert found["MPIJob"]["apiVersion"] == "kubeflow.org/v2beta1"
    assert {key: value for key, value in spec.items() if key != "mpiReplicaSpecs"} == {
        "slotsPerWorker": 8,
        "mpiImplementation": "OpenMPI",
        "sshAuthMountPath": "/root/.ssh",
        "launcherCreationPolicy": "WaitForWorkersReady",
        "runPolicy": {"cleanPodPolicy": "Running", "backoffLimit": 0, "activeDeadlineSeconds": 3600},
    }
    assert (starts["name"], starts["command"]) == ("launcher", ["/bin/bash", "/opt/aksrdma/mpi-launcher.sh"])
    assert starts["resources"] == {"requests": {"cpu": "50m", "memory": "128Mi"}}
    assert environment(starts)["HOSTFILE"] == "/etc/mpi/hostfile"
    assert launcher["metadata"]["labels"]["aksrdma.dev/role"] == "launcher"
    assert "affinity" not in launcher["spec"]
    assert (works["name"], works["command"]) == ("worker", ["/bin/bash", "/opt/aksrdma/mpi-worker.sh"])
    assert works["readinessProbe"] == {"tcpSocket": {"port": 22}, "periodSeconds": 5}
    assert "env" not in works
    assert {"name": "topology", "mountPath": "/opt/nvidia-topology", "readOnly": True} in works["volumeMounts"]
    assert {"name": "topology", "configMap": {"name": "nccl-all-reduce-topology"}} in worker["spec"]["volumes"]
    assert list(found["ConfigMap-topology"]["data"]) == ["topo.xml"]


def test_a_service_gives_each_pod_a_name_while_it_starts():
    found = objects("perftest")

    assert found["Service"] == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "perftest", "labels": {"aksrdma.dev/workload": "perftest"}},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {"aksrdma.dev/workload": "perftest"},
        },
    }
    assert found["Job"]["spec"]["template"]["spec"]["subdomain"] == "perftest"


@pytest.mark.parametrize(
    ("kind", "size", "profile", "options", "wanted"),
    [
        pytest.param(
            "perftest",
            H100,
            "sriov-device-plugin",
            {},
            {
                "JOB_NAME": "perftest", "SERVICE": "perftest", "VM_SIZE": H100, "NIC_COUNT": "8", "PORT": "18515",
                "READY_SECONDS": "900", "STEP_SECONDS": "120", "DURATION_SECONDS": "10", "QUEUE_PAIRS": "4",
                "MAX_LATENCY_US": "6", "FLOOR_GBIT_PER_S": "380", "MEMORY": "host",
            },
            id="perftest",
        ),
        pytest.param(
            "sockperf",
            HB,
            "ipoib",
            {},
            {
                "JOB_NAME": "sockperf", "SERVICE": "sockperf", "VM_SIZE": HB, "NIC_COUNT": "1", "NODES": "4",
                "INTERFACE": "net1", "PORT": "11111", "ANNOUNCE_PORT": "11113", "READY_SECONDS": "900",
                "STEP_SECONDS": "60", "DURATION_SECONDS": "10", "MAX_LATENCY_US": "100",
            },
            id="sockperf",
        ),
    ],
)  # fmt: skip
def test_the_environment_in_full(kind, size, profile, options, wanted):
    (container,) = objects(kind, size, profile, **options)["Job"]["spec"]["template"]["spec"]["containers"]

    assert environment(container) == wanted
    assert (container["name"], container["command"]) == (kind, ["/bin/bash", f"/opt/aksrdma/{kind}.sh"])


def test_the_environment_of_an_all_reduce_beside_its_presets():
    (container,) = objects("nccl-all-reduce", nodes=3)["Job"]["spec"]["template"]["spec"]["containers"]
    found = environment(container)
    exported = found.pop("EXPORT").split()
    own = {name: value for name, value in found.items() if name not in exported}

    assert own == {
        "JOB_NAME": "nccl-all-reduce", "SERVICE": "nccl-all-reduce", "SSH_PORT": "2222", "NODES": "3", "GPUS": "8",
        "READY_SECONDS": "1200", "ALL_REDUCE_PERF": "/opt/nccl_tests/build/all_reduce_perf", "MESSAGE_MIN": "1M",
        "MESSAGE_MAX": "16G", "FLOOR_GBYTE_PER_S": "300",
    }  # fmt: skip
    assert exported[:2] == ["VM_SIZE", "NIC_COUNT"]
    assert set(exported) <= set(found)
    assert {name: found[name] for name in ("NCCL_DEBUG_SUBSYS", "NCCL_SOCKET_IFNAME")} == {
        "NCCL_DEBUG_SUBSYS": "INIT,ENV,GRAPH",
        "NCCL_SOCKET_IFNAME": "eth0",
    }
    assert (container["name"], container["command"]) == ("all-reduce", ["/bin/bash", "/opt/aksrdma/job-node.sh"])


def test_without_a_published_floor_the_largest_message_is_that_of_the_job():
    (container,) = objects("nccl-all-reduce", GB300)["Job"]["spec"]["template"]["spec"]["containers"]

    assert catalog.vm_size(GB300).floors is None or catalog.vm_size(GB300).floors.nccl_message_size is None
    assert environment(container)["MESSAGE_MAX"] == catalog.job("nccl-all-reduce").message_max == "8G"


def test_perftest_on_gpu_memory_is_told_the_gpus():
    (container,) = objects("perftest", gpu_memory=True)["Job"]["spec"]["template"]["spec"]["containers"]
    found = environment(container)

    assert (found["MEMORY"], found["GPU_VENDOR"], found["GPU_COUNT"]) == ("host gpu", "nvidia", "8")
    assert found["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_without_a_pool_a_gpu_size_tolerates_the_usual_taint_and_its_launcher_is_placed_too():
    found = objects("nccl-all-reduce", named=False, kind="mpijob")["MPIJob"]["spec"]["mpiReplicaSpecs"]
    launcher, worker = (found[role]["template"]["spec"] for role in ("Launcher", "Worker"))
    size = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": [H100, H100.lower()]}
    nodes = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [size]}]}}

    assert launcher["affinity"] == {"nodeAffinity": nodes}
    assert worker["affinity"] == {
        "nodeAffinity": nodes,
        "podAntiAffinity": workers("nccl-all-reduce", "kubernetes.io/hostname"),
        "podAffinity": workers("nccl-all-reduce", "kubernetes.azure.com/agentpool"),
    }
    usual = [{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}]
    assert launcher["tolerations"] == worker["tolerations"] == usual
    assert "tolerations" not in objects("ibv-devices", HB, named=False)["Job"]["spec"]["template"]["spec"]


@pytest.mark.parametrize(
    ("arguments", "options", "reasons"),
    [
        pytest.param(
            ("ibv-devices",),
            {},
            {
                "backoffLimit": "A failure stays a failure: no second try hides it.",
                "activeDeadlineSeconds": "Also ends a job whose pods find no node with the devices.",
                "nodeSelector": "One pool is one scale set, hence one InfiniBand fabric; nodes of two pools cannot reach each other.",
                "podAntiAffinity": "One pod a node.",
                "resources": f"All 8 InfiniBand NICs of {H100}.",
                "securityContext": "Without IPC_LOCK the container may lock 64 KiB and ibv_reg_mr fails.",
            },
            id="a-pool",
        ),
        pytest.param(("ibv-devices", HB), {}, {"resources": f"The one InfiniBand NIC of {HB}."}, id="one-nic"),
        pytest.param(
            ("ibv-devices", H100, "rdma-shared-device-plugin"),
            {},
            {"resources": "1 opens every InfiniBand NIC of the node."},
            id="shared",
        ),
        pytest.param(
            ("ibv-devices", H100, "base"),
            {},
            {"securityContext": "Without a device plugin, /dev/infiniband is open to privileged containers only."},
            id="base",
        ),
        pytest.param(
            ("ibv-devices",),
            {"named": False},
            {
                "nodeAffinity": "The label is spelt as the size was typed when the pool was made.",
                "podAffinity": "One pool is one scale set, hence one InfiniBand fabric; nodes of two pools cannot reach each other.",
            },
            id="a-vm-size",
        ),
        pytest.param(
            ("nccl-all-reduce",), {"kind": "mpijob"}, {"slotsPerWorker": f"One rank a GPU of {H100}."}, id="mpijob"
        ),
        pytest.param(
            ("perftest",), {}, {"publishNotReadyAddresses": "Pods are looked up while they start."}, id="service"
        ),
    ],
)
def test_the_reason_of_a_value_stands_above_it(arguments, options, reasons):
    lines = [line.strip() for line in workload_stream(planned(*arguments, **options)).splitlines()]
    above = {line.partition(":")[0]: before for before, line in itertools.pairwise(lines) if before[:2] == "# "}

    for field, reason in reasons.items():
        assert reason.endswith(above[field].removeprefix("# "))


def test_a_reason_of_a_preset_is_a_sentence():
    plan = planned("nccl-all-reduce", GB300)
    texts = [reason.text for one in plan.objects for reason in one.reasons.values()]

    assert [text for text in texts if not text.endswith(".") or text.endswith("..")] == []
    assert [text for text in texts if text[0].islower() and text.split()[0].islower()] == []
    assert "Keeps the test off NVLink between nodes." in texts


@pytest.mark.parametrize(
    ("arguments", "options", "line"),
    [
        pytest.param(("ibv-devices",), {}, f"on 4 nodes, node pool pool1, {H100}, sriov-device-plugin.", id="a-pool"),
        pytest.param(("ibv-devices",), {"named": False}, f"on 1 nodes, {H100}, sriov-device-plugin.", id="a-vm-size"),
    ],
)
def test_the_first_line_says_what_was_planned(arguments, options, line):
    first = workload_stream(planned(*arguments, **options)).splitlines()[0]

    assert first == f"# Rendered by aksrdma: workload ibv-devices {line} The next render overwrites edits."


def test_the_workloads_are_the_rows_of_the_catalog():
    assert [catalog.job(kind).name for kind in KINDS] == list(KINDS)
    rows = yaml.safe_load((CATALOG / "workloads" / "jobs.yaml").read_text(encoding="utf-8"))
    assert [row["name"] for row in rows] == list(KINDS)


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        pytest.param(
            ("nccl-all-reduce", HB),
            {},
            f"nccl-all-reduce needs GPUs, and {HB} has none; use perftest or ibv-devices",
            id="no-gpus",
        ),
        pytest.param(
            ("rccl-all-reduce", H100),
            {},
            f"rccl-all-reduce does not run on the {catalog.vm_size(H100).gpu.model} GPUs of {H100}; use nccl-all-reduce",
            id="other-gpus",
        ),
        pytest.param(
            ("sockperf", HB),
            {},
            "sockperf needs the profile ipoib, and the cluster has sriov-device-plugin: pods have no IPoIB interface there",
            id="profile",
        ),
        pytest.param(
            ("nccl-all-reduce",),
            {"nodes": 1},
            "nccl-all-reduce runs on 2 nodes or more, not on 1: inside one node NVLink or memory carries the data",
            id="one-node-of-gpus",
        ),
        pytest.param(
            ("perftest",),
            {"nodes": 1},
            "perftest runs on 2 nodes or more, not on 1: it measures between two",
            id="one-node",
        ),
        pytest.param(
            ("perftest",),
            {"nodes": 3},
            "perftest measures between nodes two by two, so --nodes has to be even, not 3",
            id="an-odd-number",
        ),
        pytest.param(
            ("ibv-devices",),
            {"nodes": 5},
            "node pool pool1 has 4 nodes, fewer than 5; lower --nodes",
            id="more-than-the-pool",
        ),
        pytest.param(("perftest",), {"kind": "mpijob"}, "perftest does not use MPI; leave --kind out", id="no-mpi"),
        pytest.param(
            ("rccl-all-reduce", MI300X),
            {"topology_file": b""},
            "rccl-all-reduce reads no NCCL topology file; leave --topology-file out",
            id="no-topology-file",
        ),
        pytest.param(
            ("sockperf", H100, "ipoib"),
            {"gpu_memory": True},
            "--gpu-memory is for perftest, not for sockperf",
            id="not-perftest",
        ),
        pytest.param(("perftest", HB), {"gpu_memory": True}, f"{HB} has no GPU; leave --gpu-memory out", id="no-gpu"),
    ],
)
def test_a_refusal_in_full(arguments, options, sentence):
    with pytest.raises(UsageError) as error:
        planned(*arguments, **options)

    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("arguments", "options", "notes"),
    [
        pytest.param(("ibv-devices",), {}, [], id="nothing-to-say"),
        pytest.param(
            ("ibv-devices",),
            {"image": "x"},
            ["x has to have ibv_devinfo or a readable /sys/class/infiniband, awk"],
            id="image",
        ),
        pytest.param(
            ("ibv-devices", GB300),
            {},
            [f"{GB300} is arm64; where upstream's image has no build for it, name another with --image"],
            id="arm64",
        ),
        pytest.param(("perftest",), {}, [], id="perftest"),
        pytest.param(
            ("perftest",),
            {"gpu_memory": True},
            [
                "GPU memory needs a perftest that is built with CUDA or ROCm; the job says so where upstream's ibtools image "
                "has none, and --image takes another"
            ],
            id="gpu-memory",
        ),
        pytest.param(
            ("sockperf", HB, "ipoib"),
            {},
            ["nobody published the bandwidth of TCP over IPoIB: the job prints it and judges only the latency"],
            id="sockperf",
        ),
        pytest.param(
            ("rccl-all-reduce", MI300X),
            {"kind": "mpijob"},
            [
                f"nobody published the all-reduce bandwidth of {MI300X} over several nodes: the job proves that InfiniBand "
                "carries it and prints the bandwidth, but cannot judge that",
                "an MPIJob needs the MPI operator (kubeflow/mpi-operator); --kind job needs none",
            ],
            id="mpijob",
        ),
    ],
)
def test_the_notes_in_full(arguments, options, notes):
    assert list(planned(*arguments, **options).notes) == notes
