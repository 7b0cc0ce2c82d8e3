"""Which pods a workload makes, how many of them, in which role, and what each asks for."""

import pytest

from aksrdma import documents
from aksrdma.errors import UsageError
from aksrdma.workloads.fit import read_workloads
from tests.workloads.fit.fit_objects import (
    apart,
    cluster,
    fitted,
    kubectl,
    node,
    nodes,
    placed,
    pod,
    pods_of,
    template,
    together,
    workload,
    workloads,
)

GPU_NODE = {"gpu": "8", "ib": "8", "cpu": "96", "memory": "1900Gi"}


def made(*objects):
    """Role and number of the pods that objects make."""
    return [(group.role, group.count) for one in workloads(*objects) for group in one.pods]


def job_spec(**fields):
    return {"template": template(), **fields}


def lws(size=None, replicas=None, leader=True, labels=None, **asks):
    """A LeaderWorkerSet."""
    groups = {"workerTemplate": template(labels=labels, **asks)}
    groups |= {"leaderTemplate": template(labels=labels, **asks)} if leader else {}
    groups |= {} if size is None else {"size": size}
    spec = {"leaderWorkerTemplate": groups} | ({} if replicas is None else {"replicas": replicas})
    return workload("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", spec)


def ray(**fields):
    """The spec of a RayCluster with one group of workers."""
    return {"headGroupSpec": {"template": template()}, "workerGroupSpecs": [{"template": template(), **fields}]}


def ray_cluster(**fields):
    return workload("ray.io/v1", "RayCluster", ray(**fields))


def mpi_job(workers, name="mpi", launcher=None, **asks):
    replicas = {
        "Launcher": {"template": template(launcher)},
        "Worker": {"replicas": workers, "template": template(**asks)},
    }
    return workload("kubeflow.org/v2beta1", "MPIJob", {"mpiReplicaSpecs": replicas}, name)


def pytorch_job(workers, spec=None, **asks):
    replicas = {
        "Master": {"template": template(spec, **asks)},
        "Worker": {"replicas": workers, "template": template(spec, **asks)},
    }
    return workload("kubeflow.org/v1", "PyTorchJob", {"pytorchReplicaSpecs": replicas})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(pod(), [("pod", 1)], id="a-pod"),
        pytest.param(workload("apps/v1", "Deployment", job_spec()), [("pod", 1)], id="one-replica-unless-told"),
        pytest.param(workload("apps/v1", "Deployment", job_spec(replicas=3)), [("pod", 3)], id="deployment"),
        pytest.param(workload("apps/v1", "ReplicaSet", job_spec(replicas=3)), [("pod", 3)], id="replica-set"),
        pytest.param(workload("apps/v1", "StatefulSet", job_spec(replicas=0)), [("pod", 0)], id="stateful-set"),
        pytest.param(workload("batch/v1", "Job", job_spec()), [("pod", 1)], id="job"),
        pytest.param(workload("batch/v1", "Job", job_spec(parallelism=3)), [("pod", 3)], id="a-job-without-completions"),
        pytest.param(workload("batch/v1", "Job", job_spec(parallelism=3, completions=2)), [("pod", 2)], id="no-more-than-completions"),
        pytest.param(workload("batch/v1", "Job", job_spec(parallelism=3, completions=9)), [("pod", 3)], id="those-that-run-at-once"),
        pytest.param(workload("batch/v1", "Job", job_spec(completions=9)), [("pod", 1)], id="one-after-the-other"),
        pytest.param(workload("batch/v1", "CronJob", {"jobTemplate": {"spec": job_spec(parallelism=4)}}), [("pod", 4)], id="cron-job"),
        pytest.param(mpi_job(4), [("launcher", 1), ("worker", 4)], id="mpi-job"),
        pytest.param(pytorch_job(3), [("master", 1), ("worker", 3)], id="pytorch-job"),
        pytest.param(lws(4), [("leader", 1), ("worker", 3)], id="a-leader-is-one-of-the-size"),
        pytest.param(lws(4, leader=False), [("worker", 4)], id="a-leader-made-from-the-workers-template"),
        pytest.param(lws(), [("leader", 1), ("worker", 0)], id="a-leader-alone"),
        pytest.param(ray_cluster(), [("head", 1), ("worker", 0)], id="ray-without-replicas"),
        pytest.param(ray_cluster(replicas=3), [("head", 1), ("worker", 3)], id="ray-replicas"),
        pytest.param(ray_cluster(minReplicas=2), [("head", 1), ("worker", 2)], id="ray-has-at-least"),
        pytest.param(ray_cluster(replicas=1, minReplicas=2), [("head", 1), ("worker", 2)], id="ray-has-no-less"),
        pytest.param(ray_cluster(replicas=9, maxReplicas=5), [("head", 1), ("worker", 5)], id="ray-has-no-more"),
        pytest.param(ray_cluster(replicas=3, numOfHosts=4), [("head", 1), ("worker", 12)], id="ray-hosts"),
        pytest.param(ray_cluster(replicas=3, suspend=True), [("head", 1), ("worker", 0)], id="ray-suspended"),
        pytest.param(workload("ray.io/v1", "RayJob", {"rayClusterSpec": ray(replicas=2), "submitterPodTemplate": template()}), [("head", 1), ("worker", 2), ("submitter", 1)], id="ray-job"),
        pytest.param(workload("v1", "ReplicationController", job_spec(replicas=2)), [("pod", 2)], id="replication-controller"),
        pytest.param(workload("ray.io/v1", "RayService", {"rayClusterConfig": ray(replicas=2)}), [("head", 1), ("worker", 2)], id="ray-service"),
        pytest.param(workload("v1", "PodTemplate", {}) | {"template": template()}, [], id="a-pod-template-makes-none"),
        pytest.param(workload("example.com/v1", "Thing", {"podSpec": {"containers": [{}]}}), [], id="a-kind-that-nobody-knows"),
        pytest.param(workload("v1", "Service", {}), [], id="no-pods"),
        pytest.param(workload("example.com/v1", "Job", job_spec()), [], id="another-groups-job"),
    ],
)  # fmt: skip
def test_how_many_pods_a_workload_makes(data, expected):
    assert made(data) == expected


@pytest.mark.parametrize("value", [-1, "3", 1.5, True])
def test_a_number_of_pods_that_is_none_is_refused_with_its_place(value):
    text = f"kind: Deployment\napiVersion: apps/v1\nmetadata: {{name: w}}\nspec:\n  replicas: {value!r}\n  template: {{}}\n"

    with pytest.raises(UsageError) as caught:
        read_workloads(documents.read(text.encode(), "app.yaml").documents)

    assert str(caught.value) == (
        f"app.yaml:5:3: Deployment/w spec.replicas: {documents.read(text.encode(), 'a').documents[0].data['spec']['replicas']!r} "
        "is no number of pods; write a whole number, 0 or more"
    )


def test_every_mistake_is_told():
    with pytest.raises(UsageError) as caught:
        workloads(workload("apps/v1", "Deployment", job_spec(replicas=-1)), pod(memory="8 GB", cpu="-1"))

    assert str(caught.value).splitlines() == [
        "job.yaml: Deployment/w spec.replicas: -1 is no number of pods; write a whole number, 0 or more",
        "job.yaml: Pod/default/pod spec.containers[0].resources.limits.memory: '8 GB' is no quantity; write a number with "
        "or without a unit, such as 500m, 8 or 64Gi",
        "job.yaml: Pod/default/pod spec.containers[0].resources.limits.cpu: '-1' is below 0; write 0 or more",
    ]


def test_a_workload_knows_where_it_stands():
    text = b"---\nkind: Pod\napiVersion: v1\nmetadata: {name: a}\n---\nkind: Pod\napiVersion: v1\nmetadata: {name: b, namespace: team}\n"

    found = read_workloads(documents.read(text, "pods.yaml").documents)

    assert [(one.label, one.file, one.line) for one in found] == [
        ("Pod/a", "pods.yaml", 2),
        ("Pod/team/b", "pods.yaml", 6),
    ]


def box(restart=None, limits=None, **requests):
    one = {"resources": {"requests": requests, "limits": limits or {}}}
    return one | ({"restartPolicy": restart} if restart else {})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"containers": [box(cpu="500m"), box(cpu=1)]}, {"cpu": 1500}, id="containers-are-added"),
        pytest.param({"containers": [box(limits={"rdma/ib": 8})]}, {"rdma/ib": 8}, id="a-limit-alone-is-a-request"),
        pytest.param({"containers": [box(limits={"cpu": 4}, cpu=1)]}, {"cpu": 1000}, id="a-request-goes-over-its-limit"),
        pytest.param({"containers": [box(cpu="1n")]}, {"cpu": 1}, id="less-than-a-thousandth-of-a-cpu-is-one"),
        pytest.param({"containers": [box(memory="1.5")]}, {"memory": 2}, id="a-part-of-a-byte-is-one"),
        pytest.param({"initContainers": [box(cpu=3), box(cpu=2)], "containers": [box(cpu=1)]}, {"cpu": 3000}, id="the-largest-init-container-counts-where-it-is-more-than-the-containers"),
        pytest.param({"initContainers": [box(cpu=3), box(cpu=2)], "containers": [box(cpu=4)]}, {"cpu": 4000}, id="and-not-where-it-is-less"),
        pytest.param({"initContainers": [box("Always", cpu=2), box(cpu=3)], "containers": [box(cpu=1)]}, {"cpu": 5000}, id="an-init-container-runs-beside-the-sidecars-before-it"),
        pytest.param({"initContainers": [box(cpu=3), box("Always", cpu=2)], "containers": [box(cpu=1)]}, {"cpu": 3000}, id="but-not-beside-a-sidecar-after-it"),
        pytest.param({"initContainers": [box("Always", cpu=2)], "containers": [box(cpu=3)]}, {"cpu": 5000}, id="a-sidecar-runs-beside-the-containers"),
        pytest.param({"initContainers": [box("Always", cpu=2), box("Always", cpu=1)], "containers": [box()]}, {"cpu": 3000}, id="sidecars-are-added"),
        pytest.param({"containers": [box(memory="1Gi")], "overhead": {"memory": "1Mi"}}, {"memory": (1 << 30) + (1 << 20)}, id="overhead-is-added"),
        pytest.param({"containers": [box(cpu=1, memory="1Gi")], "resources": {"requests": {"cpu": 4}}}, {"cpu": 4000, "memory": 1 << 30}, id="pod-level-requests-replace-the-sum"),
        pytest.param({"containers": [box(cpu=1)], "resources": {"requests": {"cpu": 4}}, "overhead": {"cpu": 1}}, {"cpu": 5000}, id="overhead-is-added-to-pod-level-requests"),
        pytest.param({"containers": [{}], "resources": {"limits": {"cpu": 4}}}, {"cpu": 4000}, id="a-pod-level-limit-counts-where-no-container-asks"),
        pytest.param({"containers": [box(cpu=1)], "resources": {"limits": {"cpu": 4}}}, {"cpu": 1000}, id="and-not-where-one-does"),
        pytest.param({"containers": [{}], "resources": {"requests": {"rdma/ib": 4, "hugepages-2Mi": "4Mi"}}}, {"hugepages-2Mi": 4 << 20}, id="pod-level-devices-do-not-exist"),
        pytest.param({"containers": [box(cpu=0)]}, {}, id="nothing-is-nothing"),
        pytest.param({"containers": "wrong", "overhead": 3}, {}, id="wrong-types-ask-for-nothing"),
    ],
)  # fmt: skip
def test_what_a_pod_asks_for_is_what_the_scheduler_counts(spec, expected):
    assert dict(workloads(workload("v1", "Pod", spec))[0].pods[0].requests) == expected


# Labels that controllers add


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        pytest.param(workload("batch/v1", "Job", job_spec()), [{"batch.kubernetes.io/job-name": "w", "job-name": "w"}], id="job"),
        pytest.param(mpi_job(1, "w"), [{"training.kubeflow.org/job-name": "w", "training.kubeflow.org/replica-type": role, "training.kubeflow.org/job-role": role} for role in ("launcher", "worker")], id="mpi-job"),
        pytest.param(pytorch_job(1), [{"training.kubeflow.org/job-name": "w", "training.kubeflow.org/replica-type": role} for role in ("master", "worker")], id="pytorch-job"),
        pytest.param(lws(), [{"leaderworkerset.sigs.k8s.io/name": "w"}] * 2, id="leader-worker-set"),
        pytest.param(ray_cluster(), [{"ray.io/node-type": role, "ray.io/cluster": "w"} for role in ("head", "worker")], id="ray-cluster"),
        pytest.param(workload("ray.io/v1", "RayJob", {"rayClusterSpec": {"headGroupSpec": {"template": template()}}}), [{"ray.io/node-type": "head"}], id="ray-job"),
        pytest.param(pod(labels={"a": "b", "n": 3}), [{"a": "b", "n": "3"}], id="its-own"),
    ],
)  # fmt: skip
def test_labels_by_which_pods_are_found(data, labels):
    assert [dict(group.labels) for one in workloads(data) for group in one.pods] == labels


# Groups of a LeaderWorkerSet, and roles that have nothing to do with RDMA


def test_the_advice_of_one_pool_is_for_each_group_of_a_leader_worker_set():
    found = kubectl(*nodes("a", 3, **GPU_NODE), *nodes("b", 2, **GPU_NODE))

    report = fitted(found, lws(2, 2, gpu="8", ib="8"))

    assert report.ok
    assert [advice.pool for advice in report.workloads[0].advice] == ["a", "b"]
    assert [(one.role, one.wanted, one.one_pool) for one in report.workloads[0].pods] == [
        ("leader", 2, True),
        ("worker", 2, True),
    ]


def test_groups_of_a_leader_worker_set_that_find_no_pool_are_pending():
    report = fitted(kubectl(*nodes("a", 3, **GPU_NODE)), lws(2, 2, leader=False, gpu="8", ib="8"))

    assert (pods_of(report).wanted, pods_of(report).placed, pods_of(report).pending) == (4, 3, 1)


def test_one_group_is_what_a_leader_worker_set_has_unless_told():
    assert workloads(lws(2))[0].groups == 1
    assert workloads(lws(2, 0))[0].groups == 0
    assert fitted(kubectl(node(cpu="1")), lws(2, 0)).ok


def test_a_launcher_without_rdma_need_not_be_on_the_fabric():
    found = kubectl(*nodes("a", 2, pods="1", gpu="8", ib="8"), *nodes("cpu", 1, cpu="4"))

    report = fitted(found, mpi_job(2, gpu="8", ib="8"))

    assert placed(report) == [{"cpu": 1}, {"a": 2}]
    assert [one.one_pool for one in report.workloads[0].pods] == [False, True]


def test_pods_with_rdma_get_their_place_before_the_others_of_their_workload():
    found = kubectl(
        node("n0", "a", cpu="2", ib="1"), node("n1", "a", cpu="2", ib="1"), node("n2", "b", cpu="1", ib="1")
    )

    report = fitted(found, mpi_job(2, cpu="2", ib="1"))

    assert placed(report) == [{"b": 1}, {"a": 2}]


def test_master_and_workers_are_advised_to_share_a_pool():
    found = kubectl(*nodes("a", 2, **GPU_NODE), *nodes("b", 3, **GPU_NODE))

    report = fitted(found, pytorch_job(2, gpu="8", ib="8"))

    assert [advice.pool for advice in report.workloads[0].advice] == ["b"]


def test_roles_that_keep_apart_from_each_other_by_the_controllers_label():
    spec = apart({"matchLabels": {"training.kubeflow.org/job-name": "w"}})
    found = kubectl(*nodes("a", 2, **GPU_NODE))

    report = fitted(found, pytorch_job(2, spec, gpu="1", ib="1"))

    assert [(one.placed, one.pending) for one in report.workloads[0].pods] == [(1, 0), (1, 1)]


def test_a_workload_whose_roles_are_all_kept_in_a_pool_needs_no_advice():
    spec = together(**{"training.kubeflow.org/job-name": "w"})
    found = kubectl(*nodes("a", 3, **GPU_NODE), *nodes("b", 3, **GPU_NODE))

    pinned, loose = fitted(found, pytorch_job(1, spec, gpu="8", ib="8")), fitted(found, pytorch_job(1, gpu="8", ib="8"))

    assert [len(one.workloads[0].advice) for one in (pinned, loose)] == [0, 1]


# TrainJobs and their runtimes


def replicated(name="node", replicas=None, parallelism=None, label=None, spec=None, **asks):
    container = {
        "name": "node",
        "resources": {"limits": {{"gpu": "nvidia.com/gpu", "ib": "rdma/ib"}.get(k, k): v for k, v in asks.items()}},
    }
    job = {"template": {"spec": {"containers": [container], **(spec or {})}}}
    job |= {} if parallelism is None else {"parallelism": parallelism}
    label = ("trainer" if name == "node" else "") if label is None else label
    labels = {"trainer.kubeflow.org/trainjob-ancestor-step": label} if label else {}
    found = {"name": name, "template": {"metadata": {"labels": labels}, "spec": job}}
    return found | ({} if replicas is None else {"replicas": replicas})


def runtime(*jobs, kind="ClusterTrainingRuntime", name="torch", **policy):
    spec = {"mlPolicy": policy, "template": {"spec": {"replicatedJobs": list(jobs or (replicated(),))}}}
    return workload("trainer.kubeflow.org/v1alpha1", kind, spec, name)


def train_job(reference=None, trainer=None, name="train", **fields):
    spec = {"runtimeRef": {"name": "torch"} if reference is None else reference, "trainer": trainer or {}, **fields}
    return workload("trainer.kubeflow.org/v1alpha1", "TrainJob", spec, name)


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        pytest.param([runtime(numNodes=3), train_job()], [("node", 3)], id="nodes-of-the-runtime"),
        pytest.param([runtime(numNodes=3), train_job(trainer={"numNodes": 5})], [("node", 5)], id="nodes-of-the-job-go-before"),
        pytest.param([runtime(), train_job()], [("node", 1)], id="one-node-unless-told"),
        pytest.param([runtime(numNodes=2)], [("node", 2)], id="a-runtime-that-no-job-uses"),
        pytest.param([runtime(numNodes=2), train_job({"name": "other"}, {"numNodes": 4})], [("node", 2), ("node", 4)], id="a-runtime-that-is-not-there"),
        pytest.param([train_job()], [("node", 1)], id="no-runtime-and-no-nodes"),
        pytest.param([runtime(replicated("node"), replicated("initializer", parallelism=2)), train_job(trainer={"numNodes": 4})], [("node", 4), ("initializer", 2)], id="jobs-that-do-not-train-keep-their-number"),
        pytest.param([runtime(replicated("launcher"), replicated("node"), mpi={}), train_job(trainer={"numNodes": 4})], [("launcher", 1), ("node", 4)], id="a-launcher-beside-the-nodes"),
        pytest.param([runtime(replicated("launcher"), replicated("node"), mpi={"runLauncherAsNode": True}), train_job(trainer={"numNodes": 4})], [("launcher", 1), ("node", 3)], id="a-launcher-that-is-a-node"),
        pytest.param([runtime(replicated("x", label="trainer"), replicated("y")), train_job(trainer={"numNodes": 3})], [("x", 3), ("y", 1)], id="a-job-labeled-as-the-trainer"),
        pytest.param([runtime(replicated("data", replicas=2, parallelism=3), replicated("node"))], [("data", 6), ("node", 1)], id="replicas-of-a-job"),
        pytest.param([runtime(kind="TrainingRuntime", numNodes=2), train_job({"kind": "TrainingRuntime", "name": "torch"})], [("node", 2)], id="a-runtime-of-the-namespace"),
        pytest.param([runtime(kind="TrainingRuntime", numNodes=2), train_job(trainer={"numNodes": 3})], [("node", 2), ("node", 3)], id="a-runtime-of-another-kind"),
    ],
)  # fmt: skip
def test_how_many_pods_a_train_job_makes(objects, expected):
    assert made(*objects) == expected


def test_a_train_job_asks_for_what_its_runtime_does_and_for_its_own_instead():
    given = {"requests": {"nvidia.com/gpu": 8, "cpu": 4}}
    base = runtime(replicated(gpu=1, ib=1, cpu=2, spec={"nodeSelector": {"a": "1"}}), numNodes=2)

    plain, own = workloads(base, train_job(), train_job(trainer={"resourcesPerNode": given}, name="own"))

    assert dict(plain.pods[0].requests) == {"nvidia.com/gpu": 1, "rdma/ib": 1, "cpu": 2000}
    assert dict(own.pods[0].requests) == {"nvidia.com/gpu": 8, "cpu": 4000}
    assert plain.notes == ()
    assert own.notes == (
        "TrainJob/own: resourcesPerNode replaces the resources of the runtime, which lose rdma/ib; name them in "
        "resourcesPerNode too",
    )
    assert (plain.label, own.label) == ("TrainJob/train", "TrainJob/own")
    assert plain.pods[0].placement.selector[0].key == "a"


def test_resources_of_a_train_job_go_to_no_job_that_does_not_train():
    base = runtime(replicated("node"), replicated("initializer", cpu=2))

    (found,) = workloads(base, train_job(trainer={"resourcesPerNode": {"limits": {"cpu": 8}}}))

    assert [dict(group.requests) for group in found.pods] == [{"cpu": 8000}, {"cpu": 2000}]


@pytest.mark.parametrize(
    ("objects", "note"),
    [
        pytest.param([train_job()], "TrainJob/train: ClusterTrainingRuntime torch is not among the files, so its node selector, tolerations and init containers are not counted; name its file too", id="no-runtime"),
        pytest.param([train_job({"kind": "TrainingRuntime", "name": "x"})], "TrainJob/train: TrainingRuntime x is not among the files, so its node selector, tolerations and init containers are not counted; name its file too", id="no-runtime-of-the-namespace"),
        pytest.param([runtime()], "ClusterTrainingRuntime/torch makes no pods by itself; counted as one TrainJob would use it", id="no-job"),
    ],
)  # fmt: skip
def test_what_is_assumed_of_a_train_job_is_noted(objects, note):
    assert [note for one in workloads(*objects) for note in one.notes] == [note]


def test_a_train_job_without_its_runtime_asks_for_its_own_resources():
    (found,) = workloads(train_job(trainer={"numNodes": 2, "resourcesPerNode": {"limits": {"rdma/ib": 8}}}))

    assert [(group.role, group.count, dict(group.requests)) for group in found.pods] == [("node", 2, {"rdma/ib": 8})]


def test_pods_of_a_train_job_belong_on_one_fabric():
    found = kubectl(*nodes("a", 1, **GPU_NODE), *nodes("b", 3, **GPU_NODE))

    report = fitted(found, runtime(replicated(gpu="8", ib="8"), numNodes=3), train_job())

    assert placed(report) == [{"a": 1, "b": 2}]
    assert [advice.pool for advice in report.workloads[0].advice] == ["b"]


def test_resources_of_a_train_job_go_to_the_job_that_is_labeled_as_the_trainer_alone():
    (found,) = workloads(
        runtime(replicated(label="", cpu=1)), train_job(trainer={"resourcesPerNode": {"limits": {"cpu": 8}}})
    )

    assert dict(found.pods[0].requests) == {"cpu": 1000}


def test_a_wrong_quantity_of_a_train_job_is_told_once_and_where_it_stands():
    with pytest.raises(UsageError) as caught:
        workloads(runtime(replicated(cpu=1)), train_job(trainer={"resourcesPerNode": {"limits": {"cpu": "x"}}}))

    assert str(caught.value).splitlines() == [
        "job.yaml: TrainJob/train spec.trainer.resourcesPerNode.limits.cpu: 'x' is no quantity; write a number with or "
        "without a unit, such as 500m, 8 or 64Gi"
    ]


def test_a_wrong_quantity_of_a_runtime_is_told_in_the_runtime():
    with pytest.raises(UsageError, match=r"ClusterTrainingRuntime/torch spec.template.*limits.cpu: 'x' is no quantity"):
        workloads(runtime(replicated(cpu="x")), train_job())


def test_pods_of_a_job_set_have_the_names_of_its_jobs():
    jobs = [replicated("driver", cpu=1), replicated("workers", replicas=2, parallelism=3, gpu=1)]

    (found,) = workloads(workload("jobset.x-k8s.io/v1alpha2", "JobSet", {"replicatedJobs": jobs}))

    assert [(group.role, group.count) for group in found.pods] == [("driver", 1), ("workers", 6)]
    assert found.pods[0].labels == {"jobset.sigs.k8s.io/jobset-name": "w"}


def test_pods_of_a_train_job_are_found_by_its_name():
    (found,) = workloads(runtime(), train_job())

    assert found.pods[0].labels == {"jobset.sigs.k8s.io/jobset-name": "train"}


def test_pods_of_a_train_job_are_in_its_namespace():
    namespaced = train_job() | {"metadata": {"name": "train", "namespace": "team"}}

    (found,) = workloads(runtime(), namespaced)

    assert found.pods[0].namespace == "team"


# A set of odd values


@pytest.mark.parametrize(
    "spec",
    [None, "text", [], {"template": None}, {"template": {"spec": []}}, {"template": {"spec": {"containers": [None]}}}],
)
def test_wrong_types_make_no_error(spec):
    found = cluster(("a", "Standard_HB120rs_v3", 1))

    for kind in ("Deployment", "DaemonSet"):
        assert fitted(found, workload("apps/v1", kind, spec)).ok
