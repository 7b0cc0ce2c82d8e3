"""What pods ask for, against the NICs and GPUs of a VM size: the numbers at which a rule begins to hold."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.hardware import counts, ranks_without_rdma, without_rdma, workspaces
from aksrdma.cluster import Cluster, NodePool
from aksrdma.documents import Document
from tests.checks.relation.relation_props import (
    H100,
    POOL,
    V100,
    container,
    device,
    job,
    manifest,
    pod,
    policy,
    rules,
    said,
    shared,
    sriov,
)

BOTH = policy(sriovDevicePlugin=sriov(device()), rdmaSharedDevicePlugin=shared())
ABOVE, BELOW, EXHAUSTED = (
    "sriov-rdma-count-above-vm-nics",
    "sriov-rdma-count-below-vm-nics",
    "gpu-exhaustion-with-shared-rdma",
)


@pytest.mark.parametrize(
    ("amounts", "sizes", "broken"),
    [
        pytest.param({"ib": 8, "gpu": 8}, (H100,), [], id="all-nics-with-all-gpus"),
        pytest.param({"ib": 9, "gpu": 8}, (H100,), [ABOVE], id="one-nic-more-than-there-is"),
        pytest.param({"ib": 9}, (H100, V100), [ABOVE], id="more-than-the-size-with-most-of-them-has"),
        pytest.param({"ib": 8}, (H100, V100), [], id="as-many-as-one-of-the-sizes-has"),
        pytest.param({"ib": 7, "gpu": 8}, (H100,), [BELOW], id="all-gpus-and-not-all-nics"),
        pytest.param({"ib": 8, "gpu": 7}, (H100,), [BELOW], id="all-nics-and-not-all-gpus"),
        pytest.param({"ib": 7, "gpu": 7}, (H100,), [], id="neither-all-nics-nor-all-gpus"),
        pytest.param({"ib": 8}, (H100,), [], id="all-nics-and-no-gpu"),
        pytest.param({"ib": 1, "gpu": 8}, (V100,), [], id="the-one-nic-with-all-gpus"),
        pytest.param({"ib": 1, "gpu": 8}, (H100, V100), [], id="where-another-size-fits-exactly"),
        pytest.param({"ib": 1, "gpu": 9}, (V100,), [], id="more-gpus-than-any-node-has-is-not-our-rule"),
        pytest.param({"ib": 8, "amd": 7}, (H100,), [], id="gpus-of-another-vendor-than-the-node-has"),
        pytest.param({"shared": 1, "gpu": 8}, (H100,), [EXHAUSTED], id="a-slot-with-all-gpus"),
        pytest.param({"shared": 1, "gpu": 7}, (H100,), [], id="a-slot-with-a-gpu-left-for-another-pod"),
        pytest.param({"shared": 1}, (H100,), [], id="a-slot-without-gpus"),
        pytest.param({"shared": 1, "ib": 8, "gpu": 8}, (H100,), [], id="a-slot-beside-all-nics"),
        pytest.param({"rdma/other": 1, "gpu": 8}, (H100,), [], id="a-resource-that-nobody-serves"),
        pytest.param({"gpu": 8}, (H100,), [], id="no-rdma-at-all"),
        pytest.param({"ib": 9}, (), [], id="no-known-size"),
    ],
)
def test_a_pod_asks_for(amounts: dict[str, int], sizes: tuple[str, ...], broken: list[str]) -> None:
    assert rules(counts, BOTH, pod(container(**amounts)), vm_sizes=sizes) == broken


def one(amounts: dict[str, Any], size: str) -> tuple[str, str, str | None]:
    (found,) = said(counts, BOTH, pod(container(**amounts)), vm_sizes=(size,))
    return found.path, found.message, found.fix


def test_the_words_name_numbers_and_size() -> None:
    path = "spec.containers[0].resources.limits[rdma/ib]"
    assert one({"ib": 2}, V100) == (
        path,
        f"the pod asks for 2 of rdma/ib, one NIC each, and {V100} has 1 NIC",
        "ask for at most 1",
    )
    assert one({"ib": 4, "gpu": 8}, H100) == (
        path,
        f"the pod takes all 8 GPUs of {H100} and 4 of its 8 NICs: no other GPU pod can use the rest",
        "ask for 8 NICs with all 8 GPUs",
    )
    assert one({"ib": 1, "gpu": 4}, V100) == (
        path,
        f"the pod takes 4 of the 8 GPUs of {V100} and all of its 1 NIC: no other RDMA pod can use the rest",
        "ask for all 8 GPUs with all 1 NIC",
    )
    assert one({"shared": 1, "gpu": 8}, H100)[1] == (
        f"the pod takes all 8 GPUs of {H100}, so no second pod shares its NICs by rdma/shared_ib"
    )


def test_nics_of_several_resources_are_counted_together() -> None:
    two = policy(sriovDevicePlugin=sriov(device("ib"), device("hca")))
    asking = pod(container(**{"ib": 5, "rdma/hca": 3, "gpu": 8}))

    assert rules(counts, two, asking, vm_sizes=(H100,)) == []
    (found,) = said(counts, two, pod(container(**{"ib": 2, "rdma/hca": 3, "gpu": 8})), vm_sizes=(H100,))
    assert found.path.endswith("limits[rdma/hca]")


def test_a_size_without_infiniband_is_named_with_the_nearest_that_has_it() -> None:
    found = said(counts, BOTH, pod(container(ib=1, shared=1)), vm_sizes=("Standard_ND96is_H100_v5",))

    assert [(one.rule, one.message) for one in found] == [
        ("vm-size-without-infiniband", "the pod asks for rdma/ib, and Standard_ND96is_H100_v5 has no InfiniBand"),
        (
            "vm-size-without-infiniband",
            "the pod asks for rdma/shared_ib, and Standard_ND96is_H100_v5 has no InfiniBand",
        ),
    ]
    assert found[0].fix == f"choose a size with InfiniBand, such as {H100}"
    assert rules(counts, BOTH, pod(container(ib=1)), vm_sizes=("Standard_ND96is_H100_v5", V100)) == []


def test_a_size_whose_nic_no_plugin_can_hand_out_says_so() -> None:
    (found,) = said(counts, BOTH, pod(container(ib=1)), vm_sizes=("Standard_H16r",))

    assert "has an InfiniBand NIC that no device plugin can hand out" in found.message
    assert found.fix is None


GB300 = "Standard_ND128isr_GB300_v6"
WHOLE = container(gpu=8)


def leader_worker_set(size: int, one: dict[str, Any]) -> Document:
    spec = {"leaderWorkerTemplate": {"size": size, "workerTemplate": {"spec": {"containers": [one]}}}}
    return manifest("LeaderWorkerSet", "leaderworkerset.x-k8s.io/v1", spec)


@pytest.mark.parametrize(
    ("document", "sizes", "severities"),
    [
        pytest.param(pod(WHOLE), (H100,), [None], id="all-gpus-of-a-node"),
        pytest.param(pod(container(gpu=4), container("b", gpu=4)), (H100,), [None], id="of-two-containers"),
        pytest.param(pod(container(gpu=7)), (H100,), [], id="not-all-of-them"),
        pytest.param(pod(container(gpu=9)), (H100,), [], id="more-than-there-are"),
        pytest.param(pod(container(amd=8)), (H100,), [], id="gpus-of-another-vendor"),
        pytest.param(pod(container(gpu=8, ib=1)), (H100,), [], id="with-a-nic"),
        pytest.param(pod(container(gpu=8, shared=1)), (H100,), [], id="with-a-slot"),
        pytest.param(pod(container(gpu=8, **{"acme.com/rdma": 1})), (H100,), [], id="with-what-may-be-a-nic"),
        pytest.param(pod({**WHOLE, "securityContext": {"privileged": True}}), (H100,), [], id="privileged"),
        pytest.param(pod({**WHOLE, "resources": {**WHOLE["resources"], "claims": [{"name": "nics"}]}}), (H100,), [], id="with-a-claim"),
        pytest.param(pod(WHOLE), (), [], id="of-no-known-size"),
        pytest.param(pod(WHOLE), ("Standard_ND96is_H100_v5",), [], id="of-a-size-without-infiniband"),
        pytest.param(pod(WHOLE), (H100, "Standard_ND96is_H100_v5"), [], id="of-either"),
        pytest.param(pod(WHOLE), (H100, V100), [None], id="of-two-sizes-with-infiniband"),
        pytest.param(pod(container(gpu=4)), (GB300,), ["info"], id="where-nvlink-joins-nodes"),
        pytest.param(pod(container(gpu=4)), (GB300, H100), [], id="all-of-one-size-and-half-of-another"),
        pytest.param(leader_worker_set(3, container(gpu=4)), (H100,), [None], id="pods-of-one-job-on-two-nodes"),
        pytest.param(leader_worker_set(2, container(gpu=4)), (H100,), [], id="pods-of-one-job-that-fit-on-one"),
        pytest.param(job(3, container(gpu=4)), (H100,), [], id="pods-that-may-have-nothing-to-do-with-each-other"),
    ],
)  # fmt: skip
def test_gpus_without_a_nic_are_told_where_they_are_those_of_whole_nodes(
    document: Document, sizes: tuple[str, ...], severities: list[str | None]
) -> None:
    assert [one.severity for one in said(without_rdma, document, vm_sizes=sizes)] == severities


@pytest.mark.parametrize(
    ("documents", "options", "fix"),
    [
        pytest.param([pod(WHOLE)], {}, "rdma/ib: 8", id="of-the-guide"),
        pytest.param([pod(WHOLE), policy(rdmaSharedDevicePlugin=shared("hca"))], {}, "rdma/hca: 1", id="of-the-policy"),
        pytest.param([pod(WHOLE), policy(sriovDevicePlugin=sriov(device("nic", "acme.com")))], {}, "acme.com/nic: 8", id="a-name-of-its-own"),
        pytest.param([leader_worker_set(3, container(gpu=4))], {}, "rdma/ib: 4", id="as-many-nics-as-gpus"),
        pytest.param([pod(WHOLE)], {"cluster": Cluster(profile="rdma-shared-device-plugin")}, "rdma/shared_ib: 1", id="of-the-cluster-file"),
    ],
)  # fmt: skip
def test_the_line_to_add_is_that_of_the_set(documents: list[Document], options: dict[str, Any], fix: str) -> None:
    (found,) = said(without_rdma, *documents, vm_sizes=(H100,), **options)

    assert found.fix == f"add {fix} to requests and limits, or run `aksrdma inject`"


def test_a_cluster_whose_pods_get_rdma_without_a_resource_has_no_line_to_add() -> None:
    assert said(without_rdma, pod(WHOLE), vm_sizes=(H100,), cluster=Cluster(profile="base")) == []


def test_the_pool_of_the_cluster_file_tells_the_size() -> None:
    pools = [NodePool(name="ib", vm_size=H100), NodePool(name="other", vm_size="Standard_ND96is_H100_v5")]
    cluster = Cluster(node_pools=pools)

    def on(name: str) -> list[str]:
        document = pod(WHOLE, nodeSelector={POOL: name})
        return rules(without_rdma, document, vm_sizes=tuple(one.vm_size for one in pools), cluster=cluster)

    assert on("ib") == ["gpu-pod-without-rdma-resource"]
    assert on("other") == []


@pytest.mark.parametrize(
    ("mode", "subdomain", "pods", "told"),
    [
        pytest.param("Indexed", "train", 4, True, id="pods-that-find-each-other-by-name"),
        pytest.param("Indexed", "train", 2, False, id="as-many-gpus-as-one-node-has"),
        pytest.param("Indexed", "", 4, False, id="pods-without-names"),
        pytest.param("NonIndexed", "train", 4, False, id="pods-without-an-index"),
    ],
)
def test_the_pods_of_an_indexed_job_with_names_in_dns_are_one_job(
    mode: str, subdomain: str, pods: int, told: bool
) -> None:
    template = {"spec": {"subdomain": subdomain, "containers": [container(gpu=4)]}}
    indexed = manifest("Job", "batch/v1", {"parallelism": pods, "completionMode": mode, "template": template})
    found = [one.message for one in said(without_rdma, indexed, vm_sizes=(H100,))]

    assert len(found) == told
    assert all(one.startswith("4 pods of one job have 4 GPUs each") for one in found)


def test_the_message_says_what_is_taken_and_what_hostnetwork_does_not_do() -> None:
    alone, several, on_host, together = (
        said(without_rdma, document, vm_sizes=(H100,))[0].message
        for document in (
            pod(WHOLE), job(2, WHOLE), pod(WHOLE, hostNetwork=True), leader_worker_set(3, container(gpu=4)),
        )
    )  # fmt: skip
    lack = "without an RDMA resource such as rdma/ib: between nodes their data goes over TCP"

    assert alone == f"the pod takes all 8 GPUs of its node ({H100}) {lack}"
    assert several == f"each of 2 pods takes all 8 GPUs of its node ({H100}) {lack}"
    assert on_host == f"{alone}; hostNetwork brings no /dev/infiniband into it"
    assert together == f"3 pods of one job have 4 GPUs each, more than one {H100} has {lack}"


def test_a_pod_with_gpus_runs_on_the_sizes_that_have_them() -> None:
    both = (H100, "Standard_HB176rs_v4")

    assert [one.message for one in said(without_rdma, pod(WHOLE), vm_sizes=both)] == [
        one.message for one in said(without_rdma, pod(WHOLE), vm_sizes=(H100,))
    ]


def test_ranks_without_a_nic_are_told_on_sizes_without_gpus_alone() -> None:
    hpc, both = ("Standard_HB176rs_v4",), ("Standard_HB176rs_v4", H100)
    ranks = job(2, {"name": "rank", "image": "a:1", "command": ["mpiexec", "a"]})
    [found] = said(ranks_without_rdma, ranks, vm_sizes=hpc)

    assert found.message == (
        "2 pods run ranks on Standard_HB176rs_v4 without an RDMA resource such as rdma/ib: between nodes their data goes "
        "over TCP"
    )
    assert found.fix == "add rdma/ib: 1 to requests and limits, or run `aksrdma inject`"
    assert said(ranks_without_rdma, ranks, vm_sizes=both) == []
    assert said(ranks_without_rdma, job(1, {"name": "rank", "command": ["mpiexec", "a"]}), vm_sizes=hpc) == []
    privileged = {"name": "rank", "command": ["mpiexec", "a"], "securityContext": {"privileged": True}}
    assert said(ranks_without_rdma, job(2, privileged), vm_sizes=hpc) == []


@pytest.mark.parametrize(
    ("document", "found"),
    [
        pytest.param(job(2, WHOLE), ["info"], id="as-many-gpus-as-a-node-with-infiniband"),
        pytest.param(job(2, container(gpu=7)), [], id="as-no-such-node-has"),
        pytest.param(pod(WHOLE), [], id="one-pod"),
    ],
)
def test_a_policy_alone_tells_of_infiniband_for_jobs(document: Document, found: list[str]) -> None:
    exposing = policy(sriovDevicePlugin=sriov(device()))

    assert [one.severity for one in said(without_rdma, document, exposing)] == found
    assert said(without_rdma, document) == []


@pytest.mark.parametrize(("count", "severity"), [(2, None), (1, "info"), (None, "info")])
def test_a_workspace_of_one_node_is_an_info_and_the_fix_names_a_size(count: int | None, severity: str | None) -> None:
    resource = {"instanceType": "Standard_ND96is_H100_v5", **({"count": count} if count else {})}
    data = {"apiVersion": "kaito.sh/v1beta1", "kind": "Workspace", "metadata": {"name": "w"}, "resource": resource}

    [found] = said(workspaces, unknown=[Document.from_data(data)])

    assert (found.severity, found.fix) == (severity, f"choose a size with InfiniBand, such as {H100}")


def test_the_presets_of_kserve_bring_no_device_but_what_a_service_names_may() -> None:
    box = {"name": "main", "resources": {"limits": {"nvidia.com/gpu": 8}}}
    spec = {"template": {"containers": [box]}}
    plain = manifest("LLMInferenceService", "serving.kserve.io/v1alpha2", spec)
    based = manifest("LLMInferenceService", "serving.kserve.io/v1alpha2", {**spec, "baseRefs": [{"name": "rdma"}]})

    assert rules(without_rdma, plain, vm_sizes=(H100,)) == ["gpu-pod-without-rdma-resource"]
    assert rules(without_rdma, based, vm_sizes=(H100,)) == []


def graph(prefill: int, decode: int, frontend: int = 0) -> Document:
    def service(kind: str, replicas: int, gpus: int) -> dict[str, Any]:
        return {"componentType": kind, "replicas": replicas, "resources": {"limits": {"gpu": str(gpus)}}}

    services = {
        "Prefill": service("worker", prefill, 4),
        "Decode": service("worker", decode, 4),
        "Frontend": service("frontend", 1, frontend),
    }
    return manifest("DynamoGraphDeployment", "nvidia.com/v1alpha1", {"services": services})


def test_the_gpus_of_all_roles_of_a_workload_count_together() -> None:
    found = said(without_rdma, graph(2, 1), vm_sizes=(H100,))

    assert [one.path for one in found] == [
        "spec.services.Prefill.resources.limits.gpu",
        "spec.services.Decode.resources.limits.gpu",
    ]
    assert found[0].message.startswith(
        "the pods of one job have 12 GPUs, more than one Standard_ND96isr_H100_v5 has with"
    )
    assert str(found[0].fix).startswith("add rdma/ib: 4 to")
    assert rules(without_rdma, graph(1, 1), vm_sizes=(H100,)) == []
    assert rules(without_rdma, graph(1, 1, frontend=1), vm_sizes=(H100,)) == []
    assert len(rules(without_rdma, graph(2, 1, frontend=1), vm_sizes=(H100,))) == len(found)
    (alone,) = {one.message.partition(",")[0] for one in said(without_rdma, graph(3, 3), vm_sizes=(H100,))}
    assert alone == "3 pods of one job have 4 GPUs each"


@pytest.mark.parametrize("size", [GB300, "Standard_ND128isr_NDR_GB200_v6"])
@pytest.mark.parametrize(
    ("kind", "workers", "severity"),
    [
        pytest.param("MPIJob", 18, "info", id="a-rack"),
        pytest.param("MPIJob", 19, None, id="more-than-a-rack"),
        pytest.param("Deployment", 19, "info", id="servers-that-are-no-job"),
    ],
)
def test_nvlink_joins_the_nodes_of_a_rack_and_no_more(size: str, kind: str, workers: int, severity: str | None) -> None:
    template = {"spec": {"containers": [container(gpu=4)]}}
    spec: dict[str, Any] = {"replicas": workers, "template": template}
    if kind == "MPIJob":
        spec = {"mpiReplicaSpecs": {"Worker": {"replicas": workers, "template": template}}}
    [found] = said(
        without_rdma, manifest(kind, "kubeflow.org/v2beta1" if kind == "MPIJob" else "apps/v1", spec), vm_sizes=(size,)
    )

    assert found.severity == severity
    assert ("NVLink joins 18 nodes at most" in found.message) is (severity is None)
