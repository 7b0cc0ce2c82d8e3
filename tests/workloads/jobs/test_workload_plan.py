"""What is planned for a VM size, and what is refused."""

import pytest
import yaml

from aksrdma import catalog
from aksrdma.cluster import Cluster, NodePool
from aksrdma.errors import UnknownNameError, UsageError
from aksrdma.plan import make_plan
from aksrdma.workloads.jobs import KINDS, JobOptions, plan_workload, target_of, workload_stream, workload_tree

H100, A100, V100 = "Standard_ND96isr_H100_v5", "Standard_ND96asr_v4", "Standard_ND40rs_v2"
MI300X, GB300, HB = "Standard_ND96isr_MI300X_v5", "Standard_ND128isr_GB300_v6", "Standard_HB120rs_v3"


def target(size=H100, profile="sriov-device-plugin", *, named=True, count=4, taints=("sku=gpu:NoSchedule",), **fields):
    pool = NodePool(name="pool1", vm_size=size, count=count, taints=taints)
    plan = make_plan(Cluster(profile=profile, node_pools=[pool], **fields))
    return target_of(plan.decisions, named=named)


def objects(kind, where, /, **options):
    plan = plan_workload(kind, where, JobOptions(**options))
    return {one.data["kind"] + one.data["metadata"]["name"].removeprefix(kind): one.data for one in plan.objects}


def job(kind, where, /, **options):
    return objects(kind, where, **options)["Job"]


def pod(kind, where, /, **options):
    return job(kind, where, **options)["spec"]["template"]["spec"]


def container(kind, where, /, **options):
    return pod(kind, where, **options)["containers"][0]


def environment(box):
    return {one["name"]: one["value"] for one in box["env"]}


@pytest.mark.parametrize(
    ("kind", "where", "limits"),
    [
        pytest.param("nccl-all-reduce", target(), {"rdma/ib": 8, "nvidia.com/gpu": 8}, id="all-nics-and-gpus"),
        pytest.param("nccl-all-reduce", target(V100), {"rdma/ib": 1, "nvidia.com/gpu": 8}, id="one-nic-for-eight-gpus"),
        pytest.param("nccl-all-reduce", target(GB300), {"rdma/ib": 4, "nvidia.com/gpu": 4}, id="four-and-four"),
        pytest.param("rccl-all-reduce", target(MI300X), {"rdma/ib": 8, "amd.com/gpu": 8}, id="amd"),
        pytest.param(
            "nccl-all-reduce",
            target(H100, "rdma-shared-device-plugin"),
            {"rdma/shared_ib": 1, "nvidia.com/gpu": 8},
            id="shared-is-one",
        ),
        pytest.param("perftest", target(), {"rdma/ib": 8}, id="perftest-leaves-the-gpus"),
        pytest.param("ibv-devices", target(HB), {"rdma/ib": 1}, id="one-nic"),
        pytest.param("sockperf", target(HB, "ipoib"), {"rdma/shared_ib": 1}, id="ipoib-is-shared"),
    ],
)
def test_a_pod_takes_what_its_node_has(kind, where, limits):
    resources = container(kind, where)["resources"]

    assert resources["limits"] == limits
    assert {name: resources["requests"][name] for name in limits} == limits


def test_gpu_memory_takes_the_gpus():
    assert container("perftest", target(), gpu_memory=True)["resources"]["limits"]["nvidia.com/gpu"] == 8


def test_without_a_device_plugin_the_pods_are_privileged():
    box = container("ibv-devices", target(H100, "base"))

    assert box["securityContext"] == {"privileged": True}
    assert "limits" not in box["resources"]


@pytest.mark.parametrize("kind", ["nccl-all-reduce", "perftest", "ibv-devices"])
def test_a_pod_fits_rdma(kind):
    spec = pod(kind, target())
    box = spec["containers"][0]

    assert box["securityContext"] == {"capabilities": {"add": ["IPC_LOCK"]}}
    assert {"name": "shm", "mountPath": "/dev/shm"} in box["volumeMounts"]
    assert {"name": "shm", "emptyDir": {"medium": "Memory"}} in spec["volumes"]
    assert spec["nodeSelector"] == {"kubernetes.azure.com/agentpool": "pool1"}
    assert spec["tolerations"] == [{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}]
    (apart,) = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert apart["topologyKey"] == "kubernetes.io/hostname"


@pytest.mark.parametrize("kind", ["nccl-all-reduce", "perftest", "ibv-devices"])
def test_a_failure_stays_a_failure(kind):
    spec = job(kind, target())["spec"]

    assert spec["backoffLimit"] == 0
    assert spec["activeDeadlineSeconds"] == catalog.job(kind).deadline_seconds
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_without_a_pool_the_vm_size_and_one_pool_are_asked_for():
    spec = pod("nccl-all-reduce", target(named=False))

    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    (together,) = spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["matchExpressions"][0]["values"] == [H100, H100.lower()]
    assert together["topologyKey"] == "kubernetes.azure.com/agentpool"
    assert "nodeSelector" not in spec


def test_a_pool_without_taints_needs_no_tolerations():
    assert "tolerations" not in pod("ibv-devices", target(taints=()))


@pytest.mark.parametrize(
    ("kind", "size", "nodes"),
    [
        pytest.param("ibv-devices", 5, 5, id="every-node-of-the-pool"),
        pytest.param("perftest", 5, 4, id="an-even-number"),
        pytest.param("nccl-all-reduce", 5, 5, id="all-in-one-collective"),
        pytest.param("nccl-all-reduce", None, 2, id="two-where-the-pool-does-not-say"),
        pytest.param("ibv-devices", None, 1, id="one-for-ibv-devices"),
    ],
)
def test_how_many_nodes(kind, size, nodes):
    assert plan_workload(kind, target(count=size)).nodes == nodes
    assert job(kind, target(count=size))["spec"]["completions"] == nodes
    assert job(kind, target(count=size))["spec"]["parallelism"] == nodes


@pytest.mark.parametrize(
    ("kind", "size", "name", "value"),
    [
        pytest.param("nccl-all-reduce", H100, "FLOOR_GBYTE_PER_S", "300", id="h100-all-reduce"),
        pytest.param("nccl-all-reduce", A100, "FLOOR_GBYTE_PER_S", "180", id="a100-all-reduce"),
        pytest.param("nccl-all-reduce", A100, "MESSAGE_MAX", "8G", id="a100-40-message"),
        pytest.param("nccl-all-reduce", H100, "MESSAGE_MAX", "16G", id="h100-message"),
        pytest.param("nccl-all-reduce", GB300, "GPUS", "4", id="gb300-ranks"),
        pytest.param("nccl-all-reduce", GB300, "NCCL_MNNVL_ENABLE", "0", id="gb300-proves-infiniband-not-nvlink"),
        pytest.param("nccl-all-reduce", V100, "FLOOR_GBYTE_PER_S", "", id="nobody-published-v100"),
        pytest.param("nccl-all-reduce", H100, "NCCL_DEBUG", "INFO", id="the-log-has-the-transport"),
        pytest.param("nccl-all-reduce", H100, "UCX_TLS", "rc", id="open-mpi-preset"),
        pytest.param("nccl-all-reduce", A100, "UCX_TLS", "tcp", id="open-mpi-preset-of-a100"),
        pytest.param("rccl-all-reduce", MI300X, "RCCL_MSCCL_ENABLE", "0", id="rccl-preset"),
        pytest.param("perftest", H100, "FLOOR_GBIT_PER_S", "380", id="h100-nic"),
        pytest.param("perftest", HB, "FLOOR_GBIT_PER_S", "190", id="hb-nic"),
        pytest.param("perftest", HB, "NIC_COUNT", "1", id="one-nic"),
    ],
)
def test_the_catalog_sizes_a_job(kind, size, name, value):
    assert environment(container(kind, target(size)))[name] == value


@pytest.mark.parametrize("size", [H100, A100, V100, GB300])
def test_a_job_sets_what_the_preset_sets(size):
    found = environment(container("nccl-all-reduce", target(size)))
    name = {"gb": "gb-nccl-infiniband"}.get(
        catalog.vm_size(size).preset_family, f"{catalog.vm_size(size).preset_family}-nccl"
    )
    wanted = catalog.preset(name).environment
    if "NCCL_TOPO_FILE" not in found:
        wanted.pop("NCCL_TOPO_FILE", None)

    assert wanted.items() <= found.items()
    assert set(wanted) <= set(found["EXPORT"].split())


@pytest.mark.parametrize(
    ("size", "pairs"),
    [
        pytest.param(H100, {"0101:00:00.0": 0, "0104:00:00.0": 3, "0108:00:00.0": 7}, id="pairs-in-order"),
        pytest.param(A100, {"0101:00:00.0": 0, "0105:00:00.0": 4, "0107:00:00.0": 6}, id="pairs-by-bridge"),
        pytest.param(GB300, {"0101:00:00.0": 0, "0103:00:00.0": 2}, id="by-numa-node"),
    ],
)
def test_perftest_writes_from_the_gpu_that_is_near(size, pairs):
    found = environment(container("perftest", target(size), gpu_memory=True))["GPU_OF_NIC"]

    assert pairs.items() <= {nic: int(gpu) for nic, gpu in (one.split("=") for one in found.split())}.items()


def test_where_nobody_says_which_gpu_is_near_none_is_named():
    assert "GPU_OF_NIC" not in environment(container("perftest", target(MI300X), gpu_memory=True))


def test_an_mpijob_has_ranks_for_every_gpu_and_a_launcher_without_devices():
    spec = objects("nccl-all-reduce", target(GB300), kind="mpijob", nodes=3)["MPIJob"]["spec"]
    launcher, worker = (spec["mpiReplicaSpecs"][role] for role in ("Launcher", "Worker"))

    assert spec["slotsPerWorker"] == 4
    assert spec["runPolicy"]["backoffLimit"] == 0
    assert (launcher["replicas"], worker["replicas"]) == (1, 3)
    assert "limits" not in launcher["template"]["spec"]["containers"][0]["resources"]
    assert {launcher["restartPolicy"], worker["restartPolicy"]} == {"Never"}
    assert "podAntiAffinity" not in launcher["template"]["spec"].get("affinity", {})


def test_a_pod_on_ipoib_asks_for_the_network_in_its_namespace():
    from aksrdma.cluster import Ipoib

    where = target(HB, "ipoib", ipoib=Ipoib(name="fabric", namespace="train"))
    found = objects("sockperf", where)

    assert found["Job"]["spec"]["template"]["metadata"]["annotations"] == {"k8s.v1.cni.cncf.io/networks": "fabric"}
    assert {one["metadata"]["namespace"] for one in found.values()} == {"train"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_takes_the_place_of_upstreams(kind):
    where = target(MI300X if kind.startswith("rccl") else H100, "ipoib")

    assert container(kind, where)["image"] == catalog.job(kind).image
    assert container(kind, where, image="example.com/x:1")["image"] == "example.com/x:1"


@pytest.mark.parametrize("kind", KINDS)
def test_every_script_that_a_script_names_is_mounted(kind):
    where = target(MI300X if kind.startswith("rccl") else H100, "ipoib")
    for options in ({}, {"kind": "mpijob"} if kind.endswith("all-reduce") else {}):
        mounted = objects(kind, where, **options)["ConfigMap-scripts"]["data"]
        named = {
            word.strip('"')
            for text in mounted.values()
            for line in text.splitlines()
            if not line.lstrip().startswith("#")
            for word in line.replace("/", " ").split()
            if word.strip('"').endswith((".sh", ".pl")) and "look at" not in line
        }

        assert named <= set(mounted)


@pytest.mark.parametrize(
    ("kind", "where", "options", "sentence"),
    [
        pytest.param(
            "nccl-all-reduce", target(HB), {}, "needs GPUs, and Standard_HB120rs_v3 has none", id="nccl-on-cpus"
        ),
        pytest.param("nccl-all-reduce", target(MI300X), {}, "use rccl-all-reduce", id="nccl-on-amd"),
        pytest.param("rccl-all-reduce", target(H100), {}, "use nccl-all-reduce", id="rccl-on-nvidia"),
        pytest.param("sockperf", target(HB), {}, "sockperf needs the profile ipoib", id="sockperf-without-ipoib"),
        pytest.param("nccl-all-reduce", target(), {"nodes": 1}, "runs on 2 nodes or more, not on 1", id="one-node"),
        pytest.param("nccl-all-reduce", target(count=1), {}, "runs on 2 nodes or more, not on 1", id="a-pool-of-one"),
        pytest.param("perftest", target(), {"nodes": 3}, "--nodes has to be even, not 3", id="an-odd-number"),
        pytest.param("ibv-devices", target(), {"nodes": 9}, "has 4 nodes, fewer than 9", id="more-than-the-pool"),
        pytest.param("perftest", target(), {"kind": "mpijob"}, "does not use MPI", id="perftest-as-mpijob"),
        pytest.param("perftest", target(HB), {"gpu_memory": True}, "has no GPU", id="gpu-memory-of-cpus"),
        pytest.param("sockperf", target(HB, "ipoib"), {"gpu_memory": True}, "is for perftest", id="not-perftest"),
        pytest.param("perftest", target(), {"topology_file": b""}, "reads no NCCL topology file", id="no-nccl"),
    ],
)
def test_what_cannot_run_is_refused(kind, where, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        plan_workload(kind, where, JobOptions(**options))


def test_an_unknown_workload_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean perftest"):
        plan_workload("perftests", target())


@pytest.mark.parametrize(
    ("pool", "sentence"),
    [
        pytest.param(None, r"2 node pools, and a job runs on one; --pool a\|b", id="several"),
        pytest.param("c", "no node pool named 'c'", id="none-of-that-name"),
    ],
)
def test_a_job_runs_on_one_pool(pool, sentence):
    pools = [NodePool(name="a", vm_size=H100), NodePool(name="b", vm_size=A100)]
    decisions = make_plan(Cluster(node_pools=pools)).decisions

    assert target_of(decisions, "b").size.name == A100
    with pytest.raises(UsageError, match=sentence):
        target_of(decisions, pool)


def test_a_cluster_without_pools_has_no_place_for_a_job():
    with pytest.raises(UsageError, match="no node pool"):
        target_of(make_plan(Cluster()).decisions)


def test_tolerations_are_those_of_the_pool_alone():
    pools = [
        NodePool(name="a", vm_size=H100, taints=["one=a:NoSchedule"]),
        NodePool(name="b", vm_size=A100, taints=["two=b:NoSchedule"]),
    ]
    where = target_of(make_plan(Cluster(node_pools=pools)).decisions, "b")

    assert [one["key"] for one in where.tolerations] == ["two"]


@pytest.mark.parametrize(
    ("kind", "size", "options", "words"),
    [
        pytest.param("nccl-all-reduce", V100, {}, "nobody published the all-reduce bandwidth", id="no-floor"),
        pytest.param(
            "nccl-all-reduce", V100, {}, "no NCCL topology file is written; --topology-file", id="no-topology"
        ),
        pytest.param("nccl-all-reduce", H100, {}, "topology file is generated", id="generated"),
        pytest.param("nccl-all-reduce", GB300, {}, "no NCCL topology file is published", id="none-published"),
        pytest.param("nccl-all-reduce", GB300, {}, "is arm64", id="arm64"),
        pytest.param("nccl-all-reduce", H100, {"kind": "mpijob"}, "needs the MPI operator", id="mpi-operator"),
        pytest.param("nccl-all-reduce", H100, {"image": "x"}, "x has to have Open MPI, OpenSSH", id="another-image"),
        pytest.param("perftest", GB300, {}, "nobody published the bandwidth of a NIC", id="no-perftest-floor"),
        pytest.param("perftest", H100, {"gpu_memory": True}, "built with CUDA or ROCm", id="gpu-memory"),
    ],
)
def test_what_is_unsure_is_said(kind, size, options, words):
    assert any(words in note for note in plan_workload(kind, target(size), JobOptions(**options)).notes)


def test_the_stream_and_the_folder_hold_the_same_objects():
    plan = plan_workload("nccl-all-reduce", target())
    files = workload_tree(plan)
    kustomization = yaml.safe_load(files["kustomization.yaml"])

    assert [yaml.safe_load(files[name]) for name in kustomization["resources"]] == list(
        yaml.safe_load_all(workload_stream(plan))
    )
    assert set(files) == {*kustomization["resources"], "kustomization.yaml"}
    assert all(text.startswith("# Rendered by aksrdma: workload nccl-all-reduce on 4 nodes") for text in files.values())


def test_the_same_input_gives_the_same_bytes():
    assert workload_stream(plan_workload("nccl-all-reduce", target())) == workload_stream(
        plan_workload("nccl-all-reduce", target())
    )
