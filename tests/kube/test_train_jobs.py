"""What Kubeflow Trainer makes of a TrainJob and the runtime that it names."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from aksrdma.kube.kinds import ANCESTOR_STEP
from aksrdma.kube.templates import pod_count, pod_templates
from aksrdma.kube.train_jobs import RuntimeName, runtime_name, trained, wanted_runtime
from aksrdma.kube.values import step

RDMA = {"limits": {"nvidia.com/gpu": 8, "rdma/ib": 8}}
LABEL = {"labels": {ANCESTOR_STEP: "trainer"}}


def replicated(name: str, *containers: str, labeled: bool = False) -> dict[str, Any]:
    spec = {"containers": [{"name": one, "image": "i", "resources": RDMA} for one in containers or ("node",)]}
    template: dict[str, Any] = {"spec": {"template": {"spec": spec}}}
    return {"name": name, "template": {**template, "metadata": LABEL} if labeled else template}


def runtime(*jobs: dict[str, Any], **policy: Any) -> dict[str, Any]:
    return {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "ClusterTrainingRuntime",
        "metadata": {"name": "torch"},
        "spec": {"mlPolicy": policy, "template": {"spec": {"replicatedJobs": list(jobs)}}},
    }


def train_job(trainer: Any = None, **spec: Any) -> dict[str, Any]:
    return {"kind": "TrainJob", "metadata": {"name": "train"}, "spec": {"trainer": trainer, **spec}}


TORCH = runtime(replicated("node", "node", "sidecar", labeled=True), numNodes=2)
LAUNCHER = (replicated("node"), replicated("launcher", labeled=True))
GPU = {"resourcesPerNode": {"limits": {"nvidia.com/gpu": 8}}}


def counts(job: dict[str, Any], of: dict[str, Any] | None) -> list[int | None]:
    merged = trained(job, of).runtime
    return [pod_count(merged, template, None) for template in pod_templates(merged)]


@pytest.mark.parametrize(
    ("job", "of", "expected"),
    [
        pytest.param(train_job({"numNodes": 4}), TORCH, [4], id="as-many-as-the-job-says"),
        pytest.param(train_job({}), TORCH, [2], id="else-as-the-runtime-says"),
        pytest.param(train_job({}), runtime(replicated("node", labeled=True)), [1], id="else-one"),
        pytest.param(train_job({"numNodes": "4"}), TORCH, [2], id="a-text-is-no-number"),
        pytest.param(train_job({"numNodes": 4}), None, [4], id="of-a-runtime-that-is-not-known"),
        pytest.param(
            train_job({"numNodes": 4}),
            runtime(*LAUNCHER, mpi={"runLauncherAsNode": True}),
            [3, 1],
            id="the-launcher-is-one-of-them",
        ),
        pytest.param(
            train_job({"numNodes": 1}),
            runtime(*LAUNCHER, mpi={"runLauncherAsNode": True}),
            [1, 1],
            id="beside-a-launcher-is-always-a-node",
        ),
        pytest.param(
            train_job({"numNodes": 4}),
            runtime(*LAUNCHER, mpi={}),
            [4, 1],
            id="a-launcher-that-only-launches-is-one-more",
        ),
    ],
)
def test_a_train_job_has_nodes(job: dict[str, Any], of: dict[str, Any] | None, expected: list[int]) -> None:
    assert counts(job, of) == expected


JOBS = ("spec", "template", "spec", "replicatedJobs")
POD = ("template", "spec", "template", "spec")


@pytest.mark.parametrize(
    ("of", "places"),
    [
        pytest.param(TORCH, [(0, 0)], id="the-container-node-of-the-labeled-job"),
        pytest.param(
            runtime(replicated("other", "sidecar", "node", labeled=True)), [(0, 1)], id="whatever-the-jobs-name"
        ),
        pytest.param(runtime(replicated("node")), [], id="not-of-a-job-without-the-label"),
        pytest.param(runtime(replicated("node", "main", labeled=True)), [], id="not-a-container-of-another-name"),
        pytest.param(runtime(*LAUNCHER, mpi={}), [(1, 0)], id="of-the-launcher-that-is-labeled"),
        pytest.param(
            runtime(*LAUNCHER, mpi={"runLauncherAsNode": True}), [(0, 0), (1, 0)], id="of-node-too-where-both-are-nodes"
        ),
        pytest.param(
            runtime(replicated("else"), LAUNCHER[1], mpi={"runLauncherAsNode": True}), [(1, 0)], id="of-no-third-job"
        ),
        pytest.param(
            runtime(*LAUNCHER, mpi={"runLauncherAsNode": "yes"}),
            [(1, 0)],
            id="a-text-does-not-make-the-launcher-a-node",
        ),
    ],
)
def test_the_resources_of_the_job_take_the_place_of_those(of: dict[str, Any], places: list[tuple[int, int]]) -> None:
    found = trained(train_job(GPU), of)

    paths = [(*JOBS, job, *POD, "containers", container) for job, container in places]
    assert [one.path for one in found.resized] == paths
    for path in paths:
        assert step(found.runtime, (*path, "resources")) == GPU["resourcesPerNode"]
        assert step(found.runtime, (*path, "image")) == "i"


def test_what_a_job_does_not_resize_stays_and_the_runtime_itself_is_not_changed() -> None:
    before = copy.deepcopy(TORCH)

    found = trained(train_job({**GPU, "numNodes": 4}), TORCH)

    assert before == TORCH
    assert found.runtime != before
    assert step(found.runtime, (*JOBS, 0, *POD, "containers", 1, "resources")) == RDMA
    assert found.resized[0].before["resources"] == RDMA


@pytest.mark.parametrize(
    ("trainer", "lost"),
    [
        pytest.param(GPU, ("rdma/ib",), id="what-the-job-leaves-out"),
        pytest.param({"resourcesPerNode": {"requests": RDMA["limits"]}}, (), id="nothing-where-it-names-all"),
        pytest.param({"resourcesPerNode": {"limits": {}}}, ("nvidia.com/gpu", "rdma/ib"), id="all-where-it-names-none"),
        pytest.param({"resourcesPerNode": {"claims": [{"name": "x"}]}}, (), id="nothing-by-claims-which-are-not-taken"),
        pytest.param({"resourcesPerNode": {"limits": None}}, (), id="nothing-by-null"),
        pytest.param({"resourcesPerNode": {}}, (), id="nothing-where-it-is-empty"),
        pytest.param({}, (), id="nothing-where-it-says-nothing"),
    ],
)
def test_the_container_loses(trainer: dict[str, Any], lost: tuple[str, ...]) -> None:
    assert trained(train_job(trainer), TORCH).lost == lost


def test_only_extended_resources_are_said_to_be_lost() -> None:
    of = copy.deepcopy(TORCH)
    of["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]["containers"][0][
        "resources"
    ] = {"limits": {"cpu": 4}, "requests": {"rdma/ib": 1}}

    assert trained(train_job(GPU), of).lost == ("rdma/ib",)


@pytest.mark.parametrize(
    ("spec", "of", "complete"),
    [
        pytest.param({}, TORCH, True, id="known-and-as-it-is"),
        pytest.param({}, None, False, id="not-known"),
        pytest.param({"runtimePatches": []}, TORCH, True, id="an-empty-list-of-patches"),
        pytest.param({"runtimePatches": [{}]}, TORCH, True, id="patched"),
    ],
)
def test_the_whole_runtime_is_known_where_it_is(spec: dict[str, Any], of: Any, complete: bool) -> None:
    assert trained(train_job(GPU, **spec), of).complete is complete


def test_of_an_unknown_runtime_the_container_of_the_job_is_all_there_is() -> None:
    found = trained(train_job(GPU), None)

    containers = [one for template in pod_templates(found.runtime) for one in template.spec["containers"]]
    assert containers == [{"name": "node", "resources": GPU["resourcesPerNode"]}]
    assert found.lost == ()
    assert pod_count(found.runtime, next(pod_templates(found.runtime)), None) == 1


@pytest.mark.parametrize(
    ("reference", "namespace", "name"),
    [
        pytest.param(
            {"name": "torch"}, "team", ("ClusterTrainingRuntime", "", "torch"), id="of-the-cluster-by-default"
        ),
        pytest.param(
            {"name": "torch", "kind": "TrainingRuntime"},
            "team",
            ("TrainingRuntime", "team", "torch"),
            id="of-its-namespace",
        ),
        pytest.param(
            {"name": "torch", "kind": "TrainingRuntime"},
            "",
            ("TrainingRuntime", "default", "torch"),
            id="which-is-default",
        ),
        pytest.param(None, "", ("ClusterTrainingRuntime", "", ""), id="none"),
    ],
)
def test_a_train_job_names_a_runtime(reference: Any, namespace: str, name: tuple[str, str, str]) -> None:
    job = {"kind": "TrainJob", "metadata": {"namespace": namespace}, "spec": {"runtimeRef": reference}}

    assert wanted_runtime(job) == name


def test_a_runtime_is_named_as_jobs_name_it() -> None:
    assert runtime_name(TORCH) == RuntimeName("ClusterTrainingRuntime", "", "torch")
    assert runtime_name({"kind": "TrainingRuntime", "metadata": {"name": "a"}}) == ("TrainingRuntime", "default", "a")
    assert runtime_name({"kind": "ClusterTrainingRuntime", "metadata": {"namespace": "x", "name": "a"}}).namespace == ""


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, [None], {"a": []}])
def test_odd_values_are_passed_over(odd: Any) -> None:
    assert trained({"spec": odd}, TORCH).resized == ()
    assert trained(train_job(GPU), {**TORCH, "spec": odd}).resized == ()
    assert trained({"spec": {"trainer": {"numNodes": 2}}}, {**TORCH, "spec": odd}).lost == ()


LOCKED = {"securityContext": {"capabilities": {"add": ["IPC_LOCK"]}}}
PATCH = {
    "containers": [{"name": "node", "env": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}], **LOCKED}],
    "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}],
    "nodeSelector": {"pool": "nd"},
}
WITH_ENV = [{"name": "A", "value": "1"}, {"name": "C", "value": "4"}]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(
            {"runtimePatches": [{"trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": [
                {"name": "node", "template": {"spec": {"template": {"spec": PATCH}}}}]}}}}]}, id="from-v2.2-on",
        ),
        pytest.param({"podTemplateOverrides": [{"targetJobs": [{"name": "node"}], "spec": PATCH}]}, id="of-v2.1"),
        pytest.param({"podSpecOverrides": [{"targetJobs": [{"name": "node"}], **PATCH}]}, id="of-v2.0"),
    ],
)  # fmt: skip
def test_what_the_job_patches_is_in_the_pod(spec: dict[str, Any]) -> None:
    of = runtime(replicated("node", labeled=True), replicated("other"))
    for job in of["spec"]["template"]["spec"]["replicatedJobs"]:
        job["template"]["spec"]["template"]["spec"]["containers"] = [
            {"name": "node", "image": "i", "env": list(WITH_ENV)}
        ]
    before = copy.deepcopy(of)

    node, other = pod_templates(trained(train_job({"env": [{"name": "C", "value": "5"}]}, **spec), of).runtime)

    assert node.spec["volumes"] == PATCH["volumes"]
    assert node.spec["nodeSelector"] == {"pool": "nd"}
    (container,) = node.spec["containers"]
    assert (container["image"], container["securityContext"]) == ("i", LOCKED["securityContext"])
    assert {one["name"]: one["value"] for one in container["env"]} == {"A": "2", "B": "3", "C": "5"}
    assert other.spec["containers"] == [{"name": "node", "image": "i", "env": WITH_ENV}]
    assert of == before


def test_the_image_and_the_command_of_the_job_take_the_place_of_those() -> None:
    (template,) = pod_templates(trained(train_job({"image": "mine", "command": ["a"]}), TORCH).runtime)

    assert (template.spec["containers"][0]["image"], template.spec["containers"][0]["command"]) == ("mine", ["a"])


def test_a_job_called_node_without_the_label_trains_where_that_is_meant() -> None:
    of = runtime(replicated("node"))

    assert [len(trained(train_job(GPU), of, by_name=one).resized) for one in (False, True)] == [0, 1]
    assert [trained(train_job(GPU), of, by_name=one).labeled for one in (False, True)] == [True, False]
