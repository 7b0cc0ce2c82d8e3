"""What relations share about a set: who offers what, which pods ask for which network, and how many pods there are."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.plugins.templates import pod_templates
from aksrdma.checks.relation.facts import Facts, facts_of
from aksrdma.checks.relation.facts_replicas import pod_count
from aksrdma.checks.sets import ManifestSet
from aksrdma.cluster import Cluster
from aksrdma.documents import Document

NETWORKS = "k8s.v1.cni.cncf.io/networks"


def manifest(kind: str, spec: dict[str, Any], name: str = "x", namespace: str = "", group: str = "v1") -> Document:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return Document.from_data({"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec})


def network(name: str, namespace: str = "") -> Document:
    spec = {"master": "ib0", "ipam": '{"type": "nv-ipam"}'}
    return manifest("IPoIBNetwork", {**spec, "networkNamespace": namespace}, name, group="mellanox.com/v1alpha1")


def pod(networks: str, namespace: str = "", **spec: Any) -> Document:
    document = manifest("Pod", {"containers": [], **spec}, "pod", namespace)
    document.data["metadata"]["annotations"] = {NETWORKS: networks}
    return document


def facts(*documents: Document, **options: Any) -> Facts:
    return facts_of(ManifestSet(documents, release="v26.4.1", **options))


def test_facts_are_found_once_for_a_set() -> None:
    manifests = ManifestSet([network("ib")], release="v26.4.1")

    assert facts_of(manifests) is facts_of(manifests)
    assert facts_of(manifests).networks is facts_of(manifests).networks


@pytest.mark.parametrize(
    ("documents", "attached"),
    [
        pytest.param([network("ib"), pod("ib")], {("default", "ib"): 1}, id="bare-name-in-default"),
        pytest.param([network("ib", "mpi"), pod("ib", "mpi")], {("mpi", "ib"): 1}, id="bare-name-in-the-pods-own"),
        pytest.param([network("ib", "mpi"), pod("mpi/ib", "other")], {("mpi", "ib"): 1}, id="name-with-namespace"),
        pytest.param([network("ib", "mpi"), pod("ib", "other")], {}, id="bare-name-in-another-namespace"),
        pytest.param([network("ib", "mpi"), pod("ib")], {("mpi", "ib"): 1}, id="pod-that-may-go-to-any-namespace"),
        pytest.param([network("ib", "a"), network("ib", "b"), pod("ib")], {}, id="two-networks-that-it-may-mean"),
        pytest.param([network("ib"), pod("ib, ib")], {("default", "ib"): 2}, id="twice-in-one-pod"),
        pytest.param([network("ib"), pod("ib", hostNetwork=True)], {}, id="host-network-passes-no-plugin"),
    ],
)
def test_pods_attached(documents: list[Document], attached: dict[tuple[str, str], int]) -> None:
    found = facts(*documents).pods_attached

    assert {key: len(attachments) for key, attachments in found.items()} == attached


@pytest.mark.parametrize(
    ("namespaces", "cluster", "expected"),
    [
        pytest.param([], None, None, id="nothing-says-it"),
        pytest.param(["network-operator", "mpi"], None, "network-operator", id="a-known-name-that-the-set-creates"),
        pytest.param(["network-operator", "nvidia-network-operator"], None, None, id="both-known-names"),
        pytest.param(["network-operator"], Cluster(operator_namespace="rdma"), "rdma", id="the-cluster-file-decides"),
    ],
)
def test_operator_namespace(namespaces: list[str], cluster: Cluster | None, expected: str | None) -> None:
    documents = [manifest("Namespace", {}, name) for name in namespaces]

    assert facts(*documents, cluster=cluster).operator_namespace == expected


def test_pools_of_other_projects_are_none() -> None:
    ours = manifest("IPPool", {"subnet": "192.168.0.0/24", "perNodeBlockSize": 8}, group="nv-ipam.nvidia.com/v1alpha1")
    other = manifest("IPPool", {"cidr": "192.168.0.0/24"}, group="projectcalico.org/v3")

    assert [pool.document for pool in facts(ours, other).pools] == [ours]


def test_exposed_resources_say_which_plugin_serves_them() -> None:
    selectors = '{"vendors": ["15b3"]}'
    spec = {
        "sriovDevicePlugin": {"config": f'{{"resourceList": [{{"resourceName": "ib", "selectors": {selectors}}}]}}'},
        "rdmaSharedDevicePlugin": {
            "config": f'{{"configList": [{{"resourceName": "shared_ib", "rdmaHcaMax": 63, "selectors": {selectors}}}]}}'
        },
    }
    policy = manifest("NicClusterPolicy", spec, group="mellanox.com/v1alpha1")

    assert {found.full_name: found.plugin for found in facts(policy).exposed_resources} == {
        "intel.com/ib": "sriovDevicePlugin",
        "rdma/shared_ib": "rdmaSharedDevicePlugin",
    }


T: dict[str, Any] = {"template": {"spec": {}}}


@pytest.mark.parametrize(
    ("kind", "spec", "counts"),
    [
        pytest.param("Pod", {}, [1], id="a-pod"),
        pytest.param("Deployment", T, [1], id="one-where-nothing-is-said"),
        pytest.param("StatefulSet", {"replicas": 4, **T}, [4], id="replicas"),
        pytest.param("Deployment", {"replicas": 0, **T}, [0], id="scaled-to-zero"),
        pytest.param("DaemonSet", T, [8], id="one-on-each-node"),
        pytest.param("Job", {"parallelism": 4, **T}, [4], id="parallelism-of-a-job"),
        pytest.param("Job", {"parallelism": 4, "completions": 2, **T}, [2], id="no-more-pods-than-completions"),
        pytest.param("CronJob", {"jobTemplate": {"spec": {"parallelism": 3, **T}}}, [3], id="a-run-of-a-cron-job"),
        pytest.param(
            "MPIJob", {"mpiReplicaSpecs": {"Launcher": T, "Worker": {"replicas": 16, **T}}}, [1, 16], id="mpi-job"
        ),
        pytest.param(
            "LeaderWorkerSet",
            {"replicas": 2, "leaderWorkerTemplate": {"size": 4, "leaderTemplate": {}, "workerTemplate": {}}},
            [2, 6],
            id="leaders-and-workers",
        ),
        pytest.param(
            "LeaderWorkerSet",
            {"replicas": 2, "leaderWorkerTemplate": {"size": 4, "workerTemplate": {}}},
            [8],
            id="leaders-made-as-workers",
        ),
        pytest.param(
            "RayCluster",
            {"headGroupSpec": T, "workerGroupSpecs": [{"replicas": 3, **T}]},
            [1, 3],
            id="head-and-workers-of-ray",
        ),
        pytest.param(
            "JobSet",
            {"replicatedJobs": [{"replicas": 2, "template": {"spec": {"parallelism": 4, **T}}}]},
            [8],
            id="jobs-times-pods",
        ),
        pytest.param("TrainingRuntime", {"template": {"spec": {"replicatedJobs": [{"template": {"spec": T}}]}}}, [None],
                     id="a-runtime-makes-no-pods-itself"),
    ],
)  # fmt: skip
def test_pod_count(kind: str, spec: dict[str, Any], counts: list[int | None]) -> None:
    document = manifest(kind, spec)

    assert [pod_count(document, template, 8) for template in pod_templates(document)] == counts
