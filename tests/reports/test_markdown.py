"""The Markdown of a report: a table that a job summary shows, in which no value of a file means anything."""

from __future__ import annotations

import pytest

from aksrdma import reports
from aksrdma.findings import Finding
from aksrdma.validation.report import Options, Report, Summary


def finding(**changed):
    given = {
        "rule": "unknown-field", "severity": "error", "layer": "schema", "message": "unknown field a", "fix": "remove it",
        "file": "a.yaml", "line": 3, "column": 5, "document": 1, "object": "Pod/a", "path": "spec.a",
    }  # fmt: skip
    return Finding(**{**given, **changed})


def markdown(*findings, notes=(), **options):
    report = Report(findings, Summary(files=1, documents=2, sets=1), notes, Options(**options))
    return reports.write(report, "markdown")


def test_a_finding_is_a_row_with_its_place_and_its_fix():
    assert markdown(finding()).splitlines() == [
        "### aksrdma validate: failed",
        "",
        "| severity | where | what | fix |",
        "|---|---|---|---|",
        "| error | `a.yaml:3`<br>`Pod/a`<br>`spec.a` | unknown field a<br>`unknown-field` | remove it |",
        "",
        "1 error, 0 warnings, 0 infos in 2 objects of 1 file.",
    ]


def test_a_clean_report_has_no_table_and_says_what_was_judged():
    assert markdown() == "### aksrdma validate: passed\n\n0 errors, 0 warnings, 0 infos in 2 objects of 1 file.\n"


def test_the_worst_comes_first_and_what_does_not_fail_passes():
    found = markdown(finding(severity="info"), finding(severity="error"), finding(severity="warning"), fail_on="never")

    assert [line.split(" ")[1] for line in found.splitlines()[4:7]] == ["error", "warning", "info"]
    assert "passed" in found


def test_notes_stand_below_the_table():
    assert "\n- a\\_b\\: judged\n".replace("\\:", ":") in markdown(notes=("a_b: judged",))


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        pytest.param("a | b", "a \\| b", id="a-bar"),
        pytest.param("a\nb\r\x1b[31m", "a b  \\[31m", id="line-ends-and-controls"),
        pytest.param("![x](https://evil)", "\\!\\[x\\](https\\://evil)", id="an-image"),
        pytest.param("<b> @you #1 $x$ ~~a~~ `c` *d* \\", "\\<b\\> \\@you \\#1 \\$x\\$ \\~\\~a\\~\\~ \\`c\\` \\*d\\* \\\\", id="all-else"),
    ],
)  # fmt: skip
def test_no_value_means_anything_to_markdown(message, shown):
    assert f"| {shown}<br>" in markdown(finding(message=message))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param("spec[a|b]", "`spec[a\\|b]`", id="a-bar"),
        pytest.param("spec[`a``b`]", "```spec[`a``b`]```", id="backticks"),
        pytest.param("`a`", "`` `a` ``", id="backticks-at-the-ends"),
        pytest.param("a\nb", "`a b`", id="a-line-end"),
    ],
)
def test_a_path_is_code_whatever_is_in_it(path, shown):
    assert f"<br>{shown} |" in markdown(finding(path=path))


def test_parts_that_are_not_there_leave_nothing_behind():
    assert "| error | `a.yaml` | " in markdown(finding(line=0, object="", path=""))


@pytest.mark.parametrize(("count", "rows", "more"), [(500, 500, ""), (503, 501, "| | | and 3 more | |")])
def test_the_table_ends_before_the_limit_of_a_summary(count, rows, more):
    lines = markdown(*[finding()] * count).splitlines()[4:]

    assert lines.index("") == rows
    assert not more or lines[rows - 1] == more
