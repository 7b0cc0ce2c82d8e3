"""A value of another type than Kubernetes takes is a conflict or stays; it never stops the program."""

import copy

import pytest

from aksrdma.kube.scheduling import REQUIRED
from aksrdma.workloads.inject import injected, runtimes_of
from tests.workloads.inject.inject_props import HB, NAMES, container, cpu, injection, objects_of, pod

JUNK = (5, "x", "[", [1], [[1]], [{"name": [1]}], {"a": 1}, {"name": {}}, None, True)
TERM = {"matchExpressions": [{"key": "agentpool", "operator": "In", "values": ["a"]}]}
FULL = pod(
    container(
        env=[{"name": "A", "value": "1"}],
        envFrom=[{"configMapRef": {"name": "a"}}],
        resources={"limits": {"memory": "8Gi", "nvidia.com/gpu": 8}, "requests": {"rdma/ib": 1}},
        securityContext={"runAsUser": 1000, "capabilities": {"add": ["SYS_NICE"], "drop": ["NET_RAW"]}},
        volumeMounts=[{"name": "a", "mountPath": "/dev/shm"}, {"name": "b", "mountPath": "/opt/nvidia-topology"}],
    ),
    volumes=[{"name": "a", "emptyDir": {"medium": "Memory"}}, {"name": "b", "configMap": {"name": "nccl-topology"}}],
    nodeSelector={"agentpool": "a"},
    tolerations=[{"key": "sku", "value": "gpu"}],
    affinity={
        "nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [TERM]}},
        "podAffinity": {REQUIRED: [{"topologyKey": "agentpool"}]},
    },
)
FULL["metadata"]["annotations"] = {"k8s.v1.cni.cncf.io/networks": '[{"name": "a"}]'}
OBJECTS = [FULL, *(data for name in NAMES for data in objects_of(name))]


def places(data, path=()):
    """Yield the path of every value below the kind."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*path, key)
        yield from places(value, (*path, key))


def with_value(data, path, value):
    data = copy.deepcopy(data)
    holder = data
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = copy.deepcopy(value)
    return data


ASKED = [
    injection(topology_config_map="nccl-topology", gpus=8),
    injection(pool="a", container="main"),
    injection(HB, profile="ipoib"),
    injection(profile="base"),
]


@pytest.mark.parametrize("asked", ASKED, ids=["any pool", "a pool", "ipoib", "base"])
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_no_value_at_any_place_of_an_object_stops_it(junk, asked):
    for data in OBJECTS:
        for path in places(data):
            changed = with_value(data, path, junk)
            runtimes = runtimes_of([changed])
            assert injected(changed, asked, runtimes=runtimes).data is not None, path


def test_what_is_no_object_is_no_runtime():
    assert runtimes_of([None, 5, "TrainingRuntime", {"kind": ["TrainingRuntime"]}, {}]) == frozenset()


@pytest.mark.parametrize("depth", [50, 100_000])
def test_json_of_any_depth_in_an_annotation_is_a_conflict(depth):
    data = pod(cpu())
    data["metadata"]["annotations"] = {"k8s.v1.cni.cncf.io/networks": "[" * depth}

    [conflict] = injected(data, injection(HB, profile="ipoib")).conflicts

    assert conflict.message.startswith("is no JSON: ")
