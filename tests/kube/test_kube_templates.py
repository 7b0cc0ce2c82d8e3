"""Every workload shows its pod templates, and where they are."""

import pytest

from aksrdma.findings import format_path
from aksrdma.kube.templates import pod_templates

POD = {"spec": {"containers": []}}


def paths(version, kind, spec):
    data = {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    return [format_path(template.path) for template in pod_templates(data)]


@pytest.mark.parametrize(
    ("version", "kind", "spec", "expected"),
    [
        pytest.param("v1", "Pod", {}, [""], id="a-pod-itself"),
        pytest.param("apps/v1", "Deployment", {"template": POD}, ["spec.template"], id="deployment"),
        pytest.param(
            "batch/v1",
            "CronJob",
            {"jobTemplate": {"spec": {"template": POD}}},
            ["spec.jobTemplate.spec.template"],
            id="cron-job",
        ),
        pytest.param(
            "kubeflow.org/v2beta1",
            "MPIJob",
            {"mpiReplicaSpecs": {"Launcher": {"template": POD}, "Worker": {"template": POD}}},
            ["spec.mpiReplicaSpecs.Launcher.template", "spec.mpiReplicaSpecs.Worker.template"],
            id="mpi-job",
        ),
        pytest.param(
            "kubeflow.org/v1",
            "PyTorchJob",
            {"pytorchReplicaSpecs": {"Worker": {"template": POD}}},
            ["spec.pytorchReplicaSpecs.Worker.template"],
            id="pytorch-job",
        ),
        pytest.param(
            "leaderworkerset.x-k8s.io/v1",
            "LeaderWorkerSet",
            {"leaderWorkerTemplate": {"leaderTemplate": POD, "workerTemplate": POD}},
            ["spec.leaderWorkerTemplate.leaderTemplate", "spec.leaderWorkerTemplate.workerTemplate"],
            id="leader-worker-set",
        ),
        pytest.param(
            "ray.io/v1",
            "RayCluster",
            {"headGroupSpec": {"template": POD}, "workerGroupSpecs": [{"template": POD}, {"template": POD}]},
            ["spec.headGroupSpec.template", "spec.workerGroupSpecs[0].template", "spec.workerGroupSpecs[1].template"],
            id="ray-cluster",
        ),
        pytest.param(
            "ray.io/v1",
            "RayJob",
            {"rayClusterSpec": {"headGroupSpec": {"template": POD}}, "submitterPodTemplate": POD},
            ["spec.rayClusterSpec.headGroupSpec.template", "spec.submitterPodTemplate"],
            id="ray-job",
        ),
        pytest.param(
            "trainer.kubeflow.org/v1alpha1",
            "TrainingRuntime",
            {"template": {"spec": {"replicatedJobs": [{"template": {"spec": {"template": POD}}}]}}},
            ["spec.template.spec.replicatedJobs[0].template.spec.template"],
            id="training-runtime",
        ),
        pytest.param("batch.volcano.sh/v1alpha1", "Job", {"template": POD}, [], id="another-kind-of-the-same-name"),
        pytest.param("apps/v1", "Deployment", {"template": []}, [], id="a-template-of-the-wrong-type"),
        pytest.param("kubeflow.org/v1", "PyTorchJob", {"pytorchReplicaSpecs": [1]}, [], id="no-templates"),
    ],
)
def test_paths(version, kind, spec, expected):
    assert paths(version, kind, spec) == expected


@pytest.mark.parametrize("data", [None, [], "text", {"kind": 1}, {"apiVersion": 1, "kind": "Pod"}])
def test_what_is_no_object_has_none(data):
    assert list(pod_templates(data)) == []
