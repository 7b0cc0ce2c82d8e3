import json
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest

import aksrdma
from aksrdma import reports
from aksrdma.findings import Finding
from aksrdma.reports import sarif, text
from aksrdma.validation.options import Options
from aksrdma.validation.report import Report, Summary

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
    line = reports.write(odd("50%\nmore"), "github")

    assert line.startswith("::error file=a%2Cb%3Ac%25.yaml,line=1,col=2")
    assert "50%25%0Amore" in line


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
