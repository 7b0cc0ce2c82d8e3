"""Pods of a TrainJob: judged as what they become of the runtime, each problem told where it stands."""

from __future__ import annotations

import textwrap
from typing import Any

import aksrdma
from aksrdma.checks.relation.pods import origins, pods_of
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import read

RUNTIME = """
apiVersion: trainer.kubeflow.org/v1alpha1
kind: ClusterTrainingRuntime
metadata: {name: torch}
spec:
  mlPolicy: {numNodes: 1}
  template:
    spec:
      replicatedJobs:
      - name: node
        template:
          metadata: {labels: {trainer.kubeflow.org/trainjob-ancestor-step: trainer}}
          spec:
            template:
              spec:
                containers:
                - name: node
                  image: images.example.com/torch:1
                  env: [{name: A, value: "1"}, {name: B, value: "2"}]
                  securityContext: {capabilities: {add: [KILL]}}
---
"""
JOB = """
apiVersion: trainer.kubeflow.org/v1alpha1
kind: TrainJob
metadata: {name: t, namespace: train}
spec:
  runtimeRef: {name: torch}
  trainer:
    env: [{name: B, value: "3"}, {name: C, value: "4"}]
    resourcesPerNode: {requests: {nvidia.com/gpu: 8, rdma/ib: 8}, limits: {nvidia.com/gpu: 8, rdma/ib: 8}}
"""
PATCHES = """
  runtimePatches:
  - manager: a.io/b
    trainingRuntimeSpec:
      template:
        spec:
          replicatedJobs:
          - name: node
            template:
              spec:
                template:
                  spec:
                    volumes: [{name: shm, emptyDir: {medium: Memory, sizeLimit: 8Gi}}]
                    containers:
                    - name: node
                      env: [{name: D, value: "5"}]
                      securityContext: {capabilities: {add: [IPC_LOCK]}}
                      volumeMounts: [{name: shm, mountPath: /dev/shm}]
"""
NODE = "spec.template.spec.replicatedJobs[0].template.spec.template.spec.containers[0]"


def found(text: str) -> set[tuple[str, str, str]]:
    report = aksrdma.validate(text, release="v26.4.1", vm_sizes=("Standard_ND96isr_H100_v5",))
    return {(one.rule, one.object, one.path) for one in report.findings if one.severity != "info"}


def test_what_the_pod_lacks_with_the_resources_of_the_job_is_told_of_the_job() -> None:
    assert found(RUNTIME + JOB) == {
        ("rdma-pod-lacks-ipc-lock", "TrainJob/train/t", "spec.trainer.resourcesPerNode"),
        ("nccl-pod-without-shm-volume", "TrainJob/train/t", "spec.trainer.resourcesPerNode"),
    }


def test_what_the_runtime_or_a_patch_has_is_not_missed() -> None:
    assert found(RUNTIME + JOB + PATCHES) == set()
    assert found(RUNTIME.replace("KILL", "IPC_LOCK") + JOB) == {
        ("nccl-pod-without-shm-volume", "TrainJob/train/t", "spec.trainer.resourcesPerNode")
    }


def test_what_is_wrong_in_the_runtime_is_told_of_the_runtime_alone() -> None:
    wrong = RUNTIME.replace("example.com/torch:1", "example.com/Torch:1") + JOB + PATCHES

    assert found(wrong) == {("image-reference-invalid", "ClusterTrainingRuntime/torch", f"{NODE}.image")}


def test_what_the_runtime_lacks_without_the_job_is_told_of_the_runtime_alone() -> None:
    takes = "resources: {requests: {nvidia.com/gpu: 8, rdma/ib: 8}, limits: {nvidia.com/gpu: 8, rdma/ib: 8}}\n"
    runtime = RUNTIME.replace("image:", f"{takes}                  image:")
    job, _, _ = JOB.partition("    resourcesPerNode")

    assert found(runtime + job) == {
        ("rdma-pod-lacks-ipc-lock", "ClusterTrainingRuntime/torch", NODE),
        ("nccl-pod-without-shm-volume", "ClusterTrainingRuntime/torch", NODE),
    }


def test_an_image_of_the_job_is_told_of_the_job_and_not_that_of_the_runtime() -> None:
    job = JOB.replace("  trainer:\n", "  trainer:\n    image: images.example.com/Mine:1\n")

    assert found(RUNTIME + job + PATCHES) == {("image-reference-invalid", "TrainJob/train/t", "spec.trainer.image")}


def test_a_pod_of_a_job_without_resources_is_that_of_the_runtime() -> None:
    wants = "resources: {requests: {rdma/ib: 9}, limits: {rdma/ib: 9}}\n                  image:"
    runtime = RUNTIME.replace("image:", wants).replace("KILL", "IPC_LOCK")
    job = "\n".join(line for line in JOB.splitlines() if "resourcesPerNode" not in line)
    rule = "sriov-rdma-count-above-vm-nics"

    assert found(runtime + job) == {(rule, "ClusterTrainingRuntime/torch", f"{NODE}.resources.limits[rdma/ib]")}


def test_each_variable_of_the_pod_stands_where_it_was_written() -> None:
    documents = read(textwrap.dedent(RUNTIME + JOB + PATCHES).encode(), "a.yaml").documents
    manifests = ManifestSet(documents, release="v26.4.1")
    (pod,) = (one for one in pods_of(manifests) if one.trained is not None)
    (container,) = pod.containers
    origin = origins(manifests)[pod.document]

    where: dict[str, Any] = {}
    for index, variable in enumerate(container.data["env"]):
        place = origin.find((*container.path, "env", index, "value"))
        assert place is not None
        found = place.document.value(place.path)
        where[variable["name"]] = (
            variable["value"],
            place.document.kind,
            found if isinstance(found, str) else place.path,
        )
    assert where == {
        "A": ("1", "ClusterTrainingRuntime", "1"),
        "B": ("3", "TrainJob", "3"),
        "C": ("4", "TrainJob", "4"),
        "D": ("5", "TrainJob", ("spec", "runtimePatches")),  # somewhere among them
    }
