"""JSON: every part of each finding, and the summary."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from aksrdma.validation.report import Report


def write(report: Report) -> str:
    """Return `{"findings": [...], "summary": {...}}`."""
    return json.dumps(to_data(report), indent=2, ensure_ascii=False) + "\n"


def to_data(report: Report) -> dict[str, Any]:
    """Return a report as plain data."""
    summary = asdict(report.summary)
    summary |= {key: dict(summary[key]) for key in ("unknown_kinds", "by_pods_alone")}
    counts = report.counts()
    return {
        "findings": [asdict(finding) for finding in report.findings],
        "summary": {"ok": report.ok, "errors": counts["error"], "warnings": counts["warning"], "infos": counts["info"]}
        | summary
        | {"notes": list(report.notes)},
    }
