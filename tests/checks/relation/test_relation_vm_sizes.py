"""The VM sizes on which a pod may run."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.hardware import sizes_of
from aksrdma.checks.relation.pods import pods_of
from aksrdma.checks.sets import ManifestSet
from aksrdma.cluster import Cluster, NodePool
from aksrdma.documents import Document

H100, HB, NONE = "Standard_ND96isr_H100_v5", "Standard_HB176rs_v4", "Standard_ND96is_H100_v5"
POOL, TYPE = "kubernetes.azure.com/agentpool", "node.kubernetes.io/instance-type"
CLUSTER = Cluster(node_pools=[NodePool(name="gpu", vm_size=H100.lower()), NodePool(name="cpu", vm_size=HB)])


def wants(label: str, *values: str, **other: str) -> dict[str, Any]:
    terms = [{"matchExpressions": [{"key": label, "operator": "In", "values": list(values)}]}]
    terms += [{"matchExpressions": [{"key": key, "operator": "Exists"}]} for key in other]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"affinity": {"nodeAffinity": required}}


@pytest.mark.parametrize(
    ("spec", "options", "names"),
    [
        pytest.param({}, {}, [], id="none-known"),
        pytest.param({}, {"vm_sizes": (H100,)}, [H100], id="those-of-the-set"),
        pytest.param({"nodeSelector": {TYPE: HB.upper()}}, {"vm_sizes": (H100,)}, [HB], id="its-own-in-any-case"),
        pytest.param(wants(TYPE, HB, HB.lower()), {}, [HB], id="its-own-by-affinity"),
        pytest.param(wants(TYPE, HB, zone="x"), {"vm_sizes": (H100,)}, [H100], id="unless-another-term-takes-any"),
        pytest.param({"nodeSelector": {TYPE: "metal"}}, {"vm_sizes": (H100,)}, [], id="none-where-it-is-unknown"),
        pytest.param({"nodeSelector": {TYPE: NONE}}, {}, [NONE], id="one-without-infiniband"),
        pytest.param({"nodeSelector": {POOL: "cpu"}}, {"cluster": CLUSTER}, [HB], id="that-of-its-pool"),
        pytest.param({"nodeSelector": {"agentpool": "gpu"}}, {"cluster": CLUSTER}, [H100], id="by-the-old-label"),
        pytest.param(wants(POOL, "gpu", "cpu"), {"cluster": CLUSTER}, [HB, H100], id="those-of-its-pools"),
        pytest.param({"nodeSelector": {POOL: "system"}}, {"cluster": CLUSTER}, [], id="none-of-a-pool-not-named"),
        pytest.param({"nodeSelector": {POOL: "x"}}, {"vm_sizes": (H100,)}, [H100], id="the-sets-without-a-cluster"),
    ],
)
def test_sizes_of_a_pod(spec: dict[str, Any], options: dict[str, Any], names: list[str]) -> None:
    document = Document.from_data({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec})
    manifests = ManifestSet([document], release="v26.4.1", **options)

    assert [size.name for size in sizes_of(pods_of(manifests)[0], manifests)] == names


def test_a_size_offers_nics_and_gpus() -> None:
    document = Document.from_data({"apiVersion": "v1", "kind": "Pod", "spec": {}})
    manifests = ManifestSet([document], release="v26.4.1", vm_sizes=("Standard_ND40rs_v2", "Standard_H16r"))

    no_function, volta = sizes_of(pods_of(manifests)[0], manifests)

    assert (volta.nics, volta.gpus, volta.gpu_resource) == (1, 8, "nvidia.com/gpu")
    assert (no_function.nics, bool(no_function.why_none)) == (0, True)
