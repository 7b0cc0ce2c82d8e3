"""Labels that policies select nodes by, and the NodeFeatureRules that give them."""

from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.relation.node_labels import nic_label, node_affinity
from aksrdma.cluster import Cluster
from aksrdma.documents import Document
from tests.checks.relation.relation_props import H100, NODE_AFFINITY, manifest, policy, rules, said, wants

NFD = "feature.node.kubernetes.io/"
NIC = f"{NFD}pci-15b3.present"
UNSELECTED, MISSED, STILL_ON = (
    "nfr-label-not-the-one-selected",
    "nfr-device-list-misses-vm-size",
    "nfr-chart-rule-still-on",
)


def expects(attribute: str, *values: str, op: str = "In") -> dict[str, Any]:
    return {attribute: {"op": op, "value": list(values)}}


VENDOR = expects("vendor", "15b3")


def rule(labels: Any = None, feature: str = "pci.device", **expressions: Any) -> dict[str, Any]:
    return {
        "name": "a",
        "labels": labels,
        "matchFeatures": [{"feature": feature, "matchExpressions": expressions or VENDOR}],
    }


def feature_rules(*found: dict[str, Any]) -> Document:
    return manifest("NodeFeatureRule", "nfd.k8s-sigs.io/v1alpha1", {"rules": list(found)})


GIVES = feature_rules(rule({"hpc.example": "yes", "example.com/a": "@pci.device"}))


@pytest.mark.parametrize(
    ("affinity", "given", "message"),
    [
        pytest.param(wants(NIC, "true"), [], None, id="that-of-the-chart"),
        pytest.param(wants(NIC, "yes"), [], "NFD sets it to true", id="that-of-the-chart-with-another-value"),
        pytest.param(wants(NIC, operator="Exists"), [], None, id="whether-it-is-there"),
        pytest.param(wants(NIC, "yes", operator="NotIn"), [], None, id="what-it-is-not"),
        pytest.param(wants(f"{NFD}pci-0207_15b3.present", "true"), [], f"the one that is set is {NIC}", id="nfds-own-form"),
        pytest.param(wants(f"{NFD}pci-15b3.presnt", "true"), [], f"the one that is set is {NIC}", id="a-slip"),
        pytest.param(wants(f"{NFD}pci-10de.present", "true"), [GIVES], None, id="one-of-nfd-itself"),
        pytest.param(wants(f"{NFD}cpu-cpuid.AVX", "true"), [GIVES], None, id="one-of-the-processor"),
        pytest.param(wants(f"{NFD}quite.other", "x"), [], None, id="an-unknown-one-of-a-set-without-rules"),
        pytest.param(wants(f"{NFD}quite.other", "x"), [GIVES], "no NodeFeatureRule of the set gives it", id="an-unknown-one"),
        pytest.param(wants(f"{NFD}hpc.example", "yes"), [GIVES], None, id="one-of-the-set"),
        pytest.param(wants(f"{NFD}hpc.example", "no"), [GIVES], "NFD sets it to yes", id="one-of-the-set-with-another-value"),
        pytest.param(wants(f"{NFD}hpc.exampl", "yes"), [GIVES], f"is {NFD}hpc.example", id="a-slip-of-one-of-the-set"),
        pytest.param(wants("example.com/a", "x"), [GIVES], None, id="one-without-nfds-prefix"),
        pytest.param(wants(f"{NFD}quite.other", "x"), [GIVES, feature_rules({"labelsTemplate": "{{.}}"})], None,
                     id="what-a-template-may-give"),
    ],
)  # fmt: skip
def test_a_policy_asks_for_a_label(affinity: dict[str, Any], given: list[Document], message: str | None) -> None:
    found = said(node_affinity, policy(nodeAffinity=affinity), *given)

    assert [one.rule for one in found] == ["node-affinity-label-never-set"] * (message is not None)
    assert all(message in one.message for one in found if message)


def test_a_label_by_reference_can_have_any_value() -> None:
    own = feature_rules(rule({"a": "@pci.device.x"}))

    assert rules(node_affinity, policy(nodeAffinity=wants(f"{NFD}a", "9")), own) == []


def test_a_term_that_can_hold_makes_the_others_a_warning() -> None:
    wrong, right = (wants(NIC, value)[NODE_AFFINITY]["nodeSelectorTerms"][0] for value in ("yes", "true"))

    def severities(*terms: Any) -> list[tuple[str, str | None]]:
        found = said(node_affinity, policy(nodeAffinity={NODE_AFFINITY: {"nodeSelectorTerms": list(terms)}}))
        return [(one.path, one.severity) for one in found]

    path = f"spec.nodeAffinity.{NODE_AFFINITY}.nodeSelectorTerms[{{}}].matchExpressions[0]"
    assert severities(wrong) == [(path.format(0), None)]
    assert severities(right, wrong) == [(path.format(1), "warning")]
    assert severities(wrong, wrong) == [(path.format(0), None), (path.format(1), None)]


CHART = Cluster(node_feature_rule="chart")


@pytest.mark.parametrize(
    ("found", "broken"),
    [
        pytest.param([rule({NIC: "true"})], [], id="as-it-is-selected"),
        pytest.param([rule({"pci-15b3.present": "true"})], [], id="without-its-prefix"),
        pytest.param([rule({NIC: "@x"})], [], id="by-reference"),
        pytest.param([rule({NIC: "yes"})], [f"spec.rules[0].labels[{NIC}]"], id="with-another-value"),
        pytest.param([rule({NIC: "yes"}), rule({NIC: "true"})], [], id="right-by-another-rule"),
        pytest.param([rule() | {"labelsTemplate": f"{NIC}=true"}], [], id="by-a-template"),
        pytest.param([rule({"pci-15b3.presnt": "true"})], ["spec.rules[0].labels[pci-15b3.presnt]"], id="misspelt"),
        pytest.param([rule({"pci-15b3.presnt": "true"}, "cpu.model")], [], id="misspelt-by-a-rule-of-something-else"),
        pytest.param([rule({"fast": "true"})], ["spec.rules[0].labels"], id="not-at-all"),
        pytest.param([rule({"fast": "true"}, vendor={"op": "In", "value": ["10de"]})], [], id="not-by-a-rule-of-gpus"),
        pytest.param([rule({"a": "b"}, **expects("device", "101e"))], ["spec.rules[0].labels"], id="not-by-device-ids"),
        pytest.param([rule({"a": "b"}, **expects("class", "0207"))], ["spec.rules[0].labels"], id="not-by-class"),
        pytest.param([rule({"a": "b"}, **expects("class", "0300"))], [], id="not-by-a-class-of-others"),
        pytest.param([rule({"a": "b"}, **expects("vendor", "15b3", op="NotIn"))], [], id="not-for-all-but-nics"),
    ],
)
def test_the_label_of_a_nic_is_set(found: list[dict[str, Any]], broken: list[str]) -> None:
    selecting = policy(sriovDevicePlugin={"image": "a"})
    told = said(nic_label, feature_rules(*found), selecting)

    assert [(one.rule, one.path) for one in told] == [(UNSELECTED, path) for path in broken]


def test_how_bad_it_is_that_no_rule_sets_the_label_depends_on_who_else_may() -> None:
    fast = feature_rules(rule({"fast": "true"}))

    def severity(*documents: Document, **options: Any) -> list[str | None]:
        return [one.severity for one in said(nic_label, fast, *documents, **options)]

    assert severity() == []
    assert severity(policy(ofedDriver={})) == ["warning"]
    assert severity(policy(nvIpam={})) == []
    assert severity(policy(ofedDriver={}, nodeAffinity=wants(f"{NFD}fast", "true"))) == []
    assert severity(policy(ofedDriver={}, nodeAffinity=wants("zone", "1"))) == ["warning"]
    assert severity(cluster=CHART) == []
    assert severity(cluster=Cluster()) == (["error"] if Cluster().node_feature_rule != "chart" else [])


def test_a_rule_beside_that_of_the_chart_narrows_nothing() -> None:
    sets = feature_rules(rule({NIC: "true"}), rule({NIC: "true"}))

    assert rules(nic_label, sets, cluster=CHART) == [STILL_ON]
    assert rules(nic_label, sets) == []


@pytest.mark.parametrize(
    ("expressions", "missed"),
    [
        pytest.param(expects("device", "101e"), False, id="in-its-list"),
        pytest.param(expects("device", "101c"), True, id="not-in-its-list"),
        pytest.param(expects("device", "101c", op="NotIn"), False, id="not-among-those-left-out"),
        pytest.param(expects("device", "101e", op="NotIn"), True, id="among-those-left-out"),
        pytest.param(expects("device", "^101[ce]$", op="InRegexp"), False, id="of-its-pattern"),
        pytest.param(expects("device", "^101c$", op="InRegexp"), True, id="of-no-pattern"),
        pytest.param(expects("device", "(?<bad", op="InRegexp"), False, id="of-a-pattern-of-go"),
        pytest.param(expects("device", "^10(1c|1d|[0-9]f)$", op="InRegexp"), True, id="of-a-pattern-with-alternatives"),
        pytest.param(expects("device", "1019|^10+1[a-e]?$", op="InRegexp"), False, id="of-a-pattern-with-repetitions"),
        pytest.param(expects("device", "[e-1]", op="InRegexp"), False, id="of-a-range-the-wrong-way-round"),
        pytest.param(expects("device", "(((((((.*)*)*)*)*)*)*)*x", op="InRegexp"), True, id="of-a-pattern-without-end"),
        pytest.param(expects("device", "a{99999999999}", op="InRegexp"), False, id="of-a-pattern-that-is-too-large"),
        pytest.param(expects("device", "x" * 64, op="InRegexp"), True, id="of-a-long-pattern"),
        pytest.param(expects("device", "x" * 65, op="InRegexp"), True, id="of-a-longer-pattern"),
        pytest.param(expects("device", op="DoesNotExist"), True, id="of-devices-without-an-id"),
        pytest.param(expects("device", op="Exists"), False, id="of-devices-with-an-id"),
        pytest.param(expects("class", "0207"), False, id="of-its-class"),
        pytest.param(expects("class", "0200"), True, id="of-another-class"),
        pytest.param({**expects("device", "101e"), **expects("vendor", "8086")}, True, id="of-another-vendor"),
        pytest.param({**expects("device", "101e"), **expects("driver", "x")}, False, id="of-what-is-not-known"),
        pytest.param(VENDOR, False, id="of-any-of-the-vendors"),
    ],
)
def test_a_rule_labels_the_nodes_of_a_size(expressions: dict[str, Any], missed: bool) -> None:
    found = said(nic_label, feature_rules(rule({NIC: "true"}, **expressions)), vm_sizes=(H100,))

    assert [one.rule for one in found] == [MISSED] * missed
    assert all(
        f"nodes of {H100} do not get the label: their NIC is 15b3:101e of class 0207" in one.message for one in found
    )


def test_another_rule_may_label_what_the_first_does_not() -> None:
    first, second = (rule({NIC: "true"}, **expects("device", one)) for one in ("101c", "101e"))

    assert rules(nic_label, feature_rules(first, second), vm_sizes=(H100,)) == []
    assert rules(nic_label, feature_rules(first), vm_sizes=("Standard_H16r",)) == []
