"""The taints of the cluster file's pools, against the policies that are to reach their nodes; no pod is needed."""

from __future__ import annotations

import json
from typing import Any

import pytest

import aksrdma

SOME = {"image": "a", "repository": "b", "version": "c"}
SKU = {"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}


def pool(name: str, *taints: str, size: str = "Standard_ND96isr_H100_v5") -> dict[str, Any]:
    return {"name": name, "vmSize": size, "count": 2, "taints": list(taints)}


def policy(kind: str = "NicClusterPolicy", *, name: str = "nic-cluster-policy", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "mellanox.com/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def said(pools: list[dict[str, Any]], *objects: dict[str, Any]) -> list[str]:
    """Return what is said of taints, of a cluster file with some pools and some objects beside it."""
    spec = {"release": "v26.4.1", "profile": "base", "nodePools": pools}
    cluster = {"apiVersion": "aksrdma.dev/v1alpha1", "kind": "RdmaCluster", "metadata": {"name": "c"}, "spec": spec}
    report = aksrdma.validate("\n---\n".join(json.dumps(one) for one in (cluster, *objects)))
    found = [one for one in report.findings if one.rule == "tolerations-miss-gpu-taint"]
    return [f"{one.severity} {one.path}: {one.message}; {one.fix}" for one in found]


def test_a_taint_that_the_policy_does_not_tolerate_is_an_error_with_the_toleration_to_add() -> None:
    assert said([pool("a", "sku=gpu:NoSchedule")], policy(ofedDriver=SOME)) == [
        "error spec.tolerations: the pool a has the taint sku=gpu:NoSchedule, which the policy does not tolerate: neither "
        "driver nor device plugin run there; "
        "add {key: sku, operator: Equal, value: gpu, effect: NoSchedule} to spec.tolerations"
    ]


def test_pools_with_one_taint_are_told_together_and_a_taint_without_a_value_is_tolerated_by_exists() -> None:
    assert said([pool("a", "x:NoExecute"), pool("b", "x:NoExecute")], policy(rdmaSharedDevicePlugin=SOME)) == [
        "error spec.tolerations: the pools a, b have the taint x:NoExecute, which the policy does not tolerate: neither "
        "driver nor device plugin run there; add {key: x, operator: Exists, effect: NoExecute} to spec.tolerations"
    ]


@pytest.mark.parametrize(
    ("taints", "spec"),
    [
        pytest.param(["sku=gpu:NoSchedule"], {"tolerations": [SKU]}, id="tolerated"),
        pytest.param(["sku=gpu:NoSchedule"], {"tolerations": [{"operator": "Exists"}]}, id="everything-tolerated"),
        pytest.param(["sku=gpu:PreferNoSchedule"], {}, id="only-preferred"),
        pytest.param(["nvidia.com/gpu=present:NoSchedule"], {}, id="tolerated-by-the-operator-itself"),
        pytest.param(["CriticalAddonsOnly=true:NoSchedule"], {}, id="of-a-system-pool"),
    ],
)
def test_taints_that_keep_nothing_off(taints: list[str], spec: dict[str, Any]) -> None:
    assert said([pool("a", *taints)], policy(ofedDriver=SOME, **spec)) == []


def test_layers_of_one_policy_share_their_tolerations() -> None:
    base, layer = policy(tolerations=[SKU]), policy(sriovDevicePlugin=SOME)

    assert said([pool("a", "sku=gpu:NoSchedule")], base, layer) == []
    assert len(said([pool("a", "sku=gpu:NoSchedule")], policy(name="other", tolerations=[SKU]), layer)) == 1


def test_a_policy_that_puts_nothing_on_nodes_needs_no_toleration() -> None:
    assert said([pool("a", "sku=gpu:NoSchedule")], policy(nvIpam=SOME)) == []


def test_only_pools_that_the_policy_selects_count() -> None:
    pools = [pool("a", "sku=gpu:NoSchedule"), pool("b", size="Standard_HB120rs_v3")]
    by_pool = {"kubernetes.azure.com/agentpool": "b"}
    by_size = {"node.kubernetes.io/instance-type": "Standard_HB120rs_v3"}

    for selector in (by_pool, by_size):
        assert said(pools, policy("NicNodePolicy", name="b", nodeSelector=selector, ofedDriver=SOME)) == []
    assert len(said(pools, policy("NicNodePolicy", name="b", nodeSelector={}, ofedDriver=SOME))) == 1


def test_a_pod_of_the_pool_adds_no_second_finding() -> None:
    resource = {"resourceName": "hca", "rdmaHcaMax": 1, "selectors": {"linkTypes": ["infiniband"]}}
    plugin = {"image": "a", "repository": "b", "version": "c", "config": json.dumps({"configList": [resource]})}
    container = {"name": "a", "image": "b:1", "resources": {"limits": {"rdma/hca": 1}}}
    spec = {"tolerations": [SKU], "containers": [container]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}

    (message,) = said([pool("a", "sku=gpu:NoSchedule")], policy(rdmaSharedDevicePlugin=plugin), pod)

    assert "the pool a has the taint" in message


@pytest.mark.parametrize(("chosen", "told"), [("b", 0), ("a", 1)])
def test_a_pod_says_nothing_of_a_policy_for_another_pool(chosen: str, told: int) -> None:
    selector = {"kubernetes.azure.com/agentpool": "b"}
    config = json.dumps({"configList": [{"resourceName": "ib", "rdmaHcaMax": 1, "selectors": {"vendors": ["15b3"]}}]})
    other = policy("NicNodePolicy", name="b", nodeSelector=selector, rdmaSharedDevicePlugin=SOME | {"config": config})
    limits = {"limits": {"rdma/ib": 1}}
    where = {"kubernetes.azure.com/agentpool": "a"} if chosen == "b" else selector
    spec = {
        "nodeSelector": where,
        "tolerations": [SKU],
        "containers": [{"name": "a", "image": "a", "resources": limits}],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}

    assert len(said([pool("a", "sku=gpu:NoSchedule"), pool("b", "sku=gpu:PreferNoSchedule")], other, pod)) == told
