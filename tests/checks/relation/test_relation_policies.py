"""The operator's policies: which count, which nodes they reach, and what the webhook would have said of them."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma import catalog
from aksrdma.checks.relation import policies, webhook_off
from aksrdma.checks.relation.installed import Installed
from aksrdma.checks.sets import ManifestSet
from aksrdma.cluster import Cluster, NodePool
from aksrdma.documents import Document
from tests.checks.relation.relation_props import (
    H100,
    NODE_AFFINITY,
    POOL,
    device,
    policy,
    rules,
    said,
    shared,
    sriov,
    wants,
)

HB, GB = "Standard_HB176rs_v4", "Standard_ND128isr_NDR_GB200_v6"
TYPE, ARCH = "node.kubernetes.io/instance-type", "kubernetes.io/arch"
CLUSTER = Cluster(node_pools=[NodePool(name="gpu", vm_size=H100.lower()), NodePool(name="cpu", vm_size=HB)])


@pytest.mark.parametrize(
    ("selection", "reached"),
    [
        pytest.param({}, [H100, HB, GB], id="everything"),
        pytest.param({"nodeAffinity": wants(ARCH, "arm64")}, [GB], id="an-architecture"),
        pytest.param({"nodeAffinity": wants(ARCH, "amd64")}, [H100, HB], id="the-other-architecture"),
        pytest.param(
            {"nodeAffinity": wants(ARCH, "arm64", operator="NotIn")}, [H100, HB], id="all-but-an-architecture"
        ),
        pytest.param({"nodeAffinity": wants(TYPE, H100.upper())}, [H100], id="a-size-in-any-case"),
        pytest.param(
            {"nodeAffinity": wants("beta.kubernetes.io/instance-type", HB)}, [HB], id="a-size-by-the-old-label"
        ),
        pytest.param({"nodeAffinity": wants(POOL, "gpu")}, [H100], id="a-pool"),
        pytest.param({"nodeAffinity": wants("agentpool", "cpu")}, [HB], id="a-pool-by-the-old-label"),
        pytest.param({"nodeAffinity": wants("zone", "1")}, [H100, HB, GB], id="what-nobody-knows"),
        pytest.param({"nodeAffinity": wants(ARCH, operator="Exists")}, [H100, HB, GB], id="a-label-that-all-have"),
        pytest.param({"nodeAffinity": wants(ARCH, operator="DoesNotExist")}, [], id="a-label-that-none-lacks"),
        pytest.param({"nodeSelector": {ARCH: "arm64"}}, [H100, HB, GB], id="by-what-this-kind-does-not-have"),
    ],
)
def test_a_policy_reaches(selection: dict[str, Any], reached: list[str]) -> None:
    manifests = ManifestSet([policy(**selection)], release="v26.4.1", vm_sizes=(H100, HB, GB), cluster=CLUSTER)
    (found,) = manifests.derived(Installed).policies

    assert [size.name for size in policies.reached(found, manifests)] == reached


def test_terms_are_alternatives_and_a_node_policy_selects_by_labels() -> None:
    terms = [
        *wants(ARCH, "arm64")[NODE_AFFINITY]["nodeSelectorTerms"],
        *wants(TYPE, HB)[NODE_AFFINITY]["nodeSelectorTerms"],
    ]
    either = policy(nodeAffinity={NODE_AFFINITY: {"nodeSelectorTerms": terms}})
    arm = policy("NicNodePolicy", nodeSelector={ARCH: "arm64"})
    manifests = ManifestSet([either, arm], release="v26.4.1", vm_sizes=(H100, HB, GB))

    found = [policies.reached(one, manifests) for one in manifests.derived(Installed).policies]

    assert [[size.name for size in sizes] for sizes in found] == [[HB, GB], [GB]]


def test_without_a_cluster_file_a_pool_may_be_of_any_size() -> None:
    manifests = ManifestSet([policy(nodeAffinity=wants(POOL, "x"))], release="v26.4.1", vm_sizes=(H100, "unknown"))
    (found,) = manifests.derived(Installed).policies

    assert [size.name for size in policies.reached(found, manifests)] == [H100]


LINKS, TELEMETRY, OWN = "link-types-without-ofed-driver", "doca-telemetry-on-arm64", "ofed-driver-on-gb-nodes"
BY_LINK = sriov(device(linkTypes=["infiniband"]))


@pytest.mark.parametrize(
    ("spec", "sizes", "broken"),
    [
        pytest.param({"docaTelemetryService": {}}, (GB,), [TELEMETRY], id="telemetry-on-arm64"),
        pytest.param({"docaTelemetryService": {}}, (H100,), [], id="telemetry-on-amd64"),
        pytest.param({"ofedDriver": {}}, (GB,), [OWN], id="a-driver-where-the-image-has-one"),
        pytest.param({"ofedDriver": {}}, (H100,), [], id="a-driver-where-the-image-has-none"),
        pytest.param({"sriovDevicePlugin": BY_LINK}, (H100,), [LINKS], id="link-types-without-a-driver"),
        pytest.param({"sriovDevicePlugin": BY_LINK}, (), [LINKS], id="link-types-on-unknown-nodes"),
        pytest.param({"sriovDevicePlugin": BY_LINK}, (GB,), [], id="link-types-with-the-driver-of-the-image"),
        pytest.param({"sriovDevicePlugin": BY_LINK}, (GB, H100), [LINKS], id="link-types-with-that-of-some-images"),
        pytest.param({"sriovDevicePlugin": BY_LINK, "ofedDriver": {}}, (H100,), [], id="link-types-with-a-driver"),
        pytest.param({"sriovDevicePlugin": sriov(device(linkTypes=["ether"]))}, (), [], id="other-link-types"),
        pytest.param(
            {"rdmaSharedDevicePlugin": shared(linkTypes=["infiniband"])}, (), [LINKS], id="those-of-the-shared-plugin"
        ),
        pytest.param(
            {"sriovDevicePlugin": sriov(*[device(linkTypes=["infiniband"])] * 2)}, (), [LINKS], id="said-once"
        ),
    ],
)
def test_components_on_nodes(spec: dict[str, Any], sizes: tuple[str, ...], broken: list[str]) -> None:
    assert rules(policies.components_on_nodes, policy(**spec), vm_sizes=sizes) == broken


def test_one_driver_is_missing_however_many_policies_need_it() -> None:
    both = [policy(sriovDevicePlugin=BY_LINK), policy("NicNodePolicy", "b", sriovDevicePlugin=BY_LINK)]

    assert rules(policies.components_on_nodes, *both) == [LINKS]


def in_file(name: str, file: str, index: int) -> Document:
    data = {"apiVersion": "mellanox.com/v1alpha1", "kind": "NicClusterPolicy", "metadata": {"name": name}}
    return Document.from_data(data, file, index)


def test_the_operator_heeds_one_policy_of_one_name() -> None:
    right, other = in_file("nic-cluster-policy", "a.yaml", 1), in_file("other", "a.yaml", 2)
    twin, last = in_file("nic-cluster-policy", "b.yaml", 1), in_file("last", "b.yaml", 2)

    assert said(policies.cluster_policies, right) == []
    assert said(policies.cluster_policies) == []
    assert said(policies.cluster_policies, in_file("", "a.yaml", 1)) == []
    assert [one.message for one in said(policies.cluster_policies, other)] == [
        "the operator ignores a NicClusterPolicy named 'other' and deploys nothing of it"
    ]
    assert [(one.rule, one.message) for one in said(policies.cluster_policies, other, right, twin)] == [
        ("nicclusterpolicy-second", "the operator heeds one NicClusterPolicy, that of document 1, and ignores 'other'"),
        (
            "nicclusterpolicy-second",
            "the set has two NicClusterPolicies named 'nic-cluster-policy' (see a.yaml document 1): "
            "one overwrites the other",
        ),
    ]
    assert rules(policies.cluster_policies, other, last) == ["nicclusterpolicy-name", "nicclusterpolicy-second"]


def test_node_policies_of_a_release_without_them_are_not_compared() -> None:
    both = [policy("NicNodePolicy", name, nodeSelector={"a": "b"}) for name in ("a", "b")]

    assert rules(policies.node_selectors, *both) == ["nicnodepolicy-selectors-overlap"]
    assert rules(policies.node_selectors, *both, release="v26.1.2") == []
    assert rules(policies.node_selectors, both[0]) == []


def test_what_the_webhook_says_itself_is_not_said_twice() -> None:
    long = policy("NicNodePolicy", "n" * 31, ofedDriver={})
    both = [policy(ofedDriver={}), long]

    assert rules(policies.node_policy_names, long) == ["nicnodepolicy-name-length"]
    assert rules(policies.node_policy_names, policy("NicNodePolicy", "n" * 30)) == []
    assert rules(policies.node_policy_names, long, admission_controller=True) == []
    assert rules(policies.sections_in_both, *both) == ["nic-policy-section-in-both"]
    assert rules(policies.sections_in_both, *both, admission_controller=True) == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        pytest.param({"tolerations": [{"operator": "Equal"}]}, "spec.tolerations[0]", id="a-toleration"),
        pytest.param({"tolerations": [{"operator": "Exists"}]}, None, id="a-good-toleration"),
        pytest.param(
            {"deploymentTolerations": [{"operator": "Equal"}]},
            "spec.deploymentTolerations[0]",
            id="a-toleration-of-deployments",
        ),
        pytest.param(
            {"nodeAffinity": wants("a b", "x")},
            f"spec.nodeAffinity.{NODE_AFFINITY}.nodeSelectorTerms[0].matchExpressions[0].key",
            id="an-affinity",
        ),
        pytest.param(
            {"deploymentNodeAffinity": wants("a b", "x")},
            f"spec.deploymentNodeAffinity.{NODE_AFFINITY}.nodeSelectorTerms[0].matchExpressions[0].key",
            id="an-affinity-of-deployments",
        ),
        pytest.param({"nodeAffinity": wants("a", "x")}, None, id="a-good-affinity"),
    ],
)
def test_the_pods_that_the_operator_makes_are_refused_for(spec: dict[str, Any], path: str | None) -> None:
    found = said(policies.scheduling, policy(**spec))

    assert [(one.rule, one.path) for one in found] == ([("policy-scheduling-invalid", path)] if path else [])
    assert all(one.message.startswith("the API server refuses the pods") and one.fix for one in found)


def resources(requests: Any, limits: Any, name: str = "kube-sriovdp") -> dict[str, Any]:
    return {"sriovDevicePlugin": {"containerResources": [{"name": name, "requests": requests, "limits": limits}]}}


@pytest.mark.parametrize(
    ("spec", "severities"),
    [
        pytest.param(resources({"cpu": "1"}, {"cpu": "1"}), [], id="a-request-at-its-limit"),
        pytest.param(resources({"cpu": "2"}, {"cpu": "1"}), [None], id="a-request-above-its-limit"),
        pytest.param(resources({"cpu": "2"}, {"memory": "1"}), [], id="a-request-without-its-limit"),
        pytest.param(resources({"cpu": "0"}, {}), ["warning"], id="a-request-of-nothing"),
        pytest.param(resources({"cpu": "1"}, {"cpu": "0"}), ["warning", None], id="a-limit-of-nothing"),
        pytest.param(resources({"nvidia.com/gpu": 1}, {}), ["warning"], id="neither-cpu-nor-memory"),
        pytest.param(resources({"cpu": "1"}, {}, name="other"), [None], id="a-container-that-is-not-there"),
    ],
)
def test_container_resources_ask_for(spec: dict[str, Any], severities: list[str | None]) -> None:
    found = [one for one in said(webhook_off.unrefused, policy(**spec)) if one.rule == "container-resources-invalid"]

    assert sorted(map(str, (one.severity for one in found))) == sorted(map(str, severities))


DRIVER = catalog.release("v26.4.1").components["ofedDriver"].version


@pytest.mark.parametrize(
    ("spec", "rule", "severity"),
    [
        pytest.param({"ofedDriver": {"version": DRIVER}}, None, None, id="the-release-s-driver"),
        pytest.param({"ofedDriver": {"version": "nonsense"}}, "ofed-version-form", "warning", id="a-version-of-no-form"),
        pytest.param({"ofedDriver": {"version": "no tag"}}, "ofed-version-form", None, id="a-version-that-is-no-tag"),
        pytest.param({"ofedDriver": {"version": "a" * 128}}, "ofed-version-form", "warning", id="a-tag-at-its-length"),
        pytest.param({"ofedDriver": {"version": "a" * 129}}, "ofed-version-form", None, id="a-tag-beyond-it"),
        pytest.param(
            {"ofedDriver": {"version": DRIVER, "upgradePolicy": {"safeLoad": True}}},
            "safeload-without-autoupgrade", None, id="safe-load-alone",
        ),
        pytest.param(
            {"ofedDriver": {"version": DRIVER, "upgradePolicy": {"safeLoad": True, "autoUpgrade": True}}},
            None, None, id="safe-load-with-auto-upgrade",
        ),
        pytest.param({"ibKubernetes": {"pKeyGUIDPoolRangeStart": "x"}}, "ib-kubernetes-guid-range", None, id="no-guid"),
        pytest.param({"ibKubernetes": {}}, None, None, id="guids-by-default"),
        pytest.param({"docaTelemetryService": {"config": {}}}, "doca-telemetry-config-empty", None, id="no-config-map"),
        pytest.param(
            {"docaTelemetryService": {"config": {"fromConfigMap": "a"}}}, None, None, id="a-config-map"
        ),
    ],
)  # fmt: skip
def test_nobody_refuses_before_the_pods_start(spec: dict[str, Any], rule: str | None, severity: str | None) -> None:
    found = said(webhook_off.unrefused, policy(**spec))

    assert [(one.rule, one.severity) for one in found] == (
        [(rule, severity), ("admission-controller-off", None)] if rule else []
    )
    assert all(f"({rule})" in one.message for one in found[1:])
    assert rules(webhook_off.unrefused, policy(**spec), admission_controller=True) == []


def test_where_the_webhook_is_on_it_does_not_look_at_the_resources_of_a_node_policy() -> None:
    spec = resources({"cpu": "2"}, {"cpu": "1"})

    assert rules(webhook_off.unrefused, policy("NicNodePolicy", **spec), admission_controller=True) == [
        "container-resources-invalid"
    ]
    assert rules(webhook_off.unrefused, policy(**spec), admission_controller=True) == []


def test_only_a_policy_of_the_cluster_has_guids_and_telemetry() -> None:
    spec = {"ibKubernetes": {"pKeyGUIDPoolRangeStart": "x"}, "docaTelemetryService": {"config": {}}}

    assert rules(webhook_off.unrefused, policy("NicNodePolicy", **spec)) == []


PREFIX, SELECTOR = "resource-prefix-refused-by-webhook", "sriov-selector-refused-by-webhook"


@pytest.mark.parametrize(
    ("spec", "broken"),
    [
        pytest.param({"sriovDevicePlugin": sriov(device(prefix="rdma"))}, [], id="rdma-for-nics-as-in-the-guide"),
        pytest.param({"sriovDevicePlugin": sriov(device(prefix="hpc"))}, [(PREFIX, None)], id="no-domain-for-nics"),
        pytest.param({"sriovDevicePlugin": sriov(device(prefix="a.example.com"))}, [], id="a-domain"),
        pytest.param({"rdmaSharedDevicePlugin": shared(prefix="rdma")}, [(PREFIX, "info")], id="the-default-of-slots"),
        pytest.param({"rdmaSharedDevicePlugin": shared(prefix="hpc")}, [(PREFIX, None)], id="no-domain-for-slots"),
        pytest.param({"rdmaSharedDevicePlugin": shared(prefix="-")}, [], id="what-another-rule-refuses"),
        pytest.param({"sriovDevicePlugin": sriov(device(pKeys=["0x1"]))}, [(SELECTOR, None)], id="keys-of-partitions"),
        pytest.param({"sriovDevicePlugin": sriov(device(linkTypes=["infiniband"]))}, [], id="what-both-know"),
    ],
)
def test_the_webhook_would_refuse(spec: dict[str, Any], broken: list[Any]) -> None:
    found = said(webhook_off.refused_later, policy(**spec))

    assert [(one.rule, one.severity) for one in found] == broken
    assert rules(webhook_off.refused_later, policy(**spec), admission_controller=True) == []
