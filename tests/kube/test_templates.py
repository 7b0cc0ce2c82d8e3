"""Pod templates of any object: where they stand, what their pods are, how many there are."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from aksrdma.kube.templates import pod_count, pod_templates, whole_numbers

POD = "{containers: [{name: a}]}"
TEMPLATE = f"{{spec: {POD}}}"

OBJECTS: dict[str, tuple[str, list[tuple[str, str, bool, int | None]]]] = {
    "a Pod is its own template": (f"{{apiVersion: v1, kind: Pod, spec: {POD}}}", [("", "pod", True, 1)]),
    "a Deployment makes its replicas": (
        f"{{apiVersion: apps/v1, kind: Deployment, spec: {{replicas: 3, template: {TEMPLATE}}}}}",
        [("spec.template", "pod", True, 3)],
    ),
    "a StatefulSet makes one unless told": (
        f"{{apiVersion: apps/v1, kind: StatefulSet, spec: {{template: {TEMPLATE}}}}}",
        [("spec.template", "pod", True, 1)],
    ),
    "a DaemonSet makes one a node": (
        f"{{apiVersion: apps/v1, kind: DaemonSet, spec: {{template: {TEMPLATE}}}}}",
        [("spec.template", "pod", True, 7)],
    ),
    "a Job runs no more than it completes": (
        f"{{apiVersion: batch/v1, kind: Job, spec: {{parallelism: 8, completions: 2, template: {TEMPLATE}}}}}",
        [("spec.template", "pod", True, 2)],
    ),
    "a Job runs as many as it may at once": (
        f"{{apiVersion: batch/v1, kind: Job, spec: {{parallelism: 2, completions: 8, template: {TEMPLATE}}}}}",
        [("spec.template", "pod", True, 2)],
    ),
    "a CronJob's job": (
        f"{{apiVersion: batch/v1, kind: CronJob, spec: {{jobTemplate: {{spec: {{parallelism: 2, template: {TEMPLATE}}}}}}}}}",
        [("spec.jobTemplate.spec.template", "pod", True, 2)],
    ),
    "an MPIJob's launcher does no work": (
        "{apiVersion: kubeflow.org/v2beta1, kind: MPIJob, spec: {mpiReplicaSpecs: "
        f"{{Launcher: {{template: {TEMPLATE}}}, Worker: {{replicas: 4, template: {TEMPLATE}}}}}}}}}",
        [
            ("spec.mpiReplicaSpecs.Launcher.template", "launcher", False, 1),
            ("spec.mpiReplicaSpecs.Worker.template", "worker", True, 4),
        ],
    ),
    "an MPIJob's launcher works where it is told to": (
        "{apiVersion: kubeflow.org/v2beta1, kind: MPIJob, spec: {runLauncherAsWorker: true, mpiReplicaSpecs: "
        f"{{Launcher: {{template: {TEMPLATE}}}}}}}}}",
        [("spec.mpiReplicaSpecs.Launcher.template", "launcher", True, 1)],
    ),
    "a part that a later release of a kind without schema has": (
        "{apiVersion: serving.kserve.io/v1alpha2, kind: LLMInferenceService, spec: "
        f"{{template: {POD}, router: {{scheduler: {{template: {POD}, tokenizer: {{template: {POD}}}}}}}}}}}",
        [
            ("spec.template", "leader", True, 1),
            ("spec.router.scheduler.template", "scheduler", False, 1),
            ("spec.router.scheduler.tokenizer.template", "pod", True, None),
        ],
    ),
    "a part that a kind with a schema does not have": (
        f"{{apiVersion: ray.io/v1, kind: RayCluster, spec: {{other: {{template: {TEMPLATE}}}}}}}",
        [],
    ),
    "a PyTorchJob's master works too": (
        "{apiVersion: kubeflow.org/v1, kind: PyTorchJob, spec: {pytorchReplicaSpecs: "
        f"{{Master: {{template: {TEMPLATE}}}, Worker: {{replicas: 3, template: {TEMPLATE}}}}}}}}}",
        [
            ("spec.pytorchReplicaSpecs.Master.template", "master", True, 1),
            ("spec.pytorchReplicaSpecs.Worker.template", "worker", True, 3),
        ],
    ),
    "a LeaderWorkerSet's groups have a leader and the rest": (
        "{apiVersion: leaderworkerset.x-k8s.io/v1, kind: LeaderWorkerSet, spec: {replicas: 2, leaderWorkerTemplate: "
        f"{{size: 4, leaderTemplate: {TEMPLATE}, workerTemplate: {TEMPLATE}}}}}}}",
        [
            ("spec.leaderWorkerTemplate.leaderTemplate", "leader", True, 2),
            ("spec.leaderWorkerTemplate.workerTemplate", "worker", True, 6),
        ],
    ),
    "without a leader's template the workers' makes the leader": (
        "{apiVersion: leaderworkerset.x-k8s.io/v1, kind: LeaderWorkerSet, spec: {replicas: 2, leaderWorkerTemplate: "
        f"{{size: 4, workerTemplate: {TEMPLATE}}}}}}}",
        [("spec.leaderWorkerTemplate.workerTemplate", "worker", True, 8)],
    ),
    "Ray's workers are between their bounds, on several hosts each": (
        "{apiVersion: ray.io/v1, kind: RayCluster, spec: {headGroupSpec: "
        f"{{template: {TEMPLATE}}}, workerGroupSpecs: [{{replicas: 9, minReplicas: 1, maxReplicas: 3, numOfHosts: 2, "
        f"template: {TEMPLATE}}}, {{replicas: 1, minReplicas: 2, template: {TEMPLATE}}}, {{suspend: true, replicas: 5, "
        f"template: {TEMPLATE}}}]}}}}",
        [
            ("spec.headGroupSpec.template", "head", True, 1),
            ("spec.workerGroupSpecs.0.template", "worker", True, 6),
            ("spec.workerGroupSpecs.1.template", "worker", True, 2),
            ("spec.workerGroupSpecs.2.template", "worker", True, 0),
        ],
    ),
    "a RayJob's submitter does no work": (
        "{apiVersion: ray.io/v1, kind: RayJob, spec: {rayClusterSpec: "
        f"{{headGroupSpec: {{template: {TEMPLATE}}}}}, submitterPodTemplate: {TEMPLATE}}}}}",
        [
            ("spec.rayClusterSpec.headGroupSpec.template", "head", True, 1),
            ("spec.submitterPodTemplate", "submitter", False, 1),
        ],
    ),
    "a JobSet makes each job so many times": (
        "{apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, spec: {replicatedJobs: [{replicas: 2, template: {spec: "
        f"{{parallelism: 4, template: {TEMPLATE}}}}}}}]}}}}",
        [("spec.replicatedJobs.0.template.spec.template", "pod", True, 8)],
    ),
    "a training runtime trains in the job that is called node": (
        "{apiVersion: trainer.kubeflow.org/v1alpha1, kind: TrainingRuntime, spec: {mlPolicy: {numNodes: 4}, template: {spec: "
        f"{{replicatedJobs: [{{name: fetch, template: {{spec: {{template: {TEMPLATE}}}}}}}, "
        f"{{name: node, template: {{spec: {{template: {TEMPLATE}}}}}}}]}}}}}}}}",
        [
            ("spec.template.spec.replicatedJobs.0.template.spec.template", "node", False, 1),
            ("spec.template.spec.replicatedJobs.1.template.spec.template", "node", True, 4),
        ],
    ),
    "a training runtime without such a job trains where the label says": (
        "{apiVersion: trainer.kubeflow.org/v1alpha1, kind: TrainingRuntime, spec: {template: {spec: {replicatedJobs: [{name: t, "
        "template: {metadata: {labels: {trainer.kubeflow.org/trainjob-ancestor-step: trainer}}, spec: "
        f"{{template: {TEMPLATE}}}}}}}]}}}}}}}}",
        [("spec.template.spec.replicatedJobs.0.template.spec.template", "node", True, 1)],
    ),
    "a launcher that is a node trains, and is one of the nodes": (
        "{apiVersion: trainer.kubeflow.org/v1alpha1, kind: TrainingRuntime, spec: {mlPolicy: {numNodes: 4, mpi: "
        "{runLauncherAsNode: true}}, template: {spec: {replicatedJobs: ["
        f"{{name: launcher, template: {{spec: {{template: {TEMPLATE}}}}}}}, "
        f"{{name: node, template: {{spec: {{template: {TEMPLATE}}}}}}}]}}}}}}}}",
        [
            ("spec.template.spec.replicatedJobs.0.template.spec.template", "node", True, 1),
            ("spec.template.spec.replicatedJobs.1.template.spec.template", "node", True, 3),
        ],
    ),
    "a kind in no table has a template by its looks": (
        f"{{apiVersion: batch.example.com/v1alpha1, kind: Job, spec: {{tasks: [{{replicas: 2, template: {TEMPLATE}}}]}}}}",
        [("spec.tasks.0.template", "pod", True, None)],
    ),
    "a kind in no table may have a bare pod spec": (
        f"{{apiVersion: a.io/v1, kind: A, spec: {{services: {{w: {{podSpec: {POD}}}}}}}}}",
        [("spec.services.w.podSpec", "pod", True, None)],
    ),
    "a kind in no table whose own spec has containers is a pod": (
        f"{{apiVersion: a.io/v1, kind: A, spec: {POD}}}",
        [("spec", "pod", True, None)],
    ),
    "a kind in no table may name its pod spec as it likes, as long as it says spec or template": (
        "{apiVersion: a.io/v1, kind: A, spec: {leader: {workerSpec: "
        f"{POD}}}, template: {POD}, extraPodSpec: {POD}, podTemplate: {TEMPLATE}}}}}",
        [
            ("spec.leader.workerSpec", "pod", True, None),
            ("spec.template", "pod", True, None),
            ("spec.extraPodSpec", "pod", True, None),
            ("spec.podTemplate", "pod", True, None),
        ],
    ),
    "what a status tells of pods is no template": (
        f"{{apiVersion: a.io/v1, kind: A, spec: {{status: {{spec: {POD}}}}}, status: {{template: {TEMPLATE}}}}}",
        [("spec.status", "pod", True, None)],
    ),
    "containers below another key are no pod": (f"{{apiVersion: a.io/v1, kind: A, spec: {{scan: {POD}}}}}", []),
    "a policy makes no pods that are in it": (
        "{apiVersion: mellanox.com/v1alpha1, kind: NicClusterPolicy, spec: {}}",
        [],
    ),
    "a list of containers that are none is no pod": ("{apiVersion: a.io/v1, kind: A, spec: {containers: [a, b]}}", []),
}


def path_of(steps: tuple[object, ...]) -> str:
    return ".".join(map(str, steps))


@pytest.mark.parametrize("name", OBJECTS)
def test_templates_are_found(name: str) -> None:
    text, expected = OBJECTS[name]
    data: dict[str, Any] = yaml.safe_load(text)

    found = [(path_of(one.path), one.role, one.works, pod_count(data, one, 7)) for one in pod_templates(data)]

    assert found == expected
    for one in pod_templates(data):
        assert [box["name"] for box in one.spec["containers"]] == ["a"]


def test_a_mini_cluster_has_a_pod_of_services_beside_its_brokers() -> None:
    data = yaml.safe_load(
        "{apiVersion: flux-framework.org/v1alpha2, kind: MiniCluster, spec: "
        "{size: 4, containers: [{image: a}], services: [{name: db}]}}"
    )

    found = [(path_of(one.path), one.role, one.works, pod_count(data, one, 7)) for one in pod_templates(data)]

    assert found == [("spec", "broker", True, 4), ("spec.services", "services", False, 1)]


def test_the_spec_of_a_template_has_a_path_of_its_own() -> None:
    names = ("a Pod is its own template", "a kind in no table may have a bare pod spec")
    pod, bare = (yaml.safe_load(OBJECTS[name][0]) for name in names)

    assert [path_of(one.spec_path) for one in (*pod_templates(pod), *pod_templates(bare))] == [
        "spec",
        "spec.services.w.podSpec",
    ]


def test_labels_and_annotations_are_those_of_the_pods() -> None:
    text = f"{{apiVersion: batch/v1, kind: Job, metadata: {{labels: {{x: y}}}}, spec: {{template: {{metadata: {{labels: {{a: b}}, annotations: {{c: d}}}}, spec: {POD}}}}}}}"
    (one,) = pod_templates(yaml.safe_load(text))

    assert (one.labels, one.annotations) == ({"a": "b"}, {"c": "d"})


@pytest.mark.parametrize(
    "data", [None, [], "Pod", 5, {}, {"kind": "Pod"}, {"apiVersion": "v1", "kind": "Pod", "spec": []}]
)
def test_what_is_no_object_has_no_templates_with_containers(data: Any) -> None:
    assert [one for one in pod_templates(data) if one.spec] == []


@pytest.mark.parametrize(
    "value",
    [pytest.param(-1, id="below-zero"), pytest.param(True, id="a-boolean"), pytest.param("3", id="a-text"), None],
)
def test_a_number_that_is_none_counts_as_absent(value: Any) -> None:
    assert whole_numbers({"spec": {"replicas": value}})(("spec", "replicas"), 1) == 1


def test_zero_replicas_are_a_number() -> None:
    assert whole_numbers({"spec": {"replicas": 0}})(("spec", "replicas"), 1) == 0


def test_a_very_deep_object_of_an_unknown_kind_is_walked() -> None:
    data: Any = {"spec": {"containers": [{}]}}
    for _ in range(5000):
        data = {"a": data}

    assert [len(one.path) for one in pod_templates({"apiVersion": "a.io/v1", "kind": "A", "b": data})] == [5001]


def test_how_many_pods_may_be_read_with_a_reader_that_complains() -> None:
    data = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": "x", "template": {"spec": {}}}}
    asked = []
    (template,) = pod_templates(data)

    assert pod_count(data, template, None, lambda path, default: asked.append(path) or 5) == 5
    assert asked == [("spec", "replicas")]
