"""Which pods and containers of a kind get RDMA, and which are left alone."""

import copy

import pytest

from aksrdma.kube.kinds import KINDS, WORKLOADS
from aksrdma.kube.templates import pod_templates
from aksrdma.workloads.inject import inject, injected, runtimes_of
from tests.workloads.inject.inject_props import H100, HB, MI300X, NAMES, container, cpu, injection, objects_of, pod


def test_every_workload_kind_has_an_example():
    shown = {data["kind"] for name in NAMES for data in objects_of(name)} - {"Service"}

    alike = {
        "PodTemplate",
        "ReplicationController",
        "RoleSet",
        "WorkflowTemplate",
        "ClusterWorkflowTemplate",
        "CronWorkflow",
    }
    assert shown == {row.kind for row in KINDS if row.kind in WORKLOADS} - alike
    assert set(NAMES) == {kind.lower() for kind in shown} | {"volcanojob"}


def with_rdma(data):
    """Yield the path of each container that asks for RDMA."""
    for template in pod_templates(data):
        for key in ("initContainers", "containers"):
            for one in template.data.get("spec", {}).get(key, ()):
                if "rdma/ib" in one.get("resources", {}).get("limits", {}):
                    yield f"{template.role}.{one['name']}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("pod", ["pod.server"], id="the only container of a pod"),
        pytest.param("deployment", ["pod.server"], id="the container with GPUs and not the sidecar before it"),
        pytest.param("daemonset", ["pod.probe"], id="no init container"),
        pytest.param("mpijob", ["worker.worker"], id="the worker of an MPIJob and not its launcher"),
        pytest.param("pytorchjob", ["master.pytorch", "worker.pytorch"], id="master and worker of a PyTorchJob"),
        pytest.param("leaderworkerset", ["leader.vllm-leader", "worker.vllm-worker"], id="leader and worker"),
        pytest.param(
            "raycluster", ["head.ray-head", "worker.ray-worker"], id="head and workers of a RayCluster on CPUs"
        ),
        pytest.param("rayjob", ["head.ray-head", "worker.ray-worker"], id="no submitter of a RayJob"),
        pytest.param("trainingruntime", ["node.node"], id="the node of a training runtime and no initializer"),
        pytest.param("clustertrainingruntime", ["node.node"], id="the node of an MPI runtime and not its launcher"),
        pytest.param("cronjob", ["pod.nccl"], id="the pods of a CronJob's jobs"),
        pytest.param("job", ["pod.train"], id="the pods of a Job"),
        pytest.param("replicaset", ["pod.solver"], id="the pods of a ReplicaSet"),
        pytest.param("statefulset", ["pod.cache"], id="the pods of a StatefulSet"),
    ],
)
def test_the_containers_that_work_get_rdma(name, expected):
    data = next(data for data in objects_of(name) if data["kind"] in WORKLOADS)
    size = H100 if "nvidia.com/gpu" in str(data) else HB

    assert list(with_rdma(inject(data, injection(size)))) == expected


def test_a_launcher_that_works_too_gets_rdma():
    data = objects_of("mpijob")[0]
    data["spec"]["runLauncherAsWorker"] = True

    assert list(with_rdma(inject(data, injection()))) == ["launcher.launcher", "worker.worker"]


def test_a_launcher_that_is_a_node_of_its_runtime_gets_rdma():
    data = objects_of("clustertrainingruntime")[0]
    data["spec"]["mlPolicy"]["mpi"]["runLauncherAsNode"] = True

    assert list(with_rdma(inject(data, injection()))) == ["node.node", "node.node"]


def test_a_runtime_without_a_job_called_node_trains_in_the_one_with_the_label():
    data = objects_of("trainingruntime")[0]
    data["spec"]["template"]["spec"]["replicatedJobs"][1]["name"] = "torch"

    assert list(with_rdma(inject(data, injection()))) == ["node.node"]


MARKED = {"metadata": {"name": "pod", "annotations": {"kubectl.kubernetes.io/default-container": "b"}}}


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        pytest.param(pod(cpu("a"), cpu("b")), {"size": HB}, ["pod.a"], id="the first where nothing is said"),
        pytest.param(pod(cpu("a"), container("b")), {}, ["pod.b"], id="the one with GPUs"),
        pytest.param(pod(cpu("a"), cpu("b")) | MARKED, {"size": HB}, ["pod.b"], id="the one that kubectl goes to"),
        pytest.param(pod(container("a"), container("b")), {"container": "b"}, ["pod.b"], id="the named one"),
        pytest.param(
            pod(cpu("a"), container("b")), {"container": "a", "nics": 1}, ["pod.a"], id="the named one before GPUs"
        ),
    ],
)
def test_the_container_that_works_is(data, options, expected):
    assert list(with_rdma(inject(data, injection(**options)))) == expected


def test_the_container_that_the_controller_names_goes_before_the_first():
    data = objects_of("pytorchjob")[0]
    for replicas in data["spec"]["pytorchReplicaSpecs"].values():
        spec = replicas["template"]["spec"]
        spec["containers"] = [cpu("logger"), cpu("pytorch")]

    assert list(with_rdma(inject(data, injection(HB)))) == ["master.pytorch", "worker.pytorch"]


def test_a_kind_without_pods_comes_back_as_it_was():
    service = objects_of("statefulset")[0]

    assert injected(service, injection()).edits == ()
    assert inject({"apiVersion": "example.com/v1", "kind": "Job", "spec": {"template": {}}}, injection()) == {
        "apiVersion": "example.com/v1",
        "kind": "Job",
        "spec": {"template": {}},
    }


def test_the_input_is_not_changed():
    data = objects_of("deployment")[0]
    before = copy.deepcopy(data)

    inject(data, injection())

    assert data == before


class TestTrainJob:
    def test_its_own_resources_get_the_rdma_resource(self):
        job = inject(objects_of("trainjob")[0], injection())

        assert job["spec"]["trainer"]["resourcesPerNode"] == {
            "limits": {"nvidia.com/gpu": 8, "rdma/ib": 8},
            "requests": {"rdma/ib": 8},
        }

    def test_the_environment_goes_to_the_trainer_and_not_to_the_patch(self):
        job = inject(objects_of("trainjob")[0], injection())

        assert {"name": "NCCL_SOCKET_IFNAME", "value": "eth0"} in job["spec"]["trainer"]["env"]
        assert "NCCL" not in str(job["spec"]["runtimePatches"])

    def test_ipc_lock_goes_through_a_patch_of_the_runtime(self):
        job = inject(objects_of("trainjob")[0], injection())

        [patch] = job["spec"]["runtimePatches"]
        [replicated] = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
        [node] = replicated["template"]["spec"]["template"]["spec"]["containers"]
        assert node["securityContext"] == {"capabilities": {"add": ["IPC_LOCK"]}}

    def test_what_its_runtime_has_is_not_patched_again(self):
        objects = objects_of("trainingruntime")

        job = inject(objects[1], injection(pool="pool1"), runtimes=runtimes_of(objects))

        assert set(job["spec"]) == {"runtimeRef", "trainer"}
        assert set(job["spec"]["trainer"]) == {"env"}

    def test_a_patch_of_another_manager_stays_beside(self):
        job = objects_of("trainjob")[0]
        job["spec"]["runtimePatches"] = [{"manager": "kueue.x-k8s.io/manager"}]

        patches = inject(job, injection())["spec"]["runtimePatches"]

        assert [patch["manager"] for patch in patches] == ["kueue.x-k8s.io/manager", "aksrdma.dev/inject"]

    def test_resources_that_replace_those_of_an_unknown_runtime_are_noted(self):
        job = objects_of("trainjob")[0]
        del job["spec"]["trainer"]["resourcesPerNode"]

        assert "replaces the resources of the runtime" in injected(job, injection()).notes[0]

    def test_a_job_without_anything_to_set_gets_no_empty_trainer(self):
        objects = objects_of("trainingruntime")

        job = inject(objects[1], injection(MI300X, pool="p", presets=["none"]), runtimes=runtimes_of(objects))

        assert job == objects[1]
