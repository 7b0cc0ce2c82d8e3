"""Every rule of the component layer, by its good and bad manifests: tests/cases/rules/<rule>/{good,bad}*.yaml."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import aksrdma.checks.component  # noqa: F401 (registers the checks)
from aksrdma import documents
from aksrdma.checks import base
from aksrdma.findings import format_path
from aksrdma.paths import CATALOG

CASES = Path(__file__).parents[2] / "cases" / "rules"
THEMES = ("component", "device_plugins", "ipam", "network_annotation", "node_feature_rule")
RULES: dict[str, dict[str, Any]] = {
    row["id"]: row for theme in THEMES for row in yaml.safe_load((CATALOG / "rules" / f"{theme}.yaml").read_text())
}
CHECKS = [check for check in base.DOCUMENT_CHECKS if check.check.__module__.startswith("aksrdma.checks.component")]


@dataclass
class Set:
    release: str = "v26.4.1"
    admission_controller: bool = False


def header(text: str, key: str) -> list[str]:
    return re.findall(rf"(?m)^# {key}: (.+)$", text)


def findings(text: str, manifests: Set) -> list[base.Problem]:
    stream = documents.read(text.encode(), "case.yaml")
    assert not stream.problems
    return [
        problem
        for document in stream.documents
        for check in CHECKS
        if document.kind in check.kinds
        for problem in check.check(document, manifests)
    ]


def manifests_of(text: str) -> Set:
    return Set(release=next(iter(header(text, "release")), "v26.4.1"))


def cases(kind: str) -> list[Any]:
    files = [file for rule in sorted(RULES) for file in sorted((CASES / rule).glob(f"{kind}*.yaml"))]
    return [pytest.param(file, id=f"{file.parent.name}/{file.stem}") for file in files]


@pytest.mark.parametrize("file", cases("bad"))
def test_bad_manifest_is_found_where_it_says(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    found = [p for p in findings(text, manifests_of(text)) if p.rule == file.parent.name]

    assert Counter(format_path(p.path) for p in found) == Counter(header(text, "expect"))


@pytest.mark.parametrize("file", cases("good"))
def test_good_manifest_has_no_finding_of_its_rule(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert [p for p in findings(text, manifests_of(text)) if p.rule == file.parent.name] == []


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rule_has_a_good_and_a_bad_manifest_that_expects_something(rule: str) -> None:
    bad = list((CASES / rule).glob("bad*.yaml"))

    assert bad
    assert all(header(file.read_text(encoding="utf-8"), "expect") for file in bad)
    assert list((CASES / rule).glob("good*.yaml"))


def test_checks_and_rows_name_the_same_rules_and_kinds() -> None:
    registered: dict[str, set[str]] = {}
    for check in CHECKS:
        for rule in check.rules:
            registered.setdefault(rule, set()).update(check.kinds)

    assert registered.keys() == RULES.keys()
    assert [rule for rule, row in RULES.items() if not set(row["kinds"]) <= registered[rule]] == []


@pytest.mark.parametrize("file", [*cases("bad"), *cases("good")])
def test_problem_names_a_registered_rule_and_a_path_that_is_there(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    for problem in findings(text, manifests_of(text)):
        assert problem.rule in RULES
        assert problem.message
        assert problem.document.position(problem.path).line > 0
