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
        "DynamoComponentDeployment",
        "WorkflowTemplate",
        "ClusterWorkflowTemplate",
        "CronWorkflow",
        "RayClusterFleet",
        "RayClusterReplicaSet",
        "RayCronJob",
    }
    assert shown == {row.kind for row in KINDS if row.kind in WORKLOADS} - alike
    assert set(NAMES) == {kind.lower() for kind in shown} | {"volcanojob"}


def with_rdma(data):
    """Yield the path of each container that asks for RDMA."""
    for template in pod_templates(data):
        for key in ("initContainers", "containers"):
            for one in template.data.get("spec", {}).get(key, ()):
                if "rdma/ib" in one.get("resources", {}).get("limits", {}):
                    yield f"{template.role}.{one.get('name')}"


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
        pytest.param("volcanojob", ["worker.trainer"], id="the tasks of a Volcano Job"),
        pytest.param("jobset", ["workers.trainer"], id="the jobs of a JobSet with GPUs"),
        pytest.param("rayservice", ["worker.ray-worker"], id="the workers of a RayService and not its head"),
        pytest.param(
            "dynamographdeployment", ["vllmprefillworker.main", "vllmdecodeworker.main"], id="workers and no frontend"
        ),
        pytest.param("workspace", ["inference.vllm"], id="the pods of a Workspace"),
        pytest.param("nodeset", ["slurmd.slurmd"], id="slurmd of a NodeSet"),
        pytest.param(
            "stormservice", ["prefill.prefill", "decode.decode"], id="the roles of a StormService that compute"
        ),
        pytest.param("rolebasedgroup", ["decode.sglang"], id="no router of a RoleBasedGroup"),
        pytest.param("minicluster", ["broker.None"], id="the brokers of a MiniCluster"),
        pytest.param(
            "inferenceservice",
            ["predictor.kserve-container", "worker.worker-container"],
            id="a predictor and its workers",
        ),
        pytest.param("llminferenceservice", ["leader.main", "worker.main"], id="leader and workers of a model"),
        pytest.param("appwrapper", ["pod.trainer"], id="the Job in an AppWrapper"),
        pytest.param("workflow", ["train.main"], id="the step of a Workflow that has GPUs"),
    ],
)
def test_the_containers_that_work_get_rdma(name, expected):
    data = next(data for data in objects_of(name) if data["kind"] in WORKLOADS)
    size = H100 if "nvidia.com/gpu" in str(data) or "'gpu': " in str(data) else HB

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


@pytest.mark.parametrize("name", NAMES)
def test_the_input_is_not_changed(name):
    data = objects_of(name)[0]
    before = copy.deepcopy(data)

    inject(data, injection())

    assert data == before


class TestOwnWays:
    """Kinds that write a pod otherwise than as a pod template."""

    def test_a_service_of_dynamo_has_its_numbers_as_text_in_a_place_of_its_own(self):
        worker = inject(objects_of("dynamographdeployment")[0], injection())["spec"]["services"]["VllmDecodeWorker"]

        assert worker["resources"] == {
            "limits": {"gpu": "4", "custom": {"rdma/ib": "4"}},
            "requests": {"custom": {"rdma/ib": "4"}},
        }
        assert "resources" not in worker["extraPodSpec"]["mainContainer"]
        assert worker["extraPodMetadata"]["labels"] == {"aksrdma.dev/fabric": "dynamographdeployment-disagg"}

    def test_a_mini_cluster_has_variables_and_volumes_as_mappings_and_no_affinity(self):
        done = injected(objects_of("minicluster")[0], injection("Standard_HB368rs_v5", presets=["none"]))

        container = done.data["spec"]["containers"][0]
        assert container["resources"]["limits"]["rdma/ib"] == 4
        assert container["volumes"]["shm"] == {
            "emptyDir": True,
            "emptyDirMedium": "memory",
            "emptyDirSizeLimit": "64Gi",
        }
        assert "affinity" not in str(done.data)
        assert "aksrdma.dev/fabric" not in str(done.data)
        assert [one.text for one in done.notes] == [
            "MiniCluster has no field for affinity: select one pool, or its pods may part (--cluster, --pool)"
        ]
        assert injected(objects_of("minicluster")[0], injection("Standard_HB368rs_v5", pool="hb")).notes == ()

    def test_a_mini_cluster_runs_ranks_and_needs_no_gpus(self):
        container = inject(objects_of("minicluster")[0], injection())["spec"]["containers"][0]

        assert container["resources"]["limits"]["rdma/ib"] == 8
        assert container["environment"]["NCCL_SOCKET_IFNAME"] == "eth0"

    def test_variables_of_a_mini_cluster_are_taken_out_of_their_mapping(self):
        data = objects_of("minicluster")[0]
        data["spec"]["containers"][0]["environment"] = {"UCX_TLS": "tcp", "A": "b"}

        [conflict] = injected(data, injection(HB)).conflicts
        done = injected(data, injection(HB, fix_env=True))

        assert conflict.path == ("spec", "containers", 0, "environment", "UCX_TLS")
        assert done.data["spec"]["containers"][0]["environment"] == {"A": "b"}
        data["spec"]["containers"][0]["environment"].pop("A")
        assert "environment" not in str(inject(data, injection(HB, fix_env=True)))

    def test_a_conflict_stands_where_the_kind_has_the_field(self):
        data = objects_of("dynamographdeployment")[0]
        worker = data["spec"]["services"]["VllmDecodeWorker"]
        worker["extraPodSpec"]["mainContainer"]["securityContext"] = {"capabilities": {"drop": ["IPC_LOCK"]}}

        [conflict] = injected(data, injection()).conflicts

        assert conflict.path[:5] == ("spec", "services", "VllmDecodeWorker", "extraPodSpec", "mainContainer")

    def test_the_workers_of_a_predictor_have_its_labels_as_they_have_no_place_for_their_own(self):
        predictor = inject(objects_of("inferenceservice")[0], injection())["spec"]["predictor"]

        assert predictor["labels"] == {"aksrdma.dev/fabric": "inferenceservice-llama"}
        assert "labels" not in predictor["workerSpec"]
        assert "podAffinity" in predictor["workerSpec"]["affinity"]

    def test_a_workspace_makes_nodes_of_its_own_size(self):
        data = objects_of("workspace")[0]
        data["resource"]["instanceType"] = "Standard_NC24ads_A100_v4"

        [conflict] = injected(data, injection()).conflicts

        assert conflict.path == ("resource", "instanceType")
        assert conflict.message == f"makes nodes of Standard_NC24ads_A100_v4, and {H100} is to be"
        data["resource"]["instanceType"] = H100.lower()
        assert injected(data, injection()).conflicts == ()


def test_a_volcano_job_keeps_its_tasks_on_one_fabric():
    data = objects_of("volcanojob")[0]

    assert "aksrdma.dev/fabric" in str(inject(data, injection()))


class TestUnknownKinds:
    def widget(self, **limits):
        template = {"spec": {"containers": [{"name": "a", "image": "b", "resources": {"limits": limits}}]}}
        return {
            "apiVersion": "example.com/v1",
            "kind": "Widget",
            "metadata": {"name": "w"},
            "spec": {"template": template},
        }

    def test_pods_with_gpus_are_left_and_the_lines_to_add_are_told(self):
        done = injected(self.widget(**{"nvidia.com/gpu": 2}), injection())

        assert (done.edits, done.conflicts) == ((), ())
        [plan] = done.plan
        assert (plan.path, plan.lacks) == (("spec", "template"), True)
        assert plan.left == (
            "aksrdma does not know which pods of a Widget work; add rdma/ib: 2, IPC_LOCK and a memory-backed /dev/shm "
            "where they do"
        )

    @pytest.mark.parametrize("limits", [{"cpu": 1}, {"nvidia.com/gpu": 2, "rdma/ib": 2}], ids=["no GPUs", "RDMA"])
    def test_others_are_no_matter(self, limits):
        assert injected(self.widget(**limits), injection()).plan == ()


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

        assert "replaces the resources of the runtime" in injected(job, injection()).notes[0].text

    def test_a_job_without_anything_to_set_gets_no_empty_trainer(self):
        objects = objects_of("trainingruntime")

        job = inject(objects[1], injection(MI300X, pool="p", presets=["none"]), runtimes=runtimes_of(objects))

        assert job == objects[1]
