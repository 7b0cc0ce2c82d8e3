"""SARIF 2.1.0, for code scanning: rules with their help, results with regions and stable fingerprints."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from aksrdma import catalog
from aksrdma._version import __version__
from aksrdma.findings import Finding
from aksrdma.validation.report import Report

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
_FINGERPRINT: Final = "aksrdma/v1"


def write(report: Report) -> str:
    """Return a SARIF log with one run."""
    rules = {name: number for number, name in enumerate(sorted({finding.rule for finding in report.findings}))}
    driver = {
        "name": "aksrdma",
        "semanticVersion": __version__,
        "rules": [_rule(name) for name in rules],
    }
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",  # as Python counts; editors count in UTF-16
        "originalUriBaseIds": {"ROOT": {"description": {"text": "The folder in which aksrdma ran."}}},
        "results": [_result(finding, rules[finding.rule], seen) for finding in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(name: str) -> dict[str, Any]:
    row = catalog.rule(name)
    return {
        "id": name,
        "shortDescription": {"text": row.statement},
        "fullDescription": {"text": row.why},
        "help": {
            "text": f"{row.why} {row.fix}",
            "markdown": f"{row.why}\n\n**Fix**: {row.fix}\n\nSource: `{row.source}`",
        },
        "defaultConfiguration": {"level": _LEVELS[row.severity]},
        "properties": {"tags": [row.layer]},
    }


def _result(finding: Finding, rule_index: int, seen: Counter[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}; {finding.fix}"},
        "partialFingerprints": {_FINGERPRINT: _fingerprint(finding, seen)},
    }
    location: dict[str, Any] = {}
    if finding.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file), "uriBaseId": "ROOT"}}
        if finding.line:
            physical["region"] = {"startLine": finding.line, "startColumn": max(1, finding.column)}
        location["physicalLocation"] = physical
    if finding.object:
        location["logicalLocations"] = [
            {"fullyQualifiedName": f"{finding.object} {finding.path}".strip(), "kind": "object"}
        ]
    return result | {"locations": [location]} if location else result


def _uri(file: str) -> str:
    """Return a URI relative to the working folder, with `/`: code scanning looks for it in the repository."""
    path = os.path.relpath(file) if PurePath(file).is_absolute() else file
    return quote(PurePath(path).as_posix().removeprefix("./"))


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """Return what stays the same when lines move: rule, file, object and path, and which of several it is."""
    key = "\0".join((finding.rule, _uri(finding.file), finding.object, finding.path))
    seen[key] += 1
    return hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:32]
