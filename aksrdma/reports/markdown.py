"""Markdown, for the summary of a job: what is wrong as a table, the worst first, and what was judged."""

from __future__ import annotations

import re
from typing import Final

from aksrdma.findings import Finding
from aksrdma.reports.text import summary_line
from aksrdma.validation.report import SEVERITIES, Report

_LISTED: Final = 500
"""Findings of the table: GitHub takes 1 MiB of summary a step, and nobody reads further."""


def write(report: Report) -> str:
    """Return a heading, a table of the findings, the notes, and the counts."""
    verdict = "passed" if report.ok else "failed"
    lines = [f"### aksrdma validate: {verdict}", ""]
    findings = sorted(report.findings, key=lambda one: SEVERITIES.index(one.severity))
    if findings:
        lines += ["| severity | where | what | fix |", "|---|---|---|---|", *map(_row, findings[:_LISTED])]
        if len(findings) > _LISTED:
            lines.append(f"| | | and {len(findings) - _LISTED} more | |")
        lines.append("")
    lines += [f"- {_text(note)}" for note in report.notes]
    lines += [""] * bool(report.notes)
    return "\n".join([*lines, f"{_text(summary_line(report))}.", ""])


def _row(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    where = "<br>".join(_code(part) for part in (place, finding.object, finding.path) if part)
    what = f"{_text(finding.message)}<br>{_code(finding.rule)}"
    return f"| {finding.severity} | {where} | {what} | {_text(finding.fix)} |"


# CommonMark 0.31, 2.4: a backslash before ASCII punctuation makes it plain. GFM 4.10: in a table the bar needs one even in code.
_CONTROLS: Final = dict.fromkeys((*range(32), 127), " ")
_PLAIN: Final = _CONTROLS | {ord(sign): f"\\{sign}" for sign in "\\`*_{}[]<>#|~@!&$"}


def _text(text: str) -> str:
    """Return text that Markdown shows as it is, on one line: no value of a file becomes a link, an image or a mention."""
    return text.translate(_PLAIN).replace("://", "\\://")


def _code(text: str) -> str:
    """Return text as code, behind more backticks than it has itself."""
    text = text.translate(_CONTROLS)
    ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " * (text[:1] == "`" or text[-1:] == "`")
    return f"{ticks}{pad}{text.replace('|', chr(92) + '|')}{pad}{ticks}"
