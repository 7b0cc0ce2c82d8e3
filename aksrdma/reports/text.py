"""Text: one line a finding; on a terminal with color, the offending line and a caret."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from aksrdma.findings import Finding
from aksrdma.validation.report import Report

_COLORS: Final = {"error": "31", "warning": "33", "info": "36"}
_TAB_WIDTH: Final = 4


def write(report: Report, *, terminal: bool = False, color: bool = False) -> str:
    """Return the findings, one line each.

    Args:
        report: the report.
        terminal: whether to show the offending line, with a caret under its column.
        color: whether to color severity and rule.
    """

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if color else text

    lines: list[str] = []
    for finding in report.findings:
        where = f"{finding.file}:{finding.line}:{finding.column}" if finding.line else finding.file or "<object>"
        severity = paint(f"{finding.severity} {finding.rule}", _COLORS[finding.severity])
        what = " ".join(part for part in (severity, finding.object, finding.path) if part)
        lines.append(f"{paint(where, '1')}: {what}: {finding.message}; {finding.fix}")
        if terminal:
            lines += _excerpt(finding, paint)
    return "".join(f"{line}\n" for line in lines)


def summary_line(report: Report) -> str:
    """Return the counts, as the last line on stderr."""
    counts, summary = report.counts(), report.summary
    found = ", ".join(_plural(counts[severity], severity) for severity in ("error", "warning", "info"))
    parts = [f"{found} in {_plural(summary.documents, 'object')} of {_plural(summary.files, 'file')}"]
    if summary.suppressed:
        parts.append(f"{summary.suppressed} suppressed")
    if summary.not_manifests:
        verb = "is" if summary.not_manifests == 1 else "are"
        parts.append(f"skipped {_plural(summary.not_manifests, 'document')} that {verb} no manifest")
    if summary.unknown_kinds:
        kinds = ", ".join(f"{count} {kind}" for kind, count in summary.unknown_kinds)
        parts.append(f"skipped kinds without a schema: {kinds}")
    return "; ".join(parts)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _excerpt(finding: Finding, paint: Callable[[str, str], str]) -> list[str]:
    source = _source(finding.file)
    if not 0 < finding.line <= len(source):
        return []
    text = source[finding.line - 1]
    before = text[: finding.column - 1].replace("\t", " " * _TAB_WIDTH)
    number = f"{finding.line:>5} | "
    caret = paint("^", _COLORS[finding.severity])
    return [f"{number}{text.replace(chr(9), ' ' * _TAB_WIDTH)}", f"{' ' * len(number)}{' ' * len(before)}{caret}"]


@cache
def _source(file: str) -> tuple[str, ...]:
    try:
        text = Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    return tuple(text.split("\n"))  # not splitlines, which takes more characters for a line end than findings count
