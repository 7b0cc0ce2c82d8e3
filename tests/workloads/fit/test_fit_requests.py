import pytest

from aksrdma.documents import Document
from aksrdma.workloads.fit.amounts import read_amount, show_amount, write_amount
from aksrdma.workloads.fit.requests import Mistakes, pod_requests


def asked(spec):
    return pod_requests(Document.from_data({"spec": spec}, "pod.yaml"), ("spec",), spec, Mistakes())


def box(restart=None, limits=None, **requests):
    one = {"resources": {"requests": requests, "limits": limits or {}}}
    return one | ({"restartPolicy": restart} if restart else {})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"containers": [box(cpu="500m"), box(cpu=1)]}, {"cpu": 1500}, id="containers-are-added"),
        pytest.param({"containers": [box(limits={"rdma/ib": 8})]}, {"rdma/ib": 8}, id="a-limit-alone-is-a-request"),
        pytest.param(
            {"containers": [box(limits={"cpu": 4}, cpu=1)]}, {"cpu": 1000}, id="a-request-goes-over-its-limit"
        ),
        pytest.param(
            {"initContainers": [box(cpu=3), box(cpu=2)], "containers": [box(cpu=1)]},
            {"cpu": 3000},
            id="the-largest-init-container-counts-where-it-is-more-than-the-containers",
        ),
        pytest.param(
            {"initContainers": [box("Always", cpu=2), box(cpu=3)], "containers": [box(cpu=1)]},
            {"cpu": 5000},
            id="an-init-container-runs-beside-the-sidecars-before-it",
        ),
        pytest.param(
            {"initContainers": [box(cpu=3), box("Always", cpu=2)], "containers": [box(cpu=1)]},
            {"cpu": 3000},
            id="but-not-beside-a-sidecar-after-it",
        ),
        pytest.param(
            {"initContainers": [box("Always", cpu=2)], "containers": [box(cpu=3)]},
            {"cpu": 5000},
            id="a-sidecar-runs-beside-the-containers",
        ),
        pytest.param(
            {"containers": [box(memory="1Gi")], "overhead": {"memory": "1Mi"}},
            {"memory": (1 << 30) + (1 << 20)},
            id="overhead-is-added",
        ),
        pytest.param(
            {"containers": [box(cpu=1, memory="1Gi")], "resources": {"requests": {"cpu": 4}}},
            {"cpu": 4000, "memory": 1 << 30},
            id="pod-level-requests-replace-the-sum",
        ),
        pytest.param(
            {"containers": [{}], "resources": {"limits": {"cpu": 4}}},
            {"cpu": 4000},
            id="a-pod-level-limit-counts-where-no-container-asks",
        ),
        pytest.param({"containers": [box(cpu=0)]}, {}, id="nothing-is-nothing"),
        pytest.param({"containers": "wrong", "overhead": 3}, {}, id="wrong-types-ask-for-nothing"),
    ],
)
def test_requests_are_the_schedulers(spec, expected):
    assert asked(spec) == expected


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        pytest.param("8 GB", "'8 GB' is no quantity", id="no-quantity"),
        pytest.param("-1", "'-1' is below 0", id="negative"),
    ],
)
def test_a_wrong_quantity_is_named_with_its_field(value, wrong):
    spec, mistakes = {"containers": [box(memory=value)]}, Mistakes()

    pod_requests(Document.from_data({"kind": "Pod", "spec": spec}, "pod.yaml"), ("spec",), spec, mistakes)

    assert mistakes.lines[0].startswith(f"pod.yaml: Pod spec.containers[0].resources.requests.memory: {wrong}")


@pytest.mark.parametrize(
    ("name", "quantity", "written", "shown"),
    [
        pytest.param("cpu", "94701m", "94701m", "94701m", id="thousandths-of-a-cpu"),
        pytest.param("cpu", "2", "2", "2", id="whole-cpus"),
        pytest.param(
            "memory", "469767028Ki", "469767028Ki", "448Gi", id="memory-is-exact-in-json-and-rounded-in-tables"
        ),
        pytest.param("memory", "1.5Gi", "1536Mi", "1.5Gi", id="half-gibibytes"),
        pytest.param("memory", "1k", "1000", "1000", id="small-memory"),
        pytest.param("rdma/ib", "8", "8", "8", id="devices"),
        pytest.param("memory", "0", "0", "0", id="none"),
    ],
)
def test_amounts_are_read_written_and_shown(name, quantity, written, shown):
    amount = read_amount(name, quantity)

    assert (write_amount(name, amount), show_amount(name, amount)) == (written, shown)
