"""Rules on policies, releases, networks and node labels, by their good and bad sets: tests/cases/rules/<rule>/*.yaml."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from aksrdma import catalog, documents
from aksrdma.checks import register
from aksrdma.checks.sets import ManifestSet
from aksrdma.cluster import Cluster
from aksrdma.findings import format_path
from aksrdma.kube.kinds import HELM_KINDS, WORKLOADS

CASES = Path(__file__).parents[2] / "cases" / "rules"
THEMES = ("network_relation", "node_label", "policy", "release")
ROWS = {row.id: row for theme in THEMES for row in catalog.rules_of(theme)}
CHECKS = [
    one
    for one in register.every_check()
    if one.of_set
    and not one.of_webhook
    and not one.kinds & (WORKLOADS | HELM_KINDS | {"ClusterQueue", "Namespace", "NVIDIADriver"})
]
KINDS = {rule: check.kinds for check in CHECKS for rule in check.rules}


def header(text: str, key: str) -> list[str]:
    return re.findall(rf"(?m)^# {key}: (.+)$", text)


def manifests_of(text: str) -> ManifestSet:
    stream = documents.read(text.encode(), "case.yaml")
    assert not stream.problems
    clusters = [Cluster.from_mapping(found.data) for found in stream.documents if found.kind == "RdmaCluster"]
    return ManifestSet(
        [found for found in stream.documents if found.kind],
        values=[found for found in stream.documents if not found.kind],
        release=header(text, "release")[0],
        admission_controller=header(text, "admission-controller") == ["on"],
        vm_sizes=tuple(header(text, "vm-size")),
        nodes=next(map(int, header(text, "nodes")), None),
        cluster=next(iter(clusters), None),
    )


def findings(text: str) -> list[register.Problem]:
    manifests = manifests_of(text)
    wanted = [check for check in CHECKS if check.kinds & manifests.by_kind.keys()]
    return [problem for check in wanted for problem in check.load()(manifests)]


def cases(kind: str) -> list[Path]:
    return [file for rule in sorted(ROWS) for file in sorted((CASES / rule).glob(f"{kind}*.yaml"))]


def named(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


@pytest.mark.parametrize("file", cases("bad"), ids=named)
def test_bad_set_is_found_where_it_says(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    found = [problem for problem in findings(text) if problem.rule == file.parent.name]

    assert Counter(format_path(problem.path) for problem in found) == Counter(header(text, "expect"))


@pytest.mark.parametrize("file", [file for file in cases("bad") if "# severity: " in file.read_text()], ids=named)
def test_bad_set_is_as_bad_as_it_says(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    found = [problem for problem in findings(text) if problem.rule == file.parent.name]

    assert {problem.severity or ROWS[problem.rule].severity for problem in found} == set(header(text, "severity"))


@pytest.mark.parametrize("file", cases("good"), ids=named)
def test_good_set_has_no_finding_of_its_rule(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert [problem for problem in findings(text) if problem.rule == file.parent.name] == []


@pytest.mark.parametrize("rule", sorted(ROWS))
def test_relation_rule_has_a_good_and_a_bad_set_that_expects_something(rule: str) -> None:
    bad = list((CASES / rule).glob("bad*.yaml"))

    assert bad
    assert all(header(file.read_text(encoding="utf-8"), "expect") for file in bad)
    assert list((CASES / rule).glob("good*.yaml"))


def test_relation_checks_and_rows_name_the_same_rules_and_kinds() -> None:
    assert KINDS.keys() == ROWS.keys()
    assert [rule for rule, row in ROWS.items() if not set(row.kinds) <= KINDS[rule]] == []


@pytest.mark.parametrize("file", [*cases("bad"), *cases("good")], ids=named)
def test_relation_problem_has_a_row_and_a_place(file: Path) -> None:
    for problem in findings(file.read_text(encoding="utf-8")):
        assert problem.rule in ROWS
        assert problem.message
        assert problem.document.position(problem.path).line > 0
