"""What a secondary network needs around it, and the pods that ask for it."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation import networks
from aksrdma.documents import Document
from tests.checks.relation.relation_props import container, manifest, network, policy, pool, rules, said

WHEREABOUTS = {"type": "whereabouts", "range": "192.168.5.0/24"}
NV_IPAM = {"type": "nv-ipam", "poolName": "pool"}
IPAM_PLUGIN = {"secondaryNetwork": {"ipamPlugin": {}}}


def running(name: str = "x", image: str = "a") -> Document:
    spec = {"template": {"spec": {"containers": [{"name": "a", "image": image}]}}}
    return manifest("DaemonSet", "apps/v1", spec, name)


def asking(networks: str, replicas: int = 1, namespace: str = "", **spec: Any) -> Document:
    metadata = {"annotations": {"k8s.v1.cni.cncf.io/networks": networks}}
    template = {"metadata": metadata, "spec": {"containers": [container()], **spec}}
    return manifest("Deployment", "apps/v1", {"replicas": replicas, "template": template}, namespace=namespace)


@pytest.mark.parametrize(
    ("release", "documents", "broken"),
    [
        pytest.param("v25.7.0", [policy()], "whereabouts-without-ipam-plugin", id="a-policy-without-it"),
        pytest.param("v25.7.0", [policy(**IPAM_PLUGIN)], None, id="a-policy-with-it"),
        pytest.param("v25.7.0", [], None, id="no-policy"),
        pytest.param(
            "v25.10.0", [policy(**IPAM_PLUGIN)], "whereabouts-removed-from-operator", id="a-release-without-it"
        ),
        pytest.param("v25.10.0", [running("whereabouts")], None, id="its-own-daemon-set"),
        pytest.param("v25.7.0", [policy(), running(image="ghcr.io/whereabouts:1")], None, id="its-own-image"),
    ],
)
def test_whereabouts_comes_with(release: str, documents: list[Document], broken: str | None) -> None:
    found = said(networks.whereabouts, network(ipam=WHEREABOUTS), *documents, release=release)

    assert [one.rule for one in found] == ([broken] if broken else [])
    assert rules(networks.whereabouts, network(ipam=NV_IPAM), *documents, release=release) == []


def test_whereabouts_is_surely_missing_where_the_set_has_the_policy() -> None:
    (found,) = said(networks.whereabouts, network(ipam=WHEREABOUTS), policy())
    assert found.severity is None
    assert found.message == "the operator deploys no whereabouts from v25.10.0 on: no pod of 'ib' starts"
    (found,) = said(networks.whereabouts, network(ipam=WHEREABOUTS))
    assert found.severity == "warning"
    assert found.message.endswith("no pod of 'ib' starts unless whereabouts is installed on its own")


@pytest.mark.parametrize(
    ("documents", "nodes", "broken"),
    [
        pytest.param([], 2, True, id="two-nodes"),
        pytest.param([], 1, False, id="one-node"),
        pytest.param([], None, False, id="nobody-knows-how-many-nodes"),
        pytest.param([asking("ib")], 2, False, id="two-nodes-and-one-pod"),
        pytest.param([asking("ib", 2)], 2, True, id="two-nodes-and-two-pods"),
    ],
)
def test_host_local_is_used_on(documents: list[Document], nodes: int | None, broken: bool) -> None:
    own = network(ipam={"type": "host-local", "subnet": "192.168.5.0/24"})

    assert rules(networks.one_address, own, *documents, nodes=nodes) == ["host-local-on-many-nodes"] * broken


IPS = '[{"name": "ib", "ips": ["192.168.5.7/24"]}]'


@pytest.mark.parametrize(
    ("documents", "broken"),
    [
        pytest.param([asking("ib")], False, id="one-pod"),
        pytest.param([asking("ib", 2)], True, id="two-pods"),
        pytest.param([asking("ib"), asking("ib")], True, id="a-pod-of-each-of-two-workloads"),
        pytest.param([asking(IPS, 2)], False, id="pods-with-addresses-of-their-own"),
        pytest.param([asking('[{"name": "ib"}]', 2)], True, id="pods-that-ask-in-the-long-form"),
        pytest.param([], False, id="nobody"),
    ],
)
def test_a_static_address_is_given_to(documents: list[Document], broken: bool) -> None:
    own = network(ipam={"type": "static", "addresses": [{"address": "192.168.5.9/24"}]})

    assert rules(networks.one_address, own, *documents) == ["static-ipam-with-replicas"] * broken
    assert rules(networks.one_address, network(ipam={"type": "static"}), *documents) == []


@pytest.mark.parametrize(
    ("documents", "rule", "path"),
    [
        pytest.param([policy(), network(ipam=NV_IPAM)], "nvipam-not-deployed", "spec.ipam:type", id="of-a-network"),
        pytest.param([policy(), pool()], "nvipam-not-deployed", "kind", id="of-a-pool"),
        pytest.param([policy(nvIpam={}), pool()], None, "", id="where-the-policy-has-it"),
        pytest.param([policy(), running("nv-ipam-node"), pool()], None, "", id="where-the-set-has-it"),
        pytest.param([pool()], None, "", id="where-there-is-no-policy"),
        pytest.param([policy(), network(ipam=WHEREABOUTS)], None, "", id="of-a-network-that-does-without"),
    ],
)
def test_nothing_deploys_nv_ipam(documents: list[Document], rule: str | None, path: str) -> None:
    found = [one for one in said(networks.nv_ipam, *documents) if one.rule == "nvipam-not-deployed"]

    assert [(one.rule, one.path) for one in found] == ([(rule, path)] if rule else [])


@pytest.mark.parametrize(
    ("ipam", "pools", "fix"),
    [
        pytest.param({"poolName": "pool"}, [pool()], "", id="there"),
        pytest.param({"poolName": "pol"}, [pool()], "write 'pool', or create 'pol'", id="misspelt"),
        pytest.param({"poolName": "zzz"}, [pool()], None, id="of-quite-another-name"),
        pytest.param(
            {"poolName": "pool"},
            [pool("CIDRPool")],
            """write "poolType": "cidrpool": 'pool' is a CIDRPool""",
            id="of-the-other-kind",
        ),
        pytest.param({"poolName": "pool", "poolType": "cidrpool"}, [pool("CIDRPool")], "", id="of-its-kind"),
    ],
)
def test_the_pool_of_a_network_is(ipam: dict[str, Any], pools: list[Document], fix: str | None) -> None:
    found = said(networks.nv_ipam, network(ipam={"type": "nv-ipam", **ipam}), *pools)

    assert [(one.rule, one.path, one.fix) for one in found] == [("nvipam-pool-missing", "spec.ipam:poolName", fix)] * (
        fix != ""
    )


def test_a_network_without_a_pool_name_draws_from_the_one_of_its_own_name() -> None:
    (found,) = said(networks.nv_ipam, network(ipam={"type": "nv-ipam"}), pool(name="zzz"))

    assert found.path == "spec.ipam:type"
    assert found.message.endswith("which is what a network without a poolName draws from")


def test_pools_are_missed_only_where_the_set_would_have_them() -> None:
    assert rules(networks.nv_ipam, network(ipam=NV_IPAM)) == []
    assert rules(networks.nv_ipam, network(ipam=NV_IPAM), policy(nvIpam={})) == ["nvipam-pool-missing"]


def created(name: str) -> Document:
    return manifest("Namespace", "v1", {}, name)


OPERATOR = created("nvidia-network-operator")


@pytest.mark.parametrize(
    ("documents", "severities"),
    [
        pytest.param([pool(namespace="nvidia-network-operator"), OPERATOR], [], id="that-of-the-operator"),
        pytest.param([pool(namespace="team"), OPERATOR], [None], id="another-than-that-of-the-operator"),
        pytest.param([pool(), OPERATOR], [], id="none"),
        pytest.param([pool(namespace="default")], [None], id="that-of-pods"),
        pytest.param([pool(namespace="team"), network(namespace="team")], [None], id="that-of-a-network"),
        pytest.param([pool(namespace="team")], ["warning"], id="one-of-which-nothing-is-known"),
        pytest.param([pool(namespace="kube-system"), policy(nvIpam={})], ["warning"], id="that-of-nv-ipam-alone"),
        pytest.param([pool(namespace="kube-system")], [], id="that-of-nv-ipam-alone-which-may-be-so"),
        pytest.param(
            [pool(namespace="network-operator"), network(namespace="network-operator")],
            [],
            id="that-of-operator-and-pods",
        ),
    ],
)
def test_the_namespace_of_a_pool_is(documents: list[Document], severities: list[str | None]) -> None:
    found = [one for one in said(networks.nv_ipam, *documents) if one.rule == "nvipam-pool-namespace"]

    assert [one.severity for one in found] == severities
    assert [one.fix for one in found if OPERATOR in documents] == [
        "move it to nvidia-network-operator" for _ in found if OPERATOR in documents
    ]


def test_a_pool_where_no_operator_can_be_thought_of_is_warned_of() -> None:
    (found,) = said(networks.nv_ipam, pool(namespace="team-a"))
    assert (found.rule, found.path, found.severity) == ("nvipam-pool-namespace", "metadata.namespace", "warning")
    assert found.message == (
        "nv-ipam reads pools of the operator's namespace alone, in the guides network-operator or nvidia-network-operator, "
        "and this one is in 'team-a'"
    )
    for namespace in ("nvidia", "gpu-operator", "kube-system", "network-operator", ""):
        assert said(networks.nv_ipam, pool(namespace=namespace)) == []


ALL = {"multus": {}, "ipoib": {}, "cniPlugins": {}}


def without(*names: str) -> Document:
    return policy(secondaryNetwork={name: {} for name in ALL if name not in names})


@pytest.mark.parametrize(
    ("documents", "ipam", "missing"),
    [
        pytest.param([policy(secondaryNetwork=ALL)], None, "", id="nothing"),
        pytest.param([without("multus")], None, "secondaryNetwork.multus", id="multus"),
        pytest.param([policy()], None, "secondaryNetwork.multus and secondaryNetwork.ipoib", id="all"),
        pytest.param([without("cniPlugins")], NV_IPAM, "", id="no-standard-plugins-for-nv-ipam"),
        pytest.param([without("cniPlugins")], {"type": "static"}, "secondaryNetwork.cniPlugins", id="those-of-static"),
        pytest.param([without("multus"), running("kube-multus-ds")], None, "", id="what-the-set-brings-itself"),
        pytest.param([], None, "", id="what-a-set-without-policy-leaves-to-others"),
    ],
)
def test_an_ipoib_network_misses(documents: list[Document], ipam: Any, missing: str) -> None:
    found = said(networks.components, network("a", ipam), network("b", ipam), *documents)

    assert [(one.message, one.fix) for one in found] == [
        (
            f"no pod gets the network 'a': the NicClusterPolicy has no {missing}",
            f"add {missing} to the NicClusterPolicy",
        )
    ] * bool(missing)
    assert rules(networks.components, network(kind="MacvlanNetwork"), *documents) == []


def test_openshift_brings_multus_and_the_plugins() -> None:
    route = manifest("Route", "route.openshift.io/v1", {})
    ours = policy(secondaryNetwork={"ipoib": {}})

    assert rules(networks.components, network(), ours, unknown=[route]) == []
    assert rules(networks.components, network(), ours, created("openshift-sriov")) == []
    assert rules(networks.components, network(), ours) == ["ipoib-network-without-cni-components"]
    sriov = manifest("SriovNetwork", "sriovnetwork.openshift.io/v1", {})
    assert rules(networks.components, network(), ours, unknown=[sriov]) == ["ipoib-network-without-cni-components"]


@pytest.mark.parametrize(
    ("namespace", "documents", "broken"),
    [
        pytest.param("team", [created("team")], False, id="which-the-set-creates"),
        pytest.param("team", [created("other")], True, id="which-the-set-does-not-create"),
        pytest.param("team", [], False, id="of-a-set-that-creates-none"),
        pytest.param("kube-system", [created("other")], False, id="which-is-always-there"),
        pytest.param("", [created("other")], False, id="which-it-does-not-say"),
    ],
)
def test_a_network_is_for_a_namespace(namespace: str, documents: list[Document], broken: bool) -> None:
    found = rules(networks.namespaces, network(namespace=namespace), *documents)

    assert found == ["network-namespace-absent-in-set"] * broken


UNKNOWN, WRONG = "network-annotation-unknown-network", "network-annotation-wrong-namespace"


@pytest.mark.parametrize(
    ("documents", "broken"),
    [
        pytest.param([asking("ib"), network("ib")], [], id="that-is-there"),
        pytest.param([asking("xy"), network("ib")], [(UNKNOWN, "warning", None)], id="that-is-not-there"),
        pytest.param(
            [asking("ibb"), network("ib")],
            [(UNKNOWN, "warning", "write ib, or add the network")],
            id="that-is-misspelt",
        ),
        pytest.param(
            [asking("ib", namespace="team"), network("ib")],
            [(WRONG, None, "write default/ib, or move the network to team")],
            id="that-is-not-in-its-namespace",
        ),
        pytest.param(
            [asking("ib"), network("ib", namespace="team")],
            [(WRONG, "warning", "write team/ib, or move the network to default")],
            id="that-is-not-in-default-where-it-may-not-stay",
        ),
        pytest.param(
            [asking("team/ib"), network("ib")],
            [(UNKNOWN, "warning", "write default/ib, or move the network to team")],
            id="that-is-not-where-it-says",
        ),
        pytest.param([asking("team/ib"), network("ib", namespace="team")], [], id="that-is-where-it-says"),
        pytest.param([asking("ib")], [], id="of-a-set-without-networks"),
    ],
)
def test_a_pod_asks_for_a_network(documents: list[Document], broken: list[Any]) -> None:
    assert [(one.rule, one.severity, one.fix) for one in said(networks.references, *documents)] == broken


def test_networks_of_other_operators_may_be_those_that_are_asked_for() -> None:
    theirs = manifest("SriovNetwork", "sriovnetwork.openshift.io/v1", {})

    assert rules(networks.references, asking("xy"), network("ib"), unknown=[theirs]) == []


def test_pods_of_a_runtime_of_the_cluster_may_be_in_any_namespace() -> None:
    template = {
        "metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": "ib"}}, "spec": {"containers": [container()]}
    }  # fmt: skip
    spec = {"template": {"spec": {"replicatedJobs": [{"name": "node", "template": {"spec": {"template": template}}}]}}}

    def broken(kind: str) -> list[str]:
        runtime = manifest(kind, "trainer.kubeflow.org/v1alpha1", spec)
        return rules(networks.references, runtime, network("ib", namespace="team"))

    assert broken("ClusterTrainingRuntime") == []
    assert broken("TrainingRuntime") == [WRONG]


@pytest.mark.parametrize(
    ("document", "networks_", "broken"),
    [
        pytest.param(asking("ib"), [network("ib")], True, id="of-ipoib"),
        pytest.param(asking("ib"), [network("ib", kind="MacvlanNetwork")], False, id="of-another-kind"),
        pytest.param(asking("ib", hostNetwork=True), [network("ib")], False, id="that-it-does-not-get-on-the-host"),
        pytest.param(asking("xx"), [network("ib")], False, id="that-is-not-there"),
        pytest.param(asking("ib", containers=[container(ib=1)]), [network("ib")], False, id="and-for-rdma"),
        pytest.param(asking("ib", containers=[container(lock=False)]), [network("ib")], False, id="and-locks-nothing"),
    ],
)
def test_a_pod_that_locks_memory_asks_for_a_network(
    document: Document, networks_: list[Document], broken: bool
) -> None:
    found = rules(networks.ipoib_without_rdma, document, *networks_)

    assert found == ["ipoib-pod-without-rdma-resource"] * broken
