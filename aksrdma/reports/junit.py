"""JUnit XML: a test case for each finding that fails, and one for each file that has none."""

from __future__ import annotations

from collections import defaultdict
from xml.sax.saxutils import escape, quoteattr

from aksrdma.findings import Finding
from aksrdma.validation.report import Report


def write(report: Report) -> str:
    """Return a `testsuites` document: a suite a file, a case a finding."""
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_file[finding.file].append(finding)
    suites: list[str] = []
    for file, findings in sorted(by_file.items()):
        failed = sum(report.options.fails(finding.severity) for finding in findings)
        cases = "".join(_case(report, finding) for finding in findings)
        head = f'  <testsuite name={_attribute(file)} tests="{len(findings)}" failures="{failed}">'
        suites.append(f"{head}\n{cases}  </testsuite>\n")
    clean = max(0, report.summary.documents - len({(one.file, one.document) for one in report.findings}))
    failures = sum(report.options.fails(finding.severity) for finding in report.findings)
    head = f'<testsuites name="aksrdma" tests="{len(report.findings) + clean}" failures="{failures}">'
    if clean:
        case = f'<testcase name="{clean} objects without a finding" classname="aksrdma"/>'
        suites.append(f'  <testsuite name="clean" tests="{clean}" failures="0">\n    {case}\n  </testsuite>\n')
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{"".join(suites)}</testsuites>\n'


def _case(report: Report, finding: Finding) -> str:
    name = _attribute(f"{finding.object} {finding.path}".strip() or finding.file)
    head = f"    <testcase name={name} classname={_attribute(f'aksrdma.{finding.rule}')}"
    text = f"{finding.file}:{finding.line}:{finding.column}: {finding.message}; {finding.fix}"
    if report.options.fails(finding.severity):
        kind = _attribute(finding.severity)
        message = _attribute(finding.message)
        outcome = f"<failure type={kind} message={message}>{_clean(escape(text))}</failure>"
    else:
        outcome = f"<system-out>{_clean(escape(f'{finding.severity}: {text}'))}</system-out>"
    return f"{head}>\n      {outcome}\n    </testcase>\n"


def _attribute(text: str) -> str:
    return _clean(quoteattr(text))


def _clean(text: str) -> str:
    """Replace what XML 1.0 cannot hold, even escaped."""
    return "".join(
        one if one in "\t\n\r" or " " <= one <= "\ud7ff" or "\ue000" <= one <= "\ufffd" or one > "\uffff" else "�"
        for one in text
    )
