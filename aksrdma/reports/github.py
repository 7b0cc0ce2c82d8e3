"""GitHub workflow commands, which become annotations on the lines of a pull request."""

from __future__ import annotations

from typing import Final

from aksrdma.validation.report import Report

_COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice"}


def write(report: Report) -> str:
    """Return one workflow command a finding."""
    lines: list[str] = []
    for finding in report.findings:
        places = {"file": finding.file}
        if finding.line:
            places |= {"line": str(finding.line), "col": str(finding.column)}
        places["title"] = finding.rule
        properties = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in places.items())
        what = " ".join(part for part in (finding.object, finding.path) if part)
        text = _escaped(": ".join(part for part in (what, f"{finding.message}; {finding.fix}") if part))
        lines.append(f"::{_COMMANDS[finding.severity]} {properties}::{text}\n")
    return "".join(lines)


# The runner undoes just these escapes: escapeData and escapeProperty of actions/toolkit, packages/core/src/command.ts.
def _escaped(text: str, more: str = "") -> str:
    for sign in f"%\r\n{more}":  # the percent sign first, for the others bring some
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
