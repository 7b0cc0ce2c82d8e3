"""Pods that are not written as templates: what they are read as, where their parts stand, how additions are written."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from aksrdma.findings import format_path
from aksrdma.kube.shapes import NotAMappingError
from aksrdma.kube.templates import PodTemplate, pod_count, pod_templates
from aksrdma.kube.values import step

DYNAMO = """
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
spec:
  services:
    W:
      componentType: worker
      envs: [{name: A, value: "1"}]
      resources: {limits: {gpu: "8", gpuType: a.io/gpu, memory: 1Gi, custom: {rdma/ib: "8"}}}
      extraPodMetadata: {labels: {a: b}}
      extraPodSpec:
        nodeSelector: {a: b}
        mainContainer: {image: "i:1", env: [{name: B, value: "2"}], resources: {limits: {cpu: 1}}}
        containers: [{name: sidecar}]
"""
FLUX = """
apiVersion: flux-framework.org/v1alpha2
kind: MiniCluster
spec:
  size: 3
  pod: {labels: {a: b}, nodeSelector: {c: d}, nodeAffinity: {pool: [x, y]}}
  containers:
  - image: i:1
    environment: {A: "1"}
    volumes:
      memory: {emptyDir: true, emptyDirMedium: memory, emptyDirSizeLimit: 4Gi}
      disk: {emptyDir: true}
      data: {hostPath: /data, path: /mnt}
      config: {configMapName: c, path: /etc/c}
"""
NODE_SET = """
apiVersion: slinky.slurm.net/v1beta1
kind: NodeSet
spec:
  slurmd: {image: "i:1"}
  template: {metadata: {labels: {a: b}}, spec: {nodeSelector: {c: d}, containers: [{name: sidecar}]}}
"""
ARGO = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec:
  nodeSelector: {all: b}
  volumes: [{name: shared}]
  templates:
  - {name: steps, steps: [[{name: a, template: run}]]}
  - name: run
    nodeSelector: {own: b}
    volumes: [{name: own}]
    container: {image: "{{workflow.parameters.image}}", resources: {limits: {a: "{{b}}", rdma/ib: 8}}}
    sidecars: [{name: s}]
  - {name: set, containerSet: {containers: [{name: x}, {name: y}]}}
"""


def one(text: str, at: int = 0) -> tuple[dict[str, Any], PodTemplate]:
    data: dict[str, Any] = yaml.safe_load(text)
    return data, list(pod_templates(data))[at]


def place(template: PodTemplate, *steps: str | int) -> str:
    return format_path(template.real((*template.path, *steps)))


def test_a_service_of_dynamo_is_read_as_the_pod_that_it_becomes() -> None:
    _, template = one(DYNAMO)

    main, sidecar = template.spec["containers"]
    assert (main["name"], main["image"], sidecar) == ("main", "i:1", {"name": "sidecar"})
    assert main["resources"]["limits"] == {"cpu": 1, "a.io/gpu": "8", "memory": "1Gi", "rdma/ib": "8"}
    assert [item["name"] for item in main["env"]] == ["A", "B"]
    assert main["volumeMounts"] == [{"name": "shared-memory", "mountPath": "/dev/shm"}]
    assert template.spec["volumes"] == [{"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}}]
    assert (template.spec["nodeSelector"], template.labels) == ({"a": "b"}, {"a": "b"})
    assert "mainContainer" not in template.spec


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        (("spec",), "extraPodSpec"),
        (("spec", "nodeSelector"), "extraPodSpec.nodeSelector"),
        (("metadata", "labels"), "extraPodMetadata.labels"),
        (("spec", "containers", 0), "extraPodSpec.mainContainer"),
        (("spec", "containers", 0, "image"), "extraPodSpec.mainContainer.image"),
        (("spec", "containers", 0, "env", 0, "value"), "envs[0].value"),
        (("spec", "containers", 0, "env", 1, "value"), "extraPodSpec.mainContainer.env[0].value"),
        (("spec", "containers", 0, "resources", "limits", "a.io/gpu"), "resources.limits.gpu"),
        (("spec", "containers", 0, "resources", "limits", "memory"), "resources.limits.memory"),
        (("spec", "containers", 0, "resources", "limits", "rdma/ib"), "resources.limits.custom[rdma/ib]"),
        (("spec", "containers", 0, "resources", "limits", "cpu"), "extraPodSpec.mainContainer.resources.limits.cpu"),
        (("spec", "containers", 1, "name"), "extraPodSpec.containers[0].name"),
        (("spec", "volumes", 0, "emptyDir", "sizeLimit"), "sharedMemory.size"),
    ],
)
def test_the_parts_of_a_service_of_dynamo_have_places(steps: tuple[str | int, ...], path: str) -> None:
    assert place(one(DYNAMO)[1], *steps) == f"spec.services.W.{path}"


@pytest.mark.parametrize(
    ("old", "new", "volumes"),
    [
        ("extraPodMetadata", "sharedMemory: {disabled: true}\n      extraPodMetadata", None),
        ("extraPodMetadata", "sharedMemory: {size: 1Gi}\n      extraPodMetadata", "1Gi"),
        ('image: "i:1"', 'image: "i:1", volumeMounts: [{name: x, mountPath: /dev/shm}]', None),
    ],
)
def test_dynamo_mounts_shared_memory_unless_told(old: str, new: str, volumes: str | None) -> None:
    _, template = one(DYNAMO.replace(old, new))

    sizes = [volume["emptyDir"]["sizeLimit"] for volume in template.spec.get("volumes", ())]
    assert sizes == ([volumes] if volumes else [])


def test_what_a_service_of_dynamo_gets_is_written_where_it_has_such_things() -> None:
    data, template = one(DYNAMO)
    main = template.spec["containers"][0]
    main["resources"]["limits"]["rdma/x"] = 8
    main["env"].append({"name": "C", "value": "3"})
    main["securityContext"] = {"capabilities": {"add": ["IPC_LOCK"]}}
    template.spec["nodeSelector"]["e"] = "f"
    template.spec["tolerations"] = [{"operator": "Exists"}]
    template.data["metadata"]["annotations"] = {"g": "h"}

    assert template.store(data) == frozenset()

    service = data["spec"]["services"]["W"]
    assert service["resources"]["limits"]["custom"] == {"rdma/ib": "8", "rdma/x": "8"}
    box = service["extraPodSpec"]["mainContainer"]
    assert (box["securityContext"], box["resources"]) == (main["securityContext"], {"limits": {"cpu": 1}})
    assert [item["name"] for item in box["env"]] == ["B", "C"]
    assert "volumeMounts" not in box
    assert service["extraPodSpec"]["nodeSelector"] == {"a": "b", "e": "f"}
    assert service["extraPodSpec"]["tolerations"] == [{"operator": "Exists"}]
    assert service["extraPodMetadata"] == {"labels": {"a": "b"}, "annotations": {"g": "h"}}


def test_a_mini_cluster_is_read_as_the_pod_that_it_becomes() -> None:
    _, template = one(FLUX)

    (box,) = template.spec["containers"]
    assert box["env"] == [{"name": "A", "value": "1"}]
    mounts = {mount["name"]: mount["mountPath"] for mount in box["volumeMounts"]}
    assert mounts == {"memory": "/dev/shm", "disk": "/dev/shm", "data": "/mnt", "config": "/etc/c"}
    volumes = {volume.pop("name"): volume for volume in copy.deepcopy(template.spec["volumes"])}
    assert volumes == {
        "memory": {"emptyDir": {"medium": "Memory", "sizeLimit": "4Gi"}},
        "disk": {"emptyDir": {}},
        "data": {"hostPath": {"path": "/data"}},
        "config": {"configMap": {"name": "c"}},
    }
    terms = step(template.spec, ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"))
    assert terms == {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "In", "values": ["x", "y"]}]}]
    }
    assert (template.labels, template.spec["nodeSelector"]) == ({"a": "b"}, {"c": "d"})
    assert place(template, "spec", "containers", 0, "env", 0, "value") == "spec.containers[0].environment.A"
    assert place(template, "spec", "containers", 0, "volumeMounts", 1) == "spec.containers[0].volumes.disk"
    assert place(template, "spec", "volumes", 2) == "spec.containers[0].volumes.data"
    assert place(template, "spec", "nodeSelector") == "spec.pod.nodeSelector"
    assert place(template, "metadata", "labels", "a") == "spec.pod.labels.a"


def test_what_a_mini_cluster_gets_is_written_in_its_own_words() -> None:
    data, template = one(FLUX)
    (box,) = template.spec["containers"]
    box["env"].append({"name": "B", "value": "2"})
    box["securityContext"] = {"privileged": True}
    template.spec["volumes"] += [
        {"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        {"name": "t", "configMap": {"name": "topology", "items": [{"key": "k", "path": "p"}]}},
    ]
    box["volumeMounts"] += [{"name": "m", "mountPath": "/dev/shm"}, {"name": "t", "mountPath": "/topo"}]
    template.spec["affinity"]["podAffinity"] = {}
    template.spec["tolerations"] = [{"operator": "Exists"}]

    assert "affinity" in template.store(data)

    spec = data["spec"]
    (after,) = spec["containers"]
    assert after["environment"] == {"A": "1", "B": "2"}
    assert after["securityContext"] == {"privileged": True}
    assert after["volumes"]["m"] == {"emptyDir": True, "emptyDirMedium": "memory", "emptyDirSizeLimit": "1Gi"}
    assert after["volumes"]["t"] == {"configMapName": "topology", "path": "/topo", "items": {"k": "p"}}
    assert after.keys() == {"image", "environment", "volumes", "securityContext"}
    assert spec["pod"].keys() == {"labels", "nodeSelector", "nodeAffinity", "tolerations"}


def test_the_command_of_a_mini_cluster_is_a_line() -> None:
    _, template = one(FLUX.replace("image: i:1", "image: i:1\n    command: A=1 lmp"))

    assert template.spec["containers"][0]["command"] == ["sh", "-c", "A=1 lmp"]
    assert place(template, "spec", "containers", 0, "command", 2) == "spec.containers[0].command"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("", {"capabilities": {"add": ["IPC_LOCK"]}}, id="as-in-a-pod"),
        pytest.param(
            "{privileged: false}", {"privileged": False, "capabilities": {"add": ["IPC_LOCK"]}}, id="beside-others"
        ),
        pytest.param("{addCapabilities: [A]}", {"addCapabilities": ["A", "IPC_LOCK"]}, id="in-the-list-of-its-own"),
        pytest.param(
            "{capabilities: {add: [B], drop: [C]}, addCapabilities: [A]}",
            {"capabilities": {"add": ["B"], "drop": ["C"]}, "addCapabilities": ["A", "IPC_LOCK"]},
            id="beside-those-of-a-pod",
        ),
    ],
)
def test_capabilities_of_a_mini_cluster_stay_where_they_are(given: str, expected: dict[str, Any]) -> None:
    data, template = one(FLUX.replace("image: i:1", f"image: i:1\n    securityContext: {given}"))
    (box,) = template.spec["containers"]
    box["securityContext"] = rights = copy.deepcopy(box["securityContext"] or {})
    rights.setdefault("capabilities", {}).setdefault("add", []).append("IPC_LOCK")

    template.store(data)

    assert data["spec"]["containers"][0]["securityContext"] == expected
    (again,) = pod_templates(data)
    assert again.spec["containers"][0]["securityContext"] == rights


@pytest.mark.parametrize(
    ("version", "key", "spec"),
    [
        ("v1alpha1", "envs", {"services": {"w": {"envs": [{"name": "B", "value": "2"}]}}}),
        (
            "v1beta1",
            "env",
            {
                "components": [
                    {
                        "name": "w",
                        "podTemplate": {
                            "spec": {"containers": [{"name": "main", "env": [{"name": "B", "value": "2"}]}]}
                        },
                    }
                ]
            },
        ),
    ],
)
def test_the_variables_of_a_graph_come_before_those_of_its_parts(version: str, key: str, spec: dict[str, Any]) -> None:
    data = {
        "apiVersion": f"nvidia.com/{version}",
        "kind": "DynamoGraphDeployment",
        "spec": {key: [{"name": "A", "value": "1"}], **spec},
    }
    (template,) = pod_templates(data)
    (box,) = template.spec["containers"]

    assert [one["name"] for one in box["env"]] == ["A", "B"]
    assert place(template, "spec", "containers", 0, "env", 0, "value") == f"spec.{key}[0].value"
    assert place(template, "spec", "containers", 0, "env", 1).endswith(f"{key}[0]")
    assert "services" not in place(template, "spec", "containers", 0, "env", 0)


def test_a_node_set_has_its_container_beside_its_template() -> None:
    data, template = one(NODE_SET)
    slurmd, sidecar = template.spec["containers"]

    assert (slurmd, sidecar) == ({"name": "slurmd", "image": "i:1"}, {"name": "sidecar"})
    assert place(template, "spec", "containers", 0, "image") == "spec.slurmd.image"
    assert place(template, "spec", "containers", 1, "name") == "spec.template.spec.containers[0].name"
    assert place(template, "spec", "nodeSelector") == "spec.template.spec.nodeSelector"
    slurmd["resources"] = {"limits": {"rdma/ib": 8}}
    template.spec["hostIPC"] = True
    template.store(data)
    assert data["spec"]["slurmd"] == {"image": "i:1", "resources": {"limits": {"rdma/ib": 8}}}
    assert data["spec"]["template"]["spec"] == {
        "nodeSelector": {"c": "d"},
        "containers": [{"name": "sidecar"}],
        "hostIPC": True,
    }


def test_a_node_set_without_a_container_of_its_own_has_a_whole_template() -> None:
    data = yaml.safe_load(NODE_SET.replace('  slurmd: {image: "i:1"}\n', "  scalingMode: DaemonSet\n"))
    (template,) = pod_templates(data)

    assert template.spec["containers"] == [{"name": "sidecar"}]
    assert place(template, "spec", "containers", 0) == "spec.template.spec.containers[0]"
    assert pod_count(data, template, 5) == 5


def test_the_steps_of_argo_that_run_containers_are_pods() -> None:
    _, run = one(ARGO)
    _, both = one(ARGO, 1)

    assert [box["name"] for box in run.spec["containers"]] == ["main", "s"]
    assert [box["name"] for box in both.spec["containers"]] == ["x", "y"]
    # A parameter is filled in later: nobody knows with what.
    assert run.spec["containers"][0] == {"name": "main", "resources": {"limits": {"rdma/ib": 8}}}
    assert (run.spec["nodeSelector"], both.spec["nodeSelector"]) == ({"own": "b"}, {"all": "b"})
    assert [volume["name"] for volume in run.spec["volumes"]] == ["shared", "own"]
    assert place(run, "spec", "containers", 0, "resources") == "spec.templates[1].container.resources"
    assert place(run, "spec", "containers", 1) == "spec.templates[1].sidecars[0]"
    assert place(run, "spec", "volumes", 0) == "spec.volumes[0]"
    assert place(run, "spec", "volumes", 1, "name") == "spec.templates[1].volumes[0].name"
    assert place(both, "spec", "containers", 1) == "spec.templates[2].containerSet.containers[1]"


def test_what_a_step_of_argo_gets_leaves_parameters_as_they_are() -> None:
    data, run = one(ARGO)
    run.spec["containers"][0]["resources"]["limits"]["rdma/x"] = 1
    run.spec["volumes"].append({"name": "new"})
    run.store(data)

    after = data["spec"]["templates"][1]
    assert after["container"]["resources"]["limits"] == {"a": "{{b}}", "rdma/ib": 8, "rdma/x": 1}
    assert after["container"]["image"] == "{{workflow.parameters.image}}"
    assert [volume["name"] for volume in after["volumes"]] == ["own", "new"]
    assert data["spec"]["volumes"] == [{"name": "shared"}]


@pytest.mark.parametrize("where", ["", "podSpecPatch: '{}'"])
def test_a_step_with_a_patch_is_not_known_as_a_whole(where: str) -> None:
    text = ARGO.replace("    sidecars", f"    {where}\n    sidecars")

    assert one(text)[1].complete is not bool(where)


@pytest.mark.parametrize(
    ("predictor", "containers", "first", "complete"),
    [
        ("{model: {a: 1}, containers: [{name: x}]}", ["kserve-container", "x"], "spec.predictor.model", False),
        ("{pmml: {a: 1}}", ["kserve-container"], "spec.predictor.pmml", False),
        ("{containers: [{name: x}]}", ["x"], "spec.predictor.containers[0]", True),
    ],
)
def test_a_predictor_of_kserve(predictor: str, containers: list[str], first: str, complete: bool) -> None:
    text = f"{{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, spec: {{predictor: {predictor}}}}}"
    _, template = one(text)

    assert [box["name"] for box in template.spec["containers"]] == containers
    assert (place(template, "spec", "containers", 0), template.complete) == (first, complete)
    assert place(template, "metadata", "labels") == "spec.predictor.labels"
    assert place(template, "spec", "volumes") == "spec.predictor.volumes"


@pytest.mark.parametrize(
    ("worker", "count"),
    [
        ("pipelineParallelSize: 3", 2),
        ("pipelineParallelSize: 2, tensorParallelSize: 8", 1),
        ("pipelineParallelSize: 1, tensorParallelSize: 8", 0),
        ("pipelineParallelSize: 3, tensorParallelSize: 16", 5),
    ],
)
def test_the_workers_of_a_predictor_are_what_its_gpus_come_to(worker: str, count: int) -> None:
    gpus = "containers: [{name: w, resources: {requests: {nvidia.com/gpu: 8}}}]"
    data = yaml.safe_load(
        "{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, spec: {predictor: "
        f"{{containers: [{{name: x}}], workerSpec: {{{worker}, {gpus}}}}}}}}}"
    )

    assert [pod_count(data, template, None) for template in pod_templates(data)] == [1, count]


@pytest.mark.parametrize(
    ("parallelism", "counts"),
    [
        ("{}", [2, 0]),
        ("{pipeline: 3}", [2, 4]),
        ("{data: 16, dataLocal: 8}", [2, 2]),
        ("{data: 4, dataLocal: 8}", [2, 0]),
        ("{dataLocal: 8, pipeline: 3}", [2, 0]),
    ],
)
def test_a_group_of_an_llm_inference_service_has_a_leader_and_the_rest(parallelism: str, counts: list[int]) -> None:
    data = yaml.safe_load(
        "{apiVersion: serving.kserve.io/v1alpha1, kind: LLMInferenceService, spec: {replicas: 2, labels: {a: b}, "
        f"parallelism: {parallelism}, template: {{containers: [{{name: main}}]}}, worker: {{containers: [{{name: main}}]}}}}}}"
    )
    leader, worker = pod_templates(data)

    assert [pod_count(data, template, None) for template in (leader, worker)] == counts
    assert (place(leader, "spec"), place(worker, "spec", "volumes")) == ("spec.template", "spec.worker.volumes")
    assert leader.labels == worker.labels == {"a": "b"}
    assert not leader.complete


def test_what_cannot_be_written_into_is_said_with_its_place() -> None:
    data, template = one(
        FLUX.replace("pod: {labels: {a: b}, nodeSelector: {c: d}, nodeAffinity: {pool: [x, y]}}", "pod: 5")
    )
    template.spec["tolerations"] = [{}]

    with pytest.raises(NotAMappingError) as raised:
        template.store(data)
    assert raised.value.path == ("spec", "pod")


def test_an_app_wrapper_has_the_templates_of_what_it_wraps() -> None:
    text = """
apiVersion: workload.codeflare.dev/v1beta2
kind: AppWrapper
spec:
  components:
  - template: {apiVersion: v1, kind: ConfigMap}
  - template: {apiVersion: leaderworkerset.x-k8s.io/v1, kind: LeaderWorkerSet, spec: {replicas: 2, leaderWorkerTemplate:
      {size: 3, workerTemplate: {spec: {containers: [{name: a}]}}}}}
  - template: {apiVersion: a.io/v1, kind: A, spec: {podSpec: {containers: [{name: a}]}}}
"""
    data = yaml.safe_load(text)
    known, unknown = pod_templates(data)

    assert (known.role, pod_count(data, known, None)) == ("worker", 6)
    assert place(known) == "spec.components[1].template.spec.leaderWorkerTemplate.workerTemplate"
    assert (place(unknown, "spec"), pod_count(data, unknown, None)) == (
        "spec.components[2].template.spec.podSpec",
        None,
    )


@pytest.mark.parametrize(
    ("name", "works"),
    [("router", False), ("Frontend", False), ("prefill", True), ("decode-worker", True), ("gateway", False)],
)
def test_what_only_routes_does_no_work(name: str, works: bool) -> None:
    text = (
        "{apiVersion: workloads.x-k8s.io/v1alpha2, kind: RoleBasedGroup, spec: {roles: [{name: "
        f"{name}, standalonePattern: {{template: {{spec: {{containers: [{{name: a}}]}}}}}}}}]}}}}"
    )

    assert one(text)[1].works is works


@pytest.mark.parametrize("patch", ["templatePatch", "none", "leaderTemplatePatch"])
def test_a_role_that_patches_its_template_is_not_known_as_a_whole(patch: str) -> None:
    text = (
        "{apiVersion: workloads.x-k8s.io/v1alpha2, kind: RoleBasedGroup, spec: {roles: [{name: a, leaderWorkerPattern: "
        f"{{{patch}: {{a: b}}, template: {{spec: {{containers: [{{name: a}}]}}}}}}}}]}}}}"
    )

    assert one(text)[1].complete is (patch == "none")


@pytest.mark.parametrize(("argument", "works"), [("--master=m", [False, True]), ("--worker=w", [True, True])])
def test_the_master_of_volcanos_mpi_plugin_does_no_work(argument: str, works: list[bool]) -> None:
    task = "{name: %s, replicas: 1, template: {spec: {containers: [{name: a}]}}}"
    text = (
        "{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, spec: {plugins: {mpi: ['" + argument + "']}, tasks: ["
        + task.replace("%s", "m") + ", " + task.replace("%s", "w") + "]}}"
    )  # fmt: skip

    assert [one(text, at)[1].works for at in (0, 1)] == works


@pytest.mark.parametrize(
    ("size", "found"),
    [
        ("", "8Gi"),
        ("sharedMemorySize: 1Gi, ", "1Gi"),
        ("sharedMemorySize: '0', ", None),
        ("sharedMemorySize: 0, ", None),
    ],
)
def test_a_component_of_dynamo_gets_shared_memory_unless_told(size: str, found: str | None) -> None:
    boxes = "[{name: sidecar}, {name: main, image: i}]"
    text = (
        "{apiVersion: nvidia.com/v1beta1, kind: DynamoGraphDeployment, spec: {components: [{name: w, "
        f"{size}podTemplate: {{spec: {{containers: {boxes}}}}}}}]}}}}"
    )
    data, template = one(text)

    assert [volume["emptyDir"]["sizeLimit"] for volume in template.spec.get("volumes", ())] == (
        [found] if found else []
    )
    assert ["volumeMounts" in box for box in template.spec["containers"]] == [False, bool(found)]
    assert place(template, "spec", "containers", 1) == "spec.components[0].podTemplate.spec.containers[1]"
    before = copy.deepcopy(data)
    template.store(data)
    assert data == before


def test_the_requests_of_a_service_of_dynamo_are_read_like_its_limits() -> None:
    _, template = one(DYNAMO.replace("resources: {limits: {gpu", "resources: {requests: {gpu: '4'}, limits: {gpu"))

    assert template.spec["containers"][0]["resources"]["requests"] == {"nvidia.com/gpu": "4"}
    assert place(template, "spec", "containers", 0, "resources", "requests", "nvidia.com/gpu").endswith("requests.gpu")


def test_a_volume_of_a_mini_cluster_that_is_a_claim_is_mounted_where_it_says() -> None:
    _, template = one(FLUX.replace("hostPath: /data", "claimName: c"))

    assert template.spec["containers"][0]["volumeMounts"][2] == {"name": "data", "mountPath": "/mnt"}
    assert template.spec["volumes"][2] == {"name": "data"}


def test_a_config_map_of_a_mini_cluster_without_keys_has_the_topology_file() -> None:
    data, template = one(FLUX)
    template.spec["volumes"].append({"name": "t", "configMap": {"name": "topology"}})
    template.spec["containers"][0]["volumeMounts"].append({"name": "t", "mountPath": "/topo"})
    template.store(data)

    assert data["spec"]["containers"][0]["volumes"]["t"]["items"] == {"topo.xml": "topo.xml"}


def test_an_image_without_parameters_is_known() -> None:
    assert one(ARGO.replace("{{workflow.parameters.image}}", "i:1"))[1].spec["containers"][0]["image"] == "i:1"


def test_a_name_that_is_a_key_tells_what_a_service_does_where_it_has_no_type() -> None:
    text = DYNAMO.replace("componentType: worker", "replicas: 3")

    assert [one(text.replace(" W:", f" {name}:"))[1].works for name in ("Frontend", "Decode")] == [False, True]
    data, template = one(text)
    assert pod_count(data, template, None) == 3


@pytest.mark.parametrize(
    ("version", "spec", "box"),
    [
        ("v1alpha1", "{replicas: 2, extraPodSpec: {mainContainer: {image: i}}}", "spec.extraPodSpec.mainContainer"),
        (
            "v1beta1",
            "{replicas: 2, podTemplate: {spec: {containers: [{name: main}]}}}",
            "spec.podTemplate.spec.containers[0]",
        ),
    ],
)
def test_a_component_of_dynamo_that_is_deployed_alone_is_a_pod(version: str, spec: str, box: str) -> None:
    data, template = one(f"{{apiVersion: nvidia.com/{version}, kind: DynamoComponentDeployment, spec: {spec}}}")

    assert len(list(pod_templates(data))) == 1
    assert (place(template, "spec", "containers", 0), pod_count(data, template, None)) == (box, 2)


def test_a_canary_of_kserve_is_a_pod_too() -> None:
    text = "{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, spec: {canary: [{predictor: {model: {a: b}}}]}}"
    data, template = one(text)

    assert place(template, "spec", "containers", 0) == "spec.canary[0].predictor.model"
    assert (template.role, pod_count(data, template, None)) == ("canary", 1)


RAY = """
apiVersion: ray.io/v1
kind: RayCluster
spec:
  headGroupSpec: {rayStartParams: {}, template: {spec: {containers: [{name: h}]}}}
  workerGroupSpecs:
  - rayStartParams: {}
    template: {spec: {volumes: [{name: own}], containers: [{name: w, resources: {limits: {memory: 4Gi}}}, {name: s}]}}
"""


def test_ray_gives_the_first_container_a_shm_as_large_as_its_memory() -> None:
    _, head = one(RAY)
    _, worker = one(RAY, 1)
    first, sidecar = worker.spec["containers"]

    assert first["volumeMounts"] == [{"name": "shared-mem", "mountPath": "/dev/shm"}]
    assert sidecar == {"name": "s"}
    memory = {"medium": "Memory", "sizeLimit": "4Gi"}
    assert worker.spec["volumes"] == [{"name": "own"}, {"name": "shared-mem", "emptyDir": memory}]
    assert head.spec["volumes"] == [{"name": "shared-mem", "emptyDir": {"medium": "Memory"}}]
    group = "spec.workerGroupSpecs[0].template.spec"
    assert (
        place(worker, "spec", "volumes", 1, "emptyDir", "sizeLimit") == f"{group}.containers[0].resources.limits.memory"
    )
    assert place(worker, "spec", "containers", 1) == f"{group}.containers[1]"


@pytest.mark.parametrize(
    ("old", "new", "volumes", "mounts"),
    [
        ("limits", "requests", ["own", "shared-mem"], [("shared-mem", "/dev/shm")]),
        ("name: own", "name: shared-mem", ["shared-mem"], [("shared-mem", "/dev/shm")]),
        ("name: w,", "name: w, volumeMounts: [{name: own, mountPath: /dev/shm}],", ["own"], [("own", "/dev/shm")]),
        ("- rayStartParams: {}", "- rayStartParams: {plasma-directory: /tmp}", ["own"], []),
    ],
)
def test_ray_gives_no_second_shm(old: str, new: str, volumes: list[str], mounts: list[tuple[str, str]]) -> None:
    _, worker = one(RAY.replace(old, new), 1)

    assert [volume["name"] for volume in worker.spec["volumes"]] == volumes
    found = worker.spec["containers"][0].get("volumeMounts", [])
    assert [(mount["name"], mount["mountPath"]) for mount in found] == mounts


def test_what_a_pod_of_ray_gets_is_written_without_what_ray_adds_itself() -> None:
    data, worker = one(RAY, 1)
    worker.spec["volumes"].append({"name": "new"})
    worker.spec["containers"][0]["env"] = [{"name": "A"}]
    worker.store(data)

    after = data["spec"]["workerGroupSpecs"][0]["template"]["spec"]
    assert after["volumes"] == [{"name": "own"}, {"name": "new"}]
    assert after["containers"][0] == {"name": "w", "resources": {"limits": {"memory": "4Gi"}}, "env": [{"name": "A"}]}


def kserve(kind: str, spec: str) -> str:
    version = {"InferenceService": "v1beta1"}.get(kind, "v1alpha2")
    own = "labels: {l: top, kueue.x-k8s.io/queue-name: q}, annotations: {a: top, k8s.v1.cni.cncf.io/networks: ib}"
    return f"{{apiVersion: serving.kserve.io/{version}, kind: {kind}, metadata: {{{own}}}, spec: {spec}}}"


def test_the_pods_of_an_inference_service_get_its_labels_and_annotations() -> None:
    predictor = "{predictor: {labels: {l: own}, containers: [{name: x}], workerSpec: {containers: [{name: w}]}}}"
    data, template = one(kserve("InferenceService", predictor))
    _, worker = one(kserve("InferenceService", predictor), 1)

    assert template.labels == worker.labels == {"l": "own", "kueue.x-k8s.io/queue-name": "q"}
    assert template.annotations == worker.annotations == {"a": "top", "k8s.v1.cni.cncf.io/networks": "ib"}
    assert place(template, "metadata", "labels", "l") == "spec.predictor.labels.l"
    assert place(template, "metadata", "annotations", "a") == "metadata.annotations.a"
    template.data["metadata"]["labels"]["new"] = "1"
    template.store(data)
    assert data["spec"]["predictor"]["labels"] == {"l": "own", "new": "1"}
    assert "annotations" not in data["spec"]["predictor"]


def test_the_pods_of_an_llm_inference_service_get_its_networks_and_queue_alone() -> None:
    spec = "{annotations: {a: own}, template: {containers: [{name: main}]}, router: {scheduler: {template: {containers: [{name: s}]}}}}"
    _, leader = one(kserve("LLMInferenceService", spec))
    _, scheduler = one(kserve("LLMInferenceService", spec), 1)

    assert leader.annotations == {"a": "own", "k8s.v1.cni.cncf.io/networks": "ib"}
    assert leader.labels == {"kueue.x-k8s.io/queue-name": "q"}
    assert (scheduler.role, scheduler.annotations, scheduler.labels) == ("scheduler", {}, {})


def test_the_pods_of_argo_get_the_metadata_of_all_pods() -> None:
    text = ARGO.replace("spec:", "spec:\n  podMetadata: {labels: {a: all, b: all}, annotations: {c: all}}", 1)
    _, run = one(text.replace("  - name: run", "  - name: run\n    metadata: {labels: {b: own}}"))

    assert (run.labels, run.annotations) == ({"a": "all", "b": "own"}, {"c": "all"})
    assert place(run, "metadata", "labels", "a") == "spec.podMetadata.labels.a"
    assert place(run, "metadata", "labels", "b") == "spec.templates[1].metadata.labels.b"


def test_a_step_into_which_defaults_are_merged_is_not_known_as_a_whole() -> None:
    assert not one(ARGO.replace("spec:", "spec:\n  templateDefaults: {container: {env: []}}", 1))[1].complete
