"""A report as text: for people, for programs, for CI. One format a module."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from aksrdma.validation.report import Report

FORMATS: Final = ("text", "json", "junit", "sarif", "github", "markdown")


def write(report: Report, output: str) -> str:
    """Return a report in one of `FORMATS`."""
    text: str = import_module(f"aksrdma.reports.{output}").write(report)
    return text
