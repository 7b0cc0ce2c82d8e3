"""Each rule of the schema layer has manifests that break it and manifests that do not.

A file in cases/RULE/ that begins with `# expect: PATH` breaks the rule at those paths and no other rule of the layer;
one without is fine. `# release: R` says by which release it is judged, v25.10.0 unless told.
"""

import re
from pathlib import Path

import pytest

from aksrdma import catalog, schemas
from aksrdma.checks import register
from aksrdma.checks import schema as verdict
from aksrdma.checks.sets import ManifestSet
from aksrdma.documents import Document, read
from aksrdma.findings import format_path
from aksrdma.schemas.judge import Schemas

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.rglob("*.yaml"))


def problems(document, release):
    return list(verdict.schema_verdict(document, ManifestSet([document], release=release)))


def told(text, name):
    return re.findall(rf"^# {name}: (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CASES).as_posix())
def test_a_manifest_breaks_its_rule_where_it_says(path):
    text = path.read_text(encoding="utf-8")
    release = (told(text, "release") or ["v25.10.0"])[0]

    found = [
        (problem.rule, format_path(problem.path))
        for document in read(text.encode(), path.name).documents
        for problem in problems(document, release)
    ]

    assert sorted(found) == sorted((path.parent.name, place) for place in told(text, "expect"))


def test_every_rule_has_a_row_and_both_sorts_of_manifests():
    rules = set(verdict.RULES)

    assert {path.parent.name for path in FILES if path.stem.startswith("bad")} == rules
    assert {path.parent.name for path in FILES if path.stem.startswith("good")} == rules
    assert {(catalog.rule(name).layer, catalog.rule(name).severity) for name in rules} == {("schema", "error")}


def test_the_check_is_registered_for_every_kind_that_has_a_schema():
    (registered,) = (one for one in register.every_check() if one.load() is verdict.schema_verdict)

    assert set(registered.rules) == set(verdict.RULES)
    assert registered.kinds == {kind.kind for name in schemas.folders() for kind in schemas.kinds(name)}


def policy(**spec):
    return {"apiVersion": "mellanox.com/v1alpha1", "kind": "NicClusterPolicy", "metadata": {"name": "a"}, "spec": spec}


IMAGE = {"image": "a", "repository": "b", "version": "c"}


@pytest.mark.parametrize(
    ("release", "data", "message", "fix"),
    [
        pytest.param(
            "v25.10.0",
            policy(secondaryNetwork={"ipamPlugin": IMAGE}),
            "unknown field ipamPlugin: removed in v25.10.0",
            "remove it, or use v25.7.0",
            id="a-field-that-was-removed",
        ),
        pytest.param(
            "v25.1.0",
            policy(nicConfigurationOperator={"operator": IMAGE, "configurationDaemon": IMAGE}),
            "unknown field nicConfigurationOperator: new in v25.4.0",
            "remove it, or use v25.4.0 or later",
            id="a-field-that-came-later",
        ),
        pytest.param(
            "v26.1.2",
            policy(nvIpam={"image": "a", "repository": "b"}),
            "version is required before v26.4.1",
            "set version, or use v26.4.1",
            id="a-field-that-is-no-longer-required",
        ),
        pytest.param(
            "v25.10.0",
            policy(nvIpm=IMAGE),
            "unknown field nvIpm",
            "did you mean nvIpam?",
            id="a-field-that-no-release-has",
        ),
        pytest.param(
            "v26.1.2",
            {"apiVersion": "mellanox.com/v1alpha1", "kind": "NicNodePolicy", "metadata": {"name": "a"}},
            "the kind NicNodePolicy is new in v26.4.1",
            "use v26.4.1 or later",
            id="a-kind-that-came-later",
        ),
        pytest.param(
            "v25.10.0",
            {"apiVersion": "extensions/v1beta1", "kind": "Deployment"},
            "no kind Deployment in extensions/v1beta1",
            "write apps/v1",
            id="an-api-version-of-old",
        ),
        pytest.param(
            "v25.10.0",
            {"kind": "NicClusterPolicy"},
            "apiVersion is required",
            "add apiVersion: mellanox.com/v1alpha1",
            id="no-api-version",
        ),
        pytest.param(
            "v25.10.0",
            {"apiVersion": 1, "kind": "Pod"},
            "must be a string, is an integer: 1",
            'put it in quotes: "1"',
            id="an-api-version-that-is-no-text",
        ),
        pytest.param(
            "v25.10.0",
            {
                "apiVersion": "nv-ipam.nvidia.com/v1alpha1",
                "kind": "IPPool",
                "spec": {"subnet": "a", "perNodeBlockSize": 2, "perNodeExclusions": []},
            },
            "unknown field perNodeExclusions: new in v26.1.2",
            "remove it, or use v26.1.2 or later",
            id="a-field-of-another-kind-that-came-later",
        ),
    ],
)
def test_a_message_tells_what_other_releases_make_of_it(release, data, message, fix):
    (problem,) = problems(Document.from_data(data), release)

    assert (problem.message, problem.fix) == (message, fix)


@pytest.mark.parametrize(
    ("data", "path", "meant"),
    [
        pytest.param(
            {"apiVersion": "extensions/v1beta1", "kind": "Deployment"}, "apiVersion", "apps/v1", id="one-group"
        ),
        pytest.param({"apiVersion": "", "kind": "Pod"}, "apiVersion", None, id="empty"),
        pytest.param({"apiVersion": 1, "kind": "Pod"}, "apiVersion", None, id="no-text"),
    ],
)
def test_a_wrong_api_version_is_shown_where_it_is_with_the_one_that_was_meant(data, path, meant):
    (problem,) = problems(Document.from_data(data), "v25.10.0")

    assert (format_path(problem.path), problem.meant) == (path, meant)


def test_a_kind_that_was_removed_says_when(monkeypatch):
    having = ("v25.4.0", "v25.7.0")
    monkeypatch.setattr(verdict, "releases_with", lambda api_version, kind: having)
    data = {"apiVersion": "mellanox.com/v1alpha1", "kind": "NicNodePolicy", "metadata": {"name": "a"}}

    (problem,) = problems(Document.from_data(data), "v25.10.0")

    assert (problem.message, problem.fix) == ("the kind NicNodePolicy was removed in v25.10.0", "use v25.7.0")


def test_an_api_version_of_a_kind_that_two_groups_serve_names_both(monkeypatch):
    rows = [schemas.Kind("a.example", "v1", "Pod"), schemas.Kind("", "v1", "Pod")]
    monkeypatch.setattr(verdict, "kinds", lambda folder: rows if folder == "v25.10.0" else [])

    (problem,) = problems(Document.from_data({"apiVersion": "v2", "kind": "Pod"}), "v25.10.0")

    assert (problem.fix, problem.meant) == ("write a.example/v1 or v1", None)


def test_a_release_outside_the_catalog_is_judged_without_history(monkeypatch):
    monkeypatch.setattr(catalog, "releases", lambda: ("v25.1.0",))

    (problem,) = problems(Document.from_data(policy(secondaryNetwork={"ipamPlugin": IMAGE})), "v25.10.0")

    assert problem.message == "unknown field ipamPlugin"


def test_however_many_mistakes_there_are_each_release_judges_an_object_once(monkeypatch):
    asked, verdict = [], Schemas.verdict
    monkeypatch.setattr(Schemas, "verdict", lambda self, data: asked.append(self.release) or verdict(self, data))
    document = Document.from_data(policy(**{f"field{number}": {} for number in range(50)}))

    assert len(problems(document, "v25.10.0")) == 50
    assert sorted(asked) == sorted([*catalog.releases(), "v25.10.0"])
