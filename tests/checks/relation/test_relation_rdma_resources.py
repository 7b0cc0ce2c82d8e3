"""Which extended resources are RDMA, and who serves them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aksrdma.checks.relation.rdma_resources import Resources
from aksrdma.checks.sets import ManifestSet
from aksrdma.cluster import Cluster
from aksrdma.cluster.model import Rdma
from aksrdma.documents import Document


def policy(**sections: Any) -> Document:
    spec = {section: {"config": json.dumps(config)} for section, config in sections.items()}
    metadata = {"name": "nic-cluster-policy"}
    return Document.from_data(
        {"apiVersion": "mellanox.com/v1alpha1", "kind": "NicClusterPolicy", "metadata": metadata, "spec": spec}
    )


def shared(name: str, prefix: str = "") -> Document:
    return policy(rdmaSharedDevicePlugin={"configList": [{"resourceName": name, "resourcePrefix": prefix}]})


def sriov(name: str, prefix: str, **selectors: Any) -> Document:
    entry = {"resourceName": name, "resourcePrefix": prefix, "selectors": selectors}
    return policy(sriovDevicePlugin={"resourceList": [entry]})


def resources(*documents: Document, **options: Any) -> Resources:
    return ManifestSet(documents, release="v26.4.1", **options).derived(Resources)


@pytest.mark.parametrize(
    "name",
    [
        *("rdma/ib", "rdma/anything", "nvidia.com/mlnxnics", "nvidia.com/hostdev", "nvidia.com/sriov_rdma_vf"),
        *("mellanox.com/shared_hca_rdma", "openshift.io/rdma_sw1", "intel.com/mlnx_sriov_rdma", "amd.com/nic"),
    ],
)
def test_a_name_in_common_use_is_rdma(name: str) -> None:
    assert resources().is_rdma(name)


@pytest.mark.parametrize(
    "name",
    [
        *("nvidia.com/gpu", "amd.com/gpu", "nvidia.com/mig-1g.10gb", "nvidia.com/gpu.shared", "nvidia.com/v100"),
        *("intel.com/qat", "example.com/ib", "smarter-devices/fuse", "openshift.io/cx7_eno8"),
    ],
)
def test_another_name_is_not(name: str) -> None:
    assert not resources().is_rdma(name)


@pytest.mark.parametrize(
    ("document", "name", "is_rdma"),
    [
        pytest.param(shared("hca", "example.com"), "example.com/hca", True, id="shared-by-a-policy"),
        pytest.param(shared("hca", "example.com"), "example.com/other", True, id="of-a-prefix-that-a-policy-uses"),
        pytest.param(shared("hca", "example.com"), "exmaple.com/hca", True, id="of-a-name-that-a-policy-uses"),
        pytest.param(shared("hca", "nvidia.com"), "nvidia.com/v100", False, id="not-all-of-a-vendors-prefix"),
        pytest.param(shared("cx7_a", "nvidia.com"), "nvidia.com/cx7a", True, id="but-what-is-spelt-almost-so"),
        pytest.param(sriov("fast", "example.com", isRdma=True), "example.com/fast", True, id="rdma-of-sriov"),
        pytest.param(sriov("dpdk", "example.com"), "example.com/dpdk", False, id="not-a-plain-sriov-device"),
        pytest.param(sriov("ib", "rdma"), "rdma/ib", True, id="but-one-that-is-called-so"),
        pytest.param(shared("gpu", "nvidia.com"), "nvidia.com/mig-1g", False, id="not-a-part-of-a-gpu"),
    ],
)
def test_with_a_policy_a_resource_is_rdma(document: Document, name: str, is_rdma: bool) -> None:
    assert resources(document).is_rdma(name) is is_rdma


@pytest.mark.parametrize(
    ("documents", "cluster", "name", "plugin"),
    [
        pytest.param([shared("ib")], None, "rdma/ib", "rdmaSharedDevicePlugin", id="as-the-policy-says"),
        pytest.param([sriov("ib", "rdma")], None, "rdma/ib", "sriovDevicePlugin", id="whichever-it-is"),
        pytest.param([sriov("ib", "rdma"), shared("ib")], None, "rdma/ib", None, id="not-known-where-it-is-both"),
        pytest.param([shared("hca")], None, "rdma/ib", None, id="not-known-where-the-policy-has-another"),
        pytest.param([], None, "rdma/ib", "sriovDevicePlugin", id="by-the-guides-name-of-a-nic"),
        pytest.param([], None, "rdma/shared_ib", "rdmaSharedDevicePlugin", id="by-the-guides-name-of-a-slot"),
        pytest.param([], None, "rdma/hca", None, id="not-known-by-any-other-name"),
        pytest.param([], Cluster(profile="ipoib"), "rdma/ib", None, id="not-that-of-another-profile"),
        pytest.param(
            [],
            Cluster(profile="ipoib", rdma=Rdma(resource_prefix="example.com", resource_name="hca")),
            "example.com/hca",
            "rdmaSharedDevicePlugin",
            id="as-the-cluster-file-names-it",
        ),
        pytest.param([], Cluster(profile="base"), "rdma/ib", None, id="nobody-in-a-cluster-with-the-driver-alone"),
    ],
)
def test_a_resource_is_served_by(
    documents: list[Document], cluster: Cluster | None, name: str, plugin: str | None
) -> None:
    assert resources(*documents, cluster=cluster).plugin_of(name) == plugin


def other(kind: str) -> Document:
    return Document.from_data({"apiVersion": "example.com/v1", "kind": kind, "metadata": {"name": "a"}})


@pytest.mark.parametrize(
    ("documents", "options", "known"),
    [
        pytest.param([shared("ib")], {}, True, id="a-policy-that-can-be-read"),
        pytest.param([], {}, False, id="no-policy"),
        pytest.param([shared("ib")], {"unknown": [other("SriovNetworkNodePolicy")]}, False, id="another"),
        pytest.param([shared("ib")], {"unknown": [other("Certificate")]}, True, id="what-has-no-part-in-it"),
    ],
)
def test_all_that_is_exposed_is_known(documents: list[Document], options: dict[str, Any], known: bool) -> None:
    assert resources(*documents, **options).all_known is known
