"""Every rule against its examples: dropping a file into `tests/cases/rules/RULE/` is adding a test.

A bad file begins with what it expects (`# expect: PATH`, a line a finding of the rule), and any file with what is known:
`# release: v25.1.0`, `# vm-size: SIZE`, `# nodes: N`, `# admission-controller: true`.
"""

import re
from pathlib import Path

import pytest

import aksrdma
from aksrdma import catalog
from aksrdma.checks import register

CASES = Path(__file__).parent.parent / "cases" / "rules"
FILES = sorted(CASES.glob("*/*.yaml"))
HEADER = re.compile(r"# (expect|release|vm-size|nodes|admission-controller): ?(.*)")
# Rules of these layers have their examples in the tests of the layer itself.
ELSEWHERE = {"yaml", "schema", "admission"}


def header(text):
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if match := HEADER.match(line):
            found.setdefault(match[1], []).append(match[2].strip())
    return found


def judged(file):
    text = file.read_text(encoding="utf-8")
    told = header(text)
    report = aksrdma.validate(
        text,
        release=(told.get("release") or [catalog.newest()])[0],
        vm_sizes=tuple(told.get("vm-size", ())),
        nodes=int(told["nodes"][0]) if "nodes" in told else None,
        admission_controller="admission-controller" in told,
    )
    rule = file.parent.name
    return told, sorted(finding.path for finding in report.findings if finding.rule == rule)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_rule_fires_where_its_bad_examples_expect_and_nowhere_in_the_good_ones(file):
    told, paths = judged(file)

    assert file.stem.startswith(("bad", "good"))
    assert paths == sorted(told.get("expect", []))
    assert bool(paths) == file.stem.startswith("bad")


def test_every_rule_has_a_good_and_a_bad_example():
    wanted = {name for name in catalog.rules() if catalog.rule(name).layer not in ELSEWHERE}
    wanted -= {rule.id for rule in catalog.rules_of("validation")}
    kinds = {(file.parent.name, file.stem.split("_")[0].rstrip("0123456789-")) for file in FILES}

    assert {rule for rule in wanted if {(rule, "bad"), (rule, "good")} - kinds} == set()


def test_every_rule_is_looked_for_and_every_check_reports_rules_of_the_catalog():
    reported = {rule for one in register.every_check() for rule in one.rules}
    elsewhere = {rule.id for theme in ("yaml", "validation") for rule in catalog.rules_of(theme)}

    assert reported | elsewhere == set(catalog.rules())


def test_an_id_stands_in_one_theme_alone():
    ids = [rule.id for theme in catalog.themes() for rule in catalog.rules_of(theme)]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", catalog.rules())
def test_a_rule_says_what_why_and_how(name):
    rule = catalog.rule(name)

    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule.id)
    assert rule.statement
    assert rule.why
    assert rule.fix
    assert ":" in rule.source
    assert rule.releases == "all" or set(rule.releases) <= set(catalog.releases())


def test_the_index_says_what_the_decorators_say():
    assert register.INDEX.read_text(encoding="utf-8") == register.index_text(), "`make docs` writes it again"
