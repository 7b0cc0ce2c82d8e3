"""What relations share about a set: who offers what, which pods ask for which network, and how many pods there are."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.installed import Installed
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


def installed(*documents: Document, **options: Any) -> Installed:
    return ManifestSet(documents, release="v26.4.1", **options).derived(Installed)


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
    found = installed(*documents).pods_attached

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

    assert installed(*documents, cluster=cluster).operator_namespace == expected


def test_pools_of_other_projects_are_none() -> None:
    ours = manifest("IPPool", {"subnet": "192.168.0.0/24", "perNodeBlockSize": 8}, group="nv-ipam.nvidia.com/v1alpha1")
    other = manifest("IPPool", {"cidr": "192.168.0.0/24"}, group="projectcalico.org/v3")

    assert [pool.document for pool in installed(ours, other).pools] == [ours]


def test_exposed_resources_say_which_plugin_serves_them() -> None:
    selectors = '{"vendors": ["15b3"]}'
    spec = {
        "sriovDevicePlugin": {"config": f'{{"resourceList": [{{"resourceName": "ib", "selectors": {selectors}}}]}}'},
        "rdmaSharedDevicePlugin": {
            "config": f'{{"configList": [{{"resourceName": "shared_ib", "rdmaHcaMax": 63, "selectors": {selectors}}}]}}'
        },
    }
    policy = manifest("NicClusterPolicy", spec, group="mellanox.com/v1alpha1")

    assert {found.resource.full_name: found.plugin for found in installed(policy).exposed_resources} == {
        "intel.com/ib": "sriovDevicePlugin",
        "rdma/shared_ib": "rdmaSharedDevicePlugin",
    }
