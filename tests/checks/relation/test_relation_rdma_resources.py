"""Which extended resources are RDMA, and who serves them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aksrdma import documents
from aksrdma.checks.relation.custom_pods import refused_pods
from aksrdma.checks.relation.rdma_resources import (
    Resources,
    dropped_by_train_jobs,
    shared_counts,
    unexposed,
)
from aksrdma.checks.sets import ManifestSet
from aksrdma.cluster import Cluster
from aksrdma.cluster.model import Rdma
from aksrdma.documents import Document
from tests.checks.relation.relation_props import container, manifest, pod, rules, said
from tests.checks.relation.relation_props import device as device_entry
from tests.checks.relation.relation_props import policy as policy_of
from tests.checks.relation.relation_props import shared as shared_section
from tests.checks.relation.relation_props import sriov as sriov_section


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


def taking(**amounts: Any) -> list[str]:
    most_four = policy_of(
        rdmaSharedDevicePlugin=shared_section(most=4), sriovDevicePlugin=sriov_section(device_entry())
    )
    return rules(shared_counts, most_four, pod(container(**amounts), container("other", **amounts)))


@pytest.mark.parametrize(
    ("amounts", "broken"),
    [
        pytest.param({"shared": 1}, [], id="a-slot-for-each-container"),
        pytest.param({"shared": 2}, ["shared-rdma-count-above-one"] * 2, id="slots-that-give-no-more"),
        pytest.param({"shared": 3}, ["shared-rdma-count-above-hcamax"], id="more-slots-than-a-node-has"),
        pytest.param({"ib": 8}, [], id="nics-which-are-not-shared"),
    ],
)
def test_a_pod_takes(amounts: dict[str, int], broken: list[str]) -> None:
    assert taking(**amounts) == broken


def test_a_resource_is_unexposed_only_where_all_that_is_exposed_is_known() -> None:
    ours = policy_of(sriovDevicePlugin=sriov_section(device_entry("hca")))
    text = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  config.json: \'{"resourceName": "ib"}\'\n'
    config_map = documents.read(text.encode(), "a.yaml").documents[0]

    (found,) = said(unexposed, ours, pod(container(ib=1)))
    assert found.fix == "ask for rdma/hca, the only exposed one, or add the resource to the policy"
    assert rules(unexposed, ours, pod(container(**{"rdma/hca": 1}))) == []
    assert rules(unexposed, ours, pod(container(gpu=1))) == []
    assert rules(unexposed, ours, config_map, pod(container(ib=1))) == []
    assert rules(unexposed, pod(container(ib=1))) == []
    (found,) = said(unexposed, policy_of(ofedDriver={}), pod(container(ib=1)))
    assert found.fix == "add rdmaSharedDevicePlugin or sriovDevicePlugin with this resource to the policy"


def test_a_fix_lists_five_names_and_the_nearest_first() -> None:
    names = ["zz_ibx", "a1", "a2", "a3", "a4", "a5"]
    ours = policy_of(sriovDevicePlugin=sriov_section(*map(device_entry, names)))

    (found,) = said(unexposed, ours, pod(container(**{"rdma/zz_ib": 1})))

    assert found.fix is not None
    assert "(rdma/zz_ibx, rdma/a1, rdma/a2, rdma/a3, rdma/a4)" in found.fix


def runtime(*jobs: tuple[str, bool, dict[str, Any]], **mpi: Any) -> Document:
    replicated = [
        {
            "name": name,
            "template": {
                "metadata": {"labels": {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"} if labeled else {}},
                "spec": {"template": {"spec": {"containers": [{**one, "name": "node"}]}}},
            },
        }
        for name, labeled, one in jobs
    ]
    spec = {"mlPolicy": {"mpi": mpi}, "template": {"spec": {"replicatedJobs": replicated}}}
    return manifest("ClusterTrainingRuntime", "trainer.kubeflow.org/v1alpha1", spec, "torch")


def train_job(name: str = "torch", **limits: Any) -> Document:
    spec = {"runtimeRef": {"name": name}, "trainer": {"resourcesPerNode": {"limits": limits}}}
    return manifest("TrainJob", "trainer.kubeflow.org/v1alpha1", spec)


@pytest.mark.parametrize(
    ("documents", "lost"),
    [
        pytest.param([runtime(("node", True, container(ib=8))), train_job(**{"nvidia.com/gpu": 8})], True, id="left-out"),
        pytest.param([runtime(("node", True, container(ib=8))), train_job(**{"rdma/ib": 8})], False, id="asked-for"),
        pytest.param([runtime(("node", True, container(gpu=8))), train_job(**{"nvidia.com/gpu": 8})], False, id="not-had"),
        pytest.param([runtime(("node", True, container(ib=8))), train_job("x", cpu=1)], False, id="of-another-runtime"),
        pytest.param([runtime(("node", False, container(ib=8))), train_job(cpu=1)], False, id="where-nothing-is-replaced"),
        pytest.param(
            [
                runtime(("node", False, container(ib=8)), ("launcher", True, container(ib=8)), runLauncherAsNode=True),
                train_job(cpu=1),
            ],
            True, id="left-out-of-launcher-and-nodes-and-said-once",
        ),
        pytest.param(
            [runtime(("node", False, container(ib=8)), ("launcher", True, container())), train_job(cpu=1)],
            False, id="of-nodes-that-the-launcher-is-not",
        ),
    ],
)  # fmt: skip
def test_the_resource_of_a_runtime_is(documents: list[Document], lost: bool) -> None:
    found = said(dropped_by_train_jobs, *documents)

    assert [(one.path, one.fix) for one in found] == [
        ("spec.trainer.resourcesPerNode", "add rdma/ib to resourcesPerNode")
    ] * lost


def test_amounts_of_a_train_job_are_judged_where_it_says_them_and_those_of_a_pod_by_others() -> None:
    half = {"limits": {"rdma/ib": "500m"}}
    spec = {"runtimeRef": {"name": "torch"}, "trainer": {"resourcesPerNode": half}}

    found = said(refused_pods, manifest("TrainJob", "trainer.kubeflow.org/v1alpha1", spec))

    assert [(one.rule, one.path) for one in found] == [
        ("rdma-quantity-not-whole", "spec.trainer.resourcesPerNode.limits[rdma/ib]")
    ]
    (found_in_runtime,) = said(refused_pods, runtime(("node", True, container(ib="500m"))))
    assert found_in_runtime.path.endswith("containers[0].resources.limits[rdma/ib]")
    assert rules(refused_pods, pod(container(ib="500m"))) == []
