import json
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest

import aksrdma
from aksrdma import reports
from aksrdma.findings import Finding
from aksrdma.reports import sarif, text
from aksrdma.validation.report import Options, Report, Summary

BAD = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata:
  name: nic-cluster-policy
spec:
  nvIpamm: {}
"""


@pytest.fixture
def report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "nic.yaml"
    file.write_text(BAD)
    return aksrdma.validate(file.relative_to(tmp_path), release="v26.4.1")


def odd(message):
    finding = Finding(
        rule="unknown-field", severity="error", layer="schema", message=message, fix="fix", file="a,b:c%.yaml", line=1,
        column=2, document=1, object="Pod/a", path="spec",
    )  # fmt: skip
    return Report((finding,), Summary(files=1, documents=1, sets=1), (), Options())


def test_text_is_one_line_a_finding(report):
    assert reports.write(report, "text") == (
        "nic.yaml:6:3: error unknown-field NicClusterPolicy/nic-cluster-policy spec.nvIpamm: "
        "unknown field nvIpamm; did you mean nvIpam?\n"
    )


def test_text_on_a_terminal_shows_the_line_with_a_caret(report):
    shown = text.write(report, terminal=True).splitlines()

    assert shown[1:] == ["    6 |   nvIpamm: {}", "          ^"]


def test_color_is_only_there_where_it_is_asked_for(report):
    assert "\x1b[" in text.write(report, color=True)
    assert "\x1b[" not in text.write(report)


def test_the_summary_counts(report):
    assert text.summary_line(report) == "1 error, 0 warnings, 0 infos in 1 object of 1 file"


def test_json_has_every_part_of_a_finding(report):
    data = json.loads(reports.write(report, "json"))

    assert set(data["findings"][0]) == {
        "rule", "severity", "layer", "message", "fix", "file", "line", "column", "document", "object", "path",
    }  # fmt: skip
    assert (data["summary"]["ok"], data["summary"]["errors"]) == (False, 1)


def test_junit_has_a_failure_for_each_finding_that_fails(report):
    root = ET.fromstring(reports.write(report, "junit"))

    assert (root.tag, root.get("failures")) == ("testsuites", "1")
    assert root.find(".//failure").get("message") == "unknown field nvIpamm"


def test_github_gives_a_workflow_command(report):
    assert reports.write(report, "github") == (
        "::error file=nic.yaml,line=6,col=3,title=unknown-field::NicClusterPolicy/nic-cluster-policy spec.nvIpamm: "
        "unknown field nvIpamm; did you mean nvIpam?\n"
    )


def test_github_escapes_what_would_end_a_property():
    line = reports.write(odd("50%\r\nmore"), "github")

    assert line.startswith("::error file=a%2Cb%3Ac%25.yaml,line=1,col=2")
    assert "50%25%0D%0Amore" in line


def test_junit_survives_what_xml_cannot_hold():
    root = ET.fromstring(reports.write(odd('<&">\x00\x1b\ud800'), "junit"))

    assert root.find(".//failure").get("message").startswith('<&">')


def test_sarif_has_rules_with_help_regions_and_relative_uris(report):
    run = json.loads(reports.write(report, "sarif"))["runs"][0]
    result = run["results"][0]
    location = result["locations"][0]["physicalLocation"]

    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "unknown-field"
    assert run["tool"]["driver"]["rules"][0]["help"]["text"]
    assert location == {
        "artifactLocation": {"uri": "nic.yaml", "uriBaseId": "ROOT"},
        "region": {"startLine": 6, "startColumn": 3},
    }


def test_sarif_fingerprints_stay_when_lines_move(report, tmp_path):
    first = json.loads(sarif.write(report))["runs"][0]["results"][0]["partialFingerprints"]
    (tmp_path / "nic.yaml").write_text("# a new line\n" + BAD)
    again = json.loads(sarif.write(aksrdma.validate(Path("nic.yaml"), release="v26.4.1")))
    assert again["runs"][0]["results"][0]["partialFingerprints"] == first


def test_sarif_escapes_a_file_name():
    location = json.loads(sarif.write(odd("x")))["runs"][0]["results"][0]["locations"][0]

    assert location["physicalLocation"]["artifactLocation"]["uri"] == "a%2Cb%3Ac%25.yaml"


def test_a_clean_report_is_still_a_document_of_its_format():
    clean = aksrdma.validate(BAD.replace("  nvIpamm: {}", "  {}"), release="v26.4.1")

    assert reports.write(clean, "text") == ""
    assert json.loads(reports.write(clean, "json"))["findings"] == []
    assert json.loads(reports.write(clean, "sarif"))["runs"][0]["results"] == []
    assert ET.fromstring(reports.write(clean, "junit")).get("failures") == "0"


@pytest.mark.parametrize("made", ["found", "odd", "clean"])
def test_sarif_is_valid_against_the_published_schema(made, report):
    clean = aksrdma.validate(BAD.replace("  nvIpamm: {}", "  {}"), release="v26.4.1")
    schema = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))

    jsonschema.validate(
        json.loads(reports.write({"found": report, "odd": odd("x"), "clean": clean}[made], "sarif")), schema
    )


def finding(severity="error", **changed):
    parts = {
        "rule": "unknown-field", "severity": severity, "layer": "schema", "message": "what", "fix": "fix",
        "file": "a.yaml", "line": 3, "column": 5, "document": 1, "object": "Pod/a", "path": "spec",
    }  # fmt: skip
    return Finding(**(parts | changed))


def report_of(*findings, summary=Summary(files=1, documents=1, sets=1), **options):  # noqa: B008
    return Report(findings, summary, (), Options(**options))


@pytest.mark.parametrize(
    ("one", "line"),
    [
        pytest.param(finding(), "a.yaml:3:5: error unknown-field Pod/a spec: what; fix\n", id="of-a-file"),
        pytest.param(finding(line=0, column=0), "a.yaml: error unknown-field Pod/a spec: what; fix\n", id="no-line"),
        pytest.param(
            finding(file="", line=0, column=0), "<object>: error unknown-field Pod/a spec: what; fix\n", id="no-file"
        ),
        pytest.param(
            finding("info", object="", path=""), "a.yaml:3:5: info unknown-field: what; fix\n", id="of-no-object"
        ),
    ],
)
def test_text_names_what_there_is_of_place_and_object(one, line):
    assert reports.write(report_of(one), "text") == line


def test_color_is_that_of_the_severity():
    shown = text.write(report_of(finding(), finding("warning"), finding("info")), color=True).splitlines()

    assert [line.split("\x1b[")[3].partition("m")[0] for line in shown] == ["31", "33", "36"]
    assert all(line.startswith("\x1b[1ma.yaml:3:5\x1b[0m: ") for line in shown)


def test_the_caret_stands_below_the_column_behind_tabs(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("a: 1\n\tb: 2\n", encoding="utf-8")

    def shown(line, column):
        return text.write(report_of(finding(file=str(file), line=line, column=column)), terminal=True).splitlines()[1:]

    assert shown(2, 2) == ["    2 |     b: 2", "            ^"]
    assert shown(1, 4) == ["    1 | a: 1", "           ^"]
    assert shown(9, 1) == shown(0, 0) == []


def test_the_line_that_is_shown_is_the_one_that_is_counted(tmp_path):
    """U+0085 ends a line for Python, not for an editor."""
    file = tmp_path / "a.yaml"
    file.write_text("a: 1 # \x85\nb: 2\n", encoding="utf-8")

    shown = text.write(report_of(finding(file=str(file), line=2, column=1)), terminal=True).splitlines()

    assert shown[1] == "    2 | b: 2"


def test_a_file_that_is_gone_has_no_excerpt(tmp_path):
    gone = finding(file=str(tmp_path / "gone.yaml"))

    assert len(text.write(report_of(gone), terminal=True).splitlines()) == 1


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        pytest.param(
            Summary(files=2, documents=3), "0 errors, 0 warnings, 0 infos in 3 objects of 2 files", id="plain"
        ),
        pytest.param(
            Summary(files=1, documents=1, suppressed=2),
            "0 errors, 0 warnings, 0 infos in 1 object of 1 file; 2 suppressed",
            id="suppressed",
        ),
        pytest.param(
            Summary(files=1, documents=1, not_manifests=1),
            "0 errors, 0 warnings, 0 infos in 1 object of 1 file; skipped 1 document that is no manifest",
            id="one-that-is-no-manifest",
        ),
        pytest.param(
            Summary(files=1, documents=1, not_manifests=2, unknown_kinds=(("v1 A", 1), ("v1 B", 2))),
            "0 errors, 0 warnings, 0 infos in 1 object of 1 file; skipped 2 documents that are no manifest; "
            "skipped kinds without a schema: 1 v1 A, 2 v1 B",
            id="unknown-kinds",
        ),
    ],
)
def test_the_summary_says_what_was_not_judged(summary, line):
    assert text.summary_line(report_of(summary=summary)) == line


def test_json_counts_each_severity():
    found = report_of(finding(), finding("warning"), finding("warning"), finding("info"))
    summary = json.loads(reports.write(found, "json"))["summary"]

    assert (summary["errors"], summary["warnings"], summary["infos"], summary["ok"]) == (1, 2, 1, False)


def test_json_keeps_letters_beyond_ascii():
    assert '"message": "größer"' in reports.write(report_of(finding(message="größer")), "json")


def test_junit_has_a_suite_a_file_and_counts_objects_without_a_finding():
    found = report_of(
        finding(file="b.yaml"),
        finding(file="a.yaml"),
        finding("warning", file="a.yaml"),
        finding("info", file="a.yaml", object="", path=""),
        summary=Summary(files=2, documents=5),
    )
    root = ET.fromstring(reports.write(found, "junit"))

    assert (root.get("tests"), root.get("failures")) == ("7", "2")
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("a.yaml", "3", "1"),
        ("b.yaml", "1", "1"),
        ("clean", "3", "0"),
    ]
    assert [case.get("name") for case in root.iter("testcase")] == [
        "Pod/a spec", "Pod/a spec", "a.yaml", "Pod/a spec", "3 objects without a finding",
    ]  # fmt: skip
    assert [out.text for out in root.iter("system-out")] == [
        "warning: a.yaml:3:5: what; fix",
        "info: a.yaml:3:5: what; fix",
    ]
    assert [failure.text for failure in root.iter("failure")] == ["a.yaml:3:5: what; fix", "b.yaml:3:5: what; fix"]


def test_junit_of_what_has_a_finding_everywhere_has_no_clean_suite():
    root = ET.fromstring(reports.write(report_of(finding()), "junit"))

    assert [suite.get("name") for suite in root] == ["a.yaml"]


def test_junit_replaces_only_what_xml_cannot_hold():
    written = reports.write(report_of(finding(message="\t \x7e\ud7ff\ue000\ufffd\U0001f600\x1f\ud800\ufffe")), "junit")

    assert "\ud7ff\ue000\ufffd\U0001f600\ufffd\ufffd\ufffd" in ET.fromstring(written).find(".//failure").text


def test_github_has_a_command_for_each_severity():
    lines = reports.write(report_of(finding(), finding("warning"), finding("info", line=0, object="")), "github")

    assert [line.partition(" ")[0] for line in lines.splitlines()] == ["::error", "::warning", "::notice"]
    assert lines.splitlines()[2] == "::notice file=a.yaml,title=unknown-field::spec: what; fix"


def test_sarif_numbers_the_rules_and_keeps_equal_findings_apart():
    found = report_of(finding(rule="yaml-syntax"), finding("warning"), finding("info"), finding(column=0))
    run = json.loads(reports.write(found, "sarif"))["runs"][0]

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["unknown-field", "yaml-syntax"]
    assert [(result["ruleIndex"], result["level"]) for result in run["results"]] == [
        (1, "error"), (0, "warning"), (0, "note"), (0, "error"),
    ]  # fmt: skip
    assert len({result["partialFingerprints"]["aksrdma/v1"] for result in run["results"]}) == 4
    assert run["results"][3]["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 1}


def test_sarif_of_an_object_built_in_python_has_no_file():
    one, other = finding(file="", line=0), finding(file="", line=0, object="")
    results = json.loads(reports.write(report_of(one, other), "sarif"))["runs"][0]["results"]

    assert [sorted(place) for place in results[0]["locations"]] == [["logicalLocations"]]
    assert results[0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "Pod/a spec"
    assert "locations" not in results[1]


def test_sarif_of_a_finding_without_a_line_has_no_region(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = finding(file=str(tmp_path / "a.yaml"), line=0)
    [result] = json.loads(reports.write(report_of(one), "sarif"))["runs"][0]["results"]

    assert result["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "a.yaml", "uriBaseId": "ROOT"}}


def test_github_has_no_colon_before_a_message_without_an_object():
    command = reports.write(report_of(finding(object="", path="")), "github")

    assert command == "::error file=a.yaml,line=3,col=5,title=unknown-field::what; fix\n"
