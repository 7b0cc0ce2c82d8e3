"""The report as text and as JSON."""

import json

import pytest

from aksrdma.workloads.fit import render_table
from tests.conftest import ROOT
from tests.workloads.fit.fit_objects import (
    H100,
    HBV3,
    cluster,
    deployment,
    fitted,
    job,
    kubectl,
    node,
    nodes,
    pod,
    pods_of,
    running,
    template,
    workload,
)


def test_a_report_as_text():
    found = cluster(("a", H100, 2), ("b", HBV3, 1, "sku=hpc:NoSchedule"))

    report = fitted(found, job("train", 3, gpu="8", ib="8", memory="64Gi"), job("small", 5, cpu="2", memory="1500Mi"))

    assert render_table(report) == """\
WORKLOAD   PODS  PLACED  A POD ASKS                                POOL  A NODE  FITS  TAKEN  LIMITED BY               STRANDED A NODE
Job/train  3     2       8 nvidia.com/gpu, 8 rdma/ib, 64Gi memory  a     1       2     2      nvidia.com/gpu, rdma/ib  -
Job/small  5     5       2 cpu, 1.5Gi memory                       a     48      96    5      cpu                      -

POOL  NODES  RESOURCE        TOTAL   LEFT      STRANDED
a     2      nvidia.com/gpu  16      0         0
             rdma/ib         16      0         0
             cpu             192     182       0
             memory          3800Gi  3664.7Gi  0
b     1      rdma/ib         1       1         0
             cpu             120     120       0
             memory          448Gi   448Gi     0

Pending: Job/train: 1 of 3
  pool a: takes 2, then nvidia.com/gpu and rdma/ib run out; 1 more node would take the rest
  pool b: a node (Standard_HB120rs_v3) has no nvidia.com/gpu; choose a pool with nvidia.com/gpu
"""  # fmt: skip


def test_the_documentation_shows_what_is_printed():
    table, *_ = render_table(fitted(cluster(("ndh100", H100, 16)), job("train", 2, gpu="8", ib="8"))).split("\n\n")

    assert table in (ROOT / "docs/slow-job.md").read_text(encoding="utf-8")


def test_roles_pools_and_pods_elsewhere_have_a_line_each():
    groups = {"Launcher": {"template": template()}, "Worker": {"replicas": 3, "template": template(ib="1")}}
    mpi = workload("kubeflow.org/v2beta1", "MPIJob", {"mpiReplicaSpecs": groups}, "mpi")
    found = cluster(("a", HBV3, 1, "a:NoSchedule"), ("b", HBV3, 2), ("c", HBV3, 4))

    text = render_table(
        fitted(found, mpi, deployment(1, {"nodeSelector": {"agentpool": "system"}}, cpu="1"), pod(gpu="1"))
    )

    lines = [line.split("  ") for line in text.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells[1:6] == [
        ["MPIJob/mpi launcher", "1", "1", "nothing", "b", "250", "500", "1", "pods", "-"],
        ["c", "250", "1000", "0", "pods", "-"],
        ["MPIJob/mpi worker", "3", "3", "1 rdma/ib", "b", "1", "2", "2", "rdma/ib", "-"],
        ["c", "1", "4", "1", "rdma/ib", "-"],
        ["Deployment/app", "1", "1", "1 cpu", "(other pools)", "-", "-", "1", "-", "-"],
    ]
    assert cells[6] == ["Pod/default/pod", "1", "0", "1 nvidia.com/gpu", "-", "0", "0", "0", "-", "-"]
    assert text.endswith(
        "\nPending: Pod/default/pod: 1 of 1\n"
        "  no node has nvidia.com/gpu; ask for what the nodes have, or add a pool that has it\n"
        "\nAdvice: MPIJob/mpi: the scheduler puts its pods on b and c, between which there is no InfiniBand; "
        "c takes them all: add nodeSelector kubernetes.azure.com/agentpool: c\n"
    )


def test_a_pending_role_is_named():
    groups = {"Launcher": {"template": template(cpu="500")}, "Worker": {"template": template(cpu="1")}}
    mpi = workload("kubeflow.org/v2beta1", "MPIJob", {"mpiReplicaSpecs": groups}, "mpi")

    text = render_table(fitted(kubectl(node(cpu="4")), mpi))

    assert "\nPending: MPIJob/mpi launcher: 1 of 1\n  pool p: a pod asks for 500 cpu, a node has 4;" in text


def test_what_no_pod_can_use_has_a_column():
    text = render_table(fitted(kubectl(node(gpu="8", ib="8")), job(gpu="1", ib="8")))

    assert text.splitlines()[1].split() == ["Job/job", "1", "1", "1", "nvidia.com/gpu,", "8", "rdma/ib", "p", "1", "1", "1", "rdma/ib", "7", "nvidia.com/gpu"]  # fmt: skip
    assert [line.split() for line in text.splitlines()[4:]] == [
        ["p", "1", "nvidia.com/gpu", "8", "7", "7"],
        ["rdma/ib", "8", "0", "0"],
    ]


def left_of(report):
    """What is left, stranded and closed of each resource of the first pool but pods, and what is said of it."""
    (pool, *_) = report.pools
    return {
        one.resource: (one.left, one.stranded, one.closed) for one in pool.resources if one.resource != "pods"
    }, pool.said


CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
FULL = {"gpu": "8", "ib": "8"}


def test_what_is_free_on_a_node_that_takes_no_pods_is_not_left():
    found = kubectl(node("n0", taints=[CORDONED], **FULL), node("n1", **FULL), node("n2", **FULL))

    report = fitted(found, job(gpu="8", ib="8"))

    assert left_of(report) == (
        {"nvidia.com/gpu": (8, 0, 8), "rdma/ib": (8, 0, 8)},
        ("8 nvidia.com/gpu, 8 rdma/ib more, not counted as left: on nodes that take no new pod (cordoned: n0)",),
    )
    assert render_table(report).endswith(
        "POOL  NODES  RESOURCE        TOTAL  LEFT  STRANDED\n"
        "p     3      nvidia.com/gpu  24     8     0\n"
        "             rdma/ib         24     8     0\n"
        "  pool p: 8 nvidia.com/gpu, 8 rdma/ib more, not counted as left: on nodes that take no new pod (cordoned: n0)\n"
    )


def test_a_node_is_closed_without_any_workload_and_to_daemons_too_but_not_to_pods_that_tolerate_it():
    found = kubectl(node("n0", taints=[CORDONED], **FULL), node("n1", **FULL))
    daemon = workload("apps/v1", "DaemonSet", {"template": template(cpu="0", gpu="0")})
    spec = {"tolerations": [{"operator": "Exists"}]}

    assert left_of(fitted(found))[0]["nvidia.com/gpu"] == (8, 0, 8)
    assert left_of(fitted(found, daemon))[0]["nvidia.com/gpu"] == (8, 0, 8)
    assert left_of(fitted(found, job(spec=spec, gpu="8", ib="8")))[0]["nvidia.com/gpu"] == (8, 0, 0)


def test_gpus_on_a_node_without_rdma_are_stranded_for_pods_that_want_both():
    found = kubectl(node("n0", gpu="8", ib="0"), node("n1", **FULL))

    assert left_of(fitted(found, job(gpu="8", ib="8"))) == (
        {"nvidia.com/gpu": (8, 8, 0), "rdma/ib": (0, 0, 0)},
        ("8 nvidia.com/gpu of what is stranded are on nodes with too few rdma/ib for a pod",),
    )
    assert left_of(fitted(found, job(gpu="8")))[0] == {"nvidia.com/gpu": (8, 0, 0), "rdma/ib": (8, 0, 0)}
    assert left_of(fitted(found, job(gpu="8", ib="8"), job("b", gpu="4")))[0]["nvidia.com/gpu"] == (4, 0, 0)


def test_devices_of_a_pool_for_other_pods_are_not_stranded():
    amd = kubectl(node("n0", **{"amd.com/gpu": "8", "ib": "8"}), node("n1", "q", **FULL))
    small = kubectl(node("n0", gpu="4", ib="4"), node("n1", "q", **FULL))

    assert left_of(fitted(amd, job(gpu="8", ib="8")))[0] == {"amd.com/gpu": (8, 0, 0), "rdma/ib": (8, 0, 0)}
    assert left_of(fitted(small, job(gpu="8", ib="8")))[0] == {"nvidia.com/gpu": (4, 0, 0), "rdma/ib": (4, 0, 0)}
    assert left_of(fitted(kubectl(node("n0", gpu="8")), job(gpu="8", ib="8")))[0]["nvidia.com/gpu"] == (8, 8, 0)


def test_what_pods_that_run_leave_beside_each_other_is_stranded_too():
    found = kubectl(node("n0", **FULL), running("n0", gpu="1", ib="8"))

    assert left_of(fitted(found, job(gpu="1", ib="1"))) == (
        {"nvidia.com/gpu": (7, 7, 0), "rdma/ib": (0, 0, 0)},
        ("7 nvidia.com/gpu of what is stranded are on nodes with too few rdma/ib for a pod",),
    )


def test_a_node_that_lacks_only_cpu_strands_no_device():
    assert left_of(fitted(kubectl(node("n0", cpu="1", **FULL)), job(cpu="2", gpu="8", ib="8")))[0]["rdma/ib"] == (
        8,
        0,
        0,
    )


def test_a_report_without_workloads_is_what_is_left():
    assert render_table(fitted(kubectl(node(gpu="8")))).splitlines()[1:] == [
        "",
        "POOL  NODES  RESOURCE        TOTAL  LEFT  STRANDED",
        "p     1      nvidia.com/gpu  8      8     0",
    ]


def test_a_report_as_json():
    report = fitted(kubectl(*nodes("a", 2, gpu="8", ib="8", cpu="3900m")), job("train", 3, cpu="3", gpu="1", ib="8"))

    data = report.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data == {
        "ok": False,
        "nodes_from": "kubectl",
        "workloads": [
            {
                "object": "Job/train",
                "file": "job.yaml",
                "line": 0,
                "ok": False,
                "pods": [
                    {
                        "role": "pod",
                        "wanted": 3,
                        "placed": 2,
                        "pending": 1,
                        "elsewhere": 0,
                        "asks": {"nvidia.com/gpu": "1", "rdma/ib": "8", "cpu": "3"},
                        "one_pool": True,
                        "pools": [
                            {
                                "pool": "a",
                                "fits": 2,
                                "placed": 2,
                                "per_node": 1,
                                "runs_out_first": ["rdma/ib", "cpu"],
                                "stranded_per_node": {"nvidia.com/gpu": "7"},
                            }
                        ],
                        "reasons": [
                            {
                                "pool": "a",
                                "message": "takes 2, then rdma/ib and cpu run out",
                                "fix": "1 more node would take the rest",
                            }
                        ],
                    }
                ],
                "advice": [],
            }
        ],
        "pools": [
            {
                "pool": "a",
                "vm_size": None,
                "nodes": 2,
                "resources": {
                    "nvidia.com/gpu": {"total": "16", "left": "14", "stranded": "14", "closed": "0"},
                    "rdma/ib": {"total": "16", "left": "0", "stranded": "0", "closed": "0"},
                    "cpu": {"total": "7800m", "left": "1800m", "stranded": "0", "closed": "0"},
                    "pods": {"total": "500", "left": "498", "stranded": "0", "closed": "0"},
                },
                "said": [],
            }
        ],
        "notes": [
            "what already runs on the nodes is not subtracted; give `kubectl get nodes,pods -A -o json` and it is"
        ],
    }


def test_pods_elsewhere_are_in_json():
    (pods,) = fitted(cluster(("a", HBV3, 0)), deployment(2, cpu="1")).to_dict()["workloads"][0]["pods"]

    assert (pods["placed"], pods["elsewhere"], pods["pending"], pods["pools"]) == (2, 2, 0, [])


@pytest.mark.parametrize(
    ("name", "quantity", "written", "shown"),
    [
        pytest.param("cpu", "94701m", "94701m", "94701m", id="thousandths-of-a-cpu"),
        pytest.param("cpu", "2", "2", "2", id="whole-cpus"),
        pytest.param("memory", "469767028Ki", "469767028Ki", "448Gi", id="memory-is-exact-in-json-and-rounded-in-tables"),
        pytest.param("memory", "1.5Gi", "1536Mi", "1.5Gi", id="half-gibibytes"),
        pytest.param("memory", "1Gi", "1Gi", "1Gi", id="a-gibibyte"),
        pytest.param("memory", "1023Mi", "1023Mi", "1023Mi", id="less-than-a-gibibyte"),
        pytest.param("memory", "1Mi", "1Mi", "1Mi", id="a-mebibyte"),
        pytest.param("memory", "1k", "1000", "1000", id="small-memory"),
        pytest.param("memory", "2Ei", "2Ei", "2147483648Gi", id="the-largest-unit"),
        pytest.param("memory", "1Pi", "1Pi", "1048576Gi", id="the-second-largest-unit"),
        pytest.param("ephemeral-storage", "1Ti", "1Ti", "1024Gi", id="storage"),
        pytest.param("hugepages-2Mi", "4Mi", "4Mi", "4Mi", id="huge-pages"),
        pytest.param("rdma/ib", "1024", "1024", "1024", id="devices-are-no-bytes"),
    ],
)  # fmt: skip
def test_amounts_are_exact_in_json_and_short_in_tables(name, quantity, written, shown):
    report = fitted(kubectl(node(**{name: quantity})), pod(**{name: quantity}))

    (pods,) = report.to_dict()["workloads"][0]["pods"]
    assert pods["asks"] == {name: written}
    assert f"  {shown} {name}  " in render_table(report)
    assert report.ok


def test_resources_are_shown_devices_first():
    asks = {"memory": "1Gi", "cpu": "1", "example.com/x": "1", "ib": "1", "nvidia.com/mig-1g.5gb": "1", "gpu": "1"}

    report = fitted(kubectl(node(**asks)), pod(**asks))

    assert list(report.to_dict()["workloads"][0]["pods"][0]["asks"]) == [
        "nvidia.com/gpu",
        "nvidia.com/mig-1g.5gb",
        "rdma/ib",
        "example.com/x",
        "cpu",
        "memory",
    ]
    assert pods_of(report).placed == 1
