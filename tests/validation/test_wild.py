"""Real manifests of others, where AKSRDMA_SHARED names a folder that has them: every mistake found, no false alarm."""

import re

import pytest

import aksrdma
from tools import wild

FOLDER = wild.wild()
FILES = wild.manifests(FOLDER) if FOLDER else []
ROWS = wild.rows(FOLDER) if FOLDER else ()
FINE = sorted(wild.fine(FOLDER)) if FOLDER else []
VERDICTS = list(wild.verdicts(FOLDER)) if FOLDER else []
PARTS = sorted((*FOLDER.glob("patches/*.yaml"), *FOLDER.glob("templates/*.yaml"))) if FOLDER else []
NEWEST = "v26.4.1"

pytestmark = pytest.mark.skipif(FOLDER is None, reason="AKSRDMA_SHARED names no folder with real manifests")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file}-{row.path}")
def test_a_mistake_that_was_found_by_eye_is_reported(row):
    findings = wild.judged(FOLDER, row.file).findings
    met = [one for one in findings if row.is_met_by(one)]

    assert bool(met) == ((row.file, row.path) not in wild.NOT_SEEN), [one.path for one in findings]


@pytest.mark.parametrize("file", FINE)
def test_a_manifest_that_is_right_has_no_error(file):
    errors = [one for one in wild.judged(FOLDER, file).findings if one.severity == "error"]

    assert [f"{one.line}: {one.rule} {one.message}" for one in errors] == []


@pytest.mark.parametrize("file", [file for file in FILES if file not in FINE])
def test_a_manifest_with_mistakes_has_no_error_besides(file):
    rows = [row for row in ROWS if row.file == file]
    errors = [one for one in wild.judged(FOLDER, file).findings if one.severity == "error"]

    assert [f"{one.line}: {one.rule}" for one in errors if not any(row.is_met_by(one) for row in rows)] == []


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda verdict: f"{verdict['file']}-{verdict['document']}")
def test_the_api_server_takes_what_kubectl_validate_takes(verdict):
    said = dict(verdict["kubectl_validate"])
    if verdict.get("workload_crd", "unknown-kind") != "unknown-kind":
        said[NEWEST] = verdict["workload_crd"]
    known = {release: word for release, word in said.items() if word != "unknown-kind"}
    ours = {
        release: wild.refused(wild.judged(FOLDER, verdict["file"], release), verdict["document"]) for release in known
    }

    assert ours == {release: word == "reject" for release, word in known.items()}


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.name)
def test_a_patch_or_template_has_no_error(path):
    report = aksrdma.validate(path)

    assert report.ok
    if path.parent.name == "templates":
        assert report.summary.not_manifests
        assert not report.findings


@pytest.mark.parametrize("file", FILES)
def test_one_mistake_is_one_finding_and_its_message_says_where_and_what_to_do(file):
    findings = wild.judged(FOLDER, file).findings
    places = [(one.document, one.path, one.rule) for one in findings if one.path]

    assert len(places) == len(set(places))
    assert all(one.line and one.column and one.message and one.fix for one in findings)
    assert not any(re.search(r"\bNone\b|Traceback|<class", one.message) for one in findings)
