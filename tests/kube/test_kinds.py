"""The table of kinds: one row a kind, and what the rows say agrees with what ships."""

from __future__ import annotations

import json

import pytest

from aksrdma.kube import kinds
from aksrdma.kube.kinds import KINDS, kind_of
from aksrdma.paths import SCHEMAS


def test_a_kind_stands_in_one_row() -> None:
    names = [(row.group, row.kind) for row in KINDS]

    assert len(names) == len(set(names))


def test_the_rows_that_have_a_schema_are_those_that_ship() -> None:
    shipped = set()
    for file in SCHEMAS.glob("[kvw]*/*/*_*.json"):
        properties = json.loads(file.read_bytes())["properties"]
        version, kind = properties["apiVersion"]["const"], properties["kind"]["const"]
        shipped.add((version.rpartition("/")[0], kind))

    assert {(row.group, row.kind) for row in KINDS if row.has_schema} == shipped


@pytest.mark.parametrize(
    ("api_version", "kind", "namespaced"),
    [
        pytest.param("v1", "Pod", True, id="core"),
        pytest.param("v1", "Namespace", False, id="a-namespace-is-in-none"),
        pytest.param("apps/v1", "DaemonSet", True, id="built-in"),
        pytest.param("mellanox.com/v1alpha1", "NicClusterPolicy", False, id="the-operator's"),
        pytest.param("mellanox.com/v9", "IPoIBNetwork", False, id="whatever-the-version"),
        pytest.param("nv-ipam.nvidia.com/v1alpha1", "IPPool", True, id="nv-ipam"),
        pytest.param("trainer.kubeflow.org/v1alpha1", "ClusterTrainingRuntime", False, id="cluster-wide-runtime"),
        pytest.param("nfd.k8s-sigs.io/v1alpha1", "NodeFeatureRule", False, id="nfd"),
    ],
)
def test_a_kind_is_found_with_its_scope(api_version: str, kind: str, namespaced: bool) -> None:
    row = kind_of(api_version, kind)

    assert row is not None
    assert row.namespaced is namespaced


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        pytest.param("batch.example.com/v1alpha1", "Job", id="another-project's-job"),
        pytest.param("crd.projectcalico.org/v1", "IPPool", id="another-project's-pool"),
        pytest.param("v1", "Deployment", id="the-core-group-has-none"),
        pytest.param("apps/v1", "deployment", id="case-counts"),
        pytest.param(None, "Pod", id="no-version"),
        pytest.param("v1", 5, id="no-kind"),
    ],
)
def test_another_kind_of_the_same_name_is_not_ours(api_version: object, kind: object) -> None:
    assert kind_of(api_version, kind) is None


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        pytest.param("Service", "a1", "1a", id="a-service-starts-with-a-letter"),
        pytest.param("Namespace", "a", "a.b", id="a-namespace-has-no-dot"),
        pytest.param("StatefulSet", "a", "a.b", id="a-stateful-set-has-no-dot"),
        pytest.param("Pod", "a.b", "a_b", id="a-pod-may-have-dots"),
    ],
)
def test_a_kind_knows_the_grammar_of_its_names(kind: str, good: str, bad: str) -> None:
    (row,) = (row for row in KINDS if row.kind == kind)

    assert row.name(good) is None
    assert row.name(bad)


def test_what_the_api_server_serves_itself_is_not_from_a_crd() -> None:
    assert {row.group for row in KINDS if row.builtin} == {"", "apps", "batch", "resource.k8s.io"}
    assert {row.kind for row in KINDS if row.builtin} & kinds.CUSTOM_WORKLOADS == set()


def test_kind_sets_hold_kinds_of_the_table() -> None:
    known = {row.kind for row in KINDS} | {kinds.ANY_PODS}

    for name in ("POLICY_KINDS", "OPERATOR_NETWORKS", "NETWORK_KINDS", "POOL_KINDS", "RULE_KINDS", "WORKLOADS"):
        assert getattr(kinds, name) <= known, name
