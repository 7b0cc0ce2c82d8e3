"""Paths inside a container or a volume."""

from __future__ import annotations

from aksrdma.checks.apiserver.fields import Report
from aksrdma.findings import FieldPath


def steps_back(path: str) -> bool:
    """Say whether one of the parts of a path is `..`."""
    return ".." in path and ".." in path.split("/")


def check_relative(report: Report, rule: str, path: FieldPath, value: str) -> None:
    """Judge a path that must stay inside its folder."""
    if value.startswith("/"):
        report.add(rule, path, f"path {value!r} must be relative", "remove the leading '/'")
    if steps_back(value):
        report.add(rule, path, f"path {value!r} must not hold '..'")


def check_file(report: Report, rule: str, path: FieldPath, value: str) -> None:
    """Judge a path of a file that a volume makes."""
    check_relative(report, rule, path, value)
    if value.startswith("..") and not steps_back(value):
        report.add(rule, path, f"path {value!r} must not start with '..'")
