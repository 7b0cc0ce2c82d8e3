import pytest

from aksrdma.kube.scheduling import Taint, placement_of
from aksrdma.workloads.fit.placement import Site, judge_site

SKU = Taint("sku", "gpu", "NoSchedule")


def affinity(*terms):
    required = {"nodeSelectorTerms": list(terms)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def wants(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("operator", "values", "label", "expected"),
    [
        ("In", ["a", "b"], "b", True),
        ("In", ["a"], None, False),
        ("NotIn", ["a"], "b", True),
        ("NotIn", ["a"], None, True),
        ("NotIn", ["a"], "a", False),
        ("Exists", [], "", True),
        ("Exists", [], None, False),
        ("DoesNotExist", [], None, True),
        ("DoesNotExist", [], "a", False),
        ("Gt", ["7"], "8", True),
        ("Gt", ["8"], "8", False),
        ("Lt", ["8"], "7", True),
        ("Lt", ["8"], "many", False),
        ("Gt", ["1"], None, False),
        ("Near", ["a"], "a", False),
    ],
)
def test_an_operator_of_affinity(operator, values, label, expected):
    site = Site({} if label is None else {"key": label})

    assert judge_site(placement_of(affinity(wants("key", operator, *values))), site).ok is expected


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        pytest.param({}, "", id="no-wish"),
        pytest.param({"nodeSelector": {"a": "1"}}, "", id="a-label-that-is-there"),
        pytest.param({"nodeSelector": {"a": "2"}}, "its nodeSelector wants a In 2, and the label a is 1", id="another"),
        pytest.param({"nodeSelector": {"b": "1"}}, "and the label b is not there", id="a-label-that-is-not-there"),
        pytest.param(affinity(wants("a", "In", "2"), wants("a", "In", "1")), "", id="one-of-several-terms"),
        pytest.param(affinity({}), "no term, which matches no node", id="an-empty-term-matches-nothing"),
        pytest.param(
            affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n0"]}]}),
            "",
            id="the-name-of-the-node",
        ),
        pytest.param({"nodeName": "n1"}, "its nodeName wants metadata.name In n1", id="a-node-by-name"),
    ],
)
def test_labels_decide(spec, why):
    verdict = judge_site(placement_of(spec), Site({"a": "1", "metadata.name": "n0"}))

    assert (verdict.ok, why in verdict.message) == (not why, True)


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        pytest.param({"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}, True, id="equal"),
        pytest.param({"key": "sku", "value": "gpu"}, True, id="equal-is-the-default-and-any-effect"),
        pytest.param({"key": "sku", "value": "cpu"}, False, id="another-value"),
        pytest.param({"key": "sku", "operator": "Exists"}, True, id="exists"),
        pytest.param({"operator": "Exists"}, True, id="every-key"),
        pytest.param({"key": "sku", "operator": "Exists", "effect": "NoExecute"}, False, id="another-effect"),
        pytest.param({"key": "nvidia.com/gpu", "operator": "Exists"}, False, id="another-key"),
    ],
)
def test_a_toleration(toleration, expected):
    verdict = judge_site(placement_of({"tolerations": [toleration]}), Site({}, (SKU,)))

    assert verdict.ok is expected


def test_an_untolerated_taint_is_answered_with_the_toleration():
    verdict = judge_site(placement_of({}), Site({}, (SKU,)))

    assert verdict.message == "the taint sku=gpu:NoSchedule is not tolerated"
    assert verdict.fix == "add the toleration {key: sku, operator: Equal, value: gpu, effect: NoSchedule}"


def test_a_preference_keeps_no_pod_away():
    assert judge_site(placement_of({}), Site({}, (Taint("a", "", "PreferNoSchedule"),))).ok


def test_a_daemon_tolerates_a_cordoned_node():
    site = Site({}, (Taint("node.kubernetes.io/unschedulable", "", "NoSchedule"),))

    assert judge_site(placement_of({}, daemon=True), site).ok
    assert not judge_site(placement_of({}), site).ok


@pytest.mark.parametrize(
    ("spec", "ok", "assumed"),
    [
        pytest.param({"nodeSelector": {"rack": "1"}}, True, ("rack",), id="a-label-nobody-told-is-taken-for-granted"),
        pytest.param({"nodeSelector": {"gone": "1"}}, False, (), id="a-label-known-to-be-absent-is-not"),
        pytest.param(
            affinity(wants("rack", "In", "1"), wants("a", "In", "1")), True, (), id="a-term-that-is-sure-comes-first"
        ),
        pytest.param(
            {"nodeSelector": {"node.kubernetes.io/instance-type": "standard_hb120rs_v3"}},
            True,
            (),
            id="a-vm-size-in-another-case",
        ),
    ],
)
def test_labels_of_a_cluster_file_are_known_in_part(spec, ok, assumed):
    labels = {"a": "1", "gone": None, "node.kubernetes.io/instance-type": "Standard_HB120rs_v3"}

    verdict = judge_site(placement_of(spec), Site(labels, complete=False))

    assert (verdict.ok, verdict.assumed) == (ok, assumed)
