"""What rules do on nodes of which not everything is known, and why they do not match."""

from __future__ import annotations

import time
from typing import Any

import pytest

from aksrdma.kube.node_feature_outputs import Outputs, Version, execute
from aksrdma.kube.node_feature_reasons import reason
from aksrdma.kube.node_feature_rules import FAILS, NO, YES, rules_of
from aksrdma.kube.node_features import Features, Instance, Uncertain, by_node, features_of

NFD = "feature.node.kubernetes.io/"
NIC = Instance({"class": "0207", "vendor": "15b3", "device": "1018"}, "an InfiniBand NIC")
MAYBE = Instance({"class": "0200", "vendor": "15b3", "device": "1016"}, "an accelerated-networking NIC", there=False)
OTHER = Instance(
    {"class": Uncertain(never=frozenset({"0207"})), "vendor": Uncertain(never=frozenset({"15b3"}))},
    "another PCI function",
    there=False,
    always=frozenset({"device"}),
    further=frozenset({"sriov_totalvfs"}),
)


def node(*devices: Instance, **attributes: dict[str, Any]) -> Features:
    named = {name.replace("__", "."): values for name, values in attributes.items()}
    return Features(
        attributes=named, instances={"pci.device": devices}, may_have=lambda feature: feature == "kernel.version"
    )


def term(feature: str = "pci.device", name: Any = None, **expressions: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"feature": feature}
    if expressions:
        made["matchExpressions"] = expressions
    return made | ({"matchName": name} if name else {})


def one(op: str, *values: str, **more: str) -> dict[str, Any]:
    return {"op": op, **({"value": list(values)} if values else {}), **more}


def rule(*terms: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "r", "labels": {"x": "1"}, "matchFeatures": list(terms), **fields}


def run(features: Features, *rules: dict[str, Any], version: Version | None = None) -> Outputs:
    return execute([{"metadata": {"name": "n"}, "spec": {"rules": list(rules)}}], features, version or Version())


def why(features: Features, *rules: dict[str, Any], version: Version | None = None) -> str:
    """Return why the last rule does not match for certain."""
    known, said = version or Version(), []
    objects = [{"metadata": {"name": "n"}, "spec": {"rules": list(rules)}}]
    execute(objects, features, known, lambda match, seen: said.append(reason(match, seen, known)[1]))
    return said[-1]


@pytest.mark.parametrize(
    ("expressions", "outcomes"),
    [
        pytest.param({"class": one("In", "0207")}, YES, id="of-a-device-that-is-there"),
        pytest.param({"class": one("In", "0200")}, NO | YES, id="of-one-that-may-be-there"),
        pytest.param({"class": one("In", "0302")}, NO | YES, id="of-one-of-which-the-class-is-not-known"),
        pytest.param({"vendor": one("In", "15b3"), "class": one("In", "0302")}, NO, id="of-what-none-of-them-is"),
        pytest.param({"device": one("In", "2330")}, NO | YES, id="by-an-id-that-is-not-known"),
        pytest.param({"sriov_totalvfs": one("Exists")}, NO | YES, id="by-an-attribute-that-may-be-missing"),
        pytest.param({"driver": one("Exists")}, NO, id="by-an-attribute-that-is-never-there"),
        pytest.param({"sriov_totalvfs": one("DoesNotExist")}, YES, id="by-the-lack-of-one"),
        pytest.param({"device": one("Gt", "5")}, YES | FAILS, id="by-a-number-that-may-be-none"),
        pytest.param({"device": one("In")}, FAILS, id="that-is-an-error"),
    ],
)
def test_what_is_not_known_is_not_guessed(expressions: dict[str, Any], outcomes: int) -> None:
    assert run(node(NIC, MAYBE, OTHER), rule(term(**expressions))).rules[0].outcomes == outcomes


def test_an_error_of_one_device_stops_the_rule_for_all() -> None:
    hexadecimal = Instance({"class": "0300", "device": "1b38"})

    assert run(node(NIC), rule(term(device=one("Gt", "5")))).rules[0].outcomes == YES
    assert run(node(NIC, hexadecimal), rule(term(device=one("Gt", "5")))).rules[0].outcomes == FAILS
    # Go walks the expressions in any order: the class may spare the device, or not.
    both = term(device=one("Gt", "5"), **{"class": one("In", "0207")})
    assert run(node(NIC, hexadecimal), rule(both)).rules[0].outcomes == YES | FAILS


def test_a_feature_that_a_node_may_have_decides_nothing() -> None:
    kernel = term("kernel.version", major=one("Gt", "5"))

    assert run(node(NIC), rule(kernel)).rules[0].outcomes == NO | YES | FAILS
    assert run(node(NIC), rule(term("cpu.model", family=one("Exists")))).rules[0].outcomes == NO
    assert not run(node(NIC), rule(kernel, term(vendor=one("In", "10de")))).rules[0].outcomes & YES


def test_what_an_unsure_rule_sets_is_unsure_to_later_ones() -> None:
    unsure = rule(term(**{"class": one("In", "0200")}), labels={"a": "1"}, vars={"v": "2"})
    later = rule(term("rule.matched", a=one("In", "1"), v=one("In", "2")), labels={"b": "1"})

    found = run(node(NIC, MAYBE), unsure, later)
    assert found.rules[1].outcomes == NO | YES
    assert found.labels == {f"{NFD}a": Uncertain(("1",), there=False), f"{NFD}b": Uncertain(("1",), there=False)}
    assert run(node(NIC, MAYBE), later, unsure).rules[0].outcomes == NO


def test_a_later_label_wins_and_an_unsure_one_may() -> None:
    always, unsure = rule(labels={"x": "1"}), rule(term(**{"class": one("In", "0200")}), labels={"x": "2"})

    assert run(node(NIC, MAYBE), unsure, always).labels == {f"{NFD}x": "1"}
    assert run(node(NIC, MAYBE), always, unsure).labels == {f"{NFD}x": Uncertain(("1", "2"))}


def test_objects_are_gone_through_by_name() -> None:
    sets = {"metadata": {"name": "b"}, "spec": {"rules": [rule(labels={"a": "1"})]}}
    asks = {"metadata": {"name": "c"}, "spec": {"rules": [rule(term("rule.matched", a=one("Exists")))]}}

    assert [one.object_name for one in execute([asks, sets], node(), Version()).rules] == ["b", "c"]
    assert f"{NFD}x" in execute([asks, sets], node(), Version()).labels


@pytest.mark.parametrize(
    ("fields", "dropped"),
    [
        pytest.param(
            {"labels": {"kubernetes.io/a": "1"}}, "label 'kubernetes.io/a': kubernetes.io is kept for", id="prefix"
        ),
        pytest.param({"labels": {"a": "b c"}}, f"label '{NFD}a': 'b c' is no label value", id="value"),
        pytest.param(
            {"labels": {"a": "@cpu.model.id"}}, f"label '{NFD}a': '@cpu.model.id' is not there", id="no-element"
        ),
        pytest.param({"labels": {"a": "@cpu"}}, f"label '{NFD}a': '@cpu' is not there", id="no-form"),
        pytest.param(
            {"extendedResources": {"a.b/c": "x"}}, "extendedResource 'a.b/c': 'x' is no quantity", id="quantity"
        ),
        pytest.param(
            {"taints": [{"key": "a", "effect": "NoSchedule"}]}, "taint 'a': its key has no prefix", id="taint"
        ),
        pytest.param({"taints": [{"key": "a/b", "effect": "No"}]}, "taint 'a/b': its effect is 'No'", id="effect"),
        pytest.param(
            {"annotations": {"a": "x" * 1025}}, f"annotation '{NFD}a': its value has 1025 bytes", id="annotation"
        ),
    ],
)
def test_what_nfd_master_drops_never_reaches_the_node(fields: dict[str, Any], dropped: str) -> None:
    found = run(node(NIC, cpu__model={"family": "25"}), rule(**{"labels": {}, **fields}))

    (said,) = found.dropped
    assert said.startswith(dropped)
    assert [*found.labels, *found.annotations, *found.extended_resources, *found.taints] == []


def test_values_with_an_at_sign_are_read_from_the_node() -> None:
    known = node(NIC, cpu__model={"family": "25"})
    fields = {"labels": {"a": "@cpu.model.family"}, "extendedResources": {"a.b/c": "@cpu.model.family"}}

    found = run(known, rule(**fields))
    assert (found.labels, found.extended_resources) == ({f"{NFD}a": "25"}, {"a.b/c": "25"})
    assert run(known, rule(labels={"a": "@kernel.version.full"})).labels == {f"{NFD}a": Uncertain(there=False)}


# ----- Templates.

EACH = "{{ range .pci.device }}pci-{{ .vendor }}_{{ .device }}=true\n{{ end }}"


def test_a_template_makes_labels_of_what_matched() -> None:
    by_class = term(**{"class": one("In", "0207")})

    assert run(node(NIC, MAYBE), rule(by_class, labelsTemplate=EACH)).labels == {
        f"{NFD}pci-15b3_1018": "true",
        f"{NFD}x": "1",
    }


def test_labels_of_what_may_be_there_are_unsure_and_those_of_unknown_ids_are_patterns() -> None:
    found = run(node(NIC, MAYBE, OTHER), rule(term(vendor=one("Exists")), labels={}, labelsTemplate=EACH))

    assert found.rules[0].outcomes == YES
    assert found.labels == {f"{NFD}pci-15b3_1018": "true", f"{NFD}pci-15b3_1016": Uncertain(("true",), there=False)}
    assert [key.replace("\ue000", "?") for key, _ in found.patterns] == [f"{NFD}pci-?_?"]


@pytest.mark.parametrize(
    ("template", "unknown"),
    [
        pytest.param("n={{ len .pci.device }}", "how many of it a node has", id="how-many"),
        pytest.param(
            "{{ range $i, $e := .pci.device }}{{ $i }}=1\n{{ end }}", "how many of it a node has", id="which-place"
        ),
        pytest.param("{{ range .pci.device }}a=1{{ break }}{{ end }}", "how many of it a node has", id="the-first"),
        pytest.param(
            '{{ range .pci.device }}{{ if eq .device "1" }}a=1{{ end }}\n{{ end }}', "device", id="a-comparison"
        ),
        pytest.param("a={{ .pci.device | toString | sha256sum }}", "sha256sum", id="a-function-that-is-not-run"),
    ],
)
def test_a_template_that_asks_more_than_is_known_may_do_anything(template: str, unknown: str) -> None:
    functions = Version(functions=frozenset({"sha256sum", "toString"}))
    found = run(node(NIC, MAYBE, OTHER), rule(term(vendor=one("Exists")), labelsTemplate=template), version=functions)

    assert found.rules[0].outcomes == YES | FAILS
    assert unknown in found.rules[0].unknown


def test_a_template_may_fail_by_an_attribute_that_may_be_missing() -> None:
    template = "{{ range .pci.device }}{{ .sriov_totalvfs }}=1\n{{ end }}"
    found = run(node(OTHER), rule(term(vendor=one("Exists")), labelsTemplate=template))

    assert found.rules[0].outcomes == NO | YES | FAILS
    assert found.rules[0].unknown == "sriov_totalvfs in labelsTemplate"


def test_a_template_fails_for_each_alternative_that_has_not_its_feature() -> None:
    both = "{{ range .pci.device }}{{ .vendor }}=1\n{{ end }}{{ range .cpu.model }}{{ .Name }}=1\n{{ end }}"
    alternatives = [
        {"matchFeatures": [term(vendor=one("Exists"))]},
        {"matchFeatures": [term("cpu.model", name=one("Exists"))]},
    ]
    found = rule(matchAny=alternatives, labelsTemplate=both)

    assert run(node(NIC), found).rules[0].outcomes == FAILS
    assert why(node(NIC), found) == "its labelsTemplate fails: map has no entry for key 'cpu'"


# ----- Why not.


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        pytest.param(
            [term(vendor=one("In", "15b3"), device=one("In", "101c", "101e"))],
            "pci.device: device 1018 is not In [101c, 101e] (of an InfiniBand NIC 15b3:1018)",
            id="the-device-that-comes-nearest",
        ),
        pytest.param([term(vendor=one("NotIn", "15b3"), device=one("Exists"), **{"class": one("In", "0207")})],
            "pci.device: vendor 15b3 is one of NotIn [15b3] (of an InfiniBand NIC 15b3:1018)", id="among-those-left-out"),
        pytest.param([term(device=one("InRegexp", "^10")), term(device=one("InRegexp", "^2"), vendor=one("In", "15b3"))],
            "pci.device: device 1018 does not match InRegexp [^2] (of an InfiniBand NIC 15b3:1018)", id="the-first-term-that-does-not"),
        pytest.param([term(vendor=one("In", "15b3"), **{"class": one("In", "0200")})],
            "pci.device: depends on whether the node has an accelerated-networking NIC 15b3:1016", id="what-may-be-there"),
        pytest.param([term("kernel.version", major=one("Exists"))],
            "depends on kernel.version, which a VM size does not tell", id="a-feature-that-is-not-known"),
        pytest.param([term("kernel.version", major=one("Exists")), term(vendor=one("In", "1af4"), device=one("In", "1018"))],
            "pci.device: vendor 15b3 is not In [1af4] (of an InfiniBand NIC 15b3:1018)", id="a-no-goes-before-what-is-not-known"),
        pytest.param([term("usb.device", vendor=one("Exists"))], "usb.device: the node has no such feature", id="no-such-feature"),
        pytest.param([term("cpu.model", family=one("Gt", "30"))], "cpu.model: family 25 is not Gt [30]", id="an-attribute"),
        pytest.param([term("cpu.model", hypervisor=one("In", "x"))], "cpu.model: hypervisor is not there", id="an-attribute-that-is-missing"),
        pytest.param([term("cpu.model", vendor_id=one("Lt", "30"))], "cpu.model: vendor_id fails: 'AMD' is no whole number", id="no-number"),
        pytest.param([term("cpu.model", family=one("Lt", "x"))],
            "cpu.model: family fails: Lt compares whole numbers, and 'x' is none", id="no-number-to-compare-with"),
        pytest.param([term("cpu.model", family=one("IsTrue"))], "cpu.model: family 25 is not true", id="no-truth"),
        pytest.param([term("cpu.model", family=one("DoesNotExist"))], "cpu.model: family 25 is there", id="there"),
        pytest.param([term("cpu.model", name=one("In", "x", "y", "z", "u", "v"))],
            "cpu.model: matchName: no name fits In [x, y, z, u, ...]", id="no-name"),
    ],
)  # fmt: skip
def test_the_reason_is_the_first_term_that_decides(terms: list[dict[str, Any]], said: str) -> None:
    features = node(NIC, MAYBE, cpu__model={"family": "25", "vendor_id": "AMD"})

    assert why(features, rule(*terms)) == said


def test_of_alternatives_the_nearest_is_told_and_how_many_there_are() -> None:
    alternatives = [
        {"matchFeatures": [term("usb.device", vendor=one("Exists"))]},
        {"matchFeatures": [term(vendor=one("In", "8086"))]},
    ]

    assert why(node(NIC), rule(matchAny=alternatives)) == (
        "usb.device: the node has no such feature (as do none of the other 1 matchAny)"
    )
    may = [*alternatives, {"matchFeatures": [term("kernel.version", full=one("Exists"))]}]
    assert why(node(NIC), rule(matchAny=may)) == "depends on kernel.version, which a VM size does not tell"


def test_of_devices_that_are_there_the_one_that_comes_nearest_is_told() -> None:
    gpu = Instance({"class": "0302", "vendor": "10de", "device": "2330"}, "an NVIDIA GPU")
    asked = term(vendor=one("In", "10de"), device=one("In", "2331"), **{"class": one("In", "0302")})

    assert why(node(NIC, gpu), rule(asked)) == "pci.device: device 2330 is not In [2331] (of an NVIDIA GPU 10de:2330)"
    assert why(node(gpu, NIC), rule(asked)) == "pci.device: device 2330 is not In [2331] (of an NVIDIA GPU 10de:2330)"
    assert why(node(MAYBE), rule(asked)) == (
        "pci.device: no device fits: of an accelerated-networking NIC 15b3:1016, vendor 15b3 is not In [10de]"
    )
    assert why(node(), rule(asked)) == "pci.device: the node has none"


def test_devices_of_one_kind_are_named_together() -> None:
    other = Instance({"class": "0200", "vendor": "15b3", "device": "101a"}, MAYBE.what, there=False)
    mana = Instance({"class": "0200", "vendor": "1414", "device": "00ba"}, "a NIC of MANA", there=False)

    assert why(node(NIC, MAYBE, other, mana, OTHER), rule(term(**{"class": one("In", "0200")}))) == (
        "pci.device: depends on whether the node has an accelerated-networking NIC 15b3:1016|101a or a NIC of MANA 1414:00ba "
        "or another PCI function"
    )


def test_flags_are_told_by_their_name() -> None:
    features = features_of({"flags": {"cpu.cpuid": {"elements": {"AVX2": {}}}}})

    assert why(features, rule(term("cpu.cpuid", AVX2=one("DoesNotExist")))) == "cpu.cpuid: AVX2 is there"
    assert why(features, rule(term("cpu.cpuid", SSE=one("Exists")))) == "cpu.cpuid: SSE is not there"
    assert why(features, rule(term("cpu.cpuid", AVX2=one("In", "1")))) == "cpu.cpuid: AVX2 is not In [1]"
    assert why(features, rule(term("cpu.cpuid", name=one("Gt", "a")))) == (
        "cpu.cpuid: matchName fails: Gt compares whole numbers, and 'a' is none"
    )


def test_what_a_template_depends_on_is_told_and_later_rules_depend_on_it() -> None:
    first = rule(term(vendor=one("Exists")), labelsTemplate="n={{ len .pci.device }}")
    later = rule(term("rule.matched", n=one("Exists")))

    assert why(node(NIC, MAYBE), first) == "depends on how many of it a node has in labelsTemplate"
    assert why(node(NIC, MAYBE), first, later) == "depends on rule.matched, which a VM size does not tell"
    assert run(node(NIC, MAYBE), first, later).rules[1].outcomes & (NO | YES) == NO | YES
    assert run(node(NIC), first, later).rules[1].outcomes == YES


def test_vars_of_a_template_are_no_labels() -> None:
    each = "{{ range .pci.device }}{{ .vendor }}_{{ .device }}=1\n{{ end }}"
    found = run(node(NIC, OTHER), rule(term(vendor=one("Exists")), labels={}, varsTemplate=each)).rules[0]

    assert (found.vars, found.labels, found.patterns) == ({"15b3_1018": "1"}, {}, ())


@pytest.mark.parametrize(
    ("op", "values", "inside"),
    [
        ("Gt", ["5"], "6"), ("Ge", ["5"], "56"), ("Lt", ["5"], "4"), ("Le", ["5"], "45"), ("GtLt", ["4", "6"], "5"),
        ("GeLe", ["4", "6"], "456"),
    ],
)  # fmt: skip
def test_bounds_are_in_or_out_as_the_operator_says(op: str, values: list[str], inside: str) -> None:
    for kind in ({}, {"type": "version"}):
        found = [
            number
            for number in "34567"
            if run(node(cpu__model={"n": number}), rule(term("cpu.model", n=one(op, *values, **kind))))
            .rules[0]
            .outcomes
            == YES
        ]
        assert set("456") & set(found) == set(inside)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("9223372036854775807", YES), ("-9223372036854775808", YES), ("9223372036854775808", FAILS), ("0" * 30 + "7", YES),
        ("+7", YES), ("", FAILS), ("1.0", FAILS), (" 1", FAILS), ("x", FAILS), ("9" * 5000, FAILS),
    ],
)  # fmt: skip
def test_a_whole_number_is_one_of_64_bits(value: str, number: int) -> None:
    found = run(node(cpu__model={"n": value}), rule(term("cpu.model", n=one("Gt", "-1")))).rules[0].outcomes

    assert (found == FAILS) is (number == FAILS)


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ("6", YES), ("v6.8.0-1030-azure", YES), ("6.8.0+x.y", YES), ("06.08", YES), ("5.9", NO), ("6.8.0-01", FAILS), ("6.8.0.1", FAILS),
        ("18446744073709551615", YES), ("18446744073709551616", FAILS), ("1" * 300, FAILS), ("", FAILS), ("6.", FAILS),
    ],
)  # fmt: skip
def test_versions_are_read_loosely(value: str, outcome: int) -> None:
    asked = term("cpu.model", n=one("Ge", "6", type="version"))

    assert run(node(cpu__model={"n": value}), rule(asked)).rules[0].outcomes == outcome


def test_a_rule_that_matches_needs_no_reason() -> None:
    assert why(node(NIC), rule(term(vendor=one("In", "15b3")))) == ""


# ----- What an NFD knows, and what is read.


def test_an_older_nfd_knows_neither_ge_nor_versions() -> None:
    older, features = Version(comparisons=False), node(cpu__model={"family": "25", "full": "6.8.0-1030-azure"})
    ge, version = term("cpu.model", family=one("Ge", "25")), term("cpu.model", full=one("Gt", "6.5", type="version"))

    assert [run(features, rule(one)).rules[0].outcomes for one in (ge, version)] == [YES, YES]
    assert [run(features, rule(one), version=older).rules[0].outcomes for one in (ge, version)] == [FAILS, FAILS]


def test_the_node_features_of_a_node_are_merged_those_of_the_worker_first() -> None:
    def made(name: str, namespace: str, value: str, node: str = "") -> dict[str, Any]:
        labels = {"nfd.node.kubernetes.io/node-name": node} if node else None
        attributes = {"local.label": {"elements": {"a": value, namespace: "1"}}}
        devices = {"pci.device": {"elements": [{"attributes": {"vendor": value}}]}}
        spec = {
            "features": {"flags": {"f.g": {"elements": {name: {}}}}, "attributes": attributes, "instances": devices}
        }
        return {"metadata": {"name": name, "namespace": namespace, "labels": labels}, "spec": spec}

    found = dict(by_node([made("extra", "ns", "2", "n1"), made("n1", "nfd", "1", "n1"), made("n0", "nfd", "3")]))

    assert list(found) == ["n0", "n1"]
    assert found["n1"].attributes["local.label"] == {"a": "2", "nfd": "1", "ns": "1"}
    assert [one.attributes["vendor"] for one in found["n1"].instances["pci.device"]] == ["1", "2"]
    assert found["n1"].flags["f.g"] == {"extra", "n1"}


@pytest.mark.parametrize(
    "data", [None, [], "x", {"spec": 1}, {"spec": {"rules": [None, 1, {"matchFeatures": 1, "matchAny": [1]}]}}]
)
def test_what_is_no_rule_reads_as_none_that_restricts(data: Any) -> None:
    assert all(not rule.terms for rule in rules_of(data))
    assert (
        execute(
            [data], features_of({"flags": 1, "instances": {"a": 1}, "attributes": {"b": {"elements": 1}}}), Version()
        ).dropped
        == ()
    )


def test_of_an_attribute_that_each_device_has_only_the_value_is_not_known() -> None:
    nic = Instance({"vendor": "15b3"}, "a NIC", always=frozenset({"device"}), further=frozenset({"sriov_totalvfs"}))

    assert run(node(nic), rule(term(device=one("Exists")))).rules[0].outcomes == YES
    assert run(node(nic), rule(term(sriov_totalvfs=one("Exists")))).rules[0].outcomes == NO | YES
    assert (
        why(node(nic), rule(term(device=one("In", "1"))))
        == "pci.device: depends on device, which a VM size does not tell (of a NIC)"
    )
    assert [set(found.every) for found in (nic, NIC)] == [
        {"vendor", "device", "sriov_totalvfs"},
        {"class", "vendor", "device"},
    ]


def test_once_a_template_is_not_known_later_rules_see_all_before_them_as_unsure() -> None:
    unknown = rule(term(vendor=one("Exists")), labels={}, labelsTemplate="n={{ len .pci.device }}")
    asks = rule(term("rule.matched", n=one("DoesNotExist")))

    assert run(node(NIC, MAYBE), unknown, rule(labels={"a": "1"}), asks).rules[2].outcomes & YES
    assert run(node(NIC, MAYBE), unknown, rule(labels={"a": "1"}), asks).rules[2].outcomes & NO


def test_time_grows_with_the_number_of_rules() -> None:
    rules = [
        rule(term("rule.matched", **{f"l{number - 1}": one("Exists")}), labels={f"l{number}": "1"})
        for number in range(3000)
    ]
    start = time.perf_counter()

    assert run(node(NIC), rule(labels={"l-1": "1"}), *rules).rules[-1].outcomes == YES
    assert time.perf_counter() - start < 5


def test_time_grows_with_the_rule_and_the_node() -> None:
    devices = [Instance({"class": "0200", "vendor": "15b3", "device": f"{number:04x}"}) for number in range(2000)]
    expressions = {f"a{number}": one("DoesNotExist") for number in range(200)}
    start = time.perf_counter()

    assert run(node(*devices), rule(term(**expressions), labelsTemplate=EACH)).rules[0].outcomes == YES
    assert time.perf_counter() - start < 10
